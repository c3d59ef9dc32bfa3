//! What the files of a stream hold now: told apart by a hash of all of them, and read whole.

use super::asked::ListsAsked;
use super::consents::ConsentSaid;
use super::disk::{self, FileStamp, FoundFile};
use super::lists::{self, LoadedList, RowsKept};
use super::manifest::StreamOfLists;
use super::out::form;
use super::profiles::ListProfile;
use super::rows::{ListRow, RowsAs};
use super::table::ListTable;
use crate::connector::map::refusal_words::shown;
use crate::connector::raw::json::Json;
use crate::model::{Span, Time, counted};
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

/// How rows become records: with another number all lists are read anew.
const READING: u32 = 3;

/// Clocks of two computers may differ by so much before it is told.
const AHEAD_MAX: Span = Span::minutes(2);

/// The files of a system's lists.
#[derive(Debug)]
pub struct Contents {
    pub asked: ListsAsked,
    /// What the same bytes would be read otherwise by.
    how: String,
    /// By path, the hash of what a file held when it looked so.
    hashes: Mutex<BTreeMap<PathBuf, (FileStamp, blake3::Hash)>>,
}

/// What is there, not read yet.
#[derive(Debug)]
pub struct Content {
    pub hash: String,
    pub looked_at: Time,
    files: Vec<(ListProfile, Vec<(FoundFile, blake3::Hash)>)>,
}

/// What was there, read.
#[derive(Debug)]
pub struct LoadedStream {
    /// The hash of it.
    pub content: String,
    pub lists: Vec<Arc<LoadedList>>,
    pub kept: RowsKept,
    pub shape: BTreeSet<String>,
    pub bytes: u64,
}

impl Content {
    /// When the newest of its files was saved. A time that is still to come is now.
    pub fn saved_at(&self) -> Option<Time> {
        self.files().map(|file| self.saved(file)).max()
    }

    fn files(&self) -> impl Iterator<Item = &FoundFile> {
        self.files.iter().flat_map(|(_, files)| files).map(|(file, _)| file)
    }

    fn saved(&self, file: &FoundFile) -> Time {
        file.stamp.modified().min(self.looked_at)
    }

    /// What is to be told of a file that was saved at a time that is still to come.
    pub fn is_ahead(&self) -> Option<String> {
        let limit = self.looked_at.plus(AHEAD_MAX);
        let ahead = self.files().find(|file| file.stamp.modified() > limit)?;
        Some(format!(
            "{} says that it was saved at {}, which is still to come: it counts as saved now; check the clock of the computer that saves it, and this one's",
            ahead.name,
            ahead.stamp.modified().rfc3339()
        ))
    }

    /// Nobody has one of its files open: what is saved while somebody types may be half of what they mean.
    pub fn unlocked(&self) -> Result<(), String> {
        match self.files().find_map(|file| file.lock.as_ref().map(|lock| (&file.name, lock))) {
            None => Ok(()),
            Some((name, lock)) => Err(format!(
                "{name} is open in another program ({lock} lies beside it). Close it there; if nobody has it open, delete {lock}"
            )),
        }
    }
}

impl Contents {
    pub fn new(asked: ListsAsked, zone: Option<&str>) -> Contents {
        let ListsAsked { folder: _, lists: _, only_adds: _, as_of, sheet, columns, stages, words, out } = &asked;
        let marks = out.as_ref().map(|out| format!(" {:?} {:?}", out.on, out.off)).unwrap_or_default();
        let how = format!("{READING} {zone:?} {as_of:?} {sheet:?} {columns:?} {stages:?}{marks} {words:?}");
        let how = blake3::hash(how.as_bytes()).to_hex()[..8].to_string();
        Contents { asked, how, hashes: Mutex::default() }
    }

