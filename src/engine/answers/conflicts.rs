//! Values that somebody should look at: those that cannot be true, and those that systems disagree on, each typed there and not written by us.

use super::waiting::known_by;
use crate::config::choices;
use crate::engine::assess::field_asked::FieldAsked;
use crate::engine::assess::members::Members;
use crate::engine::engine::Engine;
use crate::engine::memory::place::PersonIdx;
use crate::engine::memory::view::View;
use crate::engine::proofs::coverage::Coverage;
use crate::merge::rules::Strategy;
use crate::merge::valid::Valid;
use crate::merge::{Candidate, Judged};
use crate::model::{LastEdit, Name, Record, Time};
use serde::{Deserialize, Serialize};
use serde_json::Value as Json;
use std::collections::{BTreeMap, BTreeSet};

/// So many people are looked at in one go.
const AT_ONCE: usize = 2_000;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ConflictKind {
    /// A value that `valid` keeps out.
    NotValid,
    /// Values of several records that say different things.
    Differs,
}

/// One field of one person.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Conflict {
    pub kind: ConflictKind,
    pub field: String,
    /// By which people know the person; `None`: no record has a name or an address.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub person: Option<String>,
    /// The field's rule; of what is not valid, where that is said.
    pub rule: String,
    pub values: Vec<ConflictingValue>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ConflictingValue {
    pub record: String,
    pub value: Json,
    /// It is the one that counts.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub counts: bool,
    /// Its system tells that a person typed it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub typed: bool,
}

/// How many there are, with the first of them.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Conflicts {
    pub conflicts: Vec<Conflict>,
    /// By field.
    pub totals: BTreeMap<String, ConflictTotals>,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ConflictTotals {
    pub not_valid: usize,
    pub differs: usize,
}

/// Looking at everyone, some at a time.
#[derive(Debug)]
pub struct ConflictsRun {
    field: Option<Name>,
    limit: usize,
    next: PersonIdx,
    found: Conflicts,
}

impl ConflictsRun {
    /// `field`: of this one alone. No more than `limit` are told one by one.
    pub fn of(field: Option<&str>, limit: usize) -> ConflictsRun {
        ConflictsRun { field: field.map(Name::from), limit, next: 0, found: Conflicts::default() }
    }

    pub fn end(self) -> Conflicts {
        self.found
    }

    /// `person`: by which people know whose it is.
    fn take(&mut self, conflict: Conflict, person: impl FnOnce() -> Option<String>) {
        let totals = self.found.totals.entry(conflict.field.clone()).or_default();
        match conflict.kind {
            ConflictKind::NotValid => totals.not_valid += 1,
            ConflictKind::Differs => totals.differs += 1,
        }
        if self.found.conflicts.len() < self.limit {
            self.found.conflicts.push(Conflict { person: person(), ..conflict });
        }
    }
}

impl Engine {
    /// Why there is nothing to be found of a field: none of this name has a rule, or is written.
    pub fn no_such_conflicts(&self, field: &str) -> Option<String> {
        let all = self.fields_looked_at();
        let says = || {
            format!(
                "no field {field:?} has a rule in precedence.toml, or is written: {}",
                String::from(choices(field, all.iter().map(|name| &***name)))
            )
        };
        (!all.iter().any(|name| ***name == *field)).then(says)
    }

    /// The fields with a rule of their own, and those that are written by the rule of all others.
    fn fields_looked_at(&self) -> BTreeSet<&Name> {
        let ruled = self.rules.rules().precedence.fields.keys();
        let written = self.systems.values().flat_map(|s| &s.connected.config().writes.fields);
        ruled.chain(written).collect()
    }

