//! A footer into a mail: bytes in, bytes out. Pure: what a recipient may get is decided elsewhere, and the doors over SMTP call [`place`].
//!
//! - `surgery`: [`place`], the only way in.
//! - `text`: a rendered footer, and whether it can stand in a mail.
//! - `why`: why a mail stays as it is.
//! - `slot`: which mails a footer is for, and how large they may be.
//! - `mark`: how a mail says that it bears a footer.
//! - `line_end`: how its lines end.
//! - `fields`: header fields and their parameters, with their places in the mail.
//! - `reading`: the mail as a tree of parts, read strictly.
//! - `doubts`: mails that nobody may edit.
//! - `displayed`: which leaves a recipient sees.
//! - `charset`: what the bytes of a leaf mean, and a footer in the same charset.
//! - `transfer`: quoted-printable and base64.
//! - `html`: where a footer goes in HTML.
//! - `leaf`: a leaf with its footer.
//! - `check`: the edited mail read again, by two readers.

mod charset;
mod check;
mod displayed;
mod doubts;
mod fields;
mod html;
mod leaf;
mod line_end;
mod mark;
mod reading;
mod slot;
mod surgery;
mod text;
mod transfer;
mod why;

pub use mark::MARK_HEADER;
pub use slot::{MailLimits, MailSlot};
pub use surgery::{EditedMail, HeaderEdit, Placed, place};
pub use text::{FooterText, FooterUnfit};
pub use why::{WhyMalformed, WhyUntouched};
