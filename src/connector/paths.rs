//! Dotted paths into JSON, as manifests write them: `properties.email`, `labels[].name`, `fields[name=Phone].value`, or nothing for the
//! value itself.

use super::scalars::text_of;
use serde_json::Value as Json;
use std::fmt;

/// A path, read once and walked for every record.
#[derive(Clone, PartialEq, Eq)]
pub struct Path {
    steps: Box<[Step]>,
}

#[derive(Clone, PartialEq, Eq)]
enum Step {
    Key(Box<str>),
    /// Every entry of a list, or every value of an object that is keyed by id.
    Each,
    /// Every entry of a list whose `key` is this text or number.
    Where { key: Box<str>, is: Box<str> },
}

/// Why a text is no path.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is no path; write names with dots between them, and name[] to go through a list, name[key=value] through those of its entries: \
     \"properties.email\", \"labels[].name\", \"fields[name=Phone].value\"")]
pub struct BadPath(pub String);

impl Path {
    pub fn parse(text: &str) -> Result<Path, BadPath> {
        let mut steps = Vec::new();
        for part in text.split('.').filter(|_| !text.is_empty()) {
            let bad = || BadPath(text.to_string());
            let (key, inside) = match part.split_once('[') {
                None => (part, None),
                Some((key, rest)) => (key, Some(rest.strip_suffix(']').ok_or_else(bad)?)),
            };
            if key.contains(']') || inside.is_some_and(|i| i.contains(['[', ']'])) || key.is_empty() && inside.is_none() {
                return Err(bad());
            }
            if !key.is_empty() {
                steps.push(Step::Key(key.into()));
            }
            match inside {
                None => {}
                Some("") => steps.push(Step::Each),
                Some(inside) => match inside.split_once('=') {
                    Some((key, is)) if !key.is_empty() && !is.is_empty() => steps.push(Step::Where { key: key.into(), is: is.into() }),
                    _ => return Err(bad()),
                },
            }
        }
        Ok(Path { steps: steps.into() })
    }

    /// Whether it goes through a list.
    pub fn goes_through_list(&self) -> bool {
        self.steps.iter().any(|s| !matches!(s, Step::Key(_)))
    }

    /// The names on the way.
    pub fn keys(&self) -> impl Iterator<Item = &str> {
        self.steps.iter().filter_map(|s| match s {
            Step::Key(key) => Some(&**key),
            Step::Each | Step::Where { .. } => None,
        })
    }

    /// The first value there; `None` where the path ends early. A JSON null that is there is a value.
    pub fn first<'v>(&self, value: &'v Json) -> Option<&'v Json> {
        first(&self.steps, value)
    }

    /// Every value there, in order.
    pub fn each<'v>(&self, value: &'v Json, found: &mut dyn FnMut(&'v Json)) {
        each(&self.steps, value, found);
    }

    /// As [`Path::each`], where a list at the end counts as its entries.
    pub fn entries<'v>(&self, value: &'v Json, found: &mut dyn FnMut(&'v Json)) {
        self.each(value, &mut |v| match v {
            Json::Array(items) => items.iter().for_each(&mut *found),
            other => found(other),
        });
    }

    /// Takes the list at the path out of the answer; `None` where there is no list. Nothing is copied.
    pub fn take_list(&self, value: &mut Json) -> Option<Vec<Json>> {
        let mut at = value;
        for step in &self.steps {
            match step {
                Step::Key(key) => at = at.get_mut(&**key)?,
                Step::Each | Step::Where { .. } => return None,
            }
        }
        match at.take() {
            Json::Array(items) => Some(items),
            Json::Object(by_id) => Some(by_id.into_iter().map(|(_, v)| v).collect()),
            _ => None,
        }
    }
}

