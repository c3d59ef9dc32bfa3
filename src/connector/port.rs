//! What the daemon sees of a system, whatever kind of connector stands behind it.

pub use crate::connector::port::error::Error;
pub use crate::connector::port::kept_out::{Quarantined, UnknownCode, Unread};
pub use crate::connector::port::shown::{RestsOn, Shown, WatchedField, last_name};
pub use crate::connector::port::unmapped::UnmappedField;
pub use back::{BackByClearing, WordOrder};
pub use change::{Change, PermitChange, PermitChanges, StatusChange, WriteKind};
pub use edits::EditsAsked;
pub use listed::{ListedOutcome, ListedWrite};
pub use pick_list::{PickList, WrittenWord};
mod back;
mod change;
mod edits;
mod error;
pub mod kept_out;
mod listed;
mod pick_list;
pub mod shown;
pub mod unmapped;

use crate::connector::file::asked::ListsAsked;
use crate::connector::map::refusal_words::RefusalWord;
use crate::model::{Entity, Name, OwnPermit, PermitFor, Record, RecordId, ShortText, Span, Time, Value};
use futures::FutureExt;
use futures::future::BoxFuture;
use secrecy::SecretString;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

/// One system of systems.toml, resolved: what a connector needs to know of it.
#[derive(Debug, Clone)]
pub struct SystemSettings {
    /// Its name in systems.toml.
    pub name: Name,
    pub settings: BTreeMap<String, SettingValue>,
    /// Names of the permit's and the reason's field or label in the target, where `hold = { .. }` gives them.
    pub permit: Option<String>,
    /// The same of permits for one kind or topic of mail.
    pub permits: BTreeMap<OwnPermit, String>,
    pub why: Option<String>,
    /// Of zoneless dates; UTC unless given. An IANA name.
    pub time_zone: Option<String>,
    /// What the system's own words in opt-out fields mean, where they are neither yes nor no.
    pub refusal_words: BTreeMap<String, RefusalWord>,
    /// What the system calls our lead statuses, where it is not the manifest's word.
    pub status_words: BTreeMap<String, String>,
    /// Fields that this account of the system has not, by the system's own names.
    pub lacks: Vec<String>,
    pub edits: EditsAsked,
    /// The lists that it is, where it is no system with an API.
    pub lists: Option<ListsAsked>,
}

#[derive(Debug, Clone)]
pub enum SettingValue {
    Plain(String),
    Secret(SecretString),
}

/// The wall clock, handed in: only the daemon owns one.
pub type Clock = std::sync::Arc<dyn Fn() -> Time + Send + Sync>;

/// A record as one answer showed it.
#[derive(Debug, Clone, PartialEq)]
pub enum Observed {
    /// `memory` of the record is empty here but for `ended_at`, where the system tells it; `people_told` says whether its `people` are the whole list or were not part of the answer,
    /// `accounts_told` the same of its accounts beside the first.
    Record { record: Box<Record>, people_told: bool, accounts_told: bool },
    /// The system reports it deleted.
    Deleted(RecordId),
    /// All the people of one deal, from an association read.
    DealPeople { deal: RecordId, people: Vec<ShortText> },
    /// It was asked for by its id and is not there, or may not be seen.
    NotFound(RecordId),
    /// It was asked for by its id, and another record of the same stream came in its place.
    Merged { from: RecordId, into: ShortText },
}

impl Observed {
    /// The record that it speaks of.
    pub fn id(&self) -> &RecordId {
        match self {
            Observed::Record { record, .. } => &record.id,
            Observed::Deleted(id) | Observed::DealPeople { deal: id, .. } | Observed::NotFound(id) | Observed::Merged { from: id, .. } => {
                id
            }
        }
    }
}

