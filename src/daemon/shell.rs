//! The shell: the engine, the connectors and the clock together, and sending through them. Reading is in [`reading`](super::reading).

use super::wiring::Wiring;
use crate::connector::{Clock, Connector, Lane, Outcome};
use crate::engine::deliver::{Batch, Op};
use crate::engine::gate::Gate;
use crate::engine::{Engine, Error};
use crate::model::{Name, ShortText, Time};
use arc_swap::ArcSwap;
use futures::FutureExt;
use futures::future::{BoxFuture, Shared};
use serde::Serialize;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, TryLockError};
use tokio::runtime::{Handle, RuntimeFlavor};
use tokio::sync::Notify;
use tokio::task::JoinSet;

/// Batches to one system at the same time.
const BATCHES_MAX: usize = 8;

/// Items that a commit of their own makes durable sooner than one together with what is written out.
const WORTH_A_COMMIT: usize = 256;

/// Everything that runs. Cheap to clone.
#[derive(Clone)]
pub struct Shell {
    engine: Arc<Mutex<Engine>>,
    wiring: Arc<ArcSwap<Wiring>>,
    pub clock: Clock,
    pub gate: Arc<Gate>,
    /// One pass over a stream at a time, whoever asks for it.
    pub(super) reading: Turns<(Name, Name)>,
    /// One delivery to a system at a time: whoever asks for another waits until what is under way was answered.
    delivering: Turns<Name>,
    /// Told when there may be something to deliver to a system.
    wakes: Arc<Mutex<BTreeMap<Name, Arc<Notify>>>>,
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
        self.0.await.map_err(Error::Halted)
    }
}

/// Who has the turn at something.
pub(super) type Turns<K> = Arc<Mutex<BTreeMap<K, Arc<tokio::sync::Mutex<()>>>>>;

pub(super) fn turn_of<K: Ord>(turns: &Turns<K>, of: K) -> Arc<tokio::sync::Mutex<()>> {
    turns.lock().unwrap_or_else(PoisonError::into_inner).entry(of).or_default().clone()
}

/// What writing to one system came to, by direction.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, serde::Deserialize)]
pub struct Tally {
    pub hold: Counts,
    pub release: Counts,
    pub update: Counts,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, serde::Deserialize)]
pub struct Counts {
    pub applied: u64,
    pub rejected: u64,
    pub unknown: u64,
}

impl Tally {
    fn count(&mut self, op: Op, outcome: &Outcome) {
        let counts = match op {
            Op::Hold => &mut self.hold,
            Op::Release => &mut self.release,
            Op::Update => &mut self.update,
        };
        match outcome {
            Outcome::Applied => counts.applied += 1,
            Outcome::Rejected(_) | Outcome::NotSent(_) => counts.rejected += 1,
            Outcome::Unknown(_) => counts.unknown += 1,
        }
    }

    pub fn failed(&self) -> bool {
        [self.hold, self.release, self.update].iter().any(|c| c.rejected + c.unknown > 0)
    }
}

