//! What a target record shows of our own marks, in words for the admin who is about to approve the system.

use crate::connector::Abilities;
use crate::engine::target::Allowed;
use crate::model::{Mark, PermitFor, Record, RefusalScope, Value};

/// `blocked by us, permit until 2026-11-28T09:00:00Z, refused: no`
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MarksInWords {
    pub text: String,
    /// Something that we would write could not be seen there.
    pub unsure: bool,
}

/// What a record shows of the marks that may be written there, and of its person's no.
pub fn in_words(record: &Record, allowed: &Allowed, abilities: &Abilities) -> MarksInWords {
    let mut said = Vec::new();
    let mut unsure = false;
    let mut take = |(text, seen): (String, bool)| {
        unsure |= !seen;
        said.push(text);
    };
    if allowed.block {
        take(block(record, allowed, abilities));
    }
    allowed.permits.iter().for_each(|what_for| take(permit(record, what_for)));
    if allowed.status {
        take(match record.mark(Mark::Status) {
            None => ("no status in the answer".to_string(), true),
            Some(Value::Empty) => ("no status".to_string(), true),
            Some(status) => (format!("status {status}"), true),
        });
    }
    take(refused(record));
    MarksInWords { text: said.join(", "), unsure }
}

fn block(record: &Record, allowed: &Allowed, abilities: &Abilities) -> (String, bool) {
    let why = record.mark(Mark::Why).and_then(Value::as_text).unwrap_or_default();
    match record.mark(Mark::Block) {
        None => ("the block is not in the answer, so that nobody could see whether it stands".to_string(), false),
        Some(Value::Empty | Value::Bool(false)) => ("not blocked".to_string(), true),
        Some(Value::Bool(true)) if abilities.block_is_own_mark => ("blocked by us".to_string(), true),
        Some(Value::Bool(true)) if !why.is_empty() => (format!("blocked by us ({why})"), true),
        Some(Value::Bool(true)) if allowed.why => ("blocked by somebody else".to_string(), true),
        Some(Value::Bool(true)) => ("blocked, by whom is not shown (hold has no why)".to_string(), true),
        Some(Value::Unreadable) => ("a block that cannot be read, so that nobody could see whether it stands".to_string(), false),
        Some(other) => (format!("blocked by somebody else (it shows {:?})", other.to_string()), true),
    }
}

fn permit(record: &Record, what_for: &PermitFor) -> (String, bool) {
    let of = match what_for {
        PermitFor::Marketing => String::new(),
        PermitFor::Own(own) => format!(" for {own}"),
    };
    match record.mark(what_for.mark()) {
        None => (format!("the permit{of} is not in the answer, so that nobody could see whether it stands"), false),
        Some(Value::Time(until)) => (format!("permit{of} until {until}"), true),
        Some(Value::Bool(true)) => (format!("permit{of}"), true),
        Some(Value::Empty | Value::Bool(false)) => (format!("no permit{of}"), true),
        Some(_) => (format!("a permit{of} that cannot be read"), false),
    }
}

fn refused(record: &Record) -> (String, bool) {
    if !record.unread_refusals.is_empty() {
        let words: Vec<String> = record.unread_refusals.iter().map(|w| format!("{w:?}")).collect();
        return (format!("refused: not known ({} is neither yes nor no)", words.join(", ")), true);
    }
    let scopes: Vec<String> = record
        .refusals
        .iter()
        .map(|scope| match scope {
            RefusalScope::All => "yes".to_string(),
            RefusalScope::Topic(topic) => format!("the topic {topic}"),
        })
        .collect();
    (format!("refused: {}", if scopes.is_empty() { "no".to_string() } else { scopes.join(", ") }), true)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Time;

    fn said(marks: &[(Mark, Value)], refusals: &[RefusalScope], unread: &[&str], own_mark: bool) -> (String, bool) {
        let mut record = Record::new("ma:person:1".parse().unwrap());
        marks.iter().for_each(|(mark, value)| record.set_mark(mark.clone(), value.clone()));
        record.refusals = refusals.to_vec();
        record.unread_refusals = unread.iter().map(|u| (*u).into()).collect();
        let allowed = Allowed { block: true, permits: vec![PermitFor::Marketing], why: true, ..Allowed::default() };
        let words = in_words(&record, &allowed, &Abilities { block_is_own_mark: own_mark, ..Abilities::default() });
        (words.text, words.unsure)
    }

    #[test]
    fn marks_and_refusals_are_said_in_words() {
        use Value::{Bool, Empty};
        let ok = (Mark::Permit, Value::Time(Time(1_795_251_600_000)));
        for (marks, refusals, unread, own, want) in [
            (
                vec![(Mark::Block, Bool(true)), (Mark::Why, Value::text("open_deal_person")), ok.clone()],
                vec![],
                vec![],
                false,
                "blocked by us (open_deal_person), permit until 2026-11-21T09:00:00Z, refused: no",
            ),
            (vec![(Mark::Block, Bool(true)), ok], vec![], vec![], true, "blocked by us, permit until 2026-11-21T09:00:00Z, refused: no"),
            (
                vec![(Mark::Block, Bool(true)), (Mark::Permit, Empty)],
                vec![],
                vec![],
                false,
                "blocked by somebody else, no permit, refused: no",
            ),
            (
                vec![(Mark::Block, Value::text("legal")), (Mark::Permit, Bool(true))],
                vec![RefusalScope::All],
                vec![],
                false,
                "blocked by somebody else (it shows \"legal\"), permit, refused: yes",
            ),
            (
                vec![(Mark::Block, Empty), (Mark::Permit, Bool(false))],
                vec![],
                vec!["希望する"],
                false,
                "not blocked, no permit, refused: not known (\"希望する\" is neither yes nor no)",
            ),
        ] {
            assert_eq!(said(&marks, &refusals, &unread, own), (want.to_string(), false));
        }
        assert!(said(&[(Mark::Block, Value::Unreadable), (Mark::Permit, Empty)], &[], &[], false).1, "a block that cannot be read");
        assert!(said(&[], &[], &[], false).1, "a mark that is not in the answer cannot show what is written");
    }
}
