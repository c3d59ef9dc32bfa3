//! What a system's settings say of its connection: whether two are the same, and when its secrets and its API end.

use crate::config::System;
use crate::connector::{SettingValue, SystemSettings};
use crate::model::{Name, Time};
use jsonwebtoken::dangerous::insecure_decode;
use secrecy::ExposeSecret;
use serde::Deserialize;
use std::sync::Arc;

/// A connector cannot be made of its manifest and the system's settings.
#[derive(Debug, Clone, thiserror::Error)]
#[error("systems.toml:{line}: {system}: {why}")]
pub struct NotConnected {
    pub system: Name,
    pub line: usize,
    pub why: String,
}

/// Whether two tables of systems.toml make the same connector: secrets are compared by their values, which may lie in other files.
pub fn same_connection(a: &System, b: &System) -> bool {
    let value = |v: &SettingValue| match v {
        SettingValue::Plain(text) => text.clone(),
        SettingValue::Secret(secret) => secret.expose_secret().to_string(),
    };
    let settings = |s: &System| s.settings.settings.iter().map(|(name, v)| (name.clone(), value(v))).collect::<Vec<_>>();
    let told = |s: &SystemSettings| (s.permit.clone(), s.permits.clone(), s.why.clone(), s.time_zone.clone(), s.status_words.clone());
    let rest = |s: &System| (told(&s.settings), s.settings.lists.clone());
    settings(a) == settings(b) && rest(a) == rest(b) && reads_the_same(a, b)
}

/// Whether the same answers become the same records.
pub fn reads_the_same(a: &System, b: &System) -> bool {
    let told = |s: &System| (s.settings.refusal_words.clone(), s.settings.lacks.clone(), s.settings.edits.clone());
    told(a) == told(b) && same_manifest(a, b)
}

/// Whether two systems have the same connector.
pub fn same_manifest(a: &System, b: &System) -> bool {
    Arc::ptr_eq(&a.manifest, &b.manifest) || a.manifest == b.manifest
}

/// When the first of a system's secrets ends that is a JWT and says so. What is no JWT says nothing of its end.
pub fn token_ends(system: &System) -> Option<Time> {
    #[derive(Deserialize)]
    struct Claims {
        exp: i64,
    }
    let ends = |value: &SettingValue| match value {
        // Not a check: only the system that gave it can tell whether it is good.
        SettingValue::Secret(secret) => {
            insecure_decode::<Claims>(secret.expose_secret()).ok().map(|t| Time(t.claims.exp.saturating_mul(1000)))
        }
        SettingValue::Plain(_) => None,
    };
    system.settings.settings.values().filter_map(ends).min()
}

/// The manifest's sunset, at its first moment.
pub fn api_ends(system: &System) -> Option<Time> {
    let day: jiff::civil::Date = system.manifest.sunset.as_ref()?.parse().ok()?;
    Some(Time(day.to_zoned(jiff::tz::TimeZone::UTC).ok()?.timestamp().as_millisecond()))
}

#[cfg(test)]
pub(in crate::engine) mod tests {
    use super::*;
    use crate::config::Connectors as Shipped;
    use crate::config::load;
    use jsonwebtoken::{EncodingKey, Header, encode};

    /// A system of a small manifest.
    pub(in crate::engine) fn system(token: &str) -> System {
        let folder = tempfile::tempdir().unwrap();
        let manifest = "name = 'own'\ntitle = 'Own'\nrole = 'crm'\napi_version = '1'\nbase_url = 'https://crm.example'\n
            auth = { kind = 'bearer', token = '{settings.token}' }\n[settings.token]\ntitle = 'Token'\nwhere = 'in its settings'\nsecret = true\n
            [streams.people]\nentity = 'person'\nsweep = { path = '/people', records = 'all' }\n[streams.people.record]\nid = 'id'\n";
        std::fs::create_dir_all(folder.path().join("connectors/own")).unwrap();
        let systems = "connectors = \"connectors\"\n[systems.crm]\nconnector = \"own\"\ntoken = { env = \"TOKEN\" }\n";
        for (file, text) in [
            ("connectors/own/manifest.toml", manifest),
            ("systems.toml", systems),
            ("precedence.toml", "[person]\n"),
            ("policy.toml", "[refusals]\nproof = { \"crm.people\" = \"2d\" }\n"),
            ("consent.toml", "[sources]\n"),
        ] {
            std::fs::write(folder.path().join(file), text).unwrap();
        }
        let config = load(folder.path(), &|_| Some(token.to_string()), &Shipped).unwrap();
        config.rules.systems[0].clone()
    }

    #[test]
    fn a_token_that_says_when_it_ends_is_believed_and_others_say_nothing() {
        let jwt = |claims| encode(&Header::default(), &claims, &EncodingKey::from_secret(b"only for the test")).unwrap();
        for (token, ends) in [
            (jwt(serde_json::json!({"exp": 1_795_000_000})), Some(Time(1_795_000_000_000))),
            (jwt(serde_json::json!({"sub": "nayose"})), None),
            ("pat-na1-only-for-tests".to_string(), None),
            ("a.b.c".to_string(), None),
        ] {
            assert_eq!(token_ends(&system(&token)), ends, "{token}");
        }
    }

    /// The state's fingerprint is made of these words: others make every system be read anew.
    #[test]
    fn a_manifest_is_said_in_its_own_words() {
        insta::assert_snapshot!(serde_json::to_string(&*system("x").manifest).unwrap());
        use crate::config::ManifestSource as _;
        for name in &crate::config::Connectors.names(None) {
            let manifest = crate::connector::manifest::load::load(name, None).unwrap().manifest;
            let said = serde_json::to_value(&manifest).unwrap();
            assert_eq!(said["name"], name.as_str());
            assert!(manifest == crate::connector::manifest::load::load(name, None).unwrap().manifest, "{name}");
        }
    }

    #[test]
    fn only_what_connects_makes_another_connection() {
        let (one, other) = (system("first"), system("second"));
        assert!(same_connection(&one, &system("first")) && !same_connection(&one, &other));
        let slower = System { every: Some(crate::model::Span::minutes(9)), ..one.clone() };
        assert!(same_connection(&one, &slower));
        let mut renamed = one.clone();
        renamed.settings.status_words.insert("mql".into(), "MQL2".into());
        assert!(!same_connection(&one, &renamed) && reads_the_same(&one, &renamed), "other words are written, the same are read");
    }
}
