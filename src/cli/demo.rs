//! `nayose demo`: three sandbox systems, the real daemon and a script of events, all on loopback.

mod going_on;
mod script;
mod stage;

use super::args::{Common, Demo};
use super::{Exit, open, output};
use crate::sandbox;
use serde_json::Value;
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

/// The systems' tables for systems.toml, and what has to stand in the environment.
fn to_paste(systems: &Value) -> String {
    let text = |system: &str, key: &str| systems[system][key].as_str().unwrap_or_default().to_string();
    let (crm, support, ma) = (text("crm", "url"), text("support", "url"), text("ma", "url"));
    format!(
        "\nTo try a config of your own on them (`nayose init` writes one), put these tables in the place of its own into systems.toml:\n\n\
         [systems.crm]\nconnector = \"hubspot\"\nbase_url = \"{crm}\"\ntoken = {{ env = \"HUBSPOT_TOKEN\" }}\n\n\
         [systems.support]\nconnector = \"zendesk\"\nbase_url = \"{support}\"\ntoken = {{ env = \"ZENDESK_TOKEN\" }}\n\n\
         [systems.ma]\nconnector = \"marketo\"\nbase_url = \"{ma}\"\nclient_id = {{ env = \"MARKETO_ID\" }}\n\
         client_secret = {{ env = \"MARKETO_SECRET\" }}\nlist_id = \"{list}\"\nwrites = [\"hold\", \"status\", \"phone\"]\n\
         hold = {{ block = true, permit = \"nayose_ok_until\", why = \"nayose_why\", lease = \"7d\" }}\n\n\
         and in the terminal in which you call nayose:\n\n\
         export HUBSPOT_TOKEN={crm_token} ZENDESK_TOKEN={support_token} MARKETO_ID={id} MARKETO_SECRET={secret}\n\n\
         What can be done to them: {control}/\nThey go on until their standard input ends (Ctrl-D).",
        list = text("ma", "list"),
        crm_token = text("crm", "token"),
        support_token = text("support", "token"),
        id = text("ma", "client_id"),
        secret = text("ma", "client_secret"),
        control = text("control", "url"),
    )
}

/// Serves the sandbox systems alone, for tests that run the binary beside them. Ends when its standard input does.
async fn systems_only(options: &Demo) -> Exit {
    let sandbox_options = sandbox::Options { seed: options.seed, ..sandbox::Options::new(open::clock()).people(options.people) };
    let (begun, has_begun) = tokio::sync::oneshot::channel();
    let serve = sandbox::serve(sandbox_options, |systems| {
        output::data(&systems.to_string());
        output::note(&to_paste(systems));
        let _ = begun.send(());
    });
    let parent = async {
        // Whose input ends at once is told of the systems all the same.
        let _ = has_begun.await;
        let reading = tokio::task::spawn_blocking(|| {
            let mut rest = Vec::new();
            // Read to the end or to an error: either way the parent is gone.
            let _ = std::io::stdin().lock().read_to_end(&mut rest);
        });
        reading.await
    };
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
