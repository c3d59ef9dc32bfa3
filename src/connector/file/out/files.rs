//! Puts files into the folder of lists: each whole or not at all, also if the power fails, and none is touched that is as it should be.

use std::ffi::OsStr;
use std::fs::{self, File};
use std::io::{self, Write};
use std::path::Path;

/// Makes the folder if it is not there, and sees whether it can be written to.
pub fn ready(folder: &Path) -> Result<(), String> {
    let told = |e: io::Error| told(folder, &e);
    fs::create_dir_all(folder).map_err(told)
}

/// Puts a file in its place. Returns whether it was another before.
pub fn put(folder: &Path, name: &str, bytes: &[u8]) -> Result<bool, String> {
    let (place, part) = (folder.join(name), folder.join(format!(".{name}.part")));
    if fs::read(&place).is_ok_and(|there| there == bytes) {
        return Ok(false);
    }
    let write = || {
        let mut file = File::create(&part)?;
        file.write_all(bytes)?;
        file.sync_all()?;
        fs::rename(&part, &place)?;
        File::open(folder)?.sync_all()
    };
    write().map(|()| true).map_err(|e| told(&place, &e))
}

/// Takes away the lists of ours that are not among these. Returns whether there were some.
pub fn remove_others(folder: &Path, is_ours: impl Fn(&str) -> bool, kept: &[String]) -> Result<bool, String> {
    let mut any = false;
    for entry in fs::read_dir(folder).map_err(|e| told(folder, &e))? {
        let entry = entry.map_err(|e| told(folder, &e))?;
        let Some(name) = entry.file_name().to_str().map(String::from) else { continue };
        if is_ours(&name) && !kept.contains(&name) {
            fs::remove_file(entry.path()).map_err(|e| told(&entry.path(), &e))?;
            any = true;
        }
    }
    if any {
        File::open(folder).and_then(|f| f.sync_all()).map_err(|e| told(folder, &e))?;
    }
    Ok(any)
}

fn told(path: &Path, error: &io::Error) -> String {
    let name = path.file_name().unwrap_or(OsStr::new("")).to_string_lossy();
    match error.kind() {
        io::ErrorKind::PermissionDenied => format!("{name} cannot be written: nayose has no right to ({})", path.display()),
        kind => format!("{name} cannot be written: {kind} ({})", path.display()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_whole_or_as_before_and_one_that_is_right_is_not_touched() {
        let folder = tempfile::tempdir().unwrap();
        let folder = folder.path().join("outbox/ma");
        ready(&folder).unwrap();
        assert_eq!(put(&folder, "block.csv", b"a\n"), Ok(true));
        let written = || fs::metadata(folder.join("block.csv")).unwrap().modified().unwrap();
        let before = written();
        assert_eq!(put(&folder, "block.csv", b"a\n"), Ok(false));
        assert_eq!(written(), before);
        // What a crash left of a former try is in nobody's way.
        fs::write(folder.join(".block.csv.part"), "torn").unwrap();
        assert_eq!(put(&folder, "block.csv", b"b\n"), Ok(true));
        assert_eq!(fs::read(folder.join("block.csv")).unwrap(), b"b\n");
        fs::write(folder.join("mine.csv"), "x").unwrap();
        put(&folder, "change-phone.csv", b"c\n").unwrap();
        let ours = |name: &str| name == "block.csv" || name.starts_with("change-");
        assert_eq!(remove_others(&folder, ours, &["block.csv".to_string()]), Ok(true));
        assert_eq!(remove_others(&folder, ours, &["block.csv".to_string()]), Ok(false));
        let mut left: Vec<String> = fs::read_dir(&folder).unwrap().map(|e| e.unwrap().file_name().into_string().unwrap()).collect();
        left.sort();
        assert_eq!(left, ["block.csv", "mine.csv"]);
        fs::create_dir(folder.join("taken.csv")).unwrap();
        assert!(put(&folder, "taken.csv", b"x").unwrap_err().starts_with("taken.csv cannot be written"));
    }
}
