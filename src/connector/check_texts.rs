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
