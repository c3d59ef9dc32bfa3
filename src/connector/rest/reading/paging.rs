//! From one page to the next, and the guards against servers whose pages never end.

mod counted;
mod extent;
mod totals;

use crate::connector::manifest::Page;
use crate::connector::raw::json::Json;
use crate::connector::raw::paths::Path;
use crate::connector::raw::scalars::{bool_of, text_of};
use crate::connector::rest::http::request::{Ask, Call};
pub use counted::Ids;
use counted::{Counted, CountedBy, Counting, TotalSaid};
pub use extent::ListingExtent;
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::collections::HashSet;
use std::hash::{DefaultHasher, Hash, Hasher};
use totals::{Announced, AnnouncedTotals};

/// Where one listing stands.
pub struct Pager {
    page: Page,
    paths: Cursor,
    totals: AnnouncedTotals,
    cursor: Option<String>,
    counted: Option<Counted>,
    /// What the whole listing came to: before a break, and in its other windows, too.
    extent: ListingExtent,
    pages: usize,
    /// Rows that came, as often as they came.
    rows: usize,
    /// What was read before the listing was broken off, each row once.
    read_before: usize,
    cursors: HashSet<u64>,
    fingerprints: HashSet<u64>,
    ids: HashSet<u64>,
}

#[derive(Default)]
struct Cursor {
    next: Option<Path>,
    more: Option<Path>,
    done: Option<Path>,
}

/// A place between two pages of a listing, kept as text. It is good for the process that made it.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
struct PagePlace {
    cursor: Option<String>,
    next: usize,
    last: Vec<u64>,
    read: usize,
    #[serde(default)]
    extent: ListingExtent,
    announced: Option<Announced>,
}

/// What comes after a page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PageStep {
    More,
    End,
    /// The end, and why something is missing.
    Short(String),
}

/// The pages go round in circles, and how that shows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Circle(pub String);

/// What a page held.
pub struct Rows {
    /// Of the longest of its lists: what an offset moves by.
    pub longest: usize,
    pub all: usize,
    /// Each list's ids in order; empty where its rows have no ids of their own.
    pub ids: Ids,
}

impl Pager {
    /// `cursor` is where to go on from.
    pub fn new(call: &Call, cursor: Option<String>) -> Pager {
        Pager::at(call, PagePlace { cursor, ..PagePlace::default() }, AnnouncedTotals::new(&call.total))
    }

    /// Goes on from a [`Pager::place`]. `None`: it is none.
    pub fn going_on(call: &Call, place: &str) -> Option<Pager> {
        let place: PagePlace = serde_json::from_str(place).ok()?;
        let totals = AnnouncedTotals::going_on(&call.total, place.announced);
        Some(Pager::at(call, place, totals))
    }

    fn at(call: &Call, place: PagePlace, totals: AnnouncedTotals) -> Pager {
        // Paths were read once at load.
        let path = |text: &String| Path::parse(text).ok();
        let paths = match &call.page {
            Page::Cursor { next, more, done, .. } => {
                Cursor { next: path(next), more: more.as_ref().and_then(path), done: done.as_ref().and_then(path) }
            }
            _ => Cursor::default(),
        };
        let by = match &call.page {
            Page::Offset { .. } => Some(CountedBy::Rows),
            Page::Number { .. } => Some(CountedBy::Pages),
            Page::None | Page::Cursor { .. } => None,
        };
        Pager {
            page: call.page.clone(),
            paths,
            totals,
            cursors: place.cursor.iter().map(fingerprint).collect(),
            cursor: place.cursor,
            counted: by.map(|by| Counted::going_on(by, place.next, place.last)),
            extent: place.extent,
            pages: 0,
            rows: 0,
            read_before: place.read,
            fingerprints: HashSet::new(),
            ids: HashSet::new(),
        }
    }

    /// Another window of a listing that came to this before.
    pub fn behind(self, extent: ListingExtent) -> Pager {
        Pager { extent, ..self }
    }

    /// What the whole listing came to so far.
    pub fn extent(&self) -> ListingExtent {
        self.extent
    }

    /// Where the listing can be gone on with after the last page, if that is sure.
    pub fn place(&self) -> Option<String> {
        let (next, last) = match &self.counted {
            Some(counted) if counted.is_settled() => (counted.next(), counted.last()),
            Some(_) => return None,
            None => (0, Vec::new()),
        };
        if self.cursor.is_none() && self.counted.is_none() {
            return None;
        }
        let place = PagePlace {
            cursor: self.cursor.clone(),
            next,
            last,
            read: self.seen(),
            extent: self.extent,
            announced: self.totals.announced(),
        };
        Some(json!(place).to_string())
    }

