//! `run` as it is, day after day, under a clock that jumps to whatever comes next.

use super::curve::{Day, folder_bytes, memory_bytes, noted_commits};
use super::door::{Door, Shared, at};
use super::offices::Offices;
use super::setup::orders::Order;
use super::setup::{Rules, Setup, Setups, Shape, SystemSetup};
use super::store::{Disk, Handle};
use super::truth::Table;
use super::week::{BEGIN, STEP_MS, Week};
use nayose::connector::{Clock, Connector};
use nayose::daemon::commands::{Command, Reply};
use nayose::daemon::connectors::{ConnectorsBySystem, Wiring};
use nayose::daemon::run;
use nayose::daemon::shell::Shell;
use nayose::engine::open;
use nayose::model::{Mail, MailKind, Name, Time};
use nayose::store::{State, StateUrl};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::sync::watch;
use tokio::time::Instant;

const DAY: Duration = Duration::from_secs(86_400);
/// An administrator approves what waits at this hour.
const ADMIN_AT_MS: i64 = 17 * 3_600_000;

pub struct Plan {
    pub days: u32,
    pub people: usize,
    pub seed: u64,
    /// `None`: the state lies in memory.
    pub folder: Option<PathBuf>,
}

/// Everything beside the daemon.
struct Outside {
    offices: Shared,
    clock: Clock,
    week: Week,
    began: Instant,
    /// Where the state lies if there is no folder.
    disk: Arc<Disk>,
}

/// Plays the days; `each` is told of each. Returns whoever is not protected in the end and must be.
pub fn play(plan: &Plan, mut each: impl FnMut(&Day)) -> Result<Vec<String>, String> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().map_err(|e| e.to_string())?;
    runtime.block_on(async {
        let mut outside = Outside::new(plan);
        let shell = outside.shell(plan)?;
        let (stop, stopped) = watch::channel(false);
        let running = tokio::spawn(run::run(shell.clone(), None, stopped));
        tokio::time::sleep(Duration::from_secs(60)).await;
        for system in ["ma", "news"] {
            approve(&shell, system).await?;
        }
        let mut before = Totals::default();
        for number in 1..=plan.days {
            outside.live_until(number, &shell).await?;
            let now = outside.totals(plan.folder.as_deref());
            each(&outside.day(number, &shell, plan.folder.as_deref(), &before, &now));
            before = now;
            if running.is_finished() {
                break;
            }
        }
        // What was read last is decided on and written.
        tokio::time::sleep(Duration::from_secs(600)).await;
        let bare = outside.unprotected(&shell);
        stop.send(true).map_err(|e| e.to_string())?;
        running.await.map_err(|e| e.to_string())?.map_err(|e| e.to_string())?;
        match at(&outside.offices, &outside.clock).unannounced.as_slice() {
            [] => Ok(bare),
            some => Err(format!("written before the disk said so: {}", some.join(", "))),
        }
    })
}

/// What was counted since the beginning.
#[derive(Debug, Clone, Default)]
struct Totals {
    requests: BTreeMap<&'static str, u64>,
    writes: u64,
    events: u64,
    commits: u64,
}

impl Outside {
    fn new(plan: &Plan) -> Outside {
        let began = Instant::now();
        let clock: Clock = Arc::new(move || Time(BEGIN.0 + began.elapsed().as_millis() as i64));
        let mut offices = Offices::new(BEGIN, words(setups()));
        let mut week = Week::new(plan.people, plan.seed);
        week.begin(&mut offices);
        Outside { offices: Arc::new(Mutex::new(offices)), clock, week, began, disk: Disk::new() }
    }

    fn shell(&self, plan: &Plan) -> Result<Shell, String> {
        let setup = setups();
        let mut config = (*setup.config).clone();
        if let Some(folder) = &plan.folder {
            config.state = StateUrl::Sled(folder.clone());
        }
        let doors = setup.systems.iter().map(|s| {
            let disk = plan.folder.is_none().then(|| (self.disk.clone(), setup.info));
            let door: Arc<dyn Connector> = Arc::new(Door::new(s, self.offices.clone(), self.clock.clone(), disk));
            (s.config.name().clone(), door)
        });
        let wiring = Wiring::of(doors.collect::<ConnectorsBySystem>(), &config.rules.systems);
        let state = match &plan.folder {
            Some(_) => State::open(&config.state, setup.info),
            None => State::open_packed(Box::new(Handle(self.disk.clone())), setup.info),
        };
        let state = state.map_err(|e| e.to_string())?;
        let systems = wiring.opened(&config.rules);
        let opened = open::open_on(config.rules.clone(), systems, BEGIN, "r_days".into(), state).map_err(|e| e.to_string())?;
        Ok(Shell::new(Arc::new(config), opened.engine, wiring, self.clock.clone()))
    }

