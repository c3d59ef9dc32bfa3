//! What the CRM's answers have in common: errors and batches in the vendor's form.

use crate::model::Time;
use crate::sandbox::crm::records::CrmKind;
use crate::sandbox::wire::{RefusedAnswer, answer, body_json, iso_millis};
use axum::response::Response;
use serde_json::{Value, json};

/// An error in the vendor's form.
pub(in crate::sandbox) fn error(status: u16, category: &str, message: &str) -> Response {
    let body = json!({
        "status": "error", "message": message, "correlationId": "aeb5f871-7f07-4993-9211-075dc63e7cbf", "category": category,
    });
    answer(status, body)
}

pub(super) fn invalid(message: &str) -> Response {
    error(400, "VALIDATION_ERROR", message)
}

pub(super) fn kind_of(name: &str) -> Result<CrmKind, RefusedAnswer> {
    Ok(CrmKind::parse(name).ok_or_else(|| invalid(&format!("Unable to infer object type from: {name}")))?)
}

pub(super) fn body_of(body: &[u8]) -> Result<Value, RefusedAnswer> {
    Ok(body_json(body).map_err(|why| invalid(&format!("Invalid input JSON: {why}")))?)
}

pub(super) fn inputs(body: &Value, max: usize) -> Result<&Vec<Value>, RefusedAnswer> {
    let rows = body.get("inputs").and_then(Value::as_array).ok_or_else(|| invalid("inputs is required"))?;
    if rows.is_empty() || rows.len() > max {
        return Err(invalid(&format!("The number of inputs must be between 1 and {max}")).into());
    }
    Ok(rows)
}

pub(super) fn id_of(row: &Value) -> Result<String, RefusedAnswer> {
    match row.get("id") {
        Some(Value::String(id)) => Ok(id.clone()),
        Some(Value::Number(id)) => Ok(id.to_string()),
        _ => Err(invalid("id is required in each of inputs").into()),
    }
}

/// 200, or 207 with `errors` where some rows failed.
pub(super) fn batch_answer(now: Time, results: Vec<Value>, errors: Vec<Value>) -> Response {
    let now = iso_millis(now);
    let mut body = json!({"status": "COMPLETE", "results": results, "startedAt": now, "completedAt": now});
    if errors.is_empty() {
        return answer(200, body);
    }
    body["numErrors"] = json!(errors.len());
    body["errors"] = json!(errors);
    answer(207, body)
}

pub(super) fn missing(kind: CrmKind, ids: Vec<String>) -> Vec<Value> {
    if ids.is_empty() {
        return Vec::new();
    }
    let message = format!(
        "Could not get some {} objects, they may be deleted or not exist. Check that ids are valid.",
        kind.singular().to_uppercase()
    );
    vec![json!({"status": "error", "category": "OBJECT_NOT_FOUND", "message": message, "context": {"ids": ids}})]
}
