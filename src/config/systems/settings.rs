//! A system's settings as its manifest asks for them; secrets come from the environment or from files, never from config.

use super::plain_http;
use crate::config::document::{Section, TomlEntry};
use crate::connector::manifest::{Auth, Setting};
use crate::connector::regular::{self, ReadFailure};
use crate::connector::{Manifest, SettingValue};
use crate::model::trimmed;
use secrecy::SecretString;
use std::collections::BTreeMap;
use std::path::Path;
use toml::de::DeValue;

/// A secret is a token or a key; a larger file is another file by mistake.
const SECRET_BYTES_MAX: usize = 64 * 1024;

const SECRET_FORM: &str = "{ env = \"NAME\" } or { file = \"path\" }";

/// What stands for a secret, or for a setting out of the environment, that is not looked up. It fits into an address.
pub const NOT_LOOKED_UP: &str = "not-looked-up";

/// The same where it is the whole address.
const ADDRESS_NOT_LOOKED_UP: &str = "https://not-looked-up.invalid";

/// Which secrets are looked up. Who connects nowhere needs none.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SecretsWanted<'a> {
    All,
    /// Those of one system, and of the way there.
    Of(&'a str),
    None,
}

/// What config may read beside its own files.
#[derive(Clone, Copy)]
pub struct Outside<'a> {
    /// The config folder; relative paths begin there.
    pub folder: &'a Path,
    pub env: &'a dyn Fn(&str) -> Option<String>,
    /// Whether secrets are looked up; else only their form is.
    pub looks_up: bool,
}

