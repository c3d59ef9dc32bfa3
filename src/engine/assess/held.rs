//! The holds that were in force for a record when last decided.

use crate::decide::ratchet::Held;
use crate::engine::ledger::kind::{Kind, Tag};

/// Of each record that has some.
pub(in crate::engine) const HELD: Kind<Vec<Held>> = Kind::new(Tag::Held);
