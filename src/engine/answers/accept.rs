//! A named person's word on a row that cannot be read; and what `status` tells of such rows.

use crate::decide::standing::UNREAD;
use crate::engine::engine::Engine;
use crate::engine::error::Error;
use crate::engine::intake::doubts::ACCEPTED;
use crate::engine::intake::doubts::{Accepted, Concerns, Doubt, Doubts};
use crate::model::{Name, RecordId, Time};
use crate::store::What;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Rows that are named in one line of `status`.
const ROWS_NAMED: usize = 5;

/// Why a row could not be accepted.
#[derive(Debug, thiserror::Error)]
pub enum AcceptanceRefused {
    #[error("{0:?} is no row that cannot be read now; `nayose status` names those (q_...)")]
    Unknown(String),
    #[error(transparent)]
    State(#[from] Error),
}

/// Rows of one stream that cannot be read for one reason.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct UnreadableRows {
    pub system: Name,
    pub stream: Name,
    pub why: String,
    pub count: usize,
    pub since: String,
    /// What follows: `held` (whom they name), `record` (nothing is widened for the record itself), `unproved` (the stream), or `nothing`.
    pub effect: String,
    /// The first of them, for `nayose accept`.
    pub rows: Vec<String>,
    /// The same by their records, where those are known.
    pub records: Vec<String>,
}

impl Engine {
    /// Takes a named person's word that a row concerns nobody. The row may not change: another one asks again.
    pub fn accept(&mut self, row: &str, by: &str, because: &str, now: Time) -> Result<RecordId, AcceptanceRefused> {
        let Some(cause) = self.doubts.of_row(row) else { return Err(AcceptanceRefused::Unknown(row.to_string())) };
        let accepted = Accepted { cause: cause.clone(), by: by.into(), because: because.into(), at: now };
        self.keep_accepted(row, accepted);
        self.end_doubt(&cause);
        self.reconcile(now);
        self.commit()?;
        Ok(cause)
    }

    fn keep_accepted(&mut self, row: &str, accepted: Accepted) {
        let Accepted { cause, by, because, at } = accepted.clone();
        if !self.doubts.take_accepted(row, accepted.clone()) {
            return;
        }
        self.ledger.journal(at, What::RowAccepted { row: row.into(), record: cause, by, because });
        self.ledger.put(ACCEPTED, row.as_bytes().to_vec(), &accepted);
    }

    /// A word that the journal has and the store had not.
    pub(in crate::engine) fn restore_accepted(&mut self, row: &str, accepted: Accepted) {
        if self.doubts.take_accepted(row, accepted.clone()) {
            self.ledger.put(ACCEPTED, row.as_bytes().to_vec(), &accepted);
        }
    }

    /// What cannot be read, by stream and reason.
    pub fn unreadable(&self) -> Vec<UnreadableRows> {
        unreadable(&self.doubts)
    }
}

/// Rows that are told together: system, stream, why they cannot be read, and what follows.
type Alike<'d> = (Name, Name, &'d str, &'static str);

fn unreadable(doubts: &Doubts) -> Vec<UnreadableRows> {
    let mut groups: BTreeMap<Alike<'_>, Vec<(&RecordId, &Doubt)>> = BTreeMap::new();
    for (cause, doubt) in doubts.iter() {
        let key = (cause.system.clone(), doubt.stream.clone(), doubt.why.as_str(), effect(doubt.concerns));
        groups.entry(key).or_default().push((cause, doubt));
    }
    let group = |((system, stream, why, effect), mut doubts): (Alike<'_>, Vec<(&RecordId, &Doubt)>)| {
        doubts.sort_by_key(|(cause, d)| (d.since, *cause));
        let named = || doubts.iter().take(ROWS_NAMED);
        UnreadableRows {
            system,
            stream,
            why: why.to_string(),
            count: doubts.len(),
            since: doubts.first().map_or_else(String::new, |(_, d)| d.since.rfc3339()),
            effect: effect.to_string(),
            rows: named().map(|(_, d)| d.row.to_string()).collect(),
            records: named().filter(|(_, d)| d.named).map(|(cause, _)| cause.to_string()).collect(),
        }
    };
    groups.into_iter().map(group).collect()
}

