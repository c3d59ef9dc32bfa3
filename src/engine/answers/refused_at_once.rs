//! Many refusals in one pass: a field that was renamed, or a default that changed, looks like everybody saying no. Each counts at once and for
//! good, as it may be true; that they are many is told, for as long as somebody may still find out why.

use crate::engine::delivery::target::Op;
use crate::engine::engine::Engine;
use crate::engine::error::Error;
use crate::engine::intake::observe::PassRun;
use crate::engine::ledger::items::{decode, encode};
use crate::engine::ledger::kind;
use crate::model::{Name, Span, Time, counted};
use crate::store::State;
use serde::{Deserialize, Serialize};

/// So long it is told.
const TOLD_FOR: Span = Span::days(7);
/// The key of the `META` item that keeps them.
const KEY: &str = "refused at once";

/// Refusals that came from one stream in one pass.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RefusedAtOnce {
    pub system: Name,
    pub stream: Name,
    /// Records that were known before, and of which nobody knew a refusal.
    pub count: usize,
    /// All records of the stream.
    pub of: usize,
    /// When the pass began.
    pub at: Time,
}

impl RefusedAtOnce {
    /// What is so, and what to do.
    pub fn told(&self) -> String {
        let RefusedAtOnce { system, stream, count, of, at } = self;
        format!(
            "{} came from {system}.{stream} in one pass (of {of} known; at {at}): all of them count, and none is ever taken back. If that is a \
             mistake there (a field was renamed, a default changed), mend it at once, so that it goes no further",
            counted(*count, "new refusal", "new refusals")
        )
    }

    fn is_told(&self, now: Time) -> bool {
        now.since(self.at) < TOLD_FOR
    }
}

impl Engine {
    /// At the end of a pass, whatever it was: whether it brought more refusals than go to a target without anyone's word.
    pub(in crate::engine) fn note_refused_at_once(&mut self, run: &PassRun) {
        if run.newly_refused <= self.config.policy.widening.people {
            return;
        }
        let of = self.world.listed(&run.system, &run.stream);
        if run.newly_refused <= self.limits(Op::Hold, of).records {
            return;
        }
        let (system, stream) = (run.system.clone(), run.stream.clone());
        let new = RefusedAtOnce { system, stream, count: run.newly_refused, of, at: run.began };
        tracing::warn!(system = %new.system, stream = %new.stream, count = new.count, of, "many refusals came in one pass");
        self.refused_at_once.retain(|r| r.is_told(run.began) && (&r.system, &r.stream) != (&new.system, &new.stream));
        self.refused_at_once.push(new);
        self.pending.put(kind::META, KEY.as_bytes().to_vec(), encode(&self.refused_at_once));
    }

    /// Those that are told now.
    pub fn refused_at_once(&self, now: Time) -> Vec<RefusedAtOnce> {
        self.refused_at_once.iter().filter(|r| r.is_told(now)).cloned().collect()
    }
}

/// What the state says of them. What cannot be read was only to be told.
pub(in crate::engine) fn stored(state: &State) -> Result<Vec<RefusedAtOnce>, Error> {
    let bytes = state.get(kind::META, KEY.as_bytes())?;
    Ok(bytes.and_then(|bytes| decode(KEY, &bytes).ok()).unwrap_or_default())
}
