//! Four systems with thousands of people, in memory, behind the daemon's own port: they answer at once and in order, by lists that are
//! kept sorted. `truth.rs` and `wire/` do the same for few people and with everything that goes wrong.

use super::dice::Dice;
use super::records::{observed, put_in, word};
use super::truth::Table;
use nayose::connector::{Change, Observed, Pass};
use nayose::model::{Mark, Name, Record, RecordId, ShortText, Time, Value};
use std::collections::{BTreeMap, BTreeSet};

/// Rows in an answer.
const PAGE: usize = 100;
/// Feeds tell of deleted records for so long.
const DELETED_TOLD_MS: i64 = 3 * 86_400_000;
/// How far before the newest known change a search begins.
const OVERLAP_MS: i64 = 300_000;

#[derive(Debug)]
struct Row {
    record: Record,
    changed: Time,
    deleted: bool,
}

/// One listing.
#[derive(Debug, Default)]
struct Shelf {
    rows: BTreeMap<u32, Row>,
    by_change: BTreeSet<(Time, u32)>,
    open: BTreeSet<u32>,
}

impl Shelf {
    fn put(&mut self, id: u32, row: Row) {
        let changed = row.changed;
        let open = !row.deleted && row.record.deal.is_some_and(|d| d.is_open());
        if let Some(before) = self.rows.insert(id, row) {
            self.by_change.remove(&(before.changed, id));
        }
        self.by_change.insert((changed, id));
        if open {
            self.open.insert(id);
        } else {
            self.open.remove(&id);
        }
    }

    /// Feeds end: what was deleted long ago is not told any more.
    fn forget_deleted(&mut self, now: Time) {
        let long_ago: Vec<(Time, u32)> = self.by_change.range(..(Time(now.0 - DELETED_TOLD_MS), 0)).copied().collect();
        for (changed, id) in long_ago {
            if self.rows.get(&id).is_some_and(|r| r.deleted) {
                self.rows.remove(&id);
                self.by_change.remove(&(changed, id));
            }
        }
    }
}

/// Where the reading of a pass stands.
#[derive(Debug, Default)]
pub struct Place {
    after: u32,
    changed: (Time, u32),
    ids: usize,
}

impl Place {
    pub fn of(pass: &Pass) -> Place {
        let changed = match pass {
            Pass::Resume { cursor: Some(cursor), .. } => {
                let mut parts = cursor.split('.').filter_map(|p| p.parse::<i64>().ok());
                (Time(parts.next().unwrap_or(0)), parts.next().unwrap_or(0) as u32)
            }
            Pass::Resume { since, .. } => (*since, 0),
            Pass::Changes(since) => (Time(since.0 - OVERLAP_MS), 0),
            _ => (Time(0), 0),
        };
        Place { changed, ..Place::default() }
    }

    pub fn cursor(&self) -> Box<str> {
        format!("{}.{}", self.changed.0.0, self.changed.1).into()
    }
}

/// What is in the systems.
#[derive(Debug)]
pub struct Offices {
    pub now: Time,
    next: u32,
    shelves: BTreeMap<Table, Shelf>,
    words: BTreeMap<&'static str, BTreeMap<Name, Box<str>>>,
    /// By system, since the beginning.
    pub requests: BTreeMap<&'static str, u64>,
    /// Records written to, since the beginning.
    pub writes: u64,
    /// Records that were written to before the daemon's disk said so.
    pub unannounced: Vec<String>,
}

impl Offices {
    pub fn new(now: Time, words: BTreeMap<&'static str, BTreeMap<Name, Box<str>>>) -> Offices {
        let shelves = Table::ALL.into_iter().map(|t| (t, Shelf::default())).collect();
        Offices { now, next: 1, shelves, words, requests: BTreeMap::new(), writes: 0, unannounced: Vec::new() }
    }

    fn shelf(&self, table: Table) -> &Shelf {
        &self.shelves[&table]
    }

    /// Adds a record as `fill` makes it.
    pub fn add(&mut self, table: Table, fill: impl FnOnce(&mut Record)) -> u32 {
        let id = self.next;
        self.next += 1;
        let mut record = Record::new(table.id(id));
        match table {
            Table::MaPeople => record.set_mark(Mark::Block, Value::Bool(false)),
            Table::NewsPeople => {
                record.set_mark(Mark::Block, Value::Bool(false));
                record.set_mark(Mark::Permit, Value::Bool(false));
            }
            _ => {}
        }
        fill(&mut record);
        self.put(table, id, record, false);
        id
    }

    fn put(&mut self, table: Table, id: u32, mut record: Record, deleted: bool) {
        let now = self.now;
        record.changed_at = Some(now);
        let shelf = self.shelves.entry(table).or_default();
        shelf.put(id, Row { record, changed: now, deleted });
        if deleted {
            shelf.forget_deleted(now);
        }
    }

