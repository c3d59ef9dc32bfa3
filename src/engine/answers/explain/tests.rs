use super::*;
use crate::decide::ratchet::Kept;
use crate::decide::rules::StatusRule;
use crate::decide::standing::Kinds;
use crate::engine::assess::assessment::StatusError;
use crate::model::expression::{Declared, EvaluationError, Expression, Scope};
use crate::model::{Address, Reason, Value};

fn id(text: &str) -> RecordId {
    text.parse().unwrap()
}

fn address(text: &str) -> Address {
    Address::parse(text).unwrap()
}

#[test]
fn a_deal_or_ticket_stands_for_whom_it_names_by_id_and_by_address() {
    let mut world = World::default();
    for (record, mail, person) in [("crm:person:1", "taro@sato.example", 4), ("crm:person:2", "ken@sato.example", 5)] {
        let mut record = Record::new(id(record));
        record.set(&"email".into(), Value::text(mail), Time(0));
        let idx = world.put("people".into(), &record);
        world.slot_mut(idx).person = person;
    }
    let mut deal = Record::new(id("crm:deal:1"));
    deal.people = vec!["2".into(), "9".into()];
    world.put("deals".into(), &deal);
    let mut ticket = Record::new(id("support:ticket:1"));
    ticket.addresses = vec![address("taro@sato.example")];
    // An id of another system is another person's.
    ticket.people = vec!["2".into()];
    world.put("tickets".into(), &ticket);
    for (record, people) in
        [("crm:person:1", &[4][..]), ("crm:deal:1", &[5]), ("support:ticket:1", &[4]), ("crm:person:9", &[]), ("crm:deal:9", &[])]
    {
        assert_eq!(people_of_record(&world, &id(record)), people, "{record}");
    }
}

#[test]
fn a_holds_end_is_told_while_it_is_to_come_and_why_it_is_kept() {
    let told = |until: Option<i64>, kept, by| {
        let now = HoldNow {
            hold: "open_deal".into(),
            cause: id("crm:deal:1"),
            reach: Reach::Account,
            reason: Reason::OpenDealAccount,
            stops: Kinds(1),
            since: Time(0),
            until: until.map(Time),
            kept,
            by,
        };
        let told = hold(&now, Time(5_000));
        (told.until, told.over, told.kept)
    };
    assert_eq!(told(None, None, By::Files), (None, false, None));
    assert_eq!(told(Some(6_000), None, By::Both), (Some("1970-01-01T00:00:06Z".into()), false, None));
    assert_eq!(told(Some(5_000), None, By::Files), (None, true, None));
    for by in [By::Files, By::Both] {
        assert_eq!(told(None, Some(Kept::LinkLost), by).2.as_deref(), Some(Kept::LinkLost.why()));
    }
    let former = told(None, Some(Kept::LinkLost), By::Former).2.unwrap();
    assert!(former.starts_with("only the rules from before the last edit hold"), "{former}");
}

#[test]
fn a_refusal_is_told_of_each_record_and_address_that_it_hangs_on_also_of_a_former_one() {
    let mut record = Record::new(id("crm:person:1"));
    record.memory.past_addresses = vec![address("old@sato.example")];
    let refusal = |scope| Refusal { scope, from: id("ma:person:7"), seen_at: Time(1_000), address: Some(address("old@sato.example")) };
    let mut known = Refusals::default();
    known.add(On::Record(&record.id), &refusal(RefusalScope::Topic("events".into())));
    known.add(On::Address(&address("old@sato.example")), &refusal(RefusalScope::All));
    known.add(On::Address(&address("ken@sato.example")), &refusal(RefusalScope::All));
    let told = refusals(&[record], &known);
    let rows: Vec<_> = told.iter().map(|r| [&*r.on, &*r.scope, &*r.from, &*r.seen_at]).collect();
    let (from, at) = ("ma:person:7", "1970-01-01T00:00:01Z");
    assert_eq!(rows, [["crm:person:1", "topic events", from, at], ["old@sato.example", "all", from, at]]);
}

#[test]
fn a_status_says_its_rule_what_is_wrong_with_it_and_what_it_waits_for() {
    let when = Expression::compile("true", Scope::Person, &Declared::default()).unwrap();
    let rule = |name: &str, line: u8| StatusRule {
        name: name.into(),
        when: when.clone(),
        by: None,
        rule: format!("policy.toml:{line}").as_str().into(),
    };
    let policy = Policy { statuses: vec![rule("lead", 1), rule("customer", 5)], ..Policy::default() };
    let told = |now: StatusNow| {
        let told = status(&policy, now, Some("not read to the end lately: crm.deals".into()));
        (told.value, told.rule, told.error, told.waits)
    };
    let customer = || StatusNow { name: Some("customer".into()), ..StatusNow::default() };
    let named = |waits: Option<&str>| (Some("customer".into()), Some("policy.toml:5".into()), None, waits.map(String::from));
    assert_eq!(told(customer()), named(None));
    let left = "it is left as it is: not read to the end lately: crm.deals";
    assert_eq!(told(StatusNow { waits: true, ..customer() }), named(Some(left)));
    let raises = "it takes the place of no higher one: not read to the end lately: crm.deals";
    assert_eq!(told(StatusNow { waits: true, raises_only: true, ..customer() }), named(Some(raises)));
    let error = StatusError { rule: "lead".into(), why: EvaluationError::Unreadable("phone".into()) };
    let unknown = told(StatusNow { error: Some(error), ..StatusNow::default() });
    assert_eq!(unknown, (None, None, Some("lead: field `phone` holds something that cannot be read".into()), None));
}

#[test]
fn a_relationship_is_told_with_its_rule_or_why_it_is_not_known() {
    let when = Expression::compile("deals.exists(d, d.won)", Scope::Person, &Declared::default()).unwrap();
    let rule = StatusRule { name: "customer".into(), when, by: None, rule: "policy.toml:11".into() };
    let told = |said| {
        let StatusExplained { value, rule, error, waits, .. } = relationship(said);
        assert!(waits.is_none());
        (value, rule, error.is_some())
    };
    assert_eq!(told(LeadStatus::Is(&rule)), (Some("customer".into()), Some("policy.toml:11".into()), false));
    assert_eq!(told(LeadStatus::None), (None, None, false));
    assert_eq!(told(LeadStatus::Unknown { rule: &rule, error: EvaluationError::MayBeMore("deals") }), (None, None, true));
}
