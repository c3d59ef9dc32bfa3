//! E-mail addresses in the form in which they are compared.

use serde::{Deserialize, Serialize};
use std::fmt;
use std::sync::Arc;
use unicode_normalization::{IsNormalized, UnicodeNormalization, is_nfkc_quick};

/// The longest address accepted, in bytes (RFC 5321 4.5.3.1.3 allows 254 characters on the wire).
const ADDRESS_BYTES_MAX: usize = 320;

/// An e-mail address, trimmed, in NFKC, lower case, its domain in IDNA's ASCII form. `+tag` and dots are kept:
/// who reads them together is the mail host's affair.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Address(Arc<str>);

impl Address {
    /// Reads an address; `None` if it is none (no or several `@`, an empty part, blanks or control characters inside,
    /// a domain without a dot, or too long).
    pub fn parse(text: &str) -> Option<Address> {
        let trimmed = text.trim();
        if trimmed.is_empty() || trimmed.len() > ADDRESS_BYTES_MAX {
            return None;
        }
        if trimmed.bytes().all(|b| b.is_ascii_graphic() && !b.is_ascii_uppercase()) {
            return Self::checked(trimmed).map(Address::known);
        }
        let normal: String = match is_nfkc_quick(trimmed.chars()) {
            IsNormalized::Yes => trimmed.to_lowercase(),
            _ => trimmed.nfkc().collect::<String>().trim().to_lowercase(),
        };
        let (local, domain) = normal.rsplit_once('@')?;
        let whole = if domain.is_ascii() { normal.clone() } else { format!("{local}@{}", idna::domain_to_ascii(domain).ok()?) };
        Self::checked(&whole).map(Address::known)
    }

    /// One that was parsed before, from its comparable form.
    pub(crate) fn known(text: &str) -> Address {
        Address(text.into())
    }

    /// One look at each byte: every decision on a person reads its address again.
    fn checked(text: &str) -> Option<&str> {
        // The normal form of a domain can be longer than what was written.
        if text.len() > ADDRESS_BYTES_MAX {
            return None;
        }
        let (mut domain, mut dotted, mut before) = (false, false, b'@');
        for byte in text.bytes() {
            match byte {
                b'@' if domain || before == b'@' => return None,
                b'@' => domain = true,
                b'.' if domain && matches!(before, b'@' | b'.') => return None,
                b'.' => dotted |= domain,
                b'<' | b'>' | b',' | b';' | b'"' | b'(' | b')' => return None,
                _ if byte.is_ascii() && !byte.is_ascii_graphic() => return None,
                _ => {}
            }
            before = byte;
        }
        let ends = domain && dotted && !matches!(before, b'@' | b'.');
        let seen = text.is_ascii() || !text.contains(|c: char| c.is_whitespace() || c.is_control());
        (ends && seen).then_some(text)
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The part before the `@`.
    pub fn local(&self) -> &str {
        self.0.split_once('@').map_or("", |(local, _)| local)
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn comparable_forms() {
        for (raw, want) in [
            ("a@b.example", "a@b.example"),
            (" Taro.YAMADA@Example.CO.JP ", "taro.yamada@example.co.jp"),
            ("ｔａｒｏ＠ｅｘａｍｐｌｅ．ｊｐ", "taro@example.jp"),
            ("x@日本語.example", "x@xn--wgv71a119e.example"),
            ("a+news@b.example", "a+news@b.example"),
            ("\u{3000}a@b.example\u{3000}", "a@b.example"),
        ] {
            assert_eq!(Address::parse(raw).as_ref().map(Address::as_str), Some(want), "{raw:?}");
        }
    }

    #[test]
    fn what_is_no_address() {
        for raw in [
            "",
            " ",
            "なし",
            "none",
            "a@b",
            "a@@b.example",
            "@b.example",
            "a@",
            "a b@c.example",
            "a@b..example",
            "a@.b.example",
            "a@b.example.",
            "a@b@c.example",
            "a@.",
            "a@b.example, c@d.example",
            "Taro <a@b.example>",
        ] {
            assert_eq!(Address::parse(raw), None, "{raw:?}");
        }
        assert_eq!(Address::parse(&format!("{}@b.example", "a".repeat(400))), None);
        let grows = format!("a@{}.example", "é'".repeat(100));
        assert!(grows.len() <= ADDRESS_BYTES_MAX && Address::parse(&grows).is_none_or(|a| a.as_str().len() <= ADDRESS_BYTES_MAX));
    }
}
