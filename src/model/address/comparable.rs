//! An address in the form in which it is compared, and how a text that is in it is known at one look.

use serde::{Deserialize, Serialize};
use std::fmt;
use std::sync::Arc;

/// The longest address accepted, in bytes (RFC 5321 4.5.3.1.3 allows 254 characters on the wire).
pub(super) const ADDRESS_BYTES_MAX: usize = 320;

/// An e-mail address, without what nobody sees, in NFKC, lower case, its domain in IDNA's ASCII form. `+tag` and dots are kept:
/// who reads them together is the mail host's affair.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Address(Arc<str>);

impl Address {
    /// Whether a text is one address in the form in which they are compared.
    pub fn is_comparable(text: &str) -> bool {
        matches!(look(text), AddressForm::Comparable)
    }

    /// One that was parsed before, from its comparable form.
    pub(crate) fn known(text: &str) -> Address {
        Address(text.into())
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The part before the `@`.
    pub fn local(&self) -> &str {
        self.0.split_once('@').map_or("", |(local, _)| local)
    }
}

/// What one look at each byte of a text shows. Every decision on a person reads its addresses again, so that this is the usual way.
pub(super) enum AddressForm {
    /// An address in its comparable form.
    Comparable,
    /// Built as an address, but with blanks around, capitals, more than ASCII, or marks that may not belong to it.
    Other,
    /// Not built as one; there may be one in it.
    None,
}

pub(super) fn look(text: &str) -> AddressForm {
    let (mut shown, mut domain, mut dotted, mut part) = (0, false, false, 0);
    for (place, byte) in text.bytes().enumerate() {
        let shows = SHOWS[usize::from(byte)];
        shown |= shows;
        if shows & BREAK == 0 {
            continue;
        }
        // A local part and each label of a domain have something in them; dots of a local part mean nothing.
        let is_at = byte == b'@';
        if (is_at || domain) && place == part || is_at && domain {
            return AddressForm::None;
        }
        if is_at || domain {
            part = place + 1;
        }
        dotted |= domain;
        domain |= is_at;
    }
    let built = dotted && part < text.len();
    if !built || shown & NEVER != 0 || text.len() > ADDRESS_BYTES_MAX {
        return AddressForm::None;
    }
    if shown & FORM == 0 { AddressForm::Comparable } else { AddressForm::Other }
}

/// The text is not in its comparable form.
const FORM: u8 = 1;
/// The text is no address.
const NEVER: u8 = 2;
/// A part of it ends here.
const BREAK: u8 = 4;

/// What each byte says of the text that it stands in.
const SHOWS: [u8; 256] = {
    let mut shows = [FORM; 256];
    let mut byte = 0;
    while byte < 128 {
        shows[byte] = match byte as u8 {
            b'@' | b'.' => BREAK,
            b'<' | b'>' | b',' | b';' | b'"' | b'(' | b')' | b'[' | b']' | b'{' | b'}' => NEVER,
            // Blanks may stand around an address.
            b'A'..=b'Z' | b'\t'..=b'\r' | b' ' => FORM,
            // They may be quotes, strokes between two addresses, or the beginning of a link.
            b'\'' | b'`' | b'*' | b':' | b'?' | b'/' | b'|' | b'\\' | b'&' | b'#' | b'=' | b'!' => FORM,
            0..=b' ' | 127 => NEVER,
            _ => 0,
        };
        byte += 1;
    }
    shows
};

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
