//! What goes wrong in the world beside networks: each kind of fault is a switch that a history turns on, counted how often it was met.

use crate::truth::Table;
use nayose::connector::transport::Outgoing;
use nayose::model::Time;
use std::collections::{BTreeMap, BTreeSet};
use std::hash::{DefaultHasher, Hash, Hasher};

/// The same write so often within ten minutes is one that is repeated without waiting.
const REPEATED_MAX: usize = 20;
const REPEATED_WITHIN_MS: i64 = 600_000;
/// Writes of a field within a day: six, and the first of a value is no return to it.
const FIELD_WRITES_MAX: usize = 7;
/// Of a status, which deals change, too.
const STATUS_WRITES_MAX: usize = 20;
const DAY_MS: i64 = 86_400_000;
/// A block that is taken away each time may be set so often meanwhile.
const TAKEN_MAX: usize = 9;

/// A kind of fault.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Switch {
    /// The marketing system refuses one field of some records for ever, and with it the whole row.
    FieldRefused,
    /// The CRM answers 404 to a whole batch in which one record is gone.
    BatchNotFound,
    /// The marketing system refuses statuses of some records.
    StatusRefused,
    /// Records that show a refusal cannot be edited.
    RefusingLocked,
    /// 500 to every write, none of which is carried out.
    WritesBroken,
    /// Something else takes our block away, again and again.
    BlockTakenAway,
    /// A label is renamed by hand.
    LabelRenamed,
    /// A label is deleted by hand.
    LabelDeleted,
    /// A row of a listing comes without its id.
    RowWithoutId,
    /// The total is missing from a page.
    TotalMissing,
    /// The list is missing from a page that says it is a success.
    ListMissing,
    /// The people of a deal are more than a page of them.
    PeopleOverPage,
    /// A record is dated in the future.
    DatedAhead,
    /// A cursor that was kept is refused by 400.
    CursorRefused,
    /// A field holds characters that are none.
    OddCharacters,
    /// The CRM's contacts cannot be read, its deals can.
    ContactsUnreadable,
    /// An address that cannot be parsed.
    AddressUnreadable,
    /// An address with invisible characters, or written in another form.
    AddressWritten,
    /// Deals are closed with a date in the past.
    ClosedBackdated,
    /// A system's clock is ahead.
    ClockAhead,
    /// A system's clock is behind.
    ClockBehind,
    /// People of the CRM have further addresses.
    SeveralAddresses,
    /// Contacts belong to several companies.
    SeveralCompanies,
    /// What is read back has no id.
    ReadBackWithoutId,
    /// The answer to an opt-out is another word than the usual ones.
    OptOutWords,
    /// The opt-out is in no answer.
    OptOutMissing,
    /// Amounts are written as people write them.
    AmountWritten,
    /// The newsletter's block is an inverted flag (and its pages tell no total).
    InvertedBlock,
    /// Rows that may not be seen are taken out of its pages, which are short without being the last.
    ShortPages,
    /// People put a third value into its flag.
    ThirdValue,
    /// What changed among the deals cannot be asked for; the list of open ones can.
    ChangesRefused,
    /// The marketing system cuts a status short.
    StatusKept,
    /// A look back at what a write did is not answered for long.
    LooksHang,
    /// Writes are answered "later".
    AskedLater,
    /// A permit is written by hand, in words.
    PermitWritten,
    /// A search shows no more than a few rows, however many there are.
    ResultsCapped,
    /// A second list of the newsletter's counts its people from one again.
    IdsOverlap,
    /// Another account of the marketing system answers in the place of the one that was approved.
    AnotherInstance,
    /// While the newsletter's pages are read, a member on an earlier one is deleted.
    RowsLeave,
    /// The people of given deals cannot be asked for, the deals can.
    PeopleUnreadable,
    /// Two systems add something to each title that they are given.
    TitlesGrow,
    /// A job of somebody else's copies values between the CRM and the marketing system.
    JobCopies,
    /// It is one of the CRM's `relays`.
    JobIsRelay,
    /// The history of the CRM's fields cannot be asked for.
    HistoryFails,
    /// Of each field it tells the last few entries only.
    HistoryCut,
    /// It leaves records out.
    HistoryMisses,
    /// It names programs where people edited.
    HistoryByProgram,
}

