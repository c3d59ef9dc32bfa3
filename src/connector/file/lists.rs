//! The rows of a stream: out of which files, which of several with one id counts, and the records that they become.

use super::asked::ListsAsked;
use super::cells::ListCell;
use super::consents::ConsentSaid;
use super::manifest::StreamOfLists;
use super::profiles::ListProfile;
use super::rows::{ListRow, PEOPLE, RowsAs, SAID};
use super::table::{ListTable, TableRows};
use crate::connector::map::{Carries, Mapper};
use crate::connector::port::{Observed, PageRead};
use crate::connector::raw::json::Json;
use crate::model::{Editor, LastEdit, Name, Time};
use hashbrown::{HashMap, HashSet};
use std::collections::BTreeSet;
use std::sync::Arc;

/// Records that are handed on at a time.
const PAGE: usize = 500;
/// So many rows that count for nothing are named; of the rest only their number is told.
const TOLD_MAX: usize = 10;

/// Why a deal is kept out that is one.
const HOLDS_NOBODY: &str =
    "a deal that may be open names neither a company nor an address that can be read, so that nobody is held by it; name whom it is with";

/// The files of one list, read.
#[derive(Debug)]
pub struct LoadedList {
    pub profile: ListProfile,
    pub tables: Vec<ListTable>,
}

impl LoadedList {
    /// The columns that its files have.
    pub fn shape(&self) -> BTreeSet<&'static str> {
        self.tables.iter().flat_map(|table| table.columns.shape()).collect()
    }
}

/// An id, so short that millions can be kept.
pub type IdHash = u128;

fn id_hash(id: &str) -> IdHash {
    let hash = blake3::hash(id.as_bytes());
    let (first, _) = hash.as_bytes().split_at(16);
    first.iter().fold(0, |number, byte| number << 8 | u128::from(*byte))
}

/// Which rows of a stream count.
#[derive(Debug, Default)]
pub struct RowsKept {
    /// The places of those that do not.
    dropped: HashSet<u32>,
    /// Whom the rows tell of, sorted.
    pub ids: Vec<IdHash>,
    /// What any row with an id says against mail to its person, whichever of several counts otherwise.
    pub against: HashMap<IdHash, ConsentSaid>,
    /// What is to be told of rows that share an id.
    pub told: Vec<String>,
    /// Two rows have one id, and are of two people or deals: whichever of them counted, the other would be lost.
    pub clash: Option<String>,
}

/// A row that counts so far.
struct Best {
    place: u32,
    rank: String,
    /// Whom or what it speaks of beside its id.
    of: Option<IdHash>,
    /// From the list of companies itself.
    own: bool,
    at: (usize, usize, usize),
}

