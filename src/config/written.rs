//! Who wrote a file.

use crate::model::{RulesFile, Time};
use std::os::unix::fs::MetadataExt;
use std::path::Path;

/// A file of the config folder with its owner; `None`: there is none, or it cannot be looked at.
pub fn rules_file(dir: &Path, file: &str) -> Option<RulesFile> {
    let metadata = std::fs::metadata(dir.join(file)).ok()?;
    let modified = Time(metadata.mtime().saturating_mul(1_000).saturating_add(metadata.mtime_nsec() / 1_000_000));
    Some(RulesFile { file: file.to_string(), owner: user_named(metadata.uid()), modified })
}

/// A user's name on this machine, else the number.
pub fn user_named(uid: u32) -> String {
    named_in(&std::fs::read_to_string("/etc/passwd").unwrap_or_default(), uid)
}

fn named_in(passwd: &str, uid: u32) -> String {
    let uid = uid.to_string();
    let of_uid = |line: &&str| line.split(':').nth(2) == Some(&uid);
    match passwd.lines().find(of_uid).and_then(|line| line.split(':').next()) {
        Some(name) => name.to_string(),
        None => format!("user {uid}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_user_is_named_as_the_machine_knows_them() {
        let passwd = "root:x:0:0:root::\nbroken\nops:x:1000:1000:::\n";
        for (uid, name) in [(0, "root"), (1000, "ops"), (1, "user 1")] {
            assert_eq!(named_in(passwd, uid), name);
        }
    }

    #[test]
    fn a_file_is_told_with_its_owner_and_time_and_a_missing_one_is_not() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("policy.toml"), "").unwrap();
        let file = rules_file(folder.path(), "policy.toml").unwrap();
        assert_eq!((file.file.as_str(), file.owner.is_empty()), ("policy.toml", false));
        assert!(file.modified > Time(0));
        assert_eq!(rules_file(folder.path(), "consent.toml"), None);
    }
}