/// One page of a pass, in order.
#[derive(Debug, Clone, Default)]
pub struct PageRead {
    pub observed: Vec<Observed>,
    pub quarantined: Vec<Quarantined>,
    /// Rows that are no records, for whom they can concern.
    pub unread: Vec<Unread>,
    /// What stood in its rows where a map says what codes mean, and is in no map.
    pub unknown_codes: Vec<UnknownCode>,
    /// Where to go on after this page: the cursor of a stream that has one which outlives the pass, or the place in a sweep.
    pub cursor: Option<Box<str>>,
    /// A row shows only a part of a list of its own, and nothing else tells the rest: which.
    pub cut_short: Option<String>,
    /// The server's `Date` minus ours at that moment, in milliseconds, where it sent one.
    pub clock_skew_ms: Option<i64>,
    /// What its rows showed of the fields that something rests on.
    pub shown: Shown,
    /// When its rows were so, where that is another time than that of asking: a list was saved then.
    pub shown_at: Option<Time>,
    /// Fields in its rows that nothing reads. Only told of a first page.
    pub unmapped: Vec<UnmappedField>,
    /// How many records the system says the whole pass is to bring. Only told to whoever waits.
    pub announced: Option<usize>,
}

/// How a stream is read this time.
#[derive(Debug, Clone, PartialEq)]
pub enum Pass {
    /// The whole listing.
    Sweep,
    /// The whole listing, on from where an earlier pass was broken off.
    SweepFrom(Box<str>),
    /// What changed since this time, by the system's clock; overlap and lag are taken off inside.
    Changes(Time),
    /// On from a cursor; the time is where to begin if there is no cursor yet.
    Resume { cursor: Option<Box<str>>, since: Time },
    /// The list of open deals.
    Open,
    /// Associations of these deals.
    ForEach(Vec<ShortText>),
    /// The filter asked with a time in the future: must give nothing.
    FilterTest(Time),
    /// These records, which something names and no listing showed.
    ById(Vec<ShortText>),
}

/// The kinds of pass: each fails, waits and is told by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum PassKind {
    Sweep,
    Changes,
    Resume,
    Open,
    ForEach,
    FilterTest,
    ById,
}

impl Pass {
    pub fn kind(&self) -> PassKind {
        match self {
            Pass::Sweep | Pass::SweepFrom(_) => PassKind::Sweep,
            Pass::Changes(_) => PassKind::Changes,
            Pass::Resume { .. } => PassKind::Resume,
            Pass::Open => PassKind::Open,
            Pass::ForEach(_) => PassKind::ForEach,
            Pass::FilterTest(_) => PassKind::FilterTest,
            Pass::ById(_) => PassKind::ById,
        }
    }

    pub fn is_sweep(&self) -> bool {
        self.kind() == PassKind::Sweep
    }
}

/// How a pass ended.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PassEnd {
    /// Every page to the end was read, and as many records as the system says there are.
    pub complete: bool,
    pub requests: u64,
    pub bytes: u64,
    /// Of a pass that resumes: it is another list than the one that the cursor stands in, and is to be read whole.
    pub is_another: bool,
    /// Why it is not complete though no request failed (fewer records than announced, a page that repeats).
    pub incomplete_because: Option<String>,
    /// What was read is as it was then, whenever it was read: a file that was made of another system.
    pub as_of: Option<Time>,
}

/// What a stream offers.
#[derive(Debug, Clone)]
pub struct StreamInfo {
    pub name: Name,
    pub entity: Entity,
    pub every: Option<Span>,
    pub sweep_every: Option<Span>,
    pub lag: Span,
    pub reads: Reads,
    /// Has a listing of everything.
    pub sweeps: bool,
    /// Who is not in the listing of everything is missing.
    pub tells_missing: bool,
    /// Each filtered pass begins before the newest known change, so that at least that record must come back.
    pub overlaps: bool,
    /// A filtered pass counts as proof.
    pub sound: bool,
    /// Has an `open` list.
    pub open: bool,
    /// deal_person: the stream that carries it.
    pub carried_by: Option<Name>,
    /// deal_person: read for each open deal of that stream.
    pub for_each: Option<Name>,
    /// Its sweep carries deals' people, its changes do, its list of open deals does.
    pub sweep_carries_people: bool,
    pub changes_carry_people: bool,
    pub open_carries_people: bool,
    /// Ids at most in one `Pass::ForEach` request.
    pub chunk: usize,
    /// The fields that its records are read with, by our names.
    pub fields: Vec<Name>,
    /// Those that are looked out for: a place each in what pages show.
    pub watched: Vec<WatchedField>,
    /// Ids at most in one `Pass::ById` request; zero if it cannot be read so.
    pub by_id: usize,
}

