//! Values that are there and cannot be read, and fields that no answer shows.

use super::place::{NOW, Place, Running, address, at, deal, page, person};
use crate::small_manifests::DEALS;
use nayose::connector::{Observed, Outcome, PageRead, Pass, PassEnd, PermitChange};
use nayose::model::{DealState, Mark, Name, Record, RefusalScope, Span, Time, Value};

const PEOPLE: [(&str, Option<&str>); 2] = [("1", None), ("2", None)];

const BIG: &str = "deal.open && deal.amount >= 1000000";

fn only_if(when: &str) -> Place {
    Place::with(|policy| policy.replace("when = 'deal.open'", &format!("when = '{when}'")))
}

fn worth(state: DealState, amount: Value) -> Record {
    let mut deal = deal("8", state, &["1"], None);
    deal.set(&Name::from("amount"), amount, NOW);
    deal
}

#[test]
fn an_amount_that_cannot_be_read_holds_whom_it_might_hold_in_either_order() {
    for when in [BIG, "deal.amount >= 1000000 && deal.open"] {
        for (state, amount, answer) in [
            (DealState::Open, Value::Unreadable, "hold open_deal_person"),
            (DealState::Open, Value::Int(5_000_000), "hold open_deal_person"),
            (DealState::Open, Value::Int(500), "allow"),
            (DealState::Open, Value::Empty, "allow"),
            // It was seen to end, whatever it was worth.
            (DealState::Won, Value::Unreadable, "allow"),
        ] {
            let place = only_if(when);
            let mut running = place.start(NOW);
            running.read_all(&PEOPLE);
            running.sweep("crm.deals", vec![worth(state, amount.clone())], vec![]);
            assert_eq!(running.gate("1"), answer, "{when}: {state:?} {amount:?}");
            assert_eq!(running.blocks("1"), answer != "allow", "{when}: {state:?} {amount:?}");
            assert_eq!(running.gate("2"), "allow");
        }
    }
}

#[test]
fn who_is_held_by_an_amount_is_not_freed_when_it_becomes_unreadable_nor_spared_its_cool_down() {
    let place = only_if(BIG);
    let mut running = place.start(NOW);
    running.read_all(&PEOPLE);
    running.sweep("crm.deals", vec![worth(DealState::Open, Value::Int(5_000_000))], vec![]);
    running.later(Span::minutes(1));
    running.sweep("crm.deals", vec![worth(DealState::Open, Value::Unreadable)], vec![]);
    assert_eq!(running.gate("1"), "hold open_deal_person");
    running.later(Span::minutes(1));
    let mut lost = worth(DealState::Lost, Value::Unreadable);
    lost.memory.ended_at = Some(running.now);
    running.sweep("crm.deals", vec![lost], vec![]);
    assert_eq!(running.gate("1"), "hold cooldown", "it may have been held before it was lost");
    assert!(running.engine.waiting().is_empty());
}

/// A CRM that always shows amounts.
const OWN_CRM: &str = r#"[streams.people]
entity = "person"
sweep = { path = "/people" }
record = { id = "id", fields = { email = "email" } }
[streams.deals]
entity = "deal"
sweep = { path = "/deals", carries_people = true }
[streams.deals.record]
id = "id"
people = "people[]"
always = ["worth.amount"]
fields = { amount = { path = "worth.amount", type = "number" } }
state = [{ is = "open", when = { path = "open", equals = true } }]
"#;

/// Listed is one deal, and its row shows none of the fields that are looked out for.
fn without_its_amount(running: &mut Running) -> PageRead {
    let mut page = page(vec![deal("8", DealState::Won, &["2"], None)], vec![]);
    page.shown.rows = 1;
    running.later(Span::minutes(10));
    page
}

