//! The connector of lists: files of rows in a folder behind the daemon's [`Connector`].
//!
//! A list is read whole before anything of it counts, and only when its content is another. Its stream's cursor says which content was read.
//!
//! - [`asked`]: what systems.toml says; [`profiles`]: kinds of list; `column`, `columns`, `columns_of_events`, `headers`: which column is what;
//!   `manifest`: what follows of streams
//! - `disk`: the one file that opens and reads; `decode`, `text_table`, `workbook`, `merged_ods`: bytes to rows; `table`: the rows of one file; `limits`: how large
//! - `cells`, `dates`, `rows`, `consents`, `words`: what cells and rows say; `lists`: which rows count, and the records they become
//! - `contents`: what a stream's files hold now; `memory`: what was read of them before
//! - `out`: what goes out by lists, for a tool without an API whose own export is the list

pub mod asked;
mod cells;
pub mod column;
mod columns;
mod columns_of_events;
mod consents;
mod contents;
mod dates;
mod decode;
mod disk;
mod headers;
mod limits;
mod lists;
mod manifest;
mod memory;
mod merged_ods;
pub mod out;
pub mod profiles;
mod rows;
mod table;
mod text_table;
mod words;
mod workbook;

pub use asked::{ListsAsked, OutAsked};
pub use manifest::{CONNECTOR, is_kept_for_refusals, manifest};
pub use profiles::ListProfile;

use crate::connector::manifest::settings::Settings;
use crate::connector::map::Mapper;
use crate::connector::port::*;
use crate::model::{Entity, Name, Record, ShortText, Time};
use contents::{Content, Contents, LoadedStream};
use futures::FutureExt;
use futures::future::BoxFuture;
use lists::{ListPages, RowsToRecords};
use manifest::StreamOfLists;
use memory::{ListCursor, StreamMemory};
use out::ListsOut;
use rows::RowsAs;
use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// A system whose records stand in files.
pub struct FileConnector {
    system: Name,
    address: String,
    infos: Vec<StreamInfo>,
    streams: Vec<ListStream>,
    prefix: &'static str,
    as_of: Option<Time>,
    lacks: Vec<String>,
    abilities: Abilities,
    contents: Arc<Contents>,
    /// What goes out, where something does.
    out: Option<Arc<ListsOut>>,
    clock: Clock,
    memory: Mutex<BTreeMap<&'static str, StreamMemory>>,
    /// What the last look at a stream has loaded: the whole reading that follows from it needs no other.
    loaded: Mutex<Option<(&'static str, Arc<LoadedStream>)>>,
}

/// A stream and how its rows become records.
struct ListStream {
    of: StreamOfLists,
    mapper: Mapper,
}

/// What a stream's content is to what was read of it.
enum ContentStanding {
    /// The same; where the cursor is to say it in other words, how.
    Unchanged(Option<ListCursor>),
    Another,
}

impl FileConnector {
    /// `Err` tells everything that is wrong with its settings. No file is looked at.
    pub fn new(given: &SystemSettings, clock: Clock) -> Result<FileConnector, Vec<String>> {
        let asked = given.lists.clone().ok_or_else(|| vec!["it says of no list where it is: path and profile are missing".to_string()])?;
        let profiles: Vec<ListProfile> = asked.lists.iter().map(|(profile, _)| *profile).collect();
        let manifest = manifest::manifest(&profiles, asked.out.as_ref());
        let settings = Settings::resolve(&manifest, given)?;
        let of = manifest::streams(&profiles);
        let prefix = manifest::contacts_prefix(&of);
        let mut streams = Vec::new();
        for of in of {
            let Some(stream) = manifest.streams.get(of.name) else { continue };
            let Some(record) = &stream.record else { continue };
            let mapper = Mapper::new(&given.name, stream.entity, record, manifest.writes.as_ref(), &settings).map_err(|why| vec![why])?;
            streams.push(ListStream { of, mapper });
        }
        let infos = manifest.streams.iter().map(|(name, stream)| {
            let mapper = streams.iter().find(|s| s.of.name == *name).map(|s| &s.mapper);
            info(name, stream, mapper, asked.only_adds)
        });
        let infos = infos.collect();
        let as_of = asked.as_of.and_then(|day| day.midnight_in(&settings.zone)).map(|at| Time(at.timestamp().as_millisecond()));
        let names: Vec<&str> = profiles.iter().map(|p| p.name()).collect();
        let out = ListsOut::new(given, manifest::written_fields(&profiles), clock.clone());
        Ok(FileConnector {
            system: given.name.clone(),
            // Lists that are moved to another folder are the same lists.
            address: format!("lists of {}", names.join(", ")),
            infos,
            streams,
            prefix,
            as_of,
            lacks: given.lacks.clone(),
            abilities: out.as_ref().map(ListsOut::abilities).unwrap_or_default(),
            out: out.map(Arc::new),
            clock,
            contents: Arc::new(Contents::new(asked, given.time_zone.as_deref())),
            memory: Mutex::default(),
            loaded: Mutex::default(),
        })
    }

