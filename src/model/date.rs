//! Days of the calendar. A birthday is the same day wherever it is read: it has neither a time nor a zone, and nothing ever shifts it.

use super::Time;
use jiff::Timestamp;
use jiff::civil;
use jiff::fmt::temporal::Pieces;
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};
use std::fmt;

const DAY_MS: i64 = 86_400_000;
const HOUR_MS: i64 = 3_600_000;
/// Offsets of zones are whole quarters of an hour, from 12 hours behind UTC to 14 ahead.
const QUARTER_MS: i64 = HOUR_MS / 4;
const FARTHEST_BEHIND_MS: i64 = 12 * HOUR_MS;
const FARTHEST_AHEAD_MS: i64 = 14 * HOUR_MS;

const EPOCH: civil::Date = civil::date(1970, 1, 1);

/// A day of the calendar: days since 1970-01-01.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Date(pub i32);

impl Date {
    /// A text that is a date and nothing else, as "1980-04-01". `None`: it is none, or has a time.
    pub fn parse(text: &str) -> Option<Date> {
        let pieces = Pieces::parse(text).ok()?;
        if pieces.time().is_some() { None } else { Date::of(pieces.date()) }
    }

    /// A text with a date, and perhaps a time. A midnight is the day as it is written, whatever the offset behind it: so systems that
    /// have no other form write dates. Another time is the day that it is then in `zone`.
    pub fn within(text: &str, zone: &TimeZone) -> Option<Date> {
        let pieces = Pieces::parse(text).ok()?;
        let is_midnight = pieces.time().is_none_or(|time| time == civil::Time::midnight());
        match text.parse::<Timestamp>() {
            Ok(at) if !is_midnight => Date::of(at.to_zoned(zone.clone()).date()),
            _ => Date::of(pieces.date()),
        }
    }

    /// The day of an instant that is told as a number. Midnight UTC is that day, for so systems keep dates as numbers; another time is the
    /// day that it is then in `zone`.
    pub fn told_as(time: Time, zone: &TimeZone) -> Option<Date> {
        match time.0.rem_euclid(DAY_MS) {
            0 => i32::try_from(time.0.div_euclid(DAY_MS)).ok().map(Date),
            _ => Date::at(time, zone),
        }
    }

    /// The day that it is in a zone at an instant.
    pub fn at(time: Time, zone: &TimeZone) -> Option<Date> {
        Date::of(Timestamp::from_millisecond(time.0).ok()?.to_zoned(zone.clone()).date())
    }

    fn of(date: civil::Date) -> Option<Date> {
        Some(Date(EPOCH.until(date).ok()?.get_days()))
    }

    fn civil(self) -> Option<civil::Date> {
        EPOCH.checked_add(jiff::Span::new().try_days(self.0).ok()?).ok()
    }

    /// Midnight UTC of that day.
    pub fn midnight(self) -> Time {
        Time(i64::from(self.0) * DAY_MS)
    }

    /// Midnight of that day in a zone.
    pub fn midnight_in(self, zone: &TimeZone) -> Option<jiff::Zoned> {
        self.civil()?.to_zoned(zone.clone()).ok()
    }

    /// Whether an instant is midnight of that day in UTC or in some zone.
    pub fn begins_at(self, time: Time) -> bool {
        let after = time.0.saturating_sub(self.midnight().0);
        (-FARTHEST_AHEAD_MS..=FARTHEST_BEHIND_MS).contains(&after) && after % QUARTER_MS == 0
    }

    /// Whether it is that day at an instant, in UTC or in some zone.
    pub fn holds(self, time: Time) -> bool {
        let after = time.0.saturating_sub(self.midnight().0);
        (-FARTHEST_AHEAD_MS..DAY_MS + FARTHEST_BEHIND_MS).contains(&after)
    }
}

impl fmt::Display for Date {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.civil() {
            Some(date) => date.fmt(f),
            None => write!(f, "day {}", self.0),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const APRIL: &str = "1980-04-01";

