//! Which cells of an .ods sheet are merged: the parser of workbooks reads the cells of such a file and not that.

use super::limits::{COLUMNS_MAX, ROWS_MAX};
use quick_xml::events::attributes::Attribute;
use quick_xml::events::{BytesStart, Event};
use quick_xml::{Reader, XmlVersion};
use std::io::{BufReader, Cursor};
use zip::ZipArchive;

/// The part of the archive that has the sheets.
const CONTENT: &str = "content.xml";

/// The first and the last row and column of merged cells, from 0.
pub type MergedArea = ((u32, u32), (u32, u32));

/// The merged areas of a sheet.
pub fn merged(bytes: &[u8], sheet: &str) -> Result<Vec<MergedArea>, String> {
    let mut archive = ZipArchive::new(Cursor::new(bytes)).map_err(|e| e.to_string())?;
    let content = archive.by_name(CONTENT).map_err(|e| e.to_string())?;
    let mut reader = Reader::from_reader(BufReader::new(content));
    reader.config_mut().expand_empty_elements = true;
    let (mut areas, mut buffer) = (Vec::new(), Vec::new());
    let mut place = None::<SheetPlace>;
    loop {
        match reader.read_event_into(&mut buffer).map_err(|e| e.to_string())? {
            Event::Start(tag) if tag.name().as_ref() == "table:table" => {
                place = (text(&tag, "table:name")?.as_deref() == Some(sheet)).then(SheetPlace::default);
            }
            Event::Start(tag) => {
                if let Some(place) = &mut place {
                    areas.extend(place.begin(&tag)?);
                }
            }
            Event::End(tag) if tag.name().as_ref() == "table:table-row" => {
                if let Some(place) = &mut place {
                    place.row = place.row.saturating_add(place.row_repeats);
                }
            }
            Event::End(tag) if tag.name().as_ref() == "table:table" && place.is_some() => return Ok(areas),
            Event::Eof => return Ok(areas),
            _ => {}
        }
        buffer.clear();
    }
}

/// Where the reading of a sheet stands.
#[derive(Default)]
struct SheetPlace {
    row: u32,
    row_repeats: u32,
    column: u32,
}

impl SheetPlace {
    /// Takes notice of a row or cell that begins; gives the area of a merged one.
    fn begin(&mut self, tag: &BytesStart<'_>) -> Result<Option<MergedArea>, String> {
        match tag.name().as_ref() {
            "table:table-row" => {
                self.row_repeats = count(tag, "table:number-rows-repeated", ROWS_MAX)?;
                self.column = 0;
                Ok(None)
            }
            "table:table-cell" | "table:covered-table-cell" => {
                let start = (self.row, self.column);
                let [rows, columns] = [("table:number-rows-spanned", ROWS_MAX), ("table:number-columns-spanned", COLUMNS_MAX)]
                    .map(|(name, max)| count(tag, name, max));
                self.column = self.column.saturating_add(count(tag, "table:number-columns-repeated", COLUMNS_MAX)?);
                let end = (start.0.saturating_add(rows? - 1), start.1.saturating_add(columns? - 1));
                Ok((end != start).then_some((start, end)))
            }
            _ => Ok(None),
        }
    }
}

/// How often or how far something goes, as an attribute says; once, where it says nothing.
fn count(tag: &BytesStart<'_>, name: &str, max: usize) -> Result<u32, String> {
    let Some(text) = text(tag, name)? else { return Ok(1) };
    let count: usize = text.parse().map_err(|_| format!("{name} is {text:?} and no number"))?;
    Ok(u32::try_from(count.clamp(1, max)).unwrap_or(1))
}

fn text(tag: &BytesStart<'_>, name: &str) -> Result<Option<String>, String> {
    let value = tag.try_get_attribute(name).map_err(|e| e.to_string())?;
    value
        .map(|value: Attribute<'_>| Ok(value.normalized_value(XmlVersion::Implicit1_0).map_err(|e| e.to_string())?.into_owned()))
        .transpose()
}
