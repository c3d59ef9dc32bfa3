//! The JSON Schemas in docs/schema are those that `nayose schema` prints, accept what is shipped, and refuse what reading refuses.

use super::good::{FILES, good, load_with};
use serde_json::{Value, json};
use std::path::{Path, PathBuf};

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn schema(name: &str) -> Value {
    nayose::config::schema(name).unwrap_or_else(|| panic!("no schema {name}"))
}

/// A TOML file as JSON; a date, which nothing in our files is, becomes null.
fn json_of(value: toml::Value) -> Value {
    match value {
        toml::Value::Datetime(_) => Value::Null,
        toml::Value::Array(items) => items.into_iter().map(json_of).collect(),
        toml::Value::Table(table) => Value::Object(table.into_iter().map(|(k, v)| (k, json_of(v))).collect()),
        other => serde_json::to_value(other).unwrap(),
    }
}

fn parse(text: &str) -> Value {
    json_of(toml::Value::Table(text.parse().unwrap()))
}

/// What a schema says against a value. Knows the words that our schemas use and no others.
fn against(schema: &Value, value: &Value, root: &Value, at: &str, said: &mut Vec<String>) {
    let words = match schema {
        Value::Bool(true) => return,
        Value::Bool(false) => return said.push(format!("{at} is not known")),
        Value::Object(words) => words,
        other => panic!("{other} is no schema"),
    };
    let fits = |schema: &Value| {
        let mut said = Vec::new();
        against(schema, value, root, at, &mut said);
        said.is_empty()
    };
    let number = |v: &Value| v.as_f64().unwrap();
    for (word, wanted) in words {
        let right = match word.as_str() {
            "$schema" | "title" | "description" | "default" | "definitions" | "format" => true,
            "$ref" => fits(root.pointer(wanted.as_str().unwrap().trim_start_matches('#')).unwrap()),
            "type" => match wanted {
                Value::Array(types) => types.iter().any(|t| is(value, t.as_str().unwrap())),
                one => is(value, one.as_str().unwrap()),
            },
            "enum" => wanted.as_array().unwrap().contains(value),
            "const" => wanted == value,
            "anyOf" => wanted.as_array().unwrap().iter().any(fits),
            "allOf" => wanted.as_array().unwrap().iter().all(fits),
            "oneOf" => wanted.as_array().unwrap().iter().filter(|s| fits(s)).count() == 1,
            "minLength" => value.as_str().is_none_or(|t| t.chars().count() as f64 >= number(wanted)),
            "minimum" => value.as_f64().is_none_or(|n| n >= number(wanted)),
            "maximum" => value.as_f64().is_none_or(|n| n <= number(wanted)),
            "minItems" => value.as_array().is_none_or(|a| a.len() as f64 >= number(wanted)),
            "uniqueItems" => value.as_array().is_none_or(|a| a.iter().enumerate().all(|(i, v)| !a[..i].contains(v))),
            "pattern" => value.as_str().is_none_or(|t| regex::Regex::new(wanted.as_str().unwrap()).unwrap().is_match(t)),
            "required" => value.as_object().is_none_or(|o| wanted.as_array().unwrap().iter().all(|k| o.contains_key(k.as_str().unwrap()))),
            "items" => {
                value.as_array().into_iter().flatten().for_each(|v| against(wanted, v, root, &format!("{at}[]"), said));
                true
            }
            "properties" | "additionalProperties" => {
                for (key, inner) in value.as_object().into_iter().flatten() {
                    let own = words.get("properties").and_then(|p| p.get(key));
                    if let Some(schema) = if word == "properties" { own } else { own.is_none().then_some(wanted) } {
                        against(schema, inner, root, &format!("{at}.{key}"), said);
                    }
                }
                true
            }
            other => panic!("the schemas use {other:?}, which this test does not know"),
        };
        if !right {
            said.push(format!("{at}: {word} {wanted} does not fit {value}"));
        }
    }
}

fn is(value: &Value, kind: &str) -> bool {
    match kind {
        "object" => value.is_object(),
        "array" => value.is_array(),
        "string" => value.is_string(),
        "boolean" => value.is_boolean(),
        "integer" => value.is_i64() || value.is_u64(),
        "number" => value.is_number(),
        "null" => value.is_null(),
        other => panic!("unknown type {other}"),
    }
}

