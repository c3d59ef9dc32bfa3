//! How the systems answer: pages of each kind of pass, cut at random, with the faults of networks and vendors.

use super::dice::Dice;
use super::truth::{BlockBy, Table, Truth, Version};
use nayose::connector::{Change, Error, Observed, Outcome, PageRead, Pass, PassEnd, PermitChange, WriteOp};
use nayose::model::{Entity, Mark, Name, Presence, Record, RecordId, ShortText, Span, Time, Value};
use std::collections::{BTreeMap, BTreeSet};

/// How far behind its present an export of the desk ends.
const EXPORT_TRAILS_MS: i64 = 60_000;
/// How far before the newest known change the filters begin (the manifests' `overlap`).
const OVERLAP_CRM_MS: i64 = 300_000;
const OVERLAP_NEWS_MS: i64 = 120_000;

/// What is wrong with a system for a while.
#[derive(Debug, Clone, Default)]
pub struct Trouble {
    /// No answer at all.
    pub down: bool,
    /// The token has lost the right to this stream.
    pub no_scope: BTreeSet<Table>,
    /// The same, but the system says so by an empty list.
    pub empty: BTreeSet<Table>,
    /// The filter for changes is ignored.
    pub no_filter: bool,
}

/// Where the reading of one pass stands.
#[derive(Debug, Clone)]
pub struct Pager {
    after: u32,
    rows: usize,
    place: Option<(Time, u32)>,
    event: usize,
    ids: Vec<ShortText>,
    pub requests: u64,
}

impl Pager {
    pub fn new(pass: &Pass) -> Pager {
        let ids = if let Pass::ForEach(ids) = pass { ids.clone() } else { Vec::new() };
        let mut pager = Pager { after: 0, rows: 0, place: None, event: 0, ids, requests: 0 };
        if let Pass::Resume { cursor: Some(cursor), .. } = pass {
            let mut parts = cursor.split('.').filter_map(|p| p.parse::<i64>().ok());
            if let (Some(a), Some(b)) = (parts.next(), parts.next()) {
                pager.place = Some((Time(a), b as u32));
                pager.event = a as usize;
            }
        }
        pager
    }
}

/// One answer to a question for a page.
pub enum Answer {
    More(PageRead),
    Last(PageRead, PassEnd),
    Failed(Error),
}

/// A system as the daemon reaches it: what is there, what is wrong, and how its clock stands to the daemon's.
pub struct Line<'a> {
    pub truth: &'a Truth,
    pub trouble: &'a Trouble,
    /// Once in so many requests something goes wrong; 0: never.
    pub faults: usize,
    pub skew_ms: i64,
}