/// Looks at all rows of a stream, and decides which of several with one id counts: the last, or one of a higher rank.
pub fn keep(stream: &StreamOfLists, lists: &[Arc<LoadedList>], asked: &ListsAsked) -> RowsKept {
    let mut kept = RowsKept::default();
    let mut best: HashMap<IdHash, Best> = HashMap::new();
    let mut count = 0;
    let mut place = 0;
    each_row(lists, |(list, table), number, row| {
        let here = place;
        place += 1;
        let Some(id) = row.id(stream.rows).filter(|_| !row.says_nothing(asked)) else { return };
        if says_against(stream.rows)
            && let Some(said) = row.against(asked)
        {
            let known = kept.against.entry(id_hash(&id)).or_insert(ConsentSaid::Nothing);
            *known = said.max(std::mem::replace(known, ConsentSaid::Nothing));
        }
        let own = row.profile == ListProfile::Accounts;
        let of = row.beside_its_id(stream.rows).map(|of| id_hash(&of));
        let new = Best { place: here, rank: row.rank(stream.rows, asked), of, own, at: (list, table, number) };
        let Some(known) = best.get_mut(&id_hash(&id)) else {
            best.insert(id_hash(&id), new);
            return;
        };
        if let (Some(one), Some(other)) = (known.of, new.of)
            && one != other
        {
            let [first, second] = [known.at, new.at].map(|(list, table, number)| lists[list].tables[table].place(number, None));
            let what = if stream.rows == RowsAs::Deal { "is another deal" } else { "has another address" };
            kept.clash.get_or_insert(format!(
                "{second}: it has the id of {first} and {what}; each needs an id of its own, and nothing is taken until then"
            ));
        }
        let derived = stream.rows == RowsAs::Account && !(known.own && own);
        let wins = if derived { own } else { new.rank >= known.rank };
        let loser = if wins { std::mem::replace(known, new) } else { new };
        kept.dropped.insert(loser.place);
        // That several deals have one contact, or several people one company, is as it should be.
        if !derived && stream.rows != RowsAs::DealContact {
            count += 1;
            if count <= TOLD_MAX {
                let place_of = |(list, table, number): (usize, usize, usize)| {
                    let lists: &LoadedList = &lists[list];
                    lists.tables[table].place(number, None)
                };
                kept.told.push(format!("{}: the row has the id of {}, which counts", place_of(loser.at), place_of(known.at)));
            }
        }
    });
    if count > TOLD_MAX {
        kept.told.push(format!("and {} more rows have the id of another", count - TOLD_MAX));
    }
    kept.ids = best.into_keys().collect();
    kept.ids.sort_unstable();
    kept
}

/// Whether rows that are read so speak of people.
fn says_against(rows: RowsAs) -> bool {
    matches!(rows, RowsAs::Person | RowsAs::DealContact)
}

/// Goes through all rows: with the place of list and file, the row's number, and the row.
fn each_row(lists: &[Arc<LoadedList>], mut with: impl FnMut((usize, usize), usize, ListRow<'_>)) {
    for (at, list) in lists.iter().enumerate() {
        for (file, table) in list.tables.iter().enumerate() {
            let mut rows = table.rows();
            while let Some((number, cells)) = rows.next() {
                with((at, file), number, ListRow { profile: list.profile, columns: &table.columns, cells });
            }
        }
    }
}

/// What rows are made into records with.
#[derive(Clone, Copy)]
pub struct RowsToRecords<'l> {
    pub stream: &'l StreamOfLists,
    pub asked: &'l ListsAsked,
    pub mapper: &'l Mapper,
    /// Of the people that deals name.
    pub prefix: &'static str,
    /// Whether the system has companies.
    pub companies: bool,
    /// Since when undated values are as they are; without it, since their file was written.
    pub as_of: Option<Time>,
}

/// The pages of a stream, one after the other.
pub struct ListPages<'l> {
    how: RowsToRecords<'l>,
    lists: &'l [Arc<LoadedList>],
    kept: &'l RowsKept,
    /// Tables that are still to come, the last first.
    tables: Vec<(ListProfile, &'l ListTable)>,
    open: Option<(ListProfile, &'l ListTable, TableRows<'l>)>,
    place: u32,
}

