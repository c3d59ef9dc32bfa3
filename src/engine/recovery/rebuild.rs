//! After the state was lost, or brought here from elsewhere: what the journal gives back, and that nothing widens before all was read anew.

use super::journaled::{AGREEMENTS_LOST, Journaled, REBUILDING, Rebuilding, Recovery};
use crate::connector::{Reads, StreamInfo};
use crate::decide::ratchet::{Held, Reach};
use crate::decide::rules::Policy;
use crate::decide::standing::{HoldNow, Kinds};
use crate::engine::engine::Engine;
use crate::engine::error::Error;
use crate::engine::memory::place::Idx;
use crate::engine::proofs::reading::StreamState;
use crate::model::{Entity, MailKind, Name, Record, RecordId, Span, Time};
use crate::store::{Block, Cause, What};
use crate::telemetry::InternalEvent;
use crate::telemetry::state::{HoldsRestored, RebuildBegun, RebuildEnded};

/// The hold under which a block is kept whose journal line, of a former age, does not say what it was for. It ends by a person's word.
const UNNAMED: &str = "before_rebuild";

impl Engine {
    /// From now on nothing widens until every stream was read to its end.
    pub fn begin_rebuild(&mut self, why: String, now: Time) {
        RebuildBegun { why: &why }.emit();
        let rebuilding = Rebuilding { why, since: now };
        self.ledger.set(REBUILDING, &rebuilding);
        self.ledger.set(AGREEMENTS_LOST, &true);
        (self.rebuilding, self.agreements_lost) = (Some(rebuilding), true);
    }

    /// Once all was read and decided on after the state was lost: what is to be written waits.
    pub(in crate::engine) fn ask_if_agreements_lost(&mut self) {
        if self.agreements_lost && self.rebuilding.is_none() {
            self.ask_anew();
            self.agreements_lost = false;
            self.ledger.unset(AGREEMENTS_LOST);
        }
    }

    /// The streams that were not read to their end yet.
    pub fn left_to_read(&self) -> Vec<String> {
        let streams = self.systems.iter().flat_map(|(name, s)| s.streams.infos().map(move |i| (name, i)));
        streams.filter(|(system, info)| !self.was_read(system, info)).map(|(system, info)| format!("{system}.{}", info.name)).collect()
    }

    pub(in crate::engine) fn was_read(&self, system: &Name, info: &StreamInfo) -> bool {
        let streams = &self.systems[system].streams;
        let Some(state) = streams.of(&info.name) else { return false };
        match &info.for_each {
            // Of which deals the people were asked is known only once the deals were read.
            // What a pass proves is older than its begin by the system's lag.
            Some(deals) => people_were_read(state, streams.of(deals), streams.info(deals).map_or(Span::ZERO, |i| i.lag.max(info.lag))),
            None => was_read_once(state, info),
        }
    }

    /// After a pass that was complete: whether it was the last one that a rebuild, or a change of the manifests, waited for.
    pub fn note_caught_up(&mut self) -> Result<(), Error> {
        if self.rebuilding.is_some() && self.left_to_read().is_empty() {
            self.rebuilding = None;
            self.recovery = Recovery::default();
            self.ledger.unset(REBUILDING);
            // What waited for this may be due for anyone.
            self.dirty.extend(self.world.indexes());
            RebuildEnded.emit();
        }
        if self.fingerprint_changed && self.all_swept() {
            self.fingerprint_changed = false;
            // What the sweeps brought first: a crash must not leave the mark without it.
            self.commit()?;
            self.ledger.state().keep_fingerprint()?;
        }
        Ok(())
    }

    fn all_swept(&self) -> bool {
        self.systems.values().all(|s| {
            let mut swept = s.streams.each().filter(|(info, _)| is_swept(info));
            swept.all(|(_, known)| known.is_some_and(|t| t.swept_at.is_some()))
        })
    }

    /// A record is seen for the first time since the state was lost: what the journal says of it counts again.
    pub fn recover(&mut self, idx: Idx, record: &Record, now: Time) {
        let Some(block) = self.recovery.remove(&record.id) else { return };
        let permits = self.systems.get(&record.id.system).is_some_and(|s| s.connected.permit_lease().is_some());
        let (ours, causes) = counts_again(&block, record, permits);
        let mut held: Vec<Held> = causes.iter().map(|cause| held_again(cause, block.at, &self.rules.rules().policy)).collect();
        if ours {
            self.targets.begin(idx).block_ours = true;
            self.keep_target(idx);
        }
        if !held.is_empty() {
            HoldsRestored { record: &record.id, holds: held.len(), at: now }.emit();
            held.extend_from_slice(self.held.of(idx));
            self.keep_held(idx, held);
        }
    }

