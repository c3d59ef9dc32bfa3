//! Rows of .xlsx, .xlsm, .xlsb, .xls and .ods.

use super::cells::ListCell;
use super::dates::{self, ReadDate};
use super::headers::HEADER_WITHIN_ROWS;
use super::limits::{CELLS_MAX, COLUMNS_MAX, ROWS_MAX};
use super::merged_ods;
use calamine::{Data, DataRef, Dimensions, ExcelDateTime, Reader, SheetVisible, Sheets, open_workbook_auto_from_rs};
use jiff::civil::DateTime;
use std::io::Cursor;
use std::panic::{AssertUnwindSafe, catch_unwind};

/// Room for no more is made before the cells of a row are there.
const USUAL_COLUMNS: usize = 64;

/// A workbook that is open in memory.
pub struct Workbook<'b> {
    bytes: &'b [u8],
    sheets: Sheets<Cursor<&'b [u8]>>,
}

impl<'b> Workbook<'b> {
    pub fn open(bytes: &'b [u8]) -> Result<Workbook<'b>, String> {
        let sheets = guarded(|| open_workbook_auto_from_rs(Cursor::new(bytes)).map_err(|e| e.to_string()));
        let sheets = sheets.map_err(|why| {
            format!("it cannot be read as a workbook ({why}): it is cut, has a password, or is another file under this name")
        })?;
        Ok(Workbook { bytes, sheets })
    }

    /// The sheets that may hold the list: the one that is asked for, or those that are shown.
    pub fn sheets(&self, asked: Option<&str>) -> Result<Vec<String>, String> {
        let all = self.sheets.sheets_metadata();
        let Some(asked) = asked else {
            return Ok(all.iter().filter(|s| s.visible == SheetVisible::Visible).map(|s| s.name.clone()).collect());
        };
        match all.iter().find(|s| s.name == asked) {
            Some(sheet) => Ok(vec![sheet.name.clone()]),
            None => {
                let names: Vec<&str> = all.iter().map(|s| &*s.name).collect();
                Err(format!("it has no sheet {asked:?}; it has {}", names.join(", ")))
            }
        }
    }

    /// The rows that hold something, with their numbers.
    pub fn rows(&mut self, sheet: &str) -> Result<Vec<(usize, Vec<ListCell>)>, String> {
        let mut rows = SheetRows { rows: Vec::new(), cells_left: CELLS_MAX };
        let bytes = self.bytes;
        let read = match &mut self.sheets {
            // Cell by cell: a range is as large as its corners are apart.
            Sheets::Xlsx(book) => guarded(|| {
                let mut cells = book.worksheet_cells_reader(sheet).map_err(|e| e.to_string())?;
                while let Some(cell) = cells.next_cell_with_formula_metadata().map_err(|e| e.to_string())? {
                    // A program that computes nothing wrote it: what Excel would show there, nobody knows.
                    let is_uncomputed = cell.formula.is_some() && matches!(cell.value, DataRef::Empty);
                    rows.put(cell.pos, if is_uncomputed { ListCell::Broken } else { of_ref(&cell.value) })?;
                }
                // It holds the workbook.
                drop(cells);
                rows.spread(&book.merge_cells_by_sheet_name(sheet).map_err(|e| e.to_string())?)
            }),
            other => guarded(|| {
                let range = other.worksheet_range(sheet).map_err(|e| e.to_string())?;
                let (top, left) = range.start().unwrap_or_default();
                range.used_cells().try_for_each(|(row, column, cell)| rows.put((top + row as u32, left + column as u32), of_data(cell)))?;
                // Of .xlsb the parser does not tell them.
                match other {
                    Sheets::Xls(book) => rows.spread(&book.merge_cells_by_sheet_name(sheet).map_err(|e| e.to_string())?),
                    Sheets::Ods(_) => {
                        let merged = merged_ods::merged(bytes, sheet)?.into_iter();
                        rows.spread(&merged.map(|(start, end)| Dimensions { start, end }).collect::<Vec<_>>())
                    }
                    _ => Ok(()),
                }
            }),
        };
        read.map_err(|why| format!("sheet {sheet} cannot be read ({why})"))?;
        if self.counts_from_1904() {
            rows.no_day_by_number();
        }
        Ok(rows.rows)
    }

    /// Whether its days are counted from 1904 on, as Excel on the Mac did.
    fn counts_from_1904(&self) -> bool {
        match &self.sheets {
            Sheets::Xlsx(book) => book.has_1904_epoch(),
            Sheets::Xls(book) => book.has_1904_epoch(),
            Sheets::Xlsb(book) => book.has_1904_epoch(),
            Sheets::Ods(_) => false,
        }
    }
}

/// The parser of a broken file may give up where it should tell.
fn guarded<T>(read: impl FnOnce() -> Result<T, String>) -> Result<T, String> {
    catch_unwind(AssertUnwindSafe(read)).unwrap_or_else(|_| Err("its parts do not fit together".to_string()))
}

struct SheetRows {
    rows: Vec<(usize, Vec<ListCell>)>,
    /// So many may still come.
    cells_left: usize,
}

impl SheetRows {
    /// Cells come row by row.
    fn put(&mut self, (row, column): (u32, u32), cell: ListCell) -> Result<(), String> {
        if cell.is_empty() {
            return Ok(());
        }
        let (number, column) = (row as usize + 1, column as usize);
        if column >= COLUMNS_MAX {
            return Err(format!("row {number} has more than {COLUMNS_MAX} columns"));
        }
        if self.rows.last().is_none_or(|(last, _)| *last != number) {
            if self.rows.len() == ROWS_MAX {
                return Err(format!("it has more than {ROWS_MAX} rows"));
            }
            let width = self.rows.last().map_or(0, |(_, cells)| cells.len());
            self.rows.push((number, Vec::with_capacity(width.min(USUAL_COLUMNS))));
        }
        let Some((_, cells)) = self.rows.last_mut() else { return Ok(()) };
        if cells.len() <= column {
            let left = self.cells_left.checked_sub(column + 1 - cells.len());
            self.cells_left = left.ok_or_else(|| format!("it has more than {CELLS_MAX} cells"))?;
            cells.resize(column + 1, ListCell::Empty);
        }
        cells[column] = cell;
        Ok(())
    }

