//! Makes a failing history short: leaves out what is not needed for the same invariant to break.

use super::history::History;
use super::setup::Setups;
use super::sim::play;

/// Histories played at most while shrinking one.
const TRIES_MAX: usize = 1_500;

/// The shortest history found that breaks the same invariant.
pub fn shrink(setups: &Setups, history: &History) -> History {
    let Some(failure) = play(setups, history, false).failure else { return history.clone() };
    let invariant = failure.violation.invariant;
    let mut best = history.clone();
    best.steps.truncate(failure.step);
    let fails = |h: &History| play(setups, h, false).failure.is_some_and(|f| f.violation.invariant == invariant);
    let mut tries = 0;
    for switch in history.switches.clone() {
        let mut candidate = best.clone();
        candidate.switches.remove(&switch);
        tries += 1;
        if fails(&candidate) {
            best = candidate;
        }
    }
    let mut chunk = best.steps.len().div_ceil(2).max(1);
    loop {
        let mut at = 0;
        let mut shorter = false;
        while at < best.steps.len() && tries < TRIES_MAX {
            let mut candidate = best.clone();
            candidate.steps.drain(at..(at + chunk).min(best.steps.len()));
            tries += 1;
            if fails(&candidate) {
                best = candidate;
                shorter = true;
            } else {
                at += chunk;
            }
        }
        if tries >= TRIES_MAX || (chunk == 1 && !shorter) {
            return best;
        }
        if !shorter {
            chunk = chunk.div_ceil(2).max(1);
        }
    }
}
