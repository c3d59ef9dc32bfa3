//! One TOML file with the place of everything in it, read key by key so that no mistake hides another.

pub(in crate::config) mod example_keys;
pub(in crate::config) mod keys;
pub(in crate::config) mod mistake;
pub(in crate::config) mod nearest;
pub(in crate::config) mod quoted;
pub(in crate::config) mod redact;
pub(in crate::config) mod schema;
pub(in crate::config) mod shown;
pub(in crate::config) mod width;

use crate::config::document::keys::TableKeys;
use crate::config::document::mistake::Mistake;
use crate::config::document::nearest::choices;
use crate::connector::trimmed;
use crate::model::{Name, Span};
use indexmap::IndexSet;
use std::cell::{Cell, RefCell};
use std::collections::HashSet;
use std::ops::Range;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

/// The bytes of a file, by offset.
pub type TextPlace = Range<usize>;

/// Mistakes of a file that are told; with more, it is another file by mistake.
const MISTAKES_TOLD_MAX: usize = 1_000;

/// No duration of the config is longer.
const LONGEST: Span = Span::days(36_500);

/// A file's text and the mistakes found in it so far.
pub struct ConfigSheet<'a> {
    pub file: &'a str,
    pub text: &'a str,
    /// Where each line begins.
    lines: Vec<usize>,
    mistakes: RefCell<Vec<Mistake>>,
    /// With those that are not told.
    found: Cell<usize>,
    /// What was read otherwise than it stands, for the admin to know.
    notes: RefCell<Vec<String>>,
    /// How many of them say that the file is not TOML, where that leaves doubt about the rest.
    doubtful_after: Cell<Option<usize>>,
}

impl<'a> ConfigSheet<'a> {
    pub fn new(file: &'a str, text: &'a str) -> ConfigSheet<'a> {
        let lines = std::iter::once(0).chain(text.match_indices('\n').map(|(at, _)| at + 1)).collect();
        let (mistakes, notes) = (RefCell::default(), RefCell::default());
        ConfigSheet { file, text, lines, mistakes, found: Cell::new(0), notes, doubtful_after: Cell::new(None) }
    }

    /// The file's table, as far as it can be read, and whether all of it could.
    pub fn parse(&self) -> (DeTable<'a>, bool) {
        let (table, errors) = DeTable::parse_recoverable(self.text);
        let mut last = (0, None);
        for error in &errors {
            let at = error.span().unwrap_or(0..0);
            let line = self.line(&at);
            if last.0 != line {
                last = (line, self.text_of(line).and_then(width::misplaced));
            } else if last.1.is_some() {
                // What stands in the place of a quote or a comma makes several mistakes of one.
                continue;
            }
            let hint = match (error.message(), &last.1) {
                ("duplicate key", _) => "each key stands once in its table; remove one of the two".to_string(),
                (_, Some(odd)) => format!("the line has {odd}"),
                _ => "text stands in quotes, a table begins with [name], all else is key = value".to_string(),
            };
            self.report(at, format!("not TOML: {}", error.message()), hint);
        }
        if errors.iter().any(|e| e.message() != "duplicate key") {
            self.doubtful_after.set(Some(self.found.get()));
        }
        (table.into_inner(), errors.is_empty())
    }

    pub fn report(&self, at: TextPlace, text: impl Into<String>, expected: impl Into<String>) {
        self.found.set(self.found.get() + 1);
        if self.found.get() > MISTAKES_TOLD_MAX {
            return;
        }
        let span = self.on_characters(at);
        let line = self.line_of(span.start);
        let column = 1 + self.text[self.lines[line - 1]..span.start].chars().count();
        let mut expected = expected.into();
        if let Some(odd) = width::within(&self.text[span.clone()])
            && !expected.contains(&odd)
        {
            expected = format!("it has {odd}; {expected}");
        }
        let mistake = Mistake { file: self.file.to_string().into(), line, column, span: Some(span), text: text.into(), expected };
        self.mistakes.borrow_mut().push(mistake);
    }

    /// Mistakes so far.
    pub fn said(&self) -> usize {
        self.found.get()
    }

    /// Says something of a place that is no mistake.
    pub fn note(&self, at: &TextPlace, text: impl std::fmt::Display) {
        self.notes.borrow_mut().push(format!("{}:{}: {text}", self.file, self.line(at)));
    }

    /// All that was said so.
    pub fn notes(&self) -> Vec<String> {
        self.notes.borrow().clone()
    }

    /// The mistakes, and how many more there are. In a file that is not TOML, keys land in the wrong table; what is said of them would
    /// mislead and is left out.
    pub fn mistakes(self) -> (Vec<Mistake>, usize) {
        let count = self.found.get().min(self.doubtful_after.get().unwrap_or(usize::MAX));
        let mut mistakes = self.mistakes.into_inner();
        mistakes.truncate(count);
        let more = count - mistakes.len();
        (mistakes, more)
    }

    /// The line of a place, from 1.
    pub fn line(&self, at: &TextPlace) -> usize {
        self.line_of(self.on_characters(at.clone()).start)
    }

    /// The text of a line (from 1).
    fn text_of(&self, line: usize) -> Option<&'a str> {
        self.text.get(*self.lines.get(line - 1)?..)?.lines().next()
    }

    fn line_of(&self, offset: usize) -> usize {
        self.lines.partition_point(|begin| *begin <= offset)
    }

    /// The name of a rule: `policy.toml:4`.
    pub fn rule(&self, at: &TextPlace) -> Name {
        format!("{}:{}", self.file, self.line(at)).into()
    }

    /// The same place, inside the text and never within a character.
    fn on_characters(&self, at: TextPlace) -> TextPlace {
        let start = floor(self.text, at.start);
        start..floor(self.text, at.end).max(start)
    }
}

