//! Arguments and printing; one file a command. Data goes to stdout, everything else to stderr.

mod accept;
mod approve;
mod args;
mod backup;
mod check;
mod completions;
mod conflicts;
mod connector;
mod connector_list;
mod connector_new;
mod deadletters;
mod demo;
mod exit;
mod explain;
mod export;
mod footer;
mod gate;
mod init;
mod log;
mod man;
mod open;
mod output;
mod own_connectors;
mod pick_lists;
mod picture;
mod pin;
mod plan;
mod preview;
mod record;
mod replay;
mod report;
mod restore;
mod run;
mod schema;
pub mod service;
mod speaker;
mod spreadsheet;
mod status;
mod sync;
mod test;
mod try_system;
mod undo;
mod unmapped;
mod unpark;

pub use exit::Exit;

use crate::engine::history::narrowed::UndoOnly;
use crate::telemetry::InternalEvent;
use crate::telemetry::process::HangupEndsProcess;
use args::{Args, CliCommand};
use std::process::ExitCode;

/// Reads the arguments and does what they say.
pub fn main() -> ExitCode {
    let args = match Args::read() {
        Ok(args) => args,
        Err(error) => {
            // Help and version are answers, the rest are refusals: clap's own code for those is 2 as well.
            let _ = error.print();
            return if error.use_stderr() { Exit::Refused.into() } else { Exit::Done.into() };
        }
    };
    let runtime = match tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            output::problem(&format!("cannot start: {error}"));
            return Exit::Refused.into();
        }
    };
    let logging = {
        let _in_runtime = runtime.enter();
        let runs = matches!(args.action, CliCommand::Run);
        // Before all else: a SIGHUP that comes while the daemon starts would end it.
        let outlives = if runs { run::outlive_hangup() } else { Ok(()) };
        let logging = log::begin(args.log, runs);
        if let Err(error) = outlives {
            HangupEndsProcess { error: &error }.emit();
        }
        logging
    };
    let exit = runtime.block_on(act(args));
    // Tasks that still wait on a socket have nothing left to say.
    runtime.shutdown_background();
    logging.end();
    exit.into()
}

async fn act(args: Args) -> Exit {
    let common = args.common();
    match args.action {
        CliCommand::Demo(options) => demo::demo(options, &common).await,
        CliCommand::Init { folder, language, lists } => {
            init::init(&common, folder.as_deref().unwrap_or(&common.config), language, lists.as_deref())
        }
        CliCommand::Completions { shell } => completions::completions(shell),
        CliCommand::Man { folder } => man::man(&common, folder.as_deref()),
        CliCommand::Check => check::check(&common),
        CliCommand::Test { name, lang } => test::test(&common, name.as_deref(), lang),
        CliCommand::Plan { rules: Some(folder), csv, lang, .. } => preview::preview(&common, folder, csv, lang).await,
        CliCommand::Plan { known, .. } => plan::plan(&common, known).await,
        CliCommand::Sync { system } => sync::sync(&common, system).await,
        CliCommand::Run => run::run(&common).await,
        CliCommand::Approve { what, holds, moved, by } => approve::approve(&common, what, holds, moved, by).await,
        CliCommand::Accept(args) => accept::accept(&common, args).await,
        CliCommand::Pin(args) => pin::pin(&common, args).await,
        CliCommand::Unpin(args) => pin::unpin(&common, args).await,
        CliCommand::Pins(told) => pin::pins(&common, told.language()).await,
        CliCommand::Conflicts(args) => conflicts::conflicts(&common, args).await,
        CliCommand::Status => status::status(&common).await,
        CliCommand::Explain { who, field, lang } => explain::explain(&common, who, field, lang).await,
        CliCommand::Gate { who, kind, topic } => gate::gate(&common, who, kind, topic).await,
        CliCommand::Footer { order } => footer::footer(&common, order).await,
        CliCommand::Report { order } => report::report(&common, order).await,
        CliCommand::Deadletters { order } => deadletters::deadletters(&common, order).await,
        CliCommand::Unpark { what, field } => unpark::unpark(&common, what, field).await,
        CliCommand::Export { what, format, raw } => export::export(&common, what.into(), format, raw).await,
        CliCommand::Undo { run, import, since, field, system, person, rule } => {
            let names = |given: Vec<String>| given.iter().map(|name| name.as_str().into()).collect();
            let import = import.map(|file| file.as_str().into());
            let only = UndoOnly { fields: names(field), systems: names(system), person, rules: names(rule), import };
            undo::undo(&common, run, since, only).await
        }
        CliCommand::Backup { file } => backup::backup(&common, &file).await,
        CliCommand::Restore { file } => restore::restore(&common, &file),
        CliCommand::Schema { file } => schema::schema(file),
        CliCommand::Connector { order } => connector::connector(&common, order).await,
    }
}
