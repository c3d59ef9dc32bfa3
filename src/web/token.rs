//! The bearer token.

use axum::extract::{Request, State};
use axum::http::{StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use secrecy::{ExposeSecret, SecretString};
use std::sync::Arc;

/// Lets requests through that carry the token. Hashes are compared, so that time tells nothing of how much was right.
pub async fn check(State(token): State<Arc<SecretString>>, request: Request, next: Next) -> Response {
    let given = request.headers().get(header::AUTHORIZATION).and_then(|v| v.to_str().ok()).and_then(|v| v.strip_prefix("Bearer "));
    let right = given.is_some_and(|given| blake3::hash(given.trim().as_bytes()) == blake3::hash(token.expose_secret().as_bytes()));
    if right {
        next.run(request).await
    } else {
        (
            StatusCode::UNAUTHORIZED,
            axum::Json(serde_json::json!({ "error": "a bearer token is needed: the one of [http] token in systems.toml" })),
        )
            .into_response()
    }
}
