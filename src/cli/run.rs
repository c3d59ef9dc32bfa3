//! `nayose run`

use super::args::Common;
use super::{Exit, open, output, service};
use crate::config::{Config, MilterSettings};
use crate::daemon::reload::Source;
use crate::daemon::reopen::{TRY_AT_MOST, Waited};
use crate::daemon::run;
use crate::daemon::shell::Shell;
use crate::daemon::socket;
use crate::engine::Error;
use crate::footer::MailLimits;
use crate::mail::milter::{self, BoundMilter, FooterDesk};
use crate::model::{Span, Time};
use crate::telemetry::config::SettingUnused;
use crate::telemetry::process::{Ended, EndedWithoutState, Running, SignalsNotHeard};
use crate::telemetry::state::{StateFailed, StateNotOpened, StateOpenedAnew};
use crate::telemetry::{Exporter, InternalEvent};
use crate::web;
use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::watch;
use tokio::task::JoinHandle;

/// How often our clock is held beside the wall clock.
const WALL_LOOKED_AT_EVERY: Duration = Duration::from_secs(10);

/// What the wall clock may be behind ours: more, and all that it dates differs from what the systems tell.
const SET_BACK_MAX: Span = Span::minutes(2);

pub async fn run(common: &Common) -> Exit {
    let config = match open::config(common) {
        Ok(config) => config,
        Err(error) => return open::refused(common, &error),
    };
    config.notes.iter().for_each(|note| SettingUnused { note }.emit());
    let started = Arc::new(config.clone());
    let mut shell = match open::shell(config.clone()) {
        Ok(shell) => shell,
        Err(error) => return open::refused(common, &error),
    };
    let doors = match Doors::bind(&config).await {
        Ok(doors) => doors,
        Err(exit) => return exit,
    };
    let (stop, mut stopped) = watch::channel(false);
    tokio::spawn(signals(stop));
    loop {
        let open = match doors.open(&shell) {
            Ok(open) => open,
            Err(error) => {
                output::problem(&format!("cannot make the socket in {} ({error})", doors.folder.display()));
                return Exit::Refused;
            }
        };
        Running { listen: &config.http.listen, systems: shell.wiring().connectors.len() }.emit();
        let folder_read = common.config.clone();
        let load = Box::new(move || open::load(&folder_read));
        let source = Source { folder: common.config.clone(), load, started: started.clone() };
        let ended = tokio::select! {
            ended = run::run(shell.clone(), Some(source), stopped.clone()) => ended,
            by = set_back(|| shell.now(), open::wall) => {
                Err(Error::halted(format!("this machine's clock was set back by {} s, and ours has to follow it", by.as_seconds())))
            }
        };
        let Err(error) = ended else {
            open.close();
            doors.remove_socket();
            Ended.emit();
            drop(shell);
            return Exit::Done;
        };
        // To end here would only make a supervisor start it again and again, and nobody would answer the gate meanwhile.
        StateFailed { error: &error }.emit();
        shell.halt();
        match opened_anew(&shell, &config, &mut stopped).await {
            Some(again) => shell = again,
            None => {
                open.close();
                doors.remove_socket();
                // Not straight to stderr, whose reader may stand still.
                EndedWithoutState { error: &error }.emit();
                return Exit::Failures;
            }
        }
        open.close();
        StateOpenedAnew.emit();
    }
}

/// Our own clock does not go back while a state is open; so that one that was ahead (at the boot, before the network told the time) is not
/// followed for as long as it was ahead, the state is opened anew once this returns: by how much the wall clock is behind ours.
async fn set_back(ours: impl Fn() -> Time, wall: impl Fn() -> Time) -> Span {
    loop {
        tokio::time::sleep(WALL_LOOKED_AT_EVERY).await;
        let by = ours().since(wall());
        if by > SET_BACK_MAX {
            return by;
        }
    }
}

/// The state opened anew, as soon as there is room; `None`: told to stop before that.
async fn opened_anew(halted: &Shell, config: &Config, stop: &mut watch::Receiver<bool>) -> Option<Shell> {
    loop {
        if halted.wait_for_room(stop).await == Waited::Stopped {
            return None;
        }
        halted.let_go_of_state();
        match open::shell(config.clone()) {
            Ok(shell) => return Some(shell),
            Err(error) => StateNotOpened { error: &error }.emit(),
        }
        tokio::select! {
            () = tokio::time::sleep(TRY_AT_MOST / 10) => {}
            _ = stop.changed() => return None,
        }
    }
}

