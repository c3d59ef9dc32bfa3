//! Texts of a manifest in which `{name}` would stay as it is, silently.

use super::checker::Checker;
use crate::connector::raw::templates::Template;

/// Refuses names in texts that are not filled in. Those that are filled in are checked where they are read.
pub(in crate::connector) fn check(c: &mut Checker<'_>, table: &toml::Table) {
    for (key, value) in table {
        walk(c, &mut vec![key.clone()], value);
    }
}

fn walk(c: &mut Checker<'_>, at: &mut Vec<String>, value: &toml::Value) {
    match value {
        toml::Value::String(text) => {
            let keys: Vec<&str> = at.iter().map(|k| &**k).collect();
            let names = Template::parse(text).ok().and_then(|t| t.names().next().map(str::to_string));
            if let Some(name) = names.filter(|_| !is_prose(&keys) && !is_template(&keys)) {
                c.fail(&keys, format!("{{{name}}} is not filled in here; it would be taken as it stands"));
            }
        }
        toml::Value::Array(items) => items.iter().enumerate().for_each(|(i, item)| {
            at.push(i.to_string());
            walk(c, at, item);
            at.pop();
        }),
        toml::Value::Table(table) => table.iter().for_each(|(key, item)| {
            at.push(key.clone());
            walk(c, at, item);
            at.pop();
        }),
        _ => {}
    }
}

/// What only people read.
fn is_prose(keys: &[&str]) -> bool {
    matches!(keys, ["title"] | ["irreversible", _] | ["settings", _, "title" | "where" | "example"])
}

fn is_template(keys: &[&str]) -> bool {
    match keys {
        ["base_url"] | ["headers", _] | ["settings", _, "default"] => true,
        ["auth", key] => !matches!(*key, "kind" | "method" | "header" | "audience" | "scheme" | "lifetime"),
        ["streams", _, "record", rest @ ..] => of_record(rest),
        ["streams", _, "field_history", "changes"] => true,
        ["writes", "block" | "permit" | "why", key] => matches!(*key, "field" | "on" | "off" | "label"),
        ["writes", "fields", _, "map", _] => true,
        ["writes", "status", "field" | "label_prefix"] | ["writes", "status", "map", _] | ["writes", "update", "empty"] => true,
        ["streams" | "writes" | "instance", rest @ ..] => of_request(rest),
        _ => false,
    }
}

fn of_record(keys: &[&str]) -> bool {
    match keys {
        ["state" | "refusals", _, "when", rest @ ..] | ["deleted", rest @ ..] => {
            matches!(rest, ["path" | "equals" | "contains"] | ["in", _])
        }
        ["fields", _, "map", _] | ["same_as", _, "system" | "prefix"] | ["marks", _, "path" | "contains" | "prefix"] | ["always", _] => {
            true
        }
        _ => false,
    }
}

fn of_request(keys: &[&str]) -> bool {
    matches!(keys, [.., "path"] | [.., "query", _]) || keys.contains(&"body")
}

#[cfg(test)]
mod tests {
    use crate::connector::examples;
    use crate::connector::manifest::Manifest;
    use crate::connector::manifest::load;
    use crate::connector::manifest::settings::Settings;
    use crate::connector::map::{Carries, Mapper};
    use crate::connector::raw::json::Json;
    use crate::connector::rest::writing::rows::TargetWords;
    use crate::connector::{Change, Observed, PageRead, SettingValue, StatusChange, SystemSettings};
    use crate::model::{Entity, Mark, Record, RefusalScope, Time, Value};
    use serde_json::{Value as Owned, json};

    const MANIFEST: &str = "name = 't'
title = 'T {settings.list}'
role = 'ma'
api_version = '1'
base_url = 'https://t.example'
auth = { kind = 'none' }
settings = { list = { title = 'L', where = 'there' } }
[streams.people]
entity = 'person'
sweep = { path = '/' }
[streams.people.record]
id = 'id'
fields = { kind = { path = 'kind', map = { 'k{settings.list}' = 'ours' } } }
same_as = [{ system = '{settings.list}', path = 'note', prefix = '{settings.list}:' }]
refusals = [
  { scope = 'all', when = { path = 'lists[id={settings.list}].out', equals = '{settings.list}' } },
  { scope = 'all', when = { path = 'lists[].id', in = ['{settings.list}', 'none'] } },
]
marks = { block = { path = 'suspended' }, status = { path = 'l[]', prefix = '{settings.list}-' } }
[writes]
stream = 'people'
block = { kind = 'field', field = 'suspended', on = '{settings.list}', off = 'no {settings.list}' }
status = { label_prefix = '{settings.list}-', map = { lead = '{settings.list}' } }
read = { path = '/{id}' }
read_chunk = 1
[writes.update]
batch = 1
empty = '{settings.list}'
request = { path = '/{id}', body = '{row}' }
[writes.labels]
find = { path = '/' }
find_name = 'name'
find_id = 'id'
create = { path = '/', body = '{label}' }
created_id = 'id'
add = { path = '/{ids}' }
remove = { path = '/{ids}' }
batch = 9
";

