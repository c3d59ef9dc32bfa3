//! What really is in the four systems, whoever has seen it. Each keeps some earlier versions of a record: what a search index still shows.

pub mod account;
pub mod against;
mod forms;
mod instance;
pub mod labels;
pub mod past;
pub mod said;

pub use forms::OwnForm;

use super::dice::Dice;
use account::{Account, Doer, Doing};
use nayose::model::{Address, DealState, Entity, Mark, Name, Record, RecordId, RefusalScope, ShortText, TicketState, Time, Value};
use past::Past;
use said::Said;
use std::collections::BTreeMap;

/// Added to the marketing system's numbers: such ids are integers that no double tells apart.
const BEYOND_DOUBLES: u64 = 1 << 53;
/// Earlier versions kept of a record.
const VERSIONS_MAX: usize = 5;

/// The listings of the four systems.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Table {
    CrmPeople,
    CrmCompanies,
    CrmDeals,
    SupportPeople,
    SupportTickets,
    MaPeople,
    NewsPeople,
}

impl Table {
    pub const ALL: [Table; 7] = [
        Table::CrmPeople,
        Table::CrmCompanies,
        Table::CrmDeals,
        Table::SupportPeople,
        Table::SupportTickets,
        Table::MaPeople,
        Table::NewsPeople,
    ];
    /// Where mail goes out from.
    pub const MAILERS: [Table; 2] = [Table::MaPeople, Table::NewsPeople];
    pub const PEOPLE: [Table; 4] = [Table::CrmPeople, Table::SupportPeople, Table::MaPeople, Table::NewsPeople];

    pub fn system(self) -> &'static str {
        match self {
            Table::CrmPeople | Table::CrmCompanies | Table::CrmDeals => "crm",
            Table::SupportPeople | Table::SupportTickets => "support",
            Table::MaPeople => "ma",
            Table::NewsPeople => "news",
        }
    }

    pub fn stream(self) -> &'static str {
        match self {
            Table::CrmCompanies => "companies",
            Table::CrmDeals => "deals",
            Table::SupportTickets => "tickets",
            _ => "people",
        }
    }

    pub fn entity(self) -> Entity {
        match self {
            Table::CrmCompanies => Entity::Account,
            Table::CrmDeals => Entity::Deal,
            Table::SupportTickets => Entity::Ticket,
            _ => Entity::Person,
        }
    }

    /// How long after a change a search or an export may still not show it.
    fn index_lag_ms(self) -> i64 {
        match self {
            Table::NewsPeople | Table::SupportPeople | Table::SupportTickets => 0,
            _ => 55_000,
        }
    }

    pub fn id(self, number: u32) -> RecordId {
        RecordId::new(self.system(), self.entity(), self.shown(number).to_string())
    }

    /// A record's number as its system shows it.
    pub fn shown(self, number: u32) -> u64 {
        u64::from(number) + if self == Table::MaPeople { BEYOND_DOUBLES } else { 0 }
    }

    /// The number of a record whose id its system shows so.
    pub fn number(self, shown: &str) -> Option<u32> {
        let shown: u64 = shown.parse().ok()?;
        u32::try_from(shown.checked_sub(self.shown(0))?).ok()
    }
}

/// Who set the block that a mailer's record shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BlockBy {
    Nobody,
    Us,
    Marketer,
    /// A marketer's, set while a write of ours had no known outcome.
    Unclear,
}

/// One moment of a record.
#[derive(Debug, Clone)]
pub struct Version {
    /// The system's own time of the change; bulk jobs leave it as it was.
    pub stamped: Time,
    /// From when on a search shows it.
    pub visible: Time,
    pub record: Record,
    pub deleted: bool,
}

/// A record, its past, and what checks must know of it.
#[derive(Debug, Clone)]
pub struct Item {
    pub versions: Vec<Version>,
    /// Who it really is.
    pub human: u32,
    pub block_by: BlockBy,
    /// Since when it bears its present address, is in its present state, and names each person.
    pub address_since: Time,
    pub state_since: Time,
    pub account_since: Time,
    /// The present address, or account, came by a change that moved no time.
    pub address_silent: bool,
    pub account_silent: bool,
    pub people_since: BTreeMap<ShortText, Time>,
    /// The last change that was not ours, and whether it moved no time, so that only a sweep shows it.
    pub touched: Time,
    pub touched_silently: bool,
}

