//! Rules that hold nobody protect nobody, however well all else goes.

use super::place::{NOW, Place};
use crate::config_files::OPEN_DEAL;
use nayose::engine::answers::status::Protection;
use nayose::engine::rules::approval::Approval;
use nayose::model::{Name, Span};

/// What `status` says where everything is read, approved and written.
fn status(mut place: Place, approved: Option<Approval>) -> (Protection, Vec<String>) {
    place.engine.arrange().systems.get_mut(&Name::from("ma")).unwrap().approved = approved;
    place.read(&["ma", "support", "crm"], Span::minutes(1));
    told(place)
}

/// The same where all is approved, and these systems were read just now.
fn status_of(mut place: Place, read: &[&str]) -> (Protection, Vec<String>) {
    place.engine.arrange().systems.get_mut(&Name::from("ma")).unwrap().approved = Some(Approval::All);
    place.read(read, Span::minutes(1));
    told(place)
}

fn told(mut place: Place) -> (Protection, Vec<String>) {
    place.engine.reconcile(NOW);
    let status = place.engine.status(&Default::default(), NOW);
    (status.protection, status.because)
}

#[test]
fn a_policy_that_holds_nothing_does_not_protect_and_says_what_to_do() {
    let all = Some(Approval::All);
    assert_eq!(status(Place::new(), all), (Protection::Protecting, Vec::new()));
    for (place, why) in [
        (
            Place::edited("policy.toml", &OPEN_DEAL.table(), ""),
            "policy.toml has no hold: no open deal and no ticket stops any mail; add [holds.NAME]",
        ),
        (
            Place::edited("policy.toml", "stops = [\"campaign\", \"newsletter\"]", "stops = [\"rep_sender\"]"),
            "no hold in policy.toml stops mail that a marketing system sends",
        ),
    ] {
        let (protection, because) = status(place, all);
        assert_eq!(protection, Protection::NotProtecting, "{because:?}");
        assert!(because.iter().any(|b| b.starts_with(why)), "{why:?} is not in {because:?}");
    }
    // One kind of mail is enough, and what is not approved yet is watched only.
    let one = || Place::edited("policy.toml", "stops = [\"campaign\", \"newsletter\"]", "stops = [\"newsletter\", \"rep_sender\"]");
    assert_eq!(status(one(), all), (Protection::Protecting, Vec::new()));
    let (protection, because) = status(Place::edited("policy.toml", &OPEN_DEAL.table(), ""), None);
    assert_eq!(protection, Protection::Watching);
    assert!(because.iter().any(|b| b.starts_with("policy.toml has no hold")), "{because:?}");
}

/// A hold that a permit of its own shows was said to hold nobody, though each mark was right; and a stream that only it rests on may not be old.
#[test]
fn a_hold_on_the_reps_own_sender_protects_where_a_permit_shows_it() {
    let place = |own: &str, newest: Span| {
        let stops = "stops = [\"campaign\", \"newsletter\"]";
        let permit = "permit = \"ok_until\"";
        let edits = [("policy.toml", stops, "stops = [\"rep_sender\"]"), ("systems.toml", permit, own)];
        let mut place = Place::edited_each(&edits);
        place.read(&["crm"], newest);
        status_of(place, &["ma", "support"])
    };
    let own = "permit = \"ok_until\", permits = { rep_sender = \"ok_rep\" }";
    assert_eq!(place(own, Span::minutes(1)), (Protection::Protecting, Vec::new()));
    let (protection, because) = place(own, Span::days(1));
    assert_eq!(protection, Protection::NotProtecting);
    assert!(because.iter().any(|b| b.contains("crm.deals")), "{because:?}");
    let other = "permit = \"ok_until\", permits = { notice = \"ok_notice\" }";
    assert_eq!(place(other, Span::minutes(1)).0, Protection::NotProtecting, "no permit shows it");
}

#[test]
fn where_no_system_is_told_of_holds_it_watches_and_says_why() {
    let writes = "writes = [\"hold\", \"status\", \"phone\", \"title\", \"company\"]\nhold = { block = true, permit = \"ok_until\", lease = \"7d\" }";
    let place = Place::edited("systems.toml", writes, "writes = [\"status\", \"phone\", \"title\", \"company\"]");
    let (protection, because) = status(place, Some(Approval::All));
    assert_eq!(protection, Protection::Watching);
    assert!(because.iter().any(|b| b.starts_with("no system in systems.toml has \"hold\" in its writes")), "{because:?}");
}
