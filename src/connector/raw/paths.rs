//! Dotted paths into JSON, as manifests write them: `properties.email`, `labels[].name` (every entry),
//! `CustomFields[name=Lead Status].values[]` (the entries whose `name` is that), or nothing for the value itself.

use super::json::{Json, member, members};
use super::plain::plain;
use super::scalars::text_of;
use std::fmt;

/// A path, read once and walked for every record.
#[derive(Clone, PartialEq, Eq)]
pub struct Path {
    steps: Box<[PathStep]>,
}

#[derive(Clone, PartialEq, Eq)]
enum PathStep {
    Key(Box<str>),
    /// A name that some systems write in another case than it was given.
    AnyCase(Box<str>),
    /// Every entry of a list, or every value of an object that is keyed by id.
    Each,
    /// The entries of a list whose key has this text.
    Where(Box<str>, Box<str>),
}

/// Why a text is no path.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "{0:?} is no path; write names with dots between them, name[] to go through a list, name[key=text] to pick from one: \"properties.email\", \"labels[].name\""
)]
pub struct BadPath(pub String);

impl Path {
    pub fn parse(text: &str) -> Result<Path, BadPath> {
        let bad = || BadPath(text.to_string());
        let mut steps = Vec::new();
        let mut rest = Some(text).filter(|t| !t.is_empty());
        while let Some(part) = rest {
            let end = part.find(['.', '[', ']']).unwrap_or(part.len());
            let (key, mut after) = part.split_at(end);
            if !key.is_empty() {
                steps.push(PathStep::Key(key.into()));
            }
            if let Some(inside) = after.strip_prefix('[') {
                let (inside, tail) = inside.split_once(']').ok_or_else(bad)?;
                steps.push(match inside.split_once('=') {
                    None if inside.is_empty() => PathStep::Each,
                    Some((key, want)) if !key.is_empty() && !want.is_empty() => PathStep::Where(key.into(), want.into()),
                    _ => return Err(bad()),
                });
                after = tail;
            } else if key.is_empty() {
                return Err(bad());
            }
            rest = match after.strip_prefix('.') {
                Some(next) => Some(next),
                None if after.is_empty() => None,
                None => return Err(bad()),
            };
        }
        Ok(Path { steps: steps.into() })
    }

    /// As [`Path::parse`], where names that are not found as they stand are looked for in another case.
    pub fn any_case(text: &str) -> Result<Path, BadPath> {
        let steps = Path::parse(text)?.steps.into_iter().map(|step| match step {
            PathStep::Key(key) => PathStep::AnyCase(key),
            other => other,
        });
        Ok(Path { steps: steps.collect() })
    }

    /// Whether it goes through a list.
    pub fn goes_through_list(&self) -> bool {
        self.steps.iter().any(|s| !matches!(s, PathStep::Key(_) | PathStep::AnyCase(_)))
    }

    /// Whether the answer shows the place, be it empty: an object on the way that lacks the name does not.
    pub fn is_shown(&self, value: &Json<'_>) -> bool {
        is_shown(&self.steps, value)
    }

    /// The names on the way.
    pub fn keys(&self) -> impl Iterator<Item = &str> {
        self.steps.iter().filter_map(|s| match s {
            PathStep::Key(key) | PathStep::AnyCase(key) => Some(&**key),
            PathStep::Each | PathStep::Where(..) => None,
        })
    }

    /// The first value there; `None` where the path ends early. A JSON null that is there is a value.
    pub fn first<'v>(&self, value: &'v Json<'v>) -> Option<&'v Json<'v>> {
        first(&self.steps, value)
    }

    /// Whether nothing at all is there, or a null.
    pub fn is_absent(&self, value: &Json<'_>) -> bool {
        self.first(value).is_none_or(Json::is_null)
    }

    /// Every value there, in order.
    pub fn each<'v>(&self, value: &'v Json<'v>, found: &mut dyn FnMut(&'v Json<'v>)) {
        each(&self.steps, value, found);
    }

    /// As [`Path::each`], where a list at the end counts as its entries.
    pub fn entries<'v>(&self, value: &'v Json<'v>, found: &mut dyn FnMut(&'v Json<'v>)) {
        self.each(value, &mut |v| match v {
            Json::Array(items) => items.iter().for_each(&mut *found),
            other => found(other),
        });
    }

    /// The records at the path: a list's entries, one object as it is, or with `[]` at the end the values of an object that is keyed by
    /// id. `None` where there is neither.
    pub fn records<'v>(&self, answer: &'v Json<'v>) -> Option<Vec<&'v Json<'v>>> {
        let mut at = answer;
        let mut values = false;
        for step in &self.steps {
            match step {
                PathStep::Key(key) if !values => at = member(at, key)?,
                PathStep::AnyCase(key) if !values => at = any_member(at, key)?,
                PathStep::Each if !values => values = true,
                _ => return None,
            }
        }
        match at {
            Json::Array(items) => Some(items.iter().collect()),
            Json::Object(_) if values => Some(members(at).collect()),
            Json::Object(_) => Some(vec![at]),
            _ => None,
        }
    }
}

