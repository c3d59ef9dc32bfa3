//! A leaf with its footer.
//!
//! Only the transfer encoding is undone. The octets of the text stay as they are, and the footer comes in the same charset. Where that
//! lacks a character, HTML refers to it, and a text becomes UTF-8.

use super::charset::TextCharset;
use super::doubts;
use super::html;
use super::line_end::LineEnd;
use super::mark::COMMENT_MARK;
use super::reading::{MimePart, TransferEncoding};
use super::text::FooterText;
use super::transfer;
use super::why::WhyUntouched;

/// A leaf as it will be.
#[derive(Debug)]
pub(super) struct EditedLeaf {
    pub(super) body: Vec<u8>,
    /// The text became UTF-8.
    pub(super) to_utf_8: bool,
    /// Another transfer encoding than before.
    pub(super) encoding: Option<TransferEncoding>,
    /// What the footer added to the text, and where: for the check.
    pub(super) added: String,
}

/// A leaf that is to be edited.
struct Leaf<'m> {
    raw: &'m [u8],
    /// The raw octets without their transfer encoding.
    bytes: Vec<u8>,
    text: String,
    charset: TextCharset,
    encoding: TransferEncoding,
    ends: LineEnd,
}

impl<'m> Leaf<'m> {
    fn open(mail: &'m [u8], part: &MimePart, ends: LineEnd, footer: &FooterText) -> Result<Leaf<'m>, WhyUntouched> {
        let raw = &mail[part.body.clone()];
        if transfer::has_long_line(raw) {
            return Err(WhyUntouched::LineTooLong);
        }
        let bytes = match part.encoding {
            TransferEncoding::SevenBit if !raw.is_ascii() => return Err(WhyUntouched::EightBit),
            TransferEncoding::SevenBit | TransferEncoding::EightBit => raw.to_vec(),
            TransferEncoding::QuotedPrintable => transfer::qp_decoded(raw, ends).ok_or(WhyUntouched::EncodingBroken)?,
            TransferEncoding::Base64 => transfer::base64_decoded(raw).ok_or(WhyUntouched::EncodingBroken)?,
            TransferEncoding::Unknown => return Err(WhyUntouched::EncodingUnknown),
        };
        let charset = TextCharset::named(part.media.parameter("charset").map(|p| p.value.as_slice()))?;
        let text = charset.decode(&bytes)?;
        if text.contains('\0') {
            return Err(WhyUntouched::EightBit);
        }
        if doubts::is_armoured(&text) {
            return Err(WhyUntouched::ArmouredText);
        }
        if text.contains(COMMENT_MARK) {
            return Err(WhyUntouched::Marked);
        }
        if doubts::bare(&text).contains(&doubts::bare(footer.text())) {
            return Err(WhyUntouched::Quoted);
        }
        Ok(Leaf { raw, bytes, text, charset, encoding: part.encoding, ends })
    }

    /// How lines end within a leaf whose transfer encoding hides them.
    fn inner_ends(&self) -> LineEnd {
        match self.bytes.iter().position(|b| *b == b'\n') {
            Some(at) if at == 0 || self.bytes[at - 1] != b'\r' => LineEnd::Lf,
            _ => LineEnd::Crlf,
        }
    }

    /// `block`, with `\n` for the ends of lines, put in before the octet at `place`.
    fn with(&self, place: usize, block: &[u8]) -> Result<(Vec<u8>, Option<TransferEncoding>), WhyUntouched> {
        let spliced = |ends: LineEnd| [&self.bytes[..place], &ends.put_into(block), &self.bytes[place..]].concat();
        match self.encoding {
            TransferEncoding::QuotedPrintable => {
                let body = transfer::qp_with(self.raw, place, block, self.ends).ok_or(WhyUntouched::EncodingBroken)?;
                Ok((body, None))
            }
            TransferEncoding::Base64 => Ok((self.base64(&spliced(self.inner_ends())), None)),
            _ => {
                let body = spliced(self.ends);
                let fits = !transfer::has_long_line(&body) && (self.encoding == TransferEncoding::EightBit || body.is_ascii());
                if fits { Ok((body, None)) } else { Ok(self.encoded(&body)) }
            }
        }
    }

    /// With the blank lines that were behind it.
    fn base64(&self, bytes: &[u8]) -> Vec<u8> {
        let tail = self.raw.len() - self.raw.trim_ascii_end().len();
        let mut body = transfer::base64_encoded(bytes, self.ends);
        body.extend_from_slice(&self.raw[self.raw.len() - tail..]);
        body
    }

    /// In the transfer encoding that fits: quoted-printable while it can be read with bare eyes.
    fn encoded(&self, bytes: &[u8]) -> (Vec<u8>, Option<TransferEncoding>) {
        let lines: Vec<u8> = match self.ends {
            LineEnd::Lf => bytes.to_vec(),
            LineEnd::Crlf => {
                bytes.iter().enumerate().filter(|(at, b)| **b != b'\r' || bytes.get(at + 1) != Some(&b'\n')).map(|(_, b)| *b).collect()
            }
        };
        let beyond = lines.iter().filter(|b| !b.is_ascii()).count();
        if beyond * 4 <= lines.len() {
            (transfer::qp_encoded(&lines, self.ends), Some(TransferEncoding::QuotedPrintable))
        } else {
            (transfer::base64_encoded(&LineEnd::Crlf.put_into(&lines), self.ends), Some(TransferEncoding::Base64))
        }
    }
}

/// The leaf of plain text with its footer.
pub(super) fn edit_text(mail: &[u8], part: &MimePart, ends: LineEnd, footer: &FooterText) -> Result<EditedLeaf, WhyUntouched> {
    let leaf = Leaf::open(mail, part, ends, footer)?;
    let flowed = part.media.parameter("format").is_some_and(|p| p.value.eq_ignore_ascii_case(b"flowed"));
    let block = text_block(&leaf.text, footer.text(), flowed);
    if let Some(encoded) = leaf.charset.encode(&block) {
        let octets = [leaf.charset.closing(&leaf.bytes), &encoded].concat();
        let (body, encoding) = leaf.with(leaf.bytes.len(), &octets)?;
        return Ok(EditedLeaf { body, to_utf_8: false, encoding, added: block });
    }
    let whole = [leaf.text.as_bytes(), &leaf.inner_or_own_ends().put_into(block.as_bytes())].concat();
    let (body, encoding) = match leaf.encoding {
        TransferEncoding::Base64 => (leaf.base64(&whole), None),
        TransferEncoding::EightBit if !transfer::has_long_line(&whole) => (whole, None),
        _ => leaf.encoded(&whole),
    };
    let encoding = encoding.filter(|encoding| *encoding != leaf.encoding);
    Ok(EditedLeaf { body, to_utf_8: true, encoding, added: block })
}

impl Leaf<'_> {
    fn inner_or_own_ends(&self) -> LineEnd {
        if self.encoding == TransferEncoding::Base64 { self.inner_ends() } else { self.ends }
    }
}

