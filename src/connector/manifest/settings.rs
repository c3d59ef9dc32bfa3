//! A system's settings put together with what its manifest says of them.

use super::own_permits::OWN_PERMIT;
use super::{Manifest, OWN, Test};
use crate::connector::map::refusal_words::{RefusalWord, RefusalWords};
use crate::connector::port::{EditsAsked, SettingValue, SystemSettings};
use crate::connector::raw::templates::{NameMeaning, Template};
use jiff::tz::TimeZone;
use secrecy::{ExposeSecret, SecretString};
use std::collections::BTreeMap;
use std::fmt;

/// The settings of one system, defaults filled in.
#[derive(Clone)]
pub struct Settings {
    values: BTreeMap<String, SettingValue>,
    permit: Option<String>,
    /// What those for one kind or topic are called, in their order.
    permits: Vec<String>,
    why: Option<String>,
    refusal_words: BTreeMap<String, RefusalWord>,
    status_words: BTreeMap<String, String>,
    lacks: Vec<String>,
    edits: EditsAsked,
    pub zone: TimeZone,
}

impl Settings {
    /// Fills in defaults and says of each setting that is missing what it is and where to find it.
    pub fn resolve(manifest: &Manifest, given: &SystemSettings) -> Result<Settings, Vec<String>> {
        let mut problems = Vec::new();
        let zone = match &given.time_zone {
            None => TimeZone::UTC,
            Some(name) => TimeZone::get(name).unwrap_or_else(|_| {
                problems.push(format!("time_zone = {name:?} is not known; write a name as \"Asia/Tokyo\""));
                TimeZone::UTC
            }),
        };
        let mut settings = Settings {
            values: given.settings.clone(),
            permit: given.permit.clone(),
            permits: given.permits.values().cloned().collect(),
            why: given.why.clone(),
            refusal_words: given.refusal_words.clone(),
            status_words: given.status_words.clone(),
            lacks: given.lacks.clone(),
            edits: given.edits.clone(),
            zone,
        };
        // A default may name other settings, which may have defaults themselves: the plain ones first.
        let by_depth = |s: &&String| manifest.settings[*s].default.as_ref().is_some_and(|d| d.contains('{'));
        let mut names: Vec<&String> = manifest.settings.keys().collect();
        names.sort_by_key(by_depth);
        for name in names {
            let setting = &manifest.settings[name];
            if settings.values.contains_key(name) {
                continue;
            }
            let template = setting.default.as_deref().and_then(|d| Template::parse(d).ok());
            let default = template.and_then(|t| t.bind(&|n| settings.known(n)));
            if let Some(default) = default {
                settings.values.insert(name.clone(), SettingValue::Plain(default.text()));
            } else if !setting.optional {
                problems.push(format!("{name} is missing: {} ({})", setting.title, setting.find));
            }
        }
        if problems.is_empty() { Ok(settings) } else { Err(problems) }
    }

    /// What the system calls our lead statuses, where systems.toml says so.
    pub fn status_words(&self) -> &BTreeMap<String, String> {
        &self.status_words
    }

    /// What the system is asked for about edits.
    pub fn edits(&self) -> &EditsAsked {
        &self.edits
    }

    /// What a name stands for; what is not a setting is known later.
    pub fn known(&self, name: &str) -> NameMeaning {
        let value = match name.split_once('.') {
            Some(("settings", key)) => self.values.get(key).map(expose),
            Some(("hold", "permit")) => self.permit.clone(),
            Some(("hold", "why")) => self.why.clone(),
            Some(("hold", _)) if name.starts_with(OWN_PERMIT) => {
                name.strip_prefix(OWN_PERMIT).and_then(|place| self.permits.get(place.parse::<usize>().ok()?)).cloned()
            }
            // Those that there are stand before it: see `own_fields`.
            _ if name == OWN => None,
            _ => return NameMeaning::Later,
        };
        value.map_or(NameMeaning::Unset, NameMeaning::Is)
    }

    /// A text of the manifest with all that is known filled in. `Ok(None)` if it names an unset setting.
    pub fn bind(&self, text: &str) -> Result<Option<Template>, String> {
        Ok(Template::parse(text).map_err(|e| e.to_string())?.bind(&|n| self.known(n)))
    }

    /// As [`Settings::bind`], for texts that name nothing but settings.
    pub fn text(&self, text: &str) -> Result<Option<String>, String> {
        Ok(self.bind(text)?.map(|t| t.text()))
    }

    /// A value of the manifest with the names in its texts filled in. `Ok(None)` if one names an unset setting.
    pub fn value(&self, value: &toml::Value) -> Result<Option<toml::Value>, String> {
        match value {
            toml::Value::String(text) => Ok(self.text(text)?.map(toml::Value::String)),
            other => Ok(Some(other.clone())),
        }
    }

    /// A test with the names in its texts filled in. `Ok(None)`: it names an optional setting that is not given.
    pub fn test(&self, test: &Test) -> Result<Option<Test>, String> {
        let Some(path) = self.text(&test.path)? else { return Ok(None) };
        let mut out = Test { path, equals: None, one_of: None, contains: None, empty: test.empty };
        if let Some(value) = &test.equals {
            match self.value(value)? {
                Some(value) => out.equals = Some(value),
                None => return Ok(None),
            }
        }
        if let Some(text) = &test.contains {
            match self.text(text)? {
                Some(text) => out.contains = Some(text),
                None => return Ok(None),
            }
        }
        if let Some(values) = &test.one_of {
            let values: Vec<toml::Value> =
                values.iter().map(|v| self.value(v)).collect::<Result<Vec<_>, _>>()?.into_iter().flatten().collect();
            if values.is_empty() {
                return Ok(None);
            }
            out.one_of = Some(values);
        }
        Ok(Some(out))
    }

    /// A map of texts with all names filled in; an entry that names an unset setting is left out.
    pub fn map(&self, map: &BTreeMap<String, String>) -> Result<BTreeMap<String, String>, String> {
        let mut out = BTreeMap::new();
        for (from, to) in map {
            if let (Some(from), Some(to)) = (self.text(from)?, self.text(to)?) {
                out.insert(from, to);
            }
        }
        Ok(out)
    }

    /// What the system's own words in opt-out fields mean.
    pub fn refusal_words(&self) -> RefusalWords {
        RefusalWords::new(&self.refusal_words)
    }

    /// The fields that this account has not.
    pub fn lacks(&self) -> &[String] {
        &self.lacks
    }

    /// The values that no message may show.
    pub fn secrets(&self) -> impl Iterator<Item = &SecretString> {
        self.values.values().filter_map(|v| match v {
            SettingValue::Secret(secret) => Some(secret),
            SettingValue::Plain(_) => None,
        })
    }
}

fn expose(value: &SettingValue) -> String {
    match value {
        SettingValue::Plain(text) => text.clone(),
        SettingValue::Secret(secret) => secret.expose_secret().to_string(),
    }
}

impl fmt::Debug for Settings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.values.keys()).finish()
    }
}
