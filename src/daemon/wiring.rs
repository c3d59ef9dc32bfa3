//! Systems and their connectors, replaced as a whole when systems.toml is edited.

use super::persist::Opened;
use crate::config::{Config, System};
use crate::connector::{Clock, Connector, RestConnector, SettingValue};
use crate::model::Name;
use secrecy::ExposeSecret;
use std::collections::BTreeMap;
use std::sync::Arc;

/// The connectors by system.
pub type Connectors = BTreeMap<Name, Arc<dyn Connector>>;

/// A connector cannot be made of its manifest and the system's settings.
#[derive(Debug, Clone, thiserror::Error)]
#[error("systems.toml:{line}: {system}: {why}")]
pub struct NotConnected {
    pub system: Name,
    pub line: usize,
    pub why: String,
}

/// Connectors and what each was made from.
#[derive(Clone, Default)]
pub struct Wiring {
    pub connectors: Connectors,
    made_from: BTreeMap<Name, System>,
}

impl Wiring {
    /// Connectors that the caller made from these systems.
    pub fn of(connectors: Connectors, systems: &[System]) -> Wiring {
        Wiring { connectors, made_from: systems.iter().map(|s| (s.name().clone(), s.clone())).collect() }
    }

    /// A connector for each system; those whose settings are as they were stay, with their logins and budgets.
    pub fn rewired(&self, systems: &[System], clock: &Clock) -> Result<Wiring, NotConnected> {
        let mut connectors = Connectors::new();
        for system in systems {
            let name = system.name();
            let before = self.connectors.get(name);
            let connector = match (before, self.made_from.get(name)) {
                (Some(connector), Some(made_from)) if same_connection(made_from, system) => connector.clone(),
                _ => {
                    let made = connect(system, clock)?;
                    before.inspect(|old| made.restore_usage(old.usage()));
                    made
                }
            };
            connectors.insert(name.clone(), connector);
        }
        Ok(Wiring::of(connectors, systems))
    }

    /// Whether this is how these systems want to be wired.
    pub fn fits(&self, systems: &[System]) -> bool {
        self.made_from.len() == systems.len()
            && systems.iter().all(|s| self.made_from.get(s.name()).is_some_and(|made_from| same_connection(made_from, s)))
    }

    /// The systems as the engine takes them.
    pub fn opened(&self, config: &Config) -> Vec<Opened> {
        let statuses = || config.policy.statuses.iter().map(|s| s.name.clone());
        let systems = self.made_from.iter().filter_map(|(name, system)| Some((system, self.connectors.get(name)?)));
        systems
            .map(|(system, connector)| Opened {
                config: Arc::new(system.clone()),
                abilities: connector.abilities().clone(),
                streams: connector.streams().to_vec(),
                words: statuses().map(|s| (s.clone(), connector.status_word(&s))).collect(),
            })
            .collect()
    }
}

/// Makes a system's connector.
fn connect(system: &System, clock: &Clock) -> Result<Arc<dyn Connector>, NotConnected> {
    match RestConnector::new(&system.manifest, &system.settings, clock.clone()) {
        Ok(connector) => Ok(Arc::new(connector)),
        Err(why) => Err(NotConnected { system: system.name().clone(), line: system.line, why: why.join("; ") }),
    }
}

/// Whether two tables of systems.toml make the same connector: secrets are compared by their values, which may lie in other files.
pub fn same_connection(a: &System, b: &System) -> bool {
    let value = |v: &SettingValue| match v {
        SettingValue::Plain(text) => text.clone(),
        SettingValue::Secret(secret) => secret.expose_secret().to_string(),
    };
    let settings = |s: &System| s.settings.settings.iter().map(|(name, v)| (name.clone(), value(v))).collect::<Vec<_>>();
    let rest = |s: &System| (s.settings.permit.clone(), s.settings.why.clone(), s.settings.time_zone.clone());
    settings(a) == settings(b) && rest(a) == rest(b) && same_manifest(a, b)
}

/// Manifests have no equality of their own; their debug form says all of them, as for the state's fingerprint.
pub fn same_manifest(a: &System, b: &System) -> bool {
    Arc::ptr_eq(&a.manifest, &b.manifest) || format!("{:?}", a.manifest) == format!("{:?}", b.manifest)
}
