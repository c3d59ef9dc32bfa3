//! A manifest's test of one value, made ready to be asked of many records.

use super::json::Json;
use super::paths::Path;
use super::plain::said_by;
use super::scalars::{bool_of, kind_of, number_of, text_of};
use crate::connector::manifest::Test;
use crate::model::is_blank;

/// One test. It answers yes, no, or that the value cannot be read as what it is compared with.
#[derive(Debug, Clone)]
pub struct RowTest {
    path: Path,
    want: Want,
}

/// What a test compares with.
#[derive(Debug, Clone)]
pub(in crate::connector) enum Want {
    OneOf(Vec<Scalar>),
    Empty(bool),
    Contains(String),
}

#[derive(Debug, Clone)]
pub(in crate::connector) enum Scalar {
    Text(String),
    Bool(bool),
    Number(f64),
}

/// Why a test has no answer; never shows the value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NotComparable(pub String);

impl RowTest {
    /// The test's texts are filled in already.
    pub fn new(test: &Test) -> Result<RowTest, String> {
        let path = Path::parse(&test.path).map_err(|e| e.to_string())?;
        Ok(RowTest { path, want: Want::of(test)? })
    }

    /// Through a list, one entry that fits is enough. What is absent or null equals nothing.
    pub fn holds(&self, raw: &Json<'_>) -> Result<bool, NotComparable> {
        let mut holds = false;
        let mut unreadable = None;
        match &self.want {
            Want::OneOf(wanted) => {
                self.path.each(raw, &mut |value| match wanted.iter().map(|w| w.equals(value)).collect::<Option<Vec<_>>>() {
                    Some(answers) => holds |= answers.contains(&true),
                    None => unreadable = Some(value),
                })
            }
            Want::Contains(text) => self.path.entries(raw, &mut |value| match text_of(value) {
                Some(entry) => holds |= *entry == **text,
                None if value.is_null() => {}
                None => unreadable = Some(value),
            }),
            Want::Empty(_) => holds = self.want.holds_empty(&self.path, raw),
        }
        match unreadable {
            Some(value) if !holds => Err(NotComparable(format!("{} is {}, which the test cannot compare", self.path, kind_of(value)))),
            _ => Ok(holds),
        }
    }
}

impl Want {
    pub(in crate::connector) fn of(test: &Test) -> Result<Want, String> {
        match (&test.equals, &test.one_of, test.empty, &test.contains) {
            (Some(value), None, None, None) => Ok(Want::OneOf(vec![scalar(value)?])),
            (None, Some(values), None, None) => Ok(Want::OneOf(values.iter().map(scalar).collect::<Result<_, _>>()?)),
            (None, None, Some(empty), None) => Ok(Want::Empty(empty)),
            (None, None, None, Some(text)) => Ok(Want::Contains(text.clone())),
            _ => Err("a test has exactly one of equals, in, empty, contains".to_string()),
        }
    }

    /// Whether what is there is as empty as wanted. Of the other tests it is never true.
    pub(in crate::connector) fn holds_empty(&self, path: &Path, raw: &Json<'_>) -> bool {
        let Want::Empty(want) = self else { return false };
        let mut any = false;
        path.entries(raw, &mut |value| {
            any |= match value {
                Json::Null => false,
                Json::Str(text) => !is_blank(text),
                Json::Object(map) => !map.is_empty(),
                _ => true,
            }
        });
        any != *want
    }
}

fn scalar(value: &toml::Value) -> Result<Scalar, String> {
    match value {
        toml::Value::String(text) => Ok(Scalar::Text(text.clone())),
        toml::Value::Boolean(b) => Ok(Scalar::Bool(*b)),
        toml::Value::Integer(i) => Ok(Scalar::Number(*i as f64)),
        toml::Value::Float(f) => Ok(Scalar::Number(*f)),
        _ => Err("a test compares with a text, a number, true or false".to_string()),
    }
}

impl Scalar {
    /// The flag that it stands for, if it is one.
    pub(in crate::connector) fn flag(&self) -> Option<bool> {
        match self {
            Scalar::Bool(b) => Some(*b),
            Scalar::Text(text) => said_by(text),
            Scalar::Number(number) => said_by(&number.to_string()),
        }
    }

    /// `None`: the value cannot be read as this kind.
    fn equals(&self, value: &Json<'_>) -> Option<bool> {
        if value.is_null() || value.as_str().is_some_and(is_blank) {
            return Some(matches!((self, value), (Scalar::Text(want), Json::Str(text)) if want == text));
        }
        match self {
            Scalar::Bool(want) => bool_of(value).map(|b| b == *want),
            Scalar::Number(want) => number_of(value).map(|n| n == *want),
            Scalar::Text(want) => match value {
                Json::Bool(b) => Some(*want == b.to_string()),
                _ => text_of(value).map(|t| *t == **want),
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn ask(test: &str, raw: serde_json::Value) -> Option<bool> {
        let test: Test = toml::from_str(test).unwrap();
        RowTest::new(&test).unwrap().holds(&Json::from(&raw)).ok()
    }

    #[test]
    fn answers() {
        for (test, raw, want) in [
            ("path='a'\nequals=true", json!({"a": true}), Some(true)),
            ("path='a'\nequals=true", json!({"a": "true"}), Some(true)),
            ("path='a'\nequals=true", json!({"a": "false"}), Some(false)),
            ("path='a'\nequals=true", json!({"a": "maybe"}), None),
            ("path='a'\nequals=true", json!({"a": {}}), None),
            ("path='a'\nequals=true", json!({"a": null}), Some(false)),
            ("path='a'\nequals=true", json!({"a": ""}), Some(false)),
            ("path='a'\nequals=true", json!({}), Some(false)),
            ("path='a'\nequals='true'", json!({"a": true}), Some(true)),
            ("path='a'\nequals=5", json!({"a": "5"}), Some(true)),
            ("path='a'\nequals='5'", json!({"a": 5}), Some(true)),
            ("path='a'\nin=['new','open']", json!({"a": "open"}), Some(true)),
            ("path='a'\nin=['new','open']", json!({"a": "shut"}), Some(false)),
            ("path='a'\nempty=true", json!({}), Some(true)),
            ("path='a'\nempty=true", json!({"a": []}), Some(true)),
            ("path='a'\nempty=true", json!({"a": " "}), Some(true)),
            ("path='a'\nempty=true", json!({"a": [1]}), Some(false)),
            ("path='a'\nempty=false", json!({"a": 0}), Some(true)),
            ("path='a[].n'\ncontains='x'", json!({"a": [{"n": "y"}, {"n": "x"}]}), Some(true)),
            ("path='a'\ncontains='x'", json!({"a": ["y"]}), Some(false)),
            ("path='a'\ncontains='x'", json!({"a": [{"n": "x"}]}), None),
        ] {
            assert_eq!(ask(test, raw.clone()), want, "{test} on {raw}");
        }
    }

    #[test]
    fn exactly_one_comparison() {
        for bad in ["path='a'", "path='a'\nequals=1\nempty=true", "path='a'\nequals=[1]"] {
            let test: Test = toml::from_str(bad).unwrap();
            assert!(RowTest::new(&test).is_err(), "{bad}");
        }
    }
}
