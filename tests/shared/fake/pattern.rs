//! A manifest's requests, compared with what a server is asked: which of them it is, and what its names stand for.

use super::Asked;
use nayose::connector::manifest::{Method, Page, Request};
use nayose::connector::raw::templates::{NameMeaning, Template};
use serde_json::Value as Json;
use std::collections::BTreeMap;

/// What the names of settings stand for, as far as they are given.
pub type Known = BTreeMap<String, String>;

/// What the names of a request stood for.
pub type Filled = BTreeMap<String, Json>;

/// These are known only when a request is made.
const LATER: [&str; 13] =
    ["since", "after_id", "ids", "ids_quoted", "id", "token", "label", "label_id", "rows", "row", "id_rows", "fields", "field"];

/// A text with the settings filled in; `None` where it names one that is not given.
pub fn bound(text: &str, known: &Known) -> Option<Template> {
    let meaning = |name: &str| match known.get(name) {
        Some(value) => NameMeaning::Is(value.clone()),
        None if LATER.contains(&name) => NameMeaning::Later,
        None => NameMeaning::Unset,
    };
    Template::parse(text).expect("manifests are checked").bind(&meaning)
}

/// The same as a text.
pub fn filled(text: &str, known: &Known) -> String {
    bound(text, known).map_or_else(String::new, |t| t.text())
}

/// A request as it will be asked.
pub struct Pattern {
    method: &'static str,
    path: Template,
    query: BTreeMap<String, Template>,
    body: Option<toml::Value>,
    page: Page,
    known: Known,
}

impl Pattern {
    /// `None`: it names a setting that is not given, and is off.
    pub fn new(request: &Request, before: &str, known: &Known) -> Option<Pattern> {
        let method = match request.method {
            Method::Get => "GET",
            Method::Post => "POST",
            Method::Put => "PUT",
            Method::Patch => "PATCH",
        };
        let path = bound(&format!("{before}{}", request.path), known)?;
        let query = request.query.iter().filter_map(|(name, text)| Some((name.clone(), bound(text, known)?))).collect();
        Some(Pattern { method, path, query, body: request.body.clone(), page: request.page.clone(), known: known.clone() })
    }

    /// What its names stand for in what was asked, and how much of it was literally the same; `None` where it is another request.
    pub fn meets(&self, asked: &Asked) -> Option<(usize, Filled)> {
        if asked.method != self.method {
            return None;
        }
        let mut filled = Filled::new();
        let mut same = text_meets(&self.path, &decoded(&asked.path), &mut filled)?;
        let (of_page, drops) = page_names(&self.page);
        for (name, template) in &self.query {
            match asked.query.get(name) {
                Some(value) => same += text_meets(template, value, &mut filled)?,
                None if drops.contains(name) => {}
                None => return None,
            }
        }
        if asked.query.keys().any(|name| !self.query.contains_key(name) && !of_page.contains(name)) {
            return None;
        }
        match &self.body {
            Some(body) => same += body_meets(body, &asked.body, &self.known, &of_page, &mut filled)?,
            None if !asked.body.is_null() => return None,
            None => {}
        }
        Some((same, filled))
    }
}

/// The names that pages put into a request, and those that a cursor takes out.
fn page_names(page: &Page) -> (Vec<String>, Vec<String>) {
    match page {
        Page::None => (Vec::new(), Vec::new()),
        Page::Offset { param, size_param, .. } | Page::Number { param, size_param, .. } => {
            (vec![param.clone(), size_param.clone()], Vec::new())
        }
        Page::Cursor { param, size_param, drops, .. } => ([param].into_iter().chain(size_param).cloned().collect(), drops.clone()),
    }
}

