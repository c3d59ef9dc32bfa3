//! How long a `sync` protects that no daemon follows.

use super::place::{NOW, Place};
use nayose::engine::answers::status::{Protection, Status};
use nayose::engine::rules::approval::Approval;
use nayose::model::{Name, Span, Time};

fn status(place: &Place, now: Time) -> Status {
    let mut status = place.engine.status(&Default::default(), now);
    place.engine.without_daemon(&mut status, now);
    status
}

/// The shortest limit is 15 minutes, of the deals; what the streams prove is younger each time.
#[test]
fn a_sync_counts_until_the_shortest_limit_is_over() {
    let mut place = Place::new();
    place.engine.arrange().systems.get_mut(&Name::from("ma")).unwrap().approved = Some(Approval::All);
    place.engine.reconcile(NOW);
    let none = status(&place, NOW);
    assert_eq!(none.protection, Protection::NotProtecting, "{:?}", none.because);
    assert!(none.because[0].starts_with("no daemon runs: nothing was read yet, and nothing is written"), "{:?}", none.because);
    for (ago, protection) in [
        (Some(Span::minutes(1)), Protection::Protecting),
        (Some(Span::minutes(15)), Protection::Protecting),
        (Some(Span::minutes(16)), Protection::NotProtecting),
        // By a clock that was set back since.
        (Some(Span::minutes(-1)), Protection::NotProtecting),
        (None, Protection::NotProtecting),
    ] {
        place.read(&["ma", "support", "crm"], Span::minutes(1));
        place.engine.note_sync(ago.map(|ago| NOW.minus(ago)));
        let told = status(&place, NOW);
        assert_eq!(told.protection, protection, "{ago:?}: {:?}", told.because);
        assert!(told.because[0].starts_with("no daemon runs: "), "{:?}", told.because);
        assert_eq!(place.engine.status(&Default::default(), NOW).protection, Protection::Protecting, "a daemon proves it by running");
    }
}