/// A blank line, the separator that readers know as a signature's, the footer.
fn text_block(before: &str, footer: &str, flowed: bool) -> String {
    let mut block = String::new();
    if !before.is_empty() {
        block.push_str(if before.ends_with('\n') { "\n" } else { "\n\n" });
    }
    block.push_str("-- \n");
    for line in footer.split('\n') {
        // RFC 3676: these are stuffed with a space, which a reader takes away.
        if flowed && (line.starts_with([' ', '>']) || line.starts_with("From ")) {
            block.push(' ');
        }
        block.push_str(line);
        block.push('\n');
    }
    block
}

/// The leaf of HTML with its footer.
pub(super) fn edit_html(
    mail: &[u8],
    part: &MimePart,
    ends: LineEnd,
    footer: &FooterText,
    bytes_max: usize,
) -> Result<EditedLeaf, WhyUntouched> {
    let leaf = Leaf::open(mail, part, ends, footer)?;
    if leaf.bytes.len() > bytes_max {
        return Err(WhyUntouched::HtmlTooLong);
    }
    if doubts::bare(&html::visible(&leaf.text)).contains(&doubts::bare(&html::visible(footer.html()))) {
        return Err(WhyUntouched::Quoted);
    }
    let place = html::insertion(&leaf.charset.masked(&leaf.bytes))?;
    let block = format!("\n<!-- {COMMENT_MARK}{} -->\n{}\n", footer.id(), footer.html());
    // References keep a leaf of 7 bits as it is.
    let seven = leaf.encoding == TransferEncoding::SevenBit && !leaf.charset.is_iso_2022_jp();
    let charset = if seven { TextCharset::ascii() } else { leaf.charset.clone() };
    let encoded = charset.encode_html(&block).ok_or(WhyUntouched::CharsetUnknown)?;
    let closing = leaf.charset.closing(&leaf.bytes[..place]);
    if !closing.is_empty() && place < leaf.bytes.len() {
        return Err(WhyUntouched::CharsetDoubtful);
    }
    let octets = [closing, &encoded].concat();
    if leaf.bytes.len() + octets.len() > bytes_max {
        return Err(WhyUntouched::HtmlTooLong);
    }
    let (body, encoding) = leaf.with(place, &octets)?;
    let added = charset.decode(&encoded)?;
    Ok(EditedLeaf { body, to_utf_8: false, encoding, added })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_separator_stands_between_text_and_footer() {
        assert_eq!(text_block("a\n", "f\n> g", false), "\n-- \nf\n> g\n");
        assert_eq!(text_block("a", "f", false), "\n\n-- \nf\n");
        assert_eq!(text_block("", "f", false), "-- \nf\n");
        assert_eq!(text_block("a \n", "From x\n>g\n h", true), "\n-- \n From x\n >g\n  h\n");
    }
}