fn floor(text: &str, offset: usize) -> usize {
    (0..=offset.min(text.len())).rev().find(|i| text.is_char_boundary(*i)).unwrap_or(0)
}

/// A table whose keys are asked for one by one; `finish` reports those that nobody asked for.
pub struct Section<'a> {
    pub sheet: &'a ConfigSheet<'a>,
    /// As messages name it: `[holds.open_deal]`, or the file for its top level.
    pub title: String,
    /// Where to point for what is missing.
    pub at: TextPlace,
    table: &'a DeTable<'a>,
    keys: &'static TableKeys,
    asked: IndexSet<String>,
}

impl<'a> Section<'a> {
    pub fn top(sheet: &'a ConfigSheet<'a>, table: &'a DeTable<'a>, keys: &'static TableKeys) -> Section<'a> {
        Section { sheet, title: sheet.file.to_string(), at: 0..0, table, keys, asked: IndexSet::new() }
    }

    /// Asks for a key that may be missing.
    pub fn get(&mut self, key: &str) -> Option<TomlEntry<'a>> {
        debug_assert!(self.keys.rest.is_some() || self.keys.find(key).is_some(), "config/keys.rs has no {key:?} in {}", self.title);
        debug_assert!(self.keys.find(key).is_none_or(|k| !k.needed), "config/keys.rs says that {key:?} is needed");
        self.find(key)
    }

