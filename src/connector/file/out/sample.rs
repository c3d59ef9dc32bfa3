//! The form of the files that the tool takes, as a file of its own shows it: columns, encoding, line ends, quotes.

use crate::connector::file::asked::ListsAsked;
use crate::connector::file::column::CONSENT;
use crate::connector::file::headers::{self, FoundColumns};
use crate::connector::file::profiles::ListProfile;
use crate::connector::file::text_table::CsvText;
use crate::connector::file::{decode, disk};
use encoding_rs::{Encoding, UTF_8, UTF_16BE, UTF_16LE};
use std::path::Path;

/// A file of the tool's, as far as its form goes.
#[derive(Debug)]
pub struct Sample {
    /// Its name, for people.
    pub file: String,
    encoding: &'static Encoding,
    mark: &'static [u8],
    pub separator: u8,
    pub line_end: &'static str,
    pub always_quoted: bool,
    /// The names of its columns, by place.
    headers: Vec<String>,
    columns: FoundColumns,
}

/// A column of the tool's, and where it stands among the others.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SampleColumn<'s> {
    pub place: usize,
    pub header: &'s str,
}

impl Sample {
    /// Reads the newest file that a path means.
    pub fn read(path: &Path, asked: &ListsAsked) -> Result<Sample, String> {
        let found = disk::find(path)?.pop().ok_or_else(|| format!("there is no file {}", path.display()))?;
        let told = |why: String| format!("{}: {why}", found.name);
        let bytes = disk::read(&found).map_err(told)?;
        Sample::of(&found.name, &bytes, asked).map_err(told)
    }

    fn of(file: &str, bytes: &[u8], asked: &ListsAsked) -> Result<Sample, String> {
        let text = decode::text(bytes)
            .map_err(|why| format!("the form of the lists is taken from a CSV or TSV file, and this is none ({why}): export it as CSV"))?;
        let (encoding, mark) = decode::encoding(bytes);
        let line_end = if text.contains("\r\n") { "\r\n" } else { "\n" };
        let lines = text.clone();
        let table = CsvText::new(text, file.to_lowercase().ends_with(".tsv"))?;
        let first = table.first_rows(headers::HEADER_WITHIN_ROWS);
        let rows = first.iter().map(|(_, cells)| cells.as_slice());
        // A sample need not have the column that no list ever has.
        let own = asked.columns.iter().filter(|(_, key)| *key != CONSENT).map(|(name, key)| (name.clone(), key.clone())).collect();
        let (header, columns) = headers::find(ListProfile::Contacts, rows, &own)?;
        let (line, cells) = &first[header];
        let row = lines.lines().nth(line - 1).unwrap_or_default().trim();
        Ok(Sample {
            file: file.to_string(),
            encoding,
            mark,
            separator: table.separator(),
            line_end,
            always_quoted: row.starts_with('"') && row.ends_with('"'),
            headers: cells.iter().map(|cell| cell.text().unwrap_or_default().into_owned()).collect(),
            columns,
        })
    }

    /// The tool's column of one of ours.
    pub fn column(&self, key: &str) -> Option<SampleColumn<'_>> {
        let place = self.columns.place(key)?;
        Some(SampleColumn { place, header: self.headers.get(place)? })
    }

    /// The tool's column by the tool's name.
    pub fn named(&self, header: &str) -> Option<SampleColumn<'_>> {
        let wanted = headers::plain(header);
        let place = self.headers.iter().position(|known| headers::plain(known) == wanted)?;
        Some(SampleColumn { place, header: &self.headers[place] })
    }

    /// A text in the file's encoding. `Err`: the characters that it does not have.
    pub fn encode(&self, text: &str) -> Result<Vec<u8>, String> {
        let mut bytes = self.mark.to_vec();
        if self.encoding == UTF_16LE || self.encoding == UTF_16BE {
            let little = self.encoding == UTF_16LE;
            bytes.extend(text.encode_utf16().flat_map(|unit| if little { unit.to_le_bytes() } else { unit.to_be_bytes() }));
        } else if self.encoding == UTF_8 {
            bytes.extend(text.as_bytes());
        } else {
            let (encoded, _, _) = self.encoding.encode(text);
            // Some characters are encoded as others that look like them.
            let (back, _) = self.encoding.decode_without_bom_handling(&encoded);
            if back != text {
                return Err(self.lost(text));
            }
            bytes.extend(encoded.iter());
        }
        Ok(bytes)
    }

    /// Which characters of a text the encoding does not have.
    fn lost(&self, text: &str) -> String {
        let is_lost = |c: &char| {
            let one = c.to_string();
            let (encoded, _, _) = self.encoding.encode(&one);
            self.encoding.decode_without_bom_handling(&encoded).0 != one
        };
        let mut lost: Vec<char> = text.chars().filter(is_lost).collect();
        lost.dedup();
        lost.into_iter().collect()
    }

    /// What the encoding is called.
    pub fn encoding_name(&self) -> &'static str {
        match self.encoding {
            e if e == UTF_8 => "UTF-8",
            e if e == UTF_16LE || e == UTF_16BE => "UTF-16",
            _ => "CP932",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use encoding_rs::SHIFT_JIS;

    fn sample(bytes: &[u8]) -> Result<Sample, String> {
        let mut asked = ListsAsked::one(ListProfile::Contacts, "inbox/ma.csv".into());
        asked.columns.insert("配信停止".into(), crate::connector::file::column::BLOCK.into());
        Sample::of("ma.csv", bytes, &asked)
    }

    #[test]
    fn the_form_is_that_of_the_file() {
        let text = "\"氏名\",\"メール\",\"配信停止\"\r\n\"髙橋\",\"a@b.example\",\"\"\r\n";
        let (cp932, _, _) = SHIFT_JIS.encode(text);
        let of = sample(&cp932).unwrap();
        assert_eq!((of.encoding_name(), of.line_end, of.always_quoted, of.separator), ("CP932", "\r\n", true, b','));
        assert_eq!(of.column("email"), Some(SampleColumn { place: 1, header: "メール" }));
        assert_eq!(of.named("配信停止").map(|c| c.place), Some(2));
        assert_eq!(of.encode("𠮷野家〜").unwrap_err(), "𠮷〜");
        assert_eq!(of.encode("髙①").as_deref().map(<[u8]>::len), Ok(4));
        let plain = sample("氏名\tメール\t配信停止\n".as_bytes()).unwrap();
        assert_eq!((plain.encoding_name(), plain.line_end, plain.always_quoted, plain.separator), ("UTF-8", "\n", false, b'\t'));
        assert_eq!(plain.encode("𠮷").as_deref(), Ok("𠮷".as_bytes()));
        let marked = sample(&[b"\xEF\xBB\xBF".as_slice(), text.as_bytes()].concat()).unwrap();
        assert!(marked.encode("x").unwrap().starts_with(b"\xEF\xBB\xBF"));
        let wide: Vec<u8> = [0xFF, 0xFE].into_iter().chain(text.encode_utf16().flat_map(u16::to_le_bytes)).collect();
        assert_eq!(sample(&wide).unwrap().encode("a").as_deref(), Ok(&[0xFF, 0xFE, b'a', 0][..]));
    }

    #[test]
    fn a_file_without_the_column_or_that_is_no_text_is_told() {
        let told = sample("氏名,メール\n".as_bytes()).unwrap_err();
        assert!(told.contains("no column \"配信停止\""), "{told}");
        let told = sample(b"PK\x03\x04\xFF\xFE\x81").unwrap_err();
        assert!(told.contains("export it as CSV"), "{told}");
    }
}
