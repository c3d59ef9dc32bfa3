//! Edits of the config folder while we run: watched, read when they have come to rest, taken over if they are right.
//!
//! A folder with mistakes changes nothing: the rules in force stay, and `status` names the mistakes until they are mended.

use crate::config::{Config, HttpSettings, Mistakes};
use crate::daemon::shell::Shell;
use crate::engine::error::Error;
use crate::engine::rules::connection::NotConnected;
use crate::engine::rules::rule_sets::systems_in_force;
use crate::engine::rules::unfollowed::Unfollowed;
use crate::telemetry::InternalEvent;
use crate::telemetry::config::{
    ConfigInForce, ConfigMended, ConfigMistake, ConnectorKept, EditRewrites, EditWaits, FolderNotWatched, HangupNotHeard, RestartNeeded,
};
use notify::{RecursiveMode, Watcher};
use secrecy::ExposeSecret;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::{mpsc, watch};

/// An editor renames and writes several times for one edit: that long nothing must happen.
const QUIET: Duration = Duration::from_millis(300);
/// But an edit that never comes to rest is read after this long.
const QUIET_MAX: Duration = Duration::from_secs(3);
/// File systems that tell of no changes, and secrets in files elsewhere, are looked at this often.
const LOOK_EVERY: Duration = Duration::from_secs(30);

/// Where the config comes from.
pub struct Source {
    pub folder: PathBuf,
    pub load: Box<dyn Fn() -> Result<Config, Mistakes> + Send + Sync>,
    /// As it was at the start: what cannot be changed while we run is compared with it.
    pub started: Arc<Config>,
}

/// Follows the config folder until `stop` turns true.
pub async fn follow(shell: Shell, source: Source, mut stop: watch::Receiver<bool>) -> Result<(), Error> {
    let (told, mut changes) = mpsc::channel(1);
    // Kept until the end: dropped, it would tell nothing any more.
    let watcher = watcher(&source, told);
    if let Err(error) = &watcher {
        FolderNotWatched { error, folder: &source.folder }.emit();
    }
    let mut hangup = match signal(SignalKind::hangup()) {
        Ok(hangup) => hangup,
        Err(error) => {
            HangupNotHeard { error: &error }.emit();
            return Ok(());
        }
    };
    while !*stop.borrow() {
        tokio::select! {
            _ = changes.recv() => rest(&mut changes).await,
            _ = hangup.recv() => {}
            _ = shell.rules_approved.notified() => {}
            _ = tokio::time::sleep(LOOK_EVERY) => {}
            _ = stop.changed() => break,
        }
        shell.look(&source)?;
    }
    Ok(())
}

fn watcher(source: &Source, told: mpsc::Sender<()>) -> notify::Result<notify::RecommendedWatcher> {
    let mut watcher = notify::recommended_watcher(move |event: notify::Result<notify::Event>| {
        // Reading the files is told too. A full channel has told it already.
        if event.map_or(true, |e| !e.kind.is_access()) {
            let _ = told.try_send(());
        }
    })?;
    watcher.watch(&source.folder, RecursiveMode::NonRecursive)?;
    Ok(watcher)
}

/// Waits until nothing was told for a moment.
async fn rest(changes: &mut mpsc::Receiver<()>) {
    let quiet = async { while let Ok(Some(())) = tokio::time::timeout(QUIET, changes.recv()).await {} };
    let _ = tokio::time::timeout(QUIET_MAX, quiet).await;
}

impl Shell {
    /// Reads the config folder, and takes it over if it is right and says something new.
    pub fn look(&self, source: &Source) -> Result<(), Error> {
        match tokio::task::block_in_place(|| (source.load)()) {
            Err(mistakes) => {
                self.not_followed(mistakes.lines());
                Ok(())
            }
            Ok(config) => self.take(Arc::new(config), &source.started),
        }
    }

    fn not_followed(&self, mistakes: Vec<String>) {
        let mut engine = self.engine();
        if engine.unfollowed().mistakes != mistakes {
            for mistake in &mistakes {
                ConfigMistake { mistake }.emit();
            }
            let restart = engine.unfollowed().restart.clone();
            engine.set_unfollowed(Unfollowed { mistakes, restart });
            self.publish(&engine);
        }
    }

