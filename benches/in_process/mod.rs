//! The daemon's own parts without a network and on a store in memory: pages are handed in as a connector would.

use nayose::config;
use nayose::connector::{Clock, Connector, Observed, PageRead, Pass, PassEnd, RestConnector};
use nayose::daemon::connectors::{ConnectorsBySystem, Wiring};
use nayose::daemon::shell::Shell;
use nayose::engine::open;
use nayose::engine::system::Opened;
use nayose::model::{Name, Record, Time};
use nayose::store::{State, StateUrl};
use std::path::Path;
use std::sync::Arc;

/// Records of one page, as an MA gives them.
const PAGE: usize = 300;
/// Pages that go with one commit, which has a limit.
const COMMIT_EVERY: usize = 50;

/// On the config of a folder; it is always `now`.
pub fn shell(folder: &Path, now: Time) -> Shell {
    let config = Arc::new(config::load(folder, &|_| None, &config::Connectors).expect("the config is right"));
    let clock: Clock = Arc::new(move || now);
    let mut connectors = ConnectorsBySystem::new();
    let mut systems = Vec::new();
    for system in &config.rules.systems {
        let connector = RestConnector::new(&system.manifest, &system.settings, clock.clone()).expect("its settings are right");
        let words = config.rules.policy.statuses.iter().map(|s| (s.name.clone(), connector.status_word(&s.name))).collect();
        let (abilities, streams) = (connector.abilities().clone(), connector.streams().to_vec());
        let (address, tells_instance) = (connector.address().into(), connector.tells_instance());
        systems.push(Opened { config: Arc::new(system.clone()), abilities, streams, words, address, tells_instance });
        connectors.insert(system.settings.name.clone(), Arc::new(connector));
    }
    let state = State::open(&StateUrl::Memory, open::info(&config.rules)).expect("memory is a store");
    let opened = open::open_on(config.rules.clone(), systems, now, "r_bench".into(), state).expect("an empty state opens");
    let wiring = Wiring::of(connectors, &opened.engine.rules().rules().systems);
    Shell::new(config, opened.engine, wiring, clock)
}

/// Reads all people of a system, page by page, as a whole listing; what follows from them is not decided yet.
pub fn sweep(shell: &Shell, system: &str, people: usize, now: Time, record: impl Fn(usize) -> Record) {
    let (system, stream): (Name, Name) = (system.into(), "people".into());
    let mut run = shell.engine().begin(&system, &stream, Pass::Sweep, now);
    for from in (0..people).step_by(PAGE) {
        let observed = |n| Observed::Record { record: Box::new(record(n)), people_told: true, accounts_told: true };
        let observed = (from..people.min(from + PAGE)).map(observed).collect();
        shell.engine().observe(&mut run, PageRead { observed, ..PageRead::default() }, now).expect("a page is kept");
        if (from / PAGE).is_multiple_of(COMMIT_EVERY) {
            shell.engine().commit().expect("memory takes it");
        }
    }
    let end = PassEnd { complete: true, ..PassEnd::default() };
    shell.engine().end(&run, &end, now).expect("a pass ends");
}

/// Decides on everyone, as by new rules.
pub fn decide_anew(shell: &Shell, now: Time) {
    let mut engine = shell.engine();
    let all = engine.probe().world.indexes();
    engine.arrange().dirty.extend(all);
    engine.reconcile(now);
}
