//! What the three systems share on the wire: query parameters, opaque cursors, dates, JSON answers.

use crate::model::Time;
use axum::Json;
use axum::extract::FromRequestParts;
use axum::extract::Query;
use axum::http::StatusCode;
use axum::http::request::Parts;
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};
use std::convert::Infallible;

/// Query parameters in their order; names may repeat.
#[derive(Debug, Clone, Default)]
pub struct Params(pub Vec<(String, String)>);

impl Params {
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(n, _)| n == name).map(|(_, v)| v.as_str())
    }

    /// All values of a name, commas split, blanks left out.
    pub fn list(&self, name: &str) -> Vec<String> {
        let values = self.0.iter().filter(|(n, _)| n == name);
        values.flat_map(|(_, v)| v.split(',')).map(str::trim).filter(|v| !v.is_empty()).map(String::from).collect()
    }

    /// A number; `Err` holds the text that is none.
    pub fn number(&self, name: &str) -> Result<Option<i64>, String> {
        self.get(name).map(|t| t.trim().parse().map_err(|_| t.to_string())).transpose()
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Params {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Params, Infallible> {
        Ok(Query::<Vec<(String, String)>>::try_from_uri(&parts.uri).map_or(Params::default(), |Query(p)| Params(p)))
    }
}

/// An answer that is an error, small enough to be the `Err` of a result.
#[derive(Debug)]
pub struct RefusedAnswer(Box<Response>);

impl From<Response> for RefusedAnswer {
    fn from(response: Response) -> RefusedAnswer {
        RefusedAnswer(Box::new(response))
    }
}

impl IntoResponse for RefusedAnswer {
    fn into_response(self) -> Response {
        *self.0
    }
}

/// What a handler gives.
pub type Handled = Result<Response, RefusedAnswer>;

/// A JSON answer.
pub fn answer(status: u16, body: Value) -> Response {
    (StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR), Json(body)).into_response()
}

/// Reads a body as JSON; an empty one is an empty object.
pub fn body_json(body: &[u8]) -> Result<Value, String> {
    if body.is_empty() {
        return Ok(json!({}));
    }
    serde_json::from_slice(body).map_err(|e| e.to_string())
}

/// RFC 3339 with exactly three decimals, UTC.
pub fn iso_millis(t: Time) -> String {
    format_time(t, "%Y-%m-%dT%H:%M:%S%.3fZ")
}

/// RFC 3339 in whole seconds, UTC.
pub fn iso_seconds(t: Time) -> String {
    format_time(t, "%Y-%m-%dT%H:%M:%SZ")
}

/// The form of HTTP's `Date` header.
pub fn http_date(t: Time) -> String {
    format_time(t, "%a, %d %b %Y %H:%M:%S GMT")
}

fn format_time(t: Time, form: &str) -> String {
    match jiff::Timestamp::from_millisecond(t.0) {
        Ok(stamp) => stamp.strftime(form).to_string(),
        Err(_) => String::new(),
    }
}

/// Reads unix milliseconds or RFC 3339, or a date and time without zone as UTC.
pub fn parse_time(text: &str) -> Option<Time> {
    let text = text.trim();
    if let Ok(ms) = text.parse::<i64>() {
        return Some(Time(ms));
    }
    if let Ok(stamp) = text.parse::<jiff::Timestamp>() {
        return Some(Time(stamp.as_millisecond()));
    }
    let zoneless: jiff::civil::DateTime = text.parse().ok()?;
    zoneless.to_zoned(jiff::tz::TimeZone::UTC).ok().map(|z| Time(z.timestamp().as_millisecond()))
}

/// An opaque cursor: base64 with its padding, so that a client that forgets to escape `=` and `/` in a URL is found out.
/// `epoch` counts how often the system has forgotten its cursors.
pub fn cursor(epoch: u64, parts: &[i64]) -> String {
    let parts: Vec<String> = parts.iter().map(i64::to_string).collect();
    base64(format!("c{epoch}?>|{}", parts.join("|")).as_bytes())
}

/// The parts of a cursor, if it is one of this epoch.
pub fn cursor_parts(epoch: u64, cursor: &str) -> Option<Vec<i64>> {
    let text = String::from_utf8(base64_decode(cursor)?).ok()?;
    let (head, rest) = text.split_once('|')?;
    if head != format!("c{epoch}?>") {
        return None;
    }
    rest.split('|').map(|p| p.parse().ok()).collect()
}

const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/// Standard base64 with padding (RFC 4648 4).
pub fn base64(bytes: &[u8]) -> String {
    let mut out = String::new();
    for chunk in bytes.chunks(3) {
        let word = chunk.iter().fold(0u32, |w, b| (w << 8) | u32::from(*b)) << (8 * (3 - chunk.len()));
        for i in 0..4 {
            let six = (word >> (18 - 6 * i)) & 63;
            out.push(if i <= chunk.len() { ALPHABET[six as usize] as char } else { '=' });
        }
    }
    out
}

/// The bytes of a base64 text, or `None`.
pub fn base64_decode(text: &str) -> Option<Vec<u8>> {
    let text = text.trim_end_matches('=');
    let mut out = Vec::new();
    let (mut word, mut bits) = (0u32, 0);
    for c in text.bytes() {
        word = (word << 6) | ALPHABET.iter().position(|a| *a == c)? as u32;
        bits += 6;
        if bits >= 8 {
            bits -= 8;
            out.push((word >> bits) as u8);
            word &= (1 << bits) - 1;
        }
    }
    Some(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn base64_as_in_rfc_4648() {
        for (plain, coded) in [("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foob", "Zm9vYg=="), ("foobar", "Zm9vYmFy")] {
            assert_eq!(base64(plain.as_bytes()), coded);
            assert_eq!(base64_decode(coded).as_deref(), Some(plain.as_bytes()));
        }
        assert_eq!(base64_decode("no base64!"), None);
    }

    #[test]
    fn cursors_come_back_until_they_are_forgotten() {
        let c = cursor(0, &[17, -4]);
        assert_eq!(cursor_parts(0, &c), Some(vec![17, -4]));
        assert_eq!(cursor_parts(1, &c), None);
        assert_eq!(cursor_parts(0, "rubbish"), None);
    }

    #[test]
    fn dates_of_all_kinds() {
        let t = Time(1_735_689_600_120);
        assert_eq!(iso_millis(t), "2025-01-01T00:00:00.120Z");
        assert_eq!(iso_seconds(t), "2025-01-01T00:00:00Z");
        assert_eq!(http_date(t), "Wed, 01 Jan 2025 00:00:00 GMT");
        assert_eq!(parse_time("1735689600120"), Some(t));
        assert_eq!(parse_time("2025-01-01T09:00:00.120+09:00"), Some(t));
        assert_eq!(parse_time("2025-01-01 00:00:00.12"), Some(t));
        assert_eq!(parse_time("soon"), None);
    }
}
