//! Header fields and their parameters, with their places in the mail, so that one can be changed and the rest stays.

use super::line_end::LineEnd;
use super::why::{WhyMalformed, WhyUntouched};
use std::ops::Range;

/// Where a field lies in the mail.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct FieldAt {
    pub(super) name: Range<usize>,
    /// After the colon, folds and all, without the last line's end.
    pub(super) value: Range<usize>,
}

impl FieldAt {
    pub(super) fn is(&self, mail: &[u8], name: &str) -> bool {
        mail[self.name.clone()].eq_ignore_ascii_case(name.as_bytes())
    }
}

/// The fields of the header at `start`, and where its body begins. `is_boundary` says of a line that it ends the part.
pub(super) fn header(
    mail: &[u8],
    start: usize,
    end: LineEnd,
    is_boundary: impl Fn(&[u8]) -> bool,
) -> Result<(Vec<FieldAt>, usize), WhyUntouched> {
    let mut fields: Vec<FieldAt> = Vec::new();
    let mut at = start;
    loop {
        let Some(length) = end.find(&mail[at..]) else { return Err(WhyMalformed::HeaderWithoutEnd.into()) };
        let line = &mail[at..at + length];
        let next = at + length + end.bytes().len();
        if line.is_empty() {
            return Ok((fields, next));
        }
        if is_boundary(line) {
            return Err(WhyMalformed::HeaderWithoutEnd.into());
        }
        if line[0] == b' ' || line[0] == b'\t' {
            // Some readers end the header at a line of spaces.
            let Some(field) = fields.last_mut().filter(|_| !line.trim_ascii().is_empty()) else {
                return Err(WhyMalformed::FieldWithoutName.into());
            };
            field.value.end = at + length;
        } else {
            let colon = line.iter().position(|b| *b == b':').ok_or(WhyMalformed::FieldWithoutName)?;
            if colon == 0 || !line[..colon].iter().all(u8::is_ascii_graphic) {
                return Err(WhyMalformed::FieldWithoutName.into());
            }
            fields.push(FieldAt { name: at..at + colon, value: at + colon + 1..at + length });
        }
        at = next;
    }
}

/// A value without its folds.
pub(super) fn unfolded(raw: &[u8]) -> Vec<u8> {
    let without: Vec<u8> = raw.iter().copied().filter(|b| !b"\r\n".contains(b)).collect();
    without.trim_ascii().to_vec()
}

/// The one field of that name; two of them are a mail that readers see differently.
pub(super) fn only<'f>(mail: &[u8], fields: &'f [FieldAt], name: &str) -> Result<Option<&'f FieldAt>, WhyUntouched> {
    let mut found = fields.iter().filter(|field| field.is(mail, name));
    let first = found.next();
    if found.next().is_some() { Err(WhyMalformed::FieldTwice.into()) } else { Ok(first) }
}

/// A Content-Type, or a Content-Disposition.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct MediaType {
    /// In lower case, as `text/plain` or `attachment`.
    pub(super) kind: String,
    pub(super) parameters: Vec<MediaParameter>,
    /// Whether the field ends with a semicolon.
    pub(super) ends_open: bool,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct MediaParameter {
    /// In lower case.
    pub(super) name: String,
    pub(super) value: Vec<u8>,
    /// Where the value lies in the mail, quotes and all.
    pub(super) at: Range<usize>,
}

impl MediaType {
    /// What counts where nothing is said.
    pub(super) fn unsaid() -> MediaType {
        MediaType { kind: "text/plain".into(), parameters: Vec::new(), ends_open: false }
    }

    pub(super) fn parameter(&self, name: &str) -> Option<&MediaParameter> {
        self.parameters.iter().find(|p| p.name == name)
    }

    /// `name`, also in its other forms: `name*`, `name*0*`.
    pub(super) fn has(&self, name: &str) -> bool {
        self.parameters.iter().any(|p| p.name.split('*').next() == Some(name))
    }
}

/// Of these a reader must not be in doubt.
const CERTAIN: [&str; 6] = ["charset", "boundary", "format", "delsp", "start", "protocol"];

fn is_token(byte: u8) -> bool {
    byte.is_ascii_graphic() && !b"()<>@,;:\\\"/[]?=".contains(&byte)
}

