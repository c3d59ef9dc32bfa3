//! What systems say and call their records, as it may reach a terminal, a log or a chat: nothing in it is a command to them, and nothing
//! is hidden or turned around.

use std::borrow::Cow;

/// Whether a character does something instead of being seen: control characters (also those above 127), and marks that turn the direction
/// of writing around (Unicode Technical Report 36, bidirectional text spoofing).
fn is_acting(c: char) -> bool {
    c.is_control() || matches!(c, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// Text with its lines as they are, and everything that acts replaced.
pub fn visible(text: &str) -> Cow<'_, str> {
    replaced(text, |c| is_acting(c) && c != '\n' && c != '\t')
}

/// Text on one line, with everything that acts replaced.
pub fn visible_line(text: &str) -> Cow<'_, str> {
    replaced(text, is_acting)
}

fn replaced(text: &str, is_bad: impl Fn(char) -> bool) -> Cow<'_, str> {
    if !text.chars().any(&is_bad) {
        return Cow::Borrowed(text);
    }
    Cow::Owned(text.chars().map(|c| if is_bad(c) { char::REPLACEMENT_CHARACTER } else { c }).collect())
}

/// JSON whose texts hold nothing that acts. What serde leaves as it is stands within texts only.
pub fn visible_json(json: &str) -> Cow<'_, str> {
    let acts = |c: char| is_acting(c) && !c.is_ascii();
    if !json.chars().any(acts) {
        return Cow::Borrowed(json);
    }
    let mut out = String::with_capacity(json.len());
    for c in json.chars() {
        if acts(c) {
            out.push_str(&format!("\\u{:04x}", u32::from(c)));
        } else {
            out.push(c);
        }
    }
    Cow::Owned(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_acts_is_replaced_and_what_is_seen_stays() {
        for (text, lines, line) in [
            ("山田 太郎 <taro@a.example>", "山田 太郎 <taro@a.example>", "山田 太郎 <taro@a.example>"),
            ("a\n\tb", "a\n\tb", "a\u{fffd}\u{fffd}b"),
            ("\u{1b}]0;x\u{7}", "\u{fffd}]0;x\u{fffd}", "\u{fffd}]0;x\u{fffd}"),
            ("\u{9b}31mred\r", "\u{fffd}31mred\u{fffd}", "\u{fffd}31mred\u{fffd}"),
            ("gpj.\u{202e}exe", "gpj.\u{fffd}exe", "gpj.\u{fffd}exe"),
        ] {
            assert_eq!((&*visible(text), &*visible_line(text)), (lines, line), "{text:?}");
        }
    }

    #[test]
    fn json_stays_the_same_json() {
        let value = serde_json::json!({"a": "x\u{202e}y\u{9b}z\u{1b}", "営業": ["部"]});
        let text = serde_json::to_string_pretty(&value).unwrap();
        let shown = visible_json(&text);
        assert!(!shown.chars().any(|c| is_acting(c) && c != '\n'), "{shown}");
        assert_eq!(serde_json::from_str::<serde_json::Value>(&shown).unwrap(), value);
    }
}
