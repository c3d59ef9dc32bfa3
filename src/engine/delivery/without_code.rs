//! Values that are wanted in a record and that its system has no code for. They are never sent: `status` and `explain` tell them until the
//! map knows them, or something else is wanted.

use crate::engine::memory::place::Idx;
use crate::model::{Name, Value};
use std::collections::BTreeMap;

/// By record, as it was decided on last.
#[derive(Debug, Default)]
pub struct WithoutCode(BTreeMap<Idx, Box<[(Name, Value)]>>);

impl WithoutCode {
    /// Takes note of what a record lacks codes for; nothing is nothing any more.
    pub fn note(&mut self, idx: Idx, values: &[(Name, Value)]) {
        if !values.is_empty() {
            self.0.insert(idx, values.into());
        } else if !self.0.is_empty() {
            self.0.remove(&idx);
        }
    }

    pub fn of(&self, idx: Idx) -> &[(Name, Value)] {
        self.0.get(&idx).map_or(&[], |values| values)
    }

    pub fn iter(&self) -> impl Iterator<Item = (Idx, &[(Name, Value)])> {
        self.0.iter().map(|(idx, values)| (*idx, &**values))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_is_noted_until_nothing_of_it_lacks_a_code() {
        let sold = [("industry".into(), Value::text("sold"))];
        let mut found = WithoutCode::default();
        found.note(1, &[]);
        found.note(1, &sold);
        assert_eq!((found.of(1), found.of(2), found.iter().count()), (&sold[..], &[][..], 1));
        found.note(1, &[]);
        assert_eq!((found.of(1), found.iter().count()), (&[][..], 0));
    }
}
