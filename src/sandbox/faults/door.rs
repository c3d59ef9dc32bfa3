//! The door of each system: every request passes here. It counts, asks who is there, and lets faults happen.

use super::line::WireCutter;
use super::{AnswerLost, AskedRequest, FaultKind, FaultPlan, touch};
use crate::sandbox::crm;
use crate::sandbox::ma;
use crate::sandbox::support;
use crate::sandbox::systems::SandboxSystem;
use crate::sandbox::wire::{answer, base64, http_date};
use crate::sandbox::world::{Shared, lock};
use axum::body::{Body, to_bytes};
use axum::extract::{ConnectInfo, Request, State};
use axum::http::header::{AUTHORIZATION, CONTENT_LENGTH, CONTENT_TYPE, DATE, RETRY_AFTER};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use serde_json::Value;
use std::time::Duration;

pub(in crate::sandbox) use super::WriteMode;

/// Answers that a fault rewrites may be so large.
const ANSWER_BYTES_MAX: usize = 64 << 20;
/// The marketing system refuses longer URLs (vendor: 8 kB).
const MA_URL_BYTES_MAX: usize = 8192;
/// Which is as long as "never" needs to be.
const HANG: Duration = Duration::from_secs(3600);

/// Which system stands behind the door.
#[derive(Clone)]
pub(in crate::sandbox) struct Door {
    pub system: SandboxSystem,
    pub shared: Shared,
}

pub(in crate::sandbox) async fn pass(
    State(door): State<Door>,
    ConnectInfo(line): ConnectInfo<WireCutter>,
    mut request: Request,
    next: Next,
) -> Response {
    let system = door.system;
    let path_and_query = request.uri().path_and_query().map_or("/", |p| p.as_str()).to_string();
    let path = request.uri().path().to_string();
    let write = is_write(system, request.method(), &path_and_query);
    let plan = {
        let mut world = lock(&door.shared);
        world.count(system, request.method().as_str(), &path);
        let at = world.now();
        world.faults.plan(&AskedRequest { system, path_and_query: &path_and_query, write, at })
    };
    if plan.delay_ms > 0 {
        tokio::time::sleep(Duration::from_millis(plan.delay_ms)).await;
    }
    let refused = match &plan.instead {
        Some(FaultKind::Down | FaultKind::Reset { .. }) => {
            line.cut();
            Some(StatusCode::SERVICE_UNAVAILABLE.into_response())
        }
        Some(kind) => Some(failure(system, kind, &path)),
        None => refused(&door, request.headers(), &path, path_and_query.len()),
    };
    let mut response = match refused.or_else(|| repeated(&door, &path, &plan)) {
        Some(response) => response,
        None => {
            request.extensions_mut().insert(plan.mode);
            let response = next.run(request).await;
            changed(&door, &path, &plan, response).await
        }
    };
    match plan.lost {
        Some(AnswerLost::Reset) => line.cut(),
        Some(AnswerLost::Status500) => response = error(system, 500, "an unexpected error occurred"),
        Some(AnswerLost::Hang) => tokio::time::sleep(HANG).await,
        None => {}
    }
    let now = lock(&door.shared).now();
    if let Ok(date) = HeaderValue::from_str(&http_date(now.plus(crate::model::Span(plan.skew_ms)))) {
        response.headers_mut().insert(DATE, date);
    }
    response
}

fn is_write(system: SandboxSystem, method: &Method, path_and_query: &str) -> bool {
    let path = path_and_query.split('?').next().unwrap_or_default();
    match (system, method) {
        (_, &Method::GET | &Method::HEAD) => false,
        (SandboxSystem::Crm, &Method::POST) => !path.ends_with("/search") && !path.ends_with("/batch/read"),
        (SandboxSystem::Ma, &Method::POST) => path.ends_with("/leads.json") && !path_and_query.to_lowercase().contains("_method=get"),
        _ => true,
    }
}

/// Whoever does not show the right credential is refused, each in the vendor's words.
fn refused(door: &Door, headers: &HeaderMap, path: &str, url_bytes: usize) -> Option<Response> {
    let world = lock(&door.shared);
    let shown = headers.get(AUTHORIZATION).and_then(|v| v.to_str().ok()).unwrap_or_default();
    let keys = &world.keys;
    match door.system {
        SandboxSystem::Crm => (shown != format!("Bearer {}", keys.crm_token)).then(|| {
            crm::error(401, "INVALID_AUTHENTICATION", "Authentication credentials not found. This API supports OAuth 2.0 authentication")
        }),
        SandboxSystem::Support => {
            let basic = format!("Basic {}", base64(format!("{}/token:{}", keys.support_email, keys.support_token).as_bytes()));
            (shown != basic && shown != format!("Bearer {}", keys.support_token))
                .then(|| answer(401, serde_json::json!({"error": "Couldn't authenticate you"})))
        }
        SandboxSystem::Ma if url_bytes > MA_URL_BYTES_MAX => Some(StatusCode::URI_TOO_LONG.into_response()),
        SandboxSystem::Ma if path.starts_with("/identity/") => None,
        SandboxSystem::Ma => match shown.strip_prefix("Bearer ") {
            None | Some("") => Some(ma::failed("600", "Access token not specified")),
            Some(token) if !world.knows_ma_token(token) => Some(ma::failed("601", "Access token invalid")),
            Some(token) if world.ma_token_expired(token) => Some(ma::failed("602", "Access token expired")),
            Some(_) => None,
        },
    }
}

