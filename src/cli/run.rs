//! `nayose run`

use super::args::Common;
use super::{Exit, open, output};
use crate::daemon::{reload::Source, run, shell::Shell, socket};
use crate::web;
use std::sync::Arc;
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::watch;

pub async fn run(common: &Common) -> Exit {
    let config = match open::config(common) {
        Ok(config) => config,
        Err(error) => return open::refused(&error),
    };
    open::tell_unused(&config);
    let (folder, http) = (open::folder(&config), config.http.clone());
    let started = Arc::new(config.clone());
    let shell = match open::shell(config) {
        Ok(shell) => shell,
        Err(error) => return open::refused(&error),
    };
    let listener = match TcpListener::bind(http.listen).await {
        Ok(listener) => listener,
        Err(error) => {
            output::problem(&format!(
                "cannot listen on {} ({error}); choose another address by [http] listen in systems.toml",
                http.listen
            ));
            return Exit::Refused;
        }
    };
    let questions = match socket::listen(&folder) {
        Ok(listener) => listener,
        Err(error) => {
            output::problem(&format!("cannot make the socket in {} ({error})", folder.display()));
            return Exit::Refused;
        }
    };
    let (stop, stopped) = watch::channel(false);
    let asked = tokio::spawn(socket::serve(questions, shell.clone()));
    let served = tokio::spawn(web::serve(listener, web::router(shell.clone(), http.token, web::recorder())));
    tokio::spawn(signals(stop));
    let folder_read = common.config.clone();
    let load = Box::new(move || open::load(&folder_read));
    let source = Source { folder: common.config.clone(), load, started };
    tracing::info!(listen = %http.listen, systems = shell.wiring().connectors.len(), "running");
    let ended = run::run(shell.clone(), Some(source), stopped).await;
    asked.abort();
    served.abort();
    // A socket that nobody answers on would only mislead.
    let _ = std::fs::remove_file(socket::path(&folder));
    match ended {
        Ok(()) => {
            tracing::info!("ended; everything is kept");
            close(shell)
        }
        Err(error) => {
            output::problem(&error.to_string());
            Exit::Failures
        }
    }
}

fn close(shell: Shell) -> Exit {
    drop(shell);
    Exit::Done
}

async fn signals(stop: watch::Sender<bool>) {
    let (Ok(mut term), Ok(mut int)) = (signal(SignalKind::terminate()), signal(SignalKind::interrupt())) else {
        output::problem("cannot listen for signals; end it with kill -9, which loses nothing");
        return;
    };
    tokio::select! {
        _ = term.recv() => {}
        _ = int.recv() => {}
    }
    let _ = stop.send(true);
}
