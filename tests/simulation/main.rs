//! The whole system under fire: the real engine over simulated systems, seeded, with faults and kills, and what must always be true asked
//! at each step.
//!
//! Beside the histories, single moments that are put into the engine by hand (`deciding`, `doubts`, `instances`, `rule_edits`).
//!
//! `cargo run --release --example nayose-sim -- --help` plays longer runs of the same, and one seed with its whole history;
//! `--example nayose-days` plays weeks of `run` itself and tells what each day cost.

mod afflict;
mod checks;
#[allow(dead_code, reason = "shared, and each binary needs a part of it")]
#[path = "../shared/config_files.rs"]
mod config_files;
mod curve;
mod daily;
mod deciding;
mod dice;
mod door;
mod doubts;
mod driver;
#[allow(dead_code, reason = "shared, and each binary needs a part of it")]
#[path = "../shared/fake/mod.rs"]
mod fake;
#[cfg(test)]
mod found;
mod histories;
mod history;
mod instances;
mod judges;
mod kinds;
mod known;
mod offices;
mod precedence;
mod records;
mod rule_edits;
mod setup;
mod shrink;
mod sim;
#[allow(dead_code, reason = "shared, and each binary needs a part of it")]
#[path = "../shared/small_manifests.rs"]
mod small_manifests;
mod stage;
mod store;
mod truth;
mod week;
mod wire;
mod world;

use daily::Plan;
use history::History;
use setup::Setups;
use sim::{Counts, play};
use std::collections::BTreeMap;
use std::sync::Mutex;
use wire::Switch;

/// Events in CI here; `scripts/mutants` plays more of them, optimised.
const EVENTS: u64 = 40_000;
const THREADS: u64 = 2;

#[test]
fn what_happens_through_the_wire_breaks_nothing() {
    let setups = Setups::default();
    let total = Mutex::new(Counts::default());
    let met = Mutex::new(BTreeMap::<Switch, u64>::new());
    std::thread::scope(|scope| {
        for first in 0..THREADS {
            let (setups, total, met) = (&setups, &total, &met);
            scope.spawn(move || {
                for seed in (first..).step_by(THREADS as usize) {
                    let history = History::of(seed);
                    let played = play(setups, &history, false);
                    for (switch, times) in played.met {
                        *met.lock().expect("nobody panics with it").entry(switch).or_default() += times;
                    }
                    if let Some(failure) = played.failure {
                        let short = shrink::shrink(setups, &history);
                        for line in play(setups, &short, true).trace {
                            println!("{line}");
                        }
                        panic!("seed {seed}, step {}, {} steps are left of it: {}", failure.step, short.steps.len(), failure.violation);
                    }
                    let mut total = total.lock().expect("nobody panics with it");
                    total.add(&played.counts);
                    if total.events() >= EVENTS {
                        return;
                    }
                }
            });
        }
    });
    let total = total.into_inner().expect("nobody panics with it");
    println!("{} events, 0 violations: {total:?}; switches met: {met:?}", total.events());
}

#[test]
fn a_seed_is_a_history() {
    let setups = Setups::default();
    for seed in [1, 22, 333] {
        let [first, second] = [(); 2].map(|()| play(&setups, &History::of(seed), true));
        assert!(first.trace.len() > 400, "seed {seed} tells its history");
        assert_eq!(first.trace, second.trace, "seed {seed}");
    }
}

#[test]
fn a_day_of_run_costs_what_its_schedule_says_and_leaves_nobody_bare() {
    let plan = Plan { days: 1, people: 120, seed: 1, folder: None };
    let mut days = Vec::new();
    println!("{}", curve::heading());
    let bare = daily::play(&plan, |day| {
        println!("{}", day.line());
        days.push(day.clone());
    });
    assert_eq!(bare, Ok(Vec::new()));
    let [day] = days.as_slice() else { panic!("one day was played") };
    // Each stream once a minute; what lies above it are sweeps, tests of filters and writes.
    for (system, streams) in [("support", 2), ("ma", 1), ("news", 1)] {
        let (asked, by_schedule) = (day.requests[system], streams * 1_440);
        assert!((by_schedule..by_schedule + 600).contains(&asked), "{system}: {asked} requests");
    }
    // A look for something to send, each 5 s and for each system, waits for no disk if there is nothing: a pass commits twice at most.
    assert!(day.commits < 2 * day.all_requests(), "{} commits, {} requests", day.commits, day.all_requests());
}
