//! What is to become durable, and its forms in the store.
//!
//! - `changes`: what waits for the next commit; all other rooms write through it
//! - `items`, `kind`: the items of the store, each kind with the type that it holds
//! - `durable`: the way onto the disk: handed over under the lock, written without it

pub mod changes;
pub mod durable;
pub mod items;
pub mod kind;
