//! What every check of a manifest does: tells mistakes, reads templates, paths and tests.

use crate::connector::manifest::{HOLD, Manifest, Test};
use crate::connector::raw::conditions::RowTest;
use crate::connector::raw::paths::Path;
use crate::connector::raw::templates::{NameMeaning, Template};
use crate::model::{DealState, Entity, TicketState};

/// A mistake and the keys that lead to it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wrong {
    pub at: Vec<String>,
    pub why: String,
}

impl Wrong {
    /// `streams.deals.open: why`
    pub fn message(&self) -> String {
        if self.at.is_empty() { self.why.clone() } else { format!("{}: {}", self.at.join("."), self.why) }
    }
}

/// A manifest, and what is wrong with it.
pub(in crate::connector) struct Checker<'m> {
    pub manifest: &'m Manifest,
    pub wrong: Vec<Wrong>,
}

impl Checker<'_> {
    pub fn fail(&mut self, at: &[&str], why: impl Into<String>) {
        self.wrong.push(Wrong { at: at.iter().map(|k| k.to_string()).collect(), why: why.into() });
    }

    pub fn fail_if(&mut self, wrong: bool, at: &[&str], why: &str) {
        if wrong {
            self.fail(at, why);
        }
    }

    /// A template may name declared settings and `allowed`.
    pub fn template(&mut self, at: &[&str], text: &str, allowed: &[&str]) {
        let template = match Template::parse(text) {
            Ok(template) => template,
            Err(e) => return self.fail(at, e.to_string()),
        };
        for name in template.names() {
            let known = match name.strip_prefix("settings.") {
                Some(setting) => self.manifest.settings.contains_key(setting),
                None => allowed.contains(&name),
            };
            if !known {
                let mut may: Vec<String> = allowed.iter().map(|n| format!("{{{n}}}")).collect();
                may.extend(self.manifest.settings.keys().map(|n| format!("{{settings.{n}}}")));
                self.fail(at, format!("{{{name}}} means nothing here; there are: {}", may.join(", ")));
            }
        }
    }

    pub fn path(&mut self, at: &[&str], text: &str) {
        if let Err(e) = Path::parse(text) {
            self.fail(at, e.to_string());
        }
    }

    /// A test whose texts are not filled in.
    pub fn test(&mut self, at: &[&str], test: &Test) {
        if let Err(why) = RowTest::new(test) {
            self.fail(at, why);
        }
    }

    /// A test of a record, whose texts are templates.
    pub fn record_test(&mut self, at: &[&str], test: &Test) {
        let texts = test.equals.iter().chain(test.one_of.iter().flatten()).filter_map(toml::Value::as_str);
        for text in [Some(&*test.path), test.contains.as_deref()].into_iter().flatten().chain(texts) {
            self.template(at, text, &HOLD);
        }
        // As it will be with something in place of each name.
        let filled = Test { path: sample(&test.path), ..test.clone() };
        self.test(at, &filled);
    }

    /// A value that is a template where it is a text.
    pub fn template_value(&mut self, at: &[&str], value: &toml::Value, allowed: &[&str]) {
        if let Some(text) = value.as_str() {
            self.template(at, text, allowed);
        }
    }

    pub fn state_name(&mut self, at: &[&str], entity: Entity, state: &str) {
        let (known, names) = match entity {
            Entity::Deal => (DealState::parse(state).is_some(), "open, won, lost"),
            _ => (TicketState::parse(state).is_some(), "open, closed"),
        };
        if !known {
            self.fail(at, format!("{state:?} is no state; there are: {names}"));
        }
    }
}

/// A template with some text in place of each name.
pub(in crate::connector) fn sample(text: &str) -> String {
    let bound = Template::parse(text).ok().and_then(|t| t.bind(&|_| NameMeaning::Is("x".to_string())));
    bound.map_or_else(|| text.to_string(), |t| t.text())
}
