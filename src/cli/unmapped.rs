//! The fields of a system that nothing reads, as lines for systems.toml.

use crate::config::System;
use crate::connector::UnmappedField;
use crate::connector::manifest::own_fields::{NotAdded, OwnField, OwnPart};
use crate::connector::manifest::{FieldKind, FieldSpec, Manifest};
use crate::model::visible_line;
use serde_json::{Value as Json, json};
use std::collections::BTreeMap;

/// Fields of a stream that are shown; all of them are in the JSON.
const SHOWN: usize = 40;

/// Letters of an example's value.
const EXAMPLE_MAX: usize = 40;

/// What of a stream's first page could be added to systems.toml.
pub struct UnmappedTold {
    pub lines: Vec<String>,
    pub json: Json,
}

pub fn unmapped(system: &System, stream: &str, fields: &[UnmappedField]) -> UnmappedTold {
    let mut manifest = Manifest::clone(&system.manifest);
    let ready: Vec<(String, &UnmappedField)> =
        fields.iter().filter_map(|field| Some((added(&mut manifest, stream, field)?, field))).collect();
    let json = ready.iter().map(|(name, f)| json!({"name": name, "path": f.path, "type": f.kind.word(), "example": f.example})).collect();
    let mut lines = Vec::new();
    if !ready.is_empty() {
        let usual = system.manifest.stream_of_own_fields().is_ok_and(|usual| usual == stream);
        let table = if usual { String::new() } else { format!(".{stream}") };
        lines.push(format!(
            "  nothing reads these; what you need of them, systems.toml may name under [systems.{}.fields{table}]:",
            system.name()
        ));
        lines.extend(ready.iter().take(SHOWN).map(|(name, field)| format!("    {}", line(name, field))));
        if ready.len() > SHOWN {
            lines.push(format!("    and {} more; --json shows all", ready.len() - SHOWN));
        }
    }
    let by_name = system.manifest.streams.get(stream).and_then(|s| s.record.as_ref()?.own_at.as_deref());
    if let Some(below) = by_name {
        let path = if below.is_empty() { "NAME".to_string() } else { format!("{below}.NAME") };
        let title = &system.manifest.title;
        lines.push(format!(
            "  {title} shows only the fields that it is asked for: add one by the name that it has there, as its_name = {path:?}"
        ));
    }
    UnmappedTold { lines, json }
}

/// As it would stand in the file.
fn line(name: &str, field: &UnmappedField) -> String {
    let path = toml::Value::String(field.path.clone());
    let value = match field.kind {
        FieldKind::Text => path.to_string(),
        kind => format!("{{ path = {path}, type = {:?} }}", kind.word()),
    };
    let mut example: String = field.example.chars().take(EXAMPLE_MAX).collect();
    if example.len() < field.example.len() {
        example.push_str("..");
    }
    format!("{name} = {value}   # {}", visible_line(&example))
}

/// The name under which a field can be added, as which it then is. `None`: it cannot be.
fn added(manifest: &mut Manifest, stream: &str, field: &UnmappedField) -> Option<String> {
    let read = FieldSpec { path: field.path.clone(), kind: field.kind, map: BTreeMap::new(), format: None };
    let own = word(&field.path);
    for name in [own.clone(), format!("own_{own}"), format!("own_{own}_2")] {
        let field = OwnField { stream, name: name.as_str().into(), read: read.clone(), write: None };
        match manifest.add_own_field(field, &|text| text.to_string()) {
            Ok(_) => return Some(name),
            Err(NotAdded { part: OwnPart::Name, .. }) => {}
            Err(_) => return None,
        }
    }
    None
}

/// A word for rules, of what the system calls a field.
fn word(path: &str) -> String {
    let picked = path.rsplit_once("[name=").and_then(|(_, rest)| rest.split_once(']')).map(|(name, _)| name);
    let last = picked.unwrap_or_else(|| path.trim_end_matches("[]").rsplit('.').next().unwrap_or(path));
    let mut word = String::new();
    let mut before = ' ';
    for c in last.chars() {
        if c.is_ascii_uppercase() && (before.is_ascii_lowercase() || before.is_ascii_digit()) {
            word.push('_');
        }
        word.push(if c.is_ascii_alphanumeric() { c.to_ascii_lowercase() } else { '_' });
        before = c;
    }
    match word.trim_matches('_') {
        "" => "field".to_string(),
        plain if plain.starts_with(|c: char| c.is_ascii_digit()) => format!("field_{plain}"),
        plain => plain.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::connector::manifest::load;

    #[test]
    fn words_are_made_of_what_the_system_calls_a_field() {
        for (path, name) in [
            ("properties.industry_c", "industry_c"),
            ("MobilePhone", "mobile_phone"),
            ("CustomFields[name=Lab Plan].values[]", "lab_plan"),
            ("tags[]", "tags"),
            ("custom.業種", "field"),
            ("custom.2nd", "field_2nd"),
        ] {
            assert_eq!(word(path), name, "{path}");
        }
    }

    #[test]
    fn what_is_shown_can_be_pasted() {
        let text = "name = 't'\ntitle = 'T'\nrole = 'crm'\napi_version = '1'\nbase_url = 'https://t.example'\nauth = { kind = 'none' }
            [streams.people]\nentity = 'person'\nsweep = { path = '/' }
            record = { id = 'id', fields = { title = 'title' }, marks = { status = { path = 'custom.stage' } } }\n";
        let mut manifest = load::parse("t", "t.toml", text).unwrap();
        let field = |path: &str, kind, example: &str| UnmappedField { path: path.into(), kind, example: example.into() };
        let fields = [
            field("custom.業種", FieldKind::Text, "製造\nand more"),
            field("custom.title", FieldKind::Int, "5"),
            field("a \"b\"", FieldKind::List, "x"),
            field("custom.stage", FieldKind::Text, "mql"),
        ];
        let names: Vec<Option<String>> = fields.iter().map(|f| added(&mut manifest, "people", f)).collect();
        assert_eq!(names, [Some("field".into()), Some("own_title".into()), Some("a__b".into()), None]);
        for (name, f) in names.iter().flatten().zip(&fields) {
            let line = line(name, f);
            let table: toml::Table = line.parse().unwrap_or_else(|e| panic!("{line}: {e}"));
            let path = table[name].as_str().or_else(|| table[name]["path"].as_str()).unwrap();
            assert_eq!(path, f.path);
        }
    }
}
