//! The answer of `plan --rules`: what other rules would do to everyone who is known. Pure.

use crate::engine::assess::edit_tally::ChangeCounts;
use crate::engine::assess::foreseen::ChangeKind;
use crate::model::{Name, counted};
use serde::{Deserialize, Serialize};
use serde_json::Value as Json;
use std::collections::HashMap;

/// So many of the most frequent changes are told, and of the worst.
const TOLD_MAX: usize = 10;
/// Beyond so many different changes those that came once are no candidates for the most frequent any more.
const DIFFERENT_MAX: usize = 100_000;

/// What other rules would do.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Preview {
    /// Under which these rules wait once they are saved, and by which they can be approved before; `None`: precedence and statuses say what
    /// they say now.
    pub plan: Option<String>,
    /// They would wait for `approve`.
    pub waits: bool,
    pub totals: Vec<FieldTotals>,
    /// Values that are none of ours, and that no other record of the person shows: overwritten or emptied they are gone.
    pub lost: usize,
    pub statuses: usize,
    pub decisions: DecisionCounts,
    pub frequent: Vec<FrequentChange>,
    pub worst: Vec<PreviewedChange>,
    /// All, if they were asked for.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub changes: Vec<PreviewedChange>,
    /// What is not in these numbers.
    pub notes: Vec<String>,
}

/// What becomes of one field in one system.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct FieldTotals {
    pub system: Name,
    pub field: String,
    /// Where its rule stands.
    pub rule: String,
    #[serde(flatten)]
    pub counts: ChangeCounts,
}

/// People for whom some marketing mail is decided on otherwise.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct DecisionCounts {
    pub released: usize,
    pub held: usize,
}

/// A change that comes more than once.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct FrequentChange {
    pub system: Name,
    pub field: String,
    pub old: Json,
    pub new: Json,
    pub count: usize,
}

/// What a change is to the person.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Harm {
    /// Mail may go that may not go now.
    Released,
    /// A value is emptied, or overwritten, that is nowhere else.
    LostForGood,
    Emptied,
    Overwritten,
    Held,
    Form,
    Filled,
}

/// One change of one record, or of the decision on one person.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PreviewedChange {
    pub harm: Harm,
    pub record: String,
    /// By which people know the person.
    pub who: Option<String>,
    pub field: String,
    pub old: Json,
    pub new: Json,
    pub rule: String,
}

impl Harm {
    pub fn of(kind: ChangeKind, is_lost: bool) -> Harm {
        match kind {
            ChangeKind::Form => Harm::Form,
            ChangeKind::Filled => Harm::Filled,
            ChangeKind::Emptied | ChangeKind::Overwritten if is_lost => Harm::LostForGood,
            ChangeKind::Emptied => Harm::Emptied,
            ChangeKind::Overwritten => Harm::Overwritten,
        }
    }

    /// For people.
    pub fn told(self) -> &'static str {
        match self {
            Harm::Released => "un-suppressed",
            Harm::LostForGood => "lost for good",
            Harm::Emptied => "emptied",
            Harm::Overwritten => "overwritten",
            Harm::Held => "held",
            Harm::Form => "another form",
            Harm::Filled => "filled",
        }
    }
}

impl Preview {
    /// Whether these rules change anything.
    pub fn is_empty(&self) -> bool {
        self.totals.is_empty() && self.decisions == DecisionCounts::default()
    }

    /// What matters, in words.
    pub fn said(&self) -> Vec<String> {
        let people = |count: usize| counted(count, "person", "people");
        let values = |count: usize| counted(count, "value", "values");
        let emptied: usize = self.totals.iter().map(|total| total.counts.emptied).sum();
        let said = [
            (self.decisions.released, format!("would un-suppress {}", people(self.decisions.released))),
            (self.decisions.held, format!("would hold {} more", people(self.decisions.held))),
            (self.lost, format!("would lose {} for good that somebody typed and no other system has", values(self.lost))),
            (emptied, format!("would empty {}", values(emptied))),
            (self.statuses, format!("would change {}", counted(self.statuses, "status", "statuses"))),
        ];
        said.into_iter().filter(|(count, _)| *count > 0).map(|(_, said)| said).collect()
    }
}

/// How often each change comes.
#[derive(Debug, Default)]
pub(super) struct Frequencies(HashMap<FrequentKey, usize>);

/// System, field, and the old and new value as JSON.
type FrequentKey = (Name, String, String, String);

impl Frequencies {
    pub(super) fn count(&mut self, system: &Name, field: &str, old: &Json, new: &Json) {
        if self.0.len() >= DIFFERENT_MAX {
            self.0.retain(|_, count| *count > 1);
        }
        *self.0.entry((system.clone(), field.to_string(), old.to_string(), new.to_string())).or_default() += 1;
    }