    fn memory(&self) -> MutexGuard<'_, BTreeMap<&'static str, StreamMemory>> {
        self.memory.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn refused(&self, stream: &str, said: String) -> Error {
        Error::Refused { system: self.system.clone(), what: stream.to_string(), said: format!("{said}. Nothing was taken from the list") }
    }

    fn stream(&self, name: &str) -> Result<&ListStream, Error> {
        self.streams.iter().find(|s| s.of.name == name).ok_or_else(|| self.refused(name, "there is no such list".to_string()))
    }

    /// Runs what reads files beside the threads that wait for networks.
    async fn off_thread<T: Send + 'static>(
        &self,
        stream: &str,
        read: impl FnOnce(&Contents) -> Result<T, String> + Send + 'static,
    ) -> Result<T, Error> {
        let contents = self.contents.clone();
        let read = tokio::task::spawn_blocking(move || read(&contents)).await;
        read.unwrap_or_else(|_| Err("reading it came to no end".to_string())).map_err(|said| self.refused(stream, said))
    }

    /// What is there now, not read yet.
    async fn look(&self, of: StreamOfLists) -> Result<Content, Error> {
        let now = (self.clock)();
        self.off_thread(of.name, move |contents| contents.look(&of, now)).await
    }

    /// What is there, read whole: at hand already, or from its files.
    async fn load(&self, of: StreamOfLists, content: Content) -> Result<Arc<LoadedStream>, Error> {
        let at_hand = self.loaded.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some((_, loaded)) = at_hand.filter(|(name, loaded)| *name == of.name && loaded.content == content.hash) {
            return Ok(loaded);
        }
        self.off_thread(of.name, move |contents| contents.load(&of, &content)).await.map(Arc::new)
    }

    /// Looks whether a stream is as its cursor says.
    async fn standing(&self, of: StreamOfLists, content: Content, cursor: Option<&str>) -> Result<ContentStanding, Error> {
        let Some(cursor) = cursor.and_then(ListCursor::parse) else {
            let memory = self.memory();
            let last = memory.get(of.name).and_then(StreamMemory::last).filter(|last| last.content == content.hash);
            return Ok(last.map_or(ContentStanding::Another, |last| ContentStanding::Unchanged(Some(last.clone()))));
        };
        {
            let mut memory = self.memory();
            let memory = memory.entry(of.name).or_default();
            memory.was_saved(cursor.saved_at.map(|at| at.min(content.looked_at)));
            if cursor.content != content.hash {
                memory.has_other_cursor();
            } else {
                let last = memory.last().filter(|last| last.content == content.hash && !last.once_more);
                return Ok(match (cursor.once_more, last) {
                    (false, _) => ContentStanding::Unchanged(None),
                    (true, Some(last)) => ContentStanding::Unchanged(Some(last.clone())),
                    (true, None) => ContentStanding::Another,
                });
            }
        }
        self.may_be_read(of, &content)?;
        let loaded = self.load(of, content).await?;
        let is_gone = |key: &&str| self.contents.reads_as(&cursor.content) && !self.is_lacked(key);
        let gone: Vec<&str> = cursor.shape.difference(&loaded.shape).map(String::as_str).filter(is_gone).collect();
        if !gone.is_empty() {
            let (names, system) = (gone.join(", "), &self.system);
            let said = format!(
                "it has another shape: no column for {names} any more. Put it back, name the column by columns = {{ \"NAME\" = {:?} }}, or say in [systems.{system}] that there is none: lacks = {gone:?}",
                gone[0]
            );
            return Err(self.refused(of.name, said));
        }
        *self.loaded.lock().unwrap_or_else(PoisonError::into_inner) = Some((of.name, loaded));
        Ok(ContentStanding::Another)
    }

