//! Bodies: read to their end before anything is answered, and bounded.

use super::crowd::Guest;
use axum::body::Body;
use axum::extract::Request;
use axum::http::StatusCode;
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use futures::StreamExt;

/// 5,000 subjects of the longest ids fit.
pub const BODY_BYTES_MAX: usize = 4 << 20;
/// What is too long is read up to here and dropped: a client that is still sending sees no answer, only a broken connection.
const DROPPED_BYTES_MAX: usize = 8 * BODY_BYTES_MAX;

/// Reads the body; from then on the client has asked, and its connection is not taken for an idle one.
pub async fn whole(request: Request, next: Next) -> Response {
    let (parts, body) = request.into_parts();
    let refused = |status: StatusCode, why: &str| (status, axum::Json(serde_json::json!({ "error": why }))).into_response();
    let bytes = match read(body).await {
        Read::Whole(bytes) => bytes,
        Read::TooLong => {
            let why = "the body has more than 4 MiB; ask in several calls, of fewer subjects each";
            return refused(StatusCode::PAYLOAD_TOO_LARGE, why);
        }
        Read::BrokenOff => return refused(StatusCode::BAD_REQUEST, "the body was broken off; send it again"),
    };
    if let Some(guest) = parts.extensions.get::<Guest>() {
        guest.has_asked();
    }
    next.run(Request::from_parts(parts, Body::from(bytes))).await
}

enum Read {
    Whole(Vec<u8>),
    TooLong,
    BrokenOff,
}

async fn read(body: Body) -> Read {
    let mut parts = body.into_data_stream();
    let (mut bytes, mut length) = (Vec::new(), 0);
    while let Some(part) = parts.next().await {
        let Ok(part) = part else { return if length > BODY_BYTES_MAX { Read::TooLong } else { Read::BrokenOff } };
        length += part.len();
        if length > DROPPED_BYTES_MAX {
            return Read::TooLong;
        }
        if length > BODY_BYTES_MAX {
            bytes = Vec::new();
        } else {
            bytes.extend_from_slice(&part);
        }
    }
    if length > BODY_BYTES_MAX { Read::TooLong } else { Read::Whole(bytes) }
}
