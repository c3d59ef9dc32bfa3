//! What may stay as it is: words that the manifest itself holds, since they decide, and plain yes and no. Everything else is somebody's.

use crate::connector::manifest::{FieldMap, Manifest, Page, Paths, RecordMap, TimeFormat};
use crate::connector::port::SystemSettings;
use crate::connector::raw::plain::{known_words, plain};
use serde_json::Value as Json;
use std::collections::BTreeSet;

/// Shorter numbers stay everywhere: they are no ids by which somebody is found, and too few to stand for each other.
pub const NUMBER_MIN: usize = 4;

/// Keys of a manifest whose values are words of ours.
const OWN_KEYS: [&str; 13] =
    ["entity", "kind", "method", "type", "format", "is", "scope", "topic", "since", "stream", "carried_by", "every", "overlap"];

/// The words that a recording may hold.
#[derive(Debug, Clone, Default)]
pub struct HarmlessWords {
    /// In the plain form: texts of the manifest and the parts they are made of.
    words: BTreeSet<String>,
    /// Texts that stand before a value of somebody's: a label's, an id's in a note.
    pub prefixes: Vec<String>,
    /// The last names of paths where a number is a time.
    pub times: BTreeSet<String>,
    /// Where a number counts records.
    pub counts: BTreeSet<String>,
    /// Names of the parameters that say how large a page is.
    pub sizes: BTreeSet<String>,
    /// Names of objects that are keyed by something of a record.
    pub keyed: BTreeSet<String>,
}

impl HarmlessWords {
    pub fn of(manifest: &Manifest, given: &SystemSettings) -> HarmlessWords {
        let mut words = HarmlessWords::default();
        known_words().for_each(|word| words.add(word));
        let said = serde_json::json!({ "streams": manifest.streams, "writes": manifest.writes, "errors": manifest.errors, "instance": manifest.instance });
        words.add_all(&said, false);
        for text in [&given.permit, &given.why].into_iter().flatten().chain(given.permits.values()).chain(given.refusal_words.keys()) {
            words.add(text);
        }
        given.status_words.values().for_each(|word| words.add(word));
        let mut requests = manifest.streams.values().flat_map(|s| s.requests()).collect::<Vec<_>>();
        requests.extend(manifest.writes.as_ref().map(|w| &w.read));
        for request in requests {
            words.counts.extend(request.total.iter().flat_map(Paths::as_slice).map(|path| last(path)));
            if let Page::Offset { size_param, .. } | Page::Number { size_param, .. } = &request.page {
                words.sizes.insert(size_param.clone());
            }
            words.keyed.extend(request.records.as_slice().iter().flat_map(|path| before_lists(path)));
        }
        for record in manifest.streams.values().filter_map(|s| s.record.as_ref()) {
            let times = [&record.changed_at, &record.created_at, &record.ended_at].into_iter().flatten().map(|t| t.parts());
            let fields = record.fields.values().filter_map(FieldMap::spec).filter_map(|f| Some((&*f.path, f.format?)));
            let numbers = |(path, format): (&str, TimeFormat)| matches!(format, TimeFormat::UnixS | TimeFormat::UnixMs).then(|| last(path));
            words.times.extend(times.chain(fields).filter_map(numbers));
            words.keyed.extend(record.places().flat_map(before_lists));
            words.add_codes(record);
            words.prefixes.extend(record.marks.values().filter_map(|m| m.prefix.clone()));
            words.prefixes.extend(record.same_as.iter().filter_map(|s| s.prefix.clone()));
        }
        words.prefixes.retain(|prefix| !prefix.contains('{') && !prefix.is_empty());
        words
    }

    fn add(&mut self, text: &str) {
        let texts = std::iter::once(text).chain(parts(text)).filter(|part| !is_number(part));
        self.words.extend(texts.map(|part| plain(part).into_owned()));
    }

    /// Adds what a value is compared with, be it a number: it stays, since it decides.
    fn add_codes(&mut self, record: &RecordMap) {
        let tests = record.state.iter().map(|rule| &rule.when).chain(record.refusals.iter().map(|rule| &rule.when)).chain(&record.deleted);
        let values = tests.flat_map(|test| test.equals.iter().chain(test.one_of.iter().flatten()));
        let values = values.map(|value| value.as_str().map_or_else(|| value.to_string(), str::to_string));
        let codes = record.fields.values().filter_map(FieldMap::spec).flat_map(|field| field.map.keys().cloned());
        self.words.extend(values.chain(codes).map(|code| plain(&code).into_owned()));
    }

    /// Adds what a manifest says of the system; its own words for kinds and forms are not the system's, and may be somebody's name.
    fn add_all(&mut self, value: &Json, in_request: bool) {
        match value {
            Json::String(text) => self.add(text),
            Json::Array(items) => items.iter().for_each(|item| self.add_all(item, in_request)),
            Json::Object(map) => {
                for (key, value) in map.iter().filter(|(key, _)| in_request || !OWN_KEYS.contains(&key.as_str())) {
                    if in_request {
                        self.add(key);
                    }
                    self.add_all(value, in_request || matches!(key.as_str(), "query" | "body"));
                }
            }
            Json::Null | Json::Bool(_) | Json::Number(_) => {}
        }
    }

    /// Whether a whole text may stay: known words, or marks and a few digits: they tell of nobody.
    pub fn may_stay(&self, text: &str) -> bool {
        let stays = |text: &str| is_short(text) || self.words.contains(&*plain(text));
        stays(text) || parts(text).all(|part| !is_number(part) && stays(part))
    }
}

/// Marks and a few digits.
fn is_short(text: &str) -> bool {
    !text.chars().any(char::is_alphabetic) && text.chars().filter(|c| c.is_numeric()).count() < NUMBER_MIN
}

/// A number as long as an id may be: a page's size is none of somebody's, and the id that is like it would be.
fn is_number(text: &str) -> bool {
    text.len() >= NUMBER_MIN && text.bytes().all(|b| b.is_ascii_digit())
}

/// The names and words that a text of a manifest is made of.
fn parts(text: &str) -> impl Iterator<Item = &str> {
    text.split(|c: char| !(c.is_alphanumeric() || matches!(c, '_' | '-'))).filter(|part| !part.is_empty())
}

fn last(path: &str) -> String {
    path.rsplit('.').next().unwrap_or(path).trim_end_matches("[]").to_string()
}

/// The names before each `[]`.
fn before_lists(path: &str) -> Vec<String> {
    let cut: Vec<&str> = path.split("[]").collect();
    let all_but_last = cut.len().saturating_sub(1);
    cut.into_iter().take(all_but_last).map(|part| part.rsplit('.').next().unwrap_or(part).to_string()).collect()
}
