//! What is remembered of the entries of a record's list: who put them there, and which were taken out.

use super::{Age, ShortText, Time};
use serde::{Deserialize, Serialize};
use unicode_normalization::UnicodeNormalization;

/// So many removals of one list are remembered; beyond, the oldest are forgotten.
const REMOVED_MAX: usize = 200;

/// How an entry came or went.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum EntryFate {
    /// It is there by our write of then.
    Ours(Time),
    /// It is what the system made of several that we wrote: no entry of the person.
    Form(Time),
    /// Somebody put it there.
    Added(Age),
    /// Somebody took it out.
    Removed(Age),
}

/// The entries of one list of which more is known than that they are there, sorted.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Entries(Vec<(ShortText, EntryFate)>);

/// An entry as it compares: systems spell tags in their own case and width.
pub fn entry_key(entry: &str) -> String {
    entry.trim().nfkc().flat_map(char::to_lowercase).collect()
}

/// The entries that one text may be made of; some systems escape what stands between them, or put them in quotes.
pub fn joined_entries(text: &str) -> Vec<&str> {
    fn bare(part: &str) -> &str {
        part.trim().trim_end_matches('\\').trim_matches('"').trim()
    }
    text.split([',', ';', '|', '、', '\n']).map(bare).filter(|part| !part.is_empty()).collect()
}

/// Whether an entry is several of a list in one.
fn is_joined(list: &[ShortText], entry: &str) -> bool {
    let parts = joined_entries(entry);
    parts.len() > 1 && parts.iter().all(|part| list.iter().any(|known| entry_key(known) == entry_key(part)))
}

impl Entries {
    pub fn of(entries: impl IntoIterator<Item = (ShortText, EntryFate)>) -> Entries {
        let mut all = Entries::default();
        entries.into_iter().for_each(|(entry, fate)| all.set(&entry, fate));
        all
    }

    pub fn iter(&self) -> impl Iterator<Item = &(ShortText, EntryFate)> {
        self.0.iter()
    }