fn effect(concerns: Concerns) -> &'static str {
    match concerns {
        Concerns::Named | Concerns::Companies => "held",
        Concerns::Record => "record",
        Concerns::Anybody => "unproved",
        Concerns::Nobody => "nothing",
    }
}

impl UnreadableRows {
    /// For people: what, where, how many, since when, and what to do.
    pub fn line(&self) -> String {
        let rows = if self.count == 1 { "a row".to_string() } else { format!("{} rows", self.count) };
        let effect = match self.effect.as_str() {
            "held" => format!("whom they name is held ({UNREAD})"),
            "record" => "their records get no permit, and nothing of them is released".to_string(),
            "unproved" => "they may be anybody's, so that the stream is not proved".to_string(),
            _ => "they bear no address, and no mail is sent from there: nobody is held by them".to_string(),
        };
        let more = if self.count > self.rows.len() { ", .." } else { "" };
        format!(
            "{}.{}: {rows} cannot be read since {} ({}): {effect}. Mend them there; or `nayose accept ROW --because TEXT` if they concern nobody: {}{more}",
            self.system,
            self.stream,
            self.since,
            self.why,
            self.rows.join(", ")
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn doubt(row: &str, why: &str, since: i64, concerns: Concerns) -> Doubt {
        Doubt {
            stream: "people".into(),
            row: row.into(),
            why: why.into(),
            since: Time(since),
            people: Vec::new(),
            accounts: Vec::new(),
            addresses: Vec::new(),
            unlisted: false,
            named: true,
            concerns,
            epoch: 0,
        }
    }

    fn id(n: u8) -> RecordId {
        format!("ma:person:{n}").parse().unwrap()
    }

    #[test]
    fn rows_are_told_by_reason_and_effect_the_oldest_first_and_not_all_by_name() {
        let mut doubts = Doubts::default();
        for n in 1..=7_u8 {
            let named = n != 7;
            doubts.put(id(n), Doubt { named, ..doubt(&format!("q_{n}"), "bad id", 8_000 - i64::from(n) * 1_000, Concerns::Named) });
        }
        doubts.put(id(8), doubt("q_8", "bad id", 0, Concerns::Anybody));
        doubts.put(id(9), doubt("q_9", "bad date", 0, Concerns::Named));
        let told = unreadable(&doubts);
        let heads: Vec<_> = told.iter().map(|r| (r.why.as_str(), r.effect.as_str(), r.count)).collect();
        assert_eq!(heads, [("bad date", "held", 1), ("bad id", "held", 7), ("bad id", "unproved", 1)]);
        assert_eq!(told[1].rows, ["q_7", "q_6", "q_5", "q_4", "q_3"]);
        assert_eq!(
            told[1].records,
            ["ma:person:6", "ma:person:5", "ma:person:4", "ma:person:3"],
            "what bears no id is told by its row alone"
        );
        assert_eq!(told[1].since, "1970-01-01T00:00:01Z");
    }

    #[test]
    fn each_line_says_how_many_there_are_and_what_follows_from_them() {
        let line = |concerns, count| {
            let mut doubts = Doubts::default();
            (1..=count).for_each(|n| doubts.put(id(n), doubt(&format!("q_{n}"), "bad id", 0, concerns)));
            unreadable(&doubts)[0].line()
        };
        for (concerns, says) in [
            (Concerns::Named, "whom they name is held (unread)"),
            (Concerns::Record, "their records get no permit"),
            (Concerns::Anybody, "the stream is not proved"),
            (Concerns::Nobody, "nobody is held by them"),
        ] {
            let line = line(concerns, 1);
            assert!(line.starts_with("ma.people: a row cannot be read since 1970-01-01T00:00:00Z (bad id): "), "{line}");
            assert!(line.contains(says) && line.ends_with(": q_1"), "{line}");
        }
        assert!(line(Concerns::Named, 5).ends_with(": q_1, q_2, q_3, q_4, q_5"));
        let many = line(Concerns::Named, 6);
        assert!(many.starts_with("ma.people: 6 rows ") && many.ends_with("q_5, .."), "{many}");
    }
}