fn first<'v>(steps: &[PathStep], value: &'v Json<'v>) -> Option<&'v Json<'v>> {
    match steps.split_first() {
        None => Some(value),
        Some((PathStep::Key(key), rest)) => first(rest, member(value, key)?),
        Some((PathStep::AnyCase(key), rest)) => first(rest, any_member(value, key)?),
        Some((PathStep::Each, rest)) => match value {
            Json::Array(items) => items.iter().find_map(|v| first(rest, v)),
            other => members(other).find_map(|v| first(rest, v)),
        },
        Some((PathStep::Where(key, want), rest)) => value.as_array()?.iter().filter(|v| has(v, key, want)).find_map(|v| first(rest, v)),
    }
}

fn each<'v>(steps: &[PathStep], value: &'v Json<'v>, found: &mut dyn FnMut(&'v Json<'v>)) {
    match steps.split_first() {
        None => found(value),
        Some((PathStep::Key(key), rest)) => {
            if let Some(v) = member(value, key) {
                each(rest, v, found);
            }
        }
        Some((PathStep::AnyCase(key), rest)) => {
            if let Some(v) = any_member(value, key) {
                each(rest, v, found);
            }
        }
        Some((PathStep::Each, rest)) => match value {
            Json::Array(items) => items.iter().for_each(|v| each(rest, v, found)),
            other => members(other).for_each(|v| each(rest, v, found)),
        },
        Some((PathStep::Where(key, want), rest)) => {
            value.as_array().into_iter().flatten().filter(|v| has(v, key, want)).for_each(|v| each(rest, v, found));
        }
    }
}

fn is_shown(steps: &[PathStep], value: &Json<'_>) -> bool {
    let Some((step, rest)) = steps.split_first() else { return true };
    if value.is_null() {
        return true;
    }
    match (step, value) {
        (PathStep::Key(key), _) => member(value, key).is_some_and(|v| is_shown(rest, v)),
        (PathStep::AnyCase(key), _) => any_member(value, key).is_some_and(|v| is_shown(rest, v)),
        (PathStep::Each, Json::Array(items)) => items.is_empty() || items.iter().any(|v| is_shown(rest, v)),
        (PathStep::Each, other) => members(other).any(|v| is_shown(rest, v)),
        (PathStep::Where(key, want), Json::Array(items)) => items.iter().any(|v| has(v, key, want) && is_shown(rest, v)),
        (PathStep::Where(..), _) => false,
    }
}

/// An object's member by its name, else by its name in another case.
fn any_member<'v>(value: &'v Json<'v>, name: &str) -> Option<&'v Json<'v>> {
    member(value, name).or_else(|| {
        let (name, object) = (plain(name), value.as_object()?);
        object.as_vec().iter().rev().find(|(key, _)| plain(key) == name).map(|(_, v)| v)
    })
}

fn has(entry: &Json<'_>, key: &str, want: &str) -> bool {
    member(entry, key).and_then(text_of).is_some_and(|t| *t == *want)
}

