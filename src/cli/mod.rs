//! Arguments and printing; one file a command. Data goes to stdout, everything else to stderr.

mod accept;
mod approve;
mod args;
mod backup;
mod check;
mod completions;
mod connector;
mod deadletters;
mod demo;
mod exit;
mod explain;
mod export;
mod gate;
mod init;
mod log;
mod open;
mod output;
mod plan;
mod restore;
mod run;
mod schema;
pub mod service;
mod spreadsheet;
mod status;
mod sync;
mod try_system;
mod undo;

pub use exit::Exit;

use args::{Action, Args};
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
        let runs = matches!(args.action, Action::Run);
        // Before all else: a SIGHUP that comes while the daemon starts would end it.
        let outlives = if runs { run::outlive_hangup() } else { Ok(()) };
        let logging = log::begin(args.log, runs);
        if let Err(error) = outlives {
            tracing::warn!(%error, "SIGHUP ends this process, as it cannot be listened for");
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
        Action::Demo(options) => demo::demo(options, &common).await,
        Action::Init { folder, language } => init::init(&common, folder.as_deref().unwrap_or(&common.config), language),
        Action::Completions { shell } => completions::completions(shell),
        Action::Man { folder } => completions::man(&common, folder.as_deref()),
        Action::Check => check::check(&common),
        Action::Plan { known } => plan::plan(&common, known).await,
        Action::Sync { system } => sync::sync(&common, system).await,
        Action::Run => run::run(&common).await,
        Action::Approve { what, holds, moved } => approve::approve(&common, what, holds, moved).await,
        Action::Accept { row, because, by } => accept::accept(&common, row, because, by).await,
        Action::Status => status::status(&common).await,
        Action::Explain { who } => explain::explain(&common, who).await,
        Action::Gate { who, kind, topic } => gate::gate(&common, who, kind, topic).await,
        Action::Deadletters { order } => deadletters::deadletters(&common, order).await,
        Action::Export { what, format, raw } => export::export(&common, what, format, raw).await,
        Action::Undo { run, since } => undo::undo(&common, run, since).await,
        Action::Backup { file } => backup::backup(&common, &file).await,
        Action::Restore { file } => restore::restore(&common, &file),
        Action::Schema { file } => schema::schema(file),
        Action::Connector { order } => connector::connector(&common, order).await,
    }
}
