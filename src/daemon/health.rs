//! How things stand, for those who ask often (`/readyz`, `/metrics`): looked at when something changed, and read without the engine's lock.
//!
//! Counting walks over everyone, which a scrape is not worth; and a scrape must be answered while the engine is busy.

use crate::decide::freshness::needed;
use crate::engine::Engine;
use crate::engine::answers::status::{Protection, Queue, Status, SystemStatus};
use crate::model::{MailKind, Name, Time};
use arc_swap::{ArcSwapOption, Guard};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::time::Instant;

/// Numbers are looked at anew after so long even if nothing changed: some of them change by the clock alone.
const OLD_AFTER: Duration = Duration::from_secs(30);
/// A look at 100,000 people took 18 ms (`cargo bench --bench gate`). It gets at most one part in so many of the time.
const SHARE: u32 = 50;
/// But nobody waits longer than this for new numbers.
const REST_MAX: Duration = Duration::from_secs(10);
/// The daemon's tick takes the engine each second. Where it could not for so long, it hangs: whoever asked used to be kept waiting so long.
const STUCK_AFTER: Duration = Duration::from_secs(30);

/// Numbers as they were when they were looked at last. What time alone changes is told by the time of whoever asks.
#[derive(Debug, Clone)]
pub struct Health {
    pub people: usize,
    pub held: usize,
    /// As [`Status::not_enforced`].
    pub not_enforced: Option<usize>,
    pub plans_waiting: usize,
    pub config_mistakes: usize,
    pub systems: BTreeMap<Name, SystemHealth>,
    protection: Protection,
    /// When the first of the proofs that protection needs grows too old.
    fresh_until: Option<Time>,
}

#[derive(Debug, Clone)]
pub struct SystemHealth {
    pub dead_letters: usize,
    pub parked: usize,
    pub unknown_codes: usize,
    pub queue: Queue,
    pub requests_today: u64,
    /// The last complete pass over each stream that had one.
    pub proved_at: BTreeMap<Name, Time>,
}

impl Health {
    pub(super) fn of(engine: &Engine, status: &Status) -> Health {
        let system = |(name, told): (&Name, &_)| (name.clone(), SystemHealth::of(engine, status, name, told));
        // The kinds of mail by which `status` tells whether it protects.
        let needed = [MailKind::Campaign, MailKind::Newsletter].into_iter().flat_map(|kind| needed(&engine.rules().rules().policy, kind));
        let ends = needed.filter_map(|n| {
            let at = n.at(engine.proved_as_decided(&n.proof.system, &n.proof.stream))?;
            Some(at.plus(n.proof.limit))
        });
        Health {
            people: status.people,
            held: status.held,
            not_enforced: status.not_enforced,
            plans_waiting: status.waiting.len(),
            config_mistakes: status.config.mistakes.len(),
            systems: status.systems.iter().map(system).collect(),
            protection: status.protection,
            fresh_until: ends.min(),
        }
    }

    /// Protection grows stale by itself, whether anybody looks at it or not.
    fn protection(&self, now: Time) -> Protection {
        match self.protection {
            Protection::Protecting if self.fresh_until.is_some_and(|until| now > until) => Protection::NotProtecting,
            protection => protection,
        }
    }
}

impl SystemHealth {
    fn of(engine: &Engine, status: &Status, name: &Name, told: &SystemStatus) -> SystemHealth {
        let parked = status.parked.iter().filter(|field| field.system == *name).map(|field| field.do_not_stay + field.flip_flop).sum();
        let streams = told.streams.keys().filter_map(|stream| {
            let at = engine.stream(name, stream)?.proved_at?;
            Some((stream.clone(), at))
        });
        SystemHealth {
            dead_letters: told.dead_letters,
            parked,
            unknown_codes: engine.unknown_codes_of(name),
            queue: told.queue,
            requests_today: told.budget.used,
            proved_at: streams.collect(),
        }
    }
}

/// The answer of `/readyz`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Readiness {
    Ready(Protection),
    NotReady(String),
}

/// Where it is published. Written under the engine's lock, so that an older look never takes a newer one's place.
#[derive(Default)]
pub struct HealthBoard {
    health: ArcSwapOption<Health>,
    halted: ArcSwapOption<String>,
    looks: Mutex<Looks>,
}

/// When it was looked at, and when it is to be.
#[derive(Default)]
struct Looks {
    changed: bool,
    /// When the daemon had the engine for this: other questions that get at it do not show that it lives.
    alive_at: Option<Instant>,
    looked_at: Option<Instant>,
    rest: Duration,
}

impl HealthBoard {
    fn looks(&self) -> MutexGuard<'_, Looks> {
        self.looks.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The numbers as they were last; `None` before the first look.
    pub fn health(&self) -> Guard<Option<Arc<Health>>> {
        self.health.load()
    }

