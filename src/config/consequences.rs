//! What follows from a config that is right, and is hardly meant.

use crate::config::System;
use crate::decide::rules::{ConsentRules, HoldRule, Policy};
use crate::merge::rules::{Precedence, Strategy};
use crate::model::{Entity, MailKind, Name, OwnPermit};

/// Why no deal and no ticket ever stops a marketing system from mailing, and what to do: then nothing is protected, however well all else goes.
pub fn nothing_is_held(systems: &[System], policy: &Policy) -> Vec<&'static str> {
    let mut said = Vec::new();
    if policy.holds.is_empty() {
        said.push("policy.toml has no hold: no open deal and no ticket stops any mail; add [holds.NAME] to it");
    } else if !policy.holds.iter().any(|h| is_shown(h, systems)) {
        said.push(
            "no hold in policy.toml stops mail that a marketing system sends or has a permit of its own for: nobody is stopped there for a deal \
             or a ticket; add \"campaign\" and \"newsletter\" to `stops`, or name a permit for what it stops in hold.permits of systems.toml",
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
    for hold in policy.holds.iter().filter(|h| !is_shown(h, systems)) {
        said.push(format!(
            "policy.toml: the hold {:?} stops no mail that a marketing system sends or has a permit of its own for, so that nobody is blocked for it",
            &*hold.name
        ));
    }
    said.extend(stops_more(systems, policy));
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
    said.extend(always_null(systems, policy, precedence));
    if consent.sources.iter().next().is_none() {
        said.push(
            "consent.toml names no source: nobody has a basis for marketing mail, so that the gate allows none to anybody".to_string(),
        );
    }
    said
}

/// Conditions over fields of persons that no rule gives a value: what they ask is null, whatever the systems hold.
fn always_null(systems: &[System], policy: &Policy, precedence: &Precedence) -> Vec<String> {
    let reads =
        |name: &Name, field: &Name| systems.iter().any(|s| s.name() == name && s.manifest.fields_of(Entity::Person).contains_key(field));
    let gives = |strategy: &Strategy, field: &Name| {
        let of_another = matches!(strategy, Strategy::Account(_)) || strategy.leading_field().is_some();
        of_another || strategy.systems().any(|system| reads(system, field))
    };
    let is_null = |field: &&Name| precedence.rule(field).is_none_or(|rule| !rule.strategies().any(|strategy| gives(strategy, field)));
    let statuses = policy.statuses.iter().filter(|status| status.by.is_none()).chain(&policy.relationships);
    let of_statuses = statuses.map(|status| (format!("{}: {:?}", status.rule, &*status.name), &status.when));
    let of_rules = precedence.fields.iter().flat_map(|(name, rule)| {
        let place = &rule.rule;
        rule.cases.iter().map(move |case| (format!("{place}: the rule of {:?}", &**name), &case.when))
    });
    let mut said: Vec<String> = of_statuses
        .chain(of_rules)
        .flat_map(|(who, when)| when.person_fields().iter().filter(is_null).map(move |field| (who.clone(), field)))
        .map(|(who, field)| {
            format!(
                "{who} asks for person.{field}, and no rule of precedence.toml takes {field} from a system that reads it: it is always null; \
                 add {field} = [..] to [person]"
            )
        })
        .collect();
    said.dedup();
    said
}

/// Whether some system shows that a hold stops mail: by its block, or by a permit for one of its kinds alone.
fn is_shown(hold: &HoldRule, systems: &[System]) -> bool {
    let has_own = |kind: &MailKind| systems.iter().any(|s| s.writes.hold && s.permits.contains_key(&OwnPermit::Kind(*kind)));
    hold.stops.iter().any(|kind| kind.sent_by_ma() || has_own(kind))
}

/// Holds that stop a part of marketing mail, in systems that cannot tell that part from the rest: it stops all of it there.
fn stops_more(systems: &[System], policy: &Policy) -> Vec<String> {
    let part = |hold: &&HoldRule| {
        let stopped = MailKind::ALL.into_iter().filter(|kind| kind.sent_by_ma()).map(|kind| hold.stops.contains(&kind));
        stopped.clone().any(|is| is) && stopped.clone().any(|is| !is)
    };
    let mut said = Vec::new();
    for hold in policy.holds.iter().filter(part) {
        let tells = |system: &&System| hold.stops.iter().all(|kind| system.permits.contains_key(&OwnPermit::Kind(*kind)));
        for system in systems.iter().filter(|s| s.writes.hold && !tells(s)) {
            let kinds: Vec<&str> = hold.stops.iter().map(|kind| kind.name()).collect();
            said.push(format!(
                "systems.toml:{}: {} cannot tell {} from other marketing mail, so that the hold {:?} stops all of it there; hold.permits would name each",
                system.line,
                system.name(),
                kinds.join(" and "),
                &*hold.name
            ));
        }
    }
    said
}
