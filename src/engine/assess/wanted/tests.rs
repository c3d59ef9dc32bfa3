use super::*;
use crate::decide::forward_only::ForwardOnly;
use crate::decide::rules::{After, HoldRule, HoldScope, Stale, StatusRule};
use crate::model::expression::{Declared, EvaluationError, Expression, Scope};

const MARKETING: [MailKind; 2] = [MailKind::Newsletter, MailKind::Campaign];

fn proof(stream: &str, minutes: i64) -> Proof {
    Proof { system: "crm".into(), stream: stream.into(), limit: Span::minutes(minutes) }
}

/// A hold on campaigns that rests on deals, and refusals that rest on people.
fn policy(stale: Stale) -> Policy {
    let hold = HoldRule {
        name: "open_deal".into(),
        on: Entity::Deal,
        when: Expression::compile("deal.open", Scope::Deal, &Declared::default()).unwrap(),
        scope: HoldScope::Person,
        stops: vec![MailKind::Campaign],
        after: After::default(),
        proofs: vec![proof("deals", 10)],
        stale,
        rule: "policy.toml:4".into(),
    };
    Policy { holds: vec![hold], refusal_proofs: vec![proof("people", 30)], ..Policy::default() }
}

#[test]
fn a_permit_rests_on_the_proof_that_runs_out_first() {
    let at = |minutes: i64| Time(0).plus(Span::minutes(minutes));
    for (deals, people, stale, end) in [
        (Some(100), Some(100), Stale::Hold, Some(110)),
        (Some(100), Some(75), Stale::Hold, Some(105)),
        (Some(100), Some(100), Stale::LastKnown(Span::minutes(20)), Some(120)),
        (Some(100), Some(100), Stale::LastKnown(Span::minutes(90)), Some(130)),
        (None, Some(100), Stale::Hold, None),
        (Some(100), None, Stale::Hold, None),
    ] {
        let proved = |proof: &Proof| Proved { at: if &*proof.stream == "deals" { deals } else { people }.map(at), filtered_at: None };
        assert_eq!(proofs_run_out(&policy(stale), MARKETING.into_iter(), proved), end.map(at), "{deals:?} {people:?} {stale:?}");
    }
    assert_eq!(
        proofs_run_out(&Policy::default(), MARKETING.into_iter(), |_| Proved::default()),
        None,
        "without proofs nothing is ever given"
    );
}

/// What rests on not having seen something does not take the place of more, nor of what somebody else set.
#[test]
fn a_status_is_lower_than_one_that_stands_before_it_and_than_a_strangers() {
    let statuses: [Name; 3] = ["customer".into(), "prospect".into(), "lead".into()];
    let words = SystemWords::from(std::collections::BTreeMap::from([("prospect".into(), "In talks".into())]));
    for (shown, status, lower) in [
        ("customer", "prospect", true),
        ("In talks", "lead", true),
        ("In talks", "prospect", false),
        ("In talks", "customer", false),
        ("lead", "customer", false),
        ("lead\ncustomer", "prospect", true),
        ("tag of theirs\nlead", "prospect", false),
        ("prospect", "customer", true),
        ("Partner", "customer", true),
        ("", "customer", true),
        ("Customer", "lead", true),
        ("LEAD", "customer", false),
    ] {
        assert_eq!(lowers(statuses.iter(), &words, shown, &status.into()), lower, "{shown:?} -> {status}");
    }
}

#[test]
fn a_record_keeps_a_higher_status_only_where_the_rules_say_so() {
    let order: Vec<Name> = ["customer", "lead"].map(Name::from).into();
    let words = SystemWords::from(std::collections::BTreeMap::from([("customer".into(), "Kunde".into())]));
    let now = |forward_only: bool| StatusNow {
        name: Some("lead".into()),
        forward_only: forward_only.then(|| ForwardOnly { order: order.clone(), except: Vec::new() }.into()),
        ..StatusNow::default()
    };
    for (shown, forward_only, kept) in [
        (Some("Kunde"), true, Some(KeptStatus::Higher)),
        (Some("customer"), true, Some(KeptStatus::NotOurs)),
        (Some("lead"), true, None),
        (None, true, None),
        (Some("Kunde"), false, None),
    ] {
        let mut record = record("ma:person:1");
        shown.into_iter().for_each(|word| record.set_mark(Mark::Status, Value::text(word)));
        assert_eq!(keeps(&now(forward_only), &words, &record), kept, "{shown:?} {forward_only}");
    }
    assert_eq!(keeps(&StatusNow { name: None, ..now(true) }, &words, &record("ma:person:1")), None, "no rule is true");
}

#[test]
fn only_what_more_reading_may_answer_waits() {
    let rule = StatusRule {
        name: "lead".into(),
        when: Expression::compile("true", Scope::Person, &Declared::default()).unwrap(),
        by: None,
        rule: "policy.toml:9".into(),
    };
    let is = said_of(LeadStatus::Is(&rule));
    assert_eq!((is.name.as_deref(), is.error, is.waits, is.raises_only), (Some("lead"), None, false, false));
    let none = said_of(LeadStatus::None);
    assert!(none.name.is_none() && none.error.is_none() && !none.waits);
    for (error, waits) in [
        (EvaluationError::NotRead("score".into()), true),
        (EvaluationError::MayBeMore("deals"), true),
        (EvaluationError::Unreadable("score".into()), false),
        (EvaluationError::Null("score".into()), false),
    ] {
        let now = said_of(LeadStatus::Unknown { rule: &rule, error: error.clone() });
        let said = StatusError { rule: "policy.toml:9".into(), why: error };
        assert_eq!((now.name, now.error, now.waits), (None, Some(said), waits));
    }
    let unsure = || said_of(LeadStatus::Unknown { rule: &rule, error: EvaluationError::NotRead("score".into()) });
    let risen = may_rise(unsure(), said_of(LeadStatus::Is(&rule)));
    assert!(risen.name.is_some() && risen.raises_only && risen.waits);
    let left = may_rise(unsure(), said_of(LeadStatus::None));
    assert!(left.error.is_some() && left.name.is_none() && !left.raises_only, "it does not fall to none");
}

fn record(id: &str) -> Record {
    Record::new(id.parse().unwrap())
}

#[test]
fn a_deal_is_of_those_whom_it_names_in_its_own_system() {
    let mut deal = record("crm:deal:7");
    deal.people = vec!["1".into()];
    deal.memory.past_people = vec!["2".into()];
    for (id, named) in [("crm:person:1", true), ("crm:person:2", false), ("desk:person:1", false), ("crm:account:1", false)] {
        assert_eq!(names_one_of(&deal, &[record("ma:person:9"), record(id)]), named, "{id}");
    }
}