impl Switch {
    /// It is how this system is: it stays so while everything else becomes well again.
    fn lasts(self) -> bool {
        matches!(
            self,
            Switch::FieldRefused
                | Switch::BatchNotFound
                | Switch::StatusRefused
                | Switch::RefusingLocked
                | Switch::PeopleOverPage
                | Switch::OddCharacters
                | Switch::SeveralAddresses
                | Switch::SeveralCompanies
                | Switch::AmountWritten
                | Switch::InvertedBlock
                | Switch::ShortPages
                | Switch::ThirdValue
                | Switch::ChangesRefused
                | Switch::StatusKept
                | Switch::ResultsCapped
                | Switch::HistoryCut
                | Switch::HistoryMisses
                | Switch::HistoryByProgram
        )
    }

    /// Only the mailer whose block is an inverted flag can do so.
    pub fn needs_inverted_block(self) -> bool {
        matches!(self, Switch::InvertedBlock | Switch::ShortPages | Switch::ThirdValue | Switch::IdsOverlap | Switch::RowsLeave)
    }

    pub const ALL: [Switch; 47] = [
        Switch::FieldRefused,
        Switch::BatchNotFound,
        Switch::StatusRefused,
        Switch::RefusingLocked,
        Switch::WritesBroken,
        Switch::BlockTakenAway,
        Switch::LabelRenamed,
        Switch::LabelDeleted,
        Switch::RowWithoutId,
        Switch::TotalMissing,
        Switch::ListMissing,
        Switch::PeopleOverPage,
        Switch::DatedAhead,
        Switch::CursorRefused,
        Switch::OddCharacters,
        Switch::ContactsUnreadable,
        Switch::AddressUnreadable,
        Switch::AddressWritten,
        Switch::ClosedBackdated,
        Switch::ClockAhead,
        Switch::ClockBehind,
        Switch::SeveralAddresses,
        Switch::SeveralCompanies,
        Switch::ReadBackWithoutId,
        Switch::OptOutWords,
        Switch::OptOutMissing,
        Switch::AmountWritten,
        Switch::InvertedBlock,
        Switch::ShortPages,
        Switch::ThirdValue,
        Switch::ChangesRefused,
        Switch::StatusKept,
        Switch::LooksHang,
        Switch::AskedLater,
        Switch::PermitWritten,
        Switch::ResultsCapped,
        Switch::IdsOverlap,
        Switch::AnotherInstance,
        Switch::RowsLeave,
        Switch::PeopleUnreadable,
        Switch::TitlesGrow,
        Switch::JobCopies,
        Switch::JobIsRelay,
        Switch::HistoryFails,
        Switch::HistoryCut,
        Switch::HistoryMisses,
        Switch::HistoryByProgram,
    ];
}

/// The switches of one history.
#[derive(Debug, Clone, Default)]
pub struct Switches {
    on: BTreeSet<Switch>,
    pub met: BTreeMap<Switch, u64>,
    /// When a write or a look back last failed by the system's own fault.
    disturbed: BTreeMap<&'static str, Time>,
    /// Writes that were asked for of late, by what they say.
    asked: BTreeMap<u64, Vec<Time>>,
    /// The same write came again and again.
    pub repeated: Option<String>,
    /// When a block was set that something else takes away at once, by record.
    taken: BTreeMap<u32, Vec<Time>>,
    /// When a field was written that goes two ways, by record.
    fields: BTreeMap<(u32, &'static str), Vec<Time>>,
    /// Writes that may have been forgotten, and when.
    more_allowed: Vec<Time>,
    /// Some row was refused.
    pub refused: bool,
    /// An empty list was answered where there is something.
    pub lied: bool,
    /// Members of the newsletter that were read and kept.
    pub members_known: BTreeSet<u32>,
    /// While it is false the world behaves.
    pub awake: bool,
}

/// One record in so many has no id.
pub const NO_ID_CRM: u32 = 4;
pub const NO_ID_SUPPORT: u32 = 6;

impl Switches {
    pub fn new(on: &BTreeSet<Switch>) -> Switches {
        let mut on = on.clone();
        if on.iter().any(|s| s.needs_inverted_block()) {
            on.insert(Switch::InvertedBlock);
        }
        if on.contains(&Switch::JobIsRelay) {
            on.insert(Switch::JobCopies);
        }
        Switches { on, met: BTreeMap::new(), awake: true, ..Switches::default() }
    }

    pub fn is_on(&self, switch: Switch) -> bool {
        (self.awake || switch.lasts()) && self.on.contains(&switch)
    }

    /// Whether the history has it, asleep or not.
    pub fn was_on(&self, switch: Switch) -> bool {
        self.on.contains(&switch)
    }

