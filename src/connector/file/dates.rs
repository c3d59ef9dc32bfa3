//! Days and times as people write them in lists.

use jiff::civil::{Date, DateTime, Time, date};
use unicode_normalization::UnicodeNormalization;

/// Years of an era begin after this one: year 1 of Reiwa is 2019.
const ERAS: [(&[&str], i16); 4] = [(&["令和", "r"], 2018), (&["平成", "h"], 1988), (&["昭和", "s"], 1925), (&["大正", "t"], 1911)];

/// A year with fewer digits is not told for sure.
const YEARS: std::ops::RangeInclusive<i64> = 1868..=2199;

/// What a text tells: the day, and where it tells one the time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ReadDate {
    pub day: Date,
    pub time: Option<Time>,
}

impl ReadDate {
    pub fn of(at: DateTime) -> ReadDate {
        ReadDate { day: at.date(), time: (at.time() != Time::midnight()).then_some(at.time()) }
    }

    /// In the form that records are read from: `2026-11-30`, or with a time `2026-11-30T14:05:00`.
    pub fn iso(self) -> String {
        match self.time {
            None => self.day.to_string(),
            Some(time) => self.day.to_datetime(time).strftime("%Y-%m-%dT%H:%M:%S").to_string(),
        }
    }
}

/// Reads `2026/11/30`, `2026-11-30`, `2026.11.30`, `2026年11月30日`, `20261130`, `R8.11.30`, `令和8年11月30日`, each also with a time behind.
/// `None` for anything else: where the year stands last, nobody can tell the month from the day.
pub fn parse(text: &str) -> Option<ReadDate> {
    let text: String = text.nfkc().flat_map(char::to_lowercase).collect();
    let text = text.trim();
    let (era, rest) = era(text);
    let mut parts = DateParts { rest };
    let first = parts.number()?;
    let (year, digits) = (first.value, first.digits);
    if era.is_none() && digits == 8 {
        let day = civil(year / 10_000, year / 100 % 100, year % 100)?;
        return Some(ReadDate { day, time: parts.time()? });
    }
    let year = match era {
        Some(before) if digits <= 2 && year > 0 => i64::from(before) + year,
        None if digits == 4 => year,
        _ => return None,
    };
    parts.separator(&['年', '/', '-', '.'])?;
    let month = parts.number()?.value;
    parts.separator(&['月', '/', '-', '.'])?;
    let day = parts.number()?.value;
    parts.separator(&['日']);
    parts.weekday();
    Some(ReadDate { day: civil(year, month, day)?, time: parts.time()? })
}

/// The year that the era's first year follows, and what stands behind the era.
fn era(text: &str) -> (Option<i16>, &str) {
    for (names, before) in ERAS {
        if let Some(rest) = names.iter().find_map(|name| text.strip_prefix(name)) {
            return (Some(before), rest.trim_start());
        }
    }
    (None, text)
}

fn civil(year: i64, month: i64, day: i64) -> Option<Date> {
    if !YEARS.contains(&year) {
        return None;
    }
    Date::new(i16::try_from(year).ok()?, i8::try_from(month).ok()?, i8::try_from(day).ok()?).ok()
}

/// A day that a workbook keeps as its number since the end of 1899. `None`: no such day is meant.
pub fn of_serial(number: f64) -> Option<ReadDate> {
    const FIRST: f64 = 1.0;
    const BEFORE: f64 = 73_416.0 + 36_524.0;
    if number.fract() == 0.0 && (18_680_101.0..=21_991_231.0).contains(&number) {
        return parse(&format!("{number:.0}"));
    }
    if !(FIRST..BEFORE).contains(&number) {
        return None;
    }
    // Excel counts a 29 February 1900 that was none.
    let days = number.trunc() as i64 - i64::from(number >= 60.0);
    let seconds = (number.fract() * 86_400.0).round() as i64;
    let at = date(1899, 12, 31).to_datetime(Time::midnight());
    let at = at.checked_add(jiff::Span::new().days(days).seconds(seconds)).ok()?;
    Some(ReadDate::of(at))
}

/// What is left of a text.
struct DateParts<'t> {
    rest: &'t str,
}

struct Digits {
    value: i64,
    digits: usize,
}

