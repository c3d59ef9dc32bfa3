//! Days and times are moved by one number of days, the same in the whole recording: what came before what stays, and how long between.

use jiff::civil::Date;
use std::collections::BTreeSet;

/// Older and later ones are marks of "never" in many systems, and stay.
const YEARS: std::ops::RangeInclusive<i16> = 1900..=2200;

/// Forty years: no list of days is as long and as dense.
const DAYS_TRIED: i64 = 14_600;

const DAY_S: i64 = 86_400;

/// The day that a text begins with, where it is nothing but a date or a time in the usual order: `2026-11-21`, `2026/11/21 09:00`, `2026-11-21T09:00:00.000Z`.
fn day_of(text: &str) -> Option<(Date, char)> {
    let day = text.get(..10)?;
    let mark = day.chars().nth(4).filter(|c| matches!(c, '-' | '/'))?;
    let plain = day.replace('/', "-");
    let rest = &text[10..];
    let is_time = rest.is_empty()
        || rest.starts_with(['T', ' ']) && rest[1..].chars().all(|c| c.is_ascii_digit() || matches!(c, ':' | '.' | 'Z' | '+' | '-'));
    let date: Date = plain.parse().ok().filter(|_| is_time)?;
    Some((date, mark))
}

/// The first number of days, from one on, by which none of these texts is moved to a day that another of them has.
pub fn days_apart<'t>(texts: impl Iterator<Item = &'t str>, from: i64) -> i64 {
    let days: BTreeSet<Date> =
        texts.filter_map(|text| day_of(&text.to_uppercase()).map(|(day, _)| day)).filter(|day| !is_never(*day)).collect();
    let meets = |by: i64| days.iter().any(|day| day.checked_sub(jiff::Span::new().days(by)).is_ok_and(|moved| days.contains(&moved)));
    (from..from + DAYS_TRIED).find(|by| !meets(*by)).unwrap_or(from)
}

/// Whether a text is nothing but a date or time.
pub fn is_date(text: &str) -> bool {
    day_of(text).is_some()
}

/// Whether a text is a date that stands for none.
pub fn tells_nothing(text: &str) -> bool {
    day_of(text).is_some_and(|(day, _)| is_never(day))
}

/// The text so many days earlier; `None` where it is no date.
pub fn moved(text: &str, days: i64) -> Option<String> {
    let (date, mark) = day_of(text)?;
    if is_never(date) {
        return Some(text.to_string());
    }
    let moved = date.checked_sub(jiff::Span::new().days(days)).ok()?;
    let day = moved.to_string().replace('-', &mark.to_string());
    Some(format!("{day}{}", &text[10..]))
}

/// A day that stands for none: the epoch's, or one out of reach.
fn is_never(date: Date) -> bool {
    !YEARS.contains(&date.year()) || (date.year(), date.month(), date.day()) == (1970, 1, 1)
}

/// Seconds or milliseconds since 1970, so many days earlier.
pub fn moved_number(at: i64, days: i64) -> i64 {
    let is_ms = at.unsigned_abs() > 100_000_000_000;
    if at == 0 { at } else { at - days * DAY_S * if is_ms { 1_000 } else { 1 } }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_date_keeps_its_form_and_never_stays_never() {
        for (text, want) in [
            ("2026-11-21", Some("2026-11-11")),
            ("2026/11/21 09:00", Some("2026/11/11 09:00")),
            ("2026-11-21T09:00:00.123Z", Some("2026-11-11T09:00:00.123Z")),
            ("1970-01-01T00:00:00Z", Some("1970-01-01T00:00:00Z")),
            ("9999-12-31", Some("9999-12-31")),
            ("2026-13-01", None),
            ("2026-11-21 Sato", None),
            ("20261121", None),
        ] {
            assert_eq!(moved(text, 10).as_deref(), want, "{text}");
        }
        assert_eq!(
            (moved_number(1_795_251_600, 1), moved_number(1_795_251_600_000, 1), moved_number(0, 1)),
            (1_795_165_200, 1_795_165_200_000, 0)
        );
    }
}
