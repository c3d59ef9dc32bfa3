//! Whose turn it is among those who wait for a write.

use super::place::{NOW, Place, deal};
use nayose::connector::Outcome;
use nayose::engine::target::lanes::Lanes;
use nayose::model::{DealState, Span};

/// A hold that was not carried out waited until something else woke the delivery, as one that had fallen out meanwhile was before it.
#[test]
fn what_failed_before_goes_in_the_turn_of_one_that_is_due_no_more() {
    let mut running = Place::new().start(NOW);
    running.read_all(&[("1", None), ("2", None)]);
    running.engine.approve("ma", true, "tests", running.now).unwrap();
    running.sweep("crm.deals", vec![deal("8", DealState::Open, &["1"], None)], vec![]);
    assert_eq!(running.deliver(|_| Outcome::NotSent("connection refused".into())).len(), 1);
    running.later(Span::minutes(10));
    let stale = running.engine.probe().world.find(&"ma:person:2".parse().unwrap()).unwrap();
    running.engine.set_lanes(&"ma".into(), stale, Lanes { protective: true, ..Lanes::default() });
    let sent = running.deliver(|_| Outcome::Applied);
    assert_eq!(sent.iter().map(|op| op.record.to_string()).collect::<Vec<_>>(), ["ma:person:1"]);
}
