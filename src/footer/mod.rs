//! A footer into a mail: bytes in, bytes out. Pure: what a recipient may get is decided elsewhere, and the doors over SMTP call [`place`].
//!
//! - `written`: the footers and newsletters of a config, and which of them a reader may get.
//! - `template`: a footer's files filled in; `limits`, `lint`: what they must not be.
//! - `surgery`: [`place`], the only way in.
//! - `text`: a rendered footer, and whether it can stand in a mail.
//! - `why`: why a mail stays as it is.
//! - `slot`: which mails a footer is for, and how large they may be.
//! - `which_slot`: of which newsletter a mail is, by its header.
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
//! - `check`: the edited mail read again, by two readers; `shown`: what is displayed of it.

mod charset;
mod check;
mod displayed;
mod doubts;
mod fields;
mod html;
mod leaf;
mod limits;
mod line_end;
mod lint;
mod mark;
mod reading;
mod shown;
mod slot;
mod surgery;
mod template;
mod text;
mod transfer;
mod which_slot;
mod why;
mod written;

pub use limits::FooterLimits;
pub use lint::found as unwanted;
pub use mark::MARK_HEADER;
pub use shown::shown_html;
pub use slot::{MailLimits, MailSlot};
pub use surgery::{EditedMail, HeaderEdit, Placed, place};
pub use template::{FooterForm, FooterFrame, TemplateMistake, filled};
pub use text::{FooterText, FooterUnfit};
pub use why::{WhyMalformed, WhyUntouched};
pub use written::{Audience, FooterReader, FooterRules, FooterShelf, Newsletter, NoFooter, WrittenFooter};