    /// Each line with `new` in place of `old`, and the mistakes that come of it.
    fn told(old: &str, new: &str) -> Vec<String> {
        assert_eq!(MANIFEST.matches(old).count(), 1, "{old} is not there once");
        let told = load::parse("t", "t.toml", &MANIFEST.replace(old, new));
        told.err().into_iter().flatten().map(|e| format!("{}: {}", e.line, e.message)).collect()
    }

    #[test]
    fn names_are_filled_in_wherever_a_record_is_compared() {
        let manifest = load::parse("t", "t.toml", MANIFEST);
        assert!(manifest.is_ok(), "{manifest:?}");
    }

    /// What stands in each text, with the setting's value in place of its name: a record read, and a change as it is written.
    struct Filled {
        mapper: Mapper,
        words: TargetWords,
    }

    impl Filled {
        fn new(manifest: &str) -> Filled {
            let manifest: Manifest = load::parse("t", "t.toml", manifest).unwrap_or_else(|e| panic!("{e:?}"));
            let list = [("list".to_string(), SettingValue::Plain("7".to_string()))];
            let given = SystemSettings { settings: list.into(), ..examples::example_settings(&manifest) };
            let settings = Settings::resolve(&manifest, &given).unwrap();
            let (record, writes) = (manifest.streams["people"].record.as_ref().unwrap(), manifest.writes.as_ref().unwrap());
            Filled {
                mapper: Mapper::new(&"ma".into(), Entity::Person, record, Some(writes), &settings).unwrap(),
                words: TargetWords::new(writes, record, &settings).unwrap(),
            }
        }

        fn read(&self, mut row: Owned) -> Record {
            row["id"] = json!(1);
            let mut page = PageRead::default();
            self.mapper.map(&Json::from(&row), Time(0), Carries::default(), &mut page);
            match page.observed.pop() {
                Some(Observed::Record { record, .. }) => *record,
                other => panic!("{other:?}"),
            }
        }

        /// The fields, and the labels that are put on.
        fn written(&self, change: Change) -> (Owned, Vec<String>) {
            let row = self.words.row(&change).unwrap();
            let labels = row.labels.iter().filter(|step| step.add).map(|step| step.label.clone()).collect();
            (serde_json::to_value(&row.fields).unwrap(), labels)
        }
    }

    /// An opt-out list that was named by a setting refused nobody: its name was looked for as it stands in the manifest.
    #[test]
    fn what_is_read_is_compared_with_the_settings_value() {
        let filled = Filled::new(MANIFEST);
        let ours = filled.read(json!({"kind": "k7", "note": "7:99", "suspended": "7", "l": ["x", "7-won", "8-lost"]}));
        assert_eq!(ours.text("kind"), Some("ours"));
        assert_eq!(ours.same_as, ["7:person:99".parse().unwrap()]);
        assert_eq!((ours.mark(Mark::Block), ours.mark(Mark::Status)), (Some(&Value::Bool(true)), Some(&Value::text("7-won"))));
        let other = filled.read(json!({"kind": "k8", "note": "8:99", "suspended": "no 7", "l": ["8-won", "{settings.list}-won"]}));
        assert!(other.field("kind").is_some_and(|f| f.value.is_unreadable()));
        assert!(other.same_as.is_empty(), "{:?}", other.same_as);
        assert_eq!((other.mark(Mark::Block), other.mark(Mark::Status)), (Some(&Value::Bool(false)), Some(&Value::Empty)));
        let third = filled.read(json!({"suspended": "{settings.list}"}));
        assert_eq!(third.mark(Mark::Block), Some(&Value::text("{settings.list}")), "somebody else's");
        let line = |part: &str| MANIFEST.lines().find(|l| l.contains(part)).unwrap();
        for (left_out, refused, fine) in [
            ("in = [", json!([{"id": "7", "out": "7"}]), json!([{"id": "7", "out": "8"}, {"id": "8", "out": "7"}])),
            ("equals = ", json!([{"id": "7"}]), json!([{"id": "8"}, {"id": "{settings.list}"}])),
        ] {
            let filled = Filled::new(&MANIFEST.replace(line(left_out), ""));
            assert_eq!(filled.read(json!({ "lists": refused })).refusals, [RefusalScope::All], "without {left_out}");
            assert!(filled.read(json!({ "lists": fine })).refusals.is_empty(), "without {left_out}");
        }
    }