    fn zone(name: &str) -> TimeZone {
        TimeZone::get(name).unwrap()
    }

    #[test]
    fn a_date_is_a_text_without_a_time() {
        for (text, date) in [
            (APRIL, Some(APRIL)),
            ("19800401", Some(APRIL)),
            ("0001-01-01", Some("0001-01-01")),
            ("1980-04-01T00:00:00", None),
            ("1980-04-01 00:00", None),
            ("1980-04-01T00:00:00Z", None),
            ("1980-04-31", None),
            ("1980-04", None),
            ("04/01/1980", None),
            ("", None),
        ] {
            assert_eq!(Date::parse(text).map(|d| d.to_string()).as_deref(), date, "{text}");
        }
    }

    #[test]
    fn a_midnight_is_the_day_as_it_is_written_and_another_time_the_day_in_the_zone() {
        for (text, in_zone, date) in [
            (APRIL, "America/New_York", APRIL),
            ("1980-04-01T00:00:00Z", "America/New_York", APRIL),
            ("1980-04-01T00:00:00Z", "Asia/Tokyo", APRIL),
            ("1980-04-01T00:00:00.000+09:00", "UTC", APRIL),
            ("1980-03-31T15:00:00Z", "Asia/Tokyo", APRIL),
            ("1980-03-31T15:00:00Z", "UTC", "1980-03-31"),
            ("1980-04-01 23:30:00", "Asia/Tokyo", APRIL),
            ("1980-04-01T23:30:00Z", "Asia/Tokyo", "1980-04-02"),
        ] {
            assert_eq!(Date::within(text, &zone(in_zone)).unwrap().to_string(), date, "{text} {in_zone}");
        }
        assert_eq!(Date::within("soon", &TimeZone::UTC), None);
        let april = Date::parse(APRIL).unwrap();
        for (ms, in_zone, date) in [(0, "America/New_York", 0), (-9 * HOUR_MS, "Asia/Tokyo", 0), (-9 * HOUR_MS, "UTC", -1)] {
            let told = Date::told_as(Time(april.midnight().0 + ms), &zone(in_zone));
            assert_eq!(told, Some(Date(april.0 + date)), "{ms} {in_zone}");
        }
    }

    #[test]
    fn a_day_begins_at_its_midnight_in_some_zone_and_holds_the_times_of_it() {
        let april = Date::parse(APRIL).unwrap();
        for (hours, begins, holds) in [
            (0.0, true, true),
            (-9.0, true, true),
            (-5.75, true, true),
            (5.0, true, true),
            (0.1, false, true),
            (35.9, false, true),
            (36.0, false, false),
            (-15.0, false, false),
        ] {
            let time = Time(april.midnight().0 + (hours * HOUR_MS as f64) as i64);
            assert_eq!((april.begins_at(time), april.holds(time)), (begins, holds), "{hours}");
        }
    }

    proptest! {
        #[test]
        fn a_date_is_read_back_from_each_of_its_forms(days in -300_000i32..300_000, east in -12i8..=14) {
            let (date, zone) = (Date(days), TimeZone::fixed(jiff::tz::offset(east)));
            prop_assert_eq!(Date::parse(&date.to_string()), Some(date));
            prop_assert_eq!(Date::told_as(date.midnight(), &zone), Some(date));
            let midnight = date.midnight_in(&zone).unwrap().timestamp();
            prop_assert_eq!(Date::within(&midnight.to_string(), &zone), Some(date));
            prop_assert!(date.begins_at(Time(midnight.as_millisecond())) && date.holds(Time(midnight.as_millisecond())));
        }

        #[test]
        fn no_number_of_days_makes_it_panic(days in any::<i32>(), ms in any::<i64>()) {
            let date = Date(days);
            let _ = (date.to_string(), date.midnight_in(&TimeZone::UTC), date.begins_at(Time(ms)), date.holds(Time(ms)), Date::at(Time(ms), &TimeZone::UTC));
            let _ = Date::told_as(Time(ms), &TimeZone::UTC);
        }
    }
}
