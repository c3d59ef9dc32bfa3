//! Lists of several systems put together, less what somebody took out.

use super::candidate::Candidate;
use super::judgment::{Judgment, Listener, Winner, beside_unreadable};
use super::rules::Blank;
use crate::model::normal::entry_key;
use crate::model::normal::html::unescape;
use crate::model::{EntryFate, Name, ShortText, Time, Value};
use std::borrow::Cow;
use std::collections::BTreeMap;

/// What the records say of one entry of a list, however they spell it.
#[derive(Default, Clone)]
struct EntryStand<'a> {
    /// How it is spelled: by the first in the order who did not get it from us.
    spelled: Option<((bool, usize), Cow<'a, str>)>,
    /// When the last who has it on their own account got it, at the latest.
    added: Option<Time>,
    /// Until when the last who took it out still had it, at least.
    removed: Option<Time>,
}

impl EntryStand<'_> {
    /// Somebody has it, and nobody took it out who surely did so later.
    fn stays(&self) -> bool {
        self.spelled.is_some() && self.removed.is_none_or(|removed| self.added.is_some_and(|added| added >= removed))
    }
}

/// All entries, less those that somebody took out after the last who has them put them in. An entry that nobody removed is never lost, and
/// without any entry or removal there is no result. What stands somewhere by our write stays, and is no news.
pub(super) fn unite<'a>(
    candidates: &[Candidate<'a>],
    names: &[Name],
    counts: impl Fn(&Candidate) -> Result<(), &'static str>,
    blank: Blank,
    listener: &mut impl Listener,
) -> Judgment<'a> {
    // What a list that cannot be read holds might be lost, or be set again after it was removed.
    if candidates.iter().any(|c| c.value.is_unreadable() && counts(c).is_ok()) {
        return beside_unreadable(candidates, |i| counts(&candidates[i]).err(), listener);
    }
    let mut told: BTreeMap<String, EntryStand<'a>> = BTreeMap::new();
    let mut emptied = false;
    for candidate in candidates.iter().filter(|c| counts(c).is_ok()) {
        let shown = entries(candidate.value);
        emptied |= shown.is_empty() && !candidate.is_passed_over(blank);
        let place = names.iter().position(|name| *name == candidate.from.system).unwrap_or(names.len());
        for entry in shown {
            let fate = candidate.entries.and_then(|known| known.fate(&entry));
            if matches!(fate, Some(EntryFate::Form(_))) {
                continue;
            }
            let stand = told.entry(entry_key(&entry)).or_default();
            let added = match fate {
                Some(EntryFate::Ours(_)) => None,
                Some(EntryFate::Added(age)) => Some(age.by),
                Some(EntryFate::Removed(_) | EntryFate::Form(_)) | None => Some(candidate.age.by).filter(|_| !candidate.is_copy()),
            };
            stand.added = stand.added.max(added);
            let before = (added.is_none(), place);
            let entry = if candidate.habits.escapes { Cow::Owned(unescape(&entry).into_owned()) } else { entry };
            if stand.spelled.as_ref().is_none_or(|(known, spelled)| (before, &entry) < (*known, spelled)) {
                stand.spelled = Some((before, entry));
            }
        }
        for (entry, fate) in candidate.entries.iter().flat_map(|known| known.iter()) {
            if let EntryFate::Removed(age) = fate {
                let stand = told.entry(entry_key(entry)).or_default();
                stand.removed = stand.removed.max(age.after);
            }
        }
    }
    for (i, candidate) in candidates.iter().enumerate() {
        match counts(candidate) {
            Err(why) => listener.tell(i, false, why),
            Ok(()) => {
                let shown = entries(candidate.value);
                let stays = |entry: &Cow<str>| told.get(&entry_key(entry)).is_some_and(EntryStand::stays);
                match (shown.is_empty(), shown.iter().any(stays)) {
                    (_, true) => listener.tell(i, true, "united"),
                    (true, _) => listener.tell(i, false, "empty"),
                    (false, _) => listener.tell(i, false, "removed elsewhere"),
                }
            }
        }
    }
    let kept = told.values().filter(|stand| stand.stays()).filter_map(|stand| stand.spelled.as_ref());
    let value = Value::list(kept.map(|(_, spelled)| ShortText::from(&**spelled)));
    if value.is_empty() && told.is_empty() && !emptied {
        return Judgment::Nothing;
    }
    Judgment::Wins(Winner { value: Cow::Owned(value), from: None, rivals: Vec::new() })
}

/// A value's entries; one that is no list is a list of one.
fn entries(value: &Value) -> Vec<Cow<'_, str>> {
    match value {
        Value::Empty | Value::Unreadable => Vec::new(),
        Value::List(items) => items.iter().map(|i| Cow::Borrowed(&**i)).collect(),
        Value::Text(text) => vec![Cow::Borrowed(&**text)],
        other => vec![Cow::Owned(other.to_string())],
    }
}
