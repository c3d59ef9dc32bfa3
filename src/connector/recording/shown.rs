//! One request and its answer, made harmless: keys, values, address and headers.

use super::dates;
use super::stand_ins::TELLING_MIN;
use super::taken::Taken;
use super::texts::Texts;
use super::words::{HarmlessWords, NUMBER_MIN};
use serde_json::{Map, Number, Value as Json, json};
use std::collections::BTreeSet;

/// Kinds of answers; any other is told as a text.
const TYPES: [&str; 6] = ["application/json", "text/html", "text/plain", "text/csv", "application/xml", "text/xml"];

/// Where a value stands.
#[derive(Clone, Copy, Default)]
struct Place<'p> {
    /// The name of the value, or of the list that it is in.
    key: &'p str,
    /// The names in it are something of a record.
    is_keyed: bool,
}

impl Place<'_> {
    /// Of an entry of a list: its names are those of its fields.
    fn in_list(self) -> Self {
        Place { is_keyed: false, ..self }
    }
}

impl Texts<'_> {
    /// An exchange as a file holds it. `of`: the request as examples name it.
    pub fn exchange(&mut self, of: Option<&str>, taken: &Taken) -> Json {
        let query = taken.query.iter().map(|(name, value)| {
            let is_size = self.words.sizes.contains(name) && value.bytes().all(|b| b.is_ascii_digit());
            json!([self.asked(name), if is_size { value.clone() } else { self.asked(value) }])
        });
        let query: Vec<Json> = query.collect();
        let request = taken.request.as_deref().map_or(Json::Null, |body| self.request_body(body));
        let headers: Map<String, Json> =
            taken.headers.iter().map(|(name, value)| (name.clone(), json!(self.header(name, value)))).collect();
        let mut answer = json!({"status": taken.status, "headers": headers});
        match serde_json::from_slice::<Json>(&taken.body) {
            Ok(body) => answer["body"] = self.value(&body, Place::default()),
            Err(_) if taken.body.is_empty() => {}
            Err(_) => answer["text"] = json!(self.text(&String::from_utf8_lossy(&taken.body))),
        }
        json!({"of": of, "request": {"method": taken.method, "path": self.path(&taken.path), "query": query, "body": request}, "answer": answer})
    }

    /// What a request says is the manifest's, word by word; the rest of it is somebody's.
    fn asked(&mut self, text: &str) -> String {
        let is_mark = |c: char| !(c.is_alphanumeric() || matches!(c, '_' | '-'));
        let is_known = |part: &str| part.chars().any(char::is_alphabetic) && self.words.may_stay(part);
        if !text.split(is_mark).any(is_known) {
            return self.text(text);
        }
        let mut out = String::new();
        for part in text.split_inclusive(is_mark) {
            let bare = part.trim_end_matches(is_mark);
            out.push_str(&self.text(bare));
            out.push_str(&part[bare.len()..]);
        }
        out
    }

    fn request_body(&mut self, body: &[u8]) -> Json {
        let Ok(body) = serde_json::from_slice::<Json>(body) else { return Json::Null };
        self.value(&body, Place::default())
    }

    fn header(&mut self, name: &str, value: &str) -> String {
        match name {
            "content-type" => {
                let kind = value.split(';').next().unwrap_or_default().trim().to_lowercase();
                if TYPES.contains(&kind.as_str()) { kind } else { self.text(value) }
            }
            "retry-after" if value.len() < NUMBER_MIN && value.bytes().all(|b| b.is_ascii_digit()) => value.to_string(),
            _ => self.text(value),
        }
    }

    fn value(&mut self, value: &Json, place: Place<'_>) -> Json {
        match value {
            Json::Null | Json::Bool(_) => value.clone(),
            Json::String(text) => Json::from(self.in_place(text, place)),
            Json::Number(number) => self.number_at(number, place),
            Json::Array(items) => Json::Array(items.iter().map(|item| self.value(item, place.in_list())).collect()),
            Json::Object(map) => {
                let is_keyed = place.is_keyed || are_alike(map);
                let mut out = Map::new();
                for (key, value) in map {
                    let at = Place { key, is_keyed: self.words.keyed.contains(key) };
                    let made = if is_name(self.words, key, is_keyed) { key.clone() } else { self.text(key) };
                    out.insert(made, self.value(value, at));
                }
                Json::Object(out)
            }
        }
    }

    fn in_place(&mut self, text: &str, place: Place<'_>) -> String {
        let is_time = self.words.times.contains(place.key);
        match text.parse::<i64>().ok().filter(|_| is_time && !self.in_pieces.contains(text)) {
            Some(at) => dates::moved_number(at, self.stand_ins.days).to_string(),
            None => self.text(text),
        }
    }

    /// A number that counts stays, a time moves, and of any other with so many digits as an id has the digits are others.
    fn number_at(&mut self, number: &Number, place: Place<'_>) -> Json {
        let text = number.to_string();
        let digits: String = text.chars().filter(char::is_ascii_digit).collect();
        if digits.len() < NUMBER_MIN || self.words.counts.contains(place.key) || self.words.may_stay(&text) {
            return Json::Number(number.clone());
        }
        if let Some(at) = number.as_i64().filter(|_| self.words.times.contains(place.key) && !self.in_pieces.contains(&text)) {
            return json!(dates::moved_number(at, self.stand_ins.days));
        }
        let made = self.digits(&digits);
        let mut made = made.chars();
        let spelled: String = text.chars().map(|c| if c.is_ascii_digit() { made.next().unwrap_or('1') } else { c }).collect();
        // A number with an exponent may be none any more.
        serde_json::from_str::<Number>(&spelled).map_or_else(|_| json!(digits.len()), Json::Number)
    }
}

