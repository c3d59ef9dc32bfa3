//! What CI plays: a third of the connectors by day, those whose folder changed last, and a few histories of each. NAYOSE_MARKED=1: all of all.

#![allow(clippy::disallowed_methods, reason = "which connectors are played goes by the day")]

use super::connectors;
use super::table::{HISTORIES, Series, Sum};
use std::process::Command;
use std::time::{SystemTime, UNIX_EPOCH};

/// Histories of a connector.
const FEW: u64 = 24;
const THREADS: usize = 2;
const DAY_S: u64 = 86_400;
/// Each connector has its day once in so many.
const DAYS: usize = 3;

fn asked(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

/// Whether anything of a connector differs from what it was before the last commit.
fn changed(connector: &str) -> bool {
    let folder = format!("connectors/{connector}");
    let git = Command::new("git").args(["diff", "--quiet", "HEAD~1", "--", &folder]).current_dir(env!("CARGO_MANIFEST_DIR")).output();
    git.is_ok_and(|done| done.status.code() == Some(1))
}

/// The connectors of today.
fn today() -> Vec<String> {
    let all = connectors();
    if let Some(named) = asked("NAYOSE_CONNECTOR") {
        return all.into_iter().filter(|name| *name == named).collect();
    }
    let day = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs() / DAY_S) as usize;
    let plays_all = asked("NAYOSE_MARKED").is_some() || asked("NAYOSE_SEED").is_some();
    let is_due = |(at, name): &(usize, String)| plays_all || at % DAYS == day % DAYS || changed(name);
    all.into_iter().enumerate().filter(is_due).map(|(_, name)| name).collect()
}

#[test]
fn histories_of_the_connectors_miss_nobody_and_end() {
    let marked = asked("NAYOSE_MARKED").is_some();
    let (mut broken, mut sums) = (Vec::new(), Vec::<Sum>::new());
    for connector in today() {
        let series = Series::of(&connector, None);
        if let Some(seed) = asked("NAYOSE_SEED").and_then(|seed| seed.parse().ok()) {
            series.play(seed, true).trace.iter().for_each(|line| println!("{line}"));
            continue;
        }
        let sum = series.play_all(0..if marked { HISTORIES } else { FEW }, THREADS, false);
        let lines = series.table(&sum);
        lines.iter().filter(|line| marked || !line.starts_with("    ")).for_each(|line| println!("{line}"));
        if !sum.failures.is_empty() || marked && !series.seldom(&sum).is_empty() {
            broken.extend(lines);
        }
        sums.push(sum);
    }
    assert!(broken.is_empty(), "\n{}", broken.join("\n"));
    // Somebody is stopped, and somebody is not: without both nothing was judged.
    assert!(sums.iter().all(|sum| sum.stopped > 0 && sum.allowed > 0 && sum.writes > 0), "nobody was stopped, or nobody was let go");
}

#[test]
fn a_seed_is_a_history_of_a_connector() {
    for connector in ["marketo", "hubspot"] {
        let [first, second] = [(); 2].map(|()| Series::of(connector, None).play(3, true));
        assert!(first.trace.len() > 100, "{connector} tells its history");
        assert_eq!(first.trace, second.trace, "{connector}");
    }
}