    const WITH_FIELD: &str = "\nread_chunk = 1\nfields = { kind = { field = 'kind', map = { ours = 'k{settings.list}' } } }";

    #[test]
    fn what_is_written_is_the_settings_value() {
        let filled = Filled::new(&MANIFEST.replace("\nread_chunk = 1", WITH_FIELD));
        let block = |on: bool| filled.written(Change { block: Some(on), ..Change::default() }).0;
        assert_eq!((block(true), block(false)), (json!({"suspended": "7"}), json!({"suspended": "no 7"})));
        let empty = Change { fields: vec![("kind".into(), Value::Empty)], ..Change::default() };
        assert_eq!(filled.written(empty).0, json!({"kind": "7"}));
        let label = Change { fields: vec![("kind".into(), Value::text("ours"))], ..Change::default() };
        assert_eq!(filled.written(label).0, json!({"kind": "k7"}));
        for (status, label) in [("lead", "7-7"), ("won", "7-won")] {
            let change = Change { status: Some(StatusChange { to: status.into(), from: None }), ..Change::default() };
            assert_eq!(filled.written(change).1, [label]);
            assert_eq!(filled.words.status(status), label);
        }
    }

    #[test]
    fn an_unknown_name_is_a_mistake_wherever_a_text_stands() {
        for (old, new) in [
            ("'k{settings.list}' =", "'k{settings.lost}' ="),
            ("prefix = '{settings.list}:'", "prefix = '{settings.lost}:'"),
            ("equals = '{settings.list}'", "equals = '{settings.lost}'"),
            ("lists[id={settings.list}]", "lists[id={settings.lost}]"),
            ("in = ['{settings.list}',", "in = ['{since}',"),
            ("prefix = '{settings.list}-' } }", "prefix = '{settings.lost}-' } }"),
            ("on = '{settings.list}'", "on = '{ids}'"),
            ("off = 'no {settings.list}'", "off = '{settings.lost}'"),
            ("map = { lead = '{settings.list}' }", "map = { lead = '{settings.lost}' }"),
            ("empty = '{settings.list}'", "empty = '{settings.lost}'"),
        ] {
            let told = told(old, new);
            assert!(told.iter().any(|t| t.contains("means nothing here")), "{new}: {told:?}");
        }
    }

    #[test]
    fn a_name_that_would_stay_as_it_stands_is_a_mistake() {
        for (old, new) in [
            ("api_version = '1'", "api_version = '{settings.list}'"),
            ("\nid = 'id'\n", "\nid = '{settings.list}'\n"),
            ("path = 'kind'", "path = '{settings.list}'"),
            ("find_name = 'name'", "find_name = '{settings.list}'"),
            ("kind = 'none'", "kind = 'jwt', key = 'k', audience = '{settings.list}', scheme = 's', lifetime = '1m'"),
        ] {
            let told = told(old, new);
            assert!(told.iter().any(|t| t.contains("{settings.list} is not filled in here")), "{new}: {told:?}");
        }
    }

    #[test]
    fn a_mark_that_cannot_show_what_is_written_is_a_mistake() {
        for (old, new, said) in [
            ("on = '{settings.list}', off = 'no {settings.list}'", "on = 'yes', off = true", "read alike"),
            ("on = '{settings.list}', off = 'no {settings.list}'", "on = 'a', off = 'A '", "read alike"),
            ("block = { path = 'suspended' }", "block = { path = 'l[]', contains = 'x' }", "take contains out"),
            ("block = { path = 'suspended' }", "block = { path = 'suspended', type = 'int' }", "take type out"),
            (
                "kind = 'field', field = 'suspended', on = '{settings.list}', off = 'no {settings.list}'",
                "kind = 'label', label = 'stop'",
                "it needs contains = that label",
            ),
            ("prefix = '{settings.list}-' } }", "prefix = 'other-' } }", "cannot show the status"),
            ("status = { path = 'l[]', prefix = '{settings.list}-' }", "status = { path = 'l[]' }", "cannot show the status"),
            (
                "status = { label_prefix = '{settings.list}-', map = { lead = '{settings.list}' } }",
                "permit = { kind = 'field', field = 'ok', format = 'unix_ms' }",
                "never read back",
            ),
        ] {
            let told = told(old, new);
            assert!(told.iter().any(|t| t.contains(said)), "{new}: {told:?}");
        }
    }
}
