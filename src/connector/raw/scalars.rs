//! JSON scalars read as typed values, and times written as a system wants them. Texts are read without marks and blanks at their ends.

use super::json::{Json, digits, id_digits, is_unreadable, readable};
use super::numbers::written_number;
use crate::connector::manifest::TimeFormat;
use crate::model::{Date, ShortText, Time, Value, is_blank, trimmed};
use jiff::Timestamp;
use jiff::civil::{self, DateTime};
use jiff::tz::TimeZone;
use std::borrow::Cow;

/// A text, or a number as text.
pub fn text_of<'v>(value: &'v Json<'_>) -> Option<Cow<'v, str>> {
    match value {
        Json::Number(number) => Some(Cow::Owned(digits(*number))),
        other => readable(other).map(|text| Cow::Borrowed(trimmed(text))),
    }
}

/// An id: text or number, not blank. A number is one id however it is written.
pub fn id_of<'v>(value: &'v Json<'_>) -> Option<Cow<'v, str>> {
    match value {
        Json::Number(number) => id_digits(*number).map(Cow::Owned),
        other => readable(other).map(trimmed).filter(|text| !text.is_empty()).map(Cow::Borrowed),
    }
}

/// The id that a value carries: the whole value, or what follows the prefix up to a blank, comma or semicolon.
pub fn other_id(value: &Json<'_>, prefix: Option<&str>) -> Option<ShortText> {
    let id = match (prefix, value) {
        (None, value) => return id_of(value).map(ShortText::from),
        (Some(prefix), value) => {
            let text = text_of(value)?;
            let id = text[text.find(prefix)? + prefix.len()..].trim_start();
            id.split(|c: char| c.is_whitespace() || c == ',' || c == ';').next().map(ShortText::from)?
        }
    };
    (!id.is_empty()).then_some(id)
}

/// Whether a value says that there is nothing: null, or a text without anything to see.
pub fn is_empty(value: &Json<'_>) -> bool {
    value.is_null() || readable(value).is_some_and(is_blank)
}

/// A bool, "true" or "false" as text, 0 or 1.
pub fn bool_of(value: &Json<'_>) -> Option<bool> {
    match value {
        Json::Bool(b) => Some(*b),
        Json::Str(t) if trimmed(t).eq_ignore_ascii_case("true") => Some(true),
        Json::Str(t) if trimmed(t).eq_ignore_ascii_case("false") => Some(false),
        Json::Number(n) => match n.as_i64() {
            Some(0) => Some(false),
            Some(1) => Some(true),
            _ => None,
        },
        _ => None,
    }
}

/// A whole number, also as text or as a decimal without a fraction.
pub fn int_of(value: &Json<'_>) -> Option<i64> {
    match value {
        Json::Number(n) => n.as_i64().or_else(|| n.as_f64().and_then(whole)),
        other => readable(other).and_then(|t| trimmed(t).parse().ok().or_else(|| written_number(t).and_then(whole))),
    }
}

fn whole(number: f64) -> Option<i64> {
    (number.fract() == 0.0 && number.abs() < 9e15).then_some(number as i64)
}

/// A finite number, also as text.
pub fn number_of(value: &Json<'_>) -> Option<f64> {
    match value {
        Json::Number(n) => n.as_f64(),
        other => readable(other).and_then(written_number),
    }
}

/// An instant in the given form. A text without an offset is taken in `zone`.
pub fn time_of(value: &Json<'_>, format: TimeFormat, zone: &TimeZone) -> Option<Time> {
    match format {
        TimeFormat::UnixS => {
            int_of(value).or_else(|| number_of(value).map(|s| s.floor() as i64)).and_then(|s| s.checked_mul(1000)).map(Time)
        }
        TimeFormat::UnixMs => int_of(value).map(Time),
        TimeFormat::Rfc3339 | TimeFormat::DateTime | TimeFormat::Date => {
            let text = trimmed(readable(value)?);
            if let Ok(at) = text.parse::<Timestamp>() {
                return Some(Time(at.as_millisecond()));
            }
            let civil = text.parse::<DateTime>().ok().or_else(|| text.parse::<civil::Date>().ok().map(|d| d.at(0, 0, 0, 0)))?;
            civil.to_zoned(zone.clone()).ok().map(|z| Time(z.timestamp().as_millisecond()))
        }
    }
}

