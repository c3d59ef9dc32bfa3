//! The shell: the engine, the connectors and the clock together. Reading is in [`reading`](crate::daemon::reading), sending in
//! [`sending`](crate::daemon::sending).

use crate::config::Config;
use crate::connector::Clock;
use crate::daemon::connectors::Wiring;
use crate::daemon::footers::log::FooterLog;
use crate::daemon::health::HealthBoard;
use crate::daemon::progress::Progress;
use crate::engine::gate::answer::Gate;
use crate::engine::{Engine, Error};
use crate::model::{Name, Time};
use arc_swap::ArcSwap;
use futures::FutureExt;
use futures::future::{BoxFuture, Shared};
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, TryLockError};
use tokio::runtime::{Handle, RuntimeFlavor};
use tokio::sync::{Notify, watch};

/// Everything that runs. Cheap to clone.
#[derive(Clone)]
pub struct Shell {
    engine: Arc<Mutex<Engine>>,
    /// What the files said when they were taken over last.
    config: Arc<ArcSwap<Config>>,
    wiring: Arc<ArcSwap<Wiring>>,
    pub clock: Clock,
    pub gate: Arc<Gate>,
    /// How things stand, for who asks often.
    pub health: Arc<HealthBoard>,
    /// What was decided on footers.
    pub footer_log: Arc<FooterLog>,
    /// One pass over a stream at a time, whoever asks for it.
    pub(super) reading: Turns<(Name, Name)>,
    /// One question at a time which instance a system is.
    pub(super) identifying: Turns<Name>,
    /// How far a command has come that reads and writes everything once.
    pub progress: Arc<Progress>,
    /// Pages that were taken in since the start.
    pages_taken: Arc<AtomicU64>,
    /// Told when there may be something to deliver to a system.
    wakes: Arc<Mutex<BTreeMap<Name, watch::Sender<()>>>>,
    /// Told when systems came or went.
    pub rewired: Arc<Notify>,
    /// Told when an edit of the rules was approved.
    pub rules_approved: Arc<Notify>,
}

