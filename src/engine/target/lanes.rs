//! Which directions a target record has something due in.

use super::{Due, Op};

/// Which directions a target record has something due in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Lanes {
    pub protective: bool,
    pub release: bool,
    pub update: bool,
}

impl Lanes {
    pub fn of(due: &Due) -> Lanes {
        Lanes { protective: due.protective.is_some(), release: due.release.is_some(), update: due.update.is_some() }
    }

    /// What a write is called that carries all of it.
    pub fn foremost(self) -> Op {
        match self {
            Lanes { protective: true, .. } => Op::Hold,
            Lanes { release: true, .. } => Op::Release,
            _ => Op::Update,
        }
    }
}

/// How many records have something due, by direction.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct LinedUp {
    pub release: usize,
    pub update: usize,
}
