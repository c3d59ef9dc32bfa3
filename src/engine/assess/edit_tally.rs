//! How much an edit of the rules rewrites, by system and field, and whether a person is asked. Pure.

use super::foreseen::{ChangeKind, ForeseenChange, ForeseenField};
use crate::decide::rules::FillLimits;
use crate::engine::memory::place::Idx;
use crate::model::Name;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// So many values may be rewritten in a system unasked, or this share of its people's records, if that is more.
const REWRITTEN: usize = 50;
const REWRITTEN_SHARE: f64 = 0.005;

/// One field of one system.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChangeCounts {
    pub overwritten: usize,
    pub emptied: usize,
    /// Written in another form only.
    pub form: usize,
    pub filled: usize,
}

impl ChangeCounts {
    fn add(&mut self, kind: ChangeKind) {
        *match kind {
            ChangeKind::Overwritten => &mut self.overwritten,
            ChangeKind::Emptied => &mut self.emptied,
            ChangeKind::Form => &mut self.form,
            ChangeKind::Filled => &mut self.filled,
        } += 1;
    }

    /// Values that are there now and would not be any more.
    pub fn rewritten(&self) -> usize {
        self.overwritten + self.emptied + self.form
    }

    /// In words; empty if nothing changes.
    pub fn told(&self) -> String {
        let parts =
            [(self.overwritten, "overwritten"), (self.emptied, "emptied"), (self.form, "written in another form"), (self.filled, "filled")];
        let told: Vec<String> = parts.into_iter().filter(|(count, _)| *count > 0).map(|(count, what)| format!("{count} {what}")).collect();
        told.join(", ")
    }
}

/// What an edit would do.
#[derive(Debug, Default)]
pub struct EditTally {
    pub by: BTreeMap<(Name, ForeseenField), ChangeCounts>,
    /// The records that it would write to, each once.
    pub places: Vec<Idx>,
}

/// A limit that an edit passes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PassedLimit {
    pub count: usize,
    pub limit: usize,
}

impl EditTally {
    /// Takes the changes of some more people. `system_of`: a record's system.
    pub fn take(&mut self, changes: &[ForeseenChange], system_of: impl Fn(Idx) -> Name) {
        for change in changes {
            self.by.entry((system_of(change.place), change.field.clone())).or_default().add(change.kind);
            if self.places.last() != Some(&change.place) {
                self.places.push(change.place);
            }
        }
    }

    /// Values that would be rewritten, in all systems.
    pub fn rewritten(&self) -> usize {
        self.by.values().map(ChangeCounts::rewritten).sum()
    }

    pub fn filled(&self) -> usize {
        self.by.values().map(|counts| counts.filled).sum()
    }

    /// The limit that is passed in some system, if one is. `listed`: a system's records of people.
    pub fn too_many(&self, listed: impl Fn(&Name) -> usize, fills: FillLimits) -> Option<PassedLimit> {
        let mut of_system: BTreeMap<&Name, (usize, usize)> = BTreeMap::new();
        for ((system, _), counts) in &self.by {
            let (rewritten, filled) = of_system.entry(system).or_default();
            *rewritten += counts.rewritten();
            *filled += counts.filled;
        }
        let limit = |least: usize, share: f64, system: &Name| least.max((listed(system) as f64 * share) as usize);
        let passed = |count: usize, limit: usize, all: usize| (count > limit).then_some(PassedLimit { count: all, limit });
        let rewrites =
            of_system.iter().find_map(|(system, (count, _))| passed(*count, limit(REWRITTEN, REWRITTEN_SHARE, system), self.rewritten()));
        rewrites.or_else(|| {
            of_system.iter().find_map(|(system, (_, count))| passed(*count, limit(fills.records, fills.share, system), self.filled()))
        })
    }

    /// What it would do, by rule. `rule`: where the rule of a field, or those of statuses, stand.
    pub fn told(&self, rule: impl Fn(&ForeseenField) -> String) -> String {
        let told = self.by.iter().map(|((system, field), counts)| format!("{}: {field} in {system}: {}", rule(field), counts.told()));
        told.collect::<Vec<_>>().join("; ")
    }
}

/// One change, for a reader.
pub fn sample(record: &str, change: &ForeseenChange) -> String {
    format!("{record} {}: {} -> {}", change.field, change.shown.to_json(), change.wanted.to_json())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Value;

    fn change(place: Idx, field: &str, kind: ChangeKind) -> ForeseenChange {
        let field = if field == "status" { ForeseenField::Status } else { ForeseenField::Field(field.into()) };
        ForeseenChange { place, field, shown: Value::text("a"), wanted: Value::text("b"), kind, is_lost: false }
    }

    const FILLS: FillLimits = FillLimits { records: 1000, share: 0.1 };

    /// So many changes of each kind, each of a record of its own.
    fn tally(of: &[(usize, &str, ChangeKind)]) -> EditTally {
        let mut tally = EditTally::default();
        let kinds = of.iter().flat_map(|(count, field, kind)| std::iter::repeat_n((*field, *kind), *count));
        let changes: Vec<ForeseenChange> = kinds.zip(0..).map(|((field, kind), place)| change(place, field, kind)).collect();
        tally.take(&changes, |_| "ma".into());
        tally
    }

    #[test]
    fn what_is_rewritten_asks_above_fifty_or_half_a_percent_and_fills_by_a_limit_of_their_own() {
        use ChangeKind::{Emptied, Filled, Form, Overwritten};
        for (of, listed, passed) in [
            (&[(50, "title", Overwritten)][..], 900, None),
            (&[(51, "title", Overwritten)], 900, Some((51, 50))),
            (&[(30, "title", Overwritten), (21, "status", Overwritten)], 900, Some((51, 50))),
            (&[(20, "title", Emptied), (20, "phone", Form), (11, "title", Overwritten)], 900, Some((51, 50))),
            (&[(90, "title", Overwritten)], 18_000, None),
            (&[(91, "title", Overwritten)], 18_000, Some((91, 90))),
            (&[(1000, "title", Filled)], 900, None),
            (&[(1001, "title", Filled)], 900, Some((1001, 1000))),
            (&[(1001, "title", Filled), (50, "title", Overwritten)], 900, Some((1001, 1000))),
            (&[(1500, "title", Filled)], 15_000, None),
        ] {
            let found = tally(of).too_many(|_| listed, FILLS).map(|p| (p.count, p.limit));
            assert_eq!(found, passed, "{of:?} of {listed}");
        }
    }

    #[test]
    fn each_record_is_touched_once_and_each_rule_tells_its_numbers() {
        let mut tally = EditTally::default();
        let changes = [
            change(3, "title", ChangeKind::Overwritten),
            change(3, "status", ChangeKind::Overwritten),
            change(4, "title", ChangeKind::Filled),
        ];
        tally.take(&changes, |place| if place == 3 { "ma".into() } else { "crm".into() });
        assert_eq!((&*tally.places, tally.rewritten(), tally.filled()), (&[3, 4][..], 2, 1));
        let told = tally.told(|field| if *field == ForeseenField::Status { "policy.toml:2".into() } else { "precedence.toml:3".into() });
        assert_eq!(
            told,
            "precedence.toml:3: title in crm: 1 filled; precedence.toml:3: title in ma: 1 overwritten; policy.toml:2: status in ma: 1 overwritten"
        );
        assert_eq!(sample("ma:person:1", &changes[0]), "ma:person:1 title: \"a\" -> \"b\"");
    }
}