impl Line<'_> {
    /// The next page of a pass.
    pub fn page(&self, table: Table, pass: &Pass, pager: &mut Pager, dice: &mut Dice) -> Answer {
        pager.requests += 1;
        if let Some(error) = self.fault(table, pass, dice) {
            return Answer::Failed(error);
        }
        let size = 1 + dice.below(6);
        let (rows, more, short) = self.rows(table, pass, pager, size);
        let cursor = match pass {
            Pass::Resume { .. } if table == Table::MaPeople => Some(format!("{}.0", pager.event).into()),
            Pass::Resume { .. } => pager.place.map(|(t, id)| format!("{}.{id}", t.0).into()),
            _ => None,
        };
        let mut page = PageRead { observed: rows, cursor, clock_skew_ms: Some(self.skew_ms), ..PageRead::default() };
        if self.faults > 0 && dice.once_in(self.faults * 2) {
            // A page that comes twice.
            page.observed.extend(page.observed.clone());
        }
        if more {
            return Answer::More(page);
        }
        let cut = self.faults > 0 && dice.once_in(self.faults);
        let incomplete_because = short.then(|| "fewer rows came than were announced".to_string());
        Answer::Last(page, PassEnd { complete: !cut && !short, requests: pager.requests, bytes: 0, incomplete_because })
    }

    fn fault(&self, table: Table, pass: &Pass, dice: &mut Dice) -> Option<Error> {
        let (system, what) = (Name::from(table.system()), table.stream().to_string());
        if self.trouble.down {
            return Some(Error::Unreachable { system, what, why: "connection refused".into() });
        }
        if self.trouble.no_scope.contains(&table) {
            return Some(Error::Credential { system, what, said: "403".into() });
        }
        if self.faults == 0 || !dice.once_in(self.faults) {
            return None;
        }
        Some(match dice.below(6) {
            0 => Error::Unreachable { system, what, why: "timed out".into() },
            1 => Error::Later { system, what, wait: Span::seconds(5) },
            2 => Error::NotUnderstood { system, what, why: "cut short".into(), begins: "{".into() },
            3 if matches!(pass, Pass::Resume { .. }) => Error::CursorLost { system, what },
            4 => Error::Refused { system, what, said: "500".into() },
            _ => Error::Budget { system, what },
        })
    }

    /// Rows of the next page, whether more follow, and whether fewer came than were announced.
    fn rows(&self, table: Table, pass: &Pass, pager: &mut Pager, size: usize) -> (Vec<Observed>, bool, bool) {
        let now = self.truth.now;
        if self.trouble.empty.contains(&table) && !matches!(pass, Pass::FilterTest(_)) {
            return (Vec::new(), false, false);
        }
        match pass {
            Pass::SweepFrom(_) => unreachable!("these pages of a sweep tell no place to go on from"),
            Pass::ForEach(_) => self.associations(pager, size),
            Pass::FilterTest(_) => {
                let first = self.truth.living(table).into_iter().take(size);
                let rows = if self.trouble.no_filter { first.filter_map(|id| self.shown(table, id)).collect() } else { Vec::new() };
                (rows, false, false)
            }
            Pass::Resume { since, .. } if table == Table::MaPeople => self.feed(pager, *since, size),
            Pass::Sweep if table.system() == "support" => self.export(table, pager, Time(0), size),
            Pass::Resume { since, .. } => self.export(table, pager, *since, size),
            Pass::Sweep if table == Table::NewsPeople => {
                let all: Vec<u32> = self.truth.living(table);
                self.numbered(table, &all, pager, size)
            }
            Pass::Sweep => {
                let all: Vec<u32> = self.truth.living(table).into_iter().filter(|id| *id > pager.after).collect();
                let here: Vec<u32> = all.iter().copied().take(size).collect();
                pager.after = here.last().copied().unwrap_or(pager.after);
                (here.iter().filter_map(|id| self.shown(table, *id)).collect(), all.len() > size, false)
            }
            Pass::Changes(since) => {
                let overlap = if table == Table::NewsPeople { OVERLAP_NEWS_MS } else { OVERLAP_CRM_MS };
                let from = if self.trouble.no_filter { Time(0) } else { Time(since.0 - overlap) };
                let visible = |id: &u32| self.truth.item(table, *id).and_then(|i| i.visible(now)).filter(|v| !v.deleted);
                let mut all: Vec<(Time, u32)> =
                    self.numbers(table).into_iter().filter_map(|id| Some((visible(&id)?.stamped, id))).collect();
                all.retain(|(at, _)| *at >= from);
                all.sort_unstable();
                let all: Vec<u32> = all.into_iter().map(|(_, id)| id).collect();
                self.searched(table, &all, pager, size)
            }
            Pass::Open => {
                let open = |v: &&Version| !v.deleted && v.record.deal.is_some_and(|d| d.is_open());
                let shown = |id: &u32| self.truth.item(table, *id).and_then(|i| i.visible(now)).filter(open).is_some();
                let all: Vec<u32> = self.numbers(table).into_iter().filter(shown).collect();
                self.searched(table, &all, pager, size)
            }
        }
    }

    fn numbers(&self, table: Table) -> Vec<u32> {
        self.truth.table(table).keys().copied().collect()
    }

    /// A search's page by its place in the results, which move while it is read. Too few in the end is told.
    fn searched(&self, table: Table, all: &[u32], pager: &mut Pager, size: usize) -> (Vec<Observed>, bool, bool) {
        let now = self.truth.now;
        let here: Vec<u32> = all.iter().copied().skip(pager.rows).take(size).collect();
        pager.rows += here.len();
        let visible =
            |id: u32| self.truth.item(table, id).and_then(|i| i.visible(now)).map(|v| observed(&v.record, table == Table::CrmDeals));
        let more = pager.rows < all.len() && !here.is_empty();
        (here.into_iter().filter_map(visible).collect(), more, !more && pager.rows < all.len())
    }

    /// Numbered pages: what is deleted meanwhile moves the rest up.
    fn numbered(&self, table: Table, all: &[u32], pager: &mut Pager, size: usize) -> (Vec<Observed>, bool, bool) {
        let here: Vec<u32> = all.iter().copied().skip(pager.rows).take(size).collect();
        pager.rows += here.len();
        let more = pager.rows < all.len() && !here.is_empty();
        (here.into_iter().filter_map(|id| self.shown(table, id)).collect(), more, !more && pager.rows < all.len())
    }

    /// The desk's export: by time of change, from a cursor on, without the last minute.
    fn export(&self, table: Table, pager: &mut Pager, since: Time, size: usize) -> (Vec<Observed>, bool, bool) {
        let until = Time(self.truth.now.0 - EXPORT_TRAILS_MS);
        let from = pager.place.unwrap_or((Time(since.0 / 1000 * 1000), 0));
        let mut all: Vec<(Time, u32)> = self.truth.table(table).iter().map(|(id, i)| (i.now().stamped, *id)).collect();
        all.retain(|at| *at > from && at.0 <= until);
        all.sort_unstable();
        let here: Vec<(Time, u32)> = all.iter().copied().take(size).collect();
        pager.place = here.last().copied().or(pager.place).or(Some(from));
        let shown = |(_, id): &(Time, u32)| {
            let item = self.truth.item(table, *id)?;
            if item.deleted() { Some(Observed::Deleted(table.id(*id))) } else { self.shown(table, *id) }
        };
        (here.iter().filter_map(shown).collect(), all.len() > size, false)
    }

    /// The marketing system's feed: ids of what changed, then those records as they are now.
    fn feed(&self, pager: &mut Pager, since: Time, size: usize) -> (Vec<Observed>, bool, bool) {
        let feed = &self.truth.feed;
        let known = feed.partition_point(|e| e.visible <= self.truth.now);
        if pager.place.is_none() {
            pager.event = feed[..known].iter().position(|e| e.at >= since).unwrap_or(known);
            pager.place = Some((Time(0), 0));
        }
        let upto = (pager.event + size).min(known);
        let mut rows = Vec::new();
        for event in &feed[pager.event.min(upto)..upto] {
            if event.deleted {
                rows.push(Observed::Deleted(Table::MaPeople.id(event.id)));
            } else {
                rows.extend(self.shown(Table::MaPeople, event.id));
            }
        }
        pager.event = upto;
        (rows, upto < known, false)
    }

    fn associations(&self, pager: &mut Pager, size: usize) -> (Vec<Observed>, bool, bool) {
        let here: Vec<ShortText> = pager.ids.drain(..size.min(pager.ids.len())).collect();
        let people = |id: &str| {
            let item = self.truth.item(Table::CrmDeals, id.parse().ok()?).filter(|i| !i.deleted())?;
            Some(Observed::DealPeople { deal: item.record().id.clone(), people: item.record().people.clone() })
        };
        (here.iter().filter_map(|id| people(id)).collect(), !pager.ids.is_empty(), false)
    }

    /// The record as it is now, as a listing shows it.
    fn shown(&self, table: Table, id: u32) -> Option<Observed> {
        let item = self.truth.item(table, id).filter(|i| !i.deleted())?;
        Some(observed(item.record(), false))
    }

    /// Records by id: what is not there is missing from the answer.
    pub fn read_back(&self, table: Table, ids: &[ShortText], dice: &mut Dice) -> Result<Vec<Record>, Error> {
        if let Some(error) = self.fault(table, &Pass::Sweep, dice) {
            return Err(error);
        }
        let found = ids.iter().filter_map(|id| self.truth.item(table, id.parse().ok()?).filter(|i| !i.deleted()));
        Ok(found.map(|i| i.record().clone()).collect())
    }
}