    /// The switches that are on, for the history that a person reads.
    pub fn named(&self) -> String {
        self.on.iter().map(|s| format!("{s:?}")).collect::<Vec<_>>().join(", ")
    }

    /// Counts it. Always true, so that it can end a condition.
    pub fn meet(&mut self, switch: Switch) -> bool {
        *self.met.entry(switch).or_default() += 1;
        true
    }

    /// A write arrives.
    pub fn ask(&mut self, system: &str, request: &Outgoing, now: Time) {
        let mut hasher = DefaultHasher::new();
        (system, request.url.as_str(), &request.body).hash(&mut hasher);
        let times = self.asked.entry(hasher.finish()).or_default();
        times.retain(|at| now.0 - at.0 < REPEATED_WITHIN_MS);
        times.push(now);
        if times.len() > REPEATED_MAX {
            let body = String::from_utf8_lossy(request.body.as_deref().unwrap_or_default()).chars().take(80).collect::<String>();
            let what = format!("{system}: the same write came {} times within 10 min: {} {body}", times.len(), request.url.path());
            self.repeated.get_or_insert(what);
        }
    }

    /// Whether a switch concerns this record: always the same ones, one in `n`.
    pub fn concerns(&self, switch: Switch, table: Table, id: u32, n: u32) -> bool {
        let mixed = (u64::from(id) + ((table as u64) << 32) + ((switch as u64) << 40)).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        self.is_on(switch) && (mixed >> 32).is_multiple_of(u64::from(n))
    }

    /// Whether a record is always shown without its id.
    pub fn has_no_id(&self, table: Table, id: u32) -> bool {
        match table.system() {
            "crm" => self.concerns(Switch::RowWithoutId, table, id, NO_ID_CRM),
            "support" => self.concerns(Switch::RowWithoutId, table, id, NO_ID_SUPPORT),
            _ => false,
        }
    }

    /// A block was set, and is taken away at once.
    pub fn take(&mut self, id: u32, now: Time) {
        let times = self.taken.entry(id).or_default();
        times.retain(|at| now.0 - at.0 < REPEATED_WITHIN_MS);
        times.push(now);
        if times.len() > TAKEN_MAX {
            self.repeated.get_or_insert(format!("ma:person:{id}: a block that is taken away was set {} times within 10 min", times.len()));
        }
    }

    /// A field of a lead was written: writing comes to an end, whatever is made of the values.
    pub fn written(&mut self, id: u32, field: &'static str, now: Time) {
        let times = self.fields.entry((id, field)).or_default();
        times.retain(|at| now.0 - at.0 < DAY_MS);
        times.push(now);
        let most = if field == "leadStatus" { STATUS_WRITES_MAX } else { FIELD_WRITES_MAX };
        if times.len() > most + self.more_allowed.iter().filter(|at| now.0 - at.0 < DAY_MS).count() {
            self.repeated.get_or_insert(format!("ma:person:{id}: {field} was written {} times within a day", times.len()));
        }
    }

    /// A write may be forgotten by who dies before it is booked; all of them with the state, or once their rule is another.
    pub fn forget_writes(&mut self, all: bool, now: Time) {
        self.more_allowed.extend(std::iter::repeat_n(now, if all { FIELD_WRITES_MAX } else { 1 }));
        if all {
            // How often a block was set in vain is counted anew, too.
            self.taken.clear();
        }
    }

    /// Somebody types something new, which is to be written, however often others were.
    pub fn expect_write(&mut self, now: Time) {
        // And once more where a job puts back what stood there.
        self.more_allowed.extend([now, now]);
    }

    /// Other records stand under the same ids.
    pub fn forget_leads(&mut self) {
        self.fields.clear();
    }

    pub fn disturb(&mut self, system: &'static str, now: Time) {
        self.disturbed.insert(system, now);
    }

    pub fn disturbed(&self, system: &str) -> Option<Time> {
        self.disturbed.get(system).copied()
    }

    /// How far a system's clock is ahead, in milliseconds.
    pub fn clock_of(&mut self, system: &str) -> i64 {
        let off = [(Switch::ClockAhead, 31 * 86_400_000), (Switch::ClockBehind, -9 * 3_600_000)];
        match off.into_iter().find(|(switch, _)| system == "support" && self.is_on(*switch)) {
            Some((switch, ahead)) => {
                self.meet(switch);
                ahead
            }
            None => 0,
        }
    }
}