/// Where questions come in. The HTTP address stays bound while the state is opened anew.
struct Doors {
    http: std::net::TcpListener,
    /// The config folder.
    config: PathBuf,
    /// That of the state.
    folder: PathBuf,
    admission: web::Admission,
    metrics: Exporter,
    milter: Option<(BoundMilter, MilterSettings)>,
}

/// Answering, for one shell.
struct Open {
    asked: JoinHandle<()>,
    served: JoinHandle<()>,
    /// Mail servers.
    mails: Option<JoinHandle<()>>,
    /// Tells systemd.
    told: JoinHandle<()>,
}

impl Doors {
    async fn bind(config: &Config) -> Result<Doors, Exit> {
        let listen = config.http.listen;
        let http = match TcpListener::bind(listen).await.and_then(TcpListener::into_std) {
            Ok(listener) => listener,
            Err(error) => {
                output::problem(&format!("cannot listen on {listen} ({error}); choose another address by [http] listen in systems.toml"));
                return Err(Exit::Refused);
            }
        };
        let milter = match &config.milter {
            Some(settings) => match milter::bind(&settings.listen) {
                Ok(bound) => Some((bound, settings.clone())),
                Err(error) => {
                    let listen = &settings.listen;
                    output::problem(&format!(
                        "cannot listen on {listen} ({error}); choose another place by [milter] listen in systems.toml"
                    ));
                    return Err(Exit::Refused);
                }
            },
            None => None,
        };
        Ok(Doors {
            http,
            config: config.folder.clone(),
            folder: open::folder(config),
            admission: web::Admission::of(&config.http),
            metrics: Exporter::install(),
            milter,
        })
    }

    fn open(&self, shell: &Shell) -> io::Result<Open> {
        let questions = socket::listen(&self.folder)?;
        let listener = TcpListener::from_std(self.http.try_clone()?)?;
        let router = web::router(shell.clone(), self.admission.clone(), self.metrics.clone(), &self.config);
        let asked = tokio::spawn(socket::serve(questions, shell.clone()));
        let served = tokio::spawn(web::serve(listener, router));
        let mails = match &self.milter {
            Some((bound, settings)) => {
                let limits = MailLimits { bytes: settings.mail_bytes, ..MailLimits::default() };
                let desk = FooterDesk::new(shell.clone(), &self.config, limits);
                Some(tokio::spawn(milter::serve(bound, desk, settings)?))
            }
            None => None,
        };
        service::ready();
        Ok(Open { asked, served, mails, told: tokio::spawn(service::keep_telling(shell.clone())) })
    }

    /// A socket that nobody answers on would only mislead.
    fn remove_socket(&self) {
        let _ = std::fs::remove_file(socket::path(&self.folder));
    }
}

impl Open {
    fn close(&self) {
        for task in [&self.asked, &self.served, &self.told].into_iter().chain(&self.mails) {
            task.abort();
        }
    }
}

/// Takes SIGHUP away from the system, whose answer is to end the process. What it asks for, reading the config anew, is done as soon as
/// [`reload`](crate::daemon::reload) listens.
pub fn outlive_hangup() -> io::Result<()> {
    // The handler stays when its listener goes.
    signal(SignalKind::hangup()).map(drop)
}

async fn signals(stop: watch::Sender<bool>) {
    let (Ok(mut term), Ok(mut int)) = (signal(SignalKind::terminate()), signal(SignalKind::interrupt())) else {
        SignalsNotHeard.emit();
        return;
    };
    tokio::select! {
        _ = term.recv() => {}
        _ = int.recv() => {}
    }
    service::stopping();
    let _ = stop.send(true);
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::cell::Cell;

    #[tokio::test(start_paused = true)]
    async fn a_wall_clock_that_is_set_back_is_noticed_and_one_that_trails_a_little_is_not() {
        let looks = Cell::new(0);
        let wall = || {
            looks.set(looks.get() + 1);
            Time(if looks.get() < 5 { 880_000 } else { -31_400_000 })
        };
        let by = set_back(|| Time(1_000_000), wall).await;
        assert_eq!((by, looks.get()), (Span::seconds(32_400), 5));
    }
}