/// A day in the given form. Of a time it is the day in `zone`, and of a midnight the day as it is told.
pub fn date_of(value: &Json<'_>, format: TimeFormat, zone: &TimeZone) -> Option<Date> {
    let text = || Date::within(trimmed(readable(value)?), zone);
    match format {
        TimeFormat::UnixS | TimeFormat::UnixMs => match time_of(value, format, zone) {
            Some(time) => Date::told_as(time, zone),
            None => text(),
        },
        TimeFormat::Rfc3339 | TimeFormat::DateTime | TimeFormat::Date => text(),
    }
}

/// A field that holds times: a text without a time is a day, as nobody said when on that day.
pub fn moment_of(value: &Json<'_>, format: TimeFormat, zone: &TimeZone) -> Option<Value> {
    let day = match format {
        TimeFormat::UnixS | TimeFormat::UnixMs => None,
        // Most say all: they are not looked at twice.
        TimeFormat::Rfc3339 | TimeFormat::DateTime => readable(value).map(trimmed).filter(|text| !text.contains(':')).and_then(Date::parse),
        TimeFormat::Date => date_of(value, format, zone),
    };
    day.map(Value::Date).or_else(|| time_of(value, format, zone).map(Value::Time))
}

/// A time as the system wants it. A form with whole seconds rounds down, so that a filter never begins too late.
pub fn time_text(time: Time, format: TimeFormat, zone: &TimeZone) -> String {
    match format {
        TimeFormat::Rfc3339 => time.rfc3339(),
        TimeFormat::UnixS => time.0.div_euclid(1000).to_string(),
        TimeFormat::UnixMs => time.0.to_string(),
        TimeFormat::DateTime => match Timestamp::from_millisecond(time.0) {
            Ok(at) => at.to_zoned(zone.clone()).strftime("%Y-%m-%d %H:%M:%S").to_string(),
            Err(_) => time.rfc3339(),
        },
        TimeFormat::Date => Date::at(time, zone).map_or_else(|| time.rfc3339(), |day| day.to_string()),
    }
}

/// A day as the system wants it; where that is a time, its midnight, in UTC where times are numbers, else in `zone`.
pub fn date_text(day: Date, format: TimeFormat, zone: &TimeZone) -> String {
    let midnight = |form: &str| day.midnight_in(zone).map_or_else(|| day.to_string(), |at| at.strftime(form).to_string());
    match format {
        TimeFormat::Date => day.to_string(),
        TimeFormat::UnixS | TimeFormat::UnixMs => time_text(day.midnight(), format, zone),
        TimeFormat::DateTime => midnight("%Y-%m-%d %H:%M:%S"),
        // Who cuts the time off has the day all the same.
        TimeFormat::Rfc3339 => midnight("%Y-%m-%dT%H:%M:%S%:z").replace("+00:00", "Z"),
    }
}