fn first<'v>(steps: &[Step], value: &'v Json) -> Option<&'v Json> {
    match steps.split_first() {
        None => Some(value),
        Some((Step::Key(key), rest)) => first(rest, value.get(&**key)?),
        Some((Step::Each, rest)) => match value {
            Json::Array(items) => items.iter().find_map(|v| first(rest, v)),
            Json::Object(by_id) => by_id.values().find_map(|v| first(rest, v)),
            _ => None,
        },
        Some((Step::Where { key, is }, rest)) => value.as_array()?.iter().filter(|v| fits(v, key, is)).find_map(|v| first(rest, v)),
    }
}

fn fits(entry: &Json, key: &str, is: &str) -> bool {
    entry.get(key).and_then(text_of).is_some_and(|t| t == is)
}

fn each<'v>(steps: &[Step], value: &'v Json, found: &mut dyn FnMut(&'v Json)) {
    match steps.split_first() {
        None => found(value),
        Some((Step::Key(key), rest)) => {
            if let Some(v) = value.get(&**key) {
                each(rest, v, found);
            }
        }
        Some((Step::Each, rest)) => match value {
            Json::Array(items) => items.iter().for_each(|v| each(rest, v, found)),
            Json::Object(by_id) => by_id.values().for_each(|v| each(rest, v, found)),
            _ => {}
        },
        Some((Step::Where { key, is }, rest)) => {
            let entries = value.as_array().into_iter().flatten();
            entries.filter(|v| fits(v, key, is)).for_each(|v| each(rest, v, found));
        }
    }
}

impl fmt::Display for Path {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, step) in self.steps.iter().enumerate() {
            match step {
                Step::Key(key) if i > 0 => write!(f, ".{key}")?,
                Step::Key(key) => f.write_str(key)?,
                Step::Each => f.write_str("[]")?,
                Step::Where { key, is } => write!(f, "[{key}={is}]")?,
            }
        }
        Ok(())
    }
}

impl fmt::Debug for Path {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn all(path: &str, value: &Json) -> Vec<Json> {
        let mut out = Vec::new();
        Path::parse(path).unwrap().each(value, &mut |v| out.push(v.clone()));
        out
    }

    #[test]
    fn walks() {
        let v = json!({"a": {"b": 1, "n": null}, "l": [{"x": 1}, {"y": 2}, {"x": 3}], "m": {"7": {"x": 4}}, "deep": [[1, 2], [3]],
            "cf": [{"name": "Other", "id": 7, "values": ["x", "y"]}, {"name": "Lead Status", "values": ["won"]}, 5]});
        for (path, want) in [
            ("a.b", json!([1])),
            ("a.n", json!([null])),
            ("a.z", json!([])),
            ("a.b.c", json!([])),
            ("l[].x", json!([1, 3])),
            ("m[].x", json!([4])),
            ("a.b[]", json!([])),
            ("cf[name=Lead Status].values[]", json!(["won"])),
            ("cf[id=7].values[]", json!(["x", "y"])),
            ("cf[name=None].values[]", json!([])),
            ("a[name=b].c", json!([])),
            ("deep[][]", json!([])),
        ] {
            if path == "deep[][]" {
                assert!(Path::parse(path).is_err());
                continue;
            }
            let got = all(path, &v);
            assert_eq!(json!(got), want, "{path}");
            assert_eq!(Path::parse(path).unwrap().first(&v), got.first(), "{path}");
        }
        assert_eq!(all("", &json!(5)), [json!(5)]);
        assert_eq!(all("[]", &json!([5, 6])), [json!(5), json!(6)]);
    }

    #[test]
    fn refuses_what_is_no_path_and_prints_what_is() {
        for bad in ["a..b", ".a", "a.", "a[0]", "a]b", "a[].[b", "a[b]", "a[=b]", "a[b=]", "a[b=[c]]", "a[b=c]d"] {
            assert!(Path::parse(bad).is_err(), "{bad}");
        }
        for good in ["", "a", "a.b[].c", "[]", "[].a", "a[b=c d].e"] {
            assert_eq!(Path::parse(good).unwrap().to_string(), good);
        }
    }
}
