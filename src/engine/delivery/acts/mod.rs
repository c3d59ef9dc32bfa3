//! Delivery to one system as a machine that is asked what is next and told what became of it. It does nothing itself: the shell and the
//! simulation carry out its acts, as many side by side as it gives, and answer each when it has ended, in any order.
//!
//! - `next`: what is next; `channel`: what the system's own trouble lets through; `retrying`: ever more slowly
//! - `read_back`: writes whose outcome nobody told; `look_first`: records that fields are to be written to; `passed_over`: records whose row
//!   counted for nothing; `told`: what `status` says of it

mod channel;
mod look_first;
pub mod next;
mod passed_over;
mod read_back;
mod retrying;
mod told;

pub use channel::{Answered, Channel, Pick};
pub use read_back::ReadBack;
pub(super) use retrying::Retrying;

use super::by_hand::ListOfWrites;
use super::deliver::Batch;

/// Something to be done for one system.
#[derive(Debug)]
pub enum Act {
    /// Read these records: nobody knows what became of the last write to them, a row of theirs was passed over, or fields are written to them
    /// next. Answered by `Engine::book_read_back`.
    ReadBack(ReadBack),
    /// Write these, once all that is pending now is durable. Answered by `Engine::book`.
    Write(Batch),
    /// Hand this list over to whoever carries it to the system, in the place of the one before, once all that is pending now is durable.
    /// Answered by `Engine::book_list`.
    HandOver(ListOfWrites),
}