    /// When a tool's own export was made: what stands there is as it was then. A list that people keep is as it is until they change it.
    fn exported_at(&self, content: &Content) -> Option<Time> {
        content.saved_at().filter(|_| self.out.is_some())
    }

    /// Nobody has it open, and it is no older export than one that was read: what that shows was carried out may not be so any more.
    fn may_be_read(&self, of: StreamOfLists, content: &Content) -> Result<(), Error> {
        content.unlocked().map_err(|said| self.refused(of.name, said))?;
        let newest = self.memory().get(of.name).and_then(StreamMemory::newest).filter(|_| self.out.is_some());
        match (content.saved_at(), newest) {
            (Some(saved), Some(newest)) if saved < newest => {
                let said = format!(
                    "it is an older export than the last: it was saved at {}, and the one that was read before at {}. Export it anew; if this is the newest, save it once more",
                    saved.rfc3339(),
                    newest.rfc3339()
                );
                Err(self.refused(of.name, said))
            }
            _ => Ok(()),
        }
    }

    fn is_lacked(&self, key: &str) -> bool {
        self.lacks.iter().any(|lacked| lacked == key)
    }

    async fn resume(&self, stream: &ListStream, cursor: Option<&str>, sink: &mut PageSink<'_>) -> Result<PassEnd, Error> {
        let content = self.look(stream.of).await?;
        let end = PassEnd { complete: true, as_of: self.exported_at(&content), ..PassEnd::default() };
        match self.standing(stream.of, content, cursor).await? {
            ContentStanding::Another => Ok(PassEnd { is_another: true, ..end }),
            ContentStanding::Unchanged(None) => Ok(end),
            ContentStanding::Unchanged(Some(cursor)) => {
                let page = PageRead { cursor: Some(cursor.text()), ..PageRead::default() };
                sink(page).await.map_err(|said| self.refused(stream.of.name, said))?;
                Ok(end)
            }
        }
    }

    async fn sweep(&self, stream: &ListStream, sink: &mut PageSink<'_>) -> Result<PassEnd, Error> {
        let of = stream.of;
        let content = self.look(of).await?;
        let is_known = self.memory().get(of.name).and_then(StreamMemory::last).is_some_and(|last| last.content == content.hash);
        if !is_known {
            self.may_be_read(of, &content)?;
        }
        let (saved_at, ahead) = (self.exported_at(&content), content.is_ahead());
        let loaded = self.load(of, content).await?;
        let mut pages = ListPages::new(self.how(stream), &loaded.lists, &loaded.kept);
        if let Some(why) = ahead {
            let told = vec![Quarantined { record: None, field: "saved".to_string(), why }];
            sink(PageRead { quarantined: told, ..PageRead::default() }).await.map_err(|said| self.refused(of.name, said))?;
        }
        while let Some(page) = pages.next() {
            sink(page).await.map_err(|said| self.refused(of.name, said))?;
        }
        let only_adds = self.contents.asked.only_adds;
        let told = (loaded.shape.clone(), saved_at);
        self.memory().entry(of.name).or_default().swept(&loaded.content, told, loaded.kept.ids.clone(), only_adds);
        Ok(PassEnd { complete: true, bytes: loaded.bytes, as_of: saved_at, ..PassEnd::default() })
    }

    fn how<'l>(&'l self, stream: &'l ListStream) -> RowsToRecords<'l> {
        let companies = self.streams.iter().any(|s| s.of.rows == RowsAs::Account);
        let asked = &self.contents.asked;
        RowsToRecords { stream: &stream.of, asked, mapper: &stream.mapper, prefix: self.prefix, companies, as_of: self.as_of }
    }

    async fn read_pass(&self, stream: &str, pass: Pass, mut sink: PageSink<'_>) -> Result<PassEnd, Error> {
        let stream = self.stream(stream)?;
        match pass {
            Pass::Sweep | Pass::SweepFrom(_) => self.sweep(stream, &mut sink).await,
            Pass::Resume { cursor, .. } => self.resume(stream, cursor.as_deref(), &mut sink).await,
            Pass::Changes(_) | Pass::Open | Pass::ForEach(_) | Pass::FilterTest(_) | Pass::ById(_) => {
                Err(self.refused(stream.of.name, "a list can be read as a whole only".to_string()))
            }
        }
    }

