//! The files of a recording, and the search that lets none out with something of a person in it.

use super::shown::all_there;
use super::stand_ins::StandIns;
use super::taken::Taken;
use super::texts::Texts;
use super::words::HarmlessWords;
use crate::connector::manifest::Manifest;
use crate::connector::port::SystemSettings;
use serde_json::{Value as Json, json};
use std::collections::BTreeSet;
use std::path::Path;

/// The file that says what the others are of.
pub const HEAD: &str = "recording.json";

/// So often it is tried anew, where something of what was there would be met again by chance.
const TRIES: usize = 8;

/// The form of the files.
pub const FORM: u32 = 1;

/// Why there is no recording.
#[derive(Debug, thiserror::Error)]
pub enum NotKept {
    #[error("nothing was asked, so that there is nothing to keep")]
    Nothing,
    #[error(
        "{0} values of the system would still be in the recording, so that nothing was written; please tell us of the connector, not of the values"
    )]
    StillThere(usize),
    #[error("{} is there already; name a folder that is not, or an empty one", .0.display())]
    NotEmpty(std::path::PathBuf),
    #[error("{}: {error}", .path.display())]
    Disk { path: std::path::PathBuf, error: std::io::Error },
}

/// The files, by name. `salt`: where the stand-ins begin, which is nowhere in them.
pub fn files(manifest: &Manifest, given: &SystemSettings, taken: &[Taken], salt: usize) -> Result<Vec<(String, Json)>, NotKept> {
    if taken.is_empty() {
        return Err(NotKept::Nothing);
    }
    let words = HarmlessWords::of(manifest, given);
    let there = all_there(&words, taken);
    let mut in_pieces = BTreeSet::new();
    let mut left = 0;
    for again in 0..TRIES {
        let stand_ins = StandIns::new(there.clone(), salt.wrapping_add(again * 101) % 1_000_003);
        let mut texts = Texts { words: &words, stand_ins, in_pieces: in_pieces.clone() };
        let mut files = vec![(HEAD.to_string(), head(manifest, given))];
        for (i, one) in taken.iter().enumerate() {
            let of = one.name(manifest);
            let name = of.as_deref().unwrap_or("other");
            files.push((format!("{:03}.{name}.json", i + 1), texts.exchange(of.as_deref(), one)));
        }
        let found: BTreeSet<String> = files[1..].iter().flat_map(|(_, file)| still_there(&words, &there, file)).collect();
        if found.is_empty() {
            return Ok(files);
        }
        left = found.len();
        // What is kept for its form may hold by chance what another value was; then its form goes too.
        in_pieces.extend(taken.iter().flat_map(|one| values_with(&words, &found, one)));
    }
    Err(NotKept::StillThere(left))
}

fn head(manifest: &Manifest, given: &SystemSettings) -> Json {
    json!({
        "nayose_recording": FORM,
        "connector": manifest.name,
        "api_version": manifest.api_version,
        "time_zone": given.time_zone,
        "permit": given.permit,
        "why": given.why,
        "refusal_words": given.refusal_words,
    })
}

/// What was there and is met again in a file, in some value or key that is not a word of the manifest.
fn still_there(words: &HarmlessWords, there: &BTreeSet<String>, file: &Json) -> BTreeSet<String> {
    let mut values = Vec::new();
    scalars(words, &file["request"]["body"], &mut values);
    scalars(words, &file["answer"], &mut values);
    values.extend(file["request"]["path"].as_str().into_iter().flat_map(|path| path.split('/')).map(str::to_string));
    scalars(words, &file["request"]["query"], &mut values);
    let telling = values.iter().filter(|value| !words.may_stay(value)).map(|value| value.to_lowercase());
    telling.flat_map(|value| there.iter().filter(move |was| value.contains(was.as_str())).cloned().collect::<Vec<_>>()).collect()
}

/// All values but the numbers that count records, which stay.
fn scalars(words: &HarmlessWords, value: &Json, out: &mut Vec<String>) {
    match value {
        Json::Null | Json::Bool(_) => {}
        Json::String(text) => out.push(text.clone()),
        Json::Number(number) => out.push(number.to_string()),
        Json::Array(items) => items.iter().for_each(|item| scalars(words, item, out)),
        Json::Object(map) => {
            let counts = |(key, value): &(&String, &Json)| value.is_number() && words.counts.contains(*key);
            map.iter().filter(|entry| !counts(entry)).for_each(|(_, value)| scalars(words, value, out));
        }
    }
}

/// The values of an exchange in which one of these is: a date, or a time in milliseconds, whose last digits stay when it is moved.
fn values_with(words: &HarmlessWords, found: &BTreeSet<String>, taken: &Taken) -> Vec<String> {
    let mut values = Vec::new();
    if let Ok(body) = serde_json::from_slice::<Json>(&taken.body) {
        scalars(words, &body, &mut values);
    }
    values.retain(|value| found.iter().any(|was| value.to_lowercase().contains(was.as_str())));
    values
}

/// Whether a recording can be made there: the folder is not there, or is empty.
pub fn is_free(folder: &Path) -> Result<(), NotKept> {
    match std::fs::read_dir(folder) {
        Ok(mut entries) => {
            if entries.next().is_none() {
                Ok(())
            } else {
                Err(NotKept::NotEmpty(folder.to_path_buf()))
            }
        }
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(()),
        Err(error) => Err(NotKept::Disk { path: folder.to_path_buf(), error }),
    }
}

/// Writes the files into a folder that is free.
pub fn write(folder: &Path, files: &[(String, Json)]) -> Result<(), NotKept> {
    is_free(folder)?;
    let failed = |path: &Path| {
        let path = path.to_path_buf();
        move |error| NotKept::Disk { path, error }
    };
    std::fs::create_dir_all(folder).map_err(failed(folder))?;
    for (name, file) in files {
        let path = folder.join(name);
        std::fs::write(&path, format!("{file:#}\n")).map_err(failed(&path))?;
    }
    Ok(())
}
