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

    /// File and line of the rule of a field; `None`: of the first status.
    pub fn place_of_rule(&self, field: Option<&Name>) -> String {
        match field {
            Some(name) => {
                let Some(rule) = self.rules.precedence.rule(name) else { return "precedence.toml (the rule was taken out)".to_string() };
                let of_account = rule.account_fields().filter_map(|name| Some((name, self.rules.precedence.accounts.get(name)?)));
                let mut told = rule.rule.to_string();
                of_account.for_each(|(name, rule)| told.push_str(&format!(" (account.{name}: {})", rule.rule)));
                told
            }
            None => self.rules.policy.statuses.first().map_or("policy.toml", |status| &*status.rule).to_string(),
        }
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
    let mut asked = rules.iter().flatten().flat_map(|rule| rule.asked_fields());
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
pub(in crate::engine) mod tests {
    use super::*;
    use crate::engine::rules::in_force::tests::rules;
    use crate::merge::rules::{Band, Blank, Case, Strategy};
    use crate::model::expression::FieldType;

    /// Rules of a folder of this version: for text fields the systems in order and a condition or none, and statuses with their expressions.
    pub(in crate::engine) fn merging(version: &str, fields: &[(&str, &[&str], Option<&str>)], statuses: &[(&str, &str)]) -> Arc<Rules> {
        let mut all = Rules::clone(&rules(version, &[]));
        let names = fields.iter().map(|(name, ..)| *name).chain(["title", "phone", "country"]);
        all.declared.person = names.map(|name| (name.into(), FieldType::Text)).collect();
        let declared = all.declared.clone();
        let compiled = |when: &str| Expression::compile(when, Scope::Person, &declared).unwrap();
        let bands = |systems: &[&str]| systems.iter().map(|s| Band(vec![Name::from(*s).into()])).collect::<Vec<_>>();
        for (place, (name, systems, when)) in fields.iter().enumerate() {
            let line = format!("precedence.toml:{}", place + 3).as_str().into();
            let order = Strategy::Order(bands(systems));
            let rule = match when {
                None => FieldRule::of(order, line),
                Some(when) => {
                    let cases = vec![Case { when: compiled(when), strategy: order }];
                    FieldRule { cases, ..FieldRule::of(Strategy::Order(bands(&["ma"])), line) }
                }
            };
            all.precedence.fields.insert((*name).into(), Arc::new(rule));
        }
        let status = |(place, (name, when)): (usize, &(&str, &str))| StatusRule {
            name: (*name).into(),
            when: compiled(when),
            by: None,
            rule: format!("policy.toml:{}", place + 2).as_str().into(),
        };
        all.policy.statuses = statuses.iter().enumerate().map(status).collect();
        Arc::new(all)
    }

    const BY_COUNTRY: Option<&str> = Some("person.country == 'JP'");

    #[test]
    fn rules_have_one_id_wherever_they_stand_and_come_back_as_they_were() {
        let files = merging("a", &[("title", &["crm"], BY_COUNTRY), ("country", &["ma"], None)], &[("mql", "person.title != null")]);
        let stored = StoredMerging::of(&files);
        let text = serde_json::to_string(&stored).unwrap();
        let again: StoredMerging = serde_json::from_str(&text).unwrap();
        assert_eq!(again, stored);
        let over = again.over(&merging("b", &[], &[("lead", "true")])).unwrap();
        assert_eq!((over.version.as_str(), over.policy.statuses.len(), &*over.policy.statuses[0].name), ("b", 1, "mql"));
        assert_eq!(&*over.precedence.rule(&"title".into()).unwrap().rule, "precedence.toml:3 before the edit");
        assert_eq!(StoredMerging::of(&over).id(), stored.id(), "lines are no part of it");
        let other = merging("a", &[("title", &["ma"], BY_COUNTRY), ("country", &["ma"], None)], &[("mql", "person.title != null")]);
        assert_ne!(StoredMerging::of(&other).id(), stored.id());
    }

    /// Stored by a former version: it must stay readable.
    #[test]
    fn a_form_of_before_is_read() {
        let text = r#"{"default":{"strategy":{"Only":"crm"},"blank":"Skipped","max_age":null,"when":null,"otherwise":[],"rule":"p:1"},
            "fields":{"title":{"strategy":{"Order":[[{"system":"crm","max_age":86400000}]]},"blank":"Wins","max_age":null,
            "when":"person.title == 'x'","otherwise":[[{"system":"ma","max_age":null}]],"rule":"precedence.toml:3"}},
            "statuses":[{"name":"lead","when":"true","rule":"policy.toml:2"}],"declared":{"person":{"title":"Text"},"deal":{},"ticket":{}}}"#;
        let read: StoredMerging = serde_json::from_str(text).unwrap();
        let over = read.over(&merging("b", &[], &[])).unwrap();
        let title = over.precedence.rule(&"title".into()).unwrap();
        assert!(title.has_ages() && title.blank == Blank::Wins && title.cases.len() == 1 && over.precedence.default.is_some());
    }

    #[test]
    fn whether_statuses_may_fall_is_a_part_of_the_rules() {
        let with = |except: Option<&[&str]>| {
            let mut all = Rules::clone(&merging("a", &[], &[("customer", "person.title != null"), ("lead", "true")]));
            let order = || all.policy.statuses.iter().map(|s| s.name.clone()).collect();
            let except = except.map(|except| except.iter().map(|name| Name::from(*name)).collect());
            all.policy.forward_only = except.map(|except| ForwardOnly { order: order(), except }.into());
            all
        };
        let all = [None, Some(&[][..]), Some(&["lead"][..])].map(with);
        for (place, rules) in all.iter().enumerate() {
            let stored = StoredMerging::of(rules);
            let again: StoredMerging = serde_json::from_str(&serde_json::to_string(&stored).unwrap()).unwrap();
            assert_eq!(again.over(&merging("b", &[], &[])).unwrap().policy.forward_only, rules.policy.forward_only);
            for (other_place, other) in all.iter().enumerate() {
                let is_same = place == other_place;
                assert_eq!(StoredMerging::of(other).id() == stored.id(), is_same, "{place} {other_place}");
                assert_eq!(Affected::between(rules, other, &[]).statuses, !is_same, "{place} {other_place}");
            }
        }
    }

    /// Of the statuses and of a field's condition: only what asks for it may come out otherwise.
    #[test]
    fn another_relationship_affects_what_asks_for_it() {
        let with = |relationship: &str, status: &str| {
            let mut all = Rules::clone(&merging("a", &[("title", &["crm"], BY_COUNTRY)], &[]));
            let compiled = |when: &str, declared: &Declared| Expression::compile(when, Scope::Person, declared).unwrap();
            let when = compiled(relationship, &all.declared);
            all.declared.relationships = vec![("partner".into(), relationship.into())];
            all.policy.relationships = vec![StatusRule { name: "partner".into(), when, by: None, rule: "policy.toml:9".into() }];
            all.policy.statuses =
                vec![StatusRule { name: "lead".into(), when: compiled(status, &all.declared), by: None, rule: "policy.toml:2".into() }];
            all
        };
        let (by_it, plain) = ("person.relationship == 'partner'", "person.title != null");
        for (before, after, statuses) in [
            (with("person.country == 'JP'", by_it), with("person.country == 'US'", by_it), true),
            (with("person.country == 'JP'", plain), with("person.country == 'US'", plain), false),
            (with("person.country == 'JP'", by_it), with("person.country == 'JP'", by_it), false),
        ] {
            assert_eq!(Affected::between(&before, &after, &["title".into()]), Affected { fields: BTreeSet::new(), statuses });
            let is_same = before.declared.relationships == after.declared.relationships;
            let [stored, other] = [&before, &after].map(StoredMerging::of);
            assert_eq!(stored.id() == other.id(), is_same);
            let again: StoredMerging = serde_json::from_str(&serde_json::to_string(&stored).unwrap()).unwrap();
            let over = again.over(&merging("b", &[], &[])).unwrap();
            assert_eq!((StoredMerging::of(&over).id(), &over.declared.relationships), (stored.id(), &before.declared.relationships));
        }
    }

    #[test]
    fn whose_evidence_counts_is_a_part_of_the_rules() {
        let with = |by: Option<&str>| {
            let mut all = Rules::clone(&merging("a", &[], &[("mql", "person.title != null"), ("lead", "true")]));
            all.policy.statuses[0].by = by.map(Name::from);
            all
        };
        let all = [None, Some("ma"), Some("crm")].map(with);
        for (place, rules) in all.iter().enumerate() {
            let stored = StoredMerging::of(rules);
            let again: StoredMerging = serde_json::from_str(&serde_json::to_string(&stored).unwrap()).unwrap();
            let over = again.over(&merging("b", &[], &[])).unwrap();
            assert_eq!(over.policy.statuses[0].by, rules.policy.statuses[0].by);
            for (other, rules_there) in all.iter().enumerate() {
                assert_eq!(StoredMerging::of(rules_there).id() == stored.id(), place == other);
                assert_eq!(Affected::between(rules, rules_there, &[]).statuses, place != other);
            }
        }
        let plain = serde_json::to_string(&StoredMerging::of(&all[0])).unwrap();
        assert!(!plain.contains("\"by\""), "rules without it are stored as before: {plain}");
    }

    #[test]
    fn an_edit_of_an_accounts_rule_reaches_what_asks_for_it() {
        let with = |from: &str, status: &str| {
            let mut all = Rules::clone(&merging("a", &[("phone", &["crm"], None)], &[]));
            all.declared.account = [("industry".into(), FieldType::Text)].into();
            all.precedence
                .accounts
                .insert("industry".into(), Arc::new(FieldRule::of(Strategy::Only(from.into()), "precedence.toml:9".into())));
            let own = FieldRule::of(Strategy::Account("industry".into()), "precedence.toml:4".into());
            all.precedence.fields.insert("title".into(), Arc::new(own));
            let when = Expression::compile(status, Scope::Person, &all.declared).unwrap();
            all.policy.statuses = vec![StatusRule { name: "mql".into(), when, by: None, rule: "policy.toml:2".into() }];
            Arc::new(all)
        };
        let names: Vec<Name> = ["title", "phone"].map(Name::from).into();
        for (status, statuses) in [("account.industry == 'x'", true), ("person.title == 'x'", true), ("person.phone == 'x'", false)] {
            let (before, after) = (with("crm", status), with("erp", status));
            let affected = Affected::between(&before, &after, &names);
            assert_eq!((affected.fields, affected.statuses), ([Name::from("title")].into(), statuses), "{status}");
            let stored = StoredMerging::of(&before);
            assert_ne!(stored.id(), StoredMerging::of(&after).id());
            let again: StoredMerging = serde_json::from_str(&serde_json::to_string(&stored).unwrap()).unwrap();
            assert_eq!(again, stored);
            let over = again.over(&merging("b", &[], &[])).unwrap();
            assert_eq!(over.precedence.accounts.get(&"industry".into()).unwrap().to_string(), r#"{ only = "crm" }"#);
            let place = Merging::of(before).place_of_rule(Some(&"title".into()));
            assert_eq!(place, "precedence.toml:4 (account.industry: precedence.toml:9)");
        }
        let plain = serde_json::to_string(&StoredMerging::of(&merging("a", &[("phone", &["crm"], None)], &[]))).unwrap();
        assert!(!plain.contains("account"), "rules without accounts are stored as before: {plain}");
    }

    #[test]
    fn an_expression_that_cannot_be_read_any_more_leaves_none_of_the_rules() {
        let mut stored = StoredMerging::of(&merging("a", &[("title", &["crm"], BY_COUNTRY)], &[]));
        stored.fields.values_mut().for_each(|rule| rule.asks_instead("person.nobody == 'x'"));
        assert!(stored.over(&merging("b", &[], &[])).is_none());
    }

    #[test]
    fn what_asks_for_a_field_with_another_rule_may_come_out_otherwise_too() {
        let names: Vec<Name> = ["title", "phone", "country"].map(Name::from).into();
        type Fields<'t> = &'t [(&'t str, &'t [&'t str], Option<&'t str>)];
        let before: Fields<'_> = &[("title", &["crm"], BY_COUNTRY), ("phone", &["crm"], None), ("country", &["crm"], None)];
        let own = Some("person.country == 'JP' && person.title != null");
        for (after, statuses, fields, is) in [
            (before, "person.phone != null", &[][..], false),
            (before, "person.title != null", &[], true),
            (
                &[("title", &["crm"], BY_COUNTRY), ("phone", &["ma"], None), ("country", &["crm"], None)],
                "person.phone != null",
                &["phone"],
                true,
            ),
            (
                &[("title", &["crm"], BY_COUNTRY), ("phone", &["crm"], None), ("country", &["ma"], None)],
                "person.phone != null",
                &["country", "title"],
                false,
            ),
            (
                &[("title", &["crm"], own), ("phone", &["crm"], None), ("country", &["crm"], None)],
                "person.phone != null",
                &["title"],
                false,
            ),
        ] {
            let (before, after) = (merging("a", before, &[("mql", "person.phone != null")]), merging("b", after, &[("mql", statuses)]));
            let affected = Affected::between(&before, &after, &names);
            assert_eq!(affected.fields.iter().map(|name| &**name).collect::<Vec<_>>(), fields, "{after:?}");
            assert_eq!(affected.statuses, is, "{after:?}");
            assert_eq!(affected.is_none(), fields.is_empty() && !is);
        }
    }
}
