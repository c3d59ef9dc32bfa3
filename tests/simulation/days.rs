//! `nayose-days`: weeks of `run` over systems in which people work, with a table of what each day cost, and whether that stays flat.
#![allow(dead_code, reason = "shares the systems' shapes and the config with the simulation, and needs only a part of them")]

#[path = "../shared/config_files.rs"]
mod config_files;
mod curve;
mod daily;
mod dice;
mod door;
mod offices;
mod records;
mod setup;
mod store;
mod truth;
mod week;

use clap::Parser;
use daily::Plan;
use std::path::PathBuf;
use std::process::ExitCode;

#[cfg(feature = "dist")]
#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

/// Plays days of `run` with weekly churn. Exit 1 if memory, disk or requests per day grow more than the data, or someone is not protected.
#[derive(Parser)]
struct Options {
    #[arg(long, default_value_t = 24)]
    days: u32,
    #[arg(long, default_value_t = 5_000)]
    people: usize,
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Where the state is made; a temporary folder unless given.
    #[arg(long)]
    folder: Option<PathBuf>,
}

fn main() -> ExitCode {
    let options = Options::parse();
    let temporary = tempfile::tempdir().expect("a temporary folder");
    let folder = options.folder.unwrap_or_else(|| temporary.path().join("state"));
    let plan = Plan { days: options.days, people: options.people, seed: options.seed, folder: Some(folder) };
    println!("{}", curve::heading());
    let mut days = Vec::new();
    let bare = match daily::play(&plan, |day| {
        println!("{}", day.line());
        days.push(day.clone());
    }) {
        Ok(bare) => bare,
        Err(why) => {
            println!("the daemon ended: {why}");
            return ExitCode::FAILURE;
        }
    };
    bare.iter().for_each(|who| println!("not protected: {who}"));
    println!("{} who must be protected and are not", bare.len());
    let Some(growth) = curve::growth(&days) else {
        println!("fewer than three weeks say nothing of growth");
        return ExitCode::from(u8::from(!bare.is_empty()));
    };
    println!("the last week against the second, per record:");
    for g in &growth {
        println!("{}: {:+.1} %{}", g.what, g.share * 100.0, if g.is_flat() { "" } else { ": GROWS" });
    }
    ExitCode::from(u8::from(!bare.is_empty() || !growth.iter().all(|g| g.is_flat())))
}
