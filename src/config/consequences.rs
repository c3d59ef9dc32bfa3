//! What follows from a config that is right, and is hardly meant.

use crate::config::System;
use crate::decide::rules::{ConsentRules, Policy};
use crate::merge::rules::Precedence;
use crate::model::Name;

/// Why no deal and no ticket ever stops a marketing system from mailing, and what to do: then nothing is protected, however well all else goes.
pub fn nothing_is_held(systems: &[System], policy: &Policy) -> Vec<&'static str> {
    let mut said = Vec::new();
    if policy.holds.is_empty() {
        said.push("policy.toml has no hold: no open deal and no ticket stops any mail; add [holds.NAME] to it");
    } else if !policy.holds.iter().any(|h| h.stops.iter().any(|kind| kind.sent_by_ma())) {
        said.push(
            "no hold in policy.toml stops mail that a marketing system sends: nobody is blocked for a deal or a ticket; \
             add \"campaign\" and \"newsletter\" to `stops`",
        );
    }
    if !systems.iter().any(|s| s.writes.hold) {
        said.push(
            "no system in systems.toml has \"hold\" in its writes: nothing is stopped in any marketing system; \
             add it to `writes` of the one that sends",
        );
    }
    said
}

/// A sentence for each.
pub fn unlikely(systems: &[System], policy: &Policy, precedence: &Precedence, consent: &ConsentRules) -> Vec<String> {
    let mut said: Vec<String> =
        nothing_is_held(systems, policy).into_iter().map(|why| format!("{why}; `status` never says protecting")).collect();
    for hold in policy.holds.iter().filter(|h| !h.stops.iter().any(|kind| kind.sent_by_ma())) {
        said.push(format!(
            "policy.toml: the hold {:?} stops no mail that a marketing system sends, so that nobody is blocked for it",
            &*hold.name
        ));
    }
    for status in &policy.statuses {
        let Some(by) = &status.by else { continue };
        let unused = |field: &&Name| !precedence.may_ask(field, by);
        said.extend(status.when.person_fields().iter().filter(unused).map(|field| {
            format!(
                "{}: the status {:?} asks what {by} holds in {field}, and the rule of that in precedence.toml takes nothing from {by}: it is null",
                status.rule, &*status.name
            )
        }));
    }
    if consent.sources.iter().next().is_none() {
        said.push(
            "consent.toml names no source: nobody has a basis for marketing mail, so that the gate allows none to anybody".to_string(),
        );
    }
    said
}
