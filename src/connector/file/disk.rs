//! Finds the files of a list and reads them whole. Nothing is ever written to them.

use super::limits::FILE_BYTES_MAX;
use crate::connector::regular;
use crate::model::Time;
use std::fs::{self, Metadata};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

/// A file that belongs to a list.
#[derive(Debug, Clone)]
pub struct FoundFile {
    pub path: PathBuf,
    /// Its name, for people.
    pub name: String,
    pub stamp: FileStamp,
    /// The lock file beside it: somebody has it open.
    pub lock: Option<String>,
}

/// What tells whether a file is another than it was.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FileStamp {
    device: u64,
    inode: u64,
    bytes: u64,
    modified: (i64, i64),
}

impl FileStamp {
    fn of(metadata: &Metadata) -> FileStamp {
        let modified = (metadata.mtime(), metadata.mtime_nsec());
        FileStamp { device: metadata.dev(), inode: metadata.ino(), bytes: metadata.len(), modified }
    }

    /// When the file was written last.
    pub fn modified(&self) -> Time {
        let (seconds, nanos) = self.modified;
        Time(seconds.saturating_mul(1000).saturating_add(nanos / 1_000_000))
    }
}

/// The files that a path means, the oldest first. `Err`: there is none, or the folder cannot be looked into.
pub fn find(path: &Path) -> Result<Vec<FoundFile>, String> {
    let (folder, pattern) = (path.parent().unwrap_or(Path::new(".")), name_of(path));
    if !pattern.contains(['*', '?']) {
        let metadata = fs::metadata(path).map_err(|e| format!("{}: {}", path.display(), in_words(&e)))?;
        return Ok(vec![found(folder, pattern, &metadata)]);
    }
    let entries = fs::read_dir(folder).map_err(|e| format!("{}: {}", folder.display(), in_words(&e)))?;
    let mut files = Vec::new();
    for entry in entries {
        let entry = entry.map_err(|e| format!("{}: {}", folder.display(), in_words(&e)))?;
        let Ok(name) = entry.file_name().into_string() else { continue };
        if is_passed_over(&name) || !fits(&pattern, &name) {
            continue;
        }
        match fs::metadata(entry.path()) {
            Ok(metadata) if metadata.is_file() => files.push(found(folder, name, &metadata)),
            Ok(_) => {}
            Err(e) => return Err(format!("{}: {}", entry.path().display(), in_words(&e))),
        }
    }
    files.sort_by(|a, b| (a.stamp.modified, &a.name).cmp(&(b.stamp.modified, &b.name)));
    Ok(files)
}

/// Reads a file. `Err`: it cannot be read, or was changed or swapped meanwhile.
pub fn read(file: &FoundFile) -> Result<Vec<u8>, String> {
    let stamp = || fs::metadata(&file.path).ok().map(|m| FileStamp::of(&m));
    let bytes = regular::read(&file.path, FILE_BYTES_MAX).map_err(|e| e.to_string())?;
    if stamp() != Some(file.stamp) || bytes.len() as u64 != file.stamp.bytes {
        return Err("it was changed while it was read".to_string());
    }
    Ok(bytes)
}

fn found(folder: &Path, name: String, metadata: &Metadata) -> FoundFile {
    let locks = [format!("~${name}"), format!("~${}", skipping(&name, 2)), format!(".~lock.{name}#")];
    let lock = locks.into_iter().find(|lock| folder.join(lock).exists());
    FoundFile { path: folder.join(&name), name, stamp: FileStamp::of(metadata), lock }
}

/// Some programs put the lock's two signs in the place of the name's first two.
fn skipping(name: &str, count: usize) -> String {
    name.chars().skip(count).collect()
}

fn name_of(path: &Path) -> String {
    path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default()
}

/// Lock files, and what programs and systems put beside lists.
fn is_passed_over(name: &str) -> bool {
    name.starts_with("~$") || name.starts_with('.')
}

fn in_words(error: &std::io::Error) -> String {
    match error.kind() {
        std::io::ErrorKind::NotFound => "there is no such file".to_string(),
        kind => format!("it cannot be read: {kind}"),
    }
}

/// Whether a name fits a pattern of `*` (anything) and `?` (one character).
fn fits(pattern: &str, name: &str) -> bool {
    let (pattern, name): (Vec<char>, Vec<char>) = (pattern.chars().collect(), name.chars().collect());
    let (mut p, mut n, mut star) = (0, 0, None);
    while n < name.len() {
        match pattern.get(p) {
            Some('*') => {
                star = Some((p, n));
                p += 1;
            }
            Some(c) if *c == '?' || *c == name[n] => (p, n) = (p + 1, n + 1),
            _ => match star {
                Some((at, from)) => {
                    star = Some((at, from + 1));
                    (p, n) = (at + 1, from + 1);
                }
                None => return false,
            },
        }
    }
    pattern[p..].iter().all(|c| *c == '*')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_fit_patterns() {
        for (pattern, name, want) in [
            ("*.xlsx", "名刺.xlsx", true),
            ("*.xlsx", "名刺.xlsx.bak", false),
            ("cards-??.csv", "cards-01.csv", true),
            ("cards-??.csv", "cards-1.csv", false),
            ("*", "", true),
            ("a*b*c", "axxbyyc", true),
            ("a*b*c", "axxbyy", false),
        ] {
            assert_eq!(fits(pattern, name), want, "{pattern} {name}");
        }
    }

    #[test]
    fn files_come_oldest_first_without_locks_and_with_who_is_open() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        for name in ["b.csv", "a.csv", "~$b.csv", ".hidden.csv", "other.txt"] {
            fs::write(at(name), name).unwrap();
        }
        let old = std::time::SystemTime::UNIX_EPOCH + std::time::Duration::from_millis(1_000_500);
        fs::File::options().write(true).open(at("b.csv")).unwrap().set_modified(old).unwrap();
        let files = find(&at("*.csv")).unwrap();
        assert_eq!(files.iter().map(|f| (&*f.name, f.lock.as_deref())).collect::<Vec<_>>(), [("b.csv", Some("~$b.csv")), ("a.csv", None)]);
        assert_eq!(files[0].stamp.modified(), Time(1_000_500));
        assert_eq!(read(&files[0]).as_deref(), Ok(b"b.csv".as_slice()));
        fs::write(at("b.csv"), "longer").unwrap();
        assert_eq!(read(&files[0]).unwrap_err(), "it was changed while it was read");
        fs::rename(at("a.csv"), at("b.csv")).unwrap();
        assert_eq!(read(&files[0]).unwrap_err(), "it was changed while it was read", "another file took its place");
        assert!(find(&at("none.csv")).unwrap_err().ends_with("none.csv: there is no such file"));
        assert_eq!(find(&at("*.ods")).unwrap().len(), 0);
        assert!(find(&at("none/*.csv")).is_err());
    }
}
