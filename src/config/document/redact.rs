//! The text of systems.toml as it may be shown: whatever may be a secret is blanked, byte for byte, so that places stay right.

use super::keys;
use crate::config::systems::may_show;
use crate::config::systems::network;
use crate::config::systems::offers::Offers;
use crate::config::systems::settings::looks_like_env;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

/// Keys whose values are never secrets, for files that cannot be read as TOML.
const PLAIN_KEYS: [&str; 6] = ["connectors", "listen", "hosts", "shared_mailboxes", "env", "file"];

/// Blanks every value that is not known to be harmless. With `whole` false (the text is not TOML) lines are judged by their key alone.
pub fn redacted(text: &str, table: &DeTable, whole: bool, offers: &Offers) -> String {
    let mut blank = Blanking { bytes: text.as_bytes().to_vec() };
    for (key, value) in table {
        match (key.get_ref().as_ref(), value.get_ref()) {
            ("connectors" | "link" | "milter", _) => (),
            ("state" | "http", DeValue::Table(inner)) => {
                for (key, value) in inner {
                    match key.get_ref().as_ref() {
                        "url" => blank.credentials(text, value),
                        "listen" | "hosts" => (),
                        _ => blank.secret(value),
                    }
                }
            }
            ("network", DeValue::Table(inner)) => {
                for (key, value) in inner {
                    match key.get_ref().as_ref() {
                        "proxy" if value.get_ref().as_str().is_some_and(|v| v.contains("://")) => blank.credentials(text, value),
                        key if network::PLAIN_KEYS.contains(&key) => (),
                        _ => blank.secret(value),
                    }
                }
            }
            ("systems", DeValue::Table(systems)) => {
                for (system, value) in systems {
                    match value.get_ref() {
                        DeValue::Table(inner) => blank.system(text, offers, system.get_ref(), inner),
                        _ => blank.secret(value),
                    }
                }
            }
            _ => blank.secret(value),
        }
    }
    if !whole {
        blank.lines(text);
    }
    // Only whole characters are overwritten, and by ASCII, so this is UTF-8 still.
    String::from_utf8(blank.bytes).unwrap_or_default()
}

struct Blanking {
    bytes: Vec<u8>,
}

impl Blanking {
    fn system(&mut self, text: &str, offers: &Offers, system: &str, table: &DeTable) {
        for (key, value) in table {
            if may_show(offers, system, key.get_ref(), value.get_ref()) {
                self.credentials(text, value);
            } else {
                self.secret(value);
            }
        }
    }

    /// All of a value but the names in `{ env = "NAME" }` and `{ file = "path" }`.
    fn secret(&mut self, value: &Spanned<DeValue>) {
        match value.get_ref() {
            DeValue::Table(table) => {
                for (key, inner) in table {
                    match (key.get_ref().as_ref(), inner.get_ref()) {
                        ("env", DeValue::String(name)) if looks_like_env(name) => (),
                        ("file", DeValue::String(_)) => (),
                        _ => self.secret(inner),
                    }
                }
            }
            DeValue::Array(items) => items.iter().for_each(|item| self.secret(item)),
            DeValue::String(_) => self.fill(value.span(), true),
            DeValue::Boolean(_) => (),
            _ => self.fill(value.span(), false),
        }
    }

    /// `user:password` in a URL.
    fn credentials(&mut self, text: &str, value: &Spanned<DeValue>) {
        let span = value.span();
        let raw = text.get(span.clone()).unwrap_or("");
        if let (Some(scheme), Some(at)) = (raw.find("://"), raw.rfind('@'))
            && scheme + 3 < at
        {
            self.fill(span.start + scheme + 3..span.start + at, false);
        }
    }

    /// In a text that is not TOML a secret may stand anywhere: only headings, comments and lines of harmless keys are kept.
    fn lines(&mut self, text: &str) {
        let mut start = 0;
        for line in text.split_inclusive('\n') {
            let trimmed = line.trim_start();
            let value = match line.split_once('=') {
                Some((key, value)) if !harmless(key.trim(), value) => Some(key.len() + 1),
                None if !trimmed.starts_with(['[', '#']) => Some(0),
                _ => None,
            };
            if let Some(value) = value {
                self.fill(start + value..start + line.len(), false);
            }
            start += line.len();
        }
    }

    fn fill(&mut self, span: std::ops::Range<usize>, keep_quotes: bool) {
        let quotes = usize::from(keep_quotes);
        let (start, end) = (span.start + quotes, span.end.saturating_sub(quotes).min(self.bytes.len()));
        for byte in self.bytes.get_mut(start..end).unwrap_or_default() {
            if !byte.is_ascii_whitespace() {
                *byte = b'*';
            }
        }
    }
}

fn harmless(key: &str, value: &str) -> bool {
    (keys::SYSTEM.find(key).is_some() || PLAIN_KEYS.contains(&key)) && key != "hold" && !value.contains('=') && is_simple(value)
}

/// One quoted text, or a list of them, and nothing else beside: where a line was torn, what belongs to another line may follow.
fn is_simple(value: &str) -> bool {
    let (mut inside, mut in_list, mut text_may_begin) = (false, false, true);
    for c in value.chars() {
        match c {
            '"' if inside => inside = false,
            '"' if text_may_begin => (inside, text_may_begin) = (true, false),
            '#' if !inside => return true,
            '[' if !inside && !in_list => in_list = true,
            ',' if !inside && in_list => text_may_begin = true,
            ']' if !inside && in_list => (in_list, text_may_begin) = (false, false),
            _ if inside || c.is_whitespace() => {}
            _ => return false,
        }
    }
    !inside
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_stands_alone_is_simple() {
        for (value, simple) in [
            ("\"j-crm\"", true),
            (" \"j-crm\" # as it is", true),
            ("[\"a\", \"b\",]", true),
            ("[\"a\",", true),
            ("\"j-crm\"\"pat-na1\"", false),
            ("\"j-crm\", \"pat-na1\"", false),
            ("[\"a\" \"b\"]", false),
            ("[\"a\"] \"b\"", false),
            ("\"j-crm", false),
            ("pat-na1", false),
            ("{ env = \"X\" }", false),
        ] {
            assert_eq!(is_simple(value), simple, "{value}");
        }
    }
}