    /// Notes holds in the journal that no poll may bring back: those whose cause went out of sight, and those that joined the ones for which
    /// a block of ours was set.
    pub fn journal_holds(&mut self, idx: Idx, holds: &[HoldNow], now: Time) {
        let slot = self.world.slot(idx);
        let blocked = self.targets.of(idx).is_some_and(|t| t.block_ours && t.sent.is_none());
        let causes = causes_to_journal(&slot.id, holds, blocked, &self.journaled);
        if !causes.is_empty() {
            let record = slot.id.clone();
            self.journaled.add(&record, &causes);
            self.ledger.journal(now, What::Held { record, causes });
        }
    }

    /// The holds remembered for a record, as the journal names them.
    pub fn causes_of(&self, idx: Idx) -> Vec<Cause> {
        let held = self.held.of(idx).iter();
        held.map(|h| Cause { hold: h.hold.to_string(), cause: h.cause.clone() }).collect()
    }
}

/// Whether a stream of deals' people was read to its end, for deals that were.
fn people_were_read(state: &StreamState, deals: Option<&StreamState>, lag: Span) -> bool {
    let deals_at = deals.and_then(|d| d.swept_at.map(|at| at.minus(lag)).or(d.proved_at));
    state.failures.is_empty() && state.proved_at.is_some() && deals_at.is_some() && state.proved_at >= deals_at
}

/// Whether a stream that stands by itself was read to its end. A feed that proves nothing ever is read once it has a place to go on from.
fn was_read_once(state: &StreamState, info: &StreamInfo) -> bool {
    let never_proved = info.reads == Reads::Cursor && !info.sound && !info.sweeps;
    state.swept_at.is_some() || state.proved_at.is_some() || (never_proved && state.cursor.is_some() && state.failures.is_empty())
}

/// Whether all of a stream is listed now and then.
fn is_swept(info: &StreamInfo) -> bool {
    match info.reads {
        Reads::Associations => false,
        Reads::Cursor => info.sweeps,
        Reads::SweepOnly | Reads::ModifiedSince => info.carried_by.is_none(),
    }
}

/// Whether the block that a record shows is ours by the journal's word, and the holds that come back with it.
fn counts_again(block: &Block, record: &Record, permits: bool) -> (bool, Vec<Cause>) {
    // A former age's line may be about a permit where there are permits: then the block, if there is one, may be a marketer's.
    let ours = block.is_ours() && record.is_blocked() && !(block.is_unnamed() && permits);
    let mut causes: Vec<Cause> = block.causes.iter().cloned().collect();
    let of_cause = |reason: &String| !["refused_all", "no_basis"].contains(&reason.as_str());
    if ours && block.is_unnamed() && causes.is_empty() && block.reasons().iter().any(of_cause) {
        let cause = RecordId::new(record.id.system.clone(), Entity::Deal, "unknown");
        causes.push(Cause { hold: UNNAMED.into(), cause });
    }
    (ours, causes)
}

/// A hold that the journal names, as it is remembered. One that no rule speaks of any more stops all that a marketing system sends.
fn held_again(cause: &Cause, since: Time, policy: &Policy) -> Held {
    let rule = policy.holds.iter().find(|r| *r.name == *cause.hold);
    let sent_by_ma: Vec<MailKind> = MailKind::ALL.into_iter().filter(|k| k.sent_by_ma()).collect();
    let stops = Kinds::of(rule.map_or(sent_by_ma.as_slice(), |r| &r.stops));
    Held { hold: cause.hold.as_str().into(), cause: cause.cause.clone(), reach: Reach::Person, since, stops: stops.0 }
}

/// The holds of a record that the journal is yet to name.
fn causes_to_journal(record: &RecordId, holds: &[HoldNow], blocked: bool, journaled: &Journaled) -> Vec<Cause> {
    let new = holds.iter().filter(|h| (h.kept.is_some() || blocked) && !journaled.has(record, h));
    new.map(|h| Cause { hold: h.hold.to_string(), cause: h.cause.clone() }).collect()
}

#[cfg(test)]
mod tests;
