//! Which file of a list somebody means, of those that something was written out of.

use crate::model::Name;
use std::collections::BTreeSet;
use std::fmt;
use std::path::Path;

/// Files that are named to who means none of them.
const TOLD_MAX: usize = 10;

/// It cannot be told which file is meant.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum FileNotNamed {
    #[error("no field that is kept for undo was written out of a file {said:?}; {known}")]
    Unknown { said: String, known: FilesKnown },
    #[error("{said:?} may be any of several files; {known}. Name one of these by its path")]
    Several { said: String, known: FilesKnown },
}

/// Files that something was written out of.
#[derive(Debug, PartialEq, Eq)]
pub struct FilesKnown(Vec<Name>);

impl fmt::Display for FilesKnown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<&str> = self.0.iter().take(TOLD_MAX).map(|name| &**name).collect();
        match self.0.len().saturating_sub(TOLD_MAX) {
            _ if names.is_empty() => write!(f, "nothing that is kept was written out of a list"),
            0 => write!(f, "something was out of {}", names.join(", ")),
            more => write!(f, "something was out of {} and {more} more", names.join(", ")),
        }
    }
}

/// The file that is meant: by its path as it is kept, by the end of that, or by a longer path.
pub(super) fn file_named(said: &str, known: BTreeSet<Name>) -> Result<Name, FileNotNamed> {
    let at = Path::new(said);
    let at = at.strip_prefix(".").unwrap_or(at);
    let is_meant = |file: &&Name| {
        let file = Path::new(&***file);
        !said.is_empty() && (file.ends_with(at) || at.ends_with(file))
    };
    let meant: Vec<&Name> = match known.iter().find(|file| Path::new(&***file) == at) {
        Some(same) => vec![same],
        None => known.iter().filter(is_meant).collect(),
    };
    match *meant {
        [file] => Ok(file.clone()),
        [] => Err(FileNotNamed::Unknown { said: said.to_string(), known: FilesKnown(known.into_iter().collect()) }),
        _ => Err(FileNotNamed::Several { said: said.to_string(), known: FilesKnown(meant.into_iter().cloned().collect()) }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_named_by_its_path_or_by_so_much_of_it_as_only_one_has() {
        let known = ["cards.csv", "inbox/cards.csv", "inbox/people.csv", "old/people.csv", "inbox/名刺 10月.xlsx"];
        let named = |said: &str| file_named(said, known.iter().map(|file| Name::from(*file)).collect());
        for (said, file) in [
            ("cards.csv", "cards.csv"),
            ("inbox/cards.csv", "inbox/cards.csv"),
            ("./inbox/cards.csv", "inbox/cards.csv"),
            ("old/people.csv", "old/people.csv"),
            ("config/old/people.csv", "old/people.csv"),
            ("/etc/nayose/inbox/people.csv", "inbox/people.csv"),
            ("名刺 10月.xlsx", "inbox/名刺 10月.xlsx"),
        ] {
            assert_eq!(named(said).as_deref().ok(), Some(file), "{said}");
        }
        let told = |said: &str| named(said).unwrap_err().to_string();
        assert_eq!(
            told("people.csv"),
            "\"people.csv\" may be any of several files; something was out of inbox/people.csv, old/people.csv. Name one of these by its path"
        );
        for unknown in ["ards.csv", "", "inbox", "old/people", "other.csv"] {
            assert!(matches!(named(unknown), Err(FileNotNamed::Unknown { .. })), "{unknown}");
        }
        assert_eq!(
            file_named("a.csv", BTreeSet::new()).unwrap_err().to_string(),
            "no field that is kept for undo was written out of a file \"a.csv\"; nothing that is kept was written out of a list"
        );
        let many = (0..12).map(|n| format!("{n:02}.csv").as_str().into()).collect();
        assert!(file_named("a.csv", many).unwrap_err().to_string().ends_with("08.csv, 09.csv and 2 more"));
    }
}
