//! How the lines of a mail end.

use super::why::{WhyMalformed, WhyUntouched};

/// How lines end; in one mail, all in the same way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum LineEnd {
    Crlf,
    Lf,
}

impl LineEnd {
    pub(super) fn bytes(self) -> &'static [u8] {
        match self {
            LineEnd::Crlf => b"\r\n",
            LineEnd::Lf => b"\n",
        }
    }

    /// Where the first line of these octets ends.
    pub(super) fn find(self, bytes: &[u8]) -> Option<usize> {
        let at = bytes.iter().position(|b| *b == b'\n')?;
        match self {
            LineEnd::Lf => Some(at),
            // An LF alone ends no line here; `line_ends` refuses it.
            LineEnd::Crlf => bytes[..at].last().filter(|b| **b == b'\r').map(|_| at - 1),
        }
    }

    /// With `\n` in these octets made this end.
    pub(super) fn put_into(self, bytes: &[u8]) -> Vec<u8> {
        let mut out = Vec::with_capacity(bytes.len() + 40);
        for byte in bytes {
            if *byte == b'\n' {
                out.extend_from_slice(self.bytes());
            } else {
                out.push(*byte);
            }
        }
        out
    }
}

/// How the first line ends.
pub(super) fn first_end(mail: &[u8]) -> Result<LineEnd, WhyUntouched> {
    let first = mail.iter().position(|b| *b == b'\n').ok_or(WhyMalformed::HeaderWithoutEnd)?;
    Ok(if first > 0 && mail[first - 1] == b'\r' { LineEnd::Crlf } else { LineEnd::Lf })
}

/// How all lines end, if they do so in one way.
pub(super) fn line_ends(mail: &[u8]) -> Result<LineEnd, WhyUntouched> {
    let ends = first_end(mail)?;
    let mut before = 0;
    for byte in mail.iter().copied().chain([0x20]) {
        match (ends, before, byte) {
            (_, _, 0) => return Err(WhyUntouched::EightBit),
            (LineEnd::Crlf, b'\r', b'\n') => {}
            (LineEnd::Crlf, b'\r', _) | (LineEnd::Crlf, _, b'\n') | (LineEnd::Lf, _, b'\r') => return Err(WhyUntouched::LineEnds),
            _ => {}
        }
        before = byte;
    }
    Ok(ends)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_end_in_one_way() {
        assert_eq!(line_ends(b"a\r\n\r\nb"), Ok(LineEnd::Crlf));
        assert_eq!(line_ends(b"\na"), Ok(LineEnd::Lf));
        for mixed in [&b"a\r\nb\n"[..], b"a\nb\r\n", b"a\nb\r", b"a\r\nb\rc", b"a\r\n\r"] {
            assert_eq!(line_ends(mixed), Err(WhyUntouched::LineEnds), "{mixed:?}");
        }
        assert_eq!(LineEnd::Crlf.find(b"ab\r\n"), Some(2));
        assert_eq!(LineEnd::Crlf.find(b"ab\n"), None);
        assert_eq!(LineEnd::Crlf.put_into(b"a\n\n"), b"a\r\n\r\n");
    }
}
