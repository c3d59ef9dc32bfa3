//! What was decided on footers and became of it, since the process began: the last decisions one by one, and counts of all.
//!
//! In memory, as the gate's decisions are. A mail is counted once; each of its recipients gets a row.

use super::got::FooterGot;
use crate::engine::answers::export::Sheet;
use crate::model::Time;
use crate::telemetry::InternalEvent;
use crate::telemetry::mail::{FooterDecided, FooterMailPassed};
use serde::{Deserialize, Serialize};
use serde_json::Value as Json;
use std::collections::{BTreeMap, VecDeque};
use std::sync::{Mutex, PoisonError};

/// As many as the gate keeps.
const ROWS_KEPT: usize = 20_000;

/// Where somebody asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FooterDoor {
    Http,
    Milter,
}

impl FooterDoor {
    pub fn name(self) -> &'static str {
        match self {
            FooterDoor::Http => "http",
            FooterDoor::Milter => "milter",
        }
    }
}

/// What one reader got, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FooterRow {
    pub at: Time,
    pub door: FooterDoor,
    /// As the mail server names the mail.
    pub mail: Option<String>,
    pub who: String,
    pub slot: String,
    /// The footer that they got, or might have had.
    pub footer: Option<String>,
    pub action: FooterAction,
    pub reasons: Vec<String>,
    pub decision_id: Option<String>,
}

/// What became of a footer for one reader.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FooterAction {
    /// It stands in the mail.
    Set,
    /// It was given to the tool that sends.
    Given,
    /// They may have none.
    None,
    /// They might have had one, and the mail stayed as it came for the sake of another recipient.
    Missed,
    /// They might have had one, and the mail takes none.
    Untouched,
}

impl FooterAction {
    /// A word for metrics and tables; it stays as it is.
    pub fn name(self) -> &'static str {
        match self {
            FooterAction::Set => "set",
            FooterAction::Given => "given",
            FooterAction::None => "none",
            FooterAction::Missed => "missed",
            FooterAction::Untouched => "untouched",
        }
    }
}

/// What became of one mail at a door: `set`, or why it stayed as it came.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FooterMail {
    pub outcome: &'static str,
    pub rows: Vec<FooterRow>,
}

/// The answer of `nayose report footers`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct FooterReport {
    /// When counting began.
    pub since: String,
    /// Mails that went by, those of no newsletter too.
    pub mails: u64,
    /// Of them, those that bear a footer now.
    pub set: u64,
    /// The others, by why they stayed as they came.
    pub stayed: BTreeMap<String, u64>,
    /// Recipients of newsletters by what became of their footer.
    pub recipients: BTreeMap<String, u64>,
    /// Why recipients may have none; one may have several reasons.
    pub reasons: BTreeMap<String, u64>,
    /// Recipients who got each footer.
    pub footers: BTreeMap<String, u64>,
}

#[derive(Default)]
struct FooterRowsKept {
    rows: VecDeque<FooterRow>,
    counts: FooterReport,
}

/// Where it is kept.
pub struct FooterLog {
    since: Time,
    kept: Mutex<FooterRowsKept>,
}

impl FooterLog {
    pub fn new(since: Time) -> FooterLog {
        FooterLog { since, kept: Mutex::default() }
    }

    /// A mail went by.
    pub fn note_mail(&self, mail: &FooterMail) {
        FooterMailPassed { outcome: mail.outcome }.emit();
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        kept.counts.mails += 1;
        if mail.outcome == FooterAction::Set.name() {
            kept.counts.set += 1;
        } else {
            *kept.counts.stayed.entry(mail.outcome.into()).or_default() += 1;
        }
        mail.rows.iter().for_each(|row| kept.row(row.clone()));
    }

    /// Somebody's footer was asked for by the tool that sends.
    pub fn note_given(&self, got: &FooterGot, at: Time) {
        let action = if got.footer.is_some() { FooterAction::Given } else { FooterAction::None };
        let row = FooterRow {
            at,
            door: FooterDoor::Http,
            mail: None,
            who: got.subject.clone(),
            slot: got.slot.clone(),
            footer: got.footer.clone(),
            action,
            reasons: got.reasons.clone(),
            decision_id: got.decision_id.clone(),
        };
        self.kept.lock().unwrap_or_else(PoisonError::into_inner).row(row);
    }

    pub fn report(&self) -> FooterReport {
        let kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        FooterReport { since: self.since.rfc3339(), ..kept.counts.clone() }
    }

    /// The rows that are kept, the oldest first.
    pub fn rows(&self) -> Vec<FooterRow> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner).rows.iter().cloned().collect()
    }
}

