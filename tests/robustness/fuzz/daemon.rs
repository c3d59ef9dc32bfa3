//! The daemon's inside on a state in memory, for what comes in through its doors and out of its state.

use super::config::shipped;
use nayose::config::Config;
use nayose::connector::{Connector, RestConnector};
use nayose::daemon::connectors::{ConnectorsBySystem, Wiring};
use nayose::daemon::shell::Shell;
use nayose::engine::open;
use nayose::engine::open::OpenedState;
use nayose::engine::system::Opened;
use nayose::model::Time;
use nayose::store::{JournalBytes, PendingChanges, State};
use std::sync::{Arc, OnceLock};

pub const NOW: Time = Time(1_795_251_600_000);

/// The shipped config over these items and this journal. `Err`: they are not what a state holds, which is said.
pub fn open(items: PendingChanges, journal: JournalBytes) -> Result<(OpenedState, ConnectorsBySystem), String> {
    let config = Arc::new(shipped());
    let connectors = connectors(&config);
    let opened = config.rules.systems.iter().map(|system| {
        let connector = &connectors[system.name()];
        Opened {
            config: Arc::new(system.clone()),
            abilities: connector.abilities().clone(),
            streams: connector.streams().to_vec(),
            words: Default::default(),
            address: connector.address().into(),
            tells_instance: connector.tells_instance(),
        }
    });
    let opened: Vec<Opened> = opened.collect();
    let (state, loaded) = State::in_memory(open::info(&config.rules));
    let state = state.with_journal(journal);
    state.commit(items).map_err(|e| e.to_string())?;
    open::open_on(config.rules.clone(), opened, NOW, "r_1".into(), (state, loaded))
        .map(|opened| (opened, connectors))
        .map_err(|e| e.to_string())
}

/// Made once: each reads the machine's certificates.
fn connectors(config: &Config) -> ConnectorsBySystem {
    static MADE: OnceLock<ConnectorsBySystem> = OnceLock::new();
    let make = |system: &nayose::config::System| {
        let connector = RestConnector::new(&system.manifest, &system.settings, Arc::new(|| NOW)).unwrap();
        (system.name().clone(), Arc::new(connector) as Arc<dyn Connector>)
    };
    MADE.get_or_init(|| config.rules.systems.iter().map(make).collect()).clone()
}

pub fn shell() -> Shell {
    let (opened, connectors) = open(PendingChanges::default(), JournalBytes::default()).unwrap();
    let wiring = Wiring::of(connectors, &opened.engine.rules().rules().systems);
    Shell::new(Arc::new(shipped()), opened.engine, wiring, Arc::new(|| NOW))
}