    /// Changes a record; false: it is not there.
    pub fn change(&mut self, table: Table, id: u32, edit: impl FnOnce(&mut Record)) -> bool {
        let Some(record) = self.record(table, id) else { return false };
        let mut edited = record.clone();
        edit(&mut edited);
        if edited != *record {
            self.put(table, id, edited, false);
        }
        true
    }

    pub fn delete(&mut self, table: Table, id: u32) {
        if let Some(record) = self.record(table, id).cloned() {
            self.put(table, id, record, true);
        }
    }

    pub fn record(&self, table: Table, id: u32) -> Option<&Record> {
        self.shelf(table).rows.get(&id).filter(|r| !r.deleted).map(|r| &r.record)
    }

    pub fn records(&self, table: Table) -> impl Iterator<Item = (u32, &Record)> {
        self.shelf(table).rows.iter().filter(|(_, r)| !r.deleted).map(|(id, r)| (*id, &r.record))
    }

    /// A record of those that fit, by chance.
    pub fn any(&self, table: Table, dice: &mut Dice, fits: impl Fn(&Record) -> bool) -> Option<u32> {
        let start = dice.below(self.next as usize) as u32;
        let rows = &self.shelf(table).rows;
        rows.range(start..).chain(rows.range(..start)).find(|(_, r)| !r.deleted && fits(&r.record)).map(|(id, _)| *id)
    }

    /// Records that are there, in all systems.
    pub fn count(&self) -> usize {
        Table::ALL.into_iter().map(|t| self.records(t).count()).sum()
    }

    /// The next rows of a pass, and whether more follow.
    pub fn page(&self, table: Table, pass: &Pass, place: &mut Place) -> (Vec<Observed>, bool) {
        let shelf = self.shelf(table);
        let ids: Vec<u32> = match pass {
            Pass::FilterTest(_) => return (Vec::new(), false),
            Pass::Sweep | Pass::SweepFrom(_) => {
                let living = shelf.rows.range(place.after + 1..).filter(|(_, r)| !r.deleted);
                living.map(|(id, _)| *id).take(PAGE).collect()
            }
            Pass::Open => shelf.open.range(place.after + 1..).copied().take(PAGE).collect(),
            Pass::Changes(_) | Pass::Resume { .. } => return self.changed(table, pass, place),
            Pass::ById(ids) => {
                let found = |id: &ShortText| table.number(id).and_then(|number| self.record(table, number));
                let row = |id: &ShortText| match found(id) {
                    Some(record) => observed(record, false),
                    None => Observed::NotFound(RecordId { id: id.clone(), ..table.id(0) }),
                };
                return (ids.iter().map(row).collect(), false);
            }
            Pass::ForEach(ids) => return self.people_of(&ids[place.ids.min(ids.len())..], place),
        };
        place.after = ids.last().copied().unwrap_or(place.after);
        let rows = ids.iter().filter_map(|id| Some(observed(self.record(table, *id)?, *pass == Pass::Open))).collect();
        (rows, ids.len() == PAGE)
    }

    /// What changed before this moment, in order.
    fn changed(&self, table: Table, pass: &Pass, place: &mut Place) -> (Vec<Observed>, bool) {
        let search = matches!(pass, Pass::Changes(_));
        let until = if search { Time(self.now.0 + 1) } else { self.now };
        let (Time(at), id) = place.changed;
        let begin = (Time(at), id + 1);
        if begin >= (until, 0) {
            return (Vec::new(), false);
        }
        let shelf = self.shelf(table);
        let here: Vec<(Time, u32)> = shelf.by_change.range(begin..(until, 0)).copied().take(PAGE).collect();
        place.changed = here.last().copied().unwrap_or(place.changed);
        let row = |id: &u32| match self.record(table, *id) {
            Some(record) => Some(observed(record, search)),
            None => (!search).then(|| Observed::Deleted(table.id(*id))),
        };
        (here.iter().filter_map(|(_, id)| row(id)).collect(), here.len() == PAGE)
    }

    fn people_of(&self, ids: &[ShortText], place: &mut Place) -> (Vec<Observed>, bool) {
        let here = &ids[..ids.len().min(PAGE)];
        place.ids += here.len();
        let people = |id: &str| {
            let deal = self.record(Table::CrmDeals, id.parse().ok()?)?;
            Some(Observed::DealPeople { deal: deal.id.clone(), people: deal.people.clone() })
        };
        (here.iter().filter_map(|id| people(id)).collect(), ids.len() > here.len())
    }

    /// Takes a write; false: there is no such record.
    pub fn write(&mut self, table: Table, id: &RecordId, change: &Change) -> bool {
        let word = change.status.as_ref().map(|s| word(self.words.get(table.system()), &s.to));
        let now = self.now;
        let Some(number) = table.number(&id.id) else { return false };
        self.writes += 1;
        self.change(table, number, |r| put_in(r, table, change, word, now))
    }
}
