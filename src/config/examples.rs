//! The users' own examples, in the folder `tests` of the config folder: records in, and what must come of them.
//!
//! They are read apart from the four files: no edit there is an edit of the rules.

mod expect;
mod record;
mod values;

pub use expect::{Aspect, Expectation};
pub use record::ExampleRecord;

use crate::config::document::ConfigSheet;
use crate::config::document::Section;
use crate::config::document::TomlEntry;
use crate::config::document::example_keys::{EXAMPLE, EXAMPLES};
use crate::config::document::mistake::{Mistake, Mistakes};
use crate::config::file_text::{names_in, text_of};
use crate::config::rules::Rules;
use crate::model::{RecordId, Time};
use jiff::tz::TimeZone;
use std::path::Path;

/// The folder with the examples, in the config folder.
pub const EXAMPLES_FOLDER: &str = "tests";

const PURPOSE: &str = "it has examples that `nayose test` runs";

/// One example without a mistake.
#[derive(Debug, Clone, PartialEq)]
pub struct WrittenExample {
    /// Its file, as `tests/NAME.toml`.
    pub file: String,
    /// From 1.
    pub line: usize,
    pub name: String,
    /// When it is decided; `None`: now.
    pub now: Option<Time>,
    /// The record whose person is asked for.
    pub who: RecordId,
    pub records: Vec<ExampleRecord>,
    pub expectations: Vec<Expectation>,
}

/// Reads all examples of a config folder, in the order of their files. Without the folder there are none.
pub fn examples(dir: &Path, rules: &Rules) -> Result<Vec<WrittenExample>, Mistakes> {
    let (mut texts, mut found) = (Vec::new(), Vec::new());
    for file in files(dir).map_err(|mistake| Mistakes::new(vec![mistake], 0, Vec::new()))? {
        match text_of(dir, &file, PURPOSE) {
            Ok(text) => texts.push((file, text)),
            Err(mistake) => found.push(mistake),
        }
    }
    let (mut all, mut more) = (Vec::new(), 0);
    for (file, text) in &texts {
        let (examples, mistakes, not_told) = file_of(file, text, rules);
        all.extend(examples);
        found.extend(mistakes);
        more += not_told;
    }
    match found.is_empty() {
        true => Ok(all),
        false => Err(Mistakes::new(found, more, texts.into_iter().map(|(file, text)| (file.into(), text)).collect())),
    }
}

/// The files' names within the config folder, sorted.
fn files(dir: &Path) -> Result<Vec<String>, Mistake> {
    let names = names_in(dir, EXAMPLES_FOLDER, "expected a folder of examples, NAME.toml each, that nayose's user may read")?;
    Ok(names.iter().filter(|name| name.ends_with(".toml")).map(|name| format!("{EXAMPLES_FOLDER}/{name}")).collect())
}

/// One file's examples, what is wrong with them, and how much more than is told.
fn file_of(file: &str, text: &str, rules: &Rules) -> (Vec<WrittenExample>, Vec<Mistake>, usize) {
    let sheet = ConfigSheet::new(file, text);
    let (table, _) = sheet.parse();
    let mut top = Section::top(&sheet, &table, &EXAMPLES);
    let listed = top.need("example", "expected [[example]] with name, records and what is expected").and_then(|e| e.list());
    let examples = listed.unwrap_or_default().iter().filter_map(|entry| example(entry, rules)).collect();
    top.finish();
    drop(table);
    let (mistakes, more) = sheet.mistakes();
    (examples, mistakes, more)
}

fn example(entry: &TomlEntry, rules: &Rules) -> Option<WrittenExample> {
    let mut section = entry.item("[[example]]", &EXAMPLE)?;
    let name = section.need("name", "expected name = \"what it shows\"").and_then(|e| e.filled_text());
    // A day or time without a zone is nobody's here.
    let now = section.get("now").map(|e| values::time(&e, &TimeZone::UTC));
    let records = section.need("record", "expected [[example.record]] with record = \"SYSTEM:ENTITY:ID\"").and_then(|e| e.list());
    let records = records.unwrap_or_default();
    let known = record::ids_of(&records, rules);
    let read: Vec<Option<ExampleRecord>> = records.iter().map(|entry| record::read(entry, rules, &known)).collect();
    let expect = section.need("expect", "expected [example.expect] with what must come of it");
    let expect = expect.and_then(|e| expect::read(&e, rules, &known));
    section.finish();
    let (who, expectations) = expect?;
    Some(WrittenExample {
        file: entry.sheet.file.to_string(),
        line: entry.sheet.line(&entry.at),
        name: name?.to_string(),
        now: match now {
            Some(now) => Some(now?),
            None => None,
        },
        who,
        records: read.into_iter().collect::<Option<Vec<_>>>()?,
        expectations,
    })
}

#[cfg(test)]
mod tests;
