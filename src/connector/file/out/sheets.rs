//! What stands in the lists: for each column that is written a list of its own, with two columns, so that no import touches anything else.
//!
//! A value that a spreadsheet would take for a formula stands in no list: nothing that can be put before it leaves it as it is. A person
//! types it in the tool. The column by which people are matched is always written, as a stop mark must not wait for that.

use super::form::is_consent;
use super::outlet::Outlet;
use super::sample::{Sample, SampleColumn};
use crate::connector::file::column::{BLOCK, ROW_ID, STATUS};
use crate::connector::port::{Change, ListedOutcome, ListedWrite};
use crate::model::Value;
use crate::model::record::field;
use csv::{QuoteStyle, Terminator, WriterBuilder};
use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

/// One list.
#[derive(Debug)]
pub struct ImportSheet {
    /// Without its ending.
    pub name: String,
    /// The column that is written, as the tool calls it.
    pub column: String,
    /// The column by which people are matched.
    pub key: String,
    /// By what stands in that column.
    pub rows: BTreeMap<String, String>,
    key_first: bool,
}

/// What a write is in a list: the list's name, our name of the column, and the cell.
struct ListedCell {
    list: String,
    column: String,
    text: String,
}

impl Outlet {
    /// Puts writes into lists, and tells what became of each.
    pub(super) fn sheets(&self, sample: &Sample, all: &[ListedWrite]) -> (BTreeMap<String, ImportSheet>, Vec<ListedOutcome>) {
        let mut sheets = BTreeMap::new();
        let outcomes = all.iter().map(|write| self.put(sample, write, &mut sheets)).collect();
        (sheets, outcomes)
    }

    fn put(&self, sample: &Sample, write: &ListedWrite, sheets: &mut BTreeMap<String, ImportSheet>) -> ListedOutcome {
        let Some(cell) = self.cell(&write.change) else {
            return ListedOutcome::NoList("lists hold a block, a status or a field".to_string());
        };
        let (column, key) = match (self.column(sample, &cell.column), self.key(sample)) {
            (Ok(column), Ok(key)) => (column, key),
            (Err(why), _) | (_, Err(why)) => return ListedOutcome::NoList(why),
        };
        let of_person = if key.1 { Some(write.record.id.to_string()) } else { write.address.clone() };
        let Some(of_person) = of_person.filter(|text| !text.is_empty()) else {
            return ListedOutcome::Refused(format!("it has no {}, by which the tool would find the person", key.0.header));
        };
        for (header, text) in [(key.0.header, &of_person), (column.header, &cell.text)] {
            if let Err(lost) = sample.encode(text) {
                return ListedOutcome::Refused(format!(
                    "{header} holds {lost:?}, which {} does not have, the encoding of {}; type it in the tool, or export the sample as UTF-8",
                    sample.encoding_name(),
                    sample.file
                ));
            }
        }
        if is_formula(&cell.text) {
            return ListedOutcome::Refused(format!(
                "{} would be taken for a formula by a spreadsheet, so that no list has it; type it in the tool",
                column.header
            ));
        }
        let sheet = sheets.entry(cell.list.clone()).or_insert_with(|| ImportSheet {
            name: cell.list,
            column: column.header.to_string(),
            key: key.0.header.to_string(),
            rows: BTreeMap::new(),
            key_first: key.0.place < column.place,
        });
        match sheet.rows.entry(of_person) {
            Entry::Vacant(free) => {
                free.insert(cell.text);
            }
            Entry::Occupied(known) if *known.get() == cell.text => {}
            // Of two with one key the one that is to get no mail counts.
            Entry::Occupied(mut known) if cell.column == BLOCK => {
                known.insert(self.asked.on.clone());
            }
            Entry::Occupied(_) => {
                return ListedOutcome::Refused(format!(
                    "another of the tool's people has the same {} and is to get another value",
                    sheet.key
                ));
            }
        }
        ListedOutcome::Listed
    }

