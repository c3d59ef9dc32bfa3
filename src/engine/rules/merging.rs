//! The rules by which people are merged, those of precedence.toml and of `[status]`: in memory, and as the state keeps them until an edit of
//! them is let go.

use super::needs::Needs;
use super::stored_field::{StoredField, before_the_edit};
use crate::config::Rules;
use crate::decide::forward_only::ForwardOnly;
use crate::decide::rules::StatusRule;
use crate::engine::ledger::items::encode;
use crate::merge::rules::{FieldRule, Precedence};
use crate::model::Name;
use crate::model::expression::{Declared, Expression, Scope};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// Whose value counts and which status, with what their expressions speak of.
#[derive(Debug, Clone)]
pub struct Merging {
    pub rules: Arc<Rules>,
    pub needs: Needs,
}

impl Merging {
    pub fn of(rules: Arc<Rules>) -> Merging {
        Merging { needs: Needs::of(&rules), rules }
    }
}

/// The same as text and plain values, with which it compiles again.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub(in crate::engine) struct StoredMerging {
    default: Option<StoredField>,
    fields: BTreeMap<Name, StoredField>,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    accounts: BTreeMap<Name, StoredField>,
    statuses: Vec<StoredStatus>,
    /// `forward_only`: the exceptions to it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    forward_only: Option<Vec<Name>>,
    /// By which expressions of the others tell `person.relationship`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    relationships: Vec<StoredStatus>,
    /// Of persons and accounts only those that some expression asks for.
    declared: Declared,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct StoredStatus {
    name: Name,
    when: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    by: Option<Name>,
    rule: Name,
}

impl StoredStatus {
    /// `None`: this version cannot read its expression.
    fn restored(&self, declared: &Declared) -> Option<StatusRule> {
        let when = Expression::compile(&self.when, Scope::Person, declared).ok()?;
        Some(StatusRule { name: self.name.clone(), when, by: self.by.clone(), rule: before_the_edit(&self.rule) })
    }
}

impl StoredMerging {
    pub(in crate::engine) fn of(rules: &Rules) -> StoredMerging {
        let precedence = &rules.precedence;
        let status = |s: &StatusRule| StoredStatus {
            name: s.name.clone(),
            when: s.when.source().to_string(),
            by: s.by.clone(),
            rule: s.rule.clone(),
        };
        let relationships = rules.policy.relationships.iter().map(status).collect();
        StoredMerging {
            default: precedence.default.as_deref().map(StoredField::of),
            fields: precedence.fields.iter().map(|(name, rule)| (name.clone(), StoredField::of(rule))).collect(),
            accounts: precedence.accounts.iter().map(|(name, rule)| (name.clone(), StoredField::of(rule))).collect(),
            statuses: rules.policy.statuses.iter().map(status).collect(),
            forward_only: rules.policy.forward_only.as_ref().map(|rule| rule.except.clone()),
            relationships,
            declared: rules.declared.narrowed(expressions(rules)),
        }
    }

    /// Rules that say the same have the same, wherever they stand in their files.
    pub(in crate::engine) fn id(&self) -> String {
        let fields: Vec<_> = self.fields.iter().map(|(name, rule)| (name, rule.says())).collect();
        let statuses: Vec<_> = self.statuses.iter().map(|s| (&s.name, &s.when)).collect();
        let mut said = encode(&(self.default.as_ref().map(StoredField::says), fields, statuses));
        // Rules without these have the id that they had before there were such words.
        said.extend(self.forward_only.iter().flat_map(|except| encode(&("forward_only", except))));
        said.extend(self.relationships.iter().flat_map(|rule| encode(&("relationship", &rule.name, &rule.when))));
        said.extend(self.statuses.iter().filter_map(|s| Some(encode(&("by", &s.name, s.by.as_ref()?)))).flatten());
        let accounts: Vec<_> = self.accounts.iter().map(|(name, rule)| (name, rule.says())).collect();
        said.extend(if accounts.is_empty() { Vec::new() } else { encode(&("account", accounts)) });
        blake3::hash(&said).to_hex()[..16].to_string()
    }

