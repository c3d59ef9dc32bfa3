//! From one page to the next, and the guards against servers whose pages never end.

use super::json::Json;
use super::manifest::Page;
use super::paths::Path;
use super::request::{Ask, Call};
use super::scalars::{bool_of, int_of, text_of};
use serde_json::json;
use std::collections::HashSet;
use std::hash::{DefaultHasher, Hash, Hasher};

/// Pages of one listing at most: a hundred thousand pages of a hundred are ten million records.
const PAGES_MAX: usize = 100_000;

/// Where one listing stands.
pub struct Pager {
    page: Page,
    paths: Cursor,
    total: Vec<Path>,
    cursor: Option<String>,
    offset: usize,
    pages: usize,
    /// Rows of the first page's longest list: what the server really gives, whatever was asked for.
    first: Option<usize>,
    rows: usize,
    announced: Option<usize>,
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

/// What comes after a page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    More,
    End,
    /// The end, and why something is missing.
    Short(String),
}

/// The pages go round in circles, and how that shows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Circle(pub String);

/// What a page held.
pub struct Rows<'p> {
    /// Of the longest of its lists: what an offset moves by.
    pub longest: usize,
    pub all: usize,
    /// In order; empty where the rows have no ids of their own.
    pub ids: &'p [u64],
}

impl Pager {
    /// `cursor` is where to go on from.
    pub fn new(call: &Call, cursor: Option<String>) -> Pager {
        // Paths were read once at load.
        let path = |text: &String| Path::parse(text).ok();
        let paths = match &call.page {
            Page::Cursor { next, more, done, .. } => {
                Cursor { next: path(next), more: more.as_ref().and_then(path), done: done.as_ref().and_then(path) }
            }
            _ => Cursor::default(),
        };
        let cursors = cursor.iter().map(fingerprint).collect();
        Pager {
            page: call.page.clone(),
            paths,
            total: call.total.clone(),
            cursor,
            offset: 0,
            pages: 0,
            first: None,
            rows: 0,
            announced: None,
            cursors,
            fingerprints: HashSet::new(),
            ids: HashSet::new(),
        }
    }

    /// What the next page's request says beside the call itself.
    pub fn ask(&self) -> Ask {
        let sized = |param: &String, at: usize, size_param: &String, size: usize| Ask {
            params: vec![(param.clone(), json!(at)), (size_param.clone(), json!(size))],
            ..Ask::default()
        };
        match &self.page {
            Page::None => Ask::default(),
            Page::Offset { param, size_param, size } => sized(param, self.offset, size_param, *size),
            Page::Number { param, first, size_param, size } => sized(param, first + self.pages, size_param, *size),
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

    pub fn rows(&self) -> usize {
        self.rows
    }

    /// Takes notice of a page; says whether there is another.
    pub fn turn(&mut self, answer: &Json<'_>, rows: &Rows<'_>) -> Result<Step, Circle> {
        self.pages += 1;
        self.rows += rows.all;
        if self.pages >= PAGES_MAX {
            return Err(Circle(format!("{PAGES_MAX} pages and no end")));
        }
        if !rows.ids.is_empty() && !self.fingerprints.insert(fingerprint(rows.ids)) {
            return Err(Circle("two pages hold the same records".to_string()));
        }
        let announced: Vec<i64> = self.total.iter().filter_map(|p| p.first(answer).and_then(int_of)).collect();
        if !announced.is_empty() {
            self.announced = Some(announced.iter().sum::<i64>().max(0) as usize);
            self.ids.extend(rows.ids);
        }
        let step = match &self.page {
            Page::None => Step::End,
            Page::Offset { size, .. } | Page::Number { size, .. } => {
                let size = *size;
                self.offset += rows.longest;
                self.counted(rows.longest, size)
            }
            Page::Cursor { .. } => self.next_cursor(answer)?,
        };
        Ok(if step == Step::End { self.whole() } else { step })
    }

    /// A page that is shorter than the first is the last. The first itself may be short because the server cut the size asked for.
    fn counted(&mut self, longest: usize, size: usize) -> Step {
        let first = *self.first.get_or_insert(longest);
        let all = self.announced.is_some_and(|total| self.rows >= total);
        let short = if self.pages == 1 { false } else { longest < first.min(size) };
        if longest == 0 || all || (short && self.announced.is_none()) { Step::End } else { Step::More }
    }

    fn next_cursor(&mut self, answer: &Json<'_>) -> Result<Step, Circle> {
        let flag = |path: &Option<Path>| path.as_ref().and_then(|p| p.first(answer)).and_then(bool_of);
        let next = self.paths.next.as_ref().and_then(|p| p.first(answer)).and_then(text_of).filter(|t| !t.is_empty());
        let next = next.map(|t| t.into_owned());
        let (more, done) = (flag(&self.paths.more), flag(&self.paths.done));
        let ended = more == Some(false) || done == Some(true);
        let promised = more == Some(true) || done == Some(false);
        let Some(next) = next else {
            return Ok(if promised && !ended {
                Step::Short("the answer says there is more and gives no cursor".to_string())
            } else {
                Step::End
            });
        };
        let new = self.cursors.insert(fingerprint(&next));
        self.cursor = Some(next);
        match (ended, new) {
            (true, _) => Ok(Step::End),
            (false, true) => Ok(Step::More),
            (false, false) => Err(Circle("the same cursor came twice".to_string())),
        }
    }

    /// The end, if as many records came as were announced.
    fn whole(&self) -> Step {
        // Rows without ids of their own are counted as they are.
        let seen = if self.ids.is_empty() { self.rows } else { self.ids.len() };
        match self.announced {
            Some(total) if seen < total => Step::Short(format!("{seen} records came, {total} were announced")),
            _ => Step::End,
        }
    }
}

/// A number that stands for a value; equal values have the same.
pub fn fingerprint<T: Hash + ?Sized>(value: &T) -> u64 {
    let mut hasher = DefaultHasher::new();
    value.hash(&mut hasher);
    hasher.finish()
}
