//! The rules in force: those of the files, and beside them, until someone approves an edit that widens, the former ones.
//!
//! What either stops is stopped, at the gate and in every marketing system, so that the protective part of an edit counts at once and
//! nothing of the rest before it is approved. The former rules lie in the state: a restart does not widen either.

use crate::config::{Rules, System};
use crate::decide::rules::{After, ConsentRules, HoldRule, HoldScope, Policy, Proof, Stale, Widening};
use crate::engine::ledger::items::encode;
use crate::model::expression::{Declared, Expression, FieldType, Scope};
use crate::model::{Entity, MailKind, Name, OwnPermit, Span};
use crate::telemetry::InternalEvent;
use crate::telemetry::config::FormerHoldNotRead;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// All of a config that decides who may be mailed.
#[derive(Debug, Clone)]
pub struct RuleSet {
    pub policy: Policy,
    pub consent: ConsentRules,
    pub(in crate::engine) shared_mailboxes: Vec<String>,
    targets: BTreeMap<Name, HoldWrites>,
    /// Of what the state keeps; rules that say the same have the same, wherever they stand in their file.
    pub(in crate::engine) id: String,
    pub(in crate::engine) stored: StoredRules,
}

/// How a system is told of holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::engine) struct HoldWrites {
    pub(super) hold: bool,
    pub(super) block: bool,
    pub(super) permit: Option<String>,
    pub(super) permits: BTreeMap<OwnPermit, String>,
    pub(super) lease: Span,
    pub(super) line: usize,
}

/// A rule set as the state keeps it: expressions by their text.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct StoredRules {
    pub(super) declared: HoldFields,
    pub(super) holds: Vec<StoredHold>,
    pub(super) refusal_proofs: Vec<Proof>,
    pub(super) widening: Widening,
    pub(super) consent: ConsentRules,
    pub(super) shared_mailboxes: Vec<String>,
    pub(super) targets: BTreeMap<Name, HoldWrites>,
}

/// The fields that holds may ask for.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(super) struct HoldFields {
    /// Always empty: holds ask of no person. The state has a place for it.
    person: BTreeMap<Name, FieldType>,
    deal: BTreeMap<Name, FieldType>,
    ticket: BTreeMap<Name, FieldType>,
}

impl HoldFields {
    fn of(declared: &Declared) -> HoldFields {
        HoldFields { person: BTreeMap::new(), deal: declared.deal.clone(), ticket: declared.ticket.clone() }
    }

    fn declared(&self) -> Declared {
        Declared { deal: self.deal.clone(), ticket: self.ticket.clone(), ..Declared::default() }
    }
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub(in crate::engine) struct StoredHold {
    pub(super) name: Name,
    pub(super) on: Entity,
    pub(super) when: String,
    pub(super) scope: HoldScope,
    pub(super) stops: Vec<MailKind>,
    pub(super) after: After,
    pub(super) proofs: Vec<Proof>,
    pub(super) rule: Name,
    pub(super) stale: Stale,
}

/// Rules that counted before an edit that widens, and what of it does.
#[derive(Debug, Clone)]
pub struct FormerRules {
    pub rules: RuleSet,
    pub widens: Vec<String>,
}

impl RuleSet {
    pub fn of(rules: &Rules) -> RuleSet {
        let hold = |h: &HoldRule| StoredHold {
            name: h.name.clone(),
            on: h.on,
            when: h.when.source().to_string(),
            scope: h.scope,
            stops: h.stops.clone(),
            after: h.after,
            proofs: h.proofs.clone(),
            rule: h.rule.clone(),
            stale: h.stale,
        };
        let target = |s: &System| {
            let (permit, permits) = (s.permit.clone(), s.permits.clone());
            let writes = HoldWrites { hold: s.writes.hold, block: s.block, permit, permits, lease: s.lease, line: s.line };
            (s.name().clone(), writes)
        };
        let stored = StoredRules {
            declared: HoldFields::of(&rules.declared),
            holds: rules.policy.holds.iter().map(hold).collect(),
            refusal_proofs: rules.policy.refusal_proofs.clone(),
            widening: rules.policy.widening,
            consent: rules.consent.clone(),
            shared_mailboxes: rules.shared_mailboxes.clone(),
            targets: rules.systems.iter().filter(|s| s.writes.hold).map(target).collect(),
        };
        RuleSet::with(stored, rules.policy.clone())
    }

    fn with(stored: StoredRules, policy: Policy) -> RuleSet {
        let mut plain = stored.clone();
        plain.holds.iter_mut().for_each(|h| h.rule = "".into());
        plain.targets.values_mut().for_each(|t| t.line = 0);
        let id = blake3::hash(&encode(&plain)).to_hex()[..16].to_string();
        let (consent, shared_mailboxes, targets) = (stored.consent.clone(), stored.shared_mailboxes.clone(), stored.targets.clone());
        RuleSet { policy, consent, shared_mailboxes, targets, id, stored }
    }