    /// Looks at some more people. False: all were looked at.
    pub fn find_conflicts(&self, run: &mut ConflictsRun, now: Time) -> bool {
        let end = (run.next as usize + AT_ONCE).min(self.people.len()) as PersonIdx;
        let people = run.next..end;
        if people.is_empty() {
            return false;
        }
        run.next = end;
        let coverage = self.read_coverage(now);
        let is_asked = |name: &&Name| run.field.as_ref().is_none_or(|field| field == *name);
        let names: Vec<Name> = self.fields_looked_at().into_iter().filter(is_asked).cloned().collect();
        people.for_each(|person| self.conflicts_of(person, &names, &coverage, run, now));
        true
    }

    fn conflicts_of(&self, person: PersonIdx, names: &[Name], coverage: &Coverage, run: &mut ConflictsRun, now: Time) {
        let members = &self.people[person as usize].members;
        if members.is_empty() {
            return;
        }
        let records: Vec<Record> = members.iter().map(|place| self.world.record(*place)).collect();
        let (around, gaps) = (View::new(&self.world), coverage.gaps(&records));
        let of = Members { places: members, records: &records, around: &around, gaps: &gaps, by: self.rules.merging() };
        for name in names {
            let Some(asked) = self.field_asked(name, of, now) else { continue };
            let known = || {
                let (name, address) = self.known_as(person, records.first()?);
                known_by(name.as_deref(), address.as_deref())
            };
            conflicts(name, &asked).into_iter().for_each(|conflict| run.take(conflict, known));
        }
    }
}

