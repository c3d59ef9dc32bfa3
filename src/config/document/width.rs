//! Full-width characters where TOML and we expect half-width ones: what a Japanese keyboard gives while its input method is on.

use unicode_normalization::UnicodeNormalization;

/// The character as it would be typed with the input method off; a blank that nobody sees is left out.
fn half(c: char) -> Option<char> {
    Some(match c {
        '\u{3000}' | '\u{a0}' => ' ',
        '“' | '”' | '„' | '‟' | '「' | '」' | '『' | '』' => '"',
        '‘' | '’' => '\'',
        '、' => ',',
        '。' => '.',
        '【' => '[',
        '】' => ']',
        'ー' | '−' => '-',
        '\u{200b}'..='\u{200f}' | '\u{2060}' | '\u{feff}' => return None,
        _ => std::iter::once(c).nfkc().next().unwrap_or(c),
    })
}

/// The first character of full width in a text that would be plain ASCII without them, in words. Never more of the text: it may be a secret.
pub fn within(text: &str) -> Option<String> {
    let odd = text.chars().find(|c| !c.is_ascii())?;
    text.chars().filter_map(half).all(|c| c.is_ascii()).then(|| name(odd)).flatten()
}

/// The first character of a line that is of full width outside of quotes, in words, and what to write.
pub fn misplaced(line: &str) -> Option<String> {
    let mut quote = None;
    for c in line.chars() {
        match quote {
            Some(q) if c == q => quote = None,
            Some(_) => {}
            None if c == '"' || c == '\'' => quote = Some(c),
            None if c == '#' => return None,
            None if !c.is_ascii() => return name(c),
            None => {}
        }
    }
    None
}

fn name(c: char) -> Option<String> {
    let code = u32::from(c);
    Some(match half(c) {
        None => format!("U+{code:04X}, which nobody sees (不可視文字): take it out"),
        Some(' ') => format!("U+{code:04X}, a full-width blank (全角スペース): write a half-width one (半角)"),
        Some(half) if half.is_ascii() => format!("{c}, of full width (全角): write {half} (半角)"),
        Some(_) => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_of_full_width_is_named_where_toml_would_read_it() {
        for (line, want) in [
            ("every\u{3000}= \"60s\"", Some("U+3000, a full-width blank (全角スペース): write a half-width one (半角)")),
            ("every = “60s”", Some("“, of full width (全角): write \" (半角)")),
            ("every = 「60s」", Some("「, of full width (全角): write \" (半角)")),
            ("every ＝ \"60s\"", Some("＝, of full width (全角): write = (半角)")),
            ("ｅvery = \"60s\"", Some("ｅ, of full width (全角): write e (半角)")),
            ("［systems.crm］", Some("［, of full width (全角): write [ (半角)")),
            ("writes = [\"hold\"、 \"score\"]", Some("、, of full width (全角): write , (半角)")),
            ("＃ a remark", Some("＃, of full width (全角): write # (半角)")),
            ("every\u{200b} = \"60s\"", Some("U+200B, which nobody sees (不可視文字): take it out")),
            // Japanese where it belongs.
            ("title = \"営業　部\"", None),
            ("every = \"60s\" # 一分ごと", None),
            ("顧客 = 1", None),
        ] {
            assert_eq!(misplaced(line).as_deref(), want, "{line}");
        }
    }

    #[test]
    fn of_a_value_one_character_is_named() {
        for (text, want) in [
            ("\"６０s\"", Some("６, of full width (全角): write 6 (半角)")),
            ("crm．deals", Some("．, of full width (全角): write . (半角)")),
            ("deal．open\u{3000}&& true", Some("．, of full width (全角): write . (半角)")),
            ("60s", None),
            ("営業", None),
            ("営業６", None),
        ] {
            assert_eq!(within(text).as_deref(), want, "{text}");
        }
    }
}
