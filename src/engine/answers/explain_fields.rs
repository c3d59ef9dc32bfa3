//! A person's fields: what counts for each, why, and what is done about it.

use super::field_history::PastWrite;
use super::field_in_targets::ShownInTarget;
use super::unknown_codes::CodeShown;
use crate::engine::assess::account_facts::AccountAsked;
use crate::engine::assess::field_asked::FieldAsked;
use crate::engine::assess::members::Members;
use crate::engine::engine::Engine;
use crate::engine::proofs::coverage::Coverage;
use crate::merge::rules::{FieldRule, Strategy};
use crate::merge::{Candidate, Judged, Judgment, RulePart, Unknown};
use crate::model::{FirstValue, LastEdit, Name, Time};
use serde::{Deserialize, Serialize};
use serde_json::Value as Json;
use std::collections::{BTreeMap, BTreeSet};

#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct FieldExplained {
    pub value: Json,
    pub from: Option<String>,
    pub rule: Option<String>,
    /// Why it is left as it is though there are candidates.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unknown: Option<String>,
    /// The rule as it stands in precedence.toml.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rule_says: Option<String>,
    /// How its `when` came out: `true`, `false` or `unknown`; of several cases which counts: `case 2`, `otherwise`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub condition: Option<String>,
    /// No condition holds, and the rule has no `otherwise`.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub no_otherwise: bool,
    /// Some system is told it, or some expression asks for it.
    #[serde(default)]
    pub has_effect: bool,
    pub candidates: Vec<CandidateExplained>,
    /// The fields that come from one record with it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub group: Option<GroupExplained>,
    /// A named person's word, which goes before the rule.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pinned: Option<PinExplained>,
    /// The records that it is written to.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub in_targets: Vec<ShownInTarget>,
    /// What stands in records as a code that no map knows.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub unknown_codes: Vec<CodeShown>,
    /// What was written of it, the newest first; told where one field is asked for.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub history: Vec<PastWrite>,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct GroupExplained {
    /// As precedence.toml calls it.
    pub name: String,
    /// All of them.
    pub fields: Vec<String>,
    /// The record whose group wins, be this field blank in it or not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<String>,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct PinExplained {
    pub by: String,
    pub because: String,
    pub at: String,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct CandidateExplained {
    pub from: String,
    pub value: Json,
    /// It was set by then: the last change of its record, or of itself.
    pub observed_at: String,
    /// Until then it was another value, or its record was not there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub changed_after: Option<String>,
    /// The system itself tells that it was set just at `observed_at`.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub dated_by_system: bool,
    /// Its system tells that a person typed it there.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub typed: bool,
    /// The relay that brought it: a copy of another system's value.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub copied_by: Option<String>,
    /// The file of a list that it came out of, as `undo --import` takes it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub file: Option<String>,
    /// What the record held first, by a rule by which that stays.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub first: Option<FirstExplained>,
    pub won: bool,
    pub why: String,
}

/// The age beside it is that of the value which the record shows now.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct FirstExplained {
    pub value: Json,
    /// Since then it counts.
    pub since: String,
}

impl Engine {
    /// All fields of a person's records, each with all that was offered for it.
    pub(super) fn fields_explained(&self, of: Members<'_>, coverage: &Coverage, now: Time) -> BTreeMap<Name, FieldExplained> {
        let names: BTreeSet<Name> = of.records.iter().flat_map(|r| r.fields.iter().map(|f| f.name.clone())).collect();
        let rules = &of.by.rules.precedence;
        let followed: Vec<&Name> = rules.fields.values().chain(&rules.default).flat_map(|rule| rule.leading_fields()).collect();
        let mut explained = BTreeMap::new();
        for name in names {
            let field = match self.field_asked(&name, of, now) {
                None => without_rule(&self.candidates(&name, of)),
                Some(asked) => {
                    let condition = condition_text(asked.rule, asked.by.part);
                    let mut field = by_rule(&asked.rule.rule, &asked.candidates, asked.explain(), || unread(coverage));
                    if asked.rule.strategy_of(asked.by.part).is_some_and(Strategy::keeps_first) {
                        let told = field.candidates.iter_mut().zip(&asked.candidates);
                        told.for_each(|(told, c)| told.first = c.first.map(first));
                    }
                    let of_account = asked.rule.strategy_of(asked.by.part).and_then(|strategy| strategy.account_field());
                    field.candidates.extend(of_account.and_then(|name| self.account_asked(name, of, now)).iter().flat_map(of_accounts));
                    let pinned = asked.pin.map(|pin| PinExplained {
                        by: pin.by.to_string(),
                        because: pin.because.to_string(),
                        at: pin.at.rfc3339(),
                    });
                    let no_otherwise =
                        condition.is_some() && asked.by.part == RulePart::Otherwise && asked.rule.strategy == Strategy::Never;
                    FieldExplained {
                        rule_says: Some(asked.rule.to_string()),
                        condition,
                        no_otherwise,
                        pinned,
                        group: group(&asked),
                        ..field
                    }
                }
            };
            let in_targets = self.field_in_targets(&name, of, now);
            let is_asked = self.rules.needs().declared.person.contains_key(&name) || followed.contains(&&name);
            let has_effect = !in_targets.is_empty() || is_asked;
            let unknown_codes = self.codes_shown(&name, of.records);
            explained.insert(name, FieldExplained { in_targets, has_effect, unknown_codes, ..field });
        }
        explained
    }

