//! The target's own forms of the reason codes that we wrote.

use super::again::Settled;
use crate::model::{Mark, Reason, Record, Value};

/// The fewest letters that are taken for reason codes cut short.
const CUT_MIN: usize = 8;

/// Whether a record shows these reason codes, or the target's form of `last`, what we wrote last. A label only tells that there are some.
pub fn shows_why(last: Option<&Settled>, record: &Record, wanted: &str) -> bool {
    match record.mark(Mark::Why) {
        Some(Value::Bool(there)) => *there != wanted.is_empty(),
        shown => {
            let shown = shown.unwrap_or(&Value::Empty);
            let written = last.is_some_and(|why| why.wrote_last(wanted));
            shown.as_text().unwrap_or_default() == wanted || (written && is_form_of_codes(wanted, shown))
        }
    }
}

/// Whether a record shows the target's form of reason codes of which nobody knows whether they were written. They are a list: some of ours,
/// each whole, are the list of before and not ours cut short.
pub fn is_form_of_why(ours: &str, shown: &Value) -> bool {
    let codes = |text: &str| text.split(',').filter_map(|code| plain(&Value::text(code))).filter(|c| !c.is_empty()).collect::<Vec<_>>();
    let fewer = shown.as_text().is_some_and(|shown| {
        let (ours, shown) = (codes(ours), codes(shown));
        shown.len() < ours.len() && shown.iter().all(|code| ours.contains(code))
    });
    !fewer && is_form_of_codes(ours, shown)
}

/// Whether a target made this of reason codes: other case, trimmed, cut, or other punctuation. A few letters are another word.
fn is_form_of_codes(ours: &str, shown: &Value) -> bool {
    let (Some(ours), Some(shown)) = (plain(&Value::text(ours)), plain(shown)) else { return false };
    ours == shown || (shown.len() >= CUT_MIN && ours.starts_with(&shown))
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

#[cfg(test)]
mod tests {
    use super::*;

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
