//! A list that grows by stretches, so that nothing in it is moved. A `Vec` of a million records copies a hundred megabytes when it grows, and
//! holds both copies meanwhile.

use std::ops::{Index, IndexMut};

const STRETCH: usize = 4_096;

/// Each stretch but the last is full.
#[derive(Debug)]
pub struct Shelf<T> {
    stretches: Vec<Vec<T>>,
}

impl<T> Default for Shelf<T> {
    fn default() -> Shelf<T> {
        Shelf { stretches: Vec::new() }
    }
}

impl<T> Shelf<T> {
    pub fn len(&self) -> usize {
        self.stretches.last().map_or(0, |last| (self.stretches.len() - 1) * STRETCH + last.len())
    }

    pub fn is_empty(&self) -> bool {
        self.stretches.is_empty()
    }

    pub fn push(&mut self, item: T) {
        match self.stretches.last_mut() {
            Some(last) if last.len() < STRETCH => last.push(item),
            // A small list stays small.
            None => self.stretches.push(vec![item]),
            Some(_) => {
                let mut stretch = Vec::with_capacity(STRETCH);
                stretch.push(item);
                self.stretches.push(stretch);
            }
        }
    }

    pub fn get(&self, place: usize) -> Option<&T> {
        self.stretches.get(place / STRETCH)?.get(place % STRETCH)
    }

    pub fn iter(&self) -> impl Iterator<Item = &T> + Clone {
        self.stretches.iter().flatten()
    }
}

impl<T> Index<usize> for Shelf<T> {
    type Output = T;

    fn index(&self, place: usize) -> &T {
        &self.stretches[place / STRETCH][place % STRETCH]
    }
}

impl<T> IndexMut<usize> for Shelf<T> {
    fn index_mut(&mut self, place: usize) -> &mut T {
        &mut self.stretches[place / STRETCH][place % STRETCH]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn as_a_vec() {
        let mut shelf = Shelf::default();
        for count in 0..3 * STRETCH + 1 {
            assert_eq!((shelf.len(), shelf.is_empty(), shelf.get(count)), (count, count == 0, None));
            shelf.push(count);
        }
        let places = [0, 1, STRETCH - 1, STRETCH, 2 * STRETCH, 3 * STRETCH];
        for place in places {
            shelf[place] += 1;
        }
        let want: Vec<usize> = (0..=3 * STRETCH).map(|i| i + usize::from(places.contains(&i))).collect();
        assert!(shelf.iter().eq(&want) && want.iter().enumerate().all(|(i, item)| shelf[i] == *item && shelf.get(i) == Some(item)));
    }
}