/// `bare`: searches of deals tell no people.
pub fn observed(record: &Record, bare: bool) -> Observed {
    let mut record = record.clone();
    record.presence = Presence::Listed;
    let people_told = !(bare && record.id.entity == Entity::Deal);
    if !people_told {
        record.people.clear();
    }
    Observed::Record { record: Box::new(record), people_told, accounts_told: true }
}

/// What becomes of a batch on its way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fate {
    Applied,
    /// Some rows are refused.
    SomeRefused,
    /// Written, but the answer is lost.
    AnswerLost,
    /// Not written, and no answer.
    Lost,
    NotSent,
}

/// Writes a batch into a system.
pub fn write(truth: &mut Truth, table: Table, ops: &[WriteOp], fate: Fate, dice: &mut Dice) -> Vec<Outcome> {
    let mut outcomes = Vec::with_capacity(ops.len());
    for op in ops {
        let outcome = match fate {
            Fate::NotSent => Outcome::NotSent("no connection".into()),
            Fate::Lost => Outcome::Unknown("timed out".into()),
            Fate::SomeRefused if dice.once_in(3) => Outcome::Rejected("the row is locked".into()),
            _ => match apply(truth, table, &op.record, &op.change, dice) {
                false => Outcome::Rejected("no such record".into()),
                true if fate == Fate::AnswerLost => Outcome::Unknown("timed out".into()),
                true => Outcome::Applied,
            },
        };
        outcomes.push(outcome);
    }
    outcomes
}