/// A stream is read this often unless manifest or config say otherwise.
pub const READ_EVERY: Span = Span::seconds(60);
/// A sweep runs this often behind a filter unless manifest or config say otherwise: no filter is sound.
pub const SWEEP_EVERY: Span = Span::days(1);

/// How a stream learns of changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reads {
    SweepOnly,
    /// `Pass::Changes`
    ModifiedSince,
    /// `Pass::Resume`
    Cursor,
    /// Not by itself: see `carried_by` and `for_each`.
    Associations,
}

#[derive(Debug, Clone, PartialEq)]
pub struct WriteOp {
    pub record: RecordId,
    pub change: Change,
    /// What it sets was set before and was found gone: names that the connector remembers are looked up anew.
    pub again: bool,
}

/// What became of one write to one record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    Applied,
    /// The system said no to this record, and why. Nothing of it was written.
    Rejected(String),
    /// Not known whether it was written: read back before anything else goes there.
    Unknown(String),
    /// Surely not written (no connection, no budget, refused before sending): try again later.
    NotSent(String),
    /// Surely not written: the system asks to wait for so long.
    Later {
        why: String,
        wait: Span,
    },
}

impl Outcome {
    /// The same with another reason.
    pub fn map_text(self, map: impl FnOnce(String) -> String) -> Outcome {
        match self {
            Outcome::Applied => Outcome::Applied,
            Outcome::Rejected(text) => Outcome::Rejected(map(text)),
            Outcome::Unknown(text) => Outcome::Unknown(map(text)),
            Outcome::NotSent(text) => Outcome::NotSent(map(text)),
            Outcome::Later { why, wait } => Outcome::Later { why: map(why), wait },
        }
    }
}

/// For whom a request is made, in order of right to the budget.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Lane {
    Protective,
    /// Looking at what became of a write. It never takes the place that is kept for protective writes.
    ReadBack,
    /// Releases and permit renewals.
    Release,
    Fields,
    Read,
}

/// What the target can take, for cutting batches.
#[derive(Debug, Clone, Default)]
pub struct Abilities {
    pub block: bool,
    /// The block is a label of our own name, which nobody else sets.
    pub block_is_own_mark: bool,
    /// Sorted.
    pub permits: Vec<PermitFor>,
    /// A permit is a time that ends by itself; else a label or flag.
    pub permit_ends: bool,
    pub why: bool,
    pub status: bool,
    pub fields: Vec<Name>,
    /// Of fields that hold codes, the labels that have one: nothing else can be written there.
    pub labels: BTreeMap<Name, BTreeSet<ShortText>>,
    /// The stream whose records are written to.
    pub stream: Option<Name>,
    /// Records in one call of `write`.
    pub batch: usize,
    /// Records are read once more before fields are written to them.
    pub looks_first: bool,
    pub back_by_clearing: BackByClearing,
    /// A person carries over what is written, by lists that lie here: `hand_over` in place of `write`, and what became of it is seen when
    /// the system is read.
    pub by_hand: Option<Box<str>>,
}

impl Abilities {
    /// Whether records of a stream are written to.
    pub fn writes_to(&self, stream: &Name) -> bool {
        self.stream.as_ref() == Some(stream)
    }

