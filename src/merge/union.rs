//! Lists of several systems put together, base-aware.

use super::judgment::{Candidate, Judgment, Listener, Winner, beside_unreadable};
use super::rules::Blank;
use crate::model::{ShortText, Value};
use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

/// What the records say of one entry of a list.
#[derive(Default, Clone, Copy)]
struct EntryStand {
    /// A record has it that did not have it at the last agreement.
    added: bool,
    /// A record had it at the last agreement and has it no more.
    removed: bool,
    /// A record has it.
    held: bool,
}

impl EntryStand {
    fn stays(self) -> bool {
        self.added || (self.held && !self.removed)
    }
}

/// All entries, less those removed somewhere; what was added somewhere stays even if it was removed elsewhere.
/// An entry that nobody removed is never lost, and without any entry or removal there is no result. Here an echo is a candidate
/// like any other: it equals its base, so it neither adds nor removes, but it does hold.
pub(super) fn unite<'a>(
    candidates: &[Candidate<'a>],
    counts: impl Fn(&Candidate) -> Result<(), &'static str>,
    blank: Blank,
    listener: &mut impl Listener,
) -> Judgment<'a> {
    // What a list that cannot be read holds might be lost, or be set again after it was removed.
    if candidates.iter().any(|c| c.value.is_unreadable() && counts(c).is_ok()) {
        return beside_unreadable(candidates, |c| counts(c).err(), listener);
    }
    let mut told: BTreeMap<Cow<str>, EntryStand> = BTreeMap::new();
    let mut emptied = false;
    for candidate in candidates.iter().filter(|c| counts(c).is_ok()) {
        let now = entries(candidate.value);
        let base = if candidate.echo { now.clone() } else { candidate.base.map(entries).unwrap_or_default() };
        emptied |= now.is_empty() && !candidate.is_passed_over(blank);
        for entry in &base {
            if !now.contains(entry) {
                told.entry(entry.clone()).or_default().removed = true;
            }
        }
        for entry in now {
            let is_new = !base.contains(&entry);
            let told = told.entry(entry).or_default();
            told.held = true;
            told.added |= is_new;
        }
    }
    let stays = |entry: &Cow<str>| told.get(entry).is_some_and(|t| t.stays());
    for (i, candidate) in candidates.iter().enumerate() {
        match counts(candidate) {
            Err(why) => listener.tell(i, false, why),
            Ok(()) => {
                let now = entries(candidate.value);
                match (now.is_empty(), now.iter().any(stays)) {
                    (_, true) => listener.tell(i, true, "united"),
                    (true, _) => listener.tell(i, false, "empty"),
                    (false, _) => listener.tell(i, false, "removed elsewhere"),
                }
            }
        }
    }
    let kept: Vec<ShortText> = told.iter().filter(|(_, t)| t.stays()).map(|(e, _)| ShortText::from(&**e)).collect();
    if kept.is_empty() && told.is_empty() && !emptied {
        return Judgment::Nothing;
    }
    // The map's order is that of `Value::List`.
    let value = if kept.is_empty() { Value::Empty } else { Value::List(kept) };
    Judgment::Wins(Winner { value: Cow::Owned(value), from: None })
}

/// A value as a set; one that is no list is a set of one.
fn entries(value: &Value) -> BTreeSet<Cow<'_, str>> {
    match value {
        Value::Empty | Value::Unreadable => BTreeSet::new(),
        Value::List(items) => items.iter().map(|i| Cow::Borrowed(&**i)).collect(),
        Value::Text(text) => BTreeSet::from([Cow::Borrowed(&**text)]),
        other => BTreeSet::from([Cow::Owned(other.to_string())]),
    }
}
