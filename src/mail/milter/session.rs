//! One connection of a mail server: what was said, and what is to be answered. Without a network and a clock, and bounded in memory.

use super::edits::{ACCEPT, CONTINUE, plain};
use super::frame::{MilterFrame, put_frame};
use super::options::MilterTerms;
use thiserror::Error;

/// A mail's header at most; Postfix cuts one off at 100 kB, and a footer goes into none that is longer.
const HEADER_BYTES_MAX: usize = 128 << 10;
/// Of one mail; Postfix takes a thousand at once by itself.
const RECIPIENTS_MAX: usize = 2_000;
/// An address at most, with its angle brackets; SMTP carries 256 octets.
const RECIPIENT_BYTES_MAX: usize = 320;
const QUEUE_ID_BYTES_MAX: usize = 64;

/// A mail as far as it was sent.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct MailSeen {
    /// Of the envelope, as they stand in it, without angle brackets.
    pub recipients: Vec<String>,
    /// The header as it stands in the mail, and what follows it.
    pub bytes: Vec<u8>,
    /// As the mail server names the mail.
    pub queue_id: Option<String>,
}

/// What is to be done about a command.
#[derive(Debug, PartialEq, Eq)]
pub enum Heard {
    /// Nothing: the mail server waits for no answer.
    Nothing,
    /// To be sent.
    Answer(Vec<u8>),
    /// Is the mail, by its header, one that a footer may go into? [`MilterSession::keep`] or [`MilterSession::pass`] says it.
    Header,
    /// The whole mail: which changes are to be asked for? Either them or [`MilterSession::taken`] is the answer.
    Mail(MailSeen),
    /// The mail goes as it came, and why; with the answer.
    Passed(&'static str, Vec<u8>),
    /// The mail server is done.
    End,
}

/// What nothing sensible can be answered to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum SessionBroken {
    #[error("the mail server sent {:?} before it said what it offers", char::from(*.0))]
    NotAgreed(u8),
    #[error("the mail server said twice what it offers, or what no milter can speak")]
    Offer,
    #[error("the mail server sent {:?}, which is no command of a milter", char::from(*.0))]
    Unknown(u8),
}

/// Where a mail stands.
#[derive(Debug, Default)]
enum MailStage {
    #[default]
    Between,
    Header(MailSeen),
    Body(MailSeen),
    /// It goes as it came, for a reason that is told at its end if it was not told before.
    Passed(Option<&'static str>),
}

/// One connection.
#[derive(Debug)]
pub struct MilterSession {
    mail_bytes_max: usize,
    agreed: Option<MilterTerms>,
    stage: MailStage,
    queue_id: Option<String>,
}

impl MilterSession {
    /// A larger mail than that is passed.
    pub fn new(mail_bytes_max: usize) -> MilterSession {
        MilterSession { mail_bytes_max, agreed: None, stage: MailStage::Between, queue_id: None }
    }

    /// Takes one command.
    pub fn take(&mut self, frame: MilterFrame<'_>) -> Result<Heard, SessionBroken> {
        let MilterFrame { command, said } = frame;
        match command {
            b'O' => return self.agree(said),
            b'Q' => return Ok(Heard::End),
            _ => {}
        }
        let agreed = self.agreed.ok_or(SessionBroken::NotAgreed(command))?;
        match command {
            b'D' => {
                self.note_macros(said);
                return Ok(Heard::Nothing);
            }
            // A mail is over, or the connection is used for another client: nobody waits for an answer.
            b'A' | b'K' => {
                self.stage = MailStage::Between;
                return Ok(Heard::Nothing);
            }
            b'M' => self.begin(agreed),
            b'R' => self.recipient(said),
            b'L' => self.field(said),
            b'N' if self.header_ends() => return Ok(Heard::Header),
            b'B' => self.piece(said),
            b'E' => return Ok(self.end(said)),
            b'C' | b'H' | b'T' | b'U' | b'N' => {}
            other => return Err(SessionBroken::Unknown(other)),
        }
        Ok(Heard::Answer(plain(CONTINUE)))
    }

    /// The header after [`Heard::Header`].
    pub fn header(&self) -> &[u8] {
        match &self.stage {
            MailStage::Body(mail) => &mail.bytes,
            _ => &[],
        }
    }

    /// The mail's body is wanted; the answer to [`Heard::Header`].
    pub fn keep(&self) -> Vec<u8> {
        plain(CONTINUE)
    }

    /// Nothing more of the mail is wanted; the answer to [`Heard::Header`].
    pub fn pass(&mut self) -> Vec<u8> {
        self.stage = MailStage::Passed(None);
        plain(ACCEPT)
    }

    /// The mail goes as it came; the answer to [`Heard::Mail`].
    pub fn taken() -> Vec<u8> {
        plain(CONTINUE)
    }

    /// Whether a mail's body is being kept.
    pub fn is_keeping(&self) -> bool {
        matches!(self.stage, MailStage::Body(_))
    }

    /// Whether the mail server lets all be changed that a footer needs; `None` while it has not said so.
    pub fn may_change(&self) -> Option<bool> {
        self.agreed.as_ref().map(MilterTerms::may_change)
    }

    /// Octets of a mail that are held.
    pub fn held(&self) -> usize {
        match &self.stage {
            MailStage::Header(mail) | MailStage::Body(mail) => {
                mail.bytes.capacity() + mail.recipients.iter().map(String::capacity).sum::<usize>()
            }
            _ => 0,
        }
    }