    /// Takes a config over: what protects counts at once, what widens waits for `approve`.
    pub fn take(&self, config: Arc<Config>, started: &Config) -> Result<(), Error> {
        let (files, known) = (self.config(), self.with(|e| e.rules().rule_sets()));
        let systems = systems_in_force(&config.rules, &known);
        let wiring = self.wiring();
        let told_alike = match (&files.notify, &config.notify) {
            (Some(a), Some(b)) => a.same_secrets(b),
            _ => true,
        };
        if files.rules.version != config.rules.version || !told_alike || !wiring.fits(&systems) {
            match wiring.rewired(&systems, &self.clock) {
                Ok(wiring) => self.take_over(config.clone(), wiring)?,
                Err(error) => {
                    self.not_followed(vec![error.to_string()]);
                    return Ok(());
                }
            }
        }
        let unfollowed = Unfollowed { mistakes: Vec::new(), restart: needs_restart(started, &config) };
        let mut engine = self.engine();
        if *engine.unfollowed() != unfollowed {
            if !engine.unfollowed().mistakes.is_empty() {
                ConfigMended.emit();
            }
            unfollowed.restart.iter().for_each(|what| RestartNeeded { what }.emit());
            engine.set_unfollowed(unfollowed);
            self.publish(&engine);
        }
        Ok(())
    }

    fn take_over(&self, config: Arc<Config>, wiring: crate::daemon::connectors::Wiring) -> Result<(), Error> {
        let now = self.now();
        let version = config.rules.version.clone();
        let opened = wiring.opened(&config.rules);
        self.with(|e| {
            e.take_rules(config.rules.clone(), opened, now);
            // Those from before the edit may count on.
            e.learn_words(wiring.words(e.rules().rules()));
            let judged = e.judge_addresses(now);
            // What is stale by the new limits is so at once; the rest follows with the decisions below.
            self.publish(e);
            self.follow_config(config.clone());
            // Together with it: whoever sees the new state has the new connectors.
            self.wire(wiring);
            judged
        })?;
        self.rewire_if_needed().unwrap_or_else(|error| ConnectorKept { error: &error }.emit());
        self.reconcile()?;
        let engine = self.engine();
        self.publish(&engine);
        ConfigInForce { version: &version }.emit();
        if let Some(plan) = engine.rules().plan() {
            for widens in engine.rules().former().iter().flat_map(|f| &f.widens) {
                EditWaits { plan: &plan, widens }.emit();
            }
        }
        if let Some(edit) = engine.rules().waiting_edit() {
            EditRewrites { plan: &edit.plan, why: &edit.why }.emit();
        }
        Ok(())
    }

    /// Makes connectors anew that the rules in force want otherwise than they are: after an approval, or when former rules stopped to count.
    pub fn rewire_if_needed(&self) -> Result<(), NotConnected> {
        let rules = self.with(|e| e.rules().rules().clone());
        let wiring = self.wiring();
        if !wiring.fits(&rules.systems) {
            let wiring = wiring.rewired(&rules.systems, &self.clock)?;
            let opened = wiring.opened(&rules);
            self.with(|e| {
                e.take_systems(opened);
                e.learn_words(wiring.words(e.rules().files()));
            });
            self.wire(wiring);
        }
        Ok(())
    }
}

/// What an edit changes that only a start can follow.
fn needs_restart(started: &Config, now: &Config) -> Vec<String> {
    let token = |http: &HttpSettings| http.token.as_ref().map(|t| t.expose_secret().to_string());
    let mut keys = Vec::new();
    if started.state != now.state {
        keys.push("[state] url");
    }
    if started.http.listen != now.http.listen {
        keys.push("[http] listen");
    }
    if token(&started.http) != token(&now.http) {
        keys.push("[http] token");
    }
    if started.http.hosts != now.http.hosts {
        keys.push("[http] hosts");
    }
    if started.milter != now.milter {
        keys.push("[milter]");
    }
    if started.network != now.network {
        keys.push("[network]");
    }
    keys.into_iter().map(|k| format!("systems.toml: {k} was changed: restart nayose to apply it")).collect()
}
