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

#[test]
fn where_no_system_is_told_of_holds_it_watches_and_says_why() {
    let writes = "writes = [\"hold\", \"status\", \"phone\", \"title\", \"company\"]\nhold = { block = true, permit = \"ok_until\", lease = \"7d\" }";
    let place = Place::edited("systems.toml", writes, "writes = [\"status\", \"phone\", \"title\", \"company\"]");
    let (protection, because) = status(place, Some(Approval::All));
    assert_eq!(protection, Protection::Watching);
    assert!(because.iter().any(|b| b.starts_with("no system in systems.toml has \"hold\" in its writes")), "{because:?}");
}