    /// The lists that a stream is read from.
    fn lists_of<'l>(&'l self, stream: &StreamOfLists) -> impl Iterator<Item = &'l (ListProfile, PathBuf)> + use<'l> {
        let of = stream.of;
        self.asked.lists.iter().filter(move |(profile, _)| of.is_none_or(|of| of == *profile))
    }

    /// Looks which content is there. Only files that look otherwise than the last time are read.
    pub fn look(&self, stream: &StreamOfLists, now: Time) -> Result<Content, String> {
        let mut files = Vec::new();
        let mut hash = blake3::Hasher::new();
        for (profile, path) in self.lists_of(stream) {
            let found = disk::find(path)?;
            if found.is_empty() && !self.asked.only_adds {
                return Err(format!("there is no file {}", path.display()));
            }
            let found: Vec<(FoundFile, blake3::Hash)> =
                found.into_iter().map(|file| self.hash_of(&file).map(|hash| (file, hash))).collect::<Result<_, _>>()?;
            hash.update(profile.name().as_bytes());
            found.iter().for_each(|(_, of_file)| {
                hash.update(of_file.as_bytes());
            });
            files.push((*profile, found));
        }
        Ok(Content { looked_at: now, hash: format!("{}-{}", self.how, &hash.finalize().to_hex()[..32]), files })
    }

    /// Whether a hash is of what was read as it would be read now.
    pub fn reads_as(&self, hash: &str) -> bool {
        hash.split_once('-').is_some_and(|(how, _)| how == self.how)
    }

    fn hash_of(&self, file: &FoundFile) -> Result<blake3::Hash, String> {
        let known = |path: &Path| self.hashes.lock().unwrap_or_else(PoisonError::into_inner).get(path).copied();
        if let Some((_, hash)) = known(&file.path).filter(|(stamp, _)| *stamp == file.stamp) {
            return Ok(hash);
        }
        let bytes = disk::read(file).map_err(|why| format!("{}: {why}", file.name))?;
        let hash = blake3::hash(&bytes);
        self.hashes.lock().unwrap_or_else(PoisonError::into_inner).insert(file.path.clone(), (file.stamp, hash));
        Ok(hash)
    }

    /// Reads a content whole. `Err`: it cannot be read, or is another by now.
    pub fn load(&self, stream: &StreamOfLists, content: &Content) -> Result<LoadedStream, String> {
        let (mut lists, mut size) = (Vec::new(), 0);
        for (profile, files) in &content.files {
            let mut tables = Vec::new();
            for (file, hash) in files {
                let told = |why: String| format!("{}: {why}", file.name);
                let bytes = disk::read(file).map_err(told)?;
                if blake3::hash(&bytes) != *hash {
                    return Err(told("it was changed while it was read".to_string()));
                }
                size += bytes.len() as u64;
                let table = ListTable::read(*profile, &self.asked, &file.name, &bytes, content.saved(file)).map_err(told)?;
                tables.push(table.at(self.asked.name_of(&file.path)));
            }
            lists.push(Arc::new(LoadedList { profile: *profile, tables }));
        }
        let kept = lists::keep(stream, &lists, &self.asked);
        if let Some(clash) = kept.clash {
            return Err(clash);
        }
        let shape = match &*lists {
            [list] => list.shape().into_iter().map(String::from).collect(),
            _ => BTreeSet::new(),
        };
        Ok(LoadedStream { content: content.hash.clone(), lists, kept, shape, bytes: size })
    }

    /// What whoever keeps the lists should know of them: columns that nothing is read from, rows that share an id, stages without a meaning.
    pub fn notes(&self, stream: &StreamOfLists, now: Time) -> Result<Vec<String>, String> {
        let content = self.look(stream, now)?;
        content.unlocked()?;
        let loaded = self.load(stream, &content)?;
        let mut notes = loaded.kept.told.clone();
        notes.extend(content.is_ahead());
        for table in loaded.lists.iter().flat_map(|list| &list.tables) {
            let named = |names: &[String]| names.iter().map(|name| format!("{name:?}")).collect::<Vec<_>>().join(", ");
            let (file, columns) = (&table.file, &table.columns);
            let (refusing, unknown): (Vec<String>, Vec<String>) = columns.unknown.iter().cloned().partition(|name| form::may_refuse(name));
            if !unknown.is_empty() {
                notes.push(format!("{file}: nothing is read from the columns {}", named(&unknown)));
            }
            // Of all columns the one that may not be lost: a "no" that stands nowhere else.
            if !refusing.is_empty() {
                notes.push(format!(
                    "{file}: the columns {} may hold people's own no, and nothing is read from them: nobody is held by it; if one does, say columns = {{ \"NAME\" = \"opt_out\" }}",
                    named(&refusing)
                ));
            }
            notes.extend(columns.twice.iter().map(|(header, counts)| {
                format!("{file}: {header:?} is not read, as {counts:?} says the same and counts; name the one that is meant in `columns`")
            }));
        }
        if stream.rows == RowsAs::Deal {
            notes.extend(self.unknown_stages(&loaded));
        }
        if matches!(stream.rows, RowsAs::Person | RowsAs::DealContact) {
            notes.extend(self.unsaid(&loaded));
        }
        Ok(notes)
    }

    /// The words of rows that are not known, and how many rows have each.
    fn words_of(loaded: &LoadedStream, word: impl Fn(ListRow<'_>) -> Option<String>) -> BTreeMap<String, usize> {
        let mut words: BTreeMap<String, usize> = BTreeMap::new();
        for list in &loaded.lists {
            for table in &list.tables {
                let mut rows = table.rows();
                while let Some((_, cells)) = rows.next() {
                    let word = word(ListRow { profile: list.profile, columns: &table.columns, cells });
                    word.into_iter().for_each(|word| *words.entry(word).or_default() += 1);
                }
            }
        }
        words
    }

    /// Rows of consents that say neither yes nor no, and words of any list of people that may be either.
    fn unsaid(&self, loaded: &LoadedStream) -> Vec<String> {
        let words = Contents::words_of(loaded, |row| match row.consent(&self.asked) {
            ConsentSaid::Nothing if row.profile == ListProfile::Consents => Some(String::new()),
            // It may be a person's own sentence.
            ConsentSaid::Unread(word) if row.profile != ListProfile::Accounts => Some(shown(&Json::from(word)).into()),
            ConsentSaid::Nothing | ConsentSaid::Unread(_) | ConsentSaid::Yes | ConsentSaid::No => None,
        });
        let (silent, unread): (Vec<_>, Vec<_>) = words.iter().partition(|(word, _)| word.is_empty());
        let silent = silent.iter().map(|(_, count)| {
            let rows = counted(**count, "row says", "rows say");
            format!("{rows} neither yes nor no, so that nobody's consent is read there")
        });
        let mut notes: Vec<String> = silent.collect();
        if let Some((first, _)) = unread.first() {
            let told: Vec<String> = unread.iter().map(|(word, count)| format!("{word:?} ({count})")).collect();
            notes.push(format!(
                "these words are neither yes nor no, and hold whom they are said of: {}; say refusal_words = {{ {first:?} = \"no\" }}, or \"fine\"",
                told.join(", ")
            ));
        }
        notes
    }

    fn unknown_stages(&self, loaded: &LoadedStream) -> Option<String> {
        let words = Contents::words_of(loaded, |row| row.unknown_stage(&self.asked));
        let first = words.keys().next()?;
        let told: Vec<String> = words.iter().map(|(word, count)| format!("{word:?} ({count})")).collect();
        Some(format!(
            "deals in these stages count as open for ever, as `stages` does not name them: {}; say stages = {{ {first:?} = \"open\" }}, or \"won\" or \"lost\"",
            told.join(", ")
        ))
    }
}