#[test]
fn a_field_that_a_hold_asks_for_and_no_answer_shows_leaves_the_deals_unproved() {
    for (when, lacks, doubted) in
        [("deal.open", "", false), (BIG, "", true), (BIG, "lacks = [\"amount\"]\n", false), ("deal.amount >= 1000000", "", true)]
    {
        let place = only_if(when).with_crm(&[OWN_CRM], lacks);
        let mut running = place.start(NOW);
        running.read_all(&PEOPLE);
        assert_eq!(running.gate("1"), "allow", "without a row nothing is missing");
        let page = without_its_amount(&mut running);
        running.pass("crm.deals", Pass::Sweep, page);
        running.decide();
        let proved = running.proved("crm.deals").map(|at| running.now.since(at));
        assert_eq!(proved, Some(if doubted { Span::minutes(10) } else { Span::ZERO }), "{when} {lacks}");
        let told = "none of 1 records shows amount, which the system always shows";
        assert_eq!(running.because().contains(told), doubted, "{}", running.because());
        assert_eq!(running.because().contains("systems.toml says that this account has no amount"), !lacks.is_empty());
        running.later(Span::minutes(6));
        running.decide();
        assert!(!doubted || running.gate("1").contains("hold stale_crm"), "{}", running.gate("1"));
    }
}

#[test]
fn a_lead_whose_address_cannot_be_read_gets_no_permit_and_loses_the_one_that_it_shows() {
    let place = Place::new();
    let mut running = place.start(NOW);
    running.read_all(&PEOPLE);
    let permit = |running: &mut Running, lead: &str| running.due(lead).release.map(|change| change.permits);
    assert!(permit(&mut running, "ma:person:1").is_some_and(|permits| permits.gives()));
    running.later(Span::minutes(1));
    let mut unread = person("ma:person:1", "p1@acme.example, (p2", None);
    unread.has_unread_address = true;
    let other = person("ma:person:2", &address("2"), None);
    running.sweep("ma.people", vec![unread.clone(), other.clone()], vec![]);
    assert!(running.due("ma:person:1").is_empty());
    assert!(permit(&mut running, "ma:person:2").is_some_and(|permits| permits.gives()));
    running.later(Span::minutes(1));
    let until: Time = running.now.plus(Span::days(1));
    unread.set_mark(Mark::Permit, Value::Time(until));
    running.sweep("ma.people", vec![unread, other], vec![]);
    let withdrawn = running.due("ma:person:1").protective.map(|change| change.permits);
    assert_eq!(withdrawn, Some(PermitChange::Withdrawn.into()));
}

/// The system began to tell people as objects: the deal was taken for one that names nobody, and the gate let its people through.
#[test]
fn people_of_a_deal_that_cannot_be_read_leave_the_pass_unproved_where_nothing_else_tells_them() {
    let place = only_if("deal.open").with_crm(&[OWN_CRM], "");
    let mut running = place.start(NOW);
    running.read_all(&PEOPLE);
    for (told, proves) in [(false, false), (true, true)] {
        running.later(Span::minutes(10));
        let mut page = page(vec![deal("8", DealState::Open, &[], None)], vec![]);
        if let Observed::Record { people_told, .. } = &mut page.observed[0] {
            *people_told = told;
        }
        running.pass("crm.deals", Pass::Sweep, page);
        running.decide();
        assert_eq!(running.proved("crm.deals") == Some(running.now), proves);
        assert_eq!(
            running.because().contains("the people of 1 deal are not shown whole, the first is crm:deal:8"),
            !told,
            "{}",
            running.because()
        );
    }
}

/// A CRM began to tell addresses as lists: nobody is freed by what cannot be read, in the same run or in the next.
#[test]
fn whose_address_becomes_unreadable_counts_under_the_one_that_was_read_last() {
    for (people, account) in [(&["1"][..], None), (&[], Some("7"))] {
        let place = Place::new();
        let mut running = place.start(NOW);
        running.engine.approve("ma", true, "tests", NOW).unwrap();
        running.read_all(&[("1", Some("7")), ("2", None)]);
        running.sweep("crm.deals", vec![deal("8", DealState::Open, people, account)], vec![]);
        assert_eq!(running.deliver(|_| Outcome::Applied).iter().filter(|op| op.change.block == Some(true)).count(), 1);
        let mut unread = person("crm:person:1", "", Some("7"));
        unread.set(&Name::from("email"), Value::Unreadable, NOW);
        unread.has_unread_address = true;
        for round in 0..4 {
            if round == 2 {
                let now = running.now;
                drop(running);
                running = place.start(now);
            }
            running.later(Span::minutes(1));
            running.sweep("crm.people", vec![unread.clone(), person("crm:person:2", &address("2"), None)], vec![]);
            running.sweep("crm.deals", vec![deal("8", DealState::Open, people, account)], vec![]);
            assert!(running.gate("1").contains("open_deal"), "{round}: {}", running.gate("1"));
            assert!(running.due("ma:person:1").release.is_none(), "{round}");
            assert!(running.because().contains("the address of 1 record cannot be read (crm:person:1)"), "{}", running.because());
        }
    }
}