    fn find(&mut self, key: &str) -> Option<TomlEntry<'a>> {
        self.asked.insert(key.to_string());
        let (key, value) = self.table.get_key_value(key)?;
        Some(TomlEntry::new(self.sheet, key, value))
    }

    /// Asks for a key that must be there.
    pub fn need(&mut self, key: &str, expected: &str) -> Option<TomlEntry<'a>> {
        debug_assert!(self.keys.find(key).is_some_and(|k| k.needed), "config/keys.rs does not say that {key:?} is needed");
        let found = self.find(key);
        if found.is_none() {
            self.report(format!("{} lacks {key:?}", self.title), expected);
        }
        found
    }

    pub fn table(&mut self, key: &str, title: &str, keys: &'static TableKeys) -> Option<Section<'a>> {
        self.get(key)?.table(title, keys)
    }

    /// Every entry in the file's order, all asked for.
    pub fn entries(&mut self) -> Vec<TomlEntry<'a>> {
        let all: Vec<TomlEntry<'a>> = self.table.iter().map(|(k, v)| TomlEntry::new(self.sheet, k, v)).collect();
        self.asked.extend(all.iter().map(|e| e.key.to_string()));
        all
    }

    pub fn is_empty(&self) -> bool {
        self.table.is_empty()
    }

    pub fn report(&self, text: impl Into<String>, expected: impl Into<String>) {
        self.sheet.report(self.at.clone(), text, expected);
    }

    /// Reports the keys that were never asked for.
    pub fn finish(self) {
        debug_assert!(self.keys.names().all(|k| self.asked.contains(k)), "a key of {} is not asked for", self.title);
        for (key, _) in self.table {
            let (name, at) = (key.get_ref().as_ref(), key.span());
            if self.keys.later.contains(&name) {
                self.sheet.report(at, format!("{name:?} is not in this version"), format!("take it out of {}", self.title));
            } else if !self.asked.contains(name) {
                let text = format!("unknown key {name:?} in {}", self.title);
                let known = choices(name, self.asked.iter().map(String::as_str));
                self.sheet.report(at, text, known.within(self.keys.elsewhere));
            }
        }
    }
}

/// A key with its value, or an entry of a list with its list's key.
#[derive(Clone)]
pub struct TomlEntry<'a> {
    pub sheet: &'a ConfigSheet<'a>,
    pub key: &'a str,
    pub key_at: TextPlace,
    pub value: &'a DeValue<'a>,
    pub at: TextPlace,
}

