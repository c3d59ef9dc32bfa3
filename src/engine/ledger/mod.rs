//! What is to become durable, and its forms in the store.
//!
//! - `items`, `kind`: the items of the store
//! - `durable`: the way onto the disk: handed over under the lock, written without it

pub mod durable;
pub mod items;
pub mod kind;