/// A commit under way: whatever waits for it may hear of its end.
#[derive(Clone)]
pub(super) struct Commit(Shared<BoxFuture<'static, Result<(), String>>>);

impl Commit {
    pub(super) async fn done(self) -> Result<(), Error> {
        self.0.await.map_err(Error::halted)
    }
}

/// Who has the turn at something.
pub(super) type Turns<K> = Arc<Mutex<BTreeMap<K, Arc<tokio::sync::Mutex<()>>>>>;

pub(super) fn turn_of<K: Ord>(turns: &Turns<K>, of: K) -> Arc<tokio::sync::Mutex<()>> {
    turns.lock().unwrap_or_else(PoisonError::into_inner).entry(of).or_default().clone()
}

impl Shell {
    pub fn new(config: Arc<Config>, engine: Engine, wiring: Wiring, clock: Clock) -> Shell {
        let gate = Arc::new(Gate::new(&engine));
        let footer_log = Arc::new(FooterLog::new(clock()));
        Shell {
            engine: Arc::new(Mutex::new(engine)),
            config: Arc::new(ArcSwap::new(config)),
            wiring: Arc::new(ArcSwap::from_pointee(wiring)),
            clock,
            gate,
            health: Arc::default(),
            footer_log,
            reading: Arc::default(),
            identifying: Arc::default(),
            progress: Arc::default(),
            pages_taken: Arc::default(),
            wakes: Arc::default(),
            rewired: Arc::default(),
            rules_approved: Arc::default(),
        }
    }

    /// What the files say; an edit that widens may not count yet.
    pub fn config(&self) -> Arc<Config> {
        self.config.load_full()
    }

    pub(super) fn follow_config(&self, config: Arc<Config>) {
        self.config.store(config);
    }

    /// The connectors as they are now.
    pub fn wiring(&self) -> Arc<Wiring> {
        self.wiring.load_full()
    }

    /// Puts other connectors in the place of those there are. A pass or write under way ends with the one that it began with.
    pub fn wire(&self, wiring: Wiring) {
        self.wiring.store(Arc::new(wiring));
        self.rewired.notify_waiters();
    }

    pub(super) fn pages_taken(&self) -> u64 {
        self.pages_taken.load(Ordering::Relaxed)
    }

    pub(super) fn note_page(&self) {
        self.pages_taken.fetch_add(1, Ordering::Relaxed);
    }

    /// What is told when there may be something to deliver to a system.
    pub(super) fn wake_of(&self, system: &Name) -> watch::Receiver<()> {
        self.wakes.lock().unwrap_or_else(PoisonError::into_inner).entry(system.clone()).or_default().subscribe()
    }

    pub fn now(&self) -> Time {
        (self.clock)()
    }

    /// The engine, for a moment.
    pub fn engine(&self) -> MutexGuard<'_, Engine> {
        self.engine.lock().unwrap_or_else(|left| self.broken_off(left))
    }

    /// A panic in a former moment may have left memory half changed: nothing of it is made durable any more.
    fn broken_off<'e>(&self, left: PoisonError<MutexGuard<'e, Engine>>) -> MutexGuard<'e, Engine> {
        let mut engine = left.into_inner();
        engine.broken_off();
        self.engine.clear_poison();
        self.publish(&engine);
        engine
    }

    /// What is decided and proved counts at the gate from now on, and is told to who asks how things stand.
    pub(super) fn publish(&self, engine: &Engine) {
        self.gate.publish(engine);
        self.health.note_change(engine.halted());
    }

    /// From the moment on that nothing is kept any more the gate holds, whoever found that out.
    pub(super) fn publish_if_halted(&self, engine: &Engine) {
        if engine.halted().is_some() && !self.health.is_halted() {
            self.publish(engine);
        }
    }

    /// Does something with the engine without holding up the runtime's other tasks, where it has another thread for them.
    pub fn with<T>(&self, work: impl FnOnce(&mut Engine) -> T) -> T {
        self.aside(|| self.worked(&mut self.engine(), work))
    }

    fn worked<T>(&self, engine: &mut Engine, work: impl FnOnce(&mut Engine) -> T) -> T {
        let done = work(engine);
        self.publish_if_halted(engine);
        done
    }

    /// Asks the engine something, which changes nothing of it.
    pub fn ask<T>(&self, question: impl FnOnce(&Engine) -> T) -> T {
        self.aside(|| question(&self.engine()))
    }

    fn aside<T>(&self, work: impl FnOnce() -> T) -> T {
        if Handle::try_current().is_ok_and(|runtime| runtime.runtime_flavor() == RuntimeFlavor::CurrentThread) {
            return work();
        }
        tokio::task::block_in_place(work)
    }

    /// Begins to make durable what changed, on a thread of its own.
    pub(super) fn begin_commit(&self) -> Result<Commit, Error> {
        let (disk, shell) = (self.with(|e| e.hand_over())?, self.clone());
        let kept = tokio::task::spawn_blocking(move || disk.keep().map_err(|error| shell.with(|e| e.disk_failed(error)).to_string()));
        Ok(Commit(kept.map(|kept| kept.unwrap_or_else(|ended| Err(format!("a commit was broken off: {ended}")))).boxed().shared()))
    }

    /// The same for what takes less time than handing the runtime's other tasks over to another thread.
    pub(super) fn briefly<T>(&self, work: impl FnOnce(&mut Engine) -> T) -> T {
        match self.engine.try_lock() {
            Ok(mut engine) => self.worked(&mut engine, work),
            Err(TryLockError::Poisoned(left)) => self.worked(&mut self.broken_off(left), work),
            Err(TryLockError::WouldBlock) => self.with(work),
        }
    }

    /// Makes durable what changed. The engine goes on meanwhile.
    pub fn commit(&self) -> Result<(), Error> {
        let disk = self.with(|e| e.hand_over())?;
        self.aside(|| disk.keep()).map_err(|error| self.with(|e| e.disk_failed(error)))
    }

    /// Decides anew for whom something changed, and wakes delivery.
    pub fn reconcile(&self) -> Result<(), Error> {
        self.reconcile_before_commit();
        self.commit()
    }

    /// The same, where a commit follows before anything is told of it.
    pub fn reconcile_before_commit(&self) {
        let now = self.now();
        self.with(|engine| {
            engine.reconcile(now);
            self.publish(engine);
        });
        self.wake_all();
    }

    /// Tells every delivery that there may be something to send.
    pub(super) fn wake_all(&self) {
        for wake in self.wakes.lock().unwrap_or_else(PoisonError::into_inner).values() {
            wake.send_replace(());
        }
    }

    /// Tells those that deliver to a system that something came of what was under way there.
    pub(super) fn wake(&self, system: &Name) {
        if let Some(wake) = self.wakes.lock().unwrap_or_else(PoisonError::into_inner).get(system) {
            wake.send_replace(());
        }
    }
}
