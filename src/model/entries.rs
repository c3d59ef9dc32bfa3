//! What is remembered of the entries of a record's list: who put them there, and which were taken out.

use super::normal::entry_key;
use super::{Age, ShortText, Time};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

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

/// The entries that one text may be made of; some systems escape what stands between them, or put them in quotes.
pub fn joined_entries(text: &str) -> Vec<&str> {
    fn bare(part: &str) -> &str {
        part.trim().trim_end_matches('\\').trim_matches('"').trim()
    }
    text.split([',', ';', '|', '、', '\n']).map(bare).filter(|part| !part.is_empty()).collect()
}

/// Whether an entry is several in one of those with these keys.
fn is_joined(keys: &BTreeSet<String>, entry: &str) -> bool {
    let parts = joined_entries(entry);
    parts.len() > 1 && parts.iter().all(|part| keys.contains(&entry_key(part)))
}

impl Entries {
    pub fn of(entries: impl IntoIterator<Item = (ShortText, EntryFate)>) -> Entries {
        let fates: BTreeMap<ShortText, EntryFate> = entries.into_iter().collect();
        Entries(fates.into_iter().collect())
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

    /// The list was `before` and is `now`, which was set in `age`; what stood there was set in `stood`. `looked`: until when it is known that
    /// the list was as we knew it. An entry of ours that is missing at the first look after our write was not taken, and nobody removed it.
    pub fn observe(&mut self, before: &[ShortText], now: &[ShortText], stood: Age, age: Age, looked: Option<Time>) {
        let ours = before.iter().filter_map(|entry| self.fate(entry));
        let written = ours.filter_map(|fate| if let EntryFate::Ours(at) = fate { Some(at) } else { None }).max();
        let mut fates: BTreeMap<ShortText, EntryFate> = std::mem::take(&mut self.0).into_iter().collect();
        let stood_there: BTreeSet<String> = before.iter().map(|entry| entry_key(entry)).collect();
        let spelled: BTreeMap<String, &ShortText> = now.iter().map(|entry| (entry_key(entry), entry)).collect();
        let there: BTreeSet<&ShortText> = now.iter().collect();
        for entry in before {
            let fate = fates.remove(entry).unwrap_or(EntryFate::Added(stood));
            if there.contains(entry) {
                fates.insert(entry.clone(), fate);
            } else if let Some(spelled) = spelled.get(&entry_key(entry)) {
                fates.insert((*spelled).clone(), fate);
            } else if !matches!(fate, EntryFate::Ours(at) | EntryFate::Form(at) if looked.is_none_or(|looked| looked <= at)) {
                fates.insert(entry.clone(), EntryFate::Removed(age));
            }
        }
        let new: BTreeMap<&String, &ShortText> =
            spelled.iter().filter(|(key, _)| !stood_there.contains(*key)).map(|(k, e)| (k, *e)).collect();
        forget_removed(&mut fates, |key| new.contains_key(key));
        for entry in new.values() {
            let fate = written.filter(|at| looked.is_none_or(|looked| looked <= *at) && is_joined(&stood_there, entry));
            fates.insert((*entry).clone(), fate.map_or(EntryFate::Added(age), EntryFate::Form));
        }
        self.0 = fates.into_iter().collect();
        self.bound();
    }

    /// We wrote `now` where `before` stood, which was set in `stood`.
    pub fn write(&mut self, before: &[ShortText], now: &[ShortText], stood: Age, at: Time) {
        let mut fates: BTreeMap<ShortText, EntryFate> = std::mem::take(&mut self.0).into_iter().collect();
        let (stood_there, there): (BTreeSet<&ShortText>, BTreeSet<&ShortText>) = (before.iter().collect(), now.iter().collect());
        for entry in before {
            let fate = fates.remove(entry).unwrap_or(EntryFate::Added(stood));
            if there.contains(entry) {
                fates.insert(entry.clone(), fate);
            }
        }
        let new: Vec<&ShortText> = now.iter().filter(|entry| !stood_there.contains(entry)).collect();
        let keys: BTreeSet<String> = new.iter().map(|entry| entry_key(entry)).collect();
        forget_removed(&mut fates, |key| keys.contains(key));
        fates.extend(new.into_iter().map(|entry| (entry.clone(), EntryFate::Ours(at))));
        self.0 = fates.into_iter().collect();
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

/// What is there again, however it is spelled, is removed no more.
fn forget_removed(fates: &mut BTreeMap<ShortText, EntryFate>, is_back: impl Fn(&String) -> bool) {
    fates.retain(|entry, fate| !(matches!(fate, EntryFate::Removed(_)) && is_back(&entry_key(entry))));
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

    /// As many as a record may hold; comparing each with each took minutes.
    #[test]
    fn tens_of_thousands_of_entries_are_looked_at_once_each() {
        let tags = |letter: char| (0..40_000).map(|n| ShortText::from(format!("{letter}{n:05}"))).collect::<Vec<_>>();
        let (small, large, others) = (tags('a'), tags('A'), tags('b'));
        let mut entries = Entries::default();
        entries.write(&[], &small, STOOD, Time(6));
        entries.observe(&small, &large, STOOD, age(6, 7), Some(Time(6)));
        assert_eq!((entries.len(), entries.fate("A39999")), (40_000, Some(EntryFate::Ours(Time(6)))));
        entries.observe(&large, &others, STOOD, age(7, 9), Some(Time(8)));
        assert_eq!(entries.fate("b39999"), Some(EntryFate::Added(age(7, 9))));
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
