//! What is to become durable, and its forms in the store.
//!
//! - `persist`: the items of the store, and reading them all at open
//! - `durable`: the way onto the disk: handed over under the lock, written without it

pub mod durable;
pub mod persist;
