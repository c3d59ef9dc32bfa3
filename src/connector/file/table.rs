//! The rows of one file, whatever its format, with the columns that are known.

use super::asked::ListsAsked;
use super::cells::{ListCell, letters};
use super::headers::{self, FoundColumns};
use super::profiles::ListProfile;
use super::text_table::{CsvRows, CsvText};
use super::{decode, workbook};
use crate::model::{Name, Time};

/// How workbooks begin: a zip archive (.xlsx, .ods), or a compound file (.xls).
const WORKBOOKS: [&[u8]; 2] = [b"PK\x03\x04", b"\xD0\xCF\x11\xE0"];
const WORKBOOK_NAMES: [&str; 5] = [".xlsx", ".xlsm", ".xlsb", ".xls", ".ods"];

/// A file, read.
#[derive(Debug)]
pub struct ListTable {
    /// Its name, for people.
    pub file: String,
    /// What it is called in the state.
    pub path: Name,
    sheet: Option<String>,
    content: TableContent,
    /// When the file was written last.
    pub modified: Time,
    pub columns: FoundColumns,
    /// Rows up to the header, that one included.
    above: usize,
}

#[derive(Debug)]
enum TableContent {
    Text(CsvText),
    /// With the number that each row has there. Blank ones are not among them.
    Sheet(Vec<(usize, Vec<ListCell>)>),
}

/// Goes through the rows below the header.
pub enum TableRows<'t> {
    Text(CsvRows<'t>),
    Sheet(std::slice::Iter<'t, (usize, Vec<ListCell>)>),
}

impl TableRows<'_> {
    /// The next row that is not blank, and its number.
    pub fn next(&mut self) -> Option<(usize, &[ListCell])> {
        match self {
            TableRows::Text(rows) => rows.next(),
            TableRows::Sheet(rows) => rows.next().map(|(number, cells)| (*number, cells.as_slice())),
        }
    }
}

impl ListTable {
    /// Reads a file's bytes. `Err` says what is wrong with it.
    pub fn read(profile: ListProfile, asked: &ListsAsked, file: &str, bytes: &[u8], modified: Time) -> Result<ListTable, String> {
        let small = file.to_lowercase();
        let named_workbook = WORKBOOK_NAMES.iter().any(|end| small.ends_with(end));
        if bytes.is_empty() {
            return Err("it is empty".to_string());
        }
        if WORKBOOKS.iter().any(|begin| bytes.starts_with(begin)) {
            return ListTable::of_workbook(profile, asked, file, bytes, modified);
        }
        if named_workbook {
            return Err("it is no workbook, as its name says it is: it is cut, or another file under this name".to_string());
        }
        let text = CsvText::new(decode::text(bytes)?, small.ends_with(".tsv"))?;
        let first = text.first_rows(headers::HEADER_WITHIN_ROWS);
        let (header, columns) = headers::find(profile, first.iter().map(|(_, cells)| cells.as_slice()), &asked.columns)?;
        let (line, cells) = &first[header];
        text.check(*line, cells.len())?;
        let content = TableContent::Text(text);
        Ok(ListTable { file: file.to_string(), path: file.into(), sheet: None, above: *line, content, modified, columns })
    }

    fn of_workbook(profile: ListProfile, asked: &ListsAsked, file: &str, bytes: &[u8], modified: Time) -> Result<ListTable, String> {
        let (mut why, mut list) = (None, None::<ListTable>);
        let mut book = workbook::Workbook::open(bytes)?;
        for sheet in book.sheets(asked.sheet.as_deref())? {
            let rows = match (book.rows(&sheet), &list) {
                (Ok(rows), _) => rows,
                // Another sheet than the list may be whatever it likes.
                (Err(_), Some(_)) => continue,
                (Err(wrong), None) => return Err(wrong),
            };
            let (header, columns) = match headers::find(profile, rows.iter().map(|(_, cells)| cells.as_slice()), &asked.columns) {
                Ok(found) => found,
                Err(wrong) => {
                    why = why.or(Some(format!("sheet {sheet}: {wrong}")));
                    continue;
                }
            };
            let Some(first) = &list else {
                let above = rows[header].0;
                let content = TableContent::Sheet(rows);
                list = Some(ListTable { file: file.to_string(), path: file.into(), sheet: Some(sheet), content, modified, columns, above });
                continue;
            };
            // One a year, one for each who sells, or a sum before the list itself: which of them counts, only their owner knows. One without rows
            // is a form to be filled in.
            if columns.known.len() >= first.columns.known.len() && rows.len() > header + 1 {
                let first = first.sheet.as_deref().unwrap_or_default();
                return Err(format!(
                    "its sheets {first} and {sheet} may both be the list; say which is by sheet = {sheet:?}, or make each a file and read both by a pattern"
                ));
            }
        }
        list.ok_or_else(|| why.unwrap_or_else(|| "it has no sheet".to_string()))
    }

    /// The same under the name that the state has for it.
    pub fn at(self, path: Name) -> ListTable {
        ListTable { path, ..self }
    }

    pub fn rows(&self) -> TableRows<'_> {
        match &self.content {
            TableContent::Text(text) => TableRows::Text(text.rows_below(self.above)),
            TableContent::Sheet(rows) => {
                let below = rows.partition_point(|(number, _)| *number <= self.above);
                TableRows::Sheet(rows[below..].iter())
            }
        }
    }

    /// Where a cell is, for people: `cards.xlsx, sheet 名刺, D14`, or `cards.csv, line 14, column 4`.
    pub fn place(&self, row: usize, column: Option<usize>) -> String {
        let ListTable { file, sheet, .. } = self;
        match (sheet, column) {
            (Some(sheet), Some(column)) => format!("{file}, sheet {sheet}, {}{row}", letters(column)),
            (Some(sheet), None) => format!("{file}, sheet {sheet}, row {row}"),
            (None, Some(column)) => format!("{file}, line {row}, column {}", column + 1),
            (None, None) => format!("{file}, line {row}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn any_bytes_are_rows_or_told(
            begin in prop::sample::select(vec![b"".as_slice(), "氏名,メール\n".as_bytes(), b"PK\x03\x04", b"\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1", b"\xFF\xFE"]),
            rest in proptest::collection::vec(any::<u8>(), 0..400),
            name in prop::sample::select(vec!["list.csv", "list.tsv", "list.xlsx", "list"]),
        ) {
            let asked = ListsAsked::one(ListProfile::Contacts, name.into());
            if let Ok(table) = ListTable::read(ListProfile::Contacts, &asked, name, &[begin, &rest].concat(), Time(0)) {
                let mut rows = table.rows();
                while let Some((number, cells)) = rows.next() {
                    prop_assert!(number > table.above && !cells.is_empty());
                }
            }
        }
    }
}
