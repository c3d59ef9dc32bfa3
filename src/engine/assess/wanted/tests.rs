use super::*;
use crate::decide::forward_only::ForwardOnly;
use crate::decide::rules::{After, HoldRule, HoldScope, Stale, StatusRule};
use crate::decide::standing::{Brief, Kinds};
use crate::model::expression::{Declared, EvaluationError, Expression, Scope};
use crate::model::{Basis, Reason, RefusalScope};

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
        assert_eq!(proofs_run_out(&policy(stale), proved), end.map(at), "{deals:?} {people:?} {stale:?}");
    }
    assert_eq!(proofs_run_out(&Policy::default(), |_| Proved::default()), None, "without proofs nothing is ever given");
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

#[test]
fn a_block_says_each_reason_once_and_not_the_no_that_the_target_shows_itself() {
    let hold = |stops: &[MailKind]| Some([Brief { reason: Reason::CriticalTicket, stops: Kinds::of(stops), until: Some(Time(9)) }].into());
    let free = Standing { basis: Some(Basis::ExplicitConsent), ..Standing::default() };
    let marketing: Vec<MailKind> = MailKind::ALL.into_iter().filter(|k| k.sent_by_ma()).collect();
    let others: Vec<MailKind> = MailKind::ALL.into_iter().filter(|k| !k.sent_by_ma()).collect();
    let ticket = Reason::CriticalTicket.to_string();
    let all = Reason::RefusedAll.to_string();
    for (what, standing, shows, at, expected) in [
        ("nothing against", free.clone(), false, 1, vec![]),
        ("held", Standing { holds: hold(&marketing), ..free.clone() }, false, 1, vec![ticket]),
        ("the hold is over", Standing { holds: hold(&marketing), ..free.clone() }, false, 9, vec![]),
        ("mail that no marketing system sends", Standing { holds: hold(&others), ..free.clone() }, false, 1, vec![]),
        ("refused elsewhere", Standing { refused_all: true, ..free.clone() }, false, 1, vec![all]),
        ("refused here", Standing { refused_all: true, ..free.clone() }, true, 1, vec![]),
        ("a topic", Standing { refused_topics: Some(["news".into()].into()), ..free }, false, 1, vec![]),
        ("no basis", Standing::default(), false, 1, vec![Reason::NoBasis.to_string()]),
    ] {
        let mut target = record("ma:person:1");
        target.refusals = if shows { vec![RefusalScope::All] } else { Vec::new() };
        assert_eq!(against(&standing, &target, Time(at)), expected, "{what}");
    }
}

#[test]
fn a_permit_is_withdrawn_from_whom_mail_must_not_reach_and_left_alone_while_nothing_is_proved() {
    let id = || "ma:person:1".parse().unwrap();
    let shown = |unread: bool, refusals: Vec<RefusalScope>| Record { has_unread_address: unread, refusals, ..Record::new(id()) };
    let free = || Standing { basis: Some(Basis::ExplicitConsent), ..Standing::default() };
    let hold = Brief { reason: Reason::OpenDealPerson, stops: Kinds::of(&[MailKind::Campaign]), until: None };
    let held = Standing { holds: Some([hold].into()), ..free() };
    let refused = Standing { refused_all: true, ..free() };
    let (until, withdraw) = (PermitWish::Until(Time(90)), PermitWish::Withdraw);
    for (standing, record, end, block, permit) in [
        (free(), shown(false, vec![]), Some(90), false, until),
        (free(), shown(false, vec![]), None, false, PermitWish::Leave),
        (free(), shown(true, vec![]), Some(90), false, withdraw),
        (free(), shown(false, vec![RefusalScope::All]), Some(90), false, withdraw),
        (refused, shown(false, vec![RefusalScope::All]), Some(90), false, withdraw),
        (held, shown(false, vec![]), Some(90), true, withdraw),
    ] {
        let wanted = stops(&standing, &record, || end.map(Time), Time(9));
        assert_eq!((wanted.block, wanted.why.is_empty(), wanted.permit), (block, !block, permit), "{standing:?} {record:?} {end:?}");
    }
}

#[test]
fn a_record_that_cannot_be_read_keeps_its_block_and_loses_its_permit() {
    for blocked in [false, true] {
        let mut record = Record::new("ma:person:1".parse().unwrap());
        record.set_mark(Mark::Block, Value::Bool(blocked));
        let mut wanted = Wanted { permit: PermitWish::Until(Time(90)), ..Wanted::default() };
        widens_nothing(&mut wanted, &record);
        assert_eq!((wanted.permit, wanted.block, &*wanted.why), (PermitWish::Withdraw, blocked, if blocked { UNREAD } else { "" }));
    }
}
