//! Who is who: records of one person are joined by proofs and kept apart by vetoes.
//!
//! Pure and order-free: [`keys`](keys::keys) out, the bearers of each key in, [`component`](component::component) back. A key joins
//! all its bearers or none, so the answer hangs neither on arrival order nor on where the search starts.
//!
//! - [`keys`](mod@keys): what a record proves itself with, and shared mailboxes
//! - [`names`]: when two written names can be one person
//! - [`mended`]: a slip in a name that was mended
//! - [`verdict`](mod@verdict): whether a key joins its bearers
//! - [`component`](mod@component): the records of one person, and the person's id

pub mod component;
pub mod keys;
pub mod mended;
pub mod names;
pub mod verdict;

pub use component::{Component, MemberProof, component, person_id};
pub use keys::{Key, LinkRules, keys, keys_with, spread_keys, spread_keys_with};
pub use mended::NameChange;
pub use names::names_compatible;
pub use verdict::{COMPONENT_MAX, KeyVerdict, verdict};