    /// The offices work, and an administrator approves, until the end of a day.
    async fn live_until(&mut self, number: u32, shell: &Shell) -> Result<(), String> {
        let end = self.began + DAY * number;
        while Instant::now() < end {
            let next = (Instant::now().duration_since(self.began).as_millis() as i64 / STEP_MS + 1) * STEP_MS;
            tokio::time::sleep_until(self.began + Duration::from_millis(next as u64)).await;
            self.week.step(&mut at(&self.offices, &self.clock));
            if next % DAY.as_millis() as i64 == ADMIN_AT_MS {
                let waiting = shell.with(|e| e.waiting());
                for plan in waiting {
                    approve(shell, &plan.plan).await?;
                }
            }
        }
        Ok(())
    }

    fn totals(&self, folder: Option<&Path>) -> Totals {
        let offices = at(&self.offices, &self.clock);
        let commits = folder.map_or_else(|| self.disk.commits(), noted_commits);
        Totals { requests: offices.requests.clone(), writes: offices.writes, events: self.week.events, commits }
    }

    fn day(&self, number: u32, shell: &Shell, folder: Option<&Path>, before: &Totals, now: &Totals) -> Day {
        let records = at(&self.offices, &self.clock).count();
        let requests = now.requests.iter().map(|(s, n)| (*s, n - before.requests.get(s).copied().unwrap_or(0))).collect();
        let engine = shell.engine();
        Day {
            number,
            requests,
            writes: now.writes - before.writes,
            events: now.events - before.events,
            commits: now.commits - before.commits,
            records,
            known: engine.probe().world.len(),
            memory: memory_bytes(),
            store: folder.map_or(0, |f| folder_bytes(&f.join("sled"))),
            journal: folder.map_or(0, |f| folder_bytes(&f.join("journal.log"))),
            outbox: engine.systems().values().map(|s| s.outbox.len()).sum(),
            waiting: engine.waiting().iter().map(|w| w.count).sum(),
            tasks: tokio::runtime::Handle::current().metrics().num_alive_tasks(),
        }
    }

    /// Addresses of people on open deals and of those who refused that a campaign may go to.
    fn unprotected(&self, shell: &Shell) -> Vec<String> {
        let offices = at(&self.offices, &self.clock);
        let open = offices.records(Table::CrmDeals).filter(|(_, r)| r.deal.is_some_and(|d| d.is_open()));
        let people = open.flat_map(|(_, r)| r.people.iter().filter_map(|p| offices.record(Table::CrmPeople, p.parse().ok()?)));
        let refusing = Table::MAILERS.into_iter().flat_map(|t| offices.records(t).map(|(_, r)| r)).filter(|r| !r.refusals.is_empty());
        let must: Vec<String> = people.chain(refusing).filter_map(|r| r.address()).map(|a| a.to_string()).collect();
        let answers = shell.gate.decide(&must, &Mail::of(MailKind::Campaign), shell.now());
        let mut bare: Vec<String> = answers.into_iter().filter(|a| a.decision == "allow").map(|a| a.subject).collect();
        // And their records must show it where the mail goes out from.
        let must: std::collections::BTreeSet<&String> = must.iter().collect();
        for (id, record) in offices.records(Table::MaPeople) {
            let held = record.address().is_some_and(|a| must.contains(&a.to_string()));
            if held && !record.is_blocked() && record.refusals.is_empty() {
                bare.push(format!("{} is not blocked", Table::MaPeople.id(id)));
            }
        }
        bare
    }
}

async fn approve(shell: &Shell, what: &str) -> Result<(), String> {
    match shell.command(Command::Approve { what: what.into(), holds: false, moved: false, by: "tests".into() }).await {
        Reply::Approved(_) => Ok(()),
        // Approved with another.
        Reply::Refused(_) => Ok(()),
        other => Err(format!("approve {what}: {other:?}")),
    }
}

fn setups() -> &'static super::setup::Setup {
    static SETUPS: std::sync::OnceLock<Setups> = std::sync::OnceLock::new();
    SETUPS.get_or_init(Setups::default).of(Shape::default(), Rules::Base, Order::Shipped)
}

/// Statuses in each system's own words.
fn words(setup: &Setup) -> BTreeMap<&'static str, BTreeMap<Name, Box<str>>> {
    let name = |s: &SystemSetup| Table::ALL.into_iter().map(Table::system).find(|n| **n == **s.config.name()).unwrap_or("");
    setup.systems.iter().map(|s| (name(s), s.words.clone())).collect()
}