/// What kind of JSON a value is, for messages that must not show the value itself.
pub fn kind_of(value: &Json<'_>) -> &'static str {
    match value {
        Json::Null => "nothing",
        Json::Bool(_) => "true or false",
        Json::Number(_) => "a number",
        Json::Str(_) if is_unreadable(value) => "a text with characters that cannot be read",
        Json::Str(_) => "a text",
        Json::Array(_) => "a list",
        Json::Object(_) => "an object",
    }
}

/// Whether what stands where a list would go on says that it does not.
pub fn ends(more: &Json<'_>) -> bool {
    matches!(more, Json::Null | Json::Bool(false)) || more.as_str().is_some_and(str::is_empty)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    #[test]
    fn scalars() {
        assert_eq!(text_of(&Json::from(&json!(12))).as_deref(), Some("12"));
        assert_eq!(text_of(&Json::from(&json!(["a"]))), None);
        assert_eq!(id_of(&Json::from("  ")), None);
        assert_eq!(
            [json!("TRUE"), json!(1), json!("yes"), json!(2)].map(|v| bool_of(&Json::from(&v))),
            [Some(true), Some(true), None, None]
        );
        assert_eq!([json!("\u{feff}true"), json!("False ")].map(|v| bool_of(&Json::from(&v))), [Some(true), Some(false)]);
        assert_eq!(
            [json!(" 12"), json!(12), json!(12.0), json!("12.0"), json!(1e20)].map(|v| id_of(&Json::from(&v)).map(Cow::into_owned)),
            [Some("12".to_string()), Some("12".to_string()), Some("12".to_string()), Some("12.0".to_string()), None]
        );
        assert_eq!(
            [json!("12"), json!(12.0), json!("12.0"), json!(1.5), json!("a")].map(|v| int_of(&Json::from(&v))),
            [Some(12), Some(12), Some(12), None, None]
        );
        assert_eq!([json!("1.5"), json!("NaN"), json!("inf")].map(|v| number_of(&Json::from(&v))), [Some(1.5), None, None]);
    }

    #[test]
    fn times() {
        let tokyo = TimeZone::fixed(jiff::tz::offset(9));
        let nine = Time(1_795_212_000_000); // 2026-11-20T22:00:00Z
        for (raw, format, want) in [
            (json!("2026-11-20T22:00:00Z"), TimeFormat::Rfc3339, Some(nine)),
            (json!("2026-11-21T07:00:00.000+09:00"), TimeFormat::Rfc3339, Some(nine)),
            (json!("2026-11-21 07:00:00"), TimeFormat::DateTime, Some(nine)),
            (json!("2026-11-21T07:00:00"), TimeFormat::Rfc3339, Some(nine)),
            (json!(1_795_212_000), TimeFormat::UnixS, Some(nine)),
            (json!("1795212000000"), TimeFormat::UnixMs, Some(nine)),
            (json!("soon"), TimeFormat::Rfc3339, None),
            (json!(5), TimeFormat::Rfc3339, None),
        ] {
            assert_eq!(time_of(&Json::from(&raw), format, &tokyo), want, "{raw}");
        }
        assert_eq!(time_text(Time(nine.0 + 999), TimeFormat::DateTime, &tokyo), "2026-11-21 07:00:00");
        assert_eq!(time_text(nine, TimeFormat::Date, &tokyo), "2026-11-21");
    }

    /// A birthday was read as midnight in Tokyo and written as UTC: it lost a day with every round.
    #[test]
    fn a_day_is_written_in_each_form_as_the_day_that_was_read() {
        let new_york = TimeZone::get("America/New_York").unwrap();
        let tokyo = TimeZone::fixed(jiff::tz::offset(9));
        let april = Date::parse("1980-04-01").unwrap();
        for (format, zone, written) in [
            (TimeFormat::Date, &tokyo, "1980-04-01"),
            (TimeFormat::Rfc3339, &tokyo, "1980-04-01T00:00:00+09:00"),
            (TimeFormat::Rfc3339, &TimeZone::UTC, "1980-04-01T00:00:00Z"),
            (TimeFormat::DateTime, &tokyo, "1980-04-01 00:00:00"),
            (TimeFormat::UnixS, &new_york, "323395200"),
            (TimeFormat::UnixMs, &tokyo, "323395200000"),
        ] {
            assert_eq!(date_text(april, format, zone), written, "{format:?}");
            assert_eq!(date_of(&Json::from(written), format, zone), Some(april), "{format:?}");
        }
        // A day among times is a day.
        for (text, value) in
            [("1980-04-01", Some(Value::Date(april))), ("1980-04-01T00:00:00Z", Some(Value::Time(april.midnight()))), ("soon", None)]
        {
            assert_eq!(moment_of(&Json::from(text), TimeFormat::Rfc3339, &tokyo), value, "{text}");
        }
        assert_eq!(moment_of(&Json::from("1980-04-01T00:00:00Z"), TimeFormat::Date, &new_york), Some(Value::Date(april)));
        assert_eq!(
            date_of(&Json::from("1980-04-01"), TimeFormat::UnixMs, &tokyo),
            Some(april),
            "as some systems show what they take as a number"
        );
    }

    proptest! {
        /// Whatever the zone and the form, no round takes a day off.
        #[test]
        fn a_written_day_is_read_back_as_that_day(days in -40_000i32..40_000, east in -12i8..=14) {
            let (day, zone) = (Date(days), TimeZone::fixed(jiff::tz::offset(east)));
            for format in [TimeFormat::Date, TimeFormat::Rfc3339, TimeFormat::DateTime, TimeFormat::UnixS, TimeFormat::UnixMs] {
                let written = date_text(day, format, &zone);
                let shown = Json::from(written.as_str());
                prop_assert_eq!(date_of(&shown, format, &zone), Some(day), "{:?}", format);
                let among_times = moment_of(&shown, format, &zone).unwrap();
                prop_assert!(Value::Date(day).may_show_as(&among_times), "{:?}", format);
            }
        }

        #[test]
        fn a_written_time_is_read_back_at_most_a_second_earlier(ms in 0i64..4_000_000_000_000) {
            for format in [TimeFormat::Rfc3339, TimeFormat::UnixS, TimeFormat::UnixMs, TimeFormat::DateTime] {
                let back = time_of(&Json::from(time_text(Time(ms), format, &TimeZone::UTC)), format, &TimeZone::UTC).unwrap();
                prop_assert!(back.0 <= ms && back.0 > ms - 1000, "{:?}", format);
            }
        }
    }
}
