//! Which fields that something rests on the answers showed.

use crate::model::{Mark, Name, ShortText};

/// Fields of one stream that are looked out for at most: a bit each.
pub const WATCHED_MAX: usize = 64;

/// A field of a stream that is looked out for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WatchedField {
    /// Its path, as the manifest has it.
    pub path: Box<str>,
    pub rests: Vec<RestsOn>,
    /// Each row has it, says the manifest: its absence is no answer.
    pub always: bool,
    /// The account has none, says systems.toml.
    pub lacked: bool,
}

/// What rests on a field.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RestsOn {
    /// People's own no.
    Refusal,
    Mark(Mark),
    /// Whether a deal or ticket is open.
    State,
    /// Whom a deal or ticket concerns, or where a person works.
    Link,
    Field(Name),
}

/// What the rows of a page or pass showed of the watched fields.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Shown {
    /// A bit each, in the order of the watched fields.
    pub fields: u64,
    pub rows: u64,
}

impl Shown {
    /// Takes in what other rows showed.
    pub fn add(&mut self, other: Shown) {
        self.fields |= other.fields;
        self.rows += other.rows;
    }

    /// Those of the stream's watched fields that no row showed; none where there was no row.
    pub fn missing<'w>(&self, watched: &'w [WatchedField]) -> impl Iterator<Item = &'w WatchedField> + use<'w> {
        let Shown { fields, rows } = *self;
        watched.iter().enumerate().filter(move |(i, _)| rows > 0 && fields & (1 << i) == 0).map(|(_, field)| field)
    }
}

impl WatchedField {
    /// What the system calls it: the last name of its path.
    pub fn name(&self) -> &str {
        last_name(&self.path)
    }

    pub fn shows_refusals(&self) -> bool {
        self.rests.contains(&RestsOn::Refusal)
    }

    /// What a record is said to show in an opt-out field that its row lacks.
    pub fn not_there(&self) -> ShortText {
        format!("({} is not there)", self.name()).into()
    }
}

/// The last name of a path.
pub fn last_name(path: &str) -> &str {
    path.trim_end_matches("[]").rsplit('.').next().unwrap_or(path)
}
