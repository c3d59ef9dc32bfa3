//! Reading a stream, without network or clock: what is known of it ([`stream`]), of all of a system ([`streams`]), and its passes one after the other ([`turn`]);
//! why it cannot be read ([`reasons`]); states out of the store (`restore`).

pub mod reasons;
pub mod restore;
pub mod stream;
pub mod streams;
pub mod turn;

pub(in crate::engine) use stream::{FORMER_STREAM, STREAM};
pub use stream::{FormerStreamState, Haste, PassFailure, StreamState, SweepUnderWay};
pub use streams::Streams;
pub use turn::{Patience, Step, StreamReport, Turn};