fn said(schema: &Value, value: &Value) -> Vec<String> {
    let mut said = Vec::new();
    against(schema, value, schema, "", &mut said);
    said
}

#[test]
fn the_committed_schemas_are_the_present_ones() {
    for name in nayose::config::SCHEMAS {
        let path = root().join("docs/schema").join(format!("{name}.json"));
        let committed = std::fs::read_to_string(&path).unwrap_or_default();
        let now = format!("{}\n", serde_json::to_string_pretty(&schema(name)).unwrap());
        assert_eq!(committed, now, "run: nayose schema {name} > docs/schema/{name}.json");
        let printed = std::process::Command::new(env!("CARGO_BIN_EXE_nayose")).args(["schema", name]).output().unwrap();
        assert_eq!(String::from_utf8(printed.stdout).unwrap(), now, "`nayose schema {name}` prints another");
    }
    let all = std::process::Command::new(env!("CARGO_BIN_EXE_nayose")).arg("schema").output().unwrap();
    let all: Value = serde_json::from_slice(&all.stdout).unwrap();
    assert_eq!(all.as_object().unwrap().keys().collect::<Vec<_>>(), nayose::config::SCHEMAS);
}

/// A file of examples as JSON. Editors know its times as their texts.
fn parse_example(text: &str) -> Value {
    fn json_with_times(value: toml::Value) -> Value {
        match value {
            toml::Value::Datetime(at) => Value::String(at.to_string()),
            toml::Value::Array(items) => items.into_iter().map(json_with_times).collect(),
            toml::Value::Table(table) => Value::Object(table.into_iter().map(|(k, v)| (k, json_with_times(v))).collect()),
            other => json_of(other),
        }
    }
    json_with_times(toml::Value::Table(text.parse().unwrap()))
}

#[test]
fn examples_are_accepted_and_what_is_wrong_in_them_is_not() {
    let text = |file: &str| std::fs::read_to_string(root().join(file)).unwrap();
    for folder in ["config/tests", "docs/ja/config/tests"] {
        for file in ["mail.toml", "fields.toml"] {
            assert_eq!(said(&schema("tests"), &parse_example(&text(&format!("{folder}/{file}")))), [""; 0], "{folder}/{file}");
        }
    }
    let mail = text("config/tests/mail.toml");
    for (right, wrong) in [
        ("record = \"crm:deal:8\"\nname", "record = \"crm:activity:8\"\nname"),
        ("name = \"An open deal", "nmae = \"An open deal"),
        ("state = \"open\"\npeople", "state = \"opne\"\npeople"),
        ("state = \"open\"\npeople", "people"),
        ("reasons = [\"open_deal_person\"]", "reason = [\"open_deal_person\"]"),
        ("newsletter = \"hold\", service", "newsletter = true, service"),
        ("block = true, permit", "block = \"yes\", permit"),
    ] {
        assert!(mail.contains(right), "{right}");
        assert_ne!(said(&schema("tests"), &parse_example(&mail.replace(right, wrong))), [""; 0], "{wrong}");
    }
}

#[test]
fn what_is_shipped_is_accepted() {
    let mut files: Vec<(PathBuf, &str)> = Vec::new();
    for folder in ["config", "benches/j/config"] {
        files.extend(FILES.map(|(file, _)| (root().join(folder).join(file), file.trim_end_matches(".toml"))));
    }
    for folder in ["connectors", "benches/j/connectors"] {
        let folders = std::fs::read_dir(root().join(folder)).unwrap().map(|e| e.unwrap().path().join("manifest.toml"));
        files.extend(folders.filter(|p| p.is_file()).map(|p| (p, "manifest")));
    }
    assert!(files.len() > 14, "{files:?}");
    for (path, name) in files {
        let value = parse(&std::fs::read_to_string(&path).unwrap());
        assert_eq!(said(&schema(name), &value), [""; 0], "{}", path.display());
    }
    for (file, text) in FILES {
        assert_eq!(said(&schema(file.trim_end_matches(".toml")), &parse(text)), [""; 0], "{file}");
    }
}