/// A system's own error for a status; the marketing system tells its own under 200, but what stands before it does not.
fn error(system: SandboxSystem, status: u16, message: &str) -> Response {
    match system {
        SandboxSystem::Crm => crm::error(status, if status == 404 { "OBJECT_NOT_FOUND" } else { "SERVER_ERROR" }, message),
        SandboxSystem::Support => support::error(status, "ServerError", message),
        SandboxSystem::Ma => answer(status, serde_json::json!({"error": message})),
    }
}

fn failure(system: SandboxSystem, kind: &FaultKind, path: &str) -> Response {
    let status_of = |mut response: Response, status: u16| {
        *response.status_mut() = StatusCode::from_u16(status).unwrap_or(StatusCode::UNAUTHORIZED);
        response
    };
    match (kind, system) {
        (FaultKind::Errors { status, .. }, _) => error(system, *status, "an unexpected error occurred"),
        (FaultKind::Html, _) => {
            let page = "<!DOCTYPE html><html><head><title>Sign in</title></head><body><h1>Please sign in</h1></body></html>";
            ([(CONTENT_TYPE, "text/html; charset=utf-8")], page).into_response()
        }
        (FaultKind::Revoked { .. }, SandboxSystem::Ma) if path.starts_with("/identity/") => {
            answer(401, serde_json::json!({"error": "unauthorized", "error_description": "Bad client credentials"}))
        }
        (FaultKind::Revoked { status }, SandboxSystem::Crm) => {
            status_of(crm::error(401, "INVALID_AUTHENTICATION", "The token has been revoked"), *status)
        }
        (FaultKind::Revoked { status }, SandboxSystem::Support) => {
            answer(*status, serde_json::json!({"error": "Couldn't authenticate you"}))
        }
        (FaultKind::Revoked { status }, SandboxSystem::Ma) => status_of(ma::failed("601", "Access token invalid"), *status),
        (FaultKind::NoScope, SandboxSystem::Crm) => {
            crm::error(403, "MISSING_SCOPES", "This app hasn't been granted all required scopes to make this call.")
        }
        (FaultKind::NoScope, SandboxSystem::Support) => support::error(403, "Forbidden", "You do not have access to this page."),
        (FaultKind::NoScope, SandboxSystem::Ma) => ma::failed("603", "Access denied"),
        (FaultKind::RateLimited { .. }, SandboxSystem::Ma) => ma::failed("606", "Max rate limit '100' exceeded with in '20' secs"),
        (FaultKind::RateLimited { retry_after_s }, _) => {
            let mut response = match system {
                SandboxSystem::Crm => crm::error(429, "RATE_LIMITS", "You have reached your secondly limit."),
                _ => support::error(429, "TooManyRequests", "Number of allowed incremental export API requests per minute exceeded"),
            };
            if let Ok(wait) = HeaderValue::from_str(&retry_after_s.to_string()) {
                response.headers_mut().insert(RETRY_AFTER, wait);
            }
            response
        }
        _ => error(system, 503, "temporarily not available"),
    }
}

/// The page that repeats, once there is one: whatever cursor is shown, it is answered again.
fn repeated(door: &Door, path: &str, plan: &FaultPlan) -> Option<Response> {
    if !plan.touches.contains(&FaultKind::RepeatPage) {
        return None;
    }
    let world = lock(&door.shared);
    world.faults.repeated.get(&(door.system, path.to_string())).map(|page| answer(200, page.clone()))
}

/// Lets the faults that change a list's answer have their way.
async fn changed(door: &Door, path: &str, plan: &FaultPlan, response: Response) -> Response {
    if plan.touches.is_empty() || !response.status().is_success() {
        return response;
    }
    let (mut parts, body) = response.into_parts();
    let Ok(bytes) = to_bytes(body, ANSWER_BYTES_MAX).await else { return StatusCode::INTERNAL_SERVER_ERROR.into_response() };
    let Ok(mut json) = serde_json::from_slice::<Value>(&bytes) else { return Response::from_parts(parts, Body::from(bytes)) };
    let mut world = lock(&door.shared);
    let key = (door.system, path.to_string());
    let mut repeated = world.faults.repeated.remove(&key);
    for kind in &plan.touches {
        touch(kind, &mut json, &mut repeated);
    }
    if let Some(page) = repeated {
        world.faults.repeated.insert(key, page);
    }
    parts.headers.remove(CONTENT_LENGTH);
    Response::from_parts(parts, Body::from(json.to_string()))
}