impl fmt::Display for Path {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, step) in self.steps.iter().enumerate() {
            match step {
                PathStep::Key(key) | PathStep::AnyCase(key) if i > 0 => write!(f, ".{key}")?,
                PathStep::Key(key) | PathStep::AnyCase(key) => f.write_str(key)?,
                PathStep::Each => f.write_str("[]")?,
                PathStep::Where(key, want) => write!(f, "[{key}={want}]")?,
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
    use super::super::json::{Document, text};
    use super::*;
    use serde_json::{Value as Owned, json};

    fn all(path: &str, value: &Owned) -> Vec<Owned> {
        let value = Json::from(value);
        let mut out = Vec::new();
        Path::parse(path).unwrap().each(&value, &mut |v| out.push(v.into()));
        out
    }

    #[test]
    fn walks() {
        let v = json!({"a": {"b": 1, "n": null}, "l": [{"x": 1}, {"y": 2}, {"x": 3}], "m": {"7": {"x": 4}}, "f": [{"n": "A", "v": [1]}, {"n": "B. C", "v": [2, 3]}]});
        for (path, want) in [
            ("a.b", json!([1])),
            ("a.n", json!([null])),
            ("a.z", json!([])),
            ("a.b.c", json!([])),
            ("l[].x", json!([1, 3])),
            ("m[].x", json!([4])),
            ("a.b[]", json!([])),
            ("f[n=B. C].v[]", json!([2, 3])),
            ("f[n=none].v[]", json!([])),
        ] {
            let got = all(path, &v);
            assert_eq!(json!(got), want, "{path}");
            assert_eq!(Path::parse(path).unwrap().first(&Json::from(&v)).map(Owned::from).as_ref(), got.first(), "{path}");
        }
        assert_eq!(all("", &json!(5)), [json!(5)]);
        assert_eq!(all("[]", &json!([5, 6])), [json!(5), json!(6)]);
        let records = |path: &str, v: Owned| {
            Path::parse(path).unwrap().records(&Json::from(&v)).map(|r| r.into_iter().map(Owned::from).collect::<Vec<_>>())
        };
        assert_eq!(records("a", json!({"a": [1, 2]})), Some(vec![json!(1), json!(2)]));
        assert_eq!(records("a[]", json!({"a": {"7": 1}})), Some(vec![json!(1)]));
        assert_eq!(records("", json!({"id": 1})), Some(vec![json!({"id": 1})]));
        assert_eq!(records("b", json!({"a": [1]})), None);
    }

    #[test]
    fn of_members_with_one_name_the_last_counts() {
        let twice = Document::parse(
            br#"{"a":{"x":1,"l":[{"k":"no","k":"yes","v":5}]},"a":{"x":2,"7":{"i":1},"7":{"i":2},"l":[{"k":"no","k":"yes","v":6}]}}"#,
        );
        let twice = twice.unwrap();
        for (path, want) in [("a.x", vec!["2"]), ("a[].i", vec!["2"]), ("a.l[k=yes].v", vec!["6"]), ("a.l[k=no].v", vec![])] {
            let path = Path::parse(path).unwrap();
            let mut all = Vec::new();
            path.each(twice.root(), &mut |v| all.push(text(v)));
            assert_eq!(all, want, "{path}");
            assert_eq!(path.first(twice.root()).map(text), all.first().cloned(), "{path}");
        }
        let records = Path::parse("a[]").unwrap().records(twice.root()).unwrap();
        assert_eq!(records.into_iter().map(text).collect::<Vec<_>>()[..2], ["2", "{\"i\":2}"]);
    }

    #[test]
    fn a_place_that_is_empty_is_shown_and_one_that_is_not_there_is_not() {
        let v = json!({"a": {"b": null, "o": {}}, "n": null, "l": [], "m": [{"x": 1}], "f": [{"n": "A", "v": 1}]});
        for (path, want) in [
            ("a.b", true),
            ("a.z", false),
            ("z", false),
            ("n.any.thing", true),
            ("l[].x", true),
            ("m[].x", true),
            ("m[].y", false),
            ("a.o[].x", false),
            ("f[n=A].v", true),
            ("f[n=B].v", false),
            ("", true),
        ] {
            assert_eq!(Path::parse(path).unwrap().is_shown(&Json::from(&v)), want, "{path}");
        }
    }

    #[test]
    fn a_name_in_another_case_is_found_where_it_may_be() {
        let v = json!({"p": {"nayose_OK": 1, "b": 2, "B": 3}});
        let v = Json::from(&v);
        let any = |path: &str| Path::any_case(path).unwrap().first(&v).map(text);
        assert_eq!((any("P.Nayose_ok"), any("p.b"), any("p.c")), (Some("1".into()), Some("2".into()), None));
        assert_eq!(Path::parse("p.nayose_ok").unwrap().first(&v), None);
    }

    #[test]
    fn refuses_what_is_no_path_and_prints_what_is() {
        for bad in ["a..b", ".a", "a.", "a[0]", "a]b", "a[].[b", "a[][]", "a[]b", "a[=b]", "a[b=]"] {
            assert!(Path::parse(bad).is_err(), "{bad}");
        }
        for good in ["", "a", "a.b[].c", "[]", "[].a", "a[b=c d].e[]"] {
            assert_eq!(Path::parse(good).unwrap().to_string(), good);
        }
    }
}
