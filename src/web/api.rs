//! The handlers.

use super::gauges;
use super::shared::Web;
use crate::daemon::commands::{Command, Reply};
use crate::daemon::health::Readiness;
use crate::engine::gate::answer::SUBJECTS_MAX;
use crate::model::{Mail, MailKind};
use crate::telemetry::InternalEvent;
use crate::telemetry::web::GateAnswered;
use axum::Json;
use axum::extract::rejection::JsonRejection;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use serde_json::json;

/// `POST /v1/decisions`
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, expecting = "an object")]
pub struct Question {
    subjects: Vec<AskedSubject>,
    mail: Mail,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, expecting = "an object with email or record")]
struct AskedSubject {
    email: Option<String>,
    record: Option<String>,
}

fn bad(status: StatusCode, why: impl Into<String>) -> Response {
    (status, Json(json!({ "error": why.into() }))).into_response()
}

pub async fn decide(State(web): State<Web>, question: Result<Json<Question>, JsonRejection>) -> Response {
    let question = match question {
        Ok(Json(question)) => question,
        Err(error) => {
            let kinds: Vec<&str> = MailKind::ALL.iter().map(|k| k.name()).collect();
            let expected = format!(
                "expected {{\"subjects\": [{{\"email\": ..}} | {{\"record\": ..}}], \"mail\": {{\"kind\": one of {}}}}}",
                kinds.join(", ")
            );
            return bad(error.status(), format!("{}; {expected}", plainly(&error)));
        }
    };
    if question.subjects.len() > SUBJECTS_MAX {
        return bad(
            StatusCode::PAYLOAD_TOO_LARGE,
            format!("at most {SUBJECTS_MAX} subjects a call; this one has {}", question.subjects.len()),
        );
    }
    let mut subjects = Vec::with_capacity(question.subjects.len());
    for (i, subject) in question.subjects.into_iter().enumerate() {
        match (subject.email, subject.record) {
            (Some(one), None) | (None, Some(one)) => subjects.push(one),
            _ => return bad(StatusCode::BAD_REQUEST, format!("subject {i} needs either \"email\" or \"record\"")),
        }
    }
    let decisions = web.shell.gate.decide(&subjects, &question.mail, web.shell.now());
    GateAnswered { decisions: decisions.iter().map(|d| d.decision.as_str()) }.emit();
    Json(json!({ "decisions": decisions })).into_response()
}

/// What is wrong with a question, without our types' names.
fn plainly(error: &JsonRejection) -> String {
    let said = error.body_text();
    let named = ["Failed to deserialize the JSON body into the target type: ", "Failed to parse the request body as JSON: "];
    named.iter().find_map(|n| said.strip_prefix(n)).map_or_else(|| said.clone(), |rest| format!("the body is not understood: {rest}"))
}

pub async fn decision(State(web): State<Web>, Path(id): Path<String>) -> Response {
    match web.shell.gate.decision(&id) {
        Some(decision) => Json(decision).into_response(),
        None => bad(StatusCode::NOT_FOUND, "no decision of that id is kept; the last 20,000 of this run are"),
    }
}

pub async fn person(State(web): State<Web>, Path(who): Path<String>) -> Response {
    match web.shell.command(Command::Explain { who, field: None }).await {
        Reply::Explain(people) if people.is_empty() => {
            bad(StatusCode::NOT_FOUND, "nobody is known by that; the gate answers hold for them")
        }
        Reply::Explain(people) => match people.as_slice() {
            [one] => Json(one).into_response(),
            several => Json(several).into_response(),
        },
        Reply::Failed(why) | Reply::Refused(why) => bad(StatusCode::INTERNAL_SERVER_ERROR, why),
        _ => bad(StatusCode::INTERNAL_SERVER_ERROR, "the state answered another question"),
    }
}

/// Alive is not ready: ready means that the state is open and the config was right, and that the daemon comes to its state.
pub async fn ready(State(web): State<Web>) -> Response {
    match web.shell.health.readiness(web.shell.now()) {
        Readiness::Ready(protection) => Json(json!({ "ready": true, "protection": protection })).into_response(),
        Readiness::NotReady(why) => bad(StatusCode::SERVICE_UNAVAILABLE, why),
    }
}

/// Prometheus' text form.
pub async fn metrics(State(web): State<Web>) -> Response {
    let (board, now) = (&web.shell.health, web.shell.now());
    if let Some(health) = &*board.health() {
        gauges::set(health, &board.readiness(now), now);
    }
    web.metrics.text().into_response()
}