    /// The rules of the files with these in the place of theirs. `None`: this version cannot read one of their expressions.
    pub(in crate::engine) fn over(&self, files: &Rules) -> Option<Rules> {
        let relationships = self.relationships.iter().map(|rule| rule.restored(&self.declared)).collect::<Option<Vec<_>>>()?;
        let sources = relationships.iter().map(|rule| (rule.name.clone(), rule.when.source().into())).collect();
        let declared = Declared { relationships: sources, ..self.declared.clone() };
        let restored = |rule: &StoredField| rule.restored(&declared).map(Arc::new);
        let default = self.default.as_ref().map(restored);
        let fields = self.fields.iter().map(|(name, rule)| Some((name.clone(), restored(rule)?)));
        let accounts = self.accounts.iter().map(|(name, rule)| Some((name.clone(), restored(rule)?)));
        let mut rules = files.clone();
        rules.precedence = Precedence {
            default: default.map_or(Some(None), |rule| rule.map(Some))?,
            fields: fields.collect::<Option<_>>()?,
            accounts: accounts.collect::<Option<_>>()?,
        };
        rules.policy.statuses = self.statuses.iter().map(|rule| rule.restored(&declared)).collect::<Option<_>>()?;
        rules.policy.relationships = relationships;
        let order = || self.statuses.iter().map(|s| s.name.clone()).collect();
        rules.policy.forward_only = self.forward_only.clone().map(|except| Arc::new(ForwardOnly { order: order(), except }));
        rules.declared.person.extend(self.declared.person.clone());
        rules.declared.relationships = declared.relationships;
        rules.declared.account.extend(self.declared.account.clone());
        Some(rules)
    }
}

fn expressions(rules: &Rules) -> impl Iterator<Item = &Expression> {
    let fields = rules.precedence.fields.values().chain(&rules.precedence.default);
    let by_rules = rules.policy.statuses.iter().chain(&rules.policy.relationships).map(|rule| &rule.when);
    by_rules.chain(fields.flat_map(|rule| rule.conditions()))
}

/// What may come out otherwise by other rules.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Affected {
    pub fields: BTreeSet<Name>,
    pub statuses: bool,
}

impl Affected {
    /// Of these fields, those whose own rule is another, or whose condition asks for one of those; and the statuses likewise.
    pub fn between<'n>(before: &Rules, after: &Rules, fields: impl IntoIterator<Item = &'n Name>) -> Affected {
        let mut known = BTreeMap::new();
        let fields = fields.into_iter().filter(|name| is_affected(name, before, after, &mut known)).cloned().collect();
        let order = |rules: &Rules| {
            rules.policy.statuses.iter().map(|s| (s.name.clone(), s.when.source().to_string(), s.by.clone())).collect::<Vec<_>>()
        };
        let said = |rules: &Rules| (order(rules), rules.policy.forward_only.clone());
        let whens = || before.policy.statuses.iter().chain(&after.policy.statuses).map(|status| &status.when);
        let statuses = said(before) != said(after)
            || whens().flat_map(Expression::person_fields).any(|name| is_affected(name, before, after, &mut known))
            || whens().flat_map(Expression::account_fields).any(|name| is_affected_in_accounts(name, before, after))
            || asks_another_relationship(before.policy.statuses.iter().map(|status| &status.when), before, after);
        Affected { fields, statuses }
    }

    pub fn is_none(&self) -> bool {
        self.fields.is_empty() && !self.statuses
    }
}

/// `known` ends what asks for itself: a field that is being looked at is not affected by itself.
fn is_affected(name: &Name, before: &Rules, after: &Rules, known: &mut BTreeMap<Name, bool>) -> bool {
    if let Some(is) = known.get(name) {
        return *is;
    }
    known.insert(name.clone(), false);
    let rules = [before, after].map(|rules| rules.precedence.rule(name));
    let says = |rule: Option<&Arc<FieldRule>>| rule.map(|rule| StoredField::of(rule).says());
    let grouped = rules.iter().flatten().filter_map(|rule| rule.group.as_ref()).flat_map(|group| &group.fields);
    let mut asked = rules.iter().flatten().flat_map(|rule| rule.asked_fields()).chain(grouped);
    let mut of_account = rules.iter().flatten().flat_map(|rule| rule.account_fields());
    let is = says(rules[0]) != says(rules[1])
        || asked.any(|name| is_affected(name, before, after, known))
        || of_account.any(|name| is_affected_in_accounts(name, before, after))
        || asks_another_relationship(rules[0].into_iter().flat_map(|rule| rule.conditions()), before, after);
    known.insert(name.clone(), is);
    is
}

/// Whether a field of accounts may come out otherwise: no rule there asks for another field.
fn is_affected_in_accounts(name: &Name, before: &Rules, after: &Rules) -> bool {
    let says = |rules: &Rules| rules.precedence.accounts.get(name).map(|rule| StoredField::of(rule).says());
    says(before) != says(after)
}

/// Whether some of these, which stand in both, asks for a relationship that is told by other rules after than before.
fn asks_another_relationship<'e>(mut asking: impl Iterator<Item = &'e Expression>, before: &Rules, after: &Rules) -> bool {
    before.declared.relationships != after.declared.relationships && asking.any(Expression::asks_relationship)
}

#[cfg(test)]
pub(in crate::engine) mod tests;
