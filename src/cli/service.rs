//! What systemd is told: ready, how well, alive, stopping. Where it did not start us (no `NOTIFY_SOCKET`), nothing happens.

use super::status::numbers;
use crate::daemon::Shell;
use crate::daemon::commands::{Command, Reply};
use crate::engine::answers::status::Status;
use crate::telemetry::InternalEvent;
use crate::telemetry::process::{ReloadNotTold, SystemdNotTold};
use sd_notify::NotifyState;
use std::time::Duration;

/// How often the status line is looked at.
const STATUS_EVERY: Duration = Duration::from_secs(30);

/// The state is open, and whoever asks is answered.
pub fn ready() {
    tell(&[NotifyState::Ready]);
}

/// The line that `systemctl status` shows.
pub fn status(line: &str) {
    tell(&[NotifyState::Status(line)]);
}

/// Config is read anew; [`ready`] ends it.
pub fn reloading() {
    match NotifyState::monotonic_usec_now() {
        Ok(now) => tell(&[NotifyState::Reloading, now]),
        Err(error) => ReloadNotTold { error: &error }.emit(),
    }
}

/// The end has begun.
pub fn stopping() {
    tell(&[NotifyState::Stopping, NotifyState::Status("writes under way are brought to their end")]);
}

/// One sign of life.
pub fn watchdog() {
    tell(&[NotifyState::Watchdog]);
}

/// Tells how well it goes, and that we live, until the task is dropped. Each sign of life has asked the engine before: where it hangs there
/// is none, and systemd starts us anew.
pub async fn keep_telling(shell: Shell) {
    if std::env::var_os("NOTIFY_SOCKET").is_none() {
        return;
    }
    let watched = sd_notify::watchdog_enabled();
    // Twice in the time that systemd waits, as it advises.
    let every = watched.map_or(STATUS_EVERY, |w| (w / 2).clamp(Duration::from_millis(1), STATUS_EVERY));
    let mut told = String::new();
    loop {
        if let Reply::Status(now) = shell.command(Command::Status).await {
            let line = line(&now);
            if line != told {
                status(&line);
                told = line;
            }
            if watched.is_some() {
                watchdog();
            }
        }
        tokio::time::sleep(every).await;
    }
}

fn line(status: &Status) -> String {
    let word = status.protection.name().replace('_', " ");
    format!("{word}; {}", numbers(status))
}

fn tell(states: &[NotifyState]) {
    if let Err(error) = sd_notify::notify(states) {
        SystemdNotTold { error: &error }.emit();
    }
}