/// Reads the field's value. Parameters of no weight, as names of files, may be written in any way.
pub(super) fn media_type(mail: &[u8], field: &FieldAt) -> Result<MediaType, WhyUntouched> {
    let wrong = || WhyUntouched::from(WhyMalformed::ContentType);
    let (mut at, end) = (field.value.start, field.value.end);
    let blank = |mut at: usize| {
        while at < end && b" \t\r\n".contains(&mail[at]) {
            at += 1;
        }
        at
    };
    at = blank(at);
    let start = at;
    while at < end && (is_token(mail[at]) || mail[at] == b'/') {
        at += 1;
    }
    let kind = String::from_utf8_lossy(&mail[start..at]).to_ascii_lowercase();
    if kind.is_empty() || kind.matches('/').count() > 1 || kind.starts_with('/') || kind.ends_with('/') {
        return Err(wrong());
    }
    let mut found = MediaType { kind, parameters: Vec::new(), ends_open: false };
    loop {
        at = blank(at);
        if at == end {
            break;
        }
        if mail[at] != b';' {
            return Err(wrong());
        }
        at = blank(at + 1);
        if at == end {
            found.ends_open = true;
            break;
        }
        if mail[at] == b';' {
            continue;
        }
        let (parameter, next) = parameter(mail, at, end).ok_or_else(wrong)?;
        let base = parameter.name.split('*').next().unwrap_or_default();
        if CERTAIN.contains(&base) && (found.has(base) || base != parameter.name) {
            return Err(wrong());
        }
        found.parameters.push(parameter);
        at = next;
    }
    Ok(found)
}

/// One parameter, and where what follows it begins.
fn parameter(mail: &[u8], start: usize, end: usize) -> Option<(MediaParameter, usize)> {
    let equals = start + mail[start..end].iter().position(|b| b"=;".contains(b)).filter(|at| mail[start + at] == b'=')?;
    let name = mail[start..equals].trim_ascii();
    if name.is_empty() || !name.iter().all(|b| is_token(*b)) {
        return None;
    }
    let name = String::from_utf8_lossy(name).to_ascii_lowercase();
    let blanks = mail[equals + 1..end].iter().take_while(|b| b" \t\r\n".contains(b)).count();
    let at = equals + 1 + blanks;
    if mail.get(at).filter(|_| at < end) == Some(&b'"') {
        let mut value = Vec::new();
        let mut next = at + 1;
        loop {
            match mail[next..end] {
                [b'"', ..] => return Some((MediaParameter { name, value, at: at..next + 1 }, next + 1)),
                [b'\\', escaped, ..] => {
                    value.push(escaped);
                    next += 2;
                }
                [b'\r' | b'\n', ..] => next += 1,
                [byte, ..] => {
                    value.push(byte);
                    next += 1;
                }
                [] => return None,
            }
        }
    }
    let next = at + mail[at..end].iter().position(|b| *b == b';').unwrap_or(end - at);
    let value = mail[at..next].trim_ascii_end();
    let certain = CERTAIN.contains(&name.as_str());
    // Outlook and others leave `=` and `/` in a boundary unquoted; a space or a comment is another matter.
    let plain = |b: &u8| is_token(*b) || b"=/:?".contains(b);
    if certain && (value.is_empty() || !value.iter().all(plain)) {
        return None;
    }
    Some((MediaParameter { name, value: value.to_vec(), at: at..at + value.len() }, next))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(value: &str) -> Option<MediaType> {
        let mail = format!("Content-Type:{value}");
        media_type(mail.as_bytes(), &FieldAt { name: 0..12, value: 13..mail.len() }).ok()
    }

    fn charset(value: &str) -> Option<String> {
        read(value)?.parameter("charset").map(|p| String::from_utf8_lossy(&p.value).into_owned())
    }

    #[test]
    fn content_types_as_they_are_written() {
        for value in [
            " text/plain; charset=utf-8",
            "text/PLAIN;charset=\"utf-8\"",
            " text/plain;\r\n\tcharset = utf-8 ;\r\n format=flowed;",
            " text/plain; name=a b (1).txt; charset=utf-8",
            " text/plain; name*0*=iso-2022-jp'ja'%1B; charset=\"ut\\f-8\"",
        ] {
            assert_eq!(charset(value).as_deref(), Some("utf-8"), "{value:?}");
        }
        for value in [
            "",
            " /",
            " text/",
            " text/plain charset=utf-8",
            " text/plain; charset",
            " text/plain; charset=",
            " text/plain; charset=\"utf-8",
            " text/plain; charset=utf-8; charset=us-ascii",
            " text/plain; charset*=us-ascii'en'utf-8",
            " text/plain; charset=utf-8 (really)",
            " multipart/mixed; boundary=\"a\"b",
            " text/plain; =x",
        ] {
            assert_eq!(read(value), None, "{value:?}");
        }
    }

    #[test]
    fn headers_end_where_every_reader_sees_it() {
        let read = |text: &str| header(text.as_bytes(), 0, LineEnd::Lf, |line| line == b"--b").map(|(f, at)| (f.len(), at));
        assert_eq!(read("A: 1\n b\nB:2\n\nbody"), Ok((2, 13)));
        assert_eq!(read("\nbody"), Ok((0, 1)));
        for bad in ["A: 1\n", "A: 1\nno field\n\n", " A: 1\n\n", "A: 1\n \n\n", "A : 1\n\n", "A: 1\n--b\n\n", ": 1\n\n"] {
            assert!(read(bad).is_err(), "{bad:?}");
        }
    }
}