/// A name in braces stands for what is between the texts around it.
fn text_meets(template: &Template, text: &str, filled: &mut Filled) -> Option<usize> {
    let marks: Vec<String> = template.names().map(|name| format!("\u{0}{name}\u{0}")).collect();
    let names: Vec<String> = template.names().map(str::to_string).collect();
    let whole = template.fill(&|name| Some(format!("\u{0}{name}\u{0}").into()));
    let (mut rest, mut at, mut same) = (text, &*whole, 0);
    for (mark, name) in marks.iter().zip(&names) {
        let (literal, after) = at.split_once(&**mark)?;
        rest = rest.strip_prefix(literal)?;
        same += literal.len();
        let next = after.split('\u{0}').next().unwrap_or_default();
        let end = if next.is_empty() { rest.len() } else { rest.find(next)? };
        filled.insert(name.clone(), Json::from(&rest[..end]));
        (rest, at) = (&rest[end..], after);
    }
    (rest == at).then_some(same + at.len())
}

fn body_meets(body: &toml::Value, asked: &Json, known: &Known, of_page: &[String], filled: &mut Filled) -> Option<usize> {
    match body {
        toml::Value::String(text) => {
            let template = bound(text, known)?;
            match template.sole_name().map(str::to_string) {
                Some(name) if !asked.is_string() => {
                    filled.insert(name, asked.clone());
                    Some(0)
                }
                _ => text_meets(&template, asked.as_str()?, filled),
            }
        }
        toml::Value::Table(table) => {
            let asked = asked.as_object()?;
            let mut same = 0;
            for (key, value) in table {
                same += body_meets(value, asked.get(key)?, known, &[], filled)?;
            }
            asked.keys().all(|key| table.contains_key(key) || of_page.contains(key)).then_some(same + 1)
        }
        toml::Value::Array(items) => {
            let given: Vec<&toml::Value> =
                items.iter().filter(|item| item.as_str().is_none_or(|text| bound(text, known).is_some())).collect();
            let asked = asked.as_array()?;
            if asked.len() != given.len() {
                return None;
            }
            given.into_iter().zip(asked).map(|(item, asked)| body_meets(item, asked, known, &[], filled)).sum::<Option<usize>>()
        }
        other => (serde_json::to_value(other).ok()? == *asked).then_some(1),
    }
}

fn decoded(path: &str) -> String {
    let mut bytes = Vec::new();
    let mut rest = path.as_bytes();
    while let [first, tail @ ..] = rest {
        let hex = (*first == b'%').then(|| tail.get(..2)).flatten().and_then(|h| u8::from_str_radix(std::str::from_utf8(h).ok()?, 16).ok());
        bytes.push(hex.unwrap_or(*first));
        rest = if hex.is_some() { &tail[2..] } else { tail };
    }
    String::from_utf8(bytes).unwrap()
}

#[test]
fn a_request_is_told_by_its_texts_and_its_names_are_read() {
    let request: Request = toml::from_str(
        "method = 'PUT'\npath = '/members/{id}/'\nquery = { filter = 'id:[{ids_quoted}]+labels.id:-{label_id}' }
        body = { rows = '{rows}', sort = [{ by = 'id' }], fields = ['email', '{own.fields}'] }",
    )
    .unwrap();
    let pattern = Pattern::new(&request, "/api", &Known::new()).unwrap();
    let mut asked = Asked {
        method: "PUT".into(),
        path: "/api/members/a%20b/".into(),
        query: [("filter".to_string(), "id:['1','2']+labels.id:-x".to_string())].into(),
        body: serde_json::json!({"rows": [1], "sort": [{"by": "id"}], "fields": ["email"]}),
        ..Asked::default()
    };
    let (_, filled) = pattern.meets(&asked).unwrap();
    assert_eq!((&filled["id"], &filled["ids_quoted"], &filled["label_id"]), (&"a b".into(), &"'1','2'".into(), &"x".into()));
    assert_eq!(filled["rows"], serde_json::json!([1]));
    asked.body["more"] = 1.into();
    assert!(pattern.meets(&asked).is_none());
}