    /// What the person's account has, with all that was offered for it.
    pub(super) fn account_explained(&self, of: Members<'_>, coverage: &Coverage, now: Time) -> BTreeMap<Name, FieldExplained> {
        let explained = |(name, _): (&Name, _)| {
            let asked = self.account_asked(name, of, now)?;
            if asked.candidates.is_empty() {
                return None;
            }
            let field = by_rule(&asked.rule.rule, &asked.candidates, asked.explain(), || unread(coverage));
            let has_effect = self.rules.needs().account_fields.contains(name);
            Some((name.clone(), FieldExplained { rule_says: Some(asked.rule.to_string()), has_effect, ..field }))
        };
        of.by.rules.precedence.accounts.iter().filter_map(explained).collect()
    }
}

/// What is waited for where all streams were read: an account that a record names came to be since.
pub(super) const ACCOUNT_UNREAD: &str = "the account that a record names was not read yet";

/// What was not read, in words.
fn unread(coverage: &Coverage) -> String {
    coverage.told().unwrap_or_else(|| ACCOUNT_UNREAD.into())
}

/// What accounts offer for a field that is theirs.
fn of_accounts(asked: &AccountAsked<'_>) -> Vec<CandidateExplained> {
    let (_, judged) = asked.explain();
    asked.candidates.iter().zip(judged).map(|(c, judged)| candidate(c, judged.won, judged.why)).collect()
}

/// Of a rule with one condition how that came out; of several cases which of them counts.
fn condition_text(rule: &FieldRule, part: RulePart) -> Option<String> {
    Some(match (part, rule.cases.len()) {
        (_, 0) => return None,
        (RulePart::Unknown, _) => "unknown".into(),
        (RulePart::Case(_), 1) => "true".into(),
        (RulePart::Otherwise, 1) => "false".into(),
        (RulePart::Case(place), _) => format!("case {}", place + 1),
        (RulePart::Otherwise, _) => "otherwise".into(),
    })
}

fn candidate(c: &Candidate<'_>, won: bool, why: &str) -> CandidateExplained {
    CandidateExplained {
        from: c.from.to_string(),
        value: c.value.to_json(),
        observed_at: c.age.by.rfc3339(),
        changed_after: c.age.after.map(Time::rfc3339),
        dated_by_system: c.last_edit.is_some_and(|edit| edit.dated),
        typed: c.last_edit.is_some_and(LastEdit::is_typed),
        copied_by: c.last_edit.and_then(LastEdit::relay).map(ToString::to_string),
        file: c.last_edit.and_then(LastEdit::file).map(ToString::to_string),
        first: None,
        won,
        why: why.to_string(),
    }
}

/// The group that a field is one of.
fn group(asked: &FieldAsked<'_>) -> Option<GroupExplained> {
    let group = asked.rule.group.as_ref()?;
    Some(GroupExplained {
        name: group.name.to_string(),
        fields: group.fields.iter().map(ToString::to_string).collect(),
        from: crate::merge::record_of_group(asked.rule, &asked.by).map(ToString::to_string),
    })
}

fn first(first: &FirstValue) -> FirstExplained {
    FirstExplained { value: first.value.to_json(), since: first.since.rfc3339() }
}

pub(super) fn without_rule(candidates: &[Candidate<'_>]) -> FieldExplained {
    FieldExplained {
        value: Json::Null,
        from: None,
        rule: None,
        unknown: None,
        candidates: candidates.iter().map(|c| candidate(c, false, "no rule speaks of this field")).collect(),
        ..FieldExplained::default()
    }
}

/// A field as its rule judged it; `unread` is what was not read to its end, in words.
pub(super) fn by_rule(
    rule: &Name,
    candidates: &[Candidate<'_>],
    (judgment, judged): (Judgment<'_>, Vec<Judged>),
    unread: impl FnOnce() -> String,
) -> FieldExplained {
    let unknown = match &judgment {
        Judgment::Unknown(why @ Unknown::NotRead) => Some(format!("{why}: {}", unread())),
        Judgment::Unknown(why) => Some(why.to_string()),
        Judgment::Wins(_) | Judgment::Nothing => None,
    };
    let winner = judgment.winner();
    FieldExplained {
        value: winner.as_ref().map_or(Json::Null, |w| w.value.to_json()),
        from: winner.as_ref().and_then(|w| w.from).map(ToString::to_string),
        rule: Some(rule.to_string()),
        unknown,
        candidates: candidates.iter().zip(&judged).map(|(c, r)| candidate(c, r.won, r.why)).collect(),
        ..FieldExplained::default()
    }
}

#[cfg(test)]
mod tests;