impl<'l> ListPages<'l> {
    pub fn new(how: RowsToRecords<'l>, lists: &'l [Arc<LoadedList>], kept: &'l RowsKept) -> ListPages<'l> {
        let tables = lists.iter().flat_map(|list| list.tables.iter().map(|table| (list.profile, table)));
        let mut tables: Vec<_> = tables.collect();
        tables.reverse();
        ListPages { how, lists, kept, tables, open: None, place: 0 }
    }

    /// The next page; `None` behind the last. A stream without rows has one, which is empty.
    pub fn next(&mut self) -> Option<PageRead> {
        let mut page = PageRead::default();
        loop {
            if self.open.is_none() {
                match self.tables.pop() {
                    Some((profile, table)) => self.open = Some((profile, table, table.rows())),
                    None => return (!is_empty(&page)).then_some(page),
                }
            }
            let Some((profile, table, rows)) = &mut self.open else { continue };
            page.shown_at = Some(table.modified);
            let Some((number, cells)) = rows.next() else {
                self.open = None;
                if is_empty(&page) {
                    continue;
                }
                // The next file was saved at another time.
                return Some(page);
            };
            let here = self.place;
            self.place += 1;
            if self.kept.dropped.contains(&here) {
                continue;
            }
            self.how.record(*profile, table, (number, cells), self.kept, &mut page);
            if page.observed.len() >= PAGE {
                page.announced = Some(self.kept.ids.len()).filter(|_| !self.lists.is_empty());
                return Some(page);
            }
        }
    }
}

fn is_empty(page: &PageRead) -> bool {
    page.observed.is_empty() && page.quarantined.is_empty() && page.unread.is_empty()
}

/// Notes of each value in which file it stands.
fn came_out_of(file: &Name, row: &mut Observed) {
    if let Observed::Record { record, .. } = row {
        let edit = LastEdit { dated: false, by: Some(Editor::InFile(file.clone())) };
        record.fields.iter_mut().for_each(|field| field.last_edit = Some(Box::new(edit.clone())));
    }
}

/// The deals of a page from these places on name companies as they are called, whichever system knows them.
fn names_companies(page: &mut PageRead, observed: usize, unread: usize) {
    for row in &mut page.observed[observed..] {
        if let Observed::Record { record, .. } = row {
            record.names_companies = true;
        }
    }
    page.unread[unread..].iter_mut().for_each(|row| row.names_companies = true);
}

impl RowsToRecords<'_> {
    /// What the rows with a row's id say against mail, as a refusal is read from it; that nothing is said against it is no consent.
    fn against(&self, row: ListRow<'_>, kept: &RowsKept) -> Json<'static> {
        let nothing = Json::Bool(true);
        if kept.against.is_empty() {
            return nothing;
        }
        let said = row.id(self.stream.rows).and_then(|id| kept.against.get(&id_hash(&id)).cloned());
        said.and_then(ConsentSaid::raw).unwrap_or(nothing)
    }

    /// Adds what a row becomes to the page. What cannot be read is told by where it stands.
    fn record(&self, profile: ListProfile, table: &ListTable, (number, cells): (usize, &[ListCell]), kept: &RowsKept, page: &mut PageRead) {
        let row = ListRow { profile, columns: &table.columns, cells };
        let may_be_nobody = matches!(self.stream.rows, RowsAs::DealContact | RowsAs::Account);
        if (may_be_nobody && row.id(self.stream.rows).is_none()) || row.says_nothing(self.asked) {
            return;
        }
        let mut values = row.values(self.stream.rows, self.asked, self.prefix, self.companies);
        if says_against(self.stream.rows) && profile.may_refuse() {
            values.push((SAID, self.against(row, kept)));
        }
        let (observed, quarantined, unread) = (page.observed.len(), page.quarantined.len(), page.unread.len());
        let carries = Carries { people: self.stream.rows == RowsAs::Deal, accounts: true };
        if self.stream.rows == RowsAs::Deal && row.holds_nobody(self.asked) {
            // A name alone leads to nobody.
            values.retain(|(key, _)| *key != PEOPLE);
            self.mapper.pass_over(&Json::Object(values.into()), carries, HOLDS_NOBODY, page);
        } else {
            self.mapper.map(&Json::Object(values.into()), self.as_of.unwrap_or(table.modified), carries, page);
        }
        page.observed[observed..].iter_mut().for_each(|row| came_out_of(&table.path, row));
        if self.stream.rows == RowsAs::Deal {
            names_companies(page, observed, unread);
        }
        for told in &mut page.quarantined[quarantined..] {
            let column = row.place_of(&told.field);
            if column.is_some_and(|column| row.is_broken(column)) {
                told.why = "is an error of the workbook, as #N/A, or a formula that was never computed".to_string();
            }
            told.why = format!("{} ({})", told.why, table.place(number, column));
        }
        for told in &mut page.unread[unread..] {
            told.why = format!("{} ({})", told.why, table.place(number, None));
        }
    }
}
