//! Pages that are counted, by rows or by pages, over a list that may move meanwhile: a row that is deleted moves all behind it up, and the
//! one that was to be first on the next page is on the page before.
//!
//! By rows, each page begins with the last row of the page before. By pages, the page before is read again where something tells that
//! the list moved. Where the pages do not fit together, it goes back.

/// How often it goes back from one place before the listing is given up.
const BACK_MAX: usize = 3;

/// The ids of a page's rows, as hashes, list by list. Empty where rows have none.
pub type Ids = Vec<Vec<u64>>;

/// Where a counted listing stands.
#[derive(Debug)]
pub struct Counted {
    by: CountedBy,
    /// Of the row (from 0) or page (from 0) that is asked for next.
    next: usize,
    /// The page that fits to all before it.
    before: Ids,
    /// Rows of its longest list.
    before_longest: usize,
    longest_ever: usize,
    /// The furthest row or page that was reached, and how often it went back since.
    farthest: usize,
    back: usize,
    /// By rows: the page asked for begins with the last row of the one before.
    overlaps: bool,
    /// By rows: a page shared none with the one before, as that had only one, or none that was new though there is more. What moved up past
    /// it nothing tells.
    has_gap: bool,
    /// By rows: a page was the same as the one before.
    stuck: bool,
    /// By pages: the one that was read and waits until the one before it was read again.
    held: Option<HeldPage>,
    /// By pages: the list moved after the last page was read, so that the next one may not fit to it.
    moved_since: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CountedBy {
    Rows,
    Pages,
}

#[derive(Debug)]
struct HeldPage {
    page: usize,
    ids: Ids,
    longest: usize,
}

/// What is announced when a page came.
#[derive(Debug, Clone, Copy, Default)]
pub struct TotalSaid {
    /// It is another total than before, or none was told.
    pub moved: bool,
    /// As many rows came as there are.
    pub all: bool,
    /// The total that was told last.
    pub now: Option<usize>,
}

/// What a counted page came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Counting {
    More,
    End,
    /// The list moves faster than it can be read.
    Moved,
    /// The pages do not go on.
    Circle,
}

impl Counted {
    /// From the beginning, or where the same listing was broken off, behind these rows.
    pub fn going_on(by: CountedBy, next: usize, last: Vec<u64>) -> Counted {
        let before: Ids = last.into_iter().map(|id| vec![id]).collect();
        let overlaps = by == CountedBy::Rows && !before.is_empty();
        let before_longest = usize::from(!before.is_empty());
        Counted {
            by,
            next,
            before,
            before_longest,
            longest_ever: 0,
            farthest: next.saturating_sub(1),
            back: 0,
            overlaps,
            has_gap: false,
            stuck: false,
            held: None,
            moved_since: false,
        }
    }

    pub fn next(&self) -> usize {
        self.next
    }

    /// The last row of each list that is not at its end.
    pub fn last(&self) -> Vec<u64> {
        self.before.iter().filter(|list| list.len() == self.before_longest).filter_map(|list| list.last().copied()).collect()
    }

    /// Whether the page that is asked for was read before.
    pub fn reads_again(&self) -> bool {
        self.held.is_some() || self.back > 0
    }

    /// Whether two of its pages share no row, so that the totals alone tell whether all came.
    pub fn has_gap(&self) -> bool {
        self.has_gap
    }

    /// Whether the listing may be broken off here and gone on with.
    pub fn is_settled(&self) -> bool {
        self.held.is_none() && self.back == 0
    }

    /// Takes notice of a page.
    pub fn turn(&mut self, ids: Ids, longest: usize, total: TotalSaid) -> Counting {
        self.longest_ever = self.longest_ever.max(longest);
        match self.by {
            CountedBy::Rows => self.turn_rows(ids, longest, total),
            CountedBy::Pages => self.turn_pages(ids, longest, total.moved, total.all),
        }
    }

