//! The way from a config folder to an answer: ask the daemon that holds the state, or open the state.

use super::args::Common;
use super::{Exit, output};
use crate::config::{self, Config, FootersRead, Mistakes, SecretsWanted, System, WrittenExample};
use crate::connector::Clock;
use crate::daemon::Shell;
use crate::daemon::commands::{Command, Reply};
use crate::daemon::connectors::{ConnectorsBySystem, Wiring};
use crate::daemon::socket;
use crate::engine::look;
use crate::engine::open;
use crate::engine::open::OpenedState;
use crate::engine::rules::connection::NotConnected;
use crate::engine::rules::in_force;
use crate::engine::rules::rule_sets;
use crate::model::Time;
use indicatif::ProgressBar;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// How often the line about progress is drawn anew.
const WATCHED_EVERY: Duration = Duration::from_millis(300);

/// Whether a command makes a state where there is none.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StateNeed {
    Made,
    Needed,
}

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Already told on stderr.
    #[error("the config has mistakes")]
    Config,
    #[error("there is no state in {} yet; `nayose plan` makes one", .0.display())]
    NoState(PathBuf),
    #[error(transparent)]
    State(#[from] crate::engine::Error),
    #[error("the daemon that holds the state does not answer: {0}")]
    Socket(std::io::Error),
    #[error(transparent)]
    Connector(#[from] NotConnected),
}

/// The wall clock as it stands, which an administrator or NTP may set back.
#[allow(clippy::disallowed_methods, reason = "the one place that reads the wall clock")]
pub fn wall() -> Time {
    Time(jiff::Timestamp::now().as_millisecond())
}

/// The wall clock, which never goes back nor stands still while a state is open: set back, it would make old proofs look fresh.
pub fn clock() -> Clock {
    let last = Mutex::new((wall().0, tokio::time::Instant::now()));
    Arc::new(move || {
        let mut last = last.lock().unwrap_or_else(PoisonError::into_inner);
        let at = tokio::time::Instant::now();
        let passed = at.duration_since(last.1).as_millis() as i64;
        // Whole milliseconds only, so that asking often does not make it slow.
        let at = last.1 + std::time::Duration::from_millis(passed as u64);
        *last = ((last.0 + passed).max(wall().0), at);
        Time(last.0)
    })
}

/// Reads a config folder.
pub fn load(folder: &Path) -> Result<Config, Mistakes> {
    load_with(SecretsWanted::All, folder)
}

fn load_with(secrets: SecretsWanted<'_>, folder: &Path) -> Result<Config, Mistakes> {
    config::load_with(secrets, folder, &|name| std::env::var(name).ok(), &config::Connectors)
}

/// Reads the users' own examples; mistakes are drawn on stderr.
pub fn examples(common: &Common, config: &Config) -> Result<Vec<WrittenExample>, Error> {
    config::examples(&common.config, &config.rules).map_err(|mistakes| told(common, &mistakes))
}

/// Reads the footers; mistakes are drawn on stderr.
pub fn footers(common: &Common) -> Result<FootersRead, Error> {
    config::footers(&common.config).map_err(|mistakes| told(common, &mistakes))
}

fn told(common: &Common, mistakes: &Mistakes) -> Error {
    if common.json {
        output::json(&mistakes.to_json());
    }
    output::note(&mistakes.drawn());
    Error::Config
}

/// Reads the config; mistakes are drawn on stderr.
pub fn config(common: &Common) -> Result<Config, Error> {
    config_with(SecretsWanted::All, common)
}

/// The same for who needs only some of the secrets, or none.
pub fn config_with(secrets: SecretsWanted<'_>, common: &Common) -> Result<Config, Error> {
    load_with(secrets, &common.config).map_err(|mistakes| told(common, &mistakes))
}

/// Makes the connectors of these systems.
pub fn connectors(config: &Config, systems: &[System], clock: &Clock) -> Result<ConnectorsBySystem, Error> {
    Ok(Wiring::through(&config.network).rewired(systems, clock)?.connectors)
}

/// Each process is a run of its own, which its decisions and writes name.
fn run_at(now: Time) -> Arc<str> {
    format!("r_{:x}", now.0).into()
}

/// Opens the state and everything around it.
pub fn shell(config: Config) -> Result<Shell, Error> {
    let clock = clock();
    let now = clock();
    let config = Arc::new(config);
    let mut wiring = Wiring::through(&config.network);
    let opened = open::open(&config.state, config.rules.clone(), now, run_at(now), &mut |state| {
        // Rules from before an edit may still count.
        let systems = rule_sets::systems_in_force(&config.rules, &in_force::stored(state)?);
        wiring = wiring.rewired(&systems, &clock)?;
        Ok(wiring.opened(&config.rules))
    })?;
    let shell = around(config, opened, wiring, clock);
    shell.commit()?;
    shell.rewire_if_needed()?;
    Ok(shell)
}

/// Opens the state only to look at it: no credential is needed, and nothing is kept.
fn shell_to_look(config: Config) -> Result<Shell, Error> {
    let clock = clock();
    let now = clock();
    let config = Arc::new(config);
    let mut wiring = Wiring::default();
    let opened = look::look(&config.state, config.rules.clone(), now, run_at(now), &mut |state| {
        let systems = rule_sets::systems_in_force(&config.rules, &in_force::stored(state)?);
        wiring = Wiring::without_credentials(&systems, &clock)?;
        Ok(wiring.opened(&config.rules))
    })?;
    Ok(around(config, opened, wiring, clock))
}

/// All is decided on that was read from the state.
fn around(config: Arc<Config>, opened: OpenedState, wiring: Wiring, clock: Clock) -> Shell {
    for (system, usage) in opened.usage {
        if let Some(connector) = wiring.connectors.get(&system) {
            connector.restore_usage(usage);
        }
    }
    let mut engine = opened.engine;
    // Rules from before an edit may still count.
    engine.learn_words(wiring.words(engine.rules().rules()));
    engine.reconcile(clock());
    Shell::new(config, engine, wiring, clock)
}

/// The state folder of a config.
pub fn folder(config: &Config) -> PathBuf {
    config.state.folder().map(Path::to_path_buf).unwrap_or_default()
}

/// Gets a command answered.
pub async fn ask(common: &Common, command: Command, state: StateNeed) -> Result<Reply, Error> {
    ask_and_watch(common, command, state, &ProgressBar::hidden()).await
}

/// The same for what may take long: `bar` shows how far it has come. A daemon that does it for us does not tell.
pub async fn ask_and_watch(common: &Common, command: Command, state: StateNeed, bar: &ProgressBar) -> Result<Reply, Error> {
    // A daemon has the rules in force, whatever the folder says by now.
    let state_folder = config::state_of(&common.config).and_then(|url| url.folder().map(Path::to_path_buf));
    if let Some(folder) = state_folder
        && let Some(reply) = socket::ask(&folder, &command).await.map_err(Error::Socket)?
    {
        if matches!(command, Command::Plan { .. } | Command::Sync { .. } | Command::Approve { .. }) {
            tell_rules_of_before(common);
        }
        return Ok(reply);
    }
    let looks = command.only_looks();
    let config = config_with(if looks { SecretsWanted::None } else { SecretsWanted::All }, common)?;
    let folder = folder(&config);
    if state == StateNeed::Needed && !config.state.exists() {
        return Err(Error::NoState(folder));
    }
    let shell = if looks { shell_to_look(config)? } else { shell(config)? };
    let progress = shell.progress.clone();
    let mut answer = std::pin::pin!(shell.command_alone(command));
    loop {
        tokio::select! {
            reply = &mut answer => return Ok(reply),
            () = tokio::time::sleep(WATCHED_EVERY) => progress.told().into_iter().for_each(|told| bar.set_message(told)),
        }
    }
}

/// An edit that has a mistake counts for nothing: who plans or approves is not to take the answer for one by the edited files.
fn tell_rules_of_before(common: &Common) {
    if let Err(mistakes) = load_with(SecretsWanted::None, &common.config) {
        let first = mistakes.lines().into_iter().next().unwrap_or_default();
        output::note(&format!(
            "the daemon goes by the rules from before the last edit, which has a mistake ({first}); `nayose check` shows all"
        ));
    }
}

/// Says why there is no answer of the kind that was asked for.
pub fn unexpected(common: &Common, reply: Result<Reply, Error>) -> Exit {
    match reply {
        Ok(Reply::Refused(why)) => common.end(Exit::Refused, &why),
        Ok(Reply::Failed(why)) => common.end(Exit::Failures, &why),
        Ok(_) => common.end(Exit::Failures, "the daemon answered another question; is it of another version? Restart it"),
        Err(error) => refused(common, &error),
    }
}

/// The exit of an error before any answer.
pub fn refused(common: &Common, error: &Error) -> Exit {
    match error {
        Error::Config => Exit::Refused,
        Error::NoState(_) => common.end(Exit::NoState, &error.to_string()),
        _ => common.end(Exit::Refused, &error.to_string()),
    }
}