/// Where a value lies that does not stand in the file.
enum SecretPlace<'e> {
    Variable(TomlEntry<'e>),
    File(TomlEntry<'e>),
}

/// Whether a name looks like an environment variable's. What does not may be a secret in the wrong place, and is not repeated.
pub fn looks_like_env(name: &str) -> bool {
    let inside = |b: u8| b.is_ascii_uppercase() || b.is_ascii_digit() || b == b'_';
    !name.is_empty() && !name.starts_with(|c: char| c.is_ascii_digit()) && name.bytes().all(inside)
}

impl Outside<'_> {
    /// A secret given as `{ env = "NAME" }` or `{ file = "path" }`. The text is freed of blanks and byte order marks at its ends.
    pub fn secret(&self, entry: &TomlEntry, title: &str) -> Option<SecretString> {
        if matches!(entry.value, DeValue::String(_) | DeValue::Integer(_)) {
            let said = format!("{:?} ({title}) is a secret and must not stand in the file", entry.key);
            entry.report(said, format!("expected {SECRET_FORM}; whoever could read the file knows it: get a new one"));
            return None;
        }
        let DeValue::Table(_) = entry.value else {
            entry.wrong_kind(SECRET_FORM);
            return None;
        };
        let place = place(entry)?;
        let text = if self.looks_up { self.indirect(entry, &place)? } else { NOT_LOOKED_UP.to_string() };
        Some(SecretString::from(text))
    }

    /// The text behind `{ env = .. }` or `{ file = .. }`.
    fn indirect(&self, entry: &TomlEntry, place: &SecretPlace) -> Option<String> {
        let text = match place {
            SecretPlace::Variable(name) => self.variable(name)?,
            SecretPlace::File(path) => self.file(path)?,
        };
        let text = trimmed(&text);
        if text.is_empty() {
            entry.report(format!("what {:?} points to is empty", entry.key), "put the value there");
            return None;
        }
        Some(text.to_string())
    }

    /// The same for a setting that is no secret. Who connects nowhere may lack it; where it is at hand it is used, as it may be the address.
    fn indirect_setting(&self, entry: &TomlEntry, base_url: &str) -> Option<String> {
        let place = place(entry)?;
        let at_hand = match &place {
            SecretPlace::Variable(name) => (self.env)(name.filled_text()?).is_some(),
            SecretPlace::File(path) => self.folder.join(path.filled_text()?).is_file(),
        };
        if self.looks_up || at_hand {
            return self.indirect(entry, &place);
        }
        let whole = base_url.starts_with(&slot(entry.key));
        Some(if whole { ADDRESS_NOT_LOOKED_UP } else { NOT_LOOKED_UP }.to_string())
    }

    fn variable(&self, entry: &TomlEntry) -> Option<String> {
        let name = entry.filled_text()?;
        let value = (self.env)(name);
        if value.is_none() {
            let shown =
                if looks_like_env(name) { format!("environment variable {name}") } else { "environment variable named here".into() };
            entry
                .report(format!("the {shown} is not set"), "set it for the process that runs nayose; the name stands here, not the secret");
        }
        value
    }

    fn file(&self, entry: &TomlEntry) -> Option<String> {
        let text = String::from_utf8(self.bytes(entry, SECRET_BYTES_MAX)?).ok();
        if text.is_none() {
            entry.report("the file holds no text", "expected a file with just the secret, at most 64 KiB");
        }
        text
    }

    /// The file that an entry names, up to so many bytes.
    pub fn bytes(&self, entry: &TomlEntry, max: usize) -> Option<Vec<u8>> {
        let path = entry.filled_text()?;
        match regular::read(&self.folder.join(path), max) {
            Ok(bytes) => Some(bytes),
            Err(why) => {
                let hint = match why {
                    ReadFailure::NotRegular => {
                        "expected a file, or a link to one; what comes through a pipe can be given by { env = \"NAME\" }"
                    }
                    ReadFailure::TooLarge { .. } => "expected a file with just that in it",
                    ReadFailure::Missing | ReadFailure::Other(_) => "a relative path begins at the config folder",
                };
                entry.report(why.to_string(), hint);
                None
            }
        }
    }

    /// The settings that a manifest asks for, as far as they are given. Defaults are the connector's to fill in. `in_the_open`: its
    /// credential may go over plain HTTP.
    pub fn settings(&self, section: &mut Section, manifest: &Manifest, in_the_open: bool) -> BTreeMap<String, SettingValue> {
        let given: BTreeMap<&str, TomlEntry> = manifest.settings.keys().filter_map(|n| Some((n.as_str(), section.get(n)?))).collect();
        let open = |name: &str| !given.contains_key(name);
        let defaults = manifest.settings.iter().filter(|(n, _)| open(n)).filter_map(|(n, s)| Some((n.as_str(), s.default.as_deref()?)));
        let defaults: BTreeMap<&str, &str> = defaults.collect();
        for (name, setting) in &manifest.settings {
            // An optional setting that another's default is made of can be left out no more than the other.
            let needed = defaults.values().any(|d| d.contains(&slot(name)));
            if open(name) && setting.default.is_none() && (!setting.optional || needed) {
                missing(section, name, setting, &manifest.title);
            }
        }
        let address = defaults.iter().fold(manifest.base_url.clone(), |address, (name, default)| address.replace(&slot(name), default));
        let read = |(name, entry): (&&str, &TomlEntry)| Some((name.to_string(), self.setting(entry, &manifest.settings[*name], &address)?));
        let read: BTreeMap<String, SettingValue> = given.iter().filter_map(read).collect();
        if !in_the_open && proves_itself(manifest) && addresses(manifest, &read, &defaults).any(|a| plain_http::leaves_in_the_open(&a)) {
            let (said, hint) = plain_http::told("its credential", &section.title);
            let address = given.iter().find(|(name, _)| manifest.base_url.starts_with(&slot(name)));
            let at = address.map_or(section.at.clone(), |(_, entry)| entry.at.clone());
            section.sheet.report(at, said, hint);
        }
        read
    }

    fn setting(&self, entry: &TomlEntry, setting: &Setting, base_url: &str) -> Option<SettingValue> {
        if setting.secret {
            return self.secret(entry, &setting.title).map(SettingValue::Secret);
        }
        let text = match entry.value {
            DeValue::Table(_) => self.indirect_setting(entry, base_url)?,
            DeValue::Integer(number) if number.radix() == 10 => number.as_str().to_string(),
            _ => trimmed(entry.filled_text()?).to_string(),
        };
        let text = in_address(entry, text, base_url, setting)?;
        Some(SettingValue::Plain(text))
    }
}

