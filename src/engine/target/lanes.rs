//! Which directions a target record has something due in.

use super::{Due, Op};

/// Which directions a target record has something due in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Lanes {
    pub protective: bool,
    pub release: bool,
    pub update: bool,
    /// Values that would be overwritten or emptied, and values that fill what is empty.
    pub rewrites: u8,
    pub fills: u8,
}

impl Lanes {
    pub fn of(due: &Due) -> Lanes {
        let Due { protective, release, update, rewrites, fills, .. } = due;
        let (protective, release, update) = (protective.is_some(), release.is_some(), update.is_some());
        Lanes { protective, release, update, rewrites: *rewrites, fills: *fills }
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::connector::Change;

    #[test]
    fn a_write_is_called_after_the_most_urgent_that_it_carries() {
        for bits in 0..8_u8 {
            let [protective, release, update] = [1, 2, 4].map(|bit| bits & bit != 0);
            let change = |is: bool| is.then(Change::default);
            let due = Due { protective: change(protective), release: change(release), update: change(update), ..Due::default() };
            let lanes = Lanes::of(&due);
            assert_eq!(lanes, Lanes { protective, release, update, ..Lanes::default() });
            let carried = [(Op::Hold, protective), (Op::Release, release), (Op::Update, true)];
            assert_eq!(Some(lanes.foremost()), carried.into_iter().find_map(|(op, is)| is.then_some(op)), "{lanes:?}");
        }
    }
}
