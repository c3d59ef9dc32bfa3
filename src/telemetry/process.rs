//! The process: its start and end, its signals, and who supervises it.

use super::InternalEvent;
use super::metric::Counter;
use std::fmt::Display;

/// Whoever asks is answered from now on.
pub struct Running<'a> {
    pub listen: &'a dyn Display,
    pub systems: usize,
}

impl InternalEvent for Running<'_> {
    fn emit(self) {
        tracing::info!(listen = %self.listen, systems = self.systems, "running");
    }
}

/// As it was told to.
pub struct Ended;

impl InternalEvent for Ended {
    fn emit(self) {
        tracing::info!("ended; everything is kept");
    }
}

/// Told to end while the state could not be kept.
pub struct EndedWithoutState<'a> {
    pub error: &'a dyn Display,
}

impl InternalEvent for EndedWithoutState<'_> {
    fn emit(self) {
        tracing::error!(error = %self.error, "ended; what was under way is read back at the next start");
    }
}

/// The daemon of a demo ended by a fault.
pub struct DemoDaemonEnded<'a> {
    pub error: &'a dyn Display,
}

impl InternalEvent for DemoDaemonEnded<'_> {
    fn emit(self) {
        tracing::error!(error = %self.error, "the daemon ended");
    }
}

/// The system's own answer to SIGHUP stands.
pub struct HangupEndsProcess<'a> {
    pub error: &'a dyn Display,
}

impl InternalEvent for HangupEndsProcess<'_> {
    fn emit(self) {
        tracing::warn!(error = %self.error, "SIGHUP ends this process, as it cannot be listened for");
    }
}

/// SIGTERM and Ctrl-C are not heard.
pub struct SignalsNotHeard;

impl InternalEvent for SignalsNotHeard {
    fn emit(self) {
        tracing::error!("cannot listen for signals; end it with kill -9, which loses nothing");
    }
}

/// Whoever reads the log did not keep up.
pub struct LogLinesDropped {
    /// Since this was told last.
    pub lines: usize,
    /// Since the start.
    pub total: usize,
}

impl InternalEvent for LogLinesDropped {
    fn emit(self) {
        Counter::LogLinesDropped.set_total(self.total as u64);
        tracing::warn!(lines = self.lines, "log lines were dropped, as whoever reads the log did not take them");
    }
}

/// A message to systemd was lost.
pub struct SystemdNotTold<'a> {
    pub error: &'a dyn Display,
}

impl InternalEvent for SystemdNotTold<'_> {
    fn emit(self) {
        tracing::debug!(error = %self.error, "systemd could not be told");
    }
}

/// Without a clock, a reload cannot be told.
pub struct ReloadNotTold<'a> {
    pub error: &'a dyn Display,
}

impl InternalEvent for ReloadNotTold<'_> {
    fn emit(self) {
        tracing::debug!(error = %self.error, "systemd is not told of a reload: there is no clock");
    }
}
