//! What a value says of the person's own no: that it is one, that it is none, or something that nobody has taught us.
//!
//! A no in other words must not look like no word at all. What is neither known as yes nor as no is kept as it stands and holds
//! (`refusal_unread`), until the system's table in systems.toml says what it means.

use super::refusal_words::{RefusalWord, RefusalWords, shown};
use crate::connector::manifest::Test;
use crate::connector::raw::conditions::{Scalar, Want};
use crate::connector::raw::json::Json;
use crate::connector::raw::paths::Path;
use crate::connector::raw::plain::{plain, said, trimmed};
use crate::connector::raw::scalars::{number_of, text_of};
use crate::model::{ShortText, is_blank};

/// A manifest's test for a refusal, made ready to be asked of many records.
#[derive(Debug, Clone)]
pub struct RefusalTest {
    path: Path,
    want: Want,
}

/// What a record says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RefusalReading {
    /// Nothing against mail.
    Fine,
    Refused,
    /// Values of which nobody knows what they mean.
    Unread(Vec<ShortText>),
}

impl RefusalTest {
    /// The test's texts are filled in already.
    pub fn new(test: &Test) -> Result<RefusalTest, String> {
        let path = Path::parse(&test.path).map_err(|e| e.to_string())?;
        let mut want = Want::of(test)?;
        if let Want::OneOf(scalars) = &mut want {
            // A flag that is written as a text is a flag. Beside another text it is one of several words, and only those count.
            let flags: Option<Vec<bool>> = scalars.iter().map(Scalar::flag).collect();
            if let Some(flags) = flags {
                *scalars = flags.into_iter().map(Scalar::Bool).collect();
            }
        }
        Ok(RefusalTest { path, want })
    }

    /// Where the answers show it.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Through a list, one entry that refuses is enough, and one that cannot be read is doubt.
    pub fn ask(&self, raw: &Json<'_>, words: &RefusalWords) -> RefusalReading {
        let mut refused = false;
        let mut unread: Vec<ShortText> = Vec::new();
        let mut take = |answer: Option<bool>, value: &Json<'_>| match answer {
            Some(no) => refused |= no,
            None => unread.push(shown(value)),
        };
        match &self.want {
            Want::Empty(_) => {
                take(Some(self.want.holds_empty(&self.path, raw)), raw);
                self.path.entries(raw, &mut |value| {
                    if is_unseen(value) {
                        take(None, value);
                    }
                });
            }
            Want::OneOf(wanted) => self.path.entries(raw, &mut |value| take(one_of(wanted, value, words), value)),
            Want::Contains(text) => self.path.entries(raw, &mut |value| {
                let answer = match text_of(value) {
                    Some(entry) => Some(plain(&entry) == plain(text)),
                    None => value.is_null().then_some(false),
                };
                take(answer, value)
            }),
        }
        unread.sort();
        unread.dedup();
        match (refused, unread.is_empty()) {
            (true, _) => RefusalReading::Refused,
            (false, true) => RefusalReading::Fine,
            (false, false) => RefusalReading::Unread(unread),
        }
    }
}

/// Whether a value is one of those that refuse; `None`: nobody knows what it means.
fn one_of(wanted: &[Scalar], value: &Json<'_>, words: &RefusalWords) -> Option<bool> {
    if value.is_null() || value.as_str().is_some_and(|t| is_blank(trimmed(t))) {
        let refuses = wanted.iter().any(|w| matches!(w, Scalar::Text(text) if is_blank(text) && !value.is_null()));
        return if !refuses && is_unseen(value) { words.of(value).map(|word| word == RefusalWord::No) } else { Some(refuses) };
    }
    let mut known = true;
    for want in wanted {
        match equals(want, value) {
            Some(true) => return Some(true),
            Some(false) => {}
            None => known = false,
        }
    }
    match known {
        true => Some(false),
        false => words.of(value).map(|word| word == RefusalWord::No),
    }
}

/// Whether a text looks like nothing and is not: characters that nobody sees were put there by somebody, or are what is left of a word.
fn is_unseen(value: &Json<'_>) -> bool {
    value.as_str().is_some_and(|text| is_blank(trimmed(text)) && !text.chars().all(char::is_whitespace))
}

