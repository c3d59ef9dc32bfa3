//! `person.relationship`, which rules of the users' own make.

use super::*;

fn with_relationships() -> Declared {
    let rules =
        [("customer", "deals.exists(d, d.won)"), ("former", "person.title == '元顧客'"), ("new", "deals.exists(d, d.closed_days < 9)")];
    Declared { relationships: rules.map(|(name, when)| (name.into(), when.into())).into(), ..declared() }
}

fn asked(source: &str, title: &str, deals: &[&Record]) -> Result<bool, EvaluationError> {
    let declared = with_relationships();
    let expression = Expression::compile(source, Scope::Person, &declared).unwrap_or_else(|e| panic!("{source}: {e:?}"));
    let fields = |name: &Name| Ok((&**name == "title").then(|| Value::text(title)));
    expression.test(&Facts::person(&declared, &fields, deals, &[], Time(0)))
}

#[test]
fn the_first_rule_that_is_true_is_the_relationship_and_null_if_none_is() {
    let won = deal("1", Some(DealState::Won), &[]);
    for (source, title, deals, want) in [
        ("person.relationship == 'customer'", "元顧客", &[&won][..], true),
        ("person.relationship == 'customer' && deals.exists(d, d.open)", "", &[&won], false),
        ("person.relationship == 'former'", "元顧客", &[], true),
        ("person.relationship in ['customer', 'former']", "元顧客", &[], true),
        ("person.relationship == null", "部長", &[], true),
        ("has(person.relationship)", "部長", &[], false),
    ] {
        assert_eq!(asked(source, title, deals), Ok(want), "{source} {title}");
    }
}

#[test]
fn what_asks_for_it_asks_for_all_that_its_rules_ask() {
    let by_it = Expression::compile("person.relationship == 'new'", Scope::Person, &with_relationships()).unwrap();
    let fields: Vec<_> = by_it.person_fields().iter().map(|n| &**n).collect();
    assert_eq!((fields, by_it.needs_deals(), by_it.days_asked().is_none()), (vec!["title"], true, false));
    let other = Expression::compile("person.score > 3", Scope::Person, &with_relationships()).unwrap();
    assert_eq!((by_it.asks_relationship(), other.asks_relationship()), (true, false));
}

#[test]
fn what_is_wrong_with_it_is_told_at_load() {
    for (source, says) in [
        ("person.relationship == 'custmer'", "never \"custmer\"; did you mean `customer`?"),
        ("person.relationship.startsWith('c')", "may be null; ask first"),
        ("deals.exists(d, d.open && person.relationship == 'new')", "ask for it outside of the macro"),
        ("person.relationshp == 'new'", "did you mean `relationship`?"),
    ] {
        let errors = Expression::compile(source, Scope::Person, &with_relationships()).expect_err(source);
        assert!(errors[0].message.contains(says), "{source}: {}", errors[0].message);
    }
    let without = person("person.relationship == 'customer'").unwrap_err();
    assert!(
        without[0].message.contains("a person has no field `relationship` here; [relationship] of policy.toml makes it"),
        "{without:?}"
    );
}

/// A deal that may not be all: nobody knows whether they are a customer.
#[test]
fn a_rule_that_cannot_be_told_hides_those_behind_it() {
    let declared = with_relationships();
    let fields = |name: &Name| Ok((&**name == "title").then(|| Value::text("元顧客")));
    let facts = || Facts::person(&declared, &fields, &[], &[], Time(0)).with_more(true, false);
    for source in ["person.relationship == 'former'", "person.relationship == null"] {
        let expression = Expression::compile(source, Scope::Person, &declared).unwrap();
        assert!(expression.test(&facts()).unwrap_err().is_for_want_of_reading(), "{source}");
    }
}