    /// Numbers that are not shown as days stay numbers, and are no days: counted from 1900 on, they would be four years too early.
    fn no_day_by_number(&mut self) {
        for cell in self.rows.iter_mut().flat_map(|(_, cells)| cells) {
            if let ListCell::Number(_) = cell
                && let Some(text) = cell.text()
            {
                *cell = ListCell::Text(text.into_owned());
            }
        }
    }

    /// Gives the text of merged cells to each row and column that they cover, as whoever looks at the sheet reads it: a company's name beside its
    /// three deals is the company of all of them, and a header over two columns names both. A number or a day may be the sum or the end of
    /// all, and stays where it is.
    fn spread(&mut self, merged: &[Dimensions]) -> Result<(), String> {
        for area in merged {
            let (top, left) = (area.start.0 as usize + 1, area.start.1 as usize);
            let (bottom, right) = (area.end.0 as usize + 1, (area.end.1 as usize).min(COLUMNS_MAX - 1));
            let from = self.rows.partition_point(|(number, _)| *number < top);
            let to = self.rows.partition_point(|(number, _)| *number <= bottom);
            let first = self.rows.get(from).filter(|(number, _)| *number == top).and_then(|(_, cells)| cells.get(left));
            let Some(text @ ListCell::Text(_)) = first.cloned() else { continue };
            // Below the header a text over several columns is a note or `合計`, and nobody's company.
            let right = if from < HEADER_WITHIN_ROWS { right } else { left };
            for (_, cells) in &mut self.rows[from..to] {
                // Areas may lie over each other, and be many: each look counts as a cell.
                let left_over = self.cells_left.checked_sub((right + 1).saturating_sub(left));
                self.cells_left = left_over.ok_or_else(|| format!("it has more than {CELLS_MAX} cells"))?;
                if cells.len() <= right {
                    cells.resize(right + 1, ListCell::Empty);
                }
                cells[left..=right].iter_mut().filter(|cell| cell.is_empty()).for_each(|cell| *cell = text.clone());
            }
        }
        Ok(())
    }
}

fn of_ref(data: &DataRef<'_>) -> ListCell {
    match data {
        DataRef::SharedString(text) => ListCell::of_text(text),
        DataRef::String(text) => ListCell::of_text(text),
        DataRef::Int(number) => ListCell::Number(*number as f64),
        DataRef::Float(number) => ListCell::Number(*number),
        DataRef::Bool(bool) => ListCell::Bool(*bool),
        DataRef::DateTime(at) => at_of(at),
        DataRef::DateTimeIso(text) => iso(text),
        DataRef::DurationIso(text) => ListCell::of_text(text),
        DataRef::Error(_) => ListCell::Broken,
        DataRef::Empty => ListCell::Empty,
    }
}

fn of_data(data: &Data) -> ListCell {
    match data {
        Data::String(text) => ListCell::of_text(text),
        Data::Int(number) => ListCell::Number(*number as f64),
        Data::Float(number) => ListCell::Number(*number),
        Data::Bool(bool) => ListCell::Bool(*bool),
        Data::DateTime(at) => at_of(at),
        Data::DateTimeIso(text) => iso(text),
        Data::DurationIso(text) => ListCell::of_text(text),
        Data::Error(_) => ListCell::Broken,
        Data::Empty => ListCell::Empty,
    }
}

fn at_of(at: &ExcelDateTime) -> ListCell {
    if at.is_duration() {
        return ListCell::Number(at.as_f64());
    }
    let (year, month, day, hour, minute, second, _) = at.to_ymd_hms_milli();
    let part = |value: u8| i8::try_from(value).unwrap_or(-1);
    let read = i16::try_from(year)
        .ok()
        .and_then(|year| DateTime::new(year, part(month), part(day), part(hour), part(minute), part(second), 0).ok());
    read.map_or(ListCell::Broken, |at| ListCell::At(ReadDate::of(at)))
}

fn iso(text: &str) -> ListCell {
    dates::parse(text).map_or_else(|| ListCell::of_text(text), ListCell::At)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn where_days_count_from_1904_a_bare_number_is_no_day() {
        let mut sheet = SheetRows { rows: vec![(1, vec![ListCell::Number(46_355.0), ListCell::of_text("2026/11/30")])], cells_left: 0 };
        assert!(sheet.rows[0].1[0].date().is_some());
        sheet.no_day_by_number();
        let cells = &sheet.rows[0].1;
        assert_eq!((cells[0].date(), cells[0].number().as_deref(), cells[1].date().is_some()), (None, Some("46355"), true));
    }

    #[test]
    fn the_text_of_merged_cells_is_that_of_each_row_and_column_and_a_number_is_not() {
        let mut sheet = SheetRows { rows: Vec::new(), cells_left: 100 };
        let cell = |text: &str| ListCell::of_text(text);
        for (at, of) in
            [((0, 0), cell("アクメ")), ((0, 1), cell("A")), ((0, 2), ListCell::Number(9.0)), ((1, 1), cell("B")), ((3, 1), cell("C"))]
        {
            sheet.put(at, of).unwrap();
        }
        let area = |start, end| Dimensions { start, end };
        sheet.spread(&[area((0, 0), (2, 0)), area((0, 2), (1, 2)), area((3, 1), (3, 2))]).unwrap();
        assert_eq!(sheet.rows[1], (2, vec![cell("アクメ"), cell("B")]));
        assert_eq!(sheet.rows[2], (4, vec![ListCell::Empty, cell("C"), cell("C")]));
        sheet.cells_left = 1;
        assert!(sheet.spread(&[area((3, 1), (3, 2))]).is_err(), "a few far areas take no more than the largest list");
    }

    #[test]
    fn a_sheet_of_a_few_far_cells_takes_no_more_room_than_the_largest_list() {
        let mut sheet = SheetRows { rows: Vec::new(), cells_left: 1_500 };
        let cell = || ListCell::of_text("x");
        assert_eq!(sheet.put((0, 999), cell()), Ok(()));
        assert_eq!(
            (sheet.put((0, 0), cell()), sheet.put((1, 499), cell())),
            (Ok(()), Ok(())),
            "what stands before the last is counted with it"
        );
        assert_eq!(sheet.put((2, 0), cell()), Err(format!("it has more than {CELLS_MAX} cells")));
        assert_eq!(sheet.put((2, 1_000), cell()), Err("row 3 has more than 1000 columns".to_string()));
        assert_eq!((sheet.rows.len(), sheet.rows[0].1.len()), (3, 1_000));
    }
}