/// The places of all values in a file, tables and lists included.
fn places(value: &toml::Value, at: &[String], found: &mut Vec<Vec<String>>) {
    for (key, inner) in value.as_table().into_iter().flatten() {
        let at: Vec<String> = at.iter().cloned().chain([key.clone()]).collect();
        places(inner, &at, found);
        found.push(at);
    }
}

fn at<'v>(value: &'v mut toml::Value, place: &[String]) -> &'v mut toml::Value {
    place.iter().fold(value, |value, key| value.as_table_mut().unwrap().get_mut(key).unwrap())
}

#[test]
fn a_value_of_a_wrong_kind_is_refused_by_schema_and_by_reading() {
    let mut asked = 0;
    for (file, text) in FILES {
        let whole = toml::Value::Table(text.parse().unwrap());
        let mut all = Vec::new();
        places(&whole, &[], &mut all);
        for place in all {
            let mut wrong = whole.clone();
            *at(&mut wrong, &place) = toml::Value::Datetime("2026-11-22".parse().unwrap());
            let text = toml::to_string(&wrong).unwrap();
            assert!(!said(&schema(file.trim_end_matches(".toml")), &json_of(wrong)).is_empty(), "the schema takes a date at {place:?}");
            assert!(load_with(&[(file, &text)]).is_err(), "reading takes a date at {place:?}");
            asked += 1;
        }
    }
    assert!(asked > 50, "only {asked} places were tried");
}

#[test]
fn an_unknown_key_and_a_missing_one_are_refused_by_schema_and_by_reading() {
    for (file, place, key) in [
        ("systems.toml", "", "zzz"),
        ("systems.toml", "", "notify_all"),
        ("systems.toml", "state", "zzz"),
        ("systems.toml", "http", "zzz"),
        ("systems.toml", "link", "zzz"),
        ("systems.toml", "systems.ma.hold", "zzz"),
        ("systems.toml", "systems.crm.token", "zzz"),
        ("systems.toml", "systems.crm", "-connector"),
        ("precedence.toml", "", "zzz"),
        ("precedence.toml", "person.title", "zzz"),
        ("precedence.toml", "person.score", "-only"),
        ("precedence.toml", "person.score", "oldest"),
        ("policy.toml", "", "zzz"),
        ("policy.toml", "holds.open_deal", "zzz"),
        ("policy.toml", "holds.open_deal", "unless"),
        ("policy.toml", "holds.open_deal", "-when"),
        ("policy.toml", "holds.open_deal", "-stops"),
        ("policy.toml", "holds.open_deal.after", "zzz"),
        ("policy.toml", "refusals", "zzz"),
        ("policy.toml", "refusals", "-proof"),
        ("policy.toml", "widening", "zzz"),
        ("policy.toml", "widening.ask_above", "zzz"),
        ("consent.toml", "", "zzz"),
        ("consent.toml", "sources.ma", "zzz"),
        ("consent.toml", "sources.ma", "-basis"),
    ] {
        let mut wrong = toml::Value::Table(good(file).parse().unwrap());
        let steps: Vec<String> = place.split('.').filter(|s| !s.is_empty()).map(str::to_string).collect();
        let table = at(&mut wrong, &steps).as_table_mut().unwrap();
        match key.strip_prefix('-') {
            Some(key) => drop(table.remove(key).unwrap_or_else(|| panic!("{file} has no {place}.{key}"))),
            None => drop(table.insert(key.to_string(), toml::Value::Array(vec!["crm".into()]))),
        }
        let text = toml::to_string(&wrong).unwrap();
        assert!(!said(&schema(file.trim_end_matches(".toml")), &json_of(wrong)).is_empty(), "the schema takes {place}: {key}");
        assert!(load_with(&[(file, &text)]).is_err(), "reading takes {place}: {key}");
    }
}

#[test]
fn the_judge_of_schemas_can_say_no() {
    let schema = json!({"type": "object", "properties": {"a": {"anyOf": [{"type": "integer", "minimum": 1}, {"enum": ["x"]}]}}, "required": ["a"], "additionalProperties": false});
    for (value, fits) in
        [(json!({"a": 1}), true), (json!({"a": "x"}), true), (json!({"a": 0}), false), (json!({}), false), (json!({"a": 1, "b": 2}), false)]
    {
        assert_eq!(said(&schema, &value).is_empty(), fits, "{value}");
    }
}
