//! The config and the connectors of who only looks: without a secret, for each system that is shipped.

use super::config_files::{ConfigFiles, LEAD, policy};
use nayose::config::{Config, Connectors, ManifestSource, Mistakes, SecretsWanted, load_with};
use nayose::daemon::connectors::Wiring;
use nayose::model::Time;
use std::sync::Arc;
use tempfile::TempDir;

/// A folder with one system of each connector; each setting lies in a variable of the environment that is not set.
fn folder() -> (TempDir, Vec<String>) {
    let names = Connectors.names(None);
    let mut systems = String::new();
    for name in &names {
        let manifest = Connectors.manifest(None, name).unwrap().unwrap();
        systems.push_str(&format!("[systems.{name}]\nconnector = {name:?}\n"));
        for (setting, says) in &manifest.settings {
            if says.secret || !says.optional {
                systems.push_str(&format!("{setting} = {{ env = \"{}_{}\" }}\n", name.to_uppercase(), setting.to_uppercase()));
            }
        }
    }
    systems.push_str("[notify.webhook]\nurl = { env = \"HOOK\" }\n[http]\nlisten = \"0.0.0.0:8642\"\ntoken = { env = \"HTTP\" }\n");
    let folder = TempDir::new().unwrap();
    let policy = policy(&[LEAD], &[], "\"hubspot.people\" = \"2d\"", "");
    ConfigFiles { systems, precedence: "[person]\n".into(), policy, consent: "[sources]\n".into() }.write(folder.path());
    (folder, names)
}

fn read(folder: &TempDir, secrets: SecretsWanted<'_>, set: &[(&str, &str)]) -> Result<Config, Mistakes> {
    let env = |name: &str| set.iter().find(|(known, _)| *known == name).map(|(_, value)| value.to_string());
    load_with(secrets, folder.path(), &env, &Connectors)
}

#[test]
fn every_shipped_system_can_be_looked_at_without_its_secrets() {
    let (folder, names) = folder();
    let config = read(&folder, SecretsWanted::None, &[]).unwrap_or_else(|m| panic!("{}", m.drawn()));
    let wiring = Wiring::without_credentials(&config.rules.systems, &(Arc::new(|| Time(0)) as _)).unwrap();
    let opened = wiring.opened(&config.rules);
    assert_eq!(opened.len(), names.len());
    for system in opened {
        assert!(!system.streams.is_empty(), "{}", system.config.name());
        assert!(!system.address.contains("not-looked-up"), "{}: {}", system.config.name(), system.address);
    }
    let told = read(&folder, SecretsWanted::All, &[]).map(|_| ()).unwrap_err().to_string();
    for variable in ["HUBSPOT_TOKEN", "ZENDESK_TOKEN", "HOOK", "HTTP"] {
        assert!(told.contains(&format!("{variable} is not set")), "{variable}: {told}");
    }
}

#[test]
fn one_system_needs_its_own_secrets_and_nobody_elses() {
    let (folder, _) = folder();
    let own =
        [("HUBSPOT_TOKEN", "only-for-tests"), ("HUBSPOT_BASE_URL", "https://crm.example"), ("HUBSPOT_STATUS_PROPERTY", "nayose_status")];
    let config = read(&folder, SecretsWanted::Of("hubspot"), &own).map_err(|m| m.drawn());
    assert!(config.is_ok(), "{config:?}");
    let told = read(&folder, SecretsWanted::Of("hubspot"), &[("ZENDESK_TOKEN", "only-for-tests")]).map(|_| ()).unwrap_err().to_string();
    assert!(told.contains("HUBSPOT_TOKEN") && !told.contains("ZENDESK") && !told.contains("HOOK"), "{told}");
}

/// A secret in the file is one whether it is looked up or not.
#[test]
fn the_form_of_a_secret_is_checked_all_the_same() {
    let (folder, _) = folder();
    let systems = folder.path().join("systems.toml");
    let text = std::fs::read_to_string(&systems).unwrap();
    std::fs::write(&systems, text.replace("{ env = \"HUBSPOT_TOKEN\" }", "\"pat-na1\"")).unwrap();
    let told = read(&folder, SecretsWanted::None, &[]).map(|_| ()).unwrap_err().to_string();
    assert!(told.contains("is a secret and must not stand in the file"), "{told}");
}
