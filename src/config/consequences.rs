//! What follows from a config that is right, and is hardly meant.

use super::System;
use crate::decide::rules::{ConsentRules, Policy};

/// A sentence for each.
pub fn unlikely(systems: &[System], policy: &Policy, consent: &ConsentRules) -> Vec<String> {
    let mut said = Vec::new();
    if policy.holds.is_empty() {
        said.push("policy.toml has no hold: no open deal and no ticket stops any mail, and `status` never says protecting".to_string());
    }
    for hold in policy.holds.iter().filter(|h| !h.stops.iter().any(|kind| kind.sent_by_ma())) {
        said.push(format!(
            "policy.toml: the hold {:?} stops no mail that a marketing system sends, so that nobody is blocked for it",
            &*hold.name
        ));
    }
    if consent.sources.iter().next().is_none() {
        said.push(
            "consent.toml names no source: nobody has a basis for marketing mail, so that the gate allows none to anybody".to_string(),
        );
    }
    if !systems.iter().any(|s| s.writes.hold) {
        said.push("no system in systems.toml has \"hold\" in its writes: nothing is stopped in any marketing system".to_string());
    }
    said
}
