//! What a connector must tell of what it was answered: a pass in which a request failed is not whole, a row that nobody can read is told, a
//! whole listing shows every row that stood in it all along, and a write that was refused is not done.

use crate::checks::Violation;
use crate::fake::Fake;
use nayose::connector::{Outcome, PageRead, Pass, PassEnd};
use std::collections::{BTreeMap, BTreeSet};

/// A request that writes, by its batch and name, and a record.
type Part = (u64, String, String);

/// The answers to one pass, and what became of writes.
#[derive(Default)]
pub struct Heard {
    /// Requests whose last answer was none, and how that came about.
    failed: BTreeMap<String, String>,
    /// Rows that nobody can read, in answers that were given.
    marred: Vec<String>,
    /// So many rows the connector told of that it cannot read.
    told: usize,
    /// The rows that it showed.
    shown: BTreeSet<String>,
    /// Those that the listing had when the pass began; `None`: it need not show them all.
    listed: Option<BTreeSet<String>>,
    /// Whether rows went, and whether rows came in front, since the pass began.
    drifted: [bool; 2],
    /// Whether the system took a part of a write.
    took: BTreeMap<Part, bool>,
}

impl Heard {
    /// A pass begins.
    pub fn begins(&mut self, fake: &Fake, stream: &str, pass: &Pass) {
        let took = std::mem::take(&mut self.took);
        *self = Heard { listed: listed(fake, stream, pass), took, ..Heard::default() };
    }

    /// A row of an answer has something there that nobody can read.
    pub fn marred(&mut self, at: &str) {
        self.marred.push(at.to_string());
    }

    /// A question was answered; `failed`: it was not, as this says.
    pub fn answered(&mut self, key: &str, failed: Option<&str>) {
        match failed {
            Some(how) => drop(self.failed.insert(key.to_string(), how.to_string())),
            None => drop(self.failed.remove(key)),
        }
    }

    /// Rows go or come while the listing is read. Of a listing by numbers that both do nobody can tell which row was passed over: there are as
    /// many as before, and none is there twice.
    pub fn drifts(&mut self, comes: bool) {
        self.drifted[usize::from(comes)] = true;
    }

    /// Whether the system took what was written to a record.
    pub fn wrote(&mut self, batch: u64, request: &str, record: &str, took: bool) {
        self.took.insert((batch, request.to_string(), record.to_string()), took);
    }

    /// The connector gives a page.
    pub fn page(&mut self, page: &PageRead) {
        self.told += page.quarantined.len().max(page.unread.len());
        let unread = page.unread.iter().filter_map(|row| row.id.as_ref());
        let of_no_value = page.quarantined.iter().filter_map(|row| row.record.as_ref());
        let ids = page.observed.iter().map(|observed| observed.id()).chain(unread).chain(of_no_value);
        self.shown.extend(ids.map(|id| id.id.to_string()));
    }

    /// It says how the pass ended.
    pub fn ended(&self, fake: &Fake, stream: &str, pass: &Pass, end: &PassEnd) -> Result<(), Violation> {
        if self.told < self.marred.len() {
            return Err(dishonest(format!(
                "{stream} had rows that nobody can read ({}), and {} were told",
                self.marred.join(", "),
                self.told
            )));
        }
        if !end.complete {
            return Ok(());
        }
        if let Some((request, how)) = self.failed.first_key_value() {
            return Err(dishonest(format!("a pass over {stream} counts as whole, and this was not answered ({how}): {request}")));
        }
        let (Some(before), Some(now)) = (&self.listed, listed(fake, stream, pass)) else { return Ok(()) };
        match before.intersection(&now).find(|id| !self.shown.contains(*id)) {
            Some(id) if self.marred.is_empty() && self.drifted != [true; 2] => {
                Err(dishonest(format!("a pass over {stream} counts as whole, and did not show {id}")))
            }
            _ => Ok(()),
        }
    }

    /// What it says of a record that was written to in a batch.
    pub fn booked(&self, batch: u64, record: &str, outcome: &Outcome) -> Result<(), Violation> {
        let refused = || self.took.iter().find(|((of, _, id), took)| *of == batch && id == record && !**took);
        match (outcome, refused()) {
            (Outcome::Applied, Some(((_, request, _), _))) => {
                Err(dishonest(format!("{record} counts as written, and {request} was refused")))
            }
            _ => Ok(()),
        }
    }
}

fn dishonest(what: String) -> Violation {
    Violation::new(2, format!("untold: {what}"))
}

/// Rows of a listing that shows all of them.
fn listed(fake: &Fake, stream: &str, pass: &Pass) -> Option<BTreeSet<String>> {
    if !matches!(pass, Pass::Sweep | Pass::Open) || !fake.molds.contains_key(stream) {
        return None;
    }
    let is_open = |raw| fake.molds[stream].state(raw).as_deref() == Some("open");
    let state = fake.state();
    let rows = state.rows.iter().filter(|row| row.stream == stream && (pass.is_sweep() || is_open(&row.raw)));
    Some(rows.map(|row| row.id.clone()).collect())
}
