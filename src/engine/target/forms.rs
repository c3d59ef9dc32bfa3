//! The target's own forms of what we wrote.

use super::again::Settled;
use crate::model::{Mark, Reason, Record, Value};

/// Whether a record shows these reason codes, or the target's form of `last`, what we wrote last. A label only tells that there are some.
pub fn shows_why(last: Option<&Settled>, record: &Record, wanted: &str) -> bool {
    match record.mark(Mark::Why) {
        Some(Value::Bool(there)) => *there != wanted.is_empty(),
        shown => {
            let shown = shown.unwrap_or(&Value::Empty);
            let written = last.is_some_and(|why| why.wrote_last(wanted));
            shown.as_text().unwrap_or_default() == wanted || (written && is_form_of(&Value::text(wanted), shown))
        }
    }
}

/// Whether `shown` is the target's own form of what we wrote: other case, trimmed, cut, or other punctuation; or the same number, told as a
/// text; or the same time or day in another form.
pub fn is_form_of(ours: &Value, shown: &Value) -> bool {
    if ours.may_show_as(shown) {
        return true;
    }
    if let (Value::Int(_) | Value::Number(_), _) | (_, Value::Int(_) | Value::Number(_)) = (ours, shown) {
        return number(ours).zip(number(shown)).is_some_and(|(ours, shown)| ours == shown);
    }
    let (Some(ours), Some(shown)) = (plain(ours), plain(shown)) else { return false };
    ours == shown || (shown.len() >= 8 && ours.starts_with(&shown))
}

/// The same of reason codes of which nobody knows whether they were written. They are a list: some of ours, each whole, are the list of before
/// and not ours cut short.
pub fn is_form_of_why(ours: &str, shown: &Value) -> bool {
    let codes = |text: &str| text.split(',').filter_map(|code| plain(&Value::text(code))).filter(|c| !c.is_empty()).collect::<Vec<_>>();
    let fewer = shown.as_text().is_some_and(|shown| {
        let (ours, shown) = (codes(ours), codes(shown));
        shown.len() < ours.len() && shown.iter().all(|code| ours.contains(code))
    });
    !fewer && is_form_of(&Value::text(ours), shown)
}

/// Whether somebody put their own words in the place of reason codes: what is neither a list of codes, whose last may be cut short, nor
/// nothing.
pub fn is_in_own_words(shown: Option<&Value>) -> bool {
    let Some(text) = shown.and_then(Value::as_text).map(str::trim).filter(|text| !text.is_empty()) else { return false };
    let letters = |text: &str| plain(&Value::text(text)).unwrap_or_default();
    let codes = Reason::CODED.each_ref().map(|reason| letters(reason.code()));
    let parts: Vec<&str> = text.split(',').collect();
    let is_code = |part: &str| codes.contains(&letters(part)) || is_own_hold(part.trim());
    let is_cut = |part: &str| codes.iter().map(String::as_str).chain(["hold"]).any(|code| code.starts_with(&letters(part)));
    !parts.iter().enumerate().all(|(at, part)| is_code(part) || (at + 1 == parts.len() && is_cut(part)))
}

/// The code of a hold of policy.toml, `hold:NAME`, whatever a target makes of the colon.
fn is_own_hold(part: &str) -> bool {
    let Some(name) = part.get(..4).filter(|hold| hold.eq_ignore_ascii_case("hold")).and(part.get(4..)) else { return false };
    let mut name = name.chars();
    name.next().is_some_and(|c| !c.is_alphanumeric() && !c.is_whitespace()) && name.next().is_some_and(|c| !c.is_whitespace())
}

/// The letters and digits of a text.
fn plain(value: &Value) -> Option<String> {
    Some(value.as_text()?.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect())
}

