//! Instants and durations. Nothing here reads a clock.

use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;

/// An instant: milliseconds since 1970-01-01T00:00:00Z.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
pub struct Time(pub i64);

/// A length of time in milliseconds, never negative when read from config.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
pub struct Span(pub i64);

impl Time {
    /// RFC 3339 in UTC with as few decimals as needed.
    pub fn rfc3339(self) -> String {
        match jiff::Timestamp::from_millisecond(self.0) {
            Ok(t) => t.to_string(),
            Err(_) => format!("{} ms", self.0),
        }
    }

    /// The time since `earlier`; zero if `earlier` is later.
    pub fn since(self, earlier: Time) -> Span {
        Span((self.0.saturating_sub(earlier.0)).max(0))
    }

    pub fn plus(self, span: Span) -> Time {
        Time(self.0.saturating_add(span.0))
    }

    pub fn minus(self, span: Span) -> Time {
        Time(self.0.saturating_sub(span.0))
    }
}

impl fmt::Display for Time {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.rfc3339())
    }
}

impl Span {
    pub const ZERO: Span = Span(0);

    pub const fn seconds(s: i64) -> Span {
        Span(s * 1000)
    }

    pub const fn minutes(m: i64) -> Span {
        Span(m * 60_000)
    }

    pub const fn days(d: i64) -> Span {
        Span(d * 86_400_000)
    }

    pub fn as_seconds(self) -> i64 {
        self.0 / 1000
    }

    /// For timers; a negative span is zero.
    pub fn to_std(self) -> std::time::Duration {
        std::time::Duration::from_millis(self.0.max(0) as u64)
    }
}

/// Why a text is no duration.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is no duration; write a number and a unit: \"500ms\", \"60s\", \"15m\", \"2h\", \"30d\"")]
pub struct BadSpan(pub String);

impl FromStr for Span {
    type Err = BadSpan;

    /// "500ms", "60s", "15m", "2h", "30d" (a day is 24 hours).
    fn from_str(text: &str) -> Result<Span, BadSpan> {
        let bad = || BadSpan(text.to_string());
        let at = text.find(|c: char| !c.is_ascii_digit()).ok_or_else(bad)?;
        let (number, unit) = text.split_at(at);
        let number: i64 = number.parse().map_err(|_| bad())?;
        let unit = match unit {
            "ms" => 1,
            "s" => 1000,
            "m" => 60_000,
            "h" => 3_600_000,
            "d" => 86_400_000,
            _ => return Err(bad()),
        };
        number.checked_mul(unit).map(Span).ok_or_else(bad)
    }
}

impl fmt::Display for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ms = self.0;
        match ms {
            _ if ms != 0 && ms % 86_400_000 == 0 => write!(f, "{}d", ms / 86_400_000),
            _ if ms != 0 && ms % 3_600_000 == 0 => write!(f, "{}h", ms / 3_600_000),
            _ if ms != 0 && ms % 60_000 == 0 => write!(f, "{}m", ms / 60_000),
            _ if ms % 1000 == 0 => write!(f, "{}s", ms / 1000),
            _ => write!(f, "{ms}ms"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_read_and_print() {
        for (text, ms) in [("0d", 0), ("500ms", 500), ("60s", 60_000), ("15m", 900_000), ("2h", 7_200_000), ("30d", 2_592_000_000)] {
            assert_eq!(text.parse::<Span>(), Ok(Span(ms)), "{text}");
        }
        for bad in ["", "15", "m", "15 m", "1w", "-5m", "1.5h", "99999999999999999d"] {
            assert!(bad.parse::<Span>().is_err(), "{bad}");
        }
        assert_eq!(Span::minutes(15).to_string(), "15m");
        assert_eq!(Span(1500).to_string(), "1500ms");
    }

    #[test]
    fn times_print_as_rfc3339() {
        assert_eq!(Time(1_735_689_600_123).to_string(), "2025-01-01T00:00:00.123Z");
    }
}