    fn turn_rows(&mut self, ids: Ids, longest: usize, total: TotalSaid) -> Counting {
        let asked = self.next;
        if self.overlaps && asked > 0 && !self.fits(&ids) {
            self.back += 1;
            self.next = asked.saturating_sub(self.before_longest.max(self.longest_ever).max(1));
            return if self.back > BACK_MAX { Counting::Moved } else { Counting::More };
        }
        let forward = self.back == 0 && asked > 0;
        self.reached(asked);
        if longest == 0 {
            return Counting::End;
        }
        let known = ids.iter().any(|list| !list.is_empty());
        let nothing_new = known && forward && !self.before.is_empty() && self.holds_last_of(&ids);
        if nothing_new {
            if ids == self.before && std::mem::replace(&mut self.stuck, true) {
                return Counting::Circle;
            }
            // The end, or what lies between may not be seen: on behind all that this page can have held, to an empty one.
            (self.overlaps, self.next) = (false, asked + self.longest_ever.max(1));
            self.has_gap |= total.now.is_some_and(|total| asked + longest < total);
            return Counting::More;
        }
        self.stuck = false;
        // A list of one row a page cannot overlap.
        self.overlaps = known && longest > 1;
        self.has_gap |= known && longest == 1 && !total.all;
        self.next = asked + longest - usize::from(self.overlaps);
        (self.before, self.before_longest) = (ids, longest);
        if total.all { Counting::End } else { Counting::More }
    }

    fn turn_pages(&mut self, ids: Ids, longest: usize, moved: bool, all: bool) -> Counting {
        let asked = self.next;
        let Some(held) = self.held.take() else {
            let known = ids.iter().any(|list| !list.is_empty()) || longest == 0;
            let shifted = self.last().iter().any(|last| ids.iter().any(|list| list.contains(last)));
            // Nothing can have moved up from behind the end, if that was reached before.
            let was_last = longest == 0 && self.before_longest < self.longest_ever;
            if asked > 0 && known && !self.before.is_empty() && !was_last && (moved || shifted || self.moved_since) {
                self.held = Some(HeldPage { page: asked, ids, longest });
                self.next = asked - 1;
                return Counting::More;
            }
            self.moved_since = false;
            return self.accept(HeldPage { page: asked, ids, longest }, all);
        };
        let stable = self.last() == last_of(&ids, longest);
        // Before or after the page that waits was read: nothing tells which.
        self.moved_since = moved || !stable;
        if stable || asked == 0 || self.begins_known(&ids) || (asked + 1 == held.page && self.shows_last(&ids)) {
            if asked + 1 == held.page {
                return self.accept(held, all);
            }
            // What lies between is read once more.
            (self.before, self.before_longest, self.next) = (ids, longest, asked + 1);
            return Counting::More;
        }
        self.back += 1;
        self.next = asked - 1;
        self.held = Some(held);
        if self.back > BACK_MAX { Counting::Moved } else { Counting::More }
    }

    fn accept(&mut self, page: HeldPage, all: bool) -> Counting {
        self.next = page.page + 1;
        self.reached(page.page);
        if page.longest == 0 {
            return Counting::End;
        }
        (self.before, self.before_longest) = (page.ids, page.longest);
        if all { Counting::End } else { Counting::More }
    }

    /// Only what is new ground ends the going back: else it could go to and fro for ever.
    fn reached(&mut self, at: usize) {
        if at > self.farthest {
            (self.farthest, self.back) = (at, 0);
        }
    }

    /// Whether each list that was not at its end goes on with a row of the page before.
    fn fits(&self, ids: &Ids) -> bool {
        let going_on = self.before.iter().zip(ids).filter(|(before, _)| before.len() == self.before_longest);
        going_on.into_iter().all(|(before, now)| now.first().is_some_and(|first| before.contains(first)))
    }

    fn begins_known(&self, ids: &Ids) -> bool {
        self.fits(ids)
    }

    /// Whether the page holds the last row that was read before it.
    fn shows_last(&self, ids: &Ids) -> bool {
        let last = self.last();
        !last.is_empty() && last.iter().all(|last| ids.iter().any(|list| list.contains(last)))
    }

    /// Whether the last row of each list is one of the page before.
    fn holds_last_of(&self, ids: &Ids) -> bool {
        self.before.iter().zip(ids).all(|(before, now)| now.last().is_none_or(|last| before.contains(last)))
    }
}

fn last_of(ids: &Ids, longest: usize) -> Vec<u64> {
    ids.iter().filter(|list| list.len() == longest).filter_map(|list| list.last().copied()).collect()
}

#[cfg(test)]
mod tests;
