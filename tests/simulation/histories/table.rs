//! Many histories of one connector, and which switches they met.

pub use super::switches::HISTORIES;

use super::run::{Told, play};
use super::setup::Cast;
use super::switches::{Switch, drawn, pairs_of};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

/// Each two switches meet in at least so many of all histories.
pub const PAIR_MIN: u64 = 5;

/// Histories of a connector.
pub struct Series {
    cast: Cast,
    /// Those that its system can have.
    pub applicable: Vec<Switch>,
    drawn: Vec<BTreeSet<Switch>>,
    /// Every history turns on these, and no others.
    only: Option<BTreeSet<Switch>>,
}

/// What came of many.
#[derive(Default)]
pub struct Sum {
    pub histories: u64,
    pub requests: u64,
    pub writes: u64,
    pub stopped: u64,
    pub allowed: u64,
    pub deaths: u64,
    /// In how many both of two showed.
    pub pairs: BTreeMap<(Switch, Switch), u64>,
    pub met: BTreeMap<Switch, u64>,
    /// Seed, step and what broke.
    pub failures: Vec<(u64, usize, String)>,
}

impl Series {
    pub fn of(connector: &str, only: Option<&str>) -> Series {
        let cast = Cast::of(connector);
        let part = cast.parts.iter().find(|part| part.name == cast.played).expect("it has a part");
        let fake = part.fake();
        let applicable: Vec<Switch> = Switch::ALL.into_iter().filter(|switch| switch.applies(&fake)).collect();
        let drawn = drawn(&applicable);
        let only = only.map(|named| named.split(',').filter_map(Switch::named).collect());
        Series { cast, applicable, drawn, only }
    }

    pub fn play(&self, seed: u64, trace: bool) -> Told {
        let on = self.only.as_ref().unwrap_or(&self.drawn[(seed % HISTORIES) as usize]);
        play(&self.cast, seed, on, trace)
    }

    /// Plays these seeds, on so many threads; with `stops` no further than the first that breaks something.
    pub fn play_all(&self, seeds: std::ops::Range<u64>, threads: usize, stops: bool) -> Sum {
        let (next, sum) = (AtomicU64::new(seeds.start), Mutex::new(Sum::default()));
        std::thread::scope(|scope| {
            for _ in 0..threads.max(1) {
                scope.spawn(|| {
                    loop {
                        let seed = next.fetch_add(1, Ordering::Relaxed);
                        if seed >= seeds.end || stops && !sum.lock().expect("nobody panics with it").failures.is_empty() {
                            return;
                        }
                        let told = self.play(seed, false);
                        sum.lock().expect("nobody panics with it").add(seed, told);
                    }
                });
            }
        });
        sum.into_inner().expect("nobody panics with it")
    }

    /// What does not apply, and pairs that met too seldom in all histories.
    pub fn table(&self, sum: &Sum) -> Vec<String> {
        let off: Vec<String> = Switch::ALL.into_iter().filter(|s| !self.applicable.contains(s)).map(|s| format!("{s:?}")).collect();
        let pairs = pairs_of(&self.applicable.iter().copied().collect());
        let met = |pair: &(Switch, Switch)| sum.pairs.get(pair).copied().unwrap_or_default();
        let least = pairs.iter().map(met).min().unwrap_or_default();
        let mut lines = vec![
            format!(
                "{}: {} histories, {} requests, {} writes, {} deaths; the gate stopped {} and let {} go; violations: {}",
                self.cast.connector,
                sum.histories,
                sum.requests,
                sum.writes,
                sum.deaths,
                sum.stopped,
                sum.allowed,
                sum.failures.len()
            ),
            format!("  {} pairs of switches, each met in at least {least} histories; does not apply: {}", pairs.len(), off.join(", ")),
        ];
        lines.push(format!(
            "  shown: {}",
            sum.met.iter().map(|(switch, times)| format!("{switch:?} {times}")).collect::<Vec<_>>().join(", ")
        ));
        let seldom = self.seldom(sum);
        lines.extend(seldom.iter().map(|((one, other), times)| format!("    {one:?} and {other:?} met in {times} histories")));
        lines.extend(sum.failures.iter().map(|(seed, step, what)| format!("  seed {seed}, step {step}: violation {what}")));
        lines
    }

    /// Pairs that met in fewer histories than all have to.
    pub fn seldom(&self, sum: &Sum) -> Vec<((Switch, Switch), u64)> {
        let pairs = pairs_of(&self.applicable.iter().copied().collect()).into_iter();
        pairs.map(|pair| (pair, sum.pairs.get(&pair).copied().unwrap_or_default())).filter(|(_, times)| *times < PAIR_MIN).collect()
    }
}

impl Sum {
    fn add(&mut self, seed: u64, told: Told) {
        self.histories += 1;
        self.requests += told.requests;
        self.writes += told.writes;
        self.stopped += told.stopped;
        self.allowed += told.allowed;
        self.deaths += told.deaths;
        for pair in pairs_of(&told.met.keys().copied().collect()) {
            *self.pairs.entry(pair).or_default() += 1;
        }
        for (switch, times) in told.met {
            *self.met.entry(switch).or_default() += times;
        }
        self.failures.extend(told.failure.map(|(step, violation)| (seed, step, violation.to_string())));
    }
}