fn equals(want: &Scalar, value: &Json<'_>) -> Option<bool> {
    match want {
        Scalar::Bool(want) => said(value).map(|b| b == *want),
        Scalar::Number(want) => number_of(value).map(|n| n == *want),
        Scalar::Text(want) => match value {
            Json::Bool(b) => Some(plain(want) == b.to_string()),
            _ => text_of(value).map(|text| plain(&text) == plain(want)),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::super::refusal_words::{SHOWN_CHARS_MAX, UNSEEN};
    use super::*;
    use serde_json::json;

    fn ask(test: &str, raw: serde_json::Value, words: &[(&str, RefusalWord)]) -> RefusalReading {
        let test = RefusalTest::new(&toml::from_str(test).unwrap()).unwrap();
        let words = RefusalWords::new(&words.iter().map(|(t, w)| (t.to_string(), *w)).collect());
        test.ask(&Json::from(&raw), &words)
    }

    fn unread(text: &str) -> RefusalReading {
        RefusalReading::Unread(vec![text.into()])
    }

    #[test]
    fn a_no_is_known_in_the_usual_words_and_else_it_is_doubt() {
        const FLAG: &str = "path='a'\nequals=true";
        for (test, raw, want) in [
            (FLAG, json!({"a": true}), RefusalReading::Refused),
            (FLAG, json!({"a": "Yes"}), RefusalReading::Refused),
            (FLAG, json!({"a": "はい"}), RefusalReading::Refused),
            (FLAG, json!({"a": 1}), RefusalReading::Refused),
            (FLAG, json!({"a": "off"}), RefusalReading::Fine),
            (FLAG, json!({"a": ""}), RefusalReading::Fine),
            (FLAG, json!({"a": " \t\u{3000}"}), RefusalReading::Fine),
            (FLAG, json!({"a": null}), RefusalReading::Fine),
            (FLAG, json!({}), RefusalReading::Fine),
            (FLAG, json!({"a": "希望する"}), unread("希望する")),
            (FLAG, json!({"a": 2}), unread("2")),
            (FLAG, json!({"a": {"b": 1}}), unread("(an object)")),
            (FLAG, json!({"a": ["no", "yes"]}), RefusalReading::Refused),
            (FLAG, json!({"a": ["no", "?"]}), unread("?")),
            ("path='a'\nequals=false", json!({"a": "No"}), RefusalReading::Refused),
            ("path='a'\nequals=false", json!({"a": "on"}), RefusalReading::Fine),
            ("path='a'\nequals='true'", json!({"a": "Y"}), RefusalReading::Refused),
            ("path='a'\nin=['1','yes']", json!({"a": "true"}), RefusalReading::Refused),
            ("path='a'\nequals=1", json!({"a": "Yes"}), RefusalReading::Refused),
            ("path='a'\nequals=2", json!({"a": "2"}), RefusalReading::Refused),
            ("path='a'\nequals=2", json!({"a": "two"}), unread("two")),
            ("path='a'\nequals='spam'", json!({"a": " Spam"}), RefusalReading::Refused),
            ("path='a'\nequals='spam'", json!({"a": "fail"}), RefusalReading::Fine),
            ("path='a'\nin=['out','never']", json!({"a": "in"}), RefusalReading::Fine),
            ("path='a'\nequals='spam'", json!({"a": [{}]}), unread("(an object)")),
            ("path='a'\nempty=true", json!({"a": []}), RefusalReading::Refused),
            ("path='a[].n'\ncontains='Stop'", json!({"a": [{"n": "stop "}]}), RefusalReading::Refused),
            ("path='a'\ncontains='x'", json!({"a": [{"n": "x"}]}), unread("(an object)")),
        ] {
            assert_eq!(ask(test, raw.clone(), &[]), want, "{test} on {raw}");
        }
    }

    /// A flag of zero-width characters passed for one that is empty.
    #[test]
    fn what_looks_like_nothing_and_is_not_is_doubt() {
        for unseen in ["\u{200b}", "\u{2060}\u{feff}", " \u{feff}", "\u{3164}", "\u{e0041}", "\u{2800}"] {
            for test in ["path='a'\nequals=true", "path='a'\nequals='spam'", "path='a'\nequals=2", "path='a'\nempty=false"] {
                assert_eq!(ask(test, json!({"a": unseen}), &[]), unread(UNSEEN), "{test} on {unseen:?}");
            }
            assert_eq!(ask("path='a'\nempty=true", json!({"a": unseen}), &[]), RefusalReading::Refused);
            assert_eq!(ask("path='a'\nequals=''", json!({"a": unseen}), &[]), RefusalReading::Refused);
            let fine = [(UNSEEN, RefusalWord::Fine)];
            assert_eq!(ask("path='a'\nequals=true", json!({"a": unseen}), &fine), RefusalReading::Fine, "{unseen:?}");
        }
        assert_eq!(ask("path='a'\nequals=true", json!({"a": "\u{1}"}), &[]), unread(UNSEEN));
    }

    #[test]
    fn what_systems_toml_says_of_a_word_counts() {
        let words = [("希望する", RefusalWord::Fine), ("希望しない ", RefusalWord::No)];
        const FLAG: &str = "path='a'\nequals=true";
        assert_eq!(ask(FLAG, json!({"a": "希望しない"}), &words), RefusalReading::Refused);
        assert_eq!(ask(FLAG, json!({"a": " 希望する"}), &words), RefusalReading::Fine);
        assert_eq!(ask(FLAG, json!({"a": "検討中"}), &words), unread("検討中"));
        // An inverted flag: what a word means is said of the person, not of the flag.
        assert_eq!(ask("path='a'\nequals=false", json!({"a": "希望しない"}), &words), RefusalReading::Refused);
    }

    /// A free text in place of a flag may say anything of a person.
    #[test]
    fn of_a_long_value_only_the_beginning_is_kept() {
        let RefusalReading::Unread(values) = ask("path='a'\nequals=true", json!({"a": "x".repeat(5000)}), &[]) else { panic!() };
        assert_eq!(values[0].len(), SHOWN_CHARS_MAX + 3);
    }
}