/// What `{ env = .. }` or `{ file = .. }` names.
fn place<'e>(entry: &TomlEntry<'e>) -> Option<SecretPlace<'e>> {
    let mut section = entry.table(&format!("{:?}", entry.key), &crate::config::document::keys::SECRET)?;
    let (env, file) = (section.get("env"), section.get("file"));
    let empty = section.is_empty();
    section.finish();
    match (env, file) {
        (Some(env), None) => Some(SecretPlace::Variable(env)),
        (None, Some(file)) => Some(SecretPlace::File(file)),
        // Only keys that `finish` has told already.
        (None, None) if !empty => None,
        _ => {
            entry.report(format!("{:?} needs either env or file", entry.key), format!("expected {SECRET_FORM}"));
            None
        }
    }
}

fn missing(section: &Section, name: &str, setting: &Setting, title: &str) {
    let form = match (&setting.example, setting.secret) {
        (_, true) => format!("; {name} = {{ env = \"NAME\" }}"),
        (Some(example), false) => format!("; {name} = {example:?}"),
        (None, false) => String::new(),
    };
    let said = format!("{} lacks {name:?}: {} of {title}", section.title, setting.title);
    section.report(said, format!("{}{form}", setting.find.trim_end_matches('.')));
}

/// Whether requests carry anything that others must not read.
fn proves_itself(manifest: &Manifest) -> bool {
    !matches!(manifest.auth, Auth::None {}) || manifest.settings.values().any(|s| s.secret)
}

/// Where requests go that carry the credential, as far as the settings are there.
fn addresses(
    manifest: &Manifest,
    given: &BTreeMap<String, SettingValue>,
    defaults: &BTreeMap<&str, &str>,
) -> impl Iterator<Item = reqwest::Url> {
    let sign_in = match &manifest.auth {
        Auth::ClientCredentials { base_url, .. } => base_url.as_deref(),
        _ => None,
    };
    let filled = |template: &str| {
        // What a default names is given or a default itself.
        let with_defaults = defaults.iter().fold(template.to_string(), |text, (name, default)| text.replace(&slot(name), default));
        given.iter().fold(with_defaults, |text, (name, value)| match value {
            SettingValue::Plain(value) => text.replace(&slot(name), value),
            SettingValue::Secret(_) => text,
        })
    };
    let all: Vec<String> = [Some(manifest.base_url.as_str()), sign_in].into_iter().flatten().map(filled).collect();
    all.into_iter().filter_map(|text| reqwest::Url::parse(&text).ok())
}

/// A setting's place in a template.
fn slot(name: &str) -> String {
    format!("{{settings.{name}}}")
}

/// A setting that is part of the system's address must make one. `base_url` is the manifest's, with the defaults in use filled in.
fn in_address(entry: &TomlEntry, text: String, base_url: &str, setting: &Setting) -> Option<String> {
    let slot = slot(entry.key);
    let example = setting.example.as_ref().map(|e| format!(", as {e:?}")).unwrap_or_default();
    let Some(at) = base_url.find(&slot) else { return Some(text) };
    if at == 0 {
        let text = text.trim_end_matches('/').to_string();
        let why = match reqwest::Url::parse(&text) {
            Ok(url) if !matches!(url.scheme(), "http" | "https") => "it begins with neither https:// nor http://",
            Ok(url) if !url.username().is_empty() || url.password().is_some() => "it holds a user name or password",
            Ok(url) if url.query().is_some() || url.fragment().is_some() => "it holds a ? or #",
            Ok(_) => return Some(text),
            Err(_) => "it is no URL",
        };
        entry.report(format!("{:?} cannot be used as address: {why}", entry.key), format!("expected https://HOST{example}"));
        return None;
    }
    let in_host = base_url.find("://").is_some_and(|scheme| !base_url[scheme + 3..at.max(scheme + 3)].contains('/'));
    let one_label = base_url[at + slot.len()..].starts_with('.');
    let bad = |c: char| !(c.is_ascii_alphanumeric() || c == '-' || (c == '.' || c == ':') && !one_label);
    if in_host && text.contains(bad) {
        let form = base_url.replacen(&slot, &format!("<{}>", entry.key), 1);
        entry.report(format!("{:?} does not fit into {form}", entry.key), format!("expected only the part in <>{example}"));
        return None;
    }
    Some(text)
}
