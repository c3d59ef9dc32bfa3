//! The records of one person: everything that joining keys reach.

use super::keys::{Key, LinkRules, keys};
use super::verdict::{Verdict, verdict};
use crate::model::{Record, RecordId};
use std::collections::{BTreeMap, BTreeSet};
use std::hash::Hash;

/// The most records a person can have. Something bigger is no person but a mistake in the data: then no record of it is joined.
pub const COMPONENT_MAX: usize = 1_000;

/// What holds a record in its person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Proof {
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
    /// Of each member, in their order, what holds it: an id before an address.
    pub proofs: Vec<(I, Proof)>,
    /// Keys with other bearers that join nobody, and why; sorted. Holds spread over them, fields do not.
    pub doubts: Vec<(Key, Verdict)>,
}

/// The person that a record belongs to. `bearers` gives *all* records that bear a key, in any order; the answer is the same from
/// whichever member the search starts.
pub fn component<'r, I: Copy + Ord + Hash>(
    start: I,
    record: impl Fn(I) -> &'r Record,
    mut bearers: impl FnMut(&Key) -> Vec<I>,
    rules: &LinkRules,
) -> Component<I> {
    let mut found: BTreeSet<I> = BTreeSet::from([start]);
    let mut open = vec![start];
    // Keys that some other record bears too.
    let mut judged: BTreeMap<Key, Verdict> = BTreeMap::new();
    let mut seen: BTreeSet<Key> = BTreeSet::new();
    while let Some(member) = open.pop() {
        for key in keys(record(member)) {
            if seen.contains(&key) {
                continue;
            }
            let mut others = bearers(&key);
            others.sort_unstable();
            others.dedup();
            if others.len() > 1 {
                let records: Vec<&Record> = others.iter().map(|i| record(*i)).collect();
                let verdict = verdict(&key, &records, rules);
                judged.insert(key.clone(), verdict);
                if verdict == Verdict::Joins {
                    open.extend(others.into_iter().filter(|i| found.insert(*i)));
                }
            }
            seen.insert(key);
            if found.len() > COMPONENT_MAX {
                return too_many(start, record(start));
            }
        }
    }
    let members: Vec<I> = found.into_iter().collect();
    let proofs = members.iter().map(|i| (*i, proof(record(*i), &judged))).collect();
    let doubts = judged.into_iter().filter(|(_, v)| *v != Verdict::Joins).collect();
    Component { members, proofs, doubts }
}

/// The smallest key that joins the record to another: ids sort before addresses.
fn proof(record: &Record, judged: &BTreeMap<Key, Verdict>) -> Proof {
    match keys(record).into_iter().find(|key| judged.get(key) == Some(&Verdict::Joins)) {
        Some(Key::Remote(id)) => Proof { kind: "remote_id", value: id.to_string() },
        Some(Key::Address(address)) => Proof { kind: "email", value: address.to_string() },
        None => Proof { kind: "self", value: record.id.to_string() },
    }
}

/// Every member of what is too big gets this answer, so it too is the same from everywhere: alone, with all its keys in doubt.
fn too_many<I: Copy>(start: I, record: &Record) -> Component<I> {
    Component {
        members: vec![start],
        proofs: vec![(start, Proof { kind: "self", value: record.id.to_string() })],
        doubts: keys(record).into_iter().map(|key| (key, Verdict::TooMany)).collect(),
    }
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
