//! What each system is asked for about edits: only what some rule goes by, as the history of fields costs requests, and what is told is kept.

use crate::config::System;
use crate::merge::rules::{FieldRule, Precedence};
use crate::model::Name;

/// Tells the systems' connectors what to ask for.
pub fn ask(systems: &mut [System], precedence: &Precedence) {
    for system in systems {
        let name = system.name().clone();
        let edits = &mut system.settings.edits;
        let mut rules = precedence.fields.values().chain(&precedence.default);
        edits.editors = system.manifest.tells_editors() && (!edits.relays.is_empty() || rules.any(|rule| rule.typed.contains(&name)));
        let goes_by = |rule: &FieldRule| rule.goes_by_age_of(&name) || edits.editors && rule.may_ask(&name);
        let asked = |field: &&Name| precedence.rule(field).is_some_and(|rule| goes_by(rule));
        edits.history = system.manifest.fields_with_history().chain(system.manifest.fields_told_by_feed()).filter(asked).cloned().collect();
    }
}
