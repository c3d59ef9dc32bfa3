//! Records of a target that its listing does not show any more: a static list that somebody rebuilds, a view, a part of all.

use super::place::{NOW, Place, Running, deal, page, person};
use nayose::connector::{Error, Outcome};
use nayose::engine::delivery::acts::Act;
use nayose::model::{DealState, Span};

/// Two leads are known and everything is read.
fn begun(place: &Place) -> Running {
    let mut running = place.start(NOW);
    running.read_all(&[("1", None), ("2", None)]);
    running.engine.approve("ma", false, "tests", running.now).unwrap();
    running.decide();
    running.deliver(|_| Outcome::Applied);
    running
}

fn list_without_the_second(running: &mut Running) {
    running.later(Span::minutes(1));
    running.sweep("ma.people", vec![person("ma:person:1", &super::place::address("1"), None)], vec![]);
}

/// The ids that are asked for, answered by whether the second is there.
fn look(running: &mut Running, is_there: bool) -> Vec<String> {
    let shown = || person("ma:person:2", &super::place::address("2"), None);
    let asked = running.look_back(|_| is_there.then(shown).into_iter().collect());
    running.deliver(|_| Outcome::Applied);
    asked
}

fn opens_a_deal(running: &mut Running) {
    running.pass("crm.deals", nayose::connector::Pass::Sweep, page(vec![deal("8", DealState::Open, &["2"], None)], vec![]));
    running.decide();
}

#[test]
fn a_lead_that_no_list_shows_is_stopped_all_the_same_while_it_is_there() {
    let place = Place::new();
    let mut running = begun(&place);
    for round in 0..3 {
        list_without_the_second(&mut running);
        assert_eq!(look(&mut running, true), Vec::<String>::new(), "{round}: a page that moved can do that");
        list_without_the_second(&mut running);
        assert_eq!(look(&mut running, true), ["2"], "{round}");
    }
    opens_a_deal(&mut running);
    let sent = running.deliver(|_| Outcome::Applied);
    assert!(sent.iter().any(|op| &*op.record.id == "2" && op.change.block == Some(true)), "{sent:?}");
}

#[test]
fn a_lead_that_is_not_there_when_it_is_asked_for_is_gone_and_nothing_is_due() {
    let place = Place::new();
    let mut running = begun(&place);
    list_without_the_second(&mut running);
    list_without_the_second(&mut running);
    assert_eq!(look(&mut running, false), ["2"]);
    opens_a_deal(&mut running);
    assert!(running.due("ma:person:2").is_empty());
    let sent = running.deliver(|_| Outcome::Applied);
    assert!(sent.iter().all(|op| &*op.record.id != "2"), "{sent:?}");
    assert!(!running.because().contains("not written"), "{}", running.because());
    // It is not asked for again and again.
    list_without_the_second(&mut running);
    assert_eq!(look(&mut running, false), Vec::<String>::new());
}

/// A token that may write and not read by id: the stop mark waits for no answer.
#[test]
fn a_lead_that_cannot_be_asked_for_is_stopped_all_the_same() {
    let place = Place::new();
    let mut running = begun(&place);
    list_without_the_second(&mut running);
    list_without_the_second(&mut running);
    opens_a_deal(&mut running);
    let Some(Act::ReadBack(asked)) = running.engine.next_act(&"ma".into(), running.now) else { panic!("nothing is asked for") };
    let lost = Error::Unreachable { system: "ma".into(), what: "read back".into(), why: "no answer".into() };
    running.engine.book_read_back(&asked, Err(lost), running.now).unwrap();
    let sent = running.deliver(|_| Outcome::Applied);
    assert!(sent.iter().any(|op| &*op.record.id == "2" && op.change.block == Some(true)), "{sent:?}");
}
