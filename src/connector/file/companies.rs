//! How lists name companies, and which addresses are nobody's company.

use super::headers::plain;
use crate::model::normal::company;
use unicode_normalization::UnicodeNormalization;

/// Providers of mailboxes: who has one there works anywhere.
pub const FREE_MAIL: [&str; 18] = [
    "gmail.com",
    "googlemail.com",
    "yahoo.co.jp",
    "yahoo.com",
    "ymail.ne.jp",
    "outlook.com",
    "outlook.jp",
    "hotmail.com",
    "hotmail.co.jp",
    "live.jp",
    "icloud.com",
    "me.com",
    "docomo.ne.jp",
    "ezweb.ne.jp",
    "au.com",
    "softbank.ne.jp",
    "i.softbank.jp",
    "nifty.com",
];

/// Words for a company that lists leave out as often as not.
const LEFT_OUT: [&str; 7] = ["株式会社", "corporation", "company", "limited", "corp", "inc", "ltd"];

/// A company's name as lists are compared by it: width, case, blanks, signs and the words for a limited company do not count.
pub fn company_key(name: &str) -> String {
    let long = company::in_long_form(&name.nfkc().collect::<String>());
    let whole = plain(&long);
    let words: Vec<String> = long.split(|c: char| c.is_whitespace() || matches!(c, ',' | '.')).map(plain).collect();
    let kept: String = words.iter().filter(|w| !LEFT_OUT.contains(&w.as_str()) && *w != "co").map(|w| w.replace("株式会社", "")).collect();
    if kept.is_empty() { whole } else { kept }
}
