//! Characters that nobody sees: they come along when texts are pasted, and make two texts of one.

/// Characters that are drawn as nothing, and do not part words: Unicode 16's `Cf` and `Default_Ignorable_Code_Point`, and the mark of a
/// pasted picture. Sorted.
const INVISIBLE: [(char, char); 33] = [
    ('\u{AD}', '\u{AD}'),
    ('\u{34F}', '\u{34F}'),
    ('\u{600}', '\u{605}'),
    ('\u{61C}', '\u{61C}'),
    ('\u{6DD}', '\u{6DD}'),
    ('\u{70F}', '\u{70F}'),
    ('\u{890}', '\u{891}'),
    ('\u{8E2}', '\u{8E2}'),
    ('\u{115F}', '\u{1160}'),
    ('\u{17B4}', '\u{17B5}'),
    ('\u{180B}', '\u{180F}'),
    ('\u{200B}', '\u{200F}'),
    ('\u{202A}', '\u{202E}'),
    ('\u{2060}', '\u{206F}'),
    ('\u{3164}', '\u{3164}'),
    ('\u{FE00}', '\u{FE0F}'),
    ('\u{FEFF}', '\u{FEFF}'),
    ('\u{FFA0}', '\u{FFA0}'),
    ('\u{FFF0}', '\u{FFFC}'),
    ('\u{110BD}', '\u{110BD}'),
    ('\u{110CD}', '\u{110CD}'),
    ('\u{13430}', '\u{1343F}'),
    ('\u{1BCA0}', '\u{1BCA3}'),
    ('\u{1D173}', '\u{1D17A}'),
    ('\u{E0000}', '\u{E0FFF}'),
    // Noncharacters, which stand for nothing.
    ('\u{FDD0}', '\u{FDEF}'),
    ('\u{FFFE}', '\u{FFFF}'),
    ('\u{1FFFE}', '\u{1FFFF}'),
    ('\u{2FFFE}', '\u{2FFFF}'),
    ('\u{3FFFE}', '\u{3FFFF}'),
    ('\u{EFFFE}', '\u{EFFFF}'),
    ('\u{FFFFE}', '\u{FFFFF}'),
    ('\u{10FFFE}', '\u{10FFFF}'),
];

/// Whether a character is drawn as nothing and parts no words.
pub(crate) fn is_invisible(c: char) -> bool {
    !c.is_ascii() && INVISIBLE.iter().any(|(first, last)| (*first..=*last).contains(&c))
}

/// Whether a character is a blank: it parts words. Braille's empty cell is drawn as one, though Unicode does not call it so.
pub(crate) fn is_space(c: char) -> bool {
    c.is_whitespace() || c == '\u{2800}'
}

/// Blanks and marks that come along at the ends of a pasted or saved text. (Others, such as the one behind a coloured heart, belong to the
/// character before them.)
fn is_edge(c: char) -> bool {
    is_space(c) || matches!(c, '\u{FEFF}' | '\u{200B}' | '\u{2060}' | '\u{180E}')
}

/// A text without byte order marks and blanks at its ends.
pub fn trimmed(text: &str) -> &str {
    text.trim_matches(is_edge)
}

/// Whether there is nothing to see in a text. Mostly its first character tells.
pub(crate) fn is_blank(text: &str) -> bool {
    text.chars().all(|c| is_space(c) || is_invisible(c))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_nobody_sees() {
        for c in ['\u{AD}', '\u{200B}', '\u{200E}', '\u{2060}', '\u{FEFF}', '\u{3164}', '\u{FE0F}', '\u{E0041}', '\u{FFFC}'] {
            assert!(is_invisible(c) && is_blank(&c.to_string()), "{c:?}");
        }
        for c in ['a', ' ', '山', '\u{301}', '-', '\u{2010}', '\u{FFFD}'] {
            assert!(!is_invisible(c), "{c:?}");
        }
        assert!(is_blank(" \t\u{3000}\u{A0}\u{2800}\u{FEFF}") && is_blank("") && !is_blank("\u{FEFF}x"));
    }

    #[test]
    fn ends_are_freed_of_marks_and_blanks_and_of_nothing_else() {
        for (raw, want) in [
            ("\u{FEFF} Taro \u{3000}\r\n", "Taro"),
            ("\u{A0}a b\u{200B}", "a b"),
            ("\u{2764}\u{FE0F}", "\u{2764}\u{FE0F}"),
            ("", ""),
            ("\u{FEFF}", ""),
        ] {
            assert_eq!(trimmed(raw), want, "{raw:?}");
        }
    }
}
