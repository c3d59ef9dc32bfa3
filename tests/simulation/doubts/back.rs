//! Fields that take an earlier word only once they are empty, and say nothing where they ignore one: cleared, looked at, set, looked at.

use super::place::{NOW, Place, Running, address, page, person};
use crate::config_files::{OPEN_DEAL, STATUSES, policy};
use nayose::connector::{Outcome, Pass, StatusChange, WriteOp};
use nayose::engine::delivery::acts::Act;
use nayose::model::{Mark, Record, Span, Value};

/// Both have this order, and stages of the portal's own behind it.
const ORDER: [&str; 3] = ["lead", "opportunity", "customer"];
const BACK: &str = "\n[writes.update.back_by_clearing]\nleadStatus = [\"lead\", \"opportunity\", \"customer\"]\n\
                    title = [\"lead\", \"opportunity\", \"customer\"]\n";

fn place() -> Place {
    let policy = policy(&STATUSES, &[OPEN_DEAL], r#""ma.people" = "2h""#, "");
    let place = Place::with(|_| policy).with_ma(BACK);
    let table = "writes = [\"hold\"]\nhold = { block = true, permit = \"ok_until\", lease = \"7d\" }";
    place.of_systems(table, "writes = [\"status\", \"title\"]")
}

/// A lead as the system holds it.
struct Portal {
    status: &'static str,
    title: String,
}

impl Portal {
    fn shown(&self) -> Record {
        let mut record = person("ma:person:1", &address("1"), None);
        record.set(&"title".into(), Value::text(&self.title), NOW);
        record.set_mark(Mark::Status, Value::text(self.status));
        record
    }

    /// Takes what it takes, and says yes to all.
    fn write(&mut self, op: &WriteOp) {
        if let Some(StatusChange { to, .. }) = &op.change.status
            && takes(self.status, to)
        {
            self.status = ["", "lead", "opportunity", "customer"].into_iter().find(|word| **to == **word).unwrap();
        }
        for (name, value) in &op.change.fields {
            let to = value.as_text().unwrap_or_default();
            if &**name == "title" && takes(&self.title, to) {
                self.title = to.to_string();
            }
        }
    }
}

fn takes(shown: &str, to: &str) -> bool {
    let place = |word: &str| ORDER.iter().position(|known| *known == word).unwrap_or(ORDER.len());
    shown.is_empty() || to.is_empty() || place(to) >= place(shown)
}

/// The lead shows a status, and nobody is on a deal; its title is known otherwise to the CRM.
fn begun(place: &Place, portal: &Portal, title: &str) -> Running {
    let mut running = place.start(NOW);
    running.read_all(&[("1", None)]);
    running.later(Span::minutes(1));
    let mut contact = person("crm:person:1", &address("1"), None);
    contact.set(&"title".into(), Value::text(title), NOW);
    running.pass("crm.people", Pass::Sweep, page(vec![contact], vec![]));
    running.pass("ma.people", Pass::Sweep, page(vec![portal.shown()], vec![]));
    running.decide();
    running.engine.approve("ma", false, "tests", running.now).unwrap();
    running.decide();
    running
}

/// What was done next: what was written, in short, or that it was looked.
fn act(running: &mut Running, portal: &mut Portal, answered: bool) -> Option<String> {
    match running.engine.next_act(&"ma".into(), running.now)? {
        Act::HandOver(list) => panic!("no list goes out: {list:?}"),
        Act::ReadBack(asked) => {
            running.engine.book_read_back(&asked, Ok(vec![portal.shown()]), running.now).unwrap();
            running.decide();
            Some("look".into())
        }
        Act::Write(mut batch) => {
            running.engine.commit().unwrap();
            let [op] = &batch.ops[..] else { panic!("one lead: {:?}", batch.ops) };
            portal.write(op);
            let status = op.change.status.iter().map(|status| format!("status {:?}", &*status.to));
            let fields = op.change.fields.iter().map(|(name, value)| format!("{name} {:?}", value.as_text().unwrap_or_default()));
            let told = status.chain(fields).collect::<Vec<_>>().join(", ");
            if answered {
                running.engine.book(&mut batch, &[Outcome::Applied], running.now).unwrap();
                running.decide();
            }
            Some(told)
        }
    }
}

fn all(running: &mut Running, portal: &mut Portal) -> Vec<String> {
    std::iter::from_fn(|| act(running, portal, true)).take(20).collect()
}

/// It was written three times, answered with success each time, and then left as it was: the lead stayed a customer.
#[test]
fn a_status_goes_back_by_clearing_and_each_step_is_looked_at() {
    let mut portal = Portal { status: "customer", title: "lead".into() };
    let place = place();
    let mut running = begun(&place, &portal, "lead");
    let plan = running.engine.plan(None, running.now);
    let told: Vec<_> =
        plan.writes.iter().filter(|w| *w.system == *"ma").map(|w| (w.fields.keys().cloned().collect(), &w.cleared_first)).collect();
    assert_eq!(told, [(vec!["status".to_string()], &vec!["status".to_string()])], "one line");
    assert_eq!(plan.totals.update, 1);
    assert_eq!(all(&mut running, &mut portal), ["look", "status \"\"", "look", "status \"lead\"", "look"]);
    assert_eq!(portal.status, "lead");
    assert!(running.due("ma:person:1").is_empty());
    // Forward it goes in one step.
    running.later(Span::minutes(1));
    portal.title = "lead".into();
    running.sweep("crm.deals", vec![super::place::deal("8", nayose::model::DealState::Open, &["1"], None)], vec![]);
    assert_eq!(all(&mut running, &mut portal), ["look", "status \"opportunity\"", "look"]);
}

/// Blank after our own clearing, a field would have been taken for one that somebody emptied, and never set.
#[test]
fn a_process_that_dies_between_the_steps_loses_none() {
    for dies_at in 0..7 {
        let mut portal = Portal { status: "customer", title: "customer".into() };
        let place = place();
        let mut running = begun(&place, &portal, "opportunity");
        let mut acts = Vec::new();
        for number in 0.. {
            let Some(told) = act(&mut running, &mut portal, number != dies_at) else { break };
            acts.push(told);
            if number == dies_at {
                let now = running.now.plus(Span::minutes(1));
                drop(running);
                running = place.start(now);
                // A pass may be first to show what the process before this one did.
                running.sweep("ma.people", vec![portal.shown()], vec![]);
                running.sweep("crm.people", vec![crm("opportunity")], vec![]);
            }
            assert!(number < 30, "endless: {acts:?}");
        }
        assert_eq!((portal.status, &*portal.title), ("lead", "opportunity"), "{dies_at}: {acts:?}");
        assert!(running.due("ma:person:1").is_empty(), "{dies_at}");
        let word = |status: &str| acts.iter().filter(|act| act.starts_with(&format!("status {status:?}"))).count();
        assert!(word("") == 1 && word("lead") == 1, "{dies_at}: nothing twice: {acts:?}");
    }
}

fn crm(title: &str) -> Record {
    let mut contact = person("crm:person:1", &address("1"), None);
    contact.set(&"title".into(), Value::text(title), NOW);
    contact
}

/// What somebody chose while the field was empty is seen before the next step, which would have gone over it.
#[test]
fn what_somebody_sets_between_the_steps_is_decided_on_anew() {
    let mut portal = Portal { status: "customer", title: "lead".into() };
    let place = place();
    let mut running = begun(&place, &portal, "lead");
    assert_eq!([act(&mut running, &mut portal, true), act(&mut running, &mut portal, true)].map(Option::unwrap), ["look", "status \"\""]);
    portal.status = "opportunity";
    assert_eq!(all(&mut running, &mut portal), ["look"], "what was cleared is not there: it waits");
    running.later(Span::seconds(6));
    assert_eq!(all(&mut running, &mut portal), ["look", "status \"\"", "look", "status \"lead\"", "look"]);
}

/// A stage of the portal's own may stand anywhere: it is written over as it is, and where that is ignored it is cleared.
#[test]
fn a_word_that_the_order_does_not_have_is_cleared_once_it_was_seen_to_stay() {
    let mut portal = Portal { status: "partner", title: "lead".into() };
    let place = place();
    let mut running = begun(&place, &portal, "lead");
    assert!(running.engine.plan(None, running.now).writes.iter().all(|write| write.cleared_first.is_empty()));
    assert_eq!(all(&mut running, &mut portal), ["look", "status \"lead\"", "look"]);
    assert_eq!(portal.status, "partner");
    running.later(Span::seconds(6));
    assert_eq!(all(&mut running, &mut portal), ["look", "status \"\"", "look", "status \"lead\"", "look"]);
    assert_eq!(portal.status, "lead");
}
