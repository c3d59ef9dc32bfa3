//! Addresses as people and programs write them: with a name, in brackets or quotes, several in one text, with what was pasted along.

use super::comparable::{ADDRESS_BYTES_MAX, Address, AddressForm, look};
use crate::model::invisible::{is_blank, is_invisible, is_space};
use std::borrow::Cow;
use unicode_normalization::{IsNormalized, UnicodeNormalization, is_nfkc_quick};

/// Texts are normalised until nothing changes any more; what takes longer is no address.
const NORMALISED_MOST: usize = 4;

/// The addresses that stand in a text, and whether all of it was understood.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct AddressesInText {
    found: Vec<Address>,
    unread: bool,
}

impl AddressesInText {
    /// Takes each address in a text. Blank text holds none, and nothing unread.
    pub fn read(text: &str) -> AddressesInText {
        let mut written = AddressesInText::default();
        if let AddressForm::Comparable = look(text) {
            written.found.push(Address::known(text));
            return written;
        }
        if is_blank(text) {
            return written;
        }
        match normal(text) {
            Some(normal) => written.take(&unquoted(&normal)),
            None => written.unread = true,
        }
        written.unread |= written.found.is_empty();
        written
    }

    /// The addresses, in the order in which they stand there.
    pub fn addresses(&self) -> &[Address] {
        &self.found
    }

    /// Whether something is there of which it is not sure which address it is.
    pub fn is_unread(&self) -> bool {
        self.unread
    }

    /// The first, if all was understood: a guess proves no identity.
    pub fn first(&self) -> Option<&Address> {
        self.found.first().filter(|_| !self.unread)
    }

    /// The only one, if all was understood.
    pub fn only(&self) -> Option<&Address> {
        self.first().filter(|_| self.found.len() == 1)
    }

    fn take(&mut self, text: &str) {
        let (mut quoted, mut nested) = (false, 0_usize);
        // A name before an address in angle brackets needs no quotes.
        let bracketed = text.contains('<') && text.contains('>');
        let mut begin = 0;
        let mut beside = false;
        for (at, c) in text.char_indices() {
            if !parts(c) {
                continue;
            }
            beside |= self.word(&text[begin..at]) && !quoted && nested == 0;
            begin = at + c.len_utf8();
            match c {
                '"' => quoted = !quoted,
                '(' => nested += 1,
                ')' => nested = nested.saturating_sub(1),
                _ => {}
            }
        }
        beside |= self.word(&text[begin..]) && !quoted && nested == 0;
        // `a b@c.example` may be one address with a slip in it.
        self.unread |= beside && !bracketed;
    }

    /// Takes the address that a word holds. Whether it is another word, and no label such as `mail:`.
    fn word(&mut self, word: &str) -> bool {
        match word.matches('@').count() {
            0 => return word.chars().any(char::is_alphanumeric) && !word.ends_with(':'),
            1 => self.add(address(word)),
            _ => {
                // Two with a stroke between them and no blank.
                let mut apart = ['|', '/', '\\', '&', ':'].into_iter().map(|stroke| word.split(stroke).collect::<Vec<_>>());
                match apart.find(|words| words.iter().all(|w| w.matches('@').count() == 1)) {
                    Some(words) => words.into_iter().for_each(|w| self.add(address(w))),
                    None => self.unread = true,
                }
            }
        }
        false
    }

    fn add(&mut self, address: Option<Address>) {
        match address {
            Some(address) if self.found.contains(&address) => {}
            Some(address) => self.found.push(address),
            None => self.unread = true,
        }
    }
}

/// Characters that stand between addresses and never in one.
fn parts(c: char) -> bool {
    match c {
        ',' | ';' | '<' | '>' | '(' | ')' | '[' | ']' | '{' | '}' | '"' => true,
        '\u{201C}'..='\u{201F}' | '«' | '»' | '‹' | '›' | '、' | '〈'..='】' | '〔'..='〟' => true,
        _ => c.is_control() || is_space(c),
    }
}

