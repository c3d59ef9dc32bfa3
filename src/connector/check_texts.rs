//! Texts of a manifest in which `{name}` would stay as it is, silently.

use super::check::Checker;
use super::template::Template;

/// Refuses names in texts that are not filled in. Those that are filled in are checked where they are read.
pub(super) fn check(c: &mut Checker<'_>, table: &toml::Table) {
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
        ["writes", "block" | "permit" | "why", key] => matches!(*key, "field" | "on" | "off" | "label"),
        ["writes", "status", "label_prefix"] | ["writes", "status", "map", _] | ["writes", "update", "empty"] => true,
        ["streams" | "writes", rest @ ..] => of_request(rest),
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
    use crate::connector::load;

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
