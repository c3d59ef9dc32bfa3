//! What a system announces: how many records there are in all.

use crate::connector::raw::json::Json;
use crate::connector::raw::paths::Path;
use crate::connector::raw::scalars::{int_of, kind_of};
use crate::model::counted;
use serde::{Deserialize, Serialize};

/// The announced total of one listing.
#[derive(Debug, Default)]
pub struct AnnouncedTotals {
    paths: Vec<Path>,
    pages: usize,
    last: Option<usize>,
    announced: Option<Announced>,
    /// Some total was smaller than the one before it.
    fell: bool,
    /// Where a total was to be and is not: the manifest is wrong, or the system has changed.
    wrong: Option<String>,
}

/// What was announced over the pages of a listing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Announced {
    /// Records that are new are no fault if they did not come.
    least: usize,
    /// Of so many some may be gone since they came: fewer do not tell that all came.
    most: usize,
}

impl Announced {
    pub fn most(self) -> usize {
        self.most
    }
}

impl AnnouncedTotals {
    pub fn new(paths: &[Path]) -> AnnouncedTotals {
        AnnouncedTotals { paths: paths.to_vec(), ..AnnouncedTotals::default() }
    }

    /// Goes on where the same listing was broken off.
    pub fn going_on(paths: &[Path], announced: Option<Announced>) -> AnnouncedTotals {
        AnnouncedTotals { paths: paths.to_vec(), pages: 1, last: announced.map(|a| a.most), announced, ..AnnouncedTotals::default() }
    }

    /// Takes notice of a page; says whether the total is another than before, or not told at all.
    pub fn moved(&mut self, answer: &Json<'_>) -> bool {
        let first = self.pages == 0;
        self.pages += 1;
        let mut sum = None;
        for path in &self.paths {
            match path.first(answer) {
                Some(value) => match int_of(value) {
                    Some(n) => sum = Some(sum.unwrap_or(0) + n.max(0) as usize),
                    // Whoever may not see all is told none.
                    None if value.is_null() => {}
                    None => self.wrong = Some(format!("`total` of the manifest names {path}, which is {} and no number", kind_of(value))),
                },
                None if first => self.wrong = Some(format!("`total` of the manifest names {path}, which is not in the answer")),
                None => {}
            }
        }
        if let Some(total) = sum {
            let Announced { least, most } = self.announced.unwrap_or(Announced { least: total, most: total });
            self.announced = Some(Announced { least: least.min(total), most: most.max(total) });
        }
        let before = self.last;
        self.last = sum.or(self.last);
        self.fell |= self.last < before;
        sum.is_none() || (before.is_some() && before != sum)
    }

    /// Whether so many records are all that the system says there are.
    pub fn reached(&self, seen: usize) -> bool {
        self.announced.is_some_and(|a| seen >= a.most)
    }

    /// The total that was told last.
    pub fn last(&self) -> Option<usize> {
        self.last
    }

    pub fn announced(&self) -> Option<Announced> {
        self.announced
    }

    /// Why a listing that has come to its end is not a whole one. `has_gap`: its pages do not tell by themselves that nothing lies between them.
    pub fn missing(&self, seen: usize, has_gap: bool) -> Option<String> {
        if let Some(wrong) = &self.wrong {
            return Some(wrong.clone());
        }
        let Announced { least, most } = self.announced?;
        // What only came is no fault.
        let wanted = if has_gap && self.fell { most } else { least };
        (seen < wanted).then(|| format!("{} came, {wanted} were announced", counted(seen, "record", "records")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    /// One of three that came is gone: two more are not there yet, though as many came as there are now.
    #[test]
    fn a_total_that_falls_does_not_end_a_listing() {
        let mut totals = AnnouncedTotals::new(&[Path::parse("n").unwrap()]);
        for n in [5, 4] {
            totals.moved(&Json::from(&json!({"n": n})));
        }
        assert!(!totals.reached(4) && totals.reached(5));
        assert_eq!((totals.missing(4, false), totals.missing(3, false).is_some()), (None, true));
        // One that came may be among those that are gone, and one that did not come be there.
        assert_eq!(totals.missing(4, true).as_deref(), Some("4 records came, 5 were announced"));
        assert_eq!(totals.missing(5, true), None);
        let mut grows = AnnouncedTotals::new(&[Path::parse("n").unwrap()]);
        for n in [4, 5] {
            grows.moved(&Json::from(&json!({"n": n})));
        }
        assert_eq!(grows.missing(4, true), None);
    }

    /// The totals of a listing's pages, what it had seen in the end, and why it is not whole.
    #[test]
    fn a_total_that_only_grows_is_no_fault_and_one_that_is_not_there_is() {
        for (pages, seen, want) in [
            (vec![json!({"n": 3}), json!({"n": 3})], 3, None),
            (vec![json!({"n": 3}), json!({"n": 5})], 3, None),
            (vec![json!({"n": 3}), json!({})], 3, None),
            (vec![json!({"n": null}), json!({"n": null})], 1, None),
            (vec![json!({"n": 3}), json!({"n": 2})], 2, None),
            (vec![json!({"n": 3})], 2, Some("2 records came, 3 were announced")),
            (vec![json!({"count": 3})], 3, Some("`total` of the manifest names n, which is not in the answer")),
            (vec![json!({"n": "many"})], 3, Some("`total` of the manifest names n, which is a text and no number")),
        ] {
            let mut totals = AnnouncedTotals::new(&[Path::parse("n").unwrap()]);
            for page in &pages {
                totals.moved(&Json::from(page));
            }
            assert_eq!(totals.missing(seen, false).as_deref(), want, "{pages:?}");
        }
    }
}