/// It was a list from the first: the person's lead was never found, and mail went out in the middle of the deal.
#[test]
fn who_is_on_a_deal_is_held_at_each_address_of_a_list_that_stands_in_its_place() {
    let place = Place::new();
    let mut running = place.start(NOW);
    running.read_all(&PEOPLE);
    let mut unread = person("crm:person:9", "", None);
    unread.set(&Name::from("email"), Value::Unreadable, NOW);
    (unread.has_unread_address, unread.addresses) = (true, vec![at("3")]);
    let lead = person("ma:person:3", &address("3"), None);
    running.sweep("ma.people", vec![lead], vec![]);
    running.sweep("crm.people", vec![unread], vec![]);
    assert_eq!(running.gate("3"), "deny no_basis");
    running.sweep("crm.deals", vec![deal("8", DealState::Open, &["9"], None)], vec![]);
    assert!(running.gate("3").contains("open_deal_person") && running.blocks("3"), "{}", running.gate("3"));
}

/// A CRM whose people always show whether they said no.
const OPT_OUT: &str = r#"[streams.people]
entity = "person"
sweep = { path = "/people" }
[streams.people.record]
id = "id"
always = ["out"]
fields = { email = "email" }
refusals = [{ scope = "all", when = { path = "out", equals = true } }]
"#;

/// Pages of contacts by number, as the connector gives them: whether each row shows the field.
fn read_opt_outs(running: &mut Running, pages: &[&[(&str, bool)]]) {
    running.later(Span::minutes(1));
    let mut run = running.engine.begin(&"crm".into(), &"people".into(), Pass::Sweep, running.now);
    for rows in pages {
        let record = |(n, shows): &(&str, bool)| {
            let mut record = person(&format!("crm:person:{n}"), &address(n), None);
            if !shows {
                record.unread_refusals = vec!["(out is not there)".into()];
            }
            record
        };
        let mut page = page(rows.iter().map(record).collect(), vec![]);
        page.clock_skew_ms = Some(0);
        (page.shown.rows, page.shown.fields) = (rows.len() as u64, u64::from(rows.iter().any(|(_, shows)| *shows)));
        running.engine.observe(&mut run, page, running.now).unwrap();
    }
    running.engine.end(&run, &PassEnd { complete: true, ..PassEnd::default() }, running.now).unwrap();
    running.decide();
}

/// A row that lacked the opt-out field which all others show counted as of somebody with nothing against mail.
#[test]
fn who_lacks_an_opt_out_field_that_others_show_may_have_said_no() {
    let place = Place::new().with_crm(&[OPT_OUT, DEALS], "");
    let mut running = place.start(NOW);
    running.read_all(&PEOPLE);
    for pages in [&[&[("1", false), ("2", true)][..]][..], &[&[("1", false)], &[("2", true)]], &[&[("2", true)], &[("1", false)]]] {
        read_opt_outs(&mut running, &[&[("1", true), ("2", true)]]);
        assert_eq!(running.gate("1"), "allow");
        read_opt_outs(&mut running, pages);
        assert_eq!((running.gate("1"), running.gate("2")), ("hold refusal_unread".into(), "allow".into()), "{pages:?}");
        assert!(running.because().contains("(out is not there)\" (1)"), "{}", running.because());
        // Where no row shows it the pass proves nothing, and everybody stays as they were.
        read_opt_outs(&mut running, &[&[("1", false), ("2", false)]]);
        assert!(running.because().contains("none of 2 records shows out"), "{}", running.because());
        assert!(running.gate("1").contains("refusal_unread") && !running.gate("2").contains("refusal_unread"), "{}", running.gate("2"));
    }
}

