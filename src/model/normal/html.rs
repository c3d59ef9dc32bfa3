//! HTML in texts: some systems escape what they are given, or show it so.

use std::borrow::Cow;

/// Some systems escape what is escaped already.
const ESCAPED_AT_MOST: usize = 2;

/// The longest entity: `&thetasym;` and numbers of any character.
const ENTITY_BYTES_MAX: usize = 10;

const ENTITIES: [(&str, char); 5] = [("amp", '&'), ("lt", '<'), ("gt", '>'), ("quot", '"'), ("apos", '\'')];

/// The names of U+00A0 to U+00FF, in order.
const LATIN_ENTITIES: &str = "nbsp iexcl cent pound curren yen brvbar sect uml copy ordf laquo not shy reg macr deg plusmn sup2 sup3 acute \
    micro para middot cedil sup1 ordm raquo frac14 frac12 frac34 iquest Agrave Aacute Acirc Atilde Auml Aring AElig Ccedil Egrave Eacute \
    Ecirc Euml Igrave Iacute Icirc Iuml ETH Ntilde Ograve Oacute Ocirc Otilde Ouml times Oslash Ugrave Uacute Ucirc Uuml Yacute THORN szlig \
    agrave aacute acirc atilde auml aring aelig ccedil egrave eacute ecirc euml igrave iacute icirc iuml eth ntilde ograve oacute ocirc \
    otilde ouml divide oslash ugrave uacute ucirc uuml yacute thorn yuml";

/// How a double and a single quote are escaped, by the libraries that do.
const QUOTES: [[&str; 2]; 6] =
    [["\"", "'"], ["&quot;", "&#39;"], ["&quot;", "&#x27;"], ["&quot;", "&#039;"], ["&#34;", "&#39;"], ["&quot;", "&apos;"]];

/// A text, and what it is after its entities were resolved, once and again. The last has none left, or is resolved often enough.
pub fn unescaped(text: &str) -> Vec<String> {
    let mut all = vec![text.to_string()];
    for at in 0..ESCAPED_AT_MOST {
        match unescape(&all[at]) {
            Cow::Owned(next) if next != all[at] => all.push(next),
            _ => break,
        }
    }
    all
}

/// A text with its entities resolved once.
pub fn unescape(text: &str) -> Cow<'_, str> {
    if !text.contains('&') {
        return Cow::Borrowed(text);
    }
    let mut plain = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('&') {
        plain.push_str(before);
        let entity = after.split_once(';').filter(|(name, _)| name.len() <= ENTITY_BYTES_MAX);
        match entity.and_then(|(name, after)| Some((character(name)?, after))) {
            Some((character, after)) => {
                plain.push(character);
                rest = after;
            }
            None => {
                plain.push('&');
                rest = after;
            }
        }
    }
    plain.push_str(rest);
    Cow::Owned(plain)
}

/// The character that an entity stands for, by its name or number.
fn character(entity: &str) -> Option<char> {
    if let Some(number) = entity.strip_prefix('#') {
        let hex = number.strip_prefix(['x', 'X']);
        return hex.map_or_else(|| number.parse(), |hex| u32::from_str_radix(hex, 16)).ok().and_then(char::from_u32);
    }
    let latin = || LATIN_ENTITIES.split_ascii_whitespace().position(|name| name == entity).and_then(|at| char::from_u32(0xa0 + at as u32));
    ENTITIES.iter().find(|(name, _)| *name == entity).map(|(_, character)| *character).or_else(latin)
}

/// The ways in which a text may be escaped, once and again, by the libraries that do.
pub fn escaped(text: &str) -> Vec<String> {
    let mut forms = Vec::new();
    for quotes in QUOTES {
        let mut escaped = text.to_string();
        for _ in 0..ESCAPED_AT_MOST {
            escaped = escape(&escaped, quotes);
            forms.push(escaped.clone());
        }
    }
    forms
}

/// Whether a text has signs that are escaped.
pub fn is_escapable(text: &str) -> bool {
    text.contains(['&', '<', '>', '"', '\''])
}

fn escape(text: &str, [double, single]: [&str; 2]) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', double).replace('\'', single)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entities_are_known_by_name_and_number() {
        for (entity, is) in [
            ("amp", Some('&')),
            ("nbsp", Some('\u{a0}')),
            ("eacute", Some('é')),
            ("yuml", Some('ÿ')),
            ("#26666", Some('株')),
            ("#x27", Some('\'')),
            ("#XE9", Some('é')),
            ("#xd800", None),
            ("#", None),
            ("unknown", None),
        ] {
            assert_eq!(character(entity), is, "{entity}");
        }
    }

    #[test]
    fn what_is_escaped_is_resolved_again() {
        let text = "<R&D> \"O'Neil\"";
        for escaped in escaped(text) {
            assert_eq!(unescaped(&escaped).last().map(String::as_str), Some(text), "{escaped}");
        }
        assert_eq!(escaped(text).len(), 2 * QUOTES.len());
    }
}