    pub fn readiness(&self, now: Time) -> Readiness {
        if let Some(why) = &*self.halted.load() {
            return Readiness::NotReady(why.to_string());
        }
        let silent = self.looks().alive_at.map(|at| at.elapsed());
        match (&*self.health.load(), silent) {
            (Some(_), Some(silent)) if silent > STUCK_AFTER => {
                Readiness::NotReady(format!("the daemon hangs: it has not come to its state for {} s", silent.as_secs()))
            }
            (Some(health), Some(_)) => Readiness::Ready(health.protection(now)),
            _ => Readiness::NotReady("the state was not looked at yet".into()),
        }
    }

    pub(super) fn is_halted(&self) -> bool {
        self.halted.load().is_some()
    }

    /// Something changed. That nothing is kept any more is told at once, all else at the next look.
    pub(super) fn note_change(&self, halted: Option<&str>) {
        if let Some(why) = halted {
            self.halted.store(Some(Arc::new(why.to_string())));
        }
        self.looks().changed = true;
    }

    /// The daemon has the engine. Whether it is to be looked at.
    pub(super) fn note_alive(&self) -> bool {
        let mut looks = self.looks();
        looks.alive_at = Some(Instant::now());
        let since = looks.looked_at.map(|at| at.elapsed());
        since.is_none_or(|since| since >= looks.rest && (looks.changed || since >= OLD_AFTER))
    }

    pub(super) fn publish(&self, health: Health, took: Duration) {
        self.health.store(Some(Arc::new(health)));
        let mut looks = self.looks();
        (looks.changed, looks.looked_at, looks.rest) = (false, Some(Instant::now()), (took * SHARE).min(REST_MAX));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Span;
    use tokio::time::advance;

    const NOW: Time = Time(1_795_251_600_000);

    fn health(people: usize) -> Health {
        Health {
            people,
            held: 1,
            not_enforced: Some(0),
            plans_waiting: 0,
            config_mistakes: 0,
            systems: BTreeMap::new(),
            protection: Protection::Protecting,
            fresh_until: Some(NOW.plus(Span::minutes(10))),
        }
    }

    fn is_ready(board: &HealthBoard) -> bool {
        matches!(board.readiness(NOW), Readiness::Ready(_))
    }

    #[tokio::test(start_paused = true)]
    async fn a_daemon_that_hangs_or_was_never_looked_at_is_not_ready() {
        let board = HealthBoard::default();
        assert!(!is_ready(&board));
        board.note_alive();
        assert!(!is_ready(&board));
        board.publish(health(2), Duration::ZERO);
        advance(STUCK_AFTER).await;
        assert_eq!(board.readiness(NOW), Readiness::Ready(Protection::Protecting));
        advance(Duration::from_secs(1)).await;
        board.publish(health(2), Duration::ZERO);
        assert_eq!(board.readiness(NOW), Readiness::NotReady("the daemon hangs: it has not come to its state for 31 s".into()));
        board.note_alive();
        assert!(is_ready(&board));
    }

    #[tokio::test(start_paused = true)]
    async fn a_state_that_failed_is_told_at_once_and_for_good() {
        let board = HealthBoard::default();
        board.publish(health(2), Duration::ZERO);
        board.note_change(Some("the disk is full"));
        let not_ready = Readiness::NotReady("the disk is full".into());
        assert_eq!(board.readiness(NOW), not_ready);
        board.publish(health(3), Duration::ZERO);
        board.note_change(None);
        assert_eq!(board.readiness(NOW), not_ready);
    }

    #[tokio::test(start_paused = true)]
    async fn what_changed_is_looked_at_soon_but_not_all_the_time() {
        let board = HealthBoard::default();
        assert!(board.note_alive(), "there is nothing to read yet");
        board.publish(health(2), Duration::from_millis(100));
        board.note_change(None);
        advance(Duration::from_secs(4)).await;
        assert!(!board.note_alive(), "the last look took a fiftieth of 5 s");
        advance(Duration::from_secs(1)).await;
        assert!(board.note_alive());
        board.publish(health(3), Duration::ZERO);
        advance(OLD_AFTER - Duration::from_secs(1)).await;
        assert!(!board.note_alive(), "nothing changed");
        advance(Duration::from_secs(1)).await;
        assert!(board.note_alive(), "the clock may have changed something");
    }

    #[test]
    fn protection_grows_stale_though_nobody_looks() {
        let health = health(2);
        assert_eq!(health.protection(NOW.plus(Span::minutes(10))), Protection::Protecting);
        assert_eq!(health.protection(NOW.plus(Span::seconds(601))), Protection::NotProtecting);
    }
}
