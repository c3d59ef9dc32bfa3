//! HTTP: the gate, people, health and metrics; `/healthz` is told to all.
//!
//! - `api`: the paths; `footer`: that of footers; `gauges`: what `/metrics` tells; `shared`: what each of them needs
//! - `admission`: who is served; `body`: a request's body, whole and bounded
//! - `serve`: connections; `crowd`: who gives way; `line`: who does not take the answers

mod admission;
mod api;
mod body;
mod crowd;
mod footer;
mod gauges;
mod line;
mod serve;
mod shared;

pub use admission::Admission;

use crate::daemon::Shell;
use crate::telemetry::Exporter;
use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::middleware::{from_fn, from_fn_with_state};
use axum::routing::{get, post};
use shared::Web;
use std::path::Path;
use std::time::Duration;
use tokio::net::TcpListener;
use tower_http::timeout::TimeoutLayer;

const ANSWER_WITHIN: Duration = Duration::from_secs(30);

/// All routes. `folder`: the config folder, whose footers are asked for.
pub fn router(shell: Shell, admission: Admission, metrics: Exporter, folder: &Path) -> Router {
    // Whoever asks at once finds something.
    shell.look_at_health();
    let open = Router::new()
        .route("/readyz", get(api::ready))
        .route("/metrics", get(api::metrics))
        .route("/v1/decisions", post(api::decide))
        .route("/v1/decisions/{id}", get(api::decision))
        .route("/v1/footer", get(footer::footer))
        .layer(from_fn(body::whole))
        .layer(from_fn_with_state(admission.clone(), admission::check));
    let people = Router::new()
        .route("/v1/people/{who}", get(api::person))
        .layer(from_fn(body::whole))
        .layer(from_fn_with_state(admission, admission::check_people));
    Router::new()
        .route("/healthz", get(|| async { "alive\n" }))
        .merge(open.merge(people).with_state(Web { shell, metrics, folder: folder.into() }))
        // `body` has its own, which is the one that was promised.
        .layer(DefaultBodyLimit::disable())
        .layer(TimeoutLayer::with_status_code(axum::http::StatusCode::GATEWAY_TIMEOUT, ANSWER_WITHIN))
}

/// Serves until the task is aborted.
pub async fn serve(listener: TcpListener, router: Router) {
    serve::serve(listener, router, serve::ClientLimits::default()).await;
}