/// Marks that stand at the ends of a sentence or a quotation.
fn closes(c: char) -> bool {
    matches!(c, '.' | '!' | '?' | ':' | '\'' | '`' | '*' | '_' | '-' | '=' | '|' | '\\' | '。' | '\u{2018}'..='\u{201B}' | '…' | '・')
}

/// The one address in a word with one `@`.
fn address(word: &str) -> Option<Address> {
    let (local, domain) = word.split_once('@')?;
    // `mailto:a@b?subject=..`, `SMTP:a@b`.
    let local = local.rsplit(':').next().unwrap_or(local);
    let domain = domain.split(['?', '/', '#']).next().unwrap_or(domain);
    let quoted = domain.ends_with(['\'', '`']);
    let domain = domain.trim_end_matches(closes);
    let local = local.trim_start_matches(|c| matches!(c, '\u{2018}'..='\u{201B}' | '・' | '…') || quoted && matches!(c, '\'' | '`'));
    let domain = if domain.is_ascii() { Cow::Borrowed(domain) } else { Cow::Owned(idna::domain_to_ascii(domain).ok()?) };
    let host = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '.' | '-' | '_');
    let whole = format!("{local}@{domain}");
    let built = match look(&whole) {
        AddressForm::Comparable => true,
        // More than ASCII before the `@`, or a mark that is rare there.
        AddressForm::Other => !whole.contains(|c: char| is_space(c) || c.is_control() || c.is_ascii_uppercase()),
        AddressForm::None => false,
    };
    (built && domain.chars().all(host) && !domain.ends_with(closes) && whole.len() <= ADDRESS_BYTES_MAX).then(|| Address::known(&whole))
}

/// Without what nobody sees, in NFKC and lower case.
fn normal(text: &str) -> Option<String> {
    if text.is_ascii() {
        return Some(text.to_ascii_lowercase());
    }
    let mut text = text.to_string();
    for _ in 0..NORMALISED_MOST {
        let seen: String = text.chars().filter(|c| !is_invisible(*c)).collect();
        let seen = match is_nfkc_quick(seen.chars()) {
            IsNormalized::Yes => seen,
            _ => seen.nfkc().collect(),
        };
        let next = seen.to_lowercase();
        if next == text {
            return Some(text);
        }
        text = next;
    }
    None
}

