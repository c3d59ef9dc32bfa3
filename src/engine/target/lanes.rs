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

    /// The writes that a plan tells: what protects and what releases are one each, and what is neither goes along with the first.
    pub fn writes(self) -> impl Iterator<Item = Op> {
        let neither = !self.protective && !self.release;
        let all = [(Op::Hold, self.protective), (Op::Release, self.release), (Op::Update, self.update && neither)];
        all.into_iter().filter_map(|(op, is)| is.then_some(op))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::connector::Change;

    #[test]
    fn what_protects_and_what_releases_are_told_each_and_the_rest_where_there_is_neither() {
        for bits in 0..8_u8 {
            let [protective, release, update] = [1, 2, 4].map(|bit| bits & bit != 0);
            let change = |is: bool| is.then(Change::default);
            let due = Due { protective: change(protective), release: change(release), update: change(update), ..Due::default() };
            let lanes = Lanes::of(&due);
            assert_eq!(lanes, Lanes { protective, release, update, ..Lanes::default() });
            let told = match (protective, release, update) {
                (true, true, _) => vec![Op::Hold, Op::Release],
                (true, false, _) => vec![Op::Hold],
                (false, true, _) => vec![Op::Release],
                (false, false, true) => vec![Op::Update],
                (false, false, false) => vec![],
            };
            assert_eq!(lanes.writes().collect::<Vec<_>>(), told, "{lanes:?}");
        }
    }
}
