//! The mail as a tree of parts, read strictly: what two readers may see differently is malformed here.

use super::fields::{FieldAt, MediaType, header, media_type, only, unfolded};
use super::line_end::{LineEnd, first_end, line_ends};
use super::slot::MailLimits;
use super::why::{WhyMalformed, WhyUntouched};
use std::ops::Range;

/// A transfer encoding that is understood.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum TransferEncoding {
    SevenBit,
    EightBit,
    QuotedPrintable,
    Base64,
    /// Another one, or `binary`.
    Unknown,
}

/// How a part says that it is to be shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Showing {
    Unsaid,
    Inline,
    /// An attachment, or anything with a file's name.
    Attached,
}

/// A part of a mail, or the mail itself.
#[derive(Debug, Clone)]
pub(super) struct MimePart {
    pub(super) fields: Vec<FieldAt>,
    /// Of a part within a multipart: without the line's end before the boundary.
    pub(super) body: Range<usize>,
    pub(super) media: MediaType,
    pub(super) encoding: TransferEncoding,
    pub(super) showing: Showing,
    /// Of a multipart.
    pub(super) parts: Vec<MimePart>,
}

impl MimePart {
    pub(super) fn is_multipart(&self) -> bool {
        self.media.kind.starts_with("multipart/")
    }

    /// It and all within it.
    pub(super) fn all(&self) -> Vec<&MimePart> {
        let mut found = vec![self];
        let mut at = 0;
        while at < found.len() {
            found.extend(found[at].parts.iter());
            at += 1;
        }
        found
    }

    pub(super) fn field(&self, mail: &[u8], name: &str) -> Option<&FieldAt> {
        self.fields.iter().find(|field| field.is(mail, name))
    }
}

/// A mail that was read.
#[derive(Debug, Clone)]
pub(super) struct ReadMail {
    pub(super) ends: LineEnd,
    pub(super) root: MimePart,
}

/// Reads the mail's own header, and nothing of its body: most mails are none of a slot's.
pub(super) fn head(mail: &[u8], limits: &MailLimits) -> Result<Vec<FieldAt>, WhyUntouched> {
    if mail.len() > limits.bytes {
        return Err(WhyUntouched::TooLarge);
    }
    let (fields, body) = header(mail, 0, first_end(mail)?, |_| false)?;
    if body > limits.header_bytes { Err(WhyUntouched::HeaderTooLarge) } else { Ok(fields) }
}

/// Reads a mail.
pub(super) fn read(mail: &[u8], limits: &MailLimits) -> Result<ReadMail, WhyUntouched> {
    if mail.len() > limits.bytes {
        return Err(WhyUntouched::TooLarge);
    }
    let ends = line_ends(mail)?;
    let mut reader = MailReader { mail, ends, limits, open: Vec::new(), closed: Vec::new(), parts: 0 };
    let (root, _) = reader.part(0)?;
    Ok(ReadMail { ends, root })
}

struct MailReader<'m> {
    mail: &'m [u8],
    ends: LineEnd,
    limits: &'m MailLimits,
    /// Boundaries of the multiparts around, the outermost first.
    open: Vec<Vec<u8>>,
    closed: Vec<Vec<u8>>,
    parts: usize,
}

/// A line that ends a part.
struct BoundaryLine {
    /// Whose boundary it is: a place in `open`.
    level: usize,
    closes: bool,
    /// Where the next line begins.
    next: usize,
}

/// Boundaries have 1 to 70 characters, and RFC 2046 says which.
const BOUNDARY_CHARS_MAX: usize = 70;

fn is_boundary(value: &[u8]) -> bool {
    let plain = |b: &u8| b.is_ascii_alphanumeric() || b" '()+_,-./:=?@#*$%!~^&{}|;<>[]`".contains(b);
    !value.is_empty() && value.len() <= BOUNDARY_CHARS_MAX && value.iter().all(plain) && value.last() != Some(&b' ')
}