/// A default was changed in the CRM, and everybody had said no there.
#[test]
fn many_new_refusals_in_one_pass_count_at_once_and_are_told_also_after_a_restart() {
    let place = Place::new();
    let told = "301 new refusals came from crm.people in one pass (of 400 known; at ";
    let contacts = |refusing: usize, all: usize| -> Vec<Record> {
        let of = |n: usize| {
            let mut record = person(&format!("crm:person:{n}"), &address(&n.to_string()), None);
            record.refusals = if n < refusing { vec![RefusalScope::All] } else { vec![] };
            record
        };
        (0..all).map(of).collect()
    };
    let mut running = place.start(NOW);
    running.read_all(&PEOPLE);
    // At first sight they are no news, and a few are none.
    running.sweep("crm.people", contacts(250, 399), vec![]);
    running.later(Span::minutes(1));
    running.sweep("crm.people", contacts(350, 400), vec![]);
    assert!(!running.because().contains("in one pass"), "{}", running.because());
    drop(running);
    let place = Place::new();
    let mut running = place.start(NOW);
    running.read_all(&PEOPLE);
    running.sweep("crm.people", contacts(0, 400), vec![]);
    running.later(Span::minutes(1));
    running.sweep("crm.people", contacts(301, 400), vec![]);
    assert!(running.because().contains(told), "{}", running.because());
    assert!(running.gate("5").starts_with("deny"), "{}", running.gate("5"));
    let now = running.now;
    drop(running);
    let mut running = place.start(now);
    assert!(running.because().contains(told), "{}", running.because());
    running.later(Span::days(7));
    assert!(!running.because().contains(told), "{}", running.because());
}

/// Neither a listing nor a look-up shows them: the gate let their lead through, and nobody was told.
#[test]
fn who_is_named_by_an_open_deal_and_can_never_be_known_leaves_its_stream_unproved_and_told() {
    let place = Place::new().with_crm(&[OPT_OUT, DEALS], "");
    let mut running = place.start(NOW);
    running.read_all(&PEOPLE);
    let deals = |state| vec![deal("8", state, &["1", "96", "97", "98", "99"], None)];
    let proved = |running: &Running| running.proved("crm.deals") == Some(running.now);
    running.later(Span::minutes(1));
    running.sweep("crm.deals", deals(DealState::Open), vec![]);
    let line = "4 people who are named there and never read, whom no stream can look up: crm:person:96, crm:person:97, crm:person:98, ..";
    for _ in 0..2 {
        assert!(!proved(&running), "{}", running.because());
        let told = running.because();
        assert!(told.contains("crm.deals: 4 rows cannot be read") && told.contains(line) && told.contains("nayose accept"), "{told}");
        let now = running.now;
        drop(running);
        running = place.start(now);
        running.read_all(&PEOPLE);
        running.later(Span::minutes(1));
        running.sweep("crm.deals", deals(DealState::Open), vec![]);
    }
    // Whoever comes to be known is no longer in doubt, nor is who was accepted; nor anybody of a deal that is over.
    let rows: Vec<String> = running.engine.unreadable().iter().flat_map(|u| u.rows.clone()).collect();
    running.engine.accept(&rows[0], "emi", "left the firm", running.now).unwrap();
    running.later(Span::minutes(1));
    running.sweep("crm.deals", deals(DealState::Open), vec![]);
    assert!(!proved(&running) && running.because().contains("crm.deals: 3 rows cannot be read"), "{}", running.because());
    running.later(Span::minutes(1));
    running.sweep("crm.deals", deals(DealState::Won), vec![]);
    assert!(proved(&running) && running.engine.unreadable().is_empty(), "{}", running.because());
}
