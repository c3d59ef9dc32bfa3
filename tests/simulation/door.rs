//! The way from the daemon to the simulated offices: each request takes its time, and is counted.

use super::offices::{Offices, Place};
use super::setup::SystemSetup;
use super::store::{Disk, Handle};
use super::truth::Table;
use futures::future::BoxFuture;
use nayose::connector::{Abilities, Clock, Connector, Error, Lane, Outcome, PageRead, PageSink, Pass, PassEnd, StreamInfo, Usage, WriteOp};
use nayose::engine::delivery::underway;
use nayose::model::{Name, Record, ShortText};
use nayose::store::{KeyRange, KeyValue, KeyValueBatch, KeyValueInMemory, State, StateInfo};
use std::collections::BTreeMap;
use std::fmt;
use std::ops::ControlFlow;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// From a question to its answer.
const ANSWERS_AFTER: Duration = Duration::from_millis(40);
const DAY_MS: i64 = 86_400_000;

pub type Shared = Arc<Mutex<Offices>>;

/// The offices, for a moment, at the time that it is now.
pub fn at<'a>(offices: &'a Shared, clock: &Clock) -> MutexGuard<'a, Offices> {
    let mut offices = offices.lock().unwrap_or_else(PoisonError::into_inner);
    offices.now = clock();
    offices
}

/// One system.
pub struct Door {
    name: Name,
    office: &'static str,
    abilities: Abilities,
    streams: Vec<StreamInfo>,
    words: BTreeMap<Name, Box<str>>,
    offices: Shared,
    clock: Clock,
    usage: Mutex<Usage>,
    /// Where a write must be noted as sent before it leaves; `None`: nobody looks.
    disk: Option<(Arc<Disk>, StateInfo)>,
}

impl fmt::Debug for Door {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Door({})", self.name)
    }
}

impl Door {
    pub fn new(system: &SystemSetup, offices: Shared, clock: Clock, disk: Option<(Arc<Disk>, StateInfo)>) -> Door {
        let name = system.config.name().clone();
        Door {
            office: Table::ALL.into_iter().map(Table::system).find(|n| **n == *name).unwrap_or(""),
            name,
            abilities: system.abilities.clone(),
            streams: system.streams.clone(),
            words: system.words.clone(),
            offices,
            clock,
            usage: Mutex::default(),
            disk,
        }
    }

    /// Whoever is written to though the disk does not say so.
    fn unannounced(&self, ops: &[WriteOp]) -> Result<Vec<String>, String> {
        let Some((disk, info)) = &self.disk else { return Ok(Vec::new()) };
        let state = state_now(disk, *info).map_err(|e| e.to_string())?;
        let announced = underway::on_disk(&state).map_err(|e| e.to_string())?;
        Ok(ops.iter().filter(|op| !announced.contains(&op.record)).map(|op| op.record.to_string()).collect())
    }

    fn at(&self) -> MutexGuard<'_, Offices> {
        at(&self.offices, &self.clock)
    }

    fn table(&self, stream: &str) -> Table {
        let named = Table::ALL.into_iter().find(|t| t.system() == self.office && t.stream() == stream);
        named.unwrap_or(Table::CrmDeals)
    }

    /// A request goes out; returns when it is answered.
    async fn ask(&self) {
        self.count();
        tokio::time::sleep(ANSWERS_AFTER).await;
    }

    fn count(&self) {
        *self.at().requests.entry(self.office).or_default() += 1;
        let day = (self.clock)().0 / DAY_MS;
        let mut usage = self.usage.lock().unwrap_or_else(PoisonError::into_inner);
        let used = if usage.day == day { usage.used + 1 } else { 1 };
        *usage = Usage { day, used, ..Usage::default() };
    }
}

/// A state opened on what is on disk at this moment.
fn state_now(disk: &Arc<Disk>, info: StateInfo) -> Result<State, nayose::store::Error> {
    let (copy, mut puts) = (KeyValueInMemory::new(), Vec::new());
    Handle(disk.clone()).scan(&KeyRange::all(), &mut |key, value| {
        puts.push((key.to_vec(), value.to_vec()));
        ControlFlow::Continue(())
    })?;
    copy.commit(KeyValueBatch { puts, ..KeyValueBatch::default() })?;
    State::open_packed(Box::new(copy), info).map(|(state, _)| state)
}

impl Connector for Door {
    fn system(&self) -> &Name {
        &self.name
    }

    fn streams(&self) -> &[StreamInfo] {
        &self.streams
    }

    fn abilities(&self) -> &Abilities {
        &self.abilities
    }

    fn pass<'a>(&'a self, stream: &'a str, pass: Pass, mut sink: PageSink<'a>) -> BoxFuture<'a, Result<PassEnd, Error>> {
        Box::pin(async move {
            let (table, mut place) = (self.table(stream), Place::of(&pass));
            let mut end = PassEnd { complete: true, ..PassEnd::default() };
            if matches!(&pass, Pass::ForEach(ids) if ids.is_empty()) {
                return Ok(end);
            }
            loop {
                end.requests += 1;
                self.ask().await;
                let (rows, more) = self.at().page(table, &pass, &mut place);
                let cursor = matches!(pass, Pass::Resume { .. }).then(|| place.cursor());
                let page = PageRead { observed: rows, cursor, clock_skew_ms: Some(0), ..PageRead::default() };
                let refused = |said| Error::Refused { system: self.name.clone(), what: stream.to_string(), said };
                sink(page).await.map_err(refused)?;
                if !more {
                    return Ok(end);
                }
            }
        })
    }

    fn first_page<'a>(&'a self, stream: &'a str) -> BoxFuture<'a, Result<PageRead, Error>> {
        Box::pin(async move {
            self.ask().await;
            let (observed, _) = self.at().page(self.table(stream), &Pass::Sweep, &mut Place::default());
            Ok(PageRead { observed, ..PageRead::default() })
        })
    }

    fn write<'a>(&'a self, ops: &'a [WriteOp], _: Lane) -> BoxFuture<'a, Vec<Outcome>> {
        Box::pin(async move {
            let unannounced = self.unannounced(ops).unwrap_or_else(|why| vec![why]);
            self.ask().await;
            let table = self.table("people");
            let mut offices = self.at();
            offices.unannounced.extend(unannounced);
            let done = |op: &WriteOp| offices.write(table, &op.record, &op.change);
            let outcome = |done| if done { Outcome::Applied } else { Outcome::Rejected("no such record".into()) };
            ops.iter().map(done).map(outcome).collect()
        })
    }

    fn read_back<'a>(&'a self, ids: &'a [ShortText], _: Lane) -> BoxFuture<'a, Result<Vec<Record>, Error>> {
        Box::pin(async move {
            self.ask().await;
            let (table, offices) = (self.table("people"), self.at());
            Ok(ids.iter().filter_map(|id| offices.record(table, table.number(id)?).cloned()).collect())
        })
    }

    fn status_word(&self, status: &str) -> Box<str> {
        self.words.get(status).cloned().unwrap_or_else(|| status.into())
    }

    fn usage(&self) -> Usage {
        *self.usage.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn restore_usage(&self, usage: Usage) {
        *self.usage.lock().unwrap_or_else(PoisonError::into_inner) = usage;
    }
}