/// A number, or what a text says that is one. A point and a sign count; commas between thousands do not.
fn number(value: &Value) -> Option<f64> {
    match value {
        Value::Int(i) => Some(*i as f64),
        Value::Number(n) => Some(*n),
        Value::Text(text) => text.trim().replace(',', "").parse().ok(),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Date, Time};

    #[test]
    fn reason_codes_of_before_are_not_taken_for_ours_cut_short() {
        let ours = "open_deal_person,critical_ticket";
        for (shown, is_ours) in [
            ("open_deal_person,critical_ticket", true),
            ("Open_deal_person, critical_ticket ", true),
            ("open_deal_person,critical_ti", true),
            ("open_deal_pers", true),
            ("open_deal_person", false),
            ("OPEN_DEAL_PERSON,", false),
            ("cooldown", false),
        ] {
            assert_eq!(is_form_of_why(ours, &Value::text(shown)), is_ours, "{shown}");
        }
    }

    #[test]
    fn own_words_are_no_codes_in_any_form() {
        for (shown, own) in [
            (Some("open_deal_person"), false),
            (Some("Open Deal Account, critical_ticket"), false),
            (Some("hold:vip"), false),
            (Some("open_deal_person,Hold_vip"), false),
            (Some("hold:key account,cooldown"), false),
            (Some("open_deal_person,hold:"), false),
            (Some("open_deal_person, hol"), false),
            (Some("open_deal_person,"), false),
            (Some("hold, says sales"), true),
            (Some("hold: says sales"), true),
            (Some("open_deal_person, and legal says no"), true),
            (Some("critical_ti"), false),
            (Some(" "), false),
            (None, false),
            (Some("手動停止"), true),
            (Some("do not mail, says sales"), true),
        ] {
            assert_eq!(is_in_own_words(shown.map(Value::text).as_ref()), own, "{shown:?}");
        }
        assert!(!is_in_own_words(Some(&Value::Bool(true))), "a label");
    }

    #[test]
    fn a_form_is_the_same_letters_or_a_long_beginning() {
        let text = |t: &str| Value::text(t);
        for (ours, shown, is) in [
            (text("  ACME K.K. "), text("acme kk"), true),
            (text("03-1234-5678"), text("0312345678"), true),
            (text("Sato Trading Company"), text("Sato Tra"), false),
            (text("Sato Trading Company"), text("Sato Trad"), true),
            (text("Sato Trading"), text("Sato Trading Company"), false),
            (Value::Int(7), text("7"), true),
            (Value::Number(2.0), text("2"), true),
            (text("7"), Value::Int(7), true),
            (Value::Number(2.5), text("2.5"), true),
            (Value::Number(2.5), text("25"), false),
            (Value::Number(2.5), text(" 2.50"), true),
            (Value::Int(-5), text("-5"), true),
            (Value::Int(5), text("-5"), false),
            (Value::Int(1200), text("1,200"), true),
            (Value::Int(7), text("seven"), false),
            (Value::Bool(true), text("true"), false),
            (text(""), Value::Empty, false),
            (Value::Date(Date(0)), Value::Time(Time(0)), true),
            (Value::Date(Date(0)), Value::Time(Time(-9 * 3_600_000)), true),
            (Value::Date(Date(0)), text("1970-01-01"), true),
            (Value::Date(Date(0)), Value::Date(Date(1)), false),
            (Value::Time(Time(1_750)), Value::Time(Time(1_000)), true),
            (Value::Time(Time(1_750)), Value::Time(Time(3_000)), false),
        ] {
            assert_eq!(is_form_of(&ours, &shown), is, "{ours} {shown}");
        }
    }

    #[test]
    fn reasons_stand_as_they_are_or_in_the_form_of_what_was_written_last() {
        let mut wrote = Settled::default();
        wrote.wrote("open_deal_person");
        let last = Some(&wrote);
        for (last, shown, wanted, shows) in [
            (None, None, "", true),
            (None, None, "vip", false),
            (None, Some(Value::text("vip")), "vip", true),
            (None, Some(Value::text("OPEN_DEAL_PERSON")), "open_deal_person", false),
            (last, Some(Value::text("OPEN_DEAL_PERSON")), "open_deal_person", true),
            (last, Some(Value::text("VIP")), "vip", false),
            // A label.
            (None, Some(Value::Bool(true)), "vip", true),
            (None, Some(Value::Bool(true)), "", false),
            (None, Some(Value::Bool(false)), "", true),
            (None, Some(Value::Bool(false)), "vip", false),
        ] {
            let mut record = Record::new("ma:person:1".parse().unwrap());
            if let Some(shown) = &shown {
                record.set_mark(Mark::Why, shown.clone());
            }
            assert_eq!(shows_why(last, &record, wanted), shows, "{shown:?} {wanted}");
        }
    }
}
