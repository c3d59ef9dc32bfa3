//! Rows of comma or tab separated text.

use super::cells::ListCell;
use super::limits::{COLUMNS_MAX, ROWS_MAX};
use csv::{Reader, ReaderBuilder, StringRecord};

/// A text and what separates its cells.
#[derive(Debug)]
pub struct CsvText {
    text: String,
    separator: u8,
    quotes: Quotes,
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
    /// `Err` tells a row of more cells than any list has: no row was taken apart before that is known, as a gigabyte of commas would take eight.
    pub fn new(text: String, is_tsv: bool) -> Result<CsvText, String> {
        let separator = if is_tsv { b'\t' } else { separator(&text) };
        let quotes = Quotes::of(&text, separator)?;
        Ok(CsvText { text, separator, quotes })
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
        let quotes = self.quotes;
        if let Quotes::Astray { begins, ends } = quotes {
            return Err(format!(
                "a cell in quotes goes on from line {begins} to line {ends}, and more stands behind its last quote: one is missing or too much, and the rows between would be lost"
            ));
        }
        let mut rows = self.rows_below(0);
        let (mut count, mut last) = (0, (0, 0));
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
            last = (line, record.len());
        }
        let (line, cells) = last;
        if quotes == Quotes::Open || line > header && cells < columns && !self.text.ends_with('\n') {
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

/// What the quotes of a text leave of its rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Quotes {
    Closed,
    /// The last cell in quotes has no end.
    Open,
    /// A cell in quotes over several lines, behind whose last quote more stands than a separator or a line end. Where a quote is missing, the next
    /// cell's first quote ends the cell; the reader takes that as it is, and the rows between for a part of one cell. Within one line, as
    /// `"Acme" Inc`, nothing is lost by it.
    Astray {
        begins: usize,
        ends: usize,
    },
}

impl Quotes {
    fn of(text: &str, separator: u8) -> Result<Quotes, String> {
        let bytes = text.as_bytes();
        let (mut at, mut line, mut cells) = (0, 1, 0);
        while at < bytes.len() {
            cells += 1;
            if cells > COLUMNS_MAX {
                return Err(format!("line {line} has more than {COLUMNS_MAX} columns"));
            }
            if bytes[at] == b'"' {
                let Some(end) = end_of_quoted(bytes, at + 1) else { return Ok(Quotes::Open) };
                let begins = line;
                line += bytes[at..end].iter().filter(|b| **b == b'\n').count();
                at = end;
                let is_end = |b: &u8| *b == separator || matches!(b, b'\r' | b'\n');
                let behind = bytes[at..].iter().find(|b| **b != b' ');
                if line > begins && behind.is_some_and(|b| !is_end(b)) {
                    return Ok(Quotes::Astray { begins, ends: line });
                }
            }
            let rest = bytes[at..].iter().position(|b| *b == separator || *b == b'\n').map_or(bytes.len(), |end| at + end);
            if bytes.get(rest) == Some(&b'\n') {
                line += 1;
                cells = 0;
            }
            at = rest + 1;
        }
        Ok(Quotes::Closed)
    }
}

/// Behind which byte a cell ends that begins there, behind its first quote.
fn end_of_quoted(bytes: &[u8], mut at: usize) -> Option<usize> {
    loop {
        match (bytes.get(at)?, bytes.get(at + 1)) {
            (b'"', Some(b'"')) => at += 2,
            (b'"', _) => return Some(at + 1),
            _ => at += 1,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows(text: &str, above: usize) -> Vec<(usize, Vec<String>)> {
        let text = CsvText::new(text.to_string(), false).unwrap();
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

    /// A row of a million cells took minutes, as each was looked up among the names of columns.
    #[test]
    fn a_row_wider_than_any_list_is_told_before_it_is_taken_apart() {
        let of = |text: &str| CsvText::new(text.to_string(), false).map(|_| ());
        let wide = "a,".repeat(COLUMNS_MAX - 1);
        assert_eq!(of(&format!("{wide}b\n{wide}\"c\nd\"\n")), Ok(()));
        for row in [format!("{wide}b,c"), format!("{wide}b,"), ",".repeat(1_000_000)] {
            assert_eq!(of(&format!("氏名,メール\n{row}\n")), Err("line 2 has more than 1000 columns".to_string()));
        }
    }

    #[test]
    fn a_quote_that_is_missing_is_told_before_it_takes_rows_with_it() {
        let check = |text: &str| CsvText::new(text.to_string(), false)?.check(1, 2);
        for whole in [
            "a,b\n\"1\n2\",x\n",
            "a,b\n\"1\n2\" ,x\n",
            "a,b\n\"Acme\" Inc,x\n",
            "a,b\n5\" pipe,x\ny,5\" pipe\n",
            "a,b\n\"x \"\"y\"\"\nz\",1\n",
        ] {
            assert_eq!(check(whole), Ok(()), "{whole:?}");
        }
        assert_eq!(
            check("a,b\n\"1,x\n\"2\",y\n3,z\n").unwrap_err(),
            "a cell in quotes goes on from line 2 to line 3, and more stands behind its last quote: one is missing or too much, and the rows between would be lost"
        );
    }

    #[test]
    fn what_is_cut_or_shifted_is_told_by_its_line() {
        let check = |text: &str| CsvText::new(text.to_string(), false)?.check(1, 3);
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