impl FooterRowsKept {
    fn row(&mut self, row: FooterRow) {
        FooterDecided { door: row.door.name(), action: row.action.name() }.emit();
        let counts = &mut self.counts;
        *counts.recipients.entry(row.action.name().into()).or_default() += 1;
        if row.action == FooterAction::None {
            row.reasons.iter().for_each(|reason| *counts.reasons.entry(reason.clone()).or_default() += 1);
        }
        if let (FooterAction::Set | FooterAction::Given, Some(footer)) = (row.action, &row.footer) {
            *counts.footers.entry(footer.clone()).or_default() += 1;
        }
        self.rows.push_back(row);
        if self.rows.len() > ROWS_KEPT {
            self.rows.pop_front();
        }
    }
}

/// Adds the decisions that were made on footers to those that `export decisions` makes; `person` names who an address or record is.
pub fn add_to(decisions: &mut Sheet, rows: &[FooterRow], person: impl Fn(&str) -> Option<String>) {
    const MORE: [&str; 6] = ["at", "door", "mail", "slot", "footer", "action"];
    decisions.columns.extend(MORE.map(String::from));
    decisions.rows.iter_mut().for_each(|row| row.extend(MORE.map(|_| Json::Null)));
    let width = decisions.columns.len();
    let text = |text: Option<&str>| text.map_or(Json::Null, Json::from);
    for row in rows {
        let decision = if row.action == FooterAction::None { "hold" } else { "allow" };
        let values = vec![
            person(&row.who).map_or(Json::Null, Json::from),
            Json::from(row.who.as_str()),
            Json::from("service_footer"),
            Json::from(decision),
            Json::from(row.reasons.join(" ")),
            Json::Null,
            Json::Null,
            Json::from(row.at.rfc3339()),
            Json::from(row.door.name()),
            text(row.mail.as_deref()),
            Json::from(row.slot.as_str()),
            text(row.footer.as_deref()),
            Json::from(row.action.name()),
        ];
        debug_assert_eq!(values.len(), width, "a row for columns that are others now");
        decisions.rows.push(values);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(who: &str, action: FooterAction, reasons: &[&str]) -> FooterRow {
        FooterRow {
            at: Time(0),
            door: FooterDoor::Milter,
            mail: Some("4Q".into()),
            who: who.into(),
            slot: "monthly".into(),
            footer: (action != FooterAction::None).then(|| "webinar".into()),
            action,
            reasons: reasons.iter().map(ToString::to_string).collect(),
            decision_id: None,
        }
    }

    #[test]
    fn mails_recipients_and_reasons_are_counted_each_by_itself() {
        let log = FooterLog::new(Time(0));
        log.note_mail(&FooterMail { outcome: "no_slot", rows: Vec::new() });
        log.note_mail(&FooterMail { outcome: "set", rows: vec![row("a@b.example", FooterAction::Set, &[])] });
        let rows =
            vec![row("a@b.example", FooterAction::Missed, &["co_recipient"]), row("c@b.example", FooterAction::None, &["refused_all"])];
        log.note_mail(&FooterMail { outcome: "not_all_may", rows });
        let report = log.report();
        let map = |of: &[(&str, u64)]| of.iter().map(|(name, count)| (name.to_string(), *count)).collect::<BTreeMap<_, _>>();
        assert_eq!((report.mails, report.set), (3, 1));
        assert_eq!(report.stayed, map(&[("no_slot", 1), ("not_all_may", 1)]));
        assert_eq!(report.recipients, map(&[("missed", 1), ("none", 1), ("set", 1)]));
        assert_eq!((report.reasons, report.footers), (map(&[("refused_all", 1)]), map(&[("webinar", 1)])));
    }

    #[test]
    fn the_last_rows_are_kept_and_stand_below_the_other_decisions() {
        let log = FooterLog::new(Time(0));
        for n in 0..ROWS_KEPT + 1 {
            log.note_mail(&FooterMail { outcome: "set", rows: vec![row(&format!("{n}@b.example"), FooterAction::Set, &[])] });
        }
        let rows = log.rows();
        assert_eq!((rows.len(), rows[0].who.as_str()), (ROWS_KEPT, "1@b.example"));
        let columns = ["person", "record", "kind", "decision", "reasons", "basis", "until"].map(String::from).to_vec();
        let mut sheet = Sheet { columns, rows: vec![vec![Json::from("p_1"); 7]] };
        add_to(&mut sheet, &rows[..1], |who| (who == "1@b.example").then(|| "p_7".into()));
        let shown = sheet.objects();
        assert_eq!((&shown[0]["action"], &shown[0]["person"]), (&Json::Null, &Json::from("p_1")));
        assert_eq!((&shown[1]["person"], &shown[1]["action"], &shown[1]["footer"]), (&"p_7".into(), &"set".into(), &"webinar".into()));
    }
}