    /// Whether the system has a code for a value; true where it needs none.
    pub fn has_code_for(&self, field: &Name, value: &Value) -> bool {
        let Some(labels) = self.labels.get(field) else { return true };
        match value {
            Value::Empty => true,
            Value::Text(text) => labels.contains(text),
            Value::List(texts) => texts.iter().all(|text| labels.contains(text)),
            other => labels.contains(&*other.to_string()),
        }
    }
}

/// Requests today against the daily limit, kept by the connector, persisted by the daemon.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Usage {
    /// The day that `used` counts for, in days since 1970-01-01, where the system begins its days.
    pub day: i64,
    /// When that day ends.
    pub ends: Time,
    pub used: u64,
    pub limit: Option<u64>,
}

/// A sink for pages; waiting in it is the back-pressure. Its error ends the pass.
pub type PageSink<'a> = Box<dyn FnMut(PageRead) -> BoxFuture<'a, Result<(), String>> + Send + 'a>;

/// A system as the daemon uses it.
pub trait Connector: Send + Sync + fmt::Debug {
    fn system(&self) -> &Name;
    fn streams(&self) -> &[StreamInfo];
    fn abilities(&self) -> &Abilities;
    /// Reads a stream; each page goes to `sink` while the next is under way.
    fn pass<'a>(&'a self, stream: &'a str, pass: Pass, sink: PageSink<'a>) -> BoxFuture<'a, Result<PassEnd, Error>>;
    /// One cheap request per stream: proves the credential and shows what fields become. Returns the first records.
    fn first_page<'a>(&'a self, stream: &'a str) -> BoxFuture<'a, Result<PageRead, Error>>;
    /// Writes a batch (at most `abilities().batch`); one outcome for each op, in order.
    fn write<'a>(&'a self, ops: &'a [WriteOp], lane: Lane) -> BoxFuture<'a, Vec<Outcome>>;
    /// Of a system whose writes go by hand: puts all that is still to be carried out there in the place of what was handed over before, and
    /// tells for each, in order, whether a list has it now. `Err`: nothing was handed over, and why.
    fn hand_over<'a>(&'a self, _all: &'a [ListedWrite]) -> BoxFuture<'a, Result<Vec<ListedOutcome>, String>> {
        futures::future::ready(Err("it takes no lists".to_string())).boxed()
    }
    /// Reads target records by id; those not found are missing from the answer.
    fn read_back<'a>(&'a self, ids: &'a [ShortText], lane: Lane) -> BoxFuture<'a, Result<Vec<Record>, Error>>;
    /// The target's own word for one of our statuses.
    fn status_word(&self, status: &str) -> Box<str>;
    /// Asks for the system's own lists of the words that its statuses, block and fields with codes are written with, of those that are
    /// named: "status", "block", a field. `Err` stands for one that could not be asked for.
    fn pick_lists<'a>(&'a self, _parts: &'a [Name], _statuses: &'a [Name]) -> BoxFuture<'a, Vec<Result<PickList, Error>>> {
        futures::future::ready(Vec::new()).boxed()
    }
    /// Where the system is reached: with nothing better, it is known by that.
    fn address(&self) -> &str {
        ""
    }
    /// Whether `instance` can say more than nothing.
    fn tells_instance(&self) -> bool {
        false
    }
    /// Asks the system which instance of it this is: the id of an organisation, of a portal. `None`: it says nothing of itself.
    fn instance(&self) -> BoxFuture<'_, Result<Option<String>, Error>> {
        futures::future::ready(Ok(None)).boxed()
    }
    /// What whoever keeps the system should know of what it holds; looked at when it is asked for.
    fn notes(&self) -> Vec<String> {
        Vec::new()
    }
    fn usage(&self) -> Usage;
    /// Why a request is being tried again just now, if one is.
    fn trying_again(&self) -> Option<String> {
        None
    }
    /// Puts back what a former run had used.
    fn restore_usage(&self, usage: Usage);
}
