//! Edits of the rules: what of an edit lets mail through that was stopped before, and the strictest of several rules.
//!
//! Until someone approves an edit that widens, the former rules count beside the new ones. Whatever either of them stops is stopped,
//! so that the protective part of an edit is in force at once.

use super::rules::{ConsentRules, HoldRule, HoldScope, Policy, Proof, Stale};
use crate::model::MailKind;

/// What `new` lets through that `former` stops, in words; empty if nothing. `fewer` says whether a hold's new expression is true of
/// fewer of the deals and tickets that are known.
pub fn widens(former: &Policy, new: &Policy, fewer: &dyn Fn(&HoldRule, &HoldRule) -> bool) -> Vec<String> {
    let mut said = Vec::new();
    for old in &former.holds {
        match new.holds.iter().find(|h| h.name == old.name && h.on == old.on) {
            None => said.push(format!("{}: the hold {} was taken out", old.rule, old.name)),
            Some(now) => hold_widens(old, now, fewer, &mut said),
        }
    }
    proofs_widen("policy.toml: [refusals]", &former.refusal_proofs, &new.refusal_proofs, &mut said);
    if new.widening.people > former.widening.people
        || new.widening.share > former.widening.share
        || new.widening.within < former.widening.within
    {
        said.push("policy.toml: [widening] lets more go without asking".into());
    }
    said
}

fn hold_widens(old: &HoldRule, now: &HoldRule, fewer: &dyn Fn(&HoldRule, &HoldRule) -> bool, said: &mut Vec<String>) {
    let place = format!("{}: the hold {}", now.rule, now.name);
    if old.when.source() != now.when.source() && fewer(old, now) {
        said.push(format!("{place} is true of fewer {}s", now.on.name()));
    }
    match (old.scope, now.scope) {
        (HoldScope::Account { .. }, HoldScope::Person) => said.push(format!("{place} reaches no accounts any more")),
        (HoldScope::Account { cap: old }, HoldScope::Account { cap: now }) if now < old => {
            said.push(format!("{place}: account_cap {old} -> {now}"));
        }
        _ => {}
    }
    let lost: Vec<&str> = old.stops.iter().filter(|k| !now.stops.contains(k)).map(|k| MailKind::name(*k)).collect();
    if !lost.is_empty() {
        said.push(format!("{place} does not stop {} any more", lost.join(", ")));
    }
    for (end, old, now) in
        [("won", old.after.won, now.after.won), ("lost", old.after.lost, now.after.lost), ("closed", old.after.closed, now.after.closed)]
    {
        if now < old {
            said.push(format!("{place}: after {end} {old} -> {now}"));
        }
    }
    proofs_widen(&place, &old.proofs, &now.proofs, said);
    if let Stale::LastKnown(limit) = now.stale
        && old.stale < now.stale
    {
        said.push(format!("{place} goes by what was known last for {limit}"));
    }
}

fn proofs_widen(place: &str, old: &[Proof], now: &[Proof], said: &mut Vec<String>) {
    for proof in old {
        let stream = format!("{}.{}", proof.system, proof.stream);
        let limits = now.iter().filter(|p| p.system == proof.system && p.stream == proof.stream).map(|p| p.limit);
        match limits.min() {
            None => said.push(format!("{place} needs no proof of {stream} any more")),
            Some(limit) if limit > proof.limit => said.push(format!("{place}: proof of {stream} {} -> {limit}", proof.limit)),
            Some(_) => {}
        }
    }
}

/// What the records of a system prove now and did not before, in words.
pub fn consent_widens(former: &ConsentRules, new: &ConsentRules) -> Vec<String> {
    let raised = new.sources.iter().filter(|(system, basis)| former.sources.get(system) < Some(basis));
    raised
        .map(|(system, basis)| match former.sources.get(system) {
            Some(old) => format!("consent.toml: {system} proves {} -> {}", old.name(), basis.name()),
            None => format!("consent.toml: {system} proves {}", basis.name()),
        })
        .collect()
}

/// The new policy, with all that former ones stop. The new holds come first, in the file's order; then those of former policies that differ.
pub fn strictest<'a>(new: &Policy, former: impl Iterator<Item = &'a Policy>) -> Policy {
    let mut all = new.clone();
    for policy in former {
        for hold in &policy.holds {
            if !all.holds.iter().any(|known| same(known, hold)) {
                all.holds.push(HoldRule { rule: format!("{} before the edit", hold.rule).into(), ..hold.clone() });
            }
        }
        for proof in &policy.refusal_proofs {
            if !all.refusal_proofs.contains(proof) {
                all.refusal_proofs.push(proof.clone());
            }
        }
        all.widening.people = all.widening.people.min(policy.widening.people);
        all.widening.share = all.widening.share.min(policy.widening.share);
        all.widening.within = all.widening.within.max(policy.widening.within);
    }
    all
}

/// Whether two rules say the same, wherever they stand.
fn same(a: &HoldRule, b: &HoldRule) -> bool {
    let plain = |h: &HoldRule| (h.name.clone(), h.on, h.scope, h.stops.clone(), h.after, h.proofs.clone(), h.stale);
    plain(a) == plain(b) && a.when.source() == b.when.source()
}

#[cfg(test)]
mod tests;