/// Without the quotes around local parts that need none: `"taro"@b.example`.
fn unquoted(text: &str) -> Cow<'_, str> {
    let mut out = Cow::Borrowed(text);
    while let Some(end) = out.find("\"@") {
        let Some(begin) = out[..end].rfind('"') else { break };
        let inside = out[begin + 1..end].replace('\\', "");
        if inside.is_empty() || inside.contains(|c| parts(c) || matches!(c, '@' | ':' | '\\')) {
            break;
        }
        out = Cow::Owned([&out[..begin], &inside, &out[end + 1..]].concat());
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn read(text: &str) -> (String, bool) {
        let written = AddressesInText::read(text);
        (written.addresses().iter().map(Address::as_str).collect::<Vec<_>>().join(" "), written.unread)
    }

    #[test]
    fn each_address_in_a_text_is_taken() {
        for (raw, want) in [
            ("a@b.example", "a@b.example"),
            ("Taro Yamada <a@b.example>", "a@b.example"),
            ("\"Yamada, Taro\" <A@B.example>", "a@b.example"),
            ("\"a@b.example\" <a@b.example>", "a@b.example"),
            ("山田 太郎＜ａ＠ｂ．ｅｘａｍｐｌｅ＞", "a@b.example"),
            ("<a@b.example>", "a@b.example"),
            ("a@b.example (Taro)", "a@b.example"),
            ("(Taro Yamada) a@b.example", "a@b.example"),
            ("a@b.example; c@d.example", "a@b.example c@d.example"),
            ("c@d.example, a@b.example", "c@d.example a@b.example"),
            ("a@b.example c@d.example\r\ne@f.example", "a@b.example c@d.example e@f.example"),
            ("a@b.example／c@d.example", "a@b.example c@d.example"),
            ("a@b.example|c@d.example", "a@b.example c@d.example"),
            ("a@b.example、c@d.example", "a@b.example c@d.example"),
            ("Taro <a@b.example>; Jiro <c@d.example>;", "a@b.example c@d.example"),
            ("a@b.example;", "a@b.example"),
            ("a@b.example,", "a@b.example"),
            ("a@b.example.", "a@b.example"),
            ("a@b.example。", "a@b.example"),
            ("mailto:a@b.example", "a@b.example"),
            ("MAILTO:a@b.example?subject=hello", "a@b.example"),
            ("SMTP:a@b.example", "a@b.example"),
            ("mail: a@b.example", "a@b.example"),
            ("メール：a@b.example", "a@b.example"),
            ("\"a\"@b.example", "a@b.example"),
            ("\"a.b\"@b.example", "a.b@b.example"),
            ("'a@b.example'", "a@b.example"),
            ("'a@b.example',", "a@b.example"),
            ("“a@b.example”", "a@b.example"),
            ("「a@b.example」", "a@b.example"),
            ("[a@b.example]", "a@b.example"),
            ("*a@b.example*", "*a@b.example"),
            ("o'brien@b.example", "o'brien@b.example"),
            ("a/b@c.example", "a/b@c.example"),
            ("taro..yamada.@docomo.example", "taro..yamada.@docomo.example"),
            ("山田@例え.example", "山田@xn--r8jz45g.example"),
            ("", ""),
            (" \u{3000}\u{FEFF}", ""),
        ] {
            assert_eq!(read(raw), (want.to_string(), false), "{raw:?}");
        }
    }

    #[test]
    fn what_nobody_sees_makes_no_other_person() {
        for odd in [
            "\u{FEFF}",
            "\u{200B}",
            "\u{200C}",
            "\u{200E}",
            "\u{202A}",
            "\u{2060}",
            "\u{2066}",
            "\u{AD}",
            "\u{34F}",
            "\u{3164}",
            "\u{FE0F}",
            "\u{E0041}",
        ] {
            for raw in [
                format!("{odd}taro@b.example"),
                format!("ta{odd}ro@b.example"),
                format!("taro@b{odd}.example"),
                format!("taro@b.example{odd}"),
                format!("Taro <{odd}taro@b.example>"),
            ] {
                assert_eq!(read(&raw), ("taro@b.example".to_string(), false), "{raw:?}");
            }
        }
        for blank in [
            " ", "\u{A0}", "\u{1680}", "\u{2003}", "\u{202F}", "\u{205F}", "\u{2800}", "\u{3000}", "\u{2028}", "\u{85}", "\t", "\r\n",
            "\u{B}",
        ] {
            assert_eq!(read(&format!("{blank}taro@b.example{blank}")), ("taro@b.example".to_string(), false), "{blank:?}");
        }
    }

    #[test]
    fn what_is_not_sure_is_unread() {
        for (raw, found) in [
            ("なし", ""),
            ("-", ""),
            ("a@b", ""),
            ("a@@b.example", ""),
            ("@b.example", ""),
            ("a@", ""),
            ("a@b..example", ""),
            ("a@b@c.example", ""),
            ("a@[192.0.2.1]", ""),
            ("\"a b\"@c.example", ""),
            ("a(at)b.example", ""),
            ("a b@c.example", "b@c.example"),
            ("a@b.example; c@d", "a@b.example"),
            ("a@b.examplec@d.example", ""),
            ("a@b,example", ""),
        ] {
            assert_eq!(read(raw), (found.to_string(), true), "{raw:?}");
            assert_eq!(AddressesInText::read(raw).first(), None);
        }
    }

    proptest! {
        #[test]
        fn reading_what_was_read_changes_nothing(text in "[a-cA-C@.,;:<>()\"' \\\\/|*_?\u{FEFF}\u{AD}\u{3000}ß例ＡİΣΌ＠．é]{0,24}", any in any::<String>()) {
            for text in [text.clone(), any.clone(), format!("{any}@b.example"), format!("a@{any}.example"), format!("{text}@c.example")] {
                for address in AddressesInText::read(&text).addresses() {
                    let again = AddressesInText::read(address.as_str());
                    prop_assert_eq!(again.only(), Some(address), "{:?}", text);
                }
            }
        }
    }
}