/// Whether a line is that boundary's: `Some(true)` if it closes the multipart.
fn matches(line: &[u8], boundary: &[u8]) -> Option<bool> {
    let rest = line.strip_prefix(b"--")?.strip_prefix(boundary)?;
    let (rest, closes) = rest.strip_prefix(b"--").map_or((rest, false), |rest| (rest, true));
    rest.iter().all(|b| b" \t".contains(b)).then_some(closes)
}

impl MailReader<'_> {
    /// The part at `start`, and the line that ends it; the mail itself has none.
    fn part(&mut self, start: usize) -> Result<(MimePart, Option<BoundaryLine>), WhyUntouched> {
        self.parts += 1;
        if self.parts > self.limits.parts {
            return Err(WhyUntouched::TooManyParts);
        }
        let ends_it = |line: &[u8]| self.open.iter().chain(&self.closed).any(|boundary| matches(line, boundary).is_some());
        let (fields, body) = header(self.mail, start, self.ends, ends_it)?;
        if body - start > self.limits.header_bytes {
            return Err(WhyUntouched::HeaderTooLarge);
        }
        let media = match only(self.mail, &fields, "Content-Type")? {
            Some(field) => media_type(self.mail, field)?,
            None => MediaType::unsaid(),
        };
        let encoding = self.encoding(&fields)?;
        let showing = self.showing(&fields, &media)?;
        let mut part = MimePart { fields, body: body..body, media, encoding, showing, parts: Vec::new() };
        let (end, line) = if part.is_multipart() { self.multipart(&mut part)? } else { self.until_boundary(body)? };
        part.body.end = end;
        Ok((part, line))
    }

    fn encoding(&self, fields: &[FieldAt]) -> Result<TransferEncoding, WhyUntouched> {
        let Some(field) = only(self.mail, fields, "Content-Transfer-Encoding")? else { return Ok(TransferEncoding::SevenBit) };
        Ok(match unfolded(&self.mail[field.value.clone()]).to_ascii_lowercase().as_slice() {
            b"7bit" => TransferEncoding::SevenBit,
            b"8bit" => TransferEncoding::EightBit,
            b"quoted-printable" => TransferEncoding::QuotedPrintable,
            b"base64" => TransferEncoding::Base64,
            _ => TransferEncoding::Unknown,
        })
    }

    fn showing(&self, fields: &[FieldAt], media: &MediaType) -> Result<Showing, WhyUntouched> {
        if media.has("name") {
            return Ok(Showing::Attached);
        }
        let Some(field) = only(self.mail, fields, "Content-Disposition")? else { return Ok(Showing::Unsaid) };
        // One that cannot be read, or is new, is an attachment's (RFC 2183).
        Ok(match media_type(self.mail, field) {
            Ok(said) if said.kind == "inline" && !said.has("filename") => Showing::Inline,
            _ => Showing::Attached,
        })
    }

    fn multipart(&mut self, part: &mut MimePart) -> Result<(usize, Option<BoundaryLine>), WhyUntouched> {
        if !matches!(part.encoding, TransferEncoding::SevenBit | TransferEncoding::EightBit) {
            return Err(WhyMalformed::EncodedMultipart.into());
        }
        let boundary = part.media.parameter("boundary").map(|p| p.value.clone()).filter(|value| is_boundary(value));
        let boundary = boundary.ok_or(WhyMalformed::Boundary)?;
        if self.open.contains(&boundary) || self.closed.contains(&boundary) {
            return Err(WhyMalformed::BoundaryTwice.into());
        }
        let level = self.open.len();
        if level >= self.limits.depth {
            return Err(WhyUntouched::TooDeep);
        }
        self.open.push(boundary);
        let (_, line) = self.until_boundary(part.body.start)?;
        let mut line = line.filter(|line| line.level == level).ok_or(WhyMalformed::NotClosed)?;
        if line.closes {
            return Err(WhyMalformed::NoParts.into());
        }
        while !line.closes {
            let (child, ended_by) = self.part(line.next)?;
            line = ended_by.filter(|line| line.level == level).ok_or(WhyMalformed::NotClosed)?;
            part.parts.push(child);
        }
        self.closed.extend(self.open.pop());
        // The epilogue.
        self.until_boundary(line.next)
    }

    /// Where the content ends, and the boundary's line behind it.
    fn until_boundary(&self, start: usize) -> Result<(usize, Option<BoundaryLine>), WhyUntouched> {
        let end_bytes = self.ends.bytes().len();
        let mut at = start;
        while at < self.mail.len() {
            let rest = &self.mail[at..];
            let length = self.ends.find(rest).unwrap_or(rest.len());
            let line = &rest[..length];
            let next = (at + length + end_bytes).min(self.mail.len());
            if line.starts_with(b"--") {
                if self.closed.iter().any(|boundary| matches(line, boundary).is_some()) {
                    return Err(WhyMalformed::BoundaryAfterEnd.into());
                }
                // The innermost first.
                let found = self.open.iter().enumerate().rev().find_map(|(level, b)| matches(line, b).map(|closes| (level, closes)));
                if let Some((level, closes)) = found {
                    let end = if at == start { at } else { at - end_bytes };
                    return Ok((end, Some(BoundaryLine { level, closes, next })));
                }
            }
            at = next;
        }
        if self.open.is_empty() { Ok((self.mail.len(), None)) } else { Err(WhyMalformed::NotClosed.into()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shape(mail: &str) -> Result<String, &'static str> {
        fn told(part: &MimePart, mail: &str) -> String {
            match part.parts.as_slice() {
                [] => format!("{:?}", &mail[part.body.clone()]),
                parts => format!("[{}]", parts.iter().map(|p| told(p, mail)).collect::<Vec<_>>().join(" ")),
            }
        }
        let limits = MailLimits { depth: 3, parts: 6, ..MailLimits::default() };
        read(mail.as_bytes(), &limits).map(|read| told(&read.root, mail)).map_err(WhyUntouched::name)
    }

    #[test]
    fn a_tree_is_read_strictly() {
        let mixed = |body: &str| format!("Content-Type: multipart/mixed; boundary=b\n\n{body}");
        assert_eq!(shape("A: 1\n\nbody\n").as_deref(), Ok("\"body\\n\""));
        assert_eq!(shape(&mixed("pre\n--b\n\none\n--b \nA: 1\n\ntwo\n\n--b--\nepi\n")).as_deref(), Ok("[\"one\" \"two\\n\"]"));
        assert_eq!(shape(&mixed("--b\n\n--b--")).as_deref(), Ok("[\"\"]"));
        // A longer boundary that begins with the outer one is a line like any other.
        let inner = "--b\nContent-Type: multipart/alternative; boundary=bc\n\n--bc\n\none\n--bc--\n--b--\n";
        assert_eq!(shape(&mixed(inner)).as_deref(), Ok("[[\"one\"]]"));
        for broken in ["--b\n\none\n", "no part\n", "--b--\n", "--b\n\none\n--b--\n--b\n", "--b\nno field\n--b--\n", "--b\nA: 1\n--b--\n"] {
            assert_eq!(shape(&mixed(broken)), Err("malformed"), "{broken:?}");
        }
        assert_eq!(shape(&mixed("--b\nContent-Type: multipart/mixed; boundary=b\n\n--b\n\n--b--\n--b--\n")), Err("malformed"));
        assert_eq!(shape("Content-Type: text/plain\nContent-Type: text/html\n\nx"), Err("malformed"));
        assert_eq!(shape(&mixed(&"--b\n\nx\n".repeat(7))), Err("too_many_parts"));
        assert_eq!(shape("A: 1\r\n\r\na\nb"), Err("line_ends"));
        assert_eq!(shape("A: 1\n\na\rb"), Err("line_ends"));
        assert_eq!(shape("A: 1\r\n\r\na\r"), Err("line_ends"));
        assert_eq!(shape("A: 1\n\na\0b"), Err("eight_bit"));
        assert_eq!(shape("A: 1"), Err("malformed"));
    }
}