impl<'a> TomlEntry<'a> {
    fn new(sheet: &'a ConfigSheet<'a>, key: &'a Spanned<std::borrow::Cow<'a, str>>, value: &'a Spanned<DeValue<'a>>) -> TomlEntry<'a> {
        TomlEntry { sheet, key: key.get_ref(), key_at: key.span(), value: value.get_ref(), at: value.span() }
    }

    pub fn report(&self, text: impl Into<String>, expected: impl Into<String>) {
        self.sheet.report(self.at.clone(), text, expected);
    }

    /// A key of a table that is read elsewhere.
    pub fn within(&self, table: &'a DeTable<'a>, key: &str) -> Option<TomlEntry<'a>> {
        table.iter().find(|(name, _)| name.get_ref() == key).map(|(name, value)| TomlEntry::new(self.sheet, name, value))
    }

    /// Reports at a part of the text's value.
    pub fn report_within(&self, part: TextPlace, text: impl Into<String>, expected: impl Into<String>) {
        let raw = self.sheet.text.get(self.at.clone()).unwrap_or("");
        let at = quoted::within(raw, part);
        self.sheet.report(self.at.start + at.start..self.at.start + at.end, text, expected);
    }

    /// Reports that the value is of another kind than `expected`.
    pub fn wrong_kind(&self, expected: &str) {
        self.report(format!("{:?} is {}", self.key, kind(self.value)), format!("expected {expected}"));
    }

    pub fn text(&self) -> Option<&'a str> {
        match self.value {
            DeValue::String(text) => Some(text),
            _ => {
                self.wrong_kind("text in quotes");
                None
            }
        }
    }

    /// A text that is not blank, without blanks at its ends: to a system, a name with one is another name or none.
    pub fn filled_text(&self) -> Option<&'a str> {
        let text = self.text()?;
        if trimmed(text).is_empty() {
            self.report(format!("{:?} is empty", self.key), "expected some text, or leave the key out");
            return None;
        }
        let without = trimmed(text);
        if without.len() < text.len() {
            self.sheet.note(&self.at, format!("{:?} has blanks at its ends, which are left out", self.key));
        }
        Some(without)
    }

    pub fn bool(&self) -> Option<bool> {
        match self.value {
            DeValue::Boolean(b) => Some(*b),
            _ => {
                self.wrong_kind("true or false, without quotes");
                None
            }
        }
    }

    /// A whole number of at least 1.
    pub fn count(&self) -> Option<usize> {
        let number = match self.value {
            DeValue::Integer(i) => usize::from_str_radix(i.as_str(), i.radix()).ok().filter(|n| *n > 0),
            _ => None,
        };
        if number.is_none() {
            self.report(format!("{:?} is no whole number above zero", self.key), "expected a number without quotes, as 200");
        }
        number
    }

    /// A duration: `"15m"`.
    pub fn duration(&self) -> Option<Span> {
        const FORM: &str = "expected a number and a unit in quotes: \"500ms\", \"60s\", \"15m\", \"2h\", \"30d\"";
        let DeValue::String(text) = self.value else {
            self.report(format!("{:?} is {}, not a duration", self.key, kind(self.value)), FORM);
            return None;
        };
        let span = text.parse::<Span>().ok();
        match span {
            None => self.report(format!("{text:?} is no duration"), FORM),
            // Beyond it times run out.
            Some(span) if span > LONGEST => self.report(format!("{text:?} is more than a hundred years"), "expected 36500d or less"),
            Some(_) => {}
        }
        span
    }

    pub fn table(&self, title: &str, keys: &'static TableKeys) -> Option<Section<'a>> {
        let (sheet, at) = (self.sheet, self.key_at.clone());
        match self.value {
            DeValue::Table(table) => Some(Section { sheet, title: title.into(), at, table, keys, asked: IndexSet::new() }),
            _ => {
                self.wrong_kind("a table: [name] with lines below it, or { key = value, .. }");
                None
            }
        }
    }

    /// A table of a list: what it lacks is told at its own place.
    pub fn item(&self, title: &str, keys: &'static TableKeys) -> Option<Section<'a>> {
        Some(Section { at: self.at.clone(), ..self.table(title, keys)? })
    }

    /// A list with something in it.
    pub fn list(&self) -> Option<Vec<TomlEntry<'a>>> {
        let DeValue::Array(items) = self.value else {
            self.wrong_kind("a list: [\"a\", \"b\"]");
            return None;
        };
        if items.is_empty() {
            self.report(format!("{:?} is an empty list", self.key), "expected at least one entry, or leave the key out");
            return None;
        }
        let entry = |v: &'a Spanned<DeValue<'a>>| TomlEntry {
            sheet: self.sheet,
            key: self.key,
            key_at: self.key_at.clone(),
            value: v.get_ref(),
            at: v.span(),
        };
        Some(items.iter().map(entry).collect())
    }

    /// A list of texts without repetitions; what is wrong in it is reported and left out.
    pub fn texts(&self) -> Vec<(TomlEntry<'a>, &'a str)> {
        let (mut texts, mut seen) = (Vec::new(), HashSet::new());
        for entry in self.list().unwrap_or_default() {
            let Some(text) = entry.filled_text() else { continue };
            if !seen.insert(text) {
                entry.report(format!("{text:?} stands twice in {:?}", self.key), "remove one of the two");
            } else {
                texts.push((entry, text));
            }
        }
        texts
    }
}

/// What a value is, for messages.
fn kind(value: &DeValue) -> &'static str {
    match value {
        DeValue::String(_) => "text",
        DeValue::Integer(_) => "a whole number",
        DeValue::Float(_) => "a number",
        DeValue::Boolean(_) => "true or false",
        DeValue::Datetime(_) => "a date",
        DeValue::Array(_) => "a list",
        DeValue::Table(_) => "a table",
    }
}