    /// As the state keeps it.
    pub(in crate::engine) fn stored(&self) -> StoredRules {
        self.stored.clone()
    }

    /// Out of the state. A hold whose expression this version cannot read any more is left out: whom it holds is remembered, and asked for.
    pub(in crate::engine) fn restored(stored: StoredRules) -> RuleSet {
        let declared = stored.declared.declared();
        let hold = |h: &StoredHold| {
            let scope = if h.on == Entity::Ticket { Scope::Ticket } else { Scope::Deal };
            let when = match Expression::compile(&h.when, scope, &declared) {
                Ok(when) => when,
                Err(_) => {
                    FormerHoldNotRead { hold: &h.name, rule: &h.rule }.emit();
                    return None;
                }
            };
            let (name, stops, proofs, rule) = (h.name.clone(), h.stops.clone(), h.proofs.clone(), h.rule.clone());
            Some(HoldRule { name, on: h.on, when, scope: h.scope, stops, after: h.after, proofs, stale: h.stale, rule })
        };
        let holds = stored.holds.iter().filter_map(hold).collect();
        let policy = Policy {
            statuses: Vec::new(),
            holds,
            refusal_proofs: stored.refusal_proofs.clone(),
            widening: stored.widening,
            ..Policy::default()
        };
        RuleSet::with(stored, policy)
    }
}

/// The systems of a config, told of holds as rules that still count would have it: connectors are made from these.
pub fn systems_in_force(rules: &Rules, former: &[RuleSet]) -> Vec<System> {
    let mut systems = rules.systems.clone();
    for system in &mut systems {
        // The oldest is what was agreed to.
        let name = system.name().clone();
        former.iter().rev().filter_map(|f| f.targets.get(&name)).for_each(|before| keep_target(system, before));
    }
    systems
}

/// Lays a former way of telling a system of holds over its new one. A longer lease waits too.
fn keep_target(system: &mut System, before: &HoldWrites) {
    if system.permit != before.permit && before.permit.is_some() {
        system.permit = before.permit.clone();
        system.settings.permit = before.permit.clone();
    }
    // What one kind of mail is told by counts for the block too: more of it waits, and less of it.
    system.permits = before.permits.clone();
    system.settings.permits = before.permits.clone();
    if before.gives_permits() && (system.permit.is_some() || !system.permits.is_empty()) {
        system.lease = if system.writes.hold { system.lease.min(before.lease) } else { before.lease };
    }
    system.block |= before.block;
    system.writes.hold |= before.hold;
}

impl HoldWrites {
    fn gives_permits(&self) -> bool {
        self.permit.is_some() || !self.permits.is_empty()
    }

    /// Whether a hold that set the block sets it no more, as its kinds have permits of their own now.
    fn sets_fewer_blocks(&self, before: &HoldWrites) -> bool {
        let is_new = |own: &&OwnPermit| matches!(own, OwnPermit::Kind(_)) && !before.permits.contains_key(*own);
        let of_marketing = |own: &OwnPermit| matches!(own, OwnPermit::Kind(kind) if kind.sent_by_ma());
        self.permits.keys().any(of_marketing) && self.permits.keys().any(|own| is_new(&own))
    }

    /// Whether a permit is not told any more, or in another place: what stands there is left as it is.
    fn leaves_permits(&self, before: &HoldWrites) -> bool {
        before.permits.iter().any(|(own, name)| self.permits.get(own) != Some(name))
    }
}

/// What of a system's new way of being told of holds widens, in words.
pub(super) fn targets_widen(former: &RuleSet, new: &RuleSet, rules: &Rules) -> Vec<String> {
    let mut said = Vec::new();
    for (name, before) in &former.targets {
        // A system that was taken out is told of nothing any more, whatever anyone approves.
        let Some(system) = rules.system(name) else { continue };
        let place = format!("systems.toml:{}: {name}", system.line);
        match new.targets.get(name) {
            None => said.push(format!("{place} is not told of holds any more")),
            Some(now) => {
                if before.block && !now.block {
                    said.push(format!("{place} gets no blocks any more"));
                }
                if now.sets_fewer_blocks(before) {
                    said.push(format!("{place}: a hold whose kinds of mail all have a permit of their own sets no block any more"));
                }
                if (before.permit.is_some() && before.permit != now.permit) || now.leaves_permits(before) {
                    said.push(format!("{place} gets its permits in another field, or none"));
                } else if before.gives_permits() && now.lease > before.lease {
                    said.push(format!("{place}: lease of permits {} -> {}", before.lease, now.lease));
                }
            }
        }
    }
    said
}

#[cfg(test)]
mod tests;
