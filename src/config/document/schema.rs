//! JSON Schemas of the files, for editors: made from the same definitions as reading is.

use super::example_keys::EXAMPLES;
use super::keys::{CONSENT, FOOTER, KeyRule, POLICY, PRECEDENCE, SYSTEMS, TableKeys, ValueKind};
use crate::connector::Manifest;
use crate::model::{Basis, MailKind};
use serde_json::{Map, Value, json};

/// The schemas there are: a file of the config folder each, the examples in its folder `tests`, a footer in `footers`, and a connector's manifest.
pub const SCHEMAS: [&str; 7] = ["systems", "precedence", "policy", "consent", "tests", "footer", "manifest"];

const DRAFT: &str = "http://json-schema.org/draft-07/schema#";

/// As `Span` reads it.
const DURATION: &str = "^[0-9]+(ms|s|m|h|d)$";

/// The JSON Schema of a file, by the file's name without its end; `None`: there is none of that name.
pub fn schema(name: &str) -> Option<Value> {
    let (keys, title) = match name {
        "systems" => (&SYSTEMS, "systems.toml: what is read, and what may be written, where"),
        "precedence" => (&PRECEDENCE, "precedence.toml: whose value counts, field by field"),
        "policy" => (&POLICY, "policy.toml: lead statuses, and what holds marketing mail"),
        "consent" => (&CONSENT, "consent.toml: what the records of a system prove"),
        "tests" => (&EXAMPLES, "tests/*.toml: records as they come in, and what must come of them"),
        "footer" => (&FOOTER, "footers/NAME.toml: where, when and for whom a footer stands"),
        "manifest" => {
            let settings = schemars::generate::SchemaSettings::draft07();
            let mut schema = settings.into_generator().into_root_schema_for::<Manifest>().to_value();
            schema["title"] = "manifest.toml: a connector".into();
            return Some(schema);
        }
        _ => return None,
    };
    let mut schema = Map::new();
    schema.insert("$schema".into(), DRAFT.into());
    schema.insert("title".into(), title.into());
    schema.extend(table(keys));
    Some(schema.into())
}

fn table(keys: &TableKeys) -> Map<String, Value> {
    let mut out = Map::new();
    out.insert("type".into(), "object".into());
    let properties: Map<String, Value> = keys.all().map(|k| (k.name.to_string(), property(k))).collect();
    if !properties.is_empty() {
        out.insert("properties".into(), properties.into());
    }
    let needed: Vec<&str> = keys.all().filter(|k| k.needed).map(|k| k.name).collect();
    if !needed.is_empty() {
        out.insert("required".into(), json!(needed));
    }
    if !keys.one_of.is_empty() {
        out.insert("oneOf".into(), keys.one_of.iter().map(|name| json!({ "required": [name] })).collect());
    }
    out.insert("additionalProperties".into(), keys.rest.as_ref().map_or(false.into(), property));
    out
}

fn property(key: &KeyRule) -> Value {
    let mut out = Map::new();
    out.insert("description".into(), key.title.into());
    out.extend(kind(&key.kind));
    out.into()
}

fn kind(kind: &ValueKind) -> Map<String, Value> {
    let list = |items: Value| json!({ "type": "array", "items": items, "minItems": 1, "uniqueItems": true });
    let schema = match kind {
        ValueKind::Text => json!({ "type": "string", "minLength": 1 }),
        ValueKind::Bool => json!({ "type": "boolean" }),
        ValueKind::Count => json!({ "type": "integer", "minimum": 1 }),
        ValueKind::Duration => json!({ "type": "string", "pattern": DURATION }),
        ValueKind::Share => json!({ "type": "string", "pattern": "^[0-9.]+ *%$" }),
        ValueKind::Texts => list(json!({ "type": "string", "minLength": 1 })),
        ValueKind::Word(words) => json!({ "enum": words }),
        ValueKind::Mails => list(json!({ "enum": MailKind::ALL.map(MailKind::name) })),
        ValueKind::Basis => json!({ "enum": Basis::ALL.map(Basis::name) }),
        ValueKind::Expression => json!({ "type": "string", "minLength": 1 }),
        ValueKind::Order => {
            let text = json!({ "type": "string", "minLength": 1 });
            let source = json!({ "anyOf": [text, table(&super::keys::RANKED_SOURCE)] });
            list(json!({ "anyOf": [text, table(&super::keys::RANKED_SOURCE), list(source)] }))
        }
        ValueKind::Secret => return table(&super::keys::SECRET),
        ValueKind::Table(keys) => return table(keys),
        ValueKind::Tables(kinds) => match kinds {
            [keys] => list(table(keys).into()),
            _ => list(json!({ "anyOf": kinds.iter().map(|keys| table(keys)).collect::<Vec<_>>() })),
        },
        ValueKind::Form(pattern) => json!({ "type": "string", "pattern": pattern }),
        // Editors know a time of TOML as its text.
        ValueKind::Time => json!({ "type": "string", "minLength": 1 }),
        ValueKind::FieldValue => json!({ "type": ["string", "number", "boolean", "array"], "items": { "type": "string" } }),
        ValueKind::Either(kinds) => json!({ "anyOf": kinds.iter().map(self::kind).collect::<Vec<_>>() }),
    };
    match schema {
        Value::Object(map) => map,
        _ => Map::new(),
    }
}
