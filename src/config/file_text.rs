//! The text of a file of the config folder, and what lies in a folder of it.

use crate::config::document::mistake::Mistake;
use crate::connector::regular::{self, ReadFailure};
use std::path::Path;

/// Config is written by hand; a larger file is another file by mistake.
const FILE_BYTES_MAX: usize = 1024 * 1024;

/// Reads a file, by its name within the folder. `purpose` is what it is for: told to whom it is missing.
pub fn text_of(dir: &Path, file: &str, purpose: &str) -> Result<String, Mistake> {
    let wrong = |text: String, expected: String| Mistake { file: file.to_string().into(), line: 1, column: 1, span: None, text, expected };
    let bytes = regular::read(&dir.join(file), FILE_BYTES_MAX).map_err(|why| match why {
        ReadFailure::Missing => wrong(format!("there is no such file in {}", dir.display()), purpose.to_string()),
        ReadFailure::Other(kind) => wrong(format!("it cannot be read: {kind}"), format!("{purpose}; let nayose's user read it")),
        ReadFailure::NotRegular | ReadFailure::TooLarge { .. } => wrong(why.to_string(), purpose.to_string()),
    })?;
    let text = String::from_utf8(bytes).map_err(|error| {
        let line = 1 + error.as_bytes()[..error.utf8_error().valid_up_to()].iter().filter(|b| **b == b'\n').count();
        wrong(format!("line {line} is not UTF-8"), "save the file as UTF-8".to_string())
    })?;
    // Some editors begin a file with a byte order mark.
    Ok(text.strip_prefix('\u{FEFF}').map(str::to_string).unwrap_or(text))
}

/// The names of what lies in a folder of the config folder, sorted; none without it. What an editor left there for itself is left out.
pub fn names_in(dir: &Path, folder: &'static str, expected: &str) -> Result<Vec<String>, Mistake> {
    let listed = match std::fs::read_dir(dir.join(folder)) {
        Ok(entries) => entries.collect::<Result<Vec<_>, _>>(),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => Err(error),
    };
    let listed = listed.map_err(|error| Mistake {
        file: folder.into(),
        line: 1,
        column: 1,
        span: None,
        text: format!("it cannot be read: {}", error.kind()),
        expected: expected.to_string(),
    })?;
    let names = listed.iter().filter_map(|entry| entry.file_name().into_string().ok());
    let mut names: Vec<String> = names.filter(|name| !name.starts_with('.')).collect();
    names.sort();
    Ok(names)
}
