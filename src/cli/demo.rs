//! `nayose demo`: three sandbox systems, the real daemon and a script of events, all on loopback.

mod script;
mod stage;

use super::args::{Common, Demo};
use super::{Exit, open, output};
use crate::sandbox;
use std::io::Read;

pub async fn demo(options: Demo, _common: &Common) -> Exit {
    if options.systems_only {
        return systems_only(&options).await;
    }
    let stage = match stage::Stage::set(&options).await {
        Ok(stage) => stage,
        Err(error) => {
            output::problem(&format!("the demo cannot start: {error:#}"));
            return Exit::Failures;
        }
    };
    let failed = script::play(&stage).await;
    if !options.once {
        output::note(&format!(
            "\nThe systems and the daemon go on until Ctrl-C. The gate answers at http://{}/v1/decisions, the sandbox is steered at {}.",
            stage.http, stage.sandbox.control_url
        ));
        if let Err(error) = tokio::signal::ctrl_c().await {
            output::problem(&format!("cannot wait for Ctrl-C: {error}"));
        }
    }
    stage.strike().await;
    if failed == 0 { Exit::Done } else { Exit::Failures }
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