    async fn read_first_page(&self, stream: &str) -> Result<PageRead, Error> {
        let stream = self.stream(stream)?;
        let of = stream.of;
        let content = self.look(of).await?;
        let loaded = self.load(of, content).await?;
        Ok(ListPages::new(self.how(stream), &loaded.lists, &loaded.kept).next().unwrap_or_default())
    }
}

/// What a stream of the manifest offers.
fn info(name: &str, stream: &crate::connector::manifest::Stream, mapper: Option<&Mapper>, only_adds: bool) -> StreamInfo {
    let is_deal = stream.entity == Entity::Deal;
    StreamInfo {
        name: name.into(),
        entity: stream.entity,
        every: stream.every,
        sweep_every: stream.sweep_every,
        lag: stream.lag.unwrap_or_default(),
        reads: if stream.entity == Entity::DealPerson { Reads::Associations } else { Reads::Cursor },
        sweeps: stream.sweep.is_some(),
        tells_missing: !only_adds,
        overlaps: false,
        sound: true,
        open: false,
        carried_by: stream.carried_by.as_deref().map(Name::from),
        for_each: None,
        sweep_carries_people: is_deal,
        changes_carry_people: is_deal,
        open_carries_people: false,
        chunk: 0,
        fields: mapper.map(Mapper::field_names).unwrap_or_default(),
        watched: mapper.map(Mapper::watched).unwrap_or_default(),
        by_id: 0,
    }
}

impl Connector for FileConnector {
    fn system(&self) -> &Name {
        &self.system
    }

    fn streams(&self) -> &[StreamInfo] {
        &self.infos
    }

    fn abilities(&self) -> &Abilities {
        &self.abilities
    }

    fn pass<'a>(&'a self, stream: &'a str, pass: Pass, sink: PageSink<'a>) -> BoxFuture<'a, Result<PassEnd, Error>> {
        self.read_pass(stream, pass, sink).boxed()
    }

    fn first_page<'a>(&'a self, stream: &'a str) -> BoxFuture<'a, Result<PageRead, Error>> {
        self.read_first_page(stream).boxed()
    }

    fn write<'a>(&'a self, ops: &'a [WriteOp], _: Lane) -> BoxFuture<'a, Vec<Outcome>> {
        let refused = Outcome::Rejected("nothing is written to lists".to_string());
        futures::future::ready(vec![refused; ops.len()]).boxed()
    }

    fn read_back<'a>(&'a self, _: &'a [ShortText], _: Lane) -> BoxFuture<'a, Result<Vec<Record>, Error>> {
        futures::future::ready(Ok(Vec::new())).boxed()
    }

    fn hand_over<'a>(&'a self, all: &'a [ListedWrite]) -> BoxFuture<'a, Result<Vec<ListedOutcome>, String>> {
        let Some(out) = self.out.clone() else {
            return futures::future::ready(Err("no list goes out of this system".to_string())).boxed();
        };
        let all = all.to_vec();
        let done = tokio::task::spawn_blocking(move || out.hand_over(&all));
        async move { done.await.unwrap_or_else(|_| Err("writing the lists came to no end".to_string())) }.boxed()
    }

    fn status_word(&self, status: &str) -> Box<str> {
        self.out.as_ref().map_or_else(|| status.into(), |out| out.status_word(status))
    }

    fn address(&self) -> &str {
        &self.address
    }

    fn usage(&self) -> Usage {
        Usage::default()
    }

    fn restore_usage(&self, _: Usage) {}

    fn notes(&self) -> Vec<String> {
        let of = self.streams.iter().map(|stream| stream.of);
        of.flat_map(|of| self.contents.notes(&of, (self.clock)()).unwrap_or_else(|why| vec![why]))
            .chain(self.out.iter().flat_map(|out| out.notes()))
            .collect::<std::collections::BTreeSet<_>>()
            .into_iter()
            .collect()
    }
}

impl fmt::Debug for FileConnector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FileConnector").field("system", &self.system).finish_non_exhaustive()
    }
}