    pub fn len(&self) -> usize {
        self.0.len()
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub fn fate(&self, entry: &str) -> Option<EntryFate> {
        self.0.binary_search_by(|(known, _)| (**known).cmp(entry)).ok().map(|at| self.0[at].1)
    }

    fn set(&mut self, entry: &str, fate: EntryFate) {
        match self.0.binary_search_by(|(known, _)| (**known).cmp(entry)) {
            Ok(at) => self.0[at].1 = fate,
            Err(at) => self.0.insert(at, (entry.into(), fate)),
        }
    }

    fn forget(&mut self, entry: &str) {
        self.0.retain(|(known, _)| **known != *entry);
    }

    /// The list was `before` and is `now`, which was set in `age`; what stood there was set in `stood`. `looked`: until when it is known that
    /// the list was as we knew it. An entry of ours that is missing at the first look after our write was not taken, and nobody removed it.
    pub fn observe(&mut self, before: &[ShortText], now: &[ShortText], stood: Age, age: Age, looked: Option<Time>) {
        let ours = before.iter().filter_map(|entry| self.fate(entry));
        let written = ours.filter_map(|fate| if let EntryFate::Ours(at) = fate { Some(at) } else { None }).max();
        let is_among = |all: &[ShortText], entry: &str| all.iter().any(|other| other == entry || entry_key(other) == entry_key(entry));
        for entry in before {
            let fate = self.fate(entry).unwrap_or(EntryFate::Added(stood));
            if now.contains(entry) {
                self.set(entry, fate);
            } else if let Some(spelled) = now.iter().find(|other| entry_key(other) == entry_key(entry)) {
                self.forget(entry);
                self.set(spelled, fate);
            } else if matches!(fate, EntryFate::Ours(at) | EntryFate::Form(at) if looked.is_none_or(|looked| looked <= at)) {
                self.forget(entry);
            } else {
                self.set(entry, EntryFate::Removed(age));
            }
        }
        for entry in now.iter().filter(|entry| !is_among(before, entry)) {
            self.comes_back(entry);
            let fate = written.filter(|at| looked.is_none_or(|looked| looked <= *at) && is_joined(before, entry));
            self.set(entry, fate.map_or(EntryFate::Added(age), EntryFate::Form));
        }
        self.bound();
    }

    /// We wrote `now` where `before` stood, which was set in `stood`.
    pub fn write(&mut self, before: &[ShortText], now: &[ShortText], stood: Age, at: Time) {
        for entry in before {
            match now.contains(entry) {
                true => self.set(entry, self.fate(entry).unwrap_or(EntryFate::Added(stood))),
                false => self.forget(entry),
            }
        }
        for entry in now.iter().filter(|entry| !before.contains(entry)) {
            self.comes_back(entry);
            self.set(entry, EntryFate::Ours(at));
        }
    }

    /// An entry that is there again, however it is spelled, is removed no more.
    fn comes_back(&mut self, entry: &str) {
        let key = entry_key(entry);
        self.0.retain(|(known, fate)| !(matches!(fate, EntryFate::Removed(_)) && entry_key(known) == key));
    }

    fn bound(&mut self) {
        let removed = |fate: &EntryFate| if let EntryFate::Removed(age) = fate { Some(age.by) } else { None };
        let mut times: Vec<Time> = self.0.iter().filter_map(|(_, fate)| removed(fate)).collect();
        if let Some(more) = times.len().checked_sub(REMOVED_MAX).filter(|more| *more > 0) {
            times.sort_unstable();
            let oldest = times[more - 1];
            self.0.retain(|(_, fate)| removed(fate).is_none_or(|by| by > oldest));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn list(text: &str) -> Vec<ShortText> {
        text.split(' ').filter(|t| !t.is_empty()).map(ShortText::from).collect()
    }

    fn age(after: i64, by: i64) -> Age {
        Age { after: Some(Time(after)), by: Time(by) }
    }

    const STOOD: Age = Age { after: None, by: Time(1) };

    /// `a?1` ours since 1, `a+` added, `a-` removed; each with the latest moment.
    fn told(entries: &Entries) -> String {
        let told = entries.iter().map(|(entry, fate)| match fate {
            EntryFate::Ours(at) => format!("{entry}={}", at.0),
            EntryFate::Form(at) => format!("{entry}~{}", at.0),
            EntryFate::Added(age) => format!("{entry}+{}", age.by.0),
            EntryFate::Removed(age) => format!("{entry}-{}", age.by.0),
        });
        told.collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn what_comes_and_goes_is_told_from_what_we_wrote() {
        let mut entries = Entries::default();
        entries.observe(&list("a b"), &list("a c"), STOOD, age(1, 5), Some(Time(4)));
        assert_eq!(told(&entries), "a+1 b-5 c+5");
        entries.write(&list("a c"), &list("a b d"), STOOD, Time(6));
        assert_eq!(told(&entries), "a+1 b=6 d=6", "what we take out was taken out by somebody before, and that is remembered where it was");
        // The first look after it: d was not taken, and b is spelled in the system's way.
        entries.observe(&list("a b d"), &list("B a"), STOOD, age(6, 7), Some(Time(6)));
        assert_eq!(told(&entries), "B=6 a+1");
        entries.observe(&list("B a"), &list("a"), STOOD, age(7, 9), Some(Time(8)));
        assert_eq!(told(&entries), "B-9 a+1");
        entries.observe(&list("a"), &list("a ｂ"), STOOD, age(9, 11), Some(Time(9)));
        assert_eq!(told(&entries), "a+1 ｂ+11", "it is there again");
    }

    #[test]
    fn what_a_system_joins_of_ours_is_no_entry_of_the_person() {
        let (a, b) = (ShortText::from("a"), ShortText::from("b"));
        assert_eq!(joined_entries(r#"a\,b ; "c d"|"#), ["a", "b", "c d"]);
        let joined = [ShortText::from("a, B")];
        // The first look after the write, and a later one.
        for (looked, fates) in [(Time(6), "a, B~6"), (Time(7), "a-9 a, B+9 b-9")] {
            let mut entries = Entries::default();
            entries.write(&[], &[a.clone(), b.clone()], STOOD, Time(6));
            entries.observe(&[a.clone(), b.clone()], &joined, STOOD, age(6, 9), Some(looked));
            assert_eq!(told(&entries), fates);
        }
        let mut entries = Entries::default();
        entries.observe(std::slice::from_ref(&a), &joined, STOOD, age(6, 9), None);
        assert_eq!(told(&entries), "a-9 a, B+9", "nothing of it is ours");
    }

    #[test]
    fn the_oldest_of_too_many_removals_are_forgotten() {
        let mut entries = Entries::default();
        let tag = |n: usize| ShortText::from(format!("tag {n:04}"));
        for n in 0..REMOVED_MAX + 5 {
            entries.observe(&[tag(n)], &[], STOOD, age(n as i64, n as i64 + 1), None);
        }
        assert_eq!(entries.len(), REMOVED_MAX);
        assert_eq!((entries.fate(&tag(4)), entries.fate(&tag(5)).is_some()), (None, true));
    }
}
