//! Which pass a stream needs next. Pure: the stream's state, what it offers, and the clock.

use super::reading::StreamState;
use crate::connector::{Pass, READ_EVERY, Reads, SWEEP_EVERY, StreamInfo};
use crate::model::{Span, Time};

/// How far in the future the time lies that a filter is tested with.
const FILTER_TEST_AHEAD: Span = Span::days(365);

/// How often a stream is read.
pub fn every(configured: Option<Span>, info: &StreamInfo) -> Span {
    configured.or(info.every).unwrap_or(READ_EVERY)
}

/// The passes that a stream needs, in order, whether they wait for something or not. `now_there` is now by the system's clock.
pub fn passes(info: &StreamInfo, state: &StreamState, sweep_every: Option<Span>, now: Time, now_there: Time) -> Vec<Pass> {
    let sweep_every = sweep_every.or(info.sweep_every).unwrap_or(SWEEP_EVERY);
    let broken_off = state.sweep.as_ref().and_then(|s| s.place.clone());
    let sweep_due = broken_off.is_some() || state.swept_at.is_none_or(|at| now.since(at) >= sweep_every);
    let test_due = state.filter_tested_at.is_none_or(|at| now.since(at) >= FILTER_TEST_EVERY);
    let test = || Pass::FilterTest(now.plus(FILTER_TEST_AHEAD));
    let sweep = broken_off.clone().map_or(Pass::Sweep, Pass::SweepFrom);
    // A kept time that lies in the future, by whatever clock, would hide what comes until then. Before the first sweep has ended, what
    // came since its begin.
    let swept_since = state.sweep.as_ref().map(|s| s.began_there);
    let since = state.since.or(swept_since).map(|at| at.min(now_there));
    let mut passes = Vec::new();
    match info.reads {
        Reads::Associations => {}
        Reads::SweepOnly => {
            if info.open && (!sweep_due || broken_off.is_some()) {
                passes.push(Pass::Open);
            }
            if sweep_due || !info.open {
                passes.push(sweep);
            }
        }
        Reads::ModifiedSince => {
            let sweeps = sweep_due || state.filter_broken;
            // A sweep that begins now shows what the others would. One that goes on was begun long ago.
            if !sweeps || broken_off.is_some() {
                passes.extend(since.filter(|_| !state.filter_broken).map(Pass::Changes));
                if info.open {
                    passes.push(Pass::Open);
                }
            }
            if sweeps {
                passes.push(sweep);
            }
            if test_due {
                passes.insert(if sweeps { passes.len() } else { 0 }, test());
            }
        }
        Reads::Cursor => {
            // Where a cursor is begun anew, from the last place that is sure.
            let resume = Pass::Resume { cursor: state.cursor.clone(), since: since.unwrap_or(now_there) };
            let sweeps = sweep_due && info.sweeps;
            let known = state.cursor.is_some() || since.is_some();
            passes.push(resume);
            if sweeps {
                passes.insert(usize::from(known), sweep);
            }
        }
    }
    // What failed the last time must not delay what did not.
    passes.sort_by_key(|p| state.failures.contains_key(&p.kind()));
    passes
}

/// How long a test of a filter counts.
pub const FILTER_TEST_EVERY: Span = Span::days(1);
