//! `GET /v1/footer`: what a newsletter tool merges into one recipient's mail.

use super::shared::Web;
use crate::daemon::commands::{Command, Reply};
use crate::daemon::footers::FooterGot;
use axum::Json;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use serde_json::json;

/// Which footer, for whom, in what form.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FooterAsked {
    slot: String,
    email: Option<String>,
    record: Option<String>,
    #[serde(default)]
    form: AnswerForm,
}

#[derive(Debug, Default, Clone, Copy, Deserialize)]
#[serde(rename_all = "snake_case")]
enum AnswerForm {
    #[default]
    Json,
    Html,
    Text,
}

/// Says which footer it is, or `none`.
const FOOTER: &str = "x-nayose-footer";
/// Says why there is none.
const REASON: &str = "x-nayose-reason";

/// Whoever gets no footer is answered too, with nothing in it: a tool that merges the answer then sends the mail as it is.
pub async fn footer(State(web): State<Web>, asked: Result<Query<FooterAsked>, QueryRejection>, headers: HeaderMap) -> Response {
    let bad = |status: StatusCode, why: String| (status, Json(json!({ "error": why }))).into_response();
    let asked = match asked {
        Ok(Query(asked)) => asked,
        Err(error) => {
            return bad(
                StatusCode::BAD_REQUEST,
                format!(
                    "{}; expected ?slot=NAME&email=ADDRESS, or record=SYSTEM:ENTITY:ID, and form=json, html or text",
                    error.body_text()
                ),
            );
        }
    };
    let ((Some(who), None) | (None, Some(who))) = (asked.email, asked.record) else {
        return bad(StatusCode::BAD_REQUEST, "it needs either email=ADDRESS or record=SYSTEM:ENTITY:ID".into());
    };
    let command = Command::Footer { folder: web.folder.to_path_buf(), who, slot: asked.slot };
    match web.shell.command(command).await {
        Reply::Footer(got) => {
            web.shell.footer_log.note_given(&got, web.shell.now());
            answered(&got, asked.form, &headers)
        }
        Reply::Failed(why) | Reply::Refused(why) => bad(StatusCode::INTERNAL_SERVER_ERROR, why),
        _ => bad(StatusCode::INTERNAL_SERVER_ERROR, "the state answered another question".into()),
    }
}

fn answered(got: &FooterGot, form: AnswerForm, asked: &HeaderMap) -> Response {
    let body = match form {
        AnswerForm::Json => json!(got).to_string(),
        AnswerForm::Html => got.html.clone(),
        AnswerForm::Text => got.text.clone(),
    };
    let kind = match form {
        AnswerForm::Json => "application/json",
        AnswerForm::Html => "text/html; charset=utf-8",
        AnswerForm::Text => "text/plain; charset=utf-8",
    };
    let mut headers = HeaderMap::new();
    // What somebody gets is nobody else's, and another a moment later.
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("private, no-cache"));
    let mut tell = |name: &'static str, value: &str| {
        if let Ok(value) = HeaderValue::from_str(value) {
            headers.insert(name, value);
        }
    };
    // By what they get, not by the decision's number.
    let tag = blake3::hash([got.html.as_bytes(), b"\0", got.text.as_bytes(), b"\0", got.reasons.join(",").as_bytes()].concat().as_slice());
    let tag = format!("\"{}\"", &tag.to_hex()[..16]);
    tell("etag", &tag);
    tell(FOOTER, got.footer.as_deref().unwrap_or("none"));
    if !got.reasons.is_empty() {
        tell(REASON, &got.reasons.join(","));
    }
    let known = asked.get_all(header::IF_NONE_MATCH).iter().filter_map(|tags| tags.to_str().ok());
    if known.flat_map(|tags| tags.split(',')).any(|known| known.trim().trim_start_matches("W/") == tag) {
        return (StatusCode::NOT_MODIFIED, headers).into_response();
    }
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(kind));
    (headers, body).into_response()
}