impl Shell {
    pub fn new(engine: Engine, wiring: Wiring, clock: Clock) -> Shell {
        let gate = Arc::new(Gate::new(&engine));
        Shell {
            engine: Arc::new(Mutex::new(engine)),
            wiring: Arc::new(ArcSwap::from_pointee(wiring)),
            clock,
            gate,
            reading: Arc::default(),
            delivering: Arc::default(),
            wakes: Arc::default(),
            rewired: Arc::default(),
            rules_approved: Arc::default(),
        }
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

    /// What is told when there may be something to deliver to a system.
    pub fn wake_of(&self, system: &Name) -> Arc<Notify> {
        self.wakes.lock().unwrap_or_else(PoisonError::into_inner).entry(system.clone()).or_default().clone()
    }

    pub fn now(&self) -> Time {
        (self.clock)()
    }

    /// The engine, for a moment. A panic inside a former moment leaves it as it was committed last.
    pub fn engine(&self) -> MutexGuard<'_, Engine> {
        self.engine.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Does something with the engine without holding up the runtime's other tasks, where it has another thread for them.
    pub fn with<T>(&self, work: impl FnOnce(&mut Engine) -> T) -> T {
        self.aside(|| work(&mut self.engine()))
    }

    fn aside<T>(&self, work: impl FnOnce() -> T) -> T {
        if Handle::try_current().is_ok_and(|runtime| runtime.runtime_flavor() == RuntimeFlavor::CurrentThread) {
            return work();
        }
        tokio::task::block_in_place(work)
    }

    /// Begins to make durable what changed, on a thread of its own.
    pub(super) fn begin_commit(&self) -> Result<Commit, Error> {
        let (disk, shell) = (self.with(Engine::hand_over)?, self.clone());
        let kept = tokio::task::spawn_blocking(move || disk.keep().map_err(|error| shell.engine().disk_failed(error).to_string()));
        Ok(Commit(kept.map(|kept| kept.unwrap_or_else(|ended| Err(format!("a commit was broken off: {ended}")))).boxed().shared()))
    }

    /// The same for what takes less time than handing the runtime's other tasks over to another thread.
    pub(super) fn briefly<T>(&self, work: impl FnOnce(&mut Engine) -> T) -> T {
        match self.engine.try_lock() {
            Ok(mut engine) => work(&mut engine),
            Err(TryLockError::Poisoned(left)) => work(&mut left.into_inner()),
            Err(TryLockError::WouldBlock) => self.with(work),
        }
    }

    /// Makes durable what changed. The engine goes on meanwhile.
    pub fn commit(&self) -> Result<(), Error> {
        let disk = self.with(Engine::hand_over)?;
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
            self.gate.publish(engine);
        });
        self.wake_all();
    }

    /// Tells every delivery that there may be something to send.
    pub(super) fn wake_all(&self) {
        for notify in self.wakes.lock().unwrap_or_else(PoisonError::into_inner).values() {
            notify.notify_one();
        }
    }

    /// Sends what may go to a system now, until nothing may. Batches go side by side; a record has one write under way.
    pub async fn deliver(&self, system: &Name) -> Result<Tally, Error> {
        let mut tally = Tally::default();
        let Some(connector) = self.wiring().connectors.get(system).cloned() else { return Ok(tally) };
        let turn = turn_of(&self.delivering, system.clone());
        let _turn = turn.lock().await;
        let mut under_way: JoinSet<Result<(Batch, Vec<Outcome>), Error>> = JoinSet::new();
        let mut read_back_failed = false;
        let mut sent = false;
        if self.with(|e| e.uncommitted() >= WORTH_A_COMMIT && e.has_writes_for(system)) {
            // What was read and decided is made durable while the first writes are put together. Whoever waits for theirs waits for it, too.
            drop(self.begin_commit()?);
        }
        loop {
            if !read_back_failed {
                read_back_failed = !self.read_back(connector.as_ref(), system).await?;
            }
            let now = self.now();
            let room = BATCHES_MAX - under_way.len();
            let batches = self.with(|e| e.gather_batches(system, now, room));
            if !batches.is_empty() {
                sent = true;
                let commit = self.begin_commit()?;
                for batch in batches {
                    let (connector, commit) = (connector.clone(), commit.clone());
                    // A task of its own: while it is made durable and written, the next are put together.
                    under_way.spawn(async move {
                        commit.done().await?;
                        let outcomes = connector.write(&batch.ops, batch.lane).await;
                        Ok((batch, outcomes))
                    });
                }
            }
            let mut answered: Vec<_> = under_way.join_next().await.into_iter().collect();
            if answered.is_empty() {
                break;
            }
            // Those that are there by now are accounted for together, so that more batches leave with the next commit.
            answered.extend(std::iter::from_fn(|| under_way.try_join_next()));
            for done in answered {
                match done {
                    Ok(answered) => {
                        let (mut batch, outcomes) = answered?;
                        self.book(&mut batch, &outcomes, &mut tally)?;
                    }
                    Err(error) => std::panic::resume_unwind(error.into_panic()),
                }
            }
        }
        let usage = connector.usage();
        // Often there was nothing to do, and what waits for a commit belongs to a pass under way.
        let changed = self.with(|e| {
            let changed = e.keep_guards(system) || sent;
            if changed {
                e.keep_usage(system, usage);
            }
            changed
        });
        if changed {
            self.commit()?;
        }
        Ok(tally)
    }

    fn book(&self, batch: &mut Batch, outcomes: &[Outcome], tally: &mut Tally) -> Result<(), Error> {
        for (op, outcome) in batch.ops.iter().zip(outcomes) {
            tally.count(Op::of(&op.change), outcome);
        }
        let now = self.now();
        self.with(|e| {
            e.book(batch, outcomes, now)?;
            e.reconcile(now);
            Ok(())
        })
    }

    /// Reads back records whose last write has no known outcome. False: the system does not answer.
    async fn read_back(&self, connector: &dyn Connector, system: &Name) -> Result<bool, Error> {
        loop {
            let asked = self.with(|e| e.to_read_back(system, connector.abilities().batch));
            if asked.is_empty() {
                return Ok(true);
            }
            let ids: Vec<ShortText> = asked.iter().map(|(_, id)| id.clone()).collect();
            match connector.read_back(&ids, Lane::Protective).await {
                Ok(found) => {
                    let now = self.now();
                    self.with(|e| e.book_read_back(&asked, found, now))?;
                    // What a record showed on the way, a refusal, concerns the other systems too.
                    self.wake_all();
                }
                Err(error) => {
                    tracing::warn!(%system, %error, "writes of unknown outcome could not be read back; they are tried again");
                    return Ok(false);
                }
            }
        }
    }
}
