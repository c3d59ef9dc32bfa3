//! What the files of a state folder are called.

pub(in crate::store) const STORE: &str = "sled";
pub(in crate::store) const JOURNAL: &str = "journal.log";
pub(in crate::store) const LOCK: &str = "lock";
pub(in crate::store) const COMMITS: &str = "commits";
pub(in crate::store) const PROBE: &str = "probe";
/// A journal that is being written anew; it counts once it bears the journal's name.
pub(in crate::store) const JOURNAL_NEW: &str = "journal.new";
/// A backup that is being made.
pub(in crate::store) const BACKUP: &str = "backup.partial";
/// While a backup is being restored; a folder that holds it is no state yet.
pub(in crate::store) const RESTORING: &str = "restoring";