/// What is wrong with a field of a person.
fn conflicts(name: &Name, asked: &FieldAsked<'_>) -> Vec<Conflict> {
    let (_, judged) = asked.explain();
    let all = || asked.candidates.iter().zip(&judged);
    let rule = &asked.rule.rule;
    let conflict = |kind, rule: &Name, values| Conflict { kind, field: name.to_string(), person: None, rule: rule.to_string(), values };
    let rule_of_valid = asked.rule.valid.as_ref().and_then(Valid::rule).unwrap_or(rule);
    let is_invalid = |c: &Candidate<'_>| asked.rule.valid.as_ref().is_some_and(|valid| valid.keeps_out(c.value, &c.from.system));
    let invalid = all().filter(|(c, _)| !c.echo && is_invalid(c));
    let mut found: Vec<Conflict> =
        invalid.map(|(c, judged)| conflict(ConflictKind::NotValid, rule_of_valid, vec![told(c, *judged)])).collect();
    let own: Vec<(&Candidate<'_>, &Judged)> = all().filter(|(c, _)| is_own_word(asked, c)).collect();
    let differs = own.iter().any(|(c, _)| own.first().is_some_and(|(first, _)| !c.value.says_the_same(first.value)));
    // Somebody has decided already, or the values are parts of one.
    if differs && asked.pin.is_none() && asked.rule.strategies().any(is_of_one) {
        found.push(conflict(ConflictKind::Differs, rule, own.into_iter().map(|(c, judged)| told(c, *judged)).collect()));
    }
    found
}

/// Whether a value is its system's own, and may count.
fn is_own_word(asked: &FieldAsked<'_>, c: &Candidate<'_>) -> bool {
    let says_something = !c.value.is_empty() && !c.value.is_unreadable();
    let counts = asked.rule.may_ask(&c.from.system) && asked.rule.takes_for_nothing(c.value, &c.from.system).is_none();
    says_something && counts && !c.echo && !c.is_copy()
}

/// Whether a strategy goes by the value of one record.
fn is_of_one(strategy: &Strategy) -> bool {
    !matches!(strategy, Strategy::Union(_) | Strategy::Sum(_) | Strategy::Other(_) | Strategy::Never)
}

fn told(c: &Candidate<'_>, judged: Judged) -> ConflictingValue {
    ConflictingValue {
        record: c.from.to_string(),
        value: c.value.to_json(),
        counts: judged.won,
        typed: c.last_edit.is_some_and(LastEdit::is_typed),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::memory::pins::Pin;
    use crate::merge::rules::FieldRule;
    use crate::merge::{Circumstances, Leader, RulePart, UnreadSystems};
    use crate::model::expression::{FieldType, Scope};
    use crate::model::{Age, Expression, RecordId, Value};

    #[test]
    fn what_cannot_be_true_and_what_systems_disagree_on_is_told_and_what_we_wrote_is_not() {
        let ids: Vec<RecordId> = ["crm:person:1", "ma:person:2", "erp:person:3"].map(|id| id.parse().unwrap()).to_vec();
        let systems = || ["crm", "ma"].map(Name::from).to_vec();
        let test = Expression::compile("value.size() > 3", Scope::Candidate, &Valid::declared(FieldType::Text)).unwrap();
        let valid = || Some(Valid::of(test.clone(), FieldType::Text, "precedence.toml:9".into()));
        let pin = Pin { value: Value::text("顧問"), by: "taro".into(), because: "本人の希望".into(), at: Time(1) };
        for (strategy, values, echo, pin, want) in [
            (Strategy::Newest(systems()), ["部長です", "課長です", ""], false, None, &["differs crm ma*"][..]),
            (Strategy::Newest(systems()), ["部長です", "部長です", ""], false, None, &[]),
            (Strategy::Newest(systems()), ["部長です", "課長です", ""], true, None, &[]),
            (Strategy::Newest(systems()), ["部長です", "課長です", ""], false, Some(&pin), &[]),
            (Strategy::Newest(systems()), ["部長", "課長です", ""], false, None, &["not_valid crm"]),
            (Strategy::Newest(systems()), ["部長です", "", "係長です"], false, None, &[]),
            (Strategy::Union(systems()), ["部長です", "課長です", ""], false, None, &[]),
        ] {
            let values: Vec<Value> = values.iter().map(|text| Value::text(text)).collect();
            let at = |n: usize| Age { after: Some(Time(n as i64 * 10)), by: Time(n as i64 * 10 + 1) };
            let candidates = ids.iter().zip(&values).enumerate();
            let candidates: Vec<_> =
                candidates.map(|(n, (id, value))| Candidate { echo: echo && n == 1, ..Candidate::new(id, value, at(n)) }).collect();
            let rule = FieldRule { valid: valid(), ..FieldRule::of(strategy, "precedence.toml:3".into()) };
            let by = Circumstances { part: RulePart::Otherwise, unread: UnreadSystems::default(), leader: Leader::Nothing, now: Time(99) };
            let asked = FieldAsked { rule: &rule, candidates, by, pin };
            let said = |c: &Conflict| {
                let kind = serde_json::to_value(c.kind).unwrap();
                let values =
                    c.values.iter().map(|v| format!(" {}{}", v.record.split(':').next().unwrap(), if v.counts { "*" } else { "" }));
                format!("{}{}", kind.as_str().unwrap(), values.collect::<String>())
            };
            let found = conflicts(&"title".into(), &asked);
            let line = |c: &Conflict| if c.kind == ConflictKind::NotValid { "precedence.toml:9" } else { "precedence.toml:3" };
            assert!(found.iter().all(|c| c.rule == line(c)), "{found:?}");
            let found: Vec<String> = found.iter().map(said).collect();
            assert_eq!(found, want, "{rule} {values:?}");
        }
    }

    #[test]
    fn beyond_the_limit_they_are_only_counted() {
        let mut run = ConflictsRun::of(None, 1);
        for kind in [ConflictKind::NotValid, ConflictKind::Differs, ConflictKind::Differs] {
            let (field, rule) = ("title".into(), "precedence.toml:3".into());
            run.take(Conflict { kind, field, person: None, rule, values: Vec::new() }, || Some("Taro".into()));
        }
        let found = run.end();
        assert_eq!(found.conflicts[0].person.as_deref(), Some("Taro"));
        assert_eq!((found.conflicts.len(), found.totals["title"]), (1, ConflictTotals { not_valid: 1, differs: 2 }));
    }
}
