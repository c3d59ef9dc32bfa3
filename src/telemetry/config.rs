//! The config folder, and edits of it while the daemon runs.

use super::InternalEvent;
use std::fmt::Display;
use std::path::Path;

/// Something that is configured and has no effect.
pub struct SettingUnused<'a> {
    pub note: &'a dyn Display,
}

impl InternalEvent for SettingUnused<'_> {
    fn emit(self) {
        tracing::warn!("{}", self.note);
    }
}

/// The file system does not tell of edits.
pub struct FolderNotWatched<'a> {
    pub error: &'a dyn Display,
    pub folder: &'a Path,
}

impl InternalEvent for FolderNotWatched<'_> {
    fn emit(self) {
        let folder = self.folder.display();
        tracing::warn!(error = %self.error, %folder, "the config folder cannot be watched; it is looked at every 30 s");
    }
}

/// SIGHUP cannot ask for the config to be read.
pub struct HangupNotHeard<'a> {
    pub error: &'a dyn Display,
}

impl InternalEvent for HangupNotHeard<'_> {
    fn emit(self) {
        tracing::warn!(error = %self.error, "no SIGHUP; edits of the config are seen without it");
    }
}

/// One for each mistake, when they were found.
pub struct ConfigMistake<'a> {
    pub mistake: &'a str,
}

impl InternalEvent for ConfigMistake<'_> {
    fn emit(self) {
        tracing::error!(mistake = self.mistake, "the config has a mistake; the rules from before it stay in force");
    }
}

/// The mistakes are gone.
pub struct ConfigMended;

impl InternalEvent for ConfigMended {
    fn emit(self) {
        tracing::info!("the config is right again");
    }
}

/// An edit that only a start can follow.
pub struct RestartNeeded<'a> {
    pub what: &'a str,
}

impl InternalEvent for RestartNeeded<'_> {
    fn emit(self) {
        tracing::warn!(what = self.what, "restart nayose to apply it");
    }
}

/// A connector could not be made anew for the rules in force.
pub struct ConnectorKept<'a> {
    pub error: &'a dyn Display,
}

impl InternalEvent for ConnectorKept<'_> {
    fn emit(self) {
        tracing::error!(error = %self.error, "a connector stays as it was");
    }
}

/// An edit was taken over.
pub struct ConfigInForce<'a> {
    pub version: &'a str,
}

impl InternalEvent for ConfigInForce<'_> {
    fn emit(self) {
        tracing::info!(version = self.version, "the config was edited and is in force");
    }
}

/// A part of an edit widens, and does not count yet.
pub struct EditWaits<'a> {
    pub plan: &'a str,
    pub widens: &'a str,
}

impl InternalEvent for EditWaits<'_> {
    fn emit(self) {
        tracing::warn!(plan = self.plan, widens = self.widens, "a part of the edit waits for `nayose approve`");
    }
}

/// A shared mailbox that is none.
pub struct MailboxLeftOut<'a> {
    pub error: &'a dyn Display,
}

impl InternalEvent for MailboxLeftOut<'_> {
    fn emit(self) {
        tracing::warn!(error = %self.error, "a shared mailbox of systems.toml is left out");
    }
}

/// Whom it held is remembered.
pub struct FormerHoldNotRead<'a> {
    pub hold: &'a dyn Display,
    pub rule: &'a dyn Display,
}

impl InternalEvent for FormerHoldNotRead<'_> {
    fn emit(self) {
        let (hold, rule) = (self.hold, self.rule);
        tracing::warn!(%hold, %rule, "a hold from before the last edit cannot be read any more");
    }
}

/// Precedence and statuses from before an edit are in a form that this version does not know: the files' count.
pub struct FormerMergingNotRead;

impl InternalEvent for FormerMergingNotRead {
    fn emit(self) {
        tracing::warn!("precedence and [status] from before the last edit cannot be read any more; those of the files count");
    }
}

/// An edit of precedence or statuses rewrites much, and does not count yet.
pub struct EditRewrites<'a> {
    pub plan: &'a str,
    pub why: &'a str,
}

impl InternalEvent for EditRewrites<'_> {
    fn emit(self) {
        tracing::warn!(
            plan = self.plan,
            why = self.why,
            "the edit of precedence or [status] waits for `nayose approve`; the former rules count"
        );
    }
}
