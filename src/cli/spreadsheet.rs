//! Tables as CSV for spreadsheets, which take a cell that begins like a formula for one, and carry it out.

use crate::engine::answers::export::Sheet;
use crate::model::visible_line;
use serde_json::Value as Json;

/// What formulas begin with, in their full-width forms too, and what spreadsheets skip before them.
const FORMULA: [char; 11] = ['=', '+', '-', '@', '\t', '\r', '\n', '＝', '＋', '－', '＠'];

/// E.164.
const PHONE_DIGITS: std::ops::RangeInclusive<usize> = 7..=15;

/// How many cells are not as they were.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Changed {
    /// Those that got an apostrophe.
    pub formulas: usize,
    /// Those with line breaks, or with something else that acts instead of being seen.
    pub acting: usize,
}

impl Changed {
    /// For the reader, a sentence each. `plainly`: the option by which cells come as they are.
    pub fn told(self, plainly: &str) -> Vec<String> {
        let told = |count: usize, that: &str, one: &str, many: &str| {
            let (cells, get) = if count == 1 { ("cell", one) } else { ("cells", many) };
            (count > 0).then(|| format!("{count} {cells} that {that} {get}; {plainly} leaves them as they are, for other tools"))
        };
        let formulas = ("gets an apostrophe in front", "get an apostrophe in front");
        let acting = ("shows \u{fffd} in their place", "show \u{fffd} in their place");
        let formulas = told(self.formulas, "a spreadsheet would take for a formula", formulas.0, formulas.1);
        formulas.into_iter().chain(told(self.acting, "would hold line breaks or control characters", acting.0, acting.1)).collect()
    }
}

/// A table as text, a line a row, and how many of its cells were changed. `raw`: none is.
pub fn csv(sheet: &Sheet, raw: bool) -> anyhow::Result<(String, Changed)> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    writer.write_record(&sheet.columns)?;
    let mut changed = Changed::default();
    for row in &sheet.rows {
        writer.write_record(row.iter().map(|cell| {
            let text = match cell {
                Json::Null => String::new(),
                Json::String(text) => text.clone(),
                other => other.to_string(),
            };
            if raw {
                return text;
            }
            let shown = visible_line(&text);
            changed.acting += usize::from(shown != text);
            if !is_formula(&text) {
                return shown.into_owned();
            }
            changed.formulas += 1;
            format!("'{shown}")
        }))?;
    }
    Ok((String::from_utf8(writer.into_inner()?)?, changed))
}

fn is_formula(text: &str) -> bool {
    text.starts_with(FORMULA) && !is_number(text) && !is_phone(text)
}

/// `-12`, `+0.5`, `-1e3`: a sign and digits say nothing else.
fn is_number(text: &str) -> bool {
    let plain = text.bytes().all(|b| b.is_ascii_digit() || matches!(b, b'+' | b'-' | b'.' | b'e' | b'E'));
    plain && text.parse::<f64>().is_ok_and(f64::is_finite)
}

/// `+81312345678`
fn is_phone(text: &str) -> bool {
    text.strip_prefix('+').is_some_and(|rest| PHONE_DIGITS.contains(&rest.len()) && rest.bytes().all(|b| b.is_ascii_digit()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sheet(cells: &[Json]) -> Sheet {
        Sheet { columns: vec!["cell".into()], rows: cells.iter().map(|c| vec![c.clone()]).collect() }
    }

    #[test]
    fn cells_that_begin_like_formulas_get_an_apostrophe() {
        let bad = [
            "=cmd|' /C calc'!A0@acme.example",
            "+x@acme.example",
            "-2+3@acme.example",
            "@SUM(A1)",
            "\t=1",
            "\r=1",
            "\n=1",
            "=",
            "-",
            "+",
            "--1",
            "-1-1",
            "+81312345678=1",
            "-１",
            "＝1",
            "＠x",
            "-inf",
            "-nan",
            "-1e999",
            "+1234567890123456a",
        ];
        for text in bad {
            let (csv, changed) = csv(&sheet(&[text.into()]), false).unwrap();
            let mut rows = ::csv::Reader::from_reader(csv.as_bytes());
            let cell = rows.records().next().unwrap().unwrap()[0].to_string();
            assert_eq!((cell, changed.formulas), (format!("'{}", visible_line(text)), 1), "{text:?}");
        }
    }

    #[test]
    fn numbers_phones_and_all_else_stay_as_they_are() {
        let good = ["-12", "+0.5", "-1e3", "-.5", "+81312345678", "+1234567", "p_1", "a@acme.example", "a=b", "'=1", "", " =1", "日本＝"];
        for text in good {
            assert_eq!(csv(&sheet(&[text.into()]), false).unwrap().1, Changed::default(), "{text:?}");
        }
        let (text, changed) = csv(&sheet(&[Json::Null, (-7).into(), "-7".into(), true.into()]), false).unwrap();
        assert_eq!((text.as_str(), changed), ("cell\n\"\"\n-7\n-7\ntrue\n", Changed::default()));
    }

    #[test]
    fn raw_cells_are_left_alone() {
        for text in ["=1+1", "a\u{1b}[31mb\u{202e}", "  x \t"] {
            assert_eq!(csv(&sheet(&[text.into()]), true).unwrap(), (format!("cell\n{text}\n"), Changed::default()));
        }
        assert_eq!(csv(&sheet(&["a\nb".into()]), true).unwrap().0, "cell\n\"a\nb\"\n");
    }

    #[test]
    fn a_line_break_within_a_cell_begins_no_row_and_is_told() {
        let (text, changed) = csv(&sheet(&["a\r\nok@acme.example,allow".into(), "x".into(), "\n=1".into()]), false).unwrap();
        assert_eq!(text, "cell\n\"a\u{fffd}\u{fffd}ok@acme.example,allow\"\nx\n'\u{fffd}=1\n");
        assert_eq!(changed, Changed { formulas: 1, acting: 2 });
        assert_eq!(
            changed.told("--raw"),
            [
                "1 cell that a spreadsheet would take for a formula gets an apostrophe in front; --raw leaves them as they are, for other tools",
                "2 cells that would hold line breaks or control characters show \u{fffd} in their place; --raw leaves them as they are, for other tools",
            ]
        );
    }
}
