//! Tables as CSV for spreadsheets, which take a cell that begins like a formula for one, and carry it out.

use crate::engine::export::Sheet;
use serde_json::Value as Json;

/// What formulas begin with, in their full-width forms too, and what spreadsheets skip before them.
const FORMULA: [char; 11] = ['=', '+', '-', '@', '\t', '\r', '\n', '＝', '＋', '－', '＠'];

/// E.164.
const PHONE_DIGITS: std::ops::RangeInclusive<usize> = 7..=15;

/// A table as text, and how many of its cells got an apostrophe. `raw`: none does.
pub fn csv(sheet: &Sheet, raw: bool) -> anyhow::Result<(String, usize)> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    writer.write_record(&sheet.columns)?;
    let mut changed = 0;
    for row in &sheet.rows {
        writer.write_record(row.iter().map(|cell| {
            let text = match cell {
                Json::Null => String::new(),
                Json::String(text) => text.clone(),
                other => other.to_string(),
            };
            if raw || !is_formula(&text) {
                return text;
            }
            changed += 1;
            format!("'{text}")
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
            assert_eq!((cell, changed), (format!("'{text}"), 1), "{text:?}");
        }
    }

    #[test]
    fn numbers_phones_and_all_else_stay_as_they_are() {
        let good = ["-12", "+0.5", "-1e3", "-.5", "+81312345678", "+1234567", "p_1", "a@acme.example", "a=b", "'=1", "", " =1", "日本＝"];
        for text in good {
            assert_eq!(csv(&sheet(&[text.into()]), false).unwrap().1, 0, "{text:?}");
        }
        let (text, changed) = csv(&sheet(&[Json::Null, (-7).into(), "-7".into(), true.into()]), false).unwrap();
        assert_eq!((text.as_str(), changed), ("cell\n\"\"\n-7\n-7\ntrue\n", 0));
    }

    #[test]
    fn raw_cells_are_left_alone() {
        assert_eq!(csv(&sheet(&["=1+1".into()]), true).unwrap(), ("cell\n=1+1\n".to_string(), 0));
    }
}