    fn agree(&mut self, offer: &[u8]) -> Result<Heard, SessionBroken> {
        let agreed = MilterTerms::of(offer).filter(|_| self.agreed.is_none()).ok_or(SessionBroken::Offer)?;
        self.agreed = Some(agreed);
        let mut answer = Vec::new();
        put_frame(&mut answer, b'O', &[&agreed.bytes()]);
        Ok(Heard::Answer(answer))
    }

    fn begin(&mut self, agreed: MilterTerms) {
        self.stage = if agreed.may_change() { MailStage::Header(MailSeen::default()) } else { MailStage::Passed(Some("not_changeable")) };
    }

    /// The mail that is under way, where its header is not over; one begins where none was.
    fn opened(&mut self) -> Option<&mut MailSeen> {
        if matches!(self.stage, MailStage::Between) {
            self.stage = MailStage::Header(MailSeen::default());
        }
        match &mut self.stage {
            MailStage::Header(mail) => Some(mail),
            _ => None,
        }
    }

    fn give_up(&mut self, why: &'static str) {
        self.stage = MailStage::Passed(Some(why));
    }

    fn recipient(&mut self, said: &[u8]) {
        let Some(mail) = self.opened() else { return };
        let address = said.split(|byte| *byte == 0).next().unwrap_or_default();
        if mail.recipients.len() == RECIPIENTS_MAX || address.len() > RECIPIENT_BYTES_MAX {
            return self.give_up("too_many_recipients");
        }
        // One that is no text is nobody whom we know, and so gets no footer.
        let address = String::from_utf8_lossy(address);
        let address = address.strip_prefix('<').and_then(|rest| rest.strip_suffix('>')).unwrap_or(&address);
        mail.recipients.push(address.to_string());
    }

    fn field(&mut self, said: &[u8]) {
        let Some(mail) = self.opened() else { return };
        let mut parts = said.split(|byte| *byte == 0);
        let (name, value) = (parts.next().unwrap_or_default(), parts.next());
        let Some(value) = value.filter(|value| is_one_field(value)) else { return self.give_up("malformed") };
        if mail.bytes.len() + name.len() + 2 * value.len() > HEADER_BYTES_MAX {
            return self.give_up("header_too_large");
        }
        mail.bytes.extend_from_slice(name);
        mail.bytes.extend_from_slice(b": ");
        // Folds come with a line feed alone.
        for (number, line) in value.split(|byte| *byte == b'\n').enumerate() {
            if number > 0 {
                mail.bytes.extend_from_slice(b"\r\n");
            }
            mail.bytes.extend_from_slice(line.strip_suffix(b"\r").unwrap_or(line));
        }
        mail.bytes.extend_from_slice(b"\r\n");
    }

    /// Whether a header is over that somebody must look at.
    fn header_ends(&mut self) -> bool {
        let MailStage::Header(mail) = &mut self.stage else { return false };
        let mut mail = std::mem::take(mail);
        mail.bytes.extend_from_slice(b"\r\n");
        self.stage = MailStage::Body(mail);
        true
    }

    fn piece(&mut self, said: &[u8]) {
        match &mut self.stage {
            MailStage::Body(mail) if mail.bytes.len() + said.len() > self.mail_bytes_max => self.give_up("too_large"),
            MailStage::Body(mail) => mail.bytes.extend_from_slice(said),
            MailStage::Passed(_) => {}
            // A body without a header.
            MailStage::Between | MailStage::Header(_) => self.give_up("malformed"),
        }
    }

    fn end(&mut self, said: &[u8]) -> Heard {
        if !said.is_empty() {
            self.piece(said);
        }
        match std::mem::take(&mut self.stage) {
            MailStage::Body(mail) => Heard::Mail(MailSeen { queue_id: self.queue_id.clone(), ..mail }),
            MailStage::Header(_) => Heard::Passed("malformed", plain(CONTINUE)),
            MailStage::Passed(Some(why)) => Heard::Passed(why, plain(CONTINUE)),
            MailStage::Passed(None) | MailStage::Between => Heard::Answer(plain(CONTINUE)),
        }
    }

    /// Of all macros only the mail's name in the queue is of use.
    fn note_macros(&mut self, said: &[u8]) {
        let Some((step, pairs)) = said.split_first() else { return };
        if *step == b'M' {
            self.queue_id = None;
        }
        let words: Vec<&[u8]> = pairs.split(|byte| *byte == 0).take(100).collect();
        let named = words.chunks_exact(2).find(|pair| matches!(pair[0], b"i" | b"{i}")).map(|pair| pair[1]);
        let is_id = |id: &&[u8]| !id.is_empty() && id.len() <= QUEUE_ID_BYTES_MAX && id.iter().all(u8::is_ascii_alphanumeric);
        if let Some(id) = named.filter(is_id) {
            self.queue_id = Some(String::from_utf8_lossy(id).into_owned());
        }
    }
}

/// Whether a value is one field's: its further lines are folds.
fn is_one_field(value: &[u8]) -> bool {
    value.split(|byte| *byte == b'\n').skip(1).all(|line| matches!(line.first(), Some(b' ' | b'\t')))
}

#[cfg(test)]
mod tests;
