//! Systems and their connectors, replaced as a whole when systems.toml is edited.

use crate::config::{NOT_LOOKED_UP, Rules, System};
use crate::connector::manifest::Auth;
use crate::connector::network::Network;
use crate::connector::{Clock, Connector, FileConnector, Manifest, RestConnector};
use crate::engine::rules::connected::WordsByStatus;
use crate::engine::rules::connection::{NotConnected, same_connection};
use crate::engine::system::Opened;
use crate::model::Name;
use std::collections::BTreeMap;
use std::sync::Arc;

/// The connectors by system.
pub type ConnectorsBySystem = BTreeMap<Name, Arc<dyn Connector>>;

/// Connectors and what each was made from.
#[derive(Clone, Default)]
pub struct Wiring {
    pub connectors: ConnectorsBySystem,
    /// The way out that connectors are made with.
    network: Network,
    made_from: BTreeMap<Name, System>,
}

impl Wiring {
    /// Connectors that the caller made from these systems.
    pub fn of(connectors: ConnectorsBySystem, systems: &[System]) -> Wiring {
        Wiring { connectors, network: Network::default(), made_from: systems.iter().map(|s| (s.name().clone(), s.clone())).collect() }
    }

    /// No connectors yet; those to come go out this way.
    pub fn through(network: &Network) -> Wiring {
        Wiring { network: network.clone(), ..Wiring::default() }
    }

    /// A connector for each system; those whose settings are as they were stay, with their logins and budgets.
    pub fn rewired(&self, systems: &[System], clock: &Clock) -> Result<Wiring, NotConnected> {
        let mut connectors = ConnectorsBySystem::new();
        for system in systems {
            let name = system.name();
            let before = self.connectors.get(name);
            let connector = match (before, self.made_from.get(name)) {
                (Some(connector), Some(made_from)) if same_connection(made_from, system) => connector.clone(),
                _ => {
                    let made = connect(system, &system.manifest, &self.network, clock)?;
                    before.inspect(|old| made.restore_usage(old.usage()));
                    made
                }
            };
            connectors.insert(name.clone(), connector);
        }
        Ok(Wiring { network: self.network.clone(), ..Wiring::of(connectors, systems) })
    }

    /// Connectors that know what they can do and carry no credential: for who only looks at what is known.
    pub fn without_credentials(systems: &[System], clock: &Clock) -> Result<Wiring, NotConnected> {
        let bare = systems.iter().map(|system| {
            let manifest = Manifest { auth: Auth::None {}, ..(*system.manifest).clone() };
            Ok((system.name().clone(), connect(system, &manifest, &Network::default(), clock)?))
        });
        Ok(Wiring::of(bare.collect::<Result<ConnectorsBySystem, NotConnected>>()?, systems))
    }

    /// Whether this is how these systems want to be wired.
    pub fn fits(&self, systems: &[System]) -> bool {
        self.made_from.len() == systems.len()
            && systems.iter().all(|s| self.made_from.get(s.name()).is_some_and(|made_from| same_connection(made_from, s)))
    }

    /// What each system calls the statuses of these rules.
    pub fn words(&self, rules: &Rules) -> Vec<(Name, WordsByStatus)> {
        let statuses = || rules.policy.statuses.iter().map(|s| s.name.clone());
        let words = |connector: &dyn Connector| statuses().map(|s| (s.clone(), connector.status_word(&s))).collect();
        self.connectors.iter().map(|(name, connector)| (name.clone(), words(&**connector))).collect()
    }

    /// The systems as the engine takes them.
    pub fn opened(&self, rules: &Rules) -> Vec<Opened> {
        let mut words: BTreeMap<Name, WordsByStatus> = self.words(rules).into_iter().collect();
        let systems = self.made_from.iter().filter_map(|(name, system)| Some((name, system, self.connectors.get(name)?)));
        systems
            .map(|(name, system, connector)| Opened {
                config: Arc::new(system.clone()),
                abilities: connector.abilities().clone(),
                streams: connector.streams().to_vec(),
                // Who only looks may not know it.
                address: if connector.address().contains(NOT_LOOKED_UP) { "".into() } else { connector.address().into() },
                tells_instance: connector.tells_instance(),
                words: words.remove(name).unwrap_or_default(),
            })
            .collect()
    }
}

/// Makes a system's connector.
fn connect(system: &System, manifest: &Manifest, network: &Network, clock: &Clock) -> Result<Arc<dyn Connector>, NotConnected> {
    let not_connected = |why: Vec<String>| NotConnected { system: system.name().clone(), line: system.line, why: why.join("; ") };
    if system.settings.lists.is_some() {
        return FileConnector::new(&system.settings, clock.clone()).map(|made| Arc::new(made) as Arc<dyn Connector>).map_err(not_connected);
    }
    match RestConnector::through(network, manifest, &system.settings, clock.clone()) {
        Ok(connector) => Ok(Arc::new(connector)),
        Err(why) => Err(not_connected(why)),
    }
}
