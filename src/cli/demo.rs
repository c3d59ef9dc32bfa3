//! `nayose demo`: three sandbox systems, the real daemon and a script of events, all on loopback.

mod going_on;
mod script;
mod stage;

use super::args::{Common, Demo};
use super::{Exit, open, output};
use crate::sandbox;
use stage::Stage;
use std::io::{self, Read};
use tokio::signal::unix::{Signal, SignalKind, signal};

pub async fn demo(options: Demo, _common: &Common) -> Exit {
    if options.systems_only {
        return systems_only(&options).await;
    }
    let mut end = match RunEnd::listen() {
        Ok(end) => end,
        Err(error) => {
            output::problem(&format!("the demo cannot start: it cannot listen for signals: {error}"));
            return Exit::Failures;
        }
    };
    let set = tokio::select! {
        set = Stage::set(&options) => set,
        () = end.told() => return Exit::Failures,
    };
    let stage = match set {
        Ok(stage) => stage,
        Err(error) => {
            output::problem(&format!("the demo cannot start: {error:#}"));
            return Exit::Failures;
        }
    };
    let failed = tokio::select! {
        failed = script::play(&stage) => Some(failed),
        () = end.told() => None,
    };
    if failed.is_some() && !options.once {
        output::data(&going_on::told(&stage));
        end.told().await;
    }
    let folder = stage.folder().display().to_string();
    if let Err(error) = stage.strike().await {
        output::problem(&format!("{folder} could not be removed ({error}); it can be deleted by hand"));
    }
    if failed == Some(0) { Exit::Done } else { Exit::Failures }
}

/// What ends the demo from outside: Ctrl-C, SIGTERM, a terminal that is closed. The folder is removed then as well.
struct RunEnd {
    signals: [Signal; 3],
}

impl RunEnd {
    fn listen() -> io::Result<RunEnd> {
        let kinds = [SignalKind::interrupt(), SignalKind::terminate(), SignalKind::hangup()];
        let [interrupt, terminate, hangup] = kinds.map(signal);
        Ok(RunEnd { signals: [interrupt?, terminate?, hangup?] })
    }

    async fn told(&mut self) {
        let [interrupt, terminate, hangup] = &mut self.signals;
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
            _ = hangup.recv() => {}
        }
    }
}

/// Serves the sandbox systems alone, for tests that run the binary beside them. Ends when its standard input does.
async fn systems_only(options: &Demo) -> Exit {
    let sandbox_options = sandbox::Options { seed: options.seed, ..sandbox::Options::new(open::clock()).people(options.people) };
    let serve = sandbox::serve(sandbox_options, |systems| output::data(&systems.to_string()));
    let parent = tokio::task::spawn_blocking(|| {
        let mut rest = Vec::new();
        // Read to the end or to an error: either way the parent is gone.
        let _ = std::io::stdin().lock().read_to_end(&mut rest);
    });
    tokio::select! {
        ended = serve => match ended {
            Ok(()) => Exit::Done,
            Err(error) => {
                output::problem(&format!("the sandbox ended: {error}"));
                Exit::Failures
            }
        },
        _ = parent => Exit::Done,
    }
}
