//! `nayose-sim`: long runs of the simulation, and one seed told as a history.

mod afflict;
mod checks;
#[allow(dead_code, reason = "shared, and each binary needs a part of it")]
#[path = "../shared/config_files.rs"]
mod config_files;
mod dice;
mod driver;
#[allow(dead_code, reason = "shared, and each binary needs a part of it")]
#[path = "../shared/fake/mod.rs"]
mod fake;
mod histories;
mod history;
mod judges;
mod kinds;
mod known;
mod precedence;
mod setup;
mod shrink;
mod sim;
mod store;
mod truth;
mod wire;
mod world;

use clap::Parser;
use histories::table::Series;
use history::History;
use setup::Setups;
use sim::{Counts, Failure, play};
use std::collections::BTreeMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use tokio::time::Instant;
use wire::Switch;

/// Plays simulated histories and tells what broke.
#[derive(Parser)]
struct Options {
    /// Events to play.
    #[arg(long, default_value_t = 1_000_000)]
    events: u64,
    /// The first seed.
    #[arg(long, default_value_t = 0)]
    seed: u64,
    /// Plays and prints this one history.
    #[arg(long)]
    tell: Option<u64>,
    /// With `--tell`: leaves out what is not needed to break it.
    #[arg(long)]
    shrink: bool,
    /// Goes on after a violation, and counts them by kind.
    #[arg(long)]
    all: bool,
    #[arg(long, default_value_t = 2)]
    threads: usize,
    /// Every history turns on these switches of the world and no others; `none` turns on none.
    #[arg(long)]
    switch: Option<String>,
    /// Plays histories of this connector instead (`all`: of each), over a system made of its manifest.
    #[arg(long)]
    connector: Option<String>,
    /// With `--connector`: so many.
    #[arg(long, default_value_t = histories::table::HISTORIES)]
    histories: u64,
}

impl Options {
    fn history(&self, seed: u64) -> History {
        let mut history = History::of(seed);
        if let Some(named) = &self.switch {
            let on = |s: &Switch| named.split(',').any(|n| n == format!("{s:?}"));
            history.switches = Switch::ALL.into_iter().filter(on).collect();
        }
        history
    }
}

fn main() -> std::process::ExitCode {
    let options = Options::parse();
    if let Some(connector) = &options.connector {
        let all = if connector == "all" { histories::connectors() } else { vec![connector.clone()] };
        // Each is played, whatever became of the one before.
        let broken = all.iter().filter(|name| !histories_of(&options, name)).count();
        return u8::from(broken > 0).into();
    }
    let setups = Setups::default();
    if let Some(seed) = options.tell {
        let history = options.history(seed);
        let history = if options.shrink { shrink::shrink(&setups, &history) } else { history };
        let played = play(&setups, &history, true);
        played.trace.iter().for_each(|line| println!("{line}"));
        println!("{} steps, {} events", history.steps.len(), played.counts.events());
        return u8::from(played.failure.is_some()).into();
    }
    let began = Instant::now();
    let total = Mutex::new((Counts::default(), 0u64, BTreeMap::<(u8, String), (u64, u64)>::new()));
    let met = Mutex::new(BTreeMap::<Switch, u64>::new());
    let (next, played_events, stop) = (AtomicU64::new(options.seed), AtomicU64::new(0), AtomicU64::new(0));
    std::thread::scope(|scope| {
        for _ in 0..options.threads.max(1) {
            scope.spawn(|| {
                while played_events.load(Ordering::Relaxed) < options.events && stop.load(Ordering::Relaxed) == 0 {
                    let seed = next.fetch_add(1, Ordering::Relaxed);
                    let played = play(&setups, &options.history(seed), false);
                    played_events.fetch_add(played.counts.events(), Ordering::Relaxed);
                    let mut total = total.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
                    total.0.add(&played.counts);
                    let mut met = met.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
                    for (switch, times) in played.met {
                        *met.entry(switch).or_default() += times;
                    }
                    total.1 += 1;
                    if let Some(failure) = played.failure {
                        if !options.all {
                            stop.store(1, Ordering::Relaxed);
                        }
                        println!("seed {seed}, step {}: violation {}", failure.step, failure.violation);
                        let known = total.2.entry(kind(&failure)).or_insert((0, seed));
                        known.0 += 1;
                    }
                }
            });
        }
    });
    let (counts, histories, violations) = total.into_inner().unwrap_or_else(std::sync::PoisonError::into_inner);
    let seconds = began.elapsed().as_secs_f64();
    println!("{} events in {histories} histories, {seconds:.1} s, {:.0} a second", counts.events(), counts.events() as f64 / seconds);
    println!("{counts:?}");
    for (switch, times) in met.into_inner().unwrap_or_else(std::sync::PoisonError::into_inner) {
        println!("met {times:>9} times: {switch:?}");
    }
    for ((invariant, what), (times, seed)) in &violations {
        println!("{times} times invariant {invariant}: {what} (seed {seed})");
    }
    println!("violations: {}", violations.values().map(|(times, _)| times).sum::<u64>());
    u8::from(!violations.is_empty()).into()
}

/// Plays one connector. False: something broke, or two switches met too seldom in all of its histories.
fn histories_of(options: &Options, connector: &str) -> bool {
    let series = Series::of(connector, options.switch.as_deref());
    if let Some(seed) = options.tell {
        let told = series.play(seed, true);
        told.trace.iter().for_each(|line| println!("{line}"));
        println!("{} requests, {} writes", told.requests, told.writes);
        return told.failure.is_none();
    }
    let began = Instant::now();
    let seeds = options.seed..options.seed + options.histories;
    let sum = series.play_all(seeds, options.threads, !options.all);
    for (seed, step, what) in &sum.failures {
        println!("seed {seed}, step {step}: violation {what}");
    }
    println!("{} events in {} histories, {:.1} s", sum.requests + sum.writes, sum.histories, began.elapsed().as_secs_f64());
    series.table(&sum).iter().for_each(|line| println!("{line}"));
    let is_whole = options.histories >= histories::table::HISTORIES && options.switch.is_none();
    sum.failures.is_empty() && (!is_whole || series.seldom(&sum).is_empty())
}

/// A violation without its numbers, to count alike ones together.
fn kind(failure: &Failure) -> (u8, String) {
    let what = failure.violation.what.chars().filter(|c| !c.is_ascii_digit()).take(90).collect();
    (failure.violation.invariant, what)
}