/// Whether a key is the name of a field, and stays: one of the manifest's, or a plain name where names of fields stand.
fn is_name(words: &HarmlessWords, key: &str, is_keyed: bool) -> bool {
    let plain = key.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && key.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-'));
    let is_number = key.bytes().filter(u8::is_ascii_digit).count() >= NUMBER_MIN;
    words.may_stay(key) || plain && !is_keyed && !is_number
}

/// Several objects of the same form beside each other are records, and their names what they are found by.
fn are_alike(map: &Map<String, Json>) -> bool {
    let mut objects = map.values().map(Json::as_object);
    let Some(Some(first)) = objects.next() else { return false };
    map.len() > 1 && objects.all(|object| object.is_some_and(|object| object.keys().eq(first.keys())))
}

/// All that was there and may not stay: texts, numbers, keys and parts of addresses.
pub fn all_there(words: &HarmlessWords, taken: &[Taken]) -> BTreeSet<String> {
    let mut there = BTreeSet::new();
    for one in taken {
        let texts = one
            .query
            .iter()
            .filter(|(name, _)| !words.sizes.contains(name))
            .map(|(_, value)| value.as_str())
            .chain(one.headers.iter().map(|(_, value)| value.as_str()));
        // A date is one value, and its hour and minute are none.
        let parts_of =
            |text: &str| if dates::is_date(text) { vec![text.to_string()] } else { text.split(is_between).map(str::to_string).collect() };
        let parts = one.path.split('/').map(str::to_string).chain(texts.flat_map(parts_of));
        parts.for_each(|part| note(words, &part, &mut there));
        for body in [one.request.as_deref(), Some(&*one.body)].into_iter().flatten() {
            match serde_json::from_slice::<Json>(body) {
                Ok(body) => collect(words, &body, Place::default(), &mut there),
                Err(_) => String::from_utf8_lossy(body).split_whitespace().for_each(|word| note(words, word, &mut there)),
            }
        }
    }
    there
}

/// What stands between the values of a query or a header.
fn is_between(c: char) -> bool {
    !(c.is_alphanumeric() || matches!(c, '_' | '-' | '@' | '.'))
}

fn note(words: &HarmlessWords, text: &str, there: &mut BTreeSet<String>) {
    if text.chars().count() >= TELLING_MIN
        && !words.may_stay(text)
        && !dates::tells_nothing(text)
        && !IN_EACH.iter().any(|fixed| fixed.contains(&text.to_lowercase()))
    {
        there.insert(text.to_lowercase());
    }
}

/// What stands in each recording, whatever was there: parts of these are no sign of it.
const IN_EACH: [&str; 8] =
    [".example.com", "https://", "http://", "application/json", "text/html", "text/plain", "text/csv", "application/xml text/xml"];

fn collect(words: &HarmlessWords, value: &Json, place: Place<'_>, there: &mut BTreeSet<String>) {
    match value {
        Json::Null | Json::Bool(_) => {}
        Json::String(text) => note(words, text, there),
        Json::Number(number) => {
            if !words.counts.contains(place.key) {
                note(words, &number.to_string(), there);
            }
        }
        Json::Array(items) => items.iter().for_each(|item| collect(words, item, place.in_list(), there)),
        Json::Object(map) => {
            let is_keyed = place.is_keyed || are_alike(map);
            for (key, value) in map {
                if !is_name(words, key, is_keyed) {
                    note(words, key, there);
                }
                collect(words, value, Place { key, is_keyed: words.keyed.contains(key) }, there);
            }
        }
    }
}