fn apply(truth: &mut Truth, table: Table, id: &RecordId, change: &Change, dice: &mut Dice) -> bool {
    let (now, own_form) = (truth.now, truth.own_form);
    let word = change.status.as_ref().map(|s| word(truth.words.get(table.system()), &s.to));
    let Ok(number) = id.id.parse::<u32>() else { return false };
    let done = truth.change(table, number, super::truth::Way::Usual, true, dice, |r| put_in(r, table, change, word, own_form, now));
    if done
        && let Some(on) = change.block
        && let Some(item) = truth.item_mut(table, number)
    {
        item.block_by = if on { BlockBy::Us } else { BlockBy::Nobody };
    }
    done
}

/// A status in a system's own words.
pub fn word(words: Option<&BTreeMap<Name, Box<str>>>, status: &Name) -> Box<str> {
    words.and_then(|w| w.get(status)).cloned().unwrap_or((**status).into())
}

/// A record as it is after a write.
pub fn put_in(r: &mut Record, table: Table, change: &Change, word: Option<Box<str>>, own_form: bool, now: Time) {
    for (name, value) in &change.fields {
        let value = match value {
            Value::Text(t) if own_form && &**name == "title" => Value::text(&t.trim().to_uppercase()),
            other => other.clone(),
        };
        r.set(name, value, now);
    }
    if let Some(on) = change.block {
        r.set_mark(Mark::Block, Value::Bool(on));
    }
    match (&change.permit, table) {
        (None, _) => {}
        (Some(PermitChange::Until(_)), Table::NewsPeople) => r.set_mark(Mark::Permit, Value::Bool(true)),
        (Some(PermitChange::Withdrawn), Table::NewsPeople) => r.set_mark(Mark::Permit, Value::Bool(false)),
        (Some(PermitChange::Until(t)), _) => r.set_mark(Mark::Permit, Value::Time(*t)),
        (Some(PermitChange::Withdrawn), _) => r.set_mark(Mark::Permit, Value::Empty),
    }
    if let Some(why) = &change.why {
        r.set_mark(Mark::Why, Value::text(why));
    }
    if let Some(word) = word {
        r.set_mark(Mark::Status, Value::Text(word.into()));
    }
}

/// The systems' troubles, by name.
pub type Troubles = BTreeMap<&'static str, Trouble>;