    fn cell(&self, change: &Change) -> Option<ListedCell> {
        if let Some(on) = change.block {
            let text = if on { &self.asked.on } else { &self.asked.off };
            return Some(ListedCell { list: "block".to_string(), column: BLOCK.to_string(), text: text.clone() });
        }
        if let Some(status) = &change.status {
            let text = self.status_word(&status.to).to_string();
            return Some(ListedCell { list: "change-status".to_string(), column: STATUS.to_string(), text });
        }
        let (name, value) = change.fields.first()?;
        let text = if *value == Value::Empty { String::new() } else { value.to_string() };
        Some(ListedCell { list: format!("change-{name}"), column: name.to_string(), text })
    }

    /// The column that is written.
    fn column<'s>(&self, sample: &'s Sample, ours: &str) -> Result<SampleColumn<'s>, String> {
        let found = sample.column(ours).ok_or_else(|| format!("{} has no column for {ours}; export it with one", sample.file))?;
        if is_consent(found.header) {
            return Err(format!("{} is the person's own word: no list ever has it", found.header));
        }
        Ok(found)
    }

    /// The column by which people are matched, and whether it holds the tool's own id.
    fn key<'s>(&self, sample: &'s Sample) -> Result<(SampleColumn<'s>, bool), String> {
        let (ids, addresses) = (sample.column(ROW_ID), sample.column(field::EMAIL));
        let found = match &self.asked.key {
            None => addresses.map(|column| (column, false)),
            Some(name) => sample.named(name).and_then(|column| match column {
                column if Some(column) == ids => Some((column, true)),
                column if Some(column) == addresses => Some((column, false)),
                _ => None,
            }),
        };
        found.ok_or_else(|| match &self.asked.key {
            None => format!("{} has no column of addresses, by which the tool would find people", sample.file),
            Some(name) => format!("{} has no column {name:?} that is its id or address of people", sample.file),
        })
    }

    /// What is wrong with the columns, before anything is to be written.
    pub(super) fn column_mistakes(&self, sample: &Sample) -> Vec<String> {
        let wanted = self.asked.block.iter().map(|_| BLOCK).chain(self.asked.status.iter().map(|_| STATUS));
        let columns = wanted.chain(self.asked.wanted.iter().map(|name| &**name)).filter_map(|ours| self.column(sample, ours).err());
        self.key(sample).err().into_iter().chain(columns).collect()
    }
}

impl ImportSheet {
    /// The file, in the form of the sample. `Err`: a name of a column cannot be written so.
    pub fn bytes(&self, sample: &Sample) -> Result<Vec<u8>, String> {
        let quotes = if sample.always_quoted { QuoteStyle::Always } else { QuoteStyle::Necessary };
        let ends = if sample.line_end == "\r\n" { Terminator::CRLF } else { Terminator::Any(b'\n') };
        let mut writer = WriterBuilder::new().delimiter(sample.separator).quote_style(quotes).terminator(ends).from_writer(Vec::new());
        let head = (&self.key, &self.column);
        for (key, value) in std::iter::once(head).chain(&self.rows) {
            let row: [&str; 2] = if self.key_first { [key, value] } else { [value, key] };
            writer.write_record(row).map_err(|e| e.to_string())?;
        }
        let text = writer.into_inner().map_err(|e| e.to_string())?;
        sample.encode(&String::from_utf8_lossy(&text)).map_err(|lost| format!("{} holds {lost:?}", self.name))
    }
}

/// Whether a spreadsheet would take a text for a formula. One of digits and signs, as a telephone number, does nothing there.
fn is_formula(text: &str) -> bool {
    match text.chars().next() {
        Some('=' | '@' | '\t' | '\r' | '＝' | '＠') => true,
        Some('+' | '-' | '＋' | '－') => !text.chars().skip(1).all(|c| c.is_ascii_digit() || matches!(c, ' ' | '-' | '(' | ')' | '.')),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_spreadsheet_would_compute_is_a_formula() {
        for (text, want) in [
            ("=HYPERLINK(\"http://x.example\",\"a\")", true),
            ("@SUM(A1)", true),
            ("+cmd|' /C calc'!A0", true),
            ("-2+3+cmd|' /C calc'!A0", true),
            ("\t=1+1", true),
            ("+81-3-1234-5678", false),
            ("-", false),
            ("a=b", false),
            ("", false),
        ] {
            assert_eq!(is_formula(text), want, "{text}");
        }
    }
}
