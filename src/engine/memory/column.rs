//! A column: what some room knows of records, by their places. Few records have such a value, or many; one that has none costs a pointer, and
//! a whole stretch of them nothing.

use super::place::Idx;

const STRETCH: usize = 4_096;

/// Values stay where they are while the column grows.
#[derive(Debug)]
pub struct Column<T> {
    /// Each is as long as its last value asks for.
    stretches: Vec<Vec<Option<Box<T>>>>,
}

impl<T> Default for Column<T> {
    fn default() -> Column<T> {
        Column { stretches: Vec::new() }
    }
}

impl<T> Column<T> {
    pub fn get(&self, idx: Idx) -> Option<&T> {
        let (stretch, at) = whereabouts(idx);
        self.stretches.get(stretch)?.get(at)?.as_deref()
    }

    pub fn get_mut(&mut self, idx: Idx) -> Option<&mut T> {
        let (stretch, at) = whereabouts(idx);
        self.stretches.get_mut(stretch)?.get_mut(at)?.as_deref_mut()
    }

    pub fn set(&mut self, idx: Idx, value: T) {
        *self.cell(idx) = Some(Box::new(value));
    }

    pub fn get_or_default(&mut self, idx: Idx) -> &mut T
    where
        T: Default,
    {
        self.cell(idx).get_or_insert_default()
    }

    pub fn remove(&mut self, idx: Idx) {
        let (stretch, at) = whereabouts(idx);
        if let Some(cell) = self.stretches.get_mut(stretch).and_then(|s| s.get_mut(at)) {
            *cell = None;
        }
    }

    /// All values, by place.
    pub fn iter(&self) -> impl Iterator<Item = (Idx, &T)> {
        let cells = (0..).step_by(STRETCH).zip(&self.stretches).flat_map(|(first, cells)| (first..).zip(cells));
        cells.filter_map(|(idx, cell)| Some((idx, cell.as_deref()?)))
    }

    fn cell(&mut self, idx: Idx) -> &mut Option<Box<T>> {
        let (stretch, at) = whereabouts(idx);
        if self.stretches.len() <= stretch {
            self.stretches.resize_with(stretch + 1, Vec::new);
        }
        let cells = &mut self.stretches[stretch];
        if cells.len() <= at {
            cells.resize_with(at + 1, || None);
        }
        &mut cells[at]
    }
}

/// The stretch that a place lies in, and where in it.
fn whereabouts(idx: Idx) -> (usize, usize) {
    (idx as usize / STRETCH, idx as usize % STRETCH)
}

#[cfg(test)]
mod tests {
    use super::*;

    const FAR: Idx = 3 * STRETCH as Idx + 7;

    #[test]
    fn a_place_that_was_never_written_has_nothing() {
        let mut column = Column::<u8>::default();
        assert!(column.get(0).is_none() && column.get_mut(FAR).is_none() && column.iter().next().is_none());
        column.remove(FAR);
        column.set(FAR, 1);
        for idx in [0, FAR - 1, FAR + 1, STRETCH as Idx, Idx::MAX] {
            assert_eq!(column.get(idx), None, "{idx}");
        }
    }

    #[test]
    fn as_a_map_whose_values_come_in_the_order_of_places() {
        let mut column = Column::default();
        let places = [FAR, 0, STRETCH as Idx, STRETCH as Idx - 1, 5];
        places.iter().for_each(|idx| column.set(*idx, idx.to_string()));
        *column.get_or_default(5) += "+";
        *column.get_mut(0).unwrap() += "-";
        assert_eq!(column.get_or_default(6), "");
        column.remove(STRETCH as Idx);
        column.set(FAR, "far".into());
        let last = STRETCH as Idx - 1;
        let all: Vec<(Idx, &str)> = column.iter().map(|(idx, text)| (idx, text.as_str())).collect();
        assert_eq!(all, [(0, "0-"), (5, "5+"), (6, ""), (last, &*last.to_string()), (FAR, "far")]);
        assert!(all.iter().all(|(idx, text)| column.get(*idx).is_some_and(|t| t == text)));
    }

    #[test]
    fn what_nobody_has_costs_nothing() {
        let mut column = Column::default();
        column.set(FAR, 1);
        let lengths: Vec<usize> = column.stretches.iter().map(Vec::len).collect();
        assert_eq!(lengths, [0, 0, 0, 8]);
        assert_eq!(size_of::<Option<Box<Vec<u64>>>>(), size_of::<usize>());
    }
}
