//! What systems.toml says of the lists of a system.

use super::out::form::ListForm;
use super::profiles::ListProfile;
use crate::connector::map::refusal_words::RefusalWord;
use crate::connector::raw::plain::plain;
use crate::model::{Date, DealState, Name};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// The lists of one system, and how they are to be read.
#[derive(Debug, Clone, PartialEq)]
pub struct ListsAsked {
    /// The config folder: the names of files that are kept begin there.
    pub folder: PathBuf,
    /// Each kind once. The last part of a path may hold `*` and `?`: all files that fit are one list.
    pub lists: Vec<(ListProfile, PathBuf)>,
    /// A list only adds: who is not in it stays as they were known.
    pub only_adds: bool,
    /// Since when values are as they are that no column dates.
    pub as_of: Option<Date>,
    /// The sheet of a workbook; the first that has the columns, if it is not given.
    pub sheet: Option<String>,
    /// By the list's own name of a column, what it is.
    pub columns: BTreeMap<String, String>,
    /// By the list's own word, where a deal stands.
    pub stages: BTreeMap<String, DealState>,
    /// What the list's own words of consent mean, by their plain form.
    pub words: BTreeMap<String, RefusalWord>,
    /// What goes out by lists that a person imports, where the system is a tool without an API and the list its own export.
    pub out: Option<OutAsked>,
}

/// Where lists go out, and in which form.
#[derive(Debug, Clone, PartialEq)]
pub struct OutAsked {
    pub folder: PathBuf,
    pub form: ListForm,
    /// A file of the tool's, of which the form is taken; its export, if none is given.
    pub sample: Option<PathBuf>,
    /// The column that marks a block, and what stands there for one and for none.
    pub block: Option<String>,
    pub on: String,
    pub off: String,
    /// The column by which the tool finds people; that of addresses, if none is given.
    pub key: Option<String>,
    /// The column of the lead status.
    pub status: Option<String>,
    /// What `writes` of the system names: only that may be missing.
    pub wanted: Vec<Name>,
}

impl OutAsked {
    /// All that a tool of this form can be told.
    pub fn all_of(form: ListForm) -> OutAsked {
        OutAsked {
            folder: PathBuf::new(),
            sample: None,
            block: Some("block".to_string()),
            on: form.on.clone(),
            off: form.off.clone(),
            key: None,
            status: Some("status".to_string()),
            wanted: Vec::new(),
            form,
        }
    }
}

impl ListsAsked {
    /// Takes in what words of consent mean.
    pub fn teach(&mut self, words: &BTreeMap<String, RefusalWord>) {
        self.words = words.iter().map(|(text, word)| (plain(text).into_owned(), *word)).collect();
    }

    /// What a file is called in the state and in commands: its path from the config folder, as systems.toml has it.
    pub fn name_of(&self, path: &Path) -> Name {
        path.strip_prefix(&self.folder).unwrap_or(path).to_string_lossy().as_ref().into()
    }

    /// One list, read as it is.
    pub fn one(profile: ListProfile, path: PathBuf) -> ListsAsked {
        ListsAsked {
            folder: PathBuf::new(),
            lists: vec![(profile, path)],
            only_adds: false,
            as_of: None,
            sheet: None,
            columns: BTreeMap::new(),
            stages: BTreeMap::new(),
            words: BTreeMap::new(),
            out: None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_called_as_systems_toml_has_it() {
        let asked = ListsAsked { folder: "/etc/nayose".into(), ..ListsAsked::one(ListProfile::Cards, "/etc/nayose/inbox/*.csv".into()) };
        for (path, name) in [("/etc/nayose/inbox/名刺 10月.csv", "inbox/名刺 10月.csv"), ("/srv/lists/cards.csv", "/srv/lists/cards.csv")]
        {
            assert_eq!(&*asked.name_of(Path::new(path)), name);
        }
    }
}
