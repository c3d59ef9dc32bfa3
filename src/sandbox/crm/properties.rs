//! What the CRM tells of its properties, and what it makes of a stage: it answers success to an earlier one, and keeps the later one until that is
//! cleared.

use super::answers::{error, kind_of};
use super::records::{CrmKind, CrmObject};
use crate::sandbox::wire::{Handled, answer};
use crate::sandbox::world::Shared;
use axum::extract::{Path, State};
use serde_json::{Value, json};

/// The property that holds a stage.
const STAGE: &str = "lifecyclestage";
/// The stages that each portal begins with, in order.
const STAGES: [&str; 8] =
    ["subscriber", "lead", "marketingqualifiedlead", "salesqualifiedlead", "opportunity", "customer", "evangelist", "other"];

/// One property of a kind of object.
pub(super) async fn property(State(_): State<Shared>, Path((kind, name)): Path<(String, String)>) -> Handled {
    let kind = kind_of(&kind)?;
    let is_there = kind.writable().contains(&name.as_str()) || kind.computed().contains(&name.as_str());
    if !is_there {
        return Err(error(404, "OBJECT_NOT_FOUND", &format!("Property \"{name}\" does not exist")).into());
    }
    let options: Vec<Value> = options(&name).iter().map(|word| json!({"label": word, "value": word, "hidden": false})).collect();
    let kind = if options.is_empty() { "string" } else { "enumeration" };
    Ok(answer(200, json!({"name": name, "label": name, "type": kind, "options": options})))
}

/// The words that a property takes; none: any.
fn options(name: &str) -> &'static [&'static str] {
    match name {
        STAGE => &STAGES,
        "nayose_block" => &["true", "false"],
        _ => &[],
    }
}

/// Why a value is refused; `None`: it is not.
pub(super) fn refused(kind: CrmKind, name: &str, value: &str) -> Option<String> {
    let has_stages = kind != CrmKind::Deal && name == STAGE;
    (has_stages && !value.is_empty() && !STAGES.contains(&value)).then(|| {
        format!("Property values were not valid: [{{\"isValid\":false,\"message\":\"{value} was not one of the allowed options\",\"error\":\"INVALID_OPTION\",\"name\":\"{name}\"}}]")
    })
}

/// What of a write the CRM takes: not a stage that is earlier than the one that it shows.
pub(super) fn taken(object: &CrmObject, properties: Vec<(String, String)>) -> Vec<(String, String)> {
    let place = |word: &str| STAGES.iter().position(|known| *known == word);
    let shown = object.properties.get(STAGE).and_then(|word| place(word));
    let is_taken = |(name, value): &(String, String)| name != STAGE || place(value).is_none() || place(value) >= shown;
    properties.into_iter().filter(is_taken).collect()
}