    /// The most frequent ones, if they come more than once.
    pub(super) fn most(self) -> Vec<FrequentChange> {
        let mut all: Vec<(FrequentKey, usize)> = self.0.into_iter().filter(|(_, count)| *count > 1).collect();
        all.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
        all.truncate(TOLD_MAX);
        let read = |text: &str| serde_json::from_str(text).unwrap_or(Json::Null);
        let told = |((system, field, old, new), count): (FrequentKey, usize)| FrequentChange {
            system,
            field,
            old: read(&old),
            new: read(&new),
            count,
        };
        all.into_iter().map(told).collect()
    }
}

/// The worst changes so far, worst first.
#[derive(Debug, Default)]
pub(super) struct Worst(Vec<PreviewedChange>);

impl Worst {
    /// Whether a change of this harm would be among them: only then it need be put into words.
    pub(super) fn takes(&self, harm: Harm) -> bool {
        self.0.len() < TOLD_MAX || self.0.last().is_some_and(|last| harm < last.harm)
    }

    pub(super) fn take(&mut self, change: PreviewedChange) {
        let place = self.0.partition_point(|known| known.harm <= change.harm);
        self.0.insert(place, change);
        self.0.truncate(TOLD_MAX);
    }

    pub(super) fn all(self) -> Vec<PreviewedChange> {
        self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn change(harm: Harm, record: usize) -> PreviewedChange {
        let record = format!("ma:person:{record}");
        PreviewedChange {
            harm,
            record,
            who: None,
            field: "title".into(),
            old: json!("a"),
            new: json!("b"),
            rule: "precedence.toml:3".into(),
        }
    }

    #[test]
    fn the_worst_are_kept_in_order_and_the_first_of_their_kind() {
        let mut worst = Worst::default();
        for (harm, record) in
            [(Harm::Filled, 1), (Harm::Overwritten, 2), (Harm::Released, 3), (Harm::Overwritten, 4), (Harm::LostForGood, 5)]
        {
            assert!(worst.takes(harm));
            worst.take(change(harm, record));
        }
        (6..20)
            .filter(|_| worst.takes(Harm::Overwritten))
            .collect::<Vec<_>>()
            .into_iter()
            .for_each(|n| worst.take(change(Harm::Overwritten, n)));
        assert!(!worst.takes(Harm::Overwritten) && worst.takes(Harm::Emptied));
        let told: Vec<(Harm, String)> = worst.all().into_iter().map(|c| (c.harm, c.record)).collect();
        assert_eq!(told.len(), TOLD_MAX);
        let first = [(Harm::Released, 3), (Harm::LostForGood, 5), (Harm::Overwritten, 2), (Harm::Overwritten, 4), (Harm::Overwritten, 6)];
        assert_eq!(told[..5], first.map(|(harm, record)| (harm, format!("ma:person:{record}"))));
    }

    #[test]
    fn only_what_comes_more_than_once_is_frequent_and_most_come_first() {
        let mut all = Frequencies::default();
        for (field, new, times) in [("title", "Chief", 3), ("title", "Clerk", 1), ("phone", "03", 5)] {
            (0..times).for_each(|_| all.count(&"ma".into(), field, &json!("x"), &json!(new)));
        }
        (0..DIFFERENT_MAX).for_each(|n| all.count(&"ma".into(), "title", &json!(n), &json!("once")));
        let told: Vec<(String, Json, usize)> = all.most().into_iter().map(|c| (c.field, c.new, c.count)).collect();
        assert_eq!(told, [("phone".into(), json!("03"), 5), ("title".into(), json!("Chief"), 3)]);
    }

    #[test]
    fn what_matters_is_said_first_and_nothing_is_said_of_nothing() {
        assert!(Preview::default().is_empty() && Preview::default().said().is_empty());
        let counts = ChangeCounts { overwritten: 7, emptied: 2, ..ChangeCounts::default() };
        let total = FieldTotals { system: "ma".into(), field: "title".into(), rule: "precedence.toml:3".into(), counts };
        let decisions = DecisionCounts { released: 214, held: 0 };
        let preview = Preview { totals: vec![total], lost: 1, statuses: 3, decisions, ..Preview::default() };
        assert_eq!(
            preview.said(),
            [
                "would un-suppress 214 people",
                "would lose 1 value for good that somebody typed and no other system has",
                "would empty 2 values",
                "would change 3 statuses"
            ]
        );
        assert_eq!(Harm::of(ChangeKind::Emptied, true), Harm::LostForGood);
        assert_eq!(Harm::of(ChangeKind::Form, true), Harm::Form);
    }
}
