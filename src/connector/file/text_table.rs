//! Rows of comma or tab separated text.

use super::cells::ListCell;
use super::limits::{COLUMNS_MAX, ROWS_MAX};
use csv::{Reader, ReaderBuilder, StringRecord};

/// A text and what separates its cells.
#[derive(Debug)]
pub struct CsvText {
    text: String,
    separator: u8,
}

/// Goes through the rows of a text.
pub struct CsvRows<'t> {
    text: &'t str,
    reader: Reader<&'t [u8]>,
    /// Where the present row begins, and on which line that is.
    at: usize,
    line: usize,
    record: StringRecord,
    cells: Vec<ListCell>,
    /// Lines up to here are passed over.
    above: usize,
}

impl CsvText {
    pub fn new(text: String, is_tsv: bool) -> CsvText {
        let separator = if is_tsv { b'\t' } else { separator(&text) };
        CsvText { text, separator }
    }

    /// What separates its cells.
    pub fn separator(&self) -> u8 {
        self.separator
    }

    /// The first rows, with the lines that they begin on.
    pub fn first_rows(&self, count: usize) -> Vec<(usize, Vec<ListCell>)> {
        let mut rows = self.rows_below(0);
        let mut first = Vec::new();
        while first.len() < count {
            let Some((line, cells)) = rows.next() else { break };
            first.push((line, cells.to_vec()));
        }
        first
    }

    pub fn rows_below(&self, line: usize) -> CsvRows<'_> {
        let reader = ReaderBuilder::new().has_headers(false).flexible(true).delimiter(self.separator).from_reader(self.text.as_bytes());
        CsvRows { text: &self.text, reader, at: 0, line: 1, record: StringRecord::new(), cells: Vec::new(), above: line }
    }

    /// Whether it is whole, and each row has the columns of its header.
    pub fn check(&self, header: usize, columns: usize) -> Result<(), String> {
        if columns > COLUMNS_MAX {
            return Err(format!("its header names {columns} columns; a list has {COLUMNS_MAX} at most"));
        }
        let mut rows = self.rows_below(0);
        let (mut count, mut last) = (0, (0, 0, 0));
        while rows.advance() {
            let (line, record) = (rows.line, &rows.record);
            if line > header && record.len() > columns && record.iter().skip(columns).any(|cell| !cell.trim().is_empty()) {
                let found = record.len();
                return Err(format!(
                    "line {line} has {found} cells, and the header names {columns} columns; a comma within a cell must stand in quotes"
                ));
            }
            count += 1;
            if count > ROWS_MAX {
                return Err(format!("it has more than {ROWS_MAX} rows"));
            }
            last = (line, rows.at, record.len());
        }
        let (line, at, cells) = last;
        let rest = self.text.get(at..).unwrap_or_default();
        let torn = rest.bytes().filter(|b| *b == b'"').count() % 2 == 1;
        if torn || line > header && cells < columns && !self.text.ends_with('\n') {
            return Err(format!("it is cut in its last row, line {line}"));
        }
        Ok(())
    }
}

impl CsvRows<'_> {
    /// Reads the next row that is no blank line; false behind the last.
    fn advance(&mut self) -> bool {
        // Bytes of a text can always be read.
        if !self.reader.read_record(&mut self.record).unwrap_or(false) {
            return false;
        }
        // The reader passes over line ends before a row, and counts its place from before them.
        let from = self.record.position().map_or(0, |p| p.byte() as usize);
        let ends = self.text.as_bytes()[from..].iter().take_while(|b| matches!(b, b'\r' | b'\n')).count();
        let begins = from + ends;
        self.line += self.text.as_bytes()[self.at..begins].iter().filter(|b| **b == b'\n').count();
        self.at = begins;
        true
    }

    pub fn next(&mut self) -> Option<(usize, &[ListCell])> {
        loop {
            if !self.advance() {
                return None;
            }
            if self.line <= self.above {
                continue;
            }
            self.cells.clear();
            self.cells.extend(self.record.iter().map(ListCell::of_text));
            if self.cells.iter().any(|cell| !cell.is_empty()) {
                return Some((self.line, &self.cells));
            }
        }
    }
}

/// What separates cells: what stands most often in the first line with any of them.
fn separator(text: &str) -> u8 {
    let count = |line: &str, sign: u8| line.bytes().filter(|b| *b == sign).count();
    let signs = [b',', b'\t', b';'];
    let line = text.lines().find(|line| signs.iter().any(|sign| count(line, *sign) > 0)).unwrap_or_default();
    signs.into_iter().rev().max_by_key(|sign| count(line, *sign)).unwrap_or(b',')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows(text: &str, above: usize) -> Vec<(usize, Vec<String>)> {
        let text = CsvText::new(text.to_string(), false);
        let mut rows = text.rows_below(above);
        let mut all = Vec::new();
        while let Some((line, cells)) = rows.next() {
            all.push((line, cells.iter().map(|c| c.text().unwrap_or_default().into_owned()).collect()));
        }
        all
    }

    #[test]
    fn rows_have_the_numbers_of_their_lines() {
        let text = "氏名,メモ\r\n\r\n山田,\"a\nb\"\r\n ,\r\n林,\r\n";
        let want = [(3, vec!["山田".to_string(), "a\nb".to_string()]), (6, vec!["林".to_string(), String::new()])];
        assert_eq!(rows(text, 1), want);
        assert_eq!(rows("氏名;メール\n山田;a@b.example\n", 1), [(2, vec!["山田".to_string(), "a@b.example".to_string()])]);
        assert_eq!(rows("氏名\tメール\n山田, 太郎\ta@b.example\n", 1)[0].1[0], "山田, 太郎");
    }

    #[test]
    fn what_is_cut_or_shifted_is_told_by_its_line() {
        let check = |text: &str| CsvText::new(text.to_string(), false).check(1, 3);
        for whole in ["a,b,c\n1,2,3\n", "a,b,c\n1,2,3", "a,b,c\n1,2\n", "a,b,c\n1,2,3,,\n", "a,b,c\n1,2,\"x, \"\"y\"\"\"", "a,b,c"] {
            assert_eq!(check(whole), Ok(()), "{whole:?}");
        }
        assert_eq!(check("a,b,c\n1,2,3\n4,5").unwrap_err(), "it is cut in its last row, line 3");
        assert_eq!(check("a,b,c\n1,2,3\n4,5,\"six").unwrap_err(), "it is cut in its last row, line 3");
        assert_eq!(
            check("a,b,c\n1,2,3,4\n").unwrap_err(),
            "line 2 has 4 cells, and the header names 3 columns; a comma within a cell must stand in quotes"
        );
    }
}
