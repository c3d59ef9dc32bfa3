//! A named person's word on a row that cannot be read; and what `status` tells of such rows.

use crate::decide::standing::UNREAD;
use crate::engine::engine::Engine;
use crate::engine::error::Error;
use crate::engine::intake::doubts::ACCEPTED;
use crate::engine::intake::doubts::{Accepted, Concerns, Doubt};
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
        let mut groups: BTreeMap<Alike<'_>, Vec<(&RecordId, &Doubt)>> = BTreeMap::new();
        for (cause, doubt) in self.doubts.iter() {
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
}

/// Rows that are told together: system, stream, why they cannot be read, and what follows.
type Alike<'d> = (Name, Name, &'d str, &'static str);

fn effect(concerns: Concerns) -> &'static str {
    match concerns {
        Concerns::Named => "held",
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
