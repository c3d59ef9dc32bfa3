//! What is stored of rules and comes back, and what an edit of them reaches.

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
        all.precedence.accounts.insert("industry".into(), Arc::new(FieldRule::of(Strategy::Only(from.into()), "precedence.toml:9".into())));
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
        let place = Merging::of(before).place_of_rule(&"title".into());
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
        (&[("title", &["crm"], own), ("phone", &["crm"], None), ("country", &["crm"], None)], "person.phone != null", &["title"], false),
    ] {
        let (before, after) = (merging("a", before, &[("mql", "person.phone != null")]), merging("b", after, &[("mql", statuses)]));
        let affected = Affected::between(&before, &after, &names);
        assert_eq!(affected.fields.iter().map(|name| &**name).collect::<Vec<_>>(), fields, "{after:?}");
        assert_eq!(affected.statuses, is, "{after:?}");
        assert_eq!(affected.is_none(), fields.is_empty() && !is);
    }
}
