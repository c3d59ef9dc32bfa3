//! A milter (mail filter) of the protocol's versions 2 to 6, as Postfix and Sendmail speak it.
//!
//! In any doubt the mail goes as it came: what cannot be decided in time, what is too large, what is not understood.
//!
//! - `frame`: a command or an answer on the wire; `options`: what we ask the mail server to send and to leave out
//! - `session`: one connection: what was said, and what is to be answered. Pure
//! - `edits`: a mail with its footer, as the changes that the mail server is asked for
//! - `judge`: which footer a mail gets, of which all its recipients may have the same
//! - `line`: a connection, and how much it takes at once
//! - `serve`: connections, bounded in number, memory and time

mod edits;
mod frame;
mod judge;
mod line;
mod options;
mod serve;
pub mod session;

pub use frame::{FRAME_BYTES_MAX, FrameBroken, MilterFrame, take_frame};
pub use judge::FooterDesk;
pub use line::{BoundMilter, bind};
pub use serve::serve;
