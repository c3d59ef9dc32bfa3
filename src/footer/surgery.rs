//! A footer into a mail: the octets of the mail with the leaves spliced in, and the header's mark.

use super::check;
use super::displayed::displayed;
use super::doubts;
use super::fields::FieldAt;
use super::leaf::{EditedLeaf, edit_html, edit_text};
use super::mark::MARK_HEADER;
use super::reading::{MimePart, ReadMail, TransferEncoding, head, read};
use super::slot::{MailLimits, MailSlot};
use super::text::FooterText;
use super::why::WhyUntouched;
use std::ops::Range;

/// What became of a mail.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Placed {
    /// It bears the footer.
    Edited(EditedMail),
    /// It is to be delivered as it came.
    Untouched(WhyUntouched),
}

/// A mail with its footer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EditedMail {
    /// The whole mail: what a relay sends.
    pub bytes: Vec<u8>,
    /// Where its body begins: what a milter replaces.
    pub body_at: usize,
    /// What changed in its header: what a milter asks for.
    pub header: Vec<HeaderEdit>,
}

/// A change of the mail's own header.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum HeaderEdit {
    /// A field that was not there, at the header's end.
    Add { name: String, value: String },
    /// The one field of that name has another value; folds and all.
    Replace { name: String, value: String },
}

/// Puts the footer into the mail, or says why the mail stays as it is.
///
/// It goes into the text and the HTML that are displayed, into both or neither. All other octets stay as they are, but for the mark
/// ([`MARK_HEADER`]) and, of an edited leaf, the charset and the transfer encoding where they must change. Whether this recipient may have
/// this footer was decided before; whether the mail is one of the slot's is looked at here. Where anything is in doubt, the mail is
/// untouched. Call it before DKIM signs.
///
/// ```
/// use nayose::footer::{FooterText, MailLimits, MailSlot, Placed, place};
///
/// let footer = FooterText::new("spring", "<p>Spring sale</p>", "Spring sale").unwrap();
/// let slot = MailSlot { senders: vec!["@example.jp".into()], ..MailSlot::default() };
/// let mail = b"From: support@example.jp\r\nSubject: News\r\n\r\nHello\r\n";
/// let Placed::Edited(edited) = place(mail, &footer, &slot, &MailLimits::default()) else { panic!() };
/// assert!(edited.bytes.ends_with(b"\r\n\r\nHello\r\n\r\n-- \r\nSpring sale\r\n"));
/// ```
pub fn place(mail: &[u8], footer: &FooterText, slot: &MailSlot, limits: &MailLimits) -> Placed {
    match edited(mail, footer, slot, limits) {
        Ok(edited) => Placed::Edited(edited),
        Err(why) => Placed::Untouched(why),
    }
}

fn edited(mail: &[u8], footer: &FooterText, slot: &MailSlot, limits: &MailLimits) -> Result<EditedMail, WhyUntouched> {
    doubts::look_at_head(mail, &head(mail, limits)?, slot)?;
    let before = read(mail, limits)?;
    doubts::look_at_parts(mail, &before)?;
    let leaves = displayed(mail, &before)?;
    let mut edits: Vec<(&MimePart, EditedLeaf)> = Vec::new();
    if let Some(part) = leaves.text {
        edits.push((part, edit_text(mail, part, before.ends, footer)?));
    }
    if let Some(part) = leaves.html {
        edits.push((part, edit_html(mail, part, before.ends, footer, limits.html_bytes)?));
    }
    let mut splices = Splices { mail, ends: before.ends.bytes(), all: Vec::new(), header: Vec::new() };
    for (part, edit) in &edits {
        splices.leaf(&before, part, edit);
    }
    splices.add(&before.root, &before, MARK_HEADER, footer.id());
    let bytes = splices.applied();
    let body_at = check::same_but_for(mail, &before, &edits, &bytes, limits)?;
    Ok(EditedMail { bytes, body_at, header: splices.header })
}

/// What goes where in the mail.
struct Splices<'m> {
    mail: &'m [u8],
    ends: &'static [u8],
    all: Vec<(Range<usize>, Vec<u8>)>,
    header: Vec<HeaderEdit>,
}

impl Splices<'_> {
    fn leaf(&mut self, read: &ReadMail, part: &MimePart, edit: &EditedLeaf) {
        self.all.push((part.body.clone(), edit.body.clone()));
        let is_root = std::ptr::eq(part, &read.root);
        if is_root && (edit.to_utf_8 || edit.encoding.is_some()) && part.field(self.mail, "MIME-Version").is_none() {
            self.add(part, read, "MIME-Version", "1.0");
        }
        if edit.to_utf_8 {
            match part.field(self.mail, "Content-Type") {
                Some(field) => self.relabel(read, part, field),
                None => self.add(part, read, "Content-Type", "text/plain; charset=utf-8"),
            }
        }
        if let Some(encoding) = edit.encoding {
            let word = if encoding == TransferEncoding::Base64 { "base64" } else { "quoted-printable" };
            match part.field(self.mail, "Content-Transfer-Encoding") {
                Some(field) => self.replace(read, part, field, format!(" {word}").into_bytes()),
                None => self.add(part, read, "Content-Transfer-Encoding", word),
            }
        }
    }

    /// The charset's value alone is another one.
    fn relabel(&mut self, read: &ReadMail, part: &MimePart, field: &FieldAt) {
        let value = match part.media.parameter("charset") {
            Some(charset) => {
                [&self.mail[field.value.start..charset.at.start], b"utf-8", &self.mail[charset.at.end..field.value.end]].concat()
            }
            None => {
                let semicolon: &[u8] = if part.media.ends_open { b"" } else { b";" };
                [self.mail[field.value.clone()].trim_ascii_end(), semicolon, self.ends, b" charset=utf-8"].concat()
            }
        };
        self.replace(read, part, field, value);
    }

    fn replace(&mut self, read: &ReadMail, part: &MimePart, field: &FieldAt, value: Vec<u8>) {
        if std::ptr::eq(part, &read.root) {
            let name = String::from_utf8_lossy(&self.mail[field.name.clone()]).into_owned();
            let text = String::from_utf8_lossy(&value).trim_start().to_string();
            self.header.push(HeaderEdit::Replace { name, value: text });
        }
        self.all.push((field.value.clone(), value));
    }

    /// At the header's end.
    fn add(&mut self, part: &MimePart, read: &ReadMail, name: &str, value: &str) {
        if std::ptr::eq(part, &read.root) {
            self.header.push(HeaderEdit::Add { name: name.into(), value: value.into() });
        }
        let at = part.body.start - self.ends.len();
        let line = [name.as_bytes(), b": ", value.as_bytes(), self.ends].concat();
        self.all.push((at..at, line));
    }

    fn applied(&mut self) -> Vec<u8> {
        // Stable: what is added at one place stays in its order.
        self.all.sort_by_key(|(range, _)| range.start);
        let mut out = Vec::with_capacity(self.mail.len() + 1024);
        let mut at = 0;
        for (range, bytes) in &self.all {
            out.extend_from_slice(&self.mail[at..range.start]);
            out.extend_from_slice(bytes);
            at = range.end;
        }
        out.extend_from_slice(&self.mail[at..]);
        out
    }
}