impl Item {
    pub fn now(&self) -> &Version {
        self.versions.last().expect("an item has a version")
    }

    pub fn record(&self) -> &Record {
        &self.now().record
    }

    pub fn deleted(&self) -> bool {
        self.now().deleted
    }

    /// What a search shows of it.
    pub fn visible(&self, now: Time) -> Option<&Version> {
        self.versions.iter().rev().find(|v| v.visible <= now)
    }

    pub fn refused(&self) -> bool {
        !self.record().refusals.is_empty()
    }
}

/// One entry of the marketing system's feed of changes.
#[derive(Debug, Clone, Copy)]
pub struct Event {
    pub at: Time,
    pub visible: Time,
    pub id: u32,
    pub deleted: bool,
}

/// How a change comes about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Way {
    /// Stamped, and told by feeds.
    Usual,
    /// A bulk job: no time moves, no feed tells it.
    Silent,
}

#[derive(Debug, Default)]
pub struct Truth {
    pub now: Time,
    /// When an answer told the time last: how far our clock may be off since, nobody knows.
    pub heard_at: Time,
    tables: BTreeMap<Table, BTreeMap<u32, Item>>,
    next: u32,
    /// By mailer: its feed.
    pub feed: Vec<Event>,
    /// The marketing system stores values in its own form.
    pub own_form: Option<OwnForm>,
    /// The newsletter's labels, and which of them each member wears, as often as it does.
    pub labels: BTreeMap<u32, String>,
    worn: BTreeMap<u32, Vec<u32>>,
    /// CRM people who were merged into another, and further companies of those that there are.
    pub merged: BTreeMap<u32, u32>,
    pub more_accounts: BTreeMap<u32, Vec<u32>>,
    /// Texts of addresses that are not simply the address: what they mean.
    pub meanings: BTreeMap<String, Vec<Address>>,
    /// Cursors of former epochs are not taken any more.
    pub epoch: u32,
    /// Who typed what.
    pub account: Account,
    /// What the CRM keeps of its contacts' fields.
    pub past: Past,
    /// The words' fields are there, and what they ever showed.
    pub spoken: bool,
    pub said: Said,
}

impl Truth {
    pub fn new(now: Time, own_form: Option<OwnForm>) -> Truth {
        Truth {
            now,
            heard_at: now,
            own_form,
            labels: BTreeMap::new(),
            worn: BTreeMap::new(),
            merged: BTreeMap::new(),
            more_accounts: BTreeMap::new(),
            meanings: BTreeMap::new(),
            epoch: 0,
            account: Account::default(),
            past: Past::default(),
            spoken: false,
            said: Said::default(),
            next: 1,
            tables: Table::ALL.into_iter().map(|t| (t, BTreeMap::new())).collect(),
            feed: Vec::new(),
        }
    }

    pub fn table(&self, table: Table) -> &BTreeMap<u32, Item> {
        &self.tables[&table]
    }

    pub fn item(&self, table: Table, id: u32) -> Option<&Item> {
        self.tables[&table].get(&id)
    }

    pub fn item_mut(&mut self, table: Table, id: u32) -> Option<&mut Item> {
        self.tables.get_mut(&table)?.get_mut(&id)
    }

    pub fn find(&self, id: &RecordId) -> Option<&Item> {
        let table = Table::ALL.into_iter().find(|t| t.system() == &*id.system && t.entity() == id.entity)?;
        self.item(table, table.number(&id.id)?)
    }

    /// Numbers of the records that are there.
    pub fn living(&self, table: Table) -> Vec<u32> {
        self.tables[&table].iter().filter(|(_, i)| !i.deleted()).map(|(n, _)| *n).collect()
    }

    pub fn some_deal_is_open(&self) -> bool {
        let living = self.tables[&Table::CrmDeals].values().filter(|i| !i.deleted());
        living.into_iter().any(|i| i.record().deal.is_some_and(|d| d.is_open()))
    }

    pub fn any(&self, table: Table, dice: &mut Dice) -> Option<u32> {
        dice.pick(&self.living(table)).copied()
    }

