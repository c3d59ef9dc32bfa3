//! Values that differ between systems that count as much, and nobody knows which is newer: the order of the rule decided.

use crate::engine::assess::members::Members;
use crate::engine::engine::Engine;
use crate::engine::memory::view::View;
use crate::merge::{Candidate, Judgment, Winner};
use crate::model::{Name, RecordId, Time};
use serde::{Deserialize, Serialize};
use serde_json::Value as Json;
use std::collections::BTreeSet;

/// So many are shown.
const EXAMPLES_MAX: usize = 5;

/// How many there are, with some of them.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct DecidedByOrder {
    pub values: usize,
    pub people: usize,
    pub examples: Vec<Differs>,
}

/// One field of one person.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Differs {
    pub field: String,
    pub value: Json,
    /// The record that the value is from.
    pub from: String,
    pub rule: String,
    /// Records that show another value, and keep it.
    pub left: Vec<(String, Json)>,
}

impl Engine {
    /// All of them; `None`: there are none.
    pub(super) fn decided_by_order(&self, now: Time) -> Option<DecidedByOrder> {
        let concerned = || self.people.iter().filter(|person| person.undecided.by_order > 0 && !person.members.is_empty());
        let values = concerned().map(|person| usize::from(person.undecided.by_order)).sum();
        let mut examples: Vec<Differs> = Vec::new();
        let coverage = self.read_coverage(now);
        let written: BTreeSet<&Name> = self.systems.values().flat_map(|s| &s.connected.config().writes.fields).collect();
        for person in concerned().take(EXAMPLES_MAX) {
            let view = View::new(&self.world);
            let records: Vec<_> = person.members.iter().map(|idx| self.world.record(*idx)).collect();
            let gaps = coverage.gaps(&records);
            let of = Members { places: &person.members, records: &records, around: &view, gaps: &gaps, by: self.rules.merging() };
            for name in written.iter().copied() {
                let Some(asked) = self.field_asked(name, of, now) else { continue };
                examples.extend(differs(name, &asked.rule.rule, &asked.candidates, &asked.judge()));
            }
        }
        examples.truncate(EXAMPLES_MAX);
        (values > 0).then(|| DecidedByOrder { values, people: concerned().count(), examples })
    }
}

/// A field that is decided by the order alone.
fn differs(name: &Name, rule: &Name, candidates: &[Candidate<'_>], judged: &Judgment<'_>) -> Option<Differs> {
    let Judgment::Wins(Winner { value, from: Some(from), rivals }) = judged else { return None };
    let shown = |id: &&RecordId| candidates.iter().find(|c| c.from == *id).map(|c| (id.to_string(), c.value.to_json()));
    let left: Vec<_> = rivals.iter().filter_map(shown).collect();
    (!left.is_empty()).then(|| Differs {
        field: name.to_string(),
        value: value.to_json(),
        from: from.to_string(),
        rule: rule.to_string(),
        left,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Age, Value};
    use std::borrow::Cow;

    #[test]
    fn a_field_tells_what_won_and_what_stays_where() {
        let (crm, ma): (RecordId, RecordId) = ("crm:person:1".parse().unwrap(), "ma:person:2".parse().unwrap());
        let (ours, other) = (Value::text("部長"), Value::text("課長"));
        let of = |from, value| Candidate::new(from, value, Age::until(Time(1)));
        let candidates = [of(&crm, &ours), of(&ma, &other)];
        let wins = |rivals| Judgment::Wins(Winner { value: Cow::Borrowed(&ours), from: Some(&crm), rivals });
        let told = |judged| differs(&"title".into(), &"precedence.toml:4".into(), &candidates, &judged);
        let told_of_one = told(wins(vec![&ma])).unwrap();
        assert_eq!((told_of_one.value, &*told_of_one.from), (Json::from("部長"), "crm:person:1"));
        assert_eq!(told_of_one.left, [("ma:person:2".to_string(), Json::from("課長"))]);
        assert_eq!((told(wins(vec![])), told(Judgment::Nothing)), (None, None));
    }
}