    /// What the next page's request says beside the call itself.
    pub fn ask(&self) -> Ask {
        let sized = |param: &String, at: serde_json::Value, size_param: &String, size: usize| Ask {
            params: vec![(param.clone(), at), (size_param.clone(), json!(size))],
            ..Ask::default()
        };
        let next = self.counted.as_ref().map_or(0, Counted::next);
        match &self.page {
            Page::None => Ask::default(),
            Page::Offset { param, size_param, size, in_body, as_text, .. } => {
                let at = if *as_text { json!(next.to_string()) } else { json!(next) };
                Ask { in_body: *in_body, ..sized(param, at, size_param, *size) }
            }
            Page::Number { param, first, size_param, size } => sized(param, json!(first + next), size_param, *size),
            Page::Cursor { param, in_body, drops, size_param, size, .. } => {
                let mut params: Vec<(String, serde_json::Value)> =
                    size_param.iter().zip(size).map(|(p, s)| (p.clone(), json!(s))).collect();
                params.extend(self.cursor.as_ref().map(|c| (param.clone(), json!(c))));
                let drops = if self.cursor.is_some() { drops.clone() } else { Vec::new() };
                Ask { params, in_body: *in_body, drops, from_cursor: self.cursor.is_some() }
            }
        }
    }

    /// The last cursor that the server gave.
    pub fn cursor(&self) -> Option<&str> {
        self.cursor.as_deref()
    }

    /// Whether a server that gives `rows_max` rows a query gives none behind this page: the next one would go beyond, or it has just ended
    /// there. `page_rows`: of the largest page.
    pub fn is_full(&self, step: &PageStep, page_rows: usize, rows_max: usize) -> bool {
        match (&self.page, step) {
            (Page::Offset { size, .. }, PageStep::More) => self.counted.as_ref().is_some_and(|c| c.next() + size > rows_max),
            (Page::Offset { .. }, PageStep::Short(_)) => false,
            (_, PageStep::More) => self.rows + page_rows > rows_max,
            _ => self.rows >= rows_max,
        }
    }

    /// Rows that came, each once where they have ids.
    fn seen(&self) -> usize {
        self.read_before + if self.ids.is_empty() { self.rows } else { self.ids.len() }
    }

    /// Takes notice of a page; says whether there is another.
    pub fn turn(&mut self, answer: &Json<'_>, rows: Rows) -> Result<PageStep, Circle> {
        self.pages += 1;
        self.rows += rows.all;
        self.extent.grows(rows.all).map_err(Circle)?;
        let by_rows = matches!(self.page, Page::Offset { .. });
        let again = by_rows || self.counted.as_ref().is_some_and(Counted::reads_again);
        if !again && rows.ids.iter().any(|l| !l.is_empty()) && !self.fingerprints.insert(fingerprint(&rows.ids)) {
            return Err(same_records());
        }
        let moved = self.totals.moved(answer);
        // What was seen before a break was the last page's rows, too.
        let known_before = self.counted.as_ref().filter(|_| self.read_before > 0).map(Counted::last).unwrap_or_default();
        if self.counted.is_some() || self.totals.announced().is_some() {
            self.ids.extend(rows.ids.iter().flatten().filter(|id| self.pages > 1 || !known_before.contains(id)));
        }
        let total = TotalSaid { moved, all: self.totals.reached(self.seen()), now: self.totals.last() };
        let step = match &mut self.counted {
            Some(counted) => match counted.turn(rows.ids, rows.longest, total) {
                Counting::More => PageStep::More,
                Counting::End => PageStep::End,
                Counting::Moved => PageStep::Short("the list moves faster than its pages can be read".to_string()),
                Counting::Circle => return Err(same_records()),
            },
            None if matches!(self.page, Page::None) => PageStep::End,
            None => self.next_cursor(answer)?,
        };
        let has_gap = self.counted.as_ref().is_some_and(Counted::has_gap);
        Ok(match step {
            PageStep::End => self.totals.missing(self.seen(), has_gap).map_or(PageStep::End, PageStep::Short),
            other => other,
        })
    }

    /// How many records the system says there are in all.
    pub fn announced(&self) -> Option<usize> {
        self.totals.announced().map(Announced::most)
    }

    fn next_cursor(&mut self, answer: &Json<'_>) -> Result<PageStep, Circle> {
        let flag = |path: &Option<Path>| path.as_ref().and_then(|p| p.first(answer)).and_then(bool_of);
        let next = self.paths.next.as_ref().and_then(|p| p.first(answer)).and_then(text_of).filter(|t| !t.is_empty());
        let next = next.map(|t| t.into_owned());
        let (more, done) = (flag(&self.paths.more), flag(&self.paths.done));
        let ended = more == Some(false) || done == Some(true);
        let promised = more == Some(true) || done == Some(false);
        let Some(next) = next else {
            return Ok(if promised && !ended {
                PageStep::Short("the answer says there is more and gives no cursor".to_string())
            } else {
                PageStep::End
            });
        };
        let new = self.cursors.insert(fingerprint(&next));
        self.cursor = Some(next);
        match (ended, new) {
            (true, _) => Ok(PageStep::End),
            (false, true) => Ok(PageStep::More),
            (false, false) => Err(Circle("the same cursor came twice".to_string())),
        }
    }
}

fn same_records() -> Circle {
    Circle("two pages hold the same records".to_string())
}

/// A number that stands for a value; equal values have the same.
pub fn fingerprint<T: Hash + ?Sized>(value: &T) -> u64 {
    let mut hasher = DefaultHasher::new();
    value.hash(&mut hasher);
    hasher.finish()
}

#[cfg(test)]
mod tests;