    /// Adds a record; `fill` gives it its content.
    pub fn add(&mut self, table: Table, human: u32, dice: &mut Dice, fill: impl FnOnce(&mut Record)) -> u32 {
        let id = self.next;
        self.next += 1;
        let mut record = Record::new(table.id(id));
        match table {
            Table::MaPeople => record.set_mark(Mark::Block, Value::Bool(false)),
            Table::NewsPeople => {
                record.set_mark(Mark::Block, Value::Bool(false));
                record.set_mark(Mark::Permit, Value::Bool(false));
            }
            Table::CrmDeals => record.deal = Some(DealState::Open),
            Table::SupportTickets => record.ticket = Some(TicketState::Open),
            _ => {}
        }
        fill(&mut record);
        self.changed(table, id, None, &record, Doing { at: self.now, by: Doer::Person, silently: false });
        let people_since = record.people.iter().map(|p| (p.clone(), self.now)).collect();
        let version = self.version(table, record, None, false, Way::Usual, dice);
        let now = self.now;
        let item = Item {
            versions: vec![version],
            human,
            block_by: BlockBy::Nobody,
            address_since: now,
            state_since: now,
            account_since: now,
            address_silent: false,
            account_silent: false,
            people_since,
            touched: now,
            touched_silently: false,
        };
        self.tables.entry(table).or_default().insert(id, item);
        id
    }

    /// Changes a record. What the job puts there moves the record's time though it stands there already.
    pub fn change_by(&mut self, table: Table, id: u32, way: Way, by: Doer, dice: &mut Dice, edit: impl FnOnce(&mut Record)) -> bool {
        let Some(item) = self.tables.get(&table).and_then(|t| t.get(&id)).filter(|i| !i.deleted()) else { return false };
        let old = item.record().clone();
        let stamped = item.now().stamped;
        let mut record = old.clone();
        edit(&mut record);
        if record == old && by != Doer::Job {
            return true;
        }
        self.changed(table, id, Some(&old), &record, Doing { at: self.now, by, silently: way == Way::Silent });
        let version = self.version(table, record, Some(stamped), false, way, dice);
        let now = self.now;
        let Some(item) = self.item_mut(table, id) else { return false };
        let new = &version.record;
        if new.text("email") != old.text("email") || new.addresses != old.addresses {
            (item.address_since, item.address_silent) = (now, way == Way::Silent);
        }
        let amount = |r: &Record| r.field("amount").map(|f| f.value.clone());
        if new.deal != old.deal || new.ticket != old.ticket || new.text("priority") != old.text("priority") || amount(new) != amount(&old) {
            item.state_since = now;
        }
        if new.account != old.account {
            (item.account_since, item.account_silent) = (now, way == Way::Silent);
        }
        item.people_since.retain(|p, _| new.people.contains(p));
        for person in &new.people {
            item.people_since.entry(person.clone()).or_insert(now);
        }
        if by != Doer::Us {
            (item.touched, item.touched_silently) = (now, way == Way::Silent);
        }
        item.versions.push(version);
        if item.versions.len() > VERSIONS_MAX {
            item.versions.remove(0);
        }
        true
    }

    pub fn delete(&mut self, table: Table, id: u32, dice: &mut Dice) {
        // A list of several that becomes empty is not believed: someone has to look, for ever.
        if self.living(table).len() < 2 {
            return;
        }
        let Some(item) = self.item(table, id).filter(|i| !i.deleted()) else { return };
        let (record, stamped) = (item.record().clone(), item.now().stamped);
        let version = self.version(table, record, Some(stamped), true, Way::Usual, dice);
        let now = self.now;
        if let Some(item) = self.item_mut(table, id) {
            item.versions.push(version);
            (item.state_since, item.touched) = (now, now);
        }
    }

    fn version(&mut self, table: Table, mut record: Record, old: Option<Time>, deleted: bool, way: Way, dice: &mut Dice) -> Version {
        let stamped = match (way, old) {
            (Way::Silent, Some(old)) => old,
            _ => self.now,
        };
        let visible = Time(self.now.0 + dice.range(0, table.index_lag_ms() + 1));
        record.changed_at = Some(stamped);
        if table == Table::MaPeople && way == Way::Usual {
            let id = table.number(&record.id.id).unwrap_or(0);
            self.feed.push(Event { at: self.now, visible, id, deleted });
            // Entries get their place in the feed when they show.
            self.feed.sort_by_key(|e| e.visible);
        }
        Version { stamped, visible, record, deleted }
    }
}

pub fn text(record: &mut Record, field: &str, value: &str, at: Time) {
    record.set(&Name::from(field), Value::text(value), at);
}

pub fn refuse(record: &mut Record, on: bool) {
    record.refusals.clear();
    if on {
        record.refusals.push(RefusalScope::All);
    }
}
