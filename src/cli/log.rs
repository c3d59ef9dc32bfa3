//! Logs on stderr. The daemon's lines wait for nobody: whoever reads them may stand still, go away, or have a full disk.

use super::args::Log;
use crate::telemetry::InternalEvent;
use crate::telemetry::process::LogLinesDropped;
use std::io::{IsTerminal, stderr};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;
use tracing_appender::non_blocking::{ErrorCounter, NonBlockingBuilder, WorkerGuard};
use tracing_subscriber::EnvFilter;
use tracing_subscriber::fmt::MakeWriter;

/// Lines that wait for their reader at most; what comes then is dropped and counted.
const LINES_WAITING_MAX: usize = 10_000;

/// How often it is looked whether lines were dropped.
const TELL_EVERY: Duration = Duration::from_secs(10);
/// What still waits at the end gets so long.
const END_WITHIN: Duration = Duration::from_millis(1_500);

/// Kept for as long as there is something to log.
pub struct Logging(Option<WorkerGuard>);

/// Sets up logs: info for the daemon, warnings else.
pub fn begin(form: Log, daemon: bool) -> Logging {
    if !daemon {
        set(form, "nayose=warn,error", stderr);
        return Logging(None);
    }
    let (lines, guard) =
        NonBlockingBuilder::default().lossy(true).buffered_lines_limit(LINES_WAITING_MAX).thread_name("log").finish(stderr());
    let dropped = lines.error_counter();
    set(form, "nayose=info,warn", lines);
    tokio::spawn(tell_dropped(dropped));
    Logging(Some(guard))
}

fn set<W: for<'w> MakeWriter<'w> + Send + Sync + 'static>(form: Log, level: &str, writer: W) {
    let filter = EnvFilter::try_from_env("NAYOSE_LOG").unwrap_or_else(|_| EnvFilter::new(level));
    // What cannot be written is lost; to say so where it cannot be written either would end the process.
    let builder = tracing_subscriber::fmt().with_env_filter(filter).with_writer(writer).log_internal_errors(false);
    let set = match form {
        Log::Json => builder.json().try_init(),
        Log::Human => builder.with_ansi(stderr().is_terminal()).with_target(false).try_init(),
    };
    // A second call in one process (the demo's) keeps the first one's form.
    let _ = set;
}

/// Says how many lines were dropped, once lines go out again.
async fn tell_dropped(dropped: ErrorCounter) {
    let mut told = 0;
    loop {
        tokio::time::sleep(TELL_EVERY).await;
        let lines = dropped.dropped_lines();
        if lines > told {
            LogLinesDropped { lines: lines - told, total: lines }.emit();
            // It may have been dropped itself.
            if dropped.dropped_lines() == lines {
                told = lines;
            }
        }
    }
}

impl Logging {
    /// Writes what still waits, for as long as that may take.
    pub fn end(self) {
        let Some(guard) = self.0 else { return };
        let (done, ended) = mpsc::channel();
        // Dropped on a thread of its own: where lines do not go out it prints to stdout, which may be the same pipe.
        thread::spawn(move || {
            drop(guard);
            let _ = done.send(());
        });
        let _ = ended.recv_timeout(END_WITHIN);
    }
}