impl DateParts<'_> {
    fn number(&mut self) -> Option<Digits> {
        self.rest = self.rest.trim_start();
        if let Some(rest) = self.rest.strip_prefix('元') {
            self.rest = rest;
            return Some(Digits { value: 1, digits: 1 });
        }
        let digits = self.rest.bytes().take_while(u8::is_ascii_digit).count();
        let value = self.rest.get(..digits).filter(|text| (1..=8).contains(&text.len()))?.parse().ok()?;
        self.rest = &self.rest[digits..];
        Some(Digits { value, digits })
    }

    fn separator(&mut self, one_of: &[char]) -> Option<()> {
        let rest = self.rest.trim_start();
        self.rest = rest.strip_prefix(|c| one_of.contains(&c))?;
        Some(())
    }

    /// `(月)`, `(月曜日)`: nothing that the date does not say.
    fn weekday(&mut self) {
        let rest = self.rest.trim_start();
        let inside = rest.strip_prefix('(').and_then(|rest| rest.split_once(')'));
        if let Some((day, rest)) = inside.filter(|(day, _)| "日月火水木金土".contains(day.trim_end_matches("曜日").trim_end_matches('曜')))
        {
            let _ = day;
            self.rest = rest;
        }
    }

    /// The time behind, if there is one. `None`: there is something else.
    fn time(&mut self) -> Option<Option<Time>> {
        let rest = self.rest.trim_start();
        let rest = rest.strip_prefix('t').unwrap_or(rest).trim_start();
        if rest.is_empty() {
            return Some(None);
        }
        self.rest = rest;
        let hour = self.number()?.value;
        self.separator(&[':', '時'])?;
        let minute = if self.rest.trim().is_empty() { 0 } else { self.number()?.value };
        let _ = self.separator(&['分']);
        let second = match self.separator(&[':']) {
            Some(()) => self.number()?.value,
            None if self.rest.trim().is_empty() => 0,
            None => {
                let second = self.number()?.value;
                self.separator(&['秒'])?;
                second
            }
        };
        let part = |value: i64| i8::try_from(value).ok();
        let time = Time::new(part(hour)?, part(minute)?, part(second)?, 0).ok()?;
        self.rest.trim().is_empty().then_some(Some(time))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn days_as_people_write_them() {
        for (text, want) in [
            ("2026/11/30", Some("2026-11-30")),
            ("2026-11-30", Some("2026-11-30")),
            ("2026.11.30", Some("2026-11-30")),
            ("2026/1/5", Some("2026-01-05")),
            ("2026年11月30日", Some("2026-11-30")),
            ("２０２６年１１月３０日", Some("2026-11-30")),
            ("2026 年 11 月 30 日", Some("2026-11-30")),
            ("2026/11/30(月)", Some("2026-11-30")),
            ("2026年11月30日（月曜日）", Some("2026-11-30")),
            ("20261130", Some("2026-11-30")),
            ("R8.11.30", Some("2026-11-30")),
            ("r8/11/30", Some("2026-11-30")),
            ("令和8年11月30日", Some("2026-11-30")),
            ("令和元年5月1日", Some("2019-05-01")),
            ("㋿8年11月30日", Some("2026-11-30")),
            ("H31.4.30", Some("2019-04-30")),
            ("平成30年4月1日", Some("2018-04-01")),
            ("S63.12.31", Some("1988-12-31")),
            ("昭和64年1月7日", Some("1989-01-07")),
            ("2026/11/30 14:05", Some("2026-11-30T14:05:00")),
            ("2026-11-30T14:05:09", Some("2026-11-30T14:05:09")),
            ("2026年11月30日 14時05分", Some("2026-11-30T14:05:00")),
            ("2026年11月30日 14時", Some("2026-11-30T14:00:00")),
            ("2026/11/30 0:00", Some("2026-11-30T00:00:00")),
            ("2026/13/30", None),
            ("2026/2/29", None),
            ("11/30/2026", None),
            ("30.11.2026", None),
            ("26/11/30", None),
            ("R8", None),
            ("令和8年", None),
            ("2026", None),
            ("0026/11/30", None),
            ("2026/11/30 tomorrow", None),
            ("未定", None),
            ("", None),
        ] {
            assert_eq!(parse(text).map(ReadDate::iso).as_deref(), want, "{text:?}");
        }
    }

    #[test]
    fn numbers_of_a_workbook() {
        for (number, want) in [
            (1.0, Some("1900-01-01")),
            (59.0, Some("1900-02-28")),
            (61.0, Some("1900-03-01")),
            (46_356.0, Some("2026-11-30")),
            (46_356.5, Some("2026-11-30T12:00:00")),
            (20_261_130.0, Some("2026-11-30")),
            (20_261_131.0, None),
            (0.0, None),
            (-5.0, None),
            (9e9, None),
            (f64::NAN, None),
        ] {
            assert_eq!(of_serial(number).map(ReadDate::iso).as_deref(), want, "{number}");
        }
    }

    proptest! {
        #[test]
        fn any_text_is_read_or_not_and_never_ends_the_program(text in "\\PC*") {
            let _ = parse(&text);
        }

        #[test]
        fn a_day_is_read_back_from_each_of_its_forms(year in 1990i16..2100, month in 1i8..=12, day in 1i8..=28) {
            let want = Some(ReadDate { day: date(year, month, day), time: None });
            for text in [format!("{year}/{month}/{day}"), format!("{year}年{month}月{day}日"), format!("{year}{month:02}{day:02}")] {
                prop_assert_eq!(parse(&text), want);
            }
        }
    }
}
