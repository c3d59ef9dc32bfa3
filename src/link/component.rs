//! The records of one person: everything that joining keys reach.

use super::keys::{Key, LinkRules, keys};
use super::verdict::{COMPONENT_MAX, KeyVerdict, verdict};
use crate::model::{Record, RecordId};
use std::collections::{BTreeMap, BTreeSet};

/// What holds a record in its person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MemberProof {
    /// `remote_id` (one record carries another's id), `email`, or `self` (a person of one record).
    pub kind: &'static str,
    /// The id or the address in common; of `self` the record's own id.
    pub value: String,
}

/// A person, as far as keys reach.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Component<I> {
    /// Sorted; the start is always among them.
    pub members: Vec<I>,
    /// Keys that several records bear, and what they do.
    judged: BTreeMap<Key, KeyVerdict>,
}

impl<I> Component<I> {
    /// What holds a member: the smallest key that joins it to another. An id goes before an address.
    pub fn proof(&self, member: &Record) -> MemberProof {
        match keys(member).into_iter().find(|key| self.judged.get(key) == Some(&KeyVerdict::Joins)) {
            Some(Key::Remote(id)) => MemberProof { kind: "remote_id", value: id.to_string() },
            Some(Key::Address(address)) => MemberProof { kind: "email", value: address.to_string() },
            None => MemberProof { kind: "self", value: member.id.to_string() },
        }
    }

    /// Keys with other bearers that join nobody, and why; sorted. Holds spread over them, fields do not.
    pub fn doubts(&self) -> impl Iterator<Item = (&Key, KeyVerdict)> {
        self.judged.iter().map(|(key, verdict)| (key, *verdict)).filter(|(_, verdict)| *verdict != KeyVerdict::Joins)
    }
}

/// The person that a record belongs to. `keys` gives what [`keys`](super::keys()) makes of one, `bearers` gives *all* records that bear a key of the one it is told, in any order; the answer is
/// the same from whichever member the search starts.
pub fn component<'r, I: Copy + Ord>(
    start: I,
    record: impl Fn(I) -> &'r Record,
    keys: impl Fn(I) -> Vec<Key>,
    mut bearers: impl FnMut(I, &Key) -> Vec<I>,
    rules: &LinkRules,
) -> Component<I> {
    let mut found: BTreeSet<I> = BTreeSet::from([start]);
    let mut open = vec![start];
    let mut judged: BTreeMap<Key, KeyVerdict> = BTreeMap::new();
    while let Some(member) = open.pop() {
        for key in keys(member) {
            if judged.contains_key(&key) {
                continue;
            }
            let mut others = bearers(member, &key);
            others.sort_unstable();
            others.dedup();
            if others.len() < 2 {
                // No other member has it either.
                continue;
            }
            let records: Vec<&Record> = others.iter().map(|i| record(*i)).collect();
            let verdict = verdict(&key, &records, rules);
            if verdict == KeyVerdict::Joins {
                open.extend(others.into_iter().filter(|i| found.insert(*i)));
            }
            judged.insert(key, verdict);
            if found.len() > COMPONENT_MAX {
                // Every member of what is too big gets this answer, so it too is the same from everywhere: alone, with all its keys in doubt.
                let judged = keys(start).into_iter().map(|key| (key, KeyVerdict::TooMany)).collect();
                return Component { members: vec![start], judged };
            }
        }
    }
    Component { members: found.into_iter().collect(), judged }
}

/// `p_` and 12 hex digits of blake3 over the text of the smallest record id: the same in whatever order the records came. Changes when
/// people merge or split.
pub fn person_id(members: &[&Record]) -> String {
    let smallest: Option<&RecordId> = members.iter().map(|r| &r.id).min();
    let text = smallest.map(RecordId::to_string).unwrap_or_default();
    let hex = blake3::hash(text.as_bytes()).to_hex();
    format!("p_{}", &hex[..12])
}

#[cfg(test)]
mod tests;
