//! Who may send a request now: windows, requests at the same time, the day's budget, and the server's own "later".

use super::transport::Timer;
use crate::connector::manifest::Limits;
use crate::connector::port::{Clock, Lane, Usage};
use crate::model::{Span, Time};
use governor::clock::Clock as _;
use governor::middleware::NoOpMiddleware;
use governor::nanos::Nanos;
use governor::state::{InMemoryState, NotKeyed};
use governor::{Quota, RateLimiter};
use jiff::Timestamp;
use jiff::tz::TimeZone;
use std::collections::BTreeMap;
use std::fmt;
use std::num::NonZeroU32;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::sync::{Semaphore, SemaphorePermit, watch};

/// Of a clock that stands where no calendar reaches.
const DAY_MS: i64 = 86_400_000;
/// A protective request keeps away no longer than this, as delivery has it.
const TOLD_PROTECTIVE_MAX: Duration = Duration::from_secs(5 * 60);

/// The requests of one system.
pub struct RequestBudget {
    windows: Vec<BudgetWindow>,
    limit: Option<u64>,
    /// Where the system's days begin.
    zone: TimeZone,
    used: Mutex<Usage>,
    /// Requests at the same time; all but protective ones also need a place in `common`, which has one less, so that one is always kept.
    all: Semaphore,
    common: Semaphore,
    /// Protective requests that wait for a window: the others let them go first.
    protective: watch::Sender<usize>,
    /// The server asked for quiet until then.
    quiet: watch::Sender<Option<Duration>>,
    /// By what was asked for, and by where.
    told: Mutex<BTreeMap<String, KeptAway>>,
    clock: Clock,
    timer: Arc<dyn Timer>,
}

type BudgetWindow = RateLimiter<NotKeyed, InMemoryState, Ticks, NoOpMiddleware<Nanos>>;

/// The timer, as rate limits ask for it.
#[derive(Clone)]
struct Ticks(Arc<dyn Timer>);

impl governor::clock::Clock for Ticks {
    type Instant = Nanos;

    fn now(&self) -> Nanos {
        self.0.now().into()
    }
}

/// Leave to send one request; it ends when dropped.
pub struct Leave<'b> {
    _common: Option<SemaphorePermit<'b>>,
    _all: Option<SemaphorePermit<'b>>,
}

/// Why a request does not go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NoLeave {
    /// Today's share of this lane is.
    UsedUp,
    /// The server asked for a wait, of which so much is left.
    KeptAway(Span),
}

/// Until when the server wants to be asked no more, by the timer. Nobody waits for it here.
#[derive(Debug, Clone, Copy, Default)]
struct KeptAway {
    until: Duration,
    /// The same for what protects: only what it was told itself, and no longer than delivery would have it wait.
    protective: Duration,
}

impl KeptAway {
    fn tell(&mut self, lane: Lane, wait: Span, now: Duration) {
        self.until = self.until.max(now + wait.to_std());
        if lane == Lane::Protective {
            self.protective = self.protective.max(now + wait.to_std().min(TOLD_PROTECTIVE_MAX));
        }
    }

    fn rest(self, lane: Lane, now: Duration) -> Option<Span> {
        let rest = if lane == Lane::Protective { self.protective } else { self.until }.saturating_sub(now);
        (!rest.is_zero()).then(|| Span(rest.as_millis().try_into().unwrap_or(i64::MAX)).max(Span(1)))
    }
}

impl RequestBudget {
    pub fn new(limits: &Limits, clock: Clock, timer: Arc<dyn Timer>) -> RequestBudget {
        let usage = Usage { limit: limits.per_day, ..Usage::default() };
        // Read once at load.
        let zone = limits.day_zone.as_ref().and_then(|zone| TimeZone::get(zone).ok()).unwrap_or(TimeZone::UTC);
        let window = |quota| RateLimiter::direct_with_clock(quota, Ticks(timer.clone()));
        RequestBudget {
            windows: limits.windows.iter().filter_map(|w| quota(w.requests, w.per.to_std())).map(window).collect(),
            limit: limits.per_day,
            zone,
            used: Mutex::new(usage),
            all: Semaphore::new(limits.concurrency.max(1)),
            common: Semaphore::new(limits.concurrency.saturating_sub(1).max(1)),
            protective: watch::Sender::new(0),
            quiet: watch::Sender::new(None),
            told: Mutex::default(),
            clock,
            timer,
        }
    }

    /// Waits until a request of this lane may go, and counts it. `asked`: what for, as in messages, and where.
    pub async fn leave(&self, asked: [&str; 2], lane: Lane) -> Result<Leave<'_>, NoLeave> {
        if let Some(rest) = self.told_rest(asked, lane) {
            return Err(NoLeave::KeptAway(rest));
        }
        self.count(lane)?;
        // The semaphores are never closed, so that a missing permit cannot come about.
        let common = if lane == Lane::Protective { None } else { self.common.acquire().await.ok() };
        let all = self.all.acquire().await.ok();
        let _first = (lane == Lane::Protective).then(|| First::new(&self.protective));
        for window in &self.windows {
            loop {
                if lane != Lane::Protective {
                    // The sender lives as long as we do.
                    let _ = self.protective.subscribe().wait_for(|waiting| *waiting == 0).await;
                }
                match window.check() {
                    Ok(()) => break,
                    Err(not_yet) => self.timer.sleep(not_yet.wait_time_from(Ticks(self.timer.clone()).now())).await,
                }
            }
        }
        let quiet = *self.quiet.borrow();
        if let Some(until) = quiet {
            let wait = until.saturating_sub(self.timer.now());
            if !wait.is_zero() {
                self.timer.sleep(wait).await;
            }
        }
        Ok(Leave { _common: common, _all: all })
    }

    /// The server asked for a pause: nothing goes before its end.
    pub fn pause(&self, wait: Duration) {
        let until = self.timer.now() + wait;
        self.quiet.send_modify(|quiet| *quiet = Some(quiet.map_or(until, |q| q.max(until))));
    }

    /// The server wants to be asked this again no sooner: longer than anybody would wait for. `asked`: as in [`leave`](Self::leave), or only where.
    pub fn keep_away(&self, asked: &[&str], lane: Lane, wait: Span) {
        let now = self.timer.now();
        let mut told = self.told.lock().unwrap_or_else(PoisonError::into_inner);
        told.retain(|_, told| told.until > now);
        asked.iter().for_each(|key| told.entry((*key).to_string()).or_default().tell(lane, wait, now));
    }

    fn told_rest(&self, asked: [&str; 2], lane: Lane) -> Option<Span> {
        let told = self.told.lock().unwrap_or_else(PoisonError::into_inner);
        if told.is_empty() {
            return None;
        }
        asked.into_iter().filter_map(|key| told.get(key)?.rest(lane, self.timer.now())).max()
    }

    fn count(&self, lane: Lane) -> Result<(), NoLeave> {
        let now = (self.clock)();
        let mut usage = self.used.lock().unwrap_or_else(PoisonError::into_inner);
        if now >= usage.ends {
            let (day, ends) = day_of(now, &self.zone);
            usage.used = if usage.day == day { usage.used } else { 0 };
            (usage.day, usage.ends) = (day, ends);
        }
        if self.limit.is_some_and(|limit| usage.used >= share(limit, lane)) {
            return Err(NoLeave::UsedUp);
        }
        usage.used += 1;
        Ok(())
    }

    pub fn usage(&self) -> Usage {
        *self.used.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Puts back what a former run had used. Never lowers what this run has used on the same day.
    pub fn restore(&self, former: Usage) {
        let mut usage = self.used.lock().unwrap_or_else(PoisonError::into_inner);
        if former.day == usage.day || usage.used == 0 {
            usage.day = former.day;
            usage.used = usage.used.max(former.used);
        }
    }
}

/// The day of a moment, in days since 1970-01-01, and its end.
fn day_of(now: Time, zone: &TimeZone) -> (i64, Time) {
    let there = Timestamp::from_millisecond(now.0).map(|at| at.to_zoned(zone.clone()));
    let local = there.and_then(|at| {
        let day = at.date().to_zoned(TimeZone::UTC)?.timestamp().as_millisecond().div_euclid(DAY_MS);
        Ok((day, Time(at.tomorrow()?.start_of_day()?.timestamp().as_millisecond())))
    });
    local.unwrap_or_else(|_| {
        let day = now.0.div_euclid(DAY_MS);
        (day, Time((day + 1).saturating_mul(DAY_MS)))
    })
}

/// What a lane may use of a day: at least a fifth is kept from reads and field writes, half of that from releases.
fn share(limit: u64, lane: Lane) -> u64 {
    match lane {
        Lane::Protective | Lane::ReadBack => limit,
        Lane::Release => limit - limit.div_ceil(10),
        Lane::Fields | Lane::Read => limit - limit.div_ceil(5),
    }
}

/// A tenth of the window at once and the rest spread over it: no stretch of that length ever sees more than the window allows.
fn quota(requests: u32, per: Duration) -> Option<Quota> {
    let burst = (requests / 10).max(1);
    let spread = requests.saturating_sub(burst).max(1);
    Some(Quota::with_period(per / spread)?.allow_burst(NonZeroU32::new(burst)?))
}

/// Counts a protective request that waits.
struct First<'b>(&'b watch::Sender<usize>);

impl<'b> First<'b> {
    fn new(waiting: &'b watch::Sender<usize>) -> First<'b> {
        waiting.send_modify(|n| *n += 1);
        First(waiting)
    }
}

impl Drop for First<'_> {
    fn drop(&mut self) {
        self.0.send_modify(|n| *n = n.saturating_sub(1));
    }
}

impl fmt::Debug for RequestBudget {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.usage().fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::super::transport::Wire;
    use super::*;
    use crate::connector::network::Network;
    use std::sync::atomic::{AtomicI64, Ordering};

    #[tokio::test]
    async fn a_fifth_is_kept_for_protective_requests_and_a_new_day_begins_at_zero() {
        let now = Arc::new(AtomicI64::new(DAY_MS * 5));
        let clock: Clock = {
            let now = now.clone();
            Arc::new(move || Time(now.load(Ordering::Relaxed)))
        };
        let wire = Wire::of(&Network::default()).unwrap();
        let budget = RequestBudget::new(&Limits { per_day: Some(10), ..Limits::default() }, clock, wire.timer);
        for _ in 0..8 {
            assert!(budget.leave(["s sweep", "/s"], Lane::Read).await.is_ok());
        }
        assert!(budget.leave(["s sweep", "/s"], Lane::Read).await.is_err() && budget.leave(["s sweep", "/s"], Lane::Fields).await.is_err());
        assert!(budget.leave(["s sweep", "/s"], Lane::Release).await.is_ok());
        assert!(budget.leave(["s sweep", "/s"], Lane::Release).await.is_err());
        assert!(budget.leave(["s sweep", "/s"], Lane::Protective).await.is_ok());
        assert!(budget.leave(["s sweep", "/s"], Lane::Protective).await.is_err());
        assert_eq!(budget.usage(), Usage { day: 5, ends: Time(6 * DAY_MS), used: 10, limit: Some(10) });
        now.fetch_add(DAY_MS, Ordering::Relaxed);
        assert!(budget.leave(["s sweep", "/s"], Lane::Read).await.is_ok());
        assert_eq!(budget.usage().used, 1);
        budget.restore(Usage { day: 6, used: 7, ..Usage::default() });
        budget.restore(Usage { day: 5, used: 9, ..Usage::default() });
        assert_eq!(budget.usage().used, 7);
    }

    #[test]
    fn what_the_server_wants_later_is_kept_away_and_protection_no_longer_than_minutes() {
        let at = |seconds: u64| Duration::from_secs(100 + seconds);
        let told = |lane| {
            let mut told = KeptAway::default();
            told.tell(lane, Span::minutes(60), at(0));
            told
        };
        for (told, lane, after, rest) in [
            (told(Lane::Read), Lane::Read, 0, Some(3_600)),
            (told(Lane::Read), Lane::Fields, 3_599, Some(1)),
            (told(Lane::Read), Lane::Read, 3_600, None),
            (told(Lane::Fields), Lane::Protective, 0, None),
            (told(Lane::Protective), Lane::Fields, 301, Some(3_299)),
            (told(Lane::Protective), Lane::Protective, 0, Some(300)),
            (told(Lane::Protective), Lane::Protective, 300, None),
        ] {
            assert_eq!(told.rest(lane, at(after)), rest.map(Span::seconds), "{told:?} {lane:?} {after}");
        }
    }

    /// Central time is 6 hours behind UTC, and 5 in summer; the day on which the clock is put on has 23 hours.
    #[test]
    fn a_day_is_one_where_the_system_counts() {
        let central = TimeZone::get("America/Chicago").unwrap();
        let at = |text: &str| Time(text.parse::<Timestamp>().unwrap().as_millisecond());
        for (now, day, ends) in [
            ("2026-11-30T05:59:59Z", "2026-11-29", "2026-11-30T06:00:00Z"),
            ("2026-11-30T06:00:00Z", "2026-11-30", "2026-12-01T06:00:00Z"),
            ("2026-07-01T04:59:59Z", "2026-06-30", "2026-07-01T05:00:00Z"),
            ("2026-03-08T06:30:00Z", "2026-03-08", "2026-03-09T05:00:00Z"),
        ] {
            let day = at(&format!("{day}T00:00:00Z")).0 / DAY_MS;
            assert_eq!(day_of(at(now), &central), (day, at(ends)), "{now}");
        }
        assert_eq!(day_of(Time(i64::MAX), &central).0, i64::MAX / DAY_MS);
    }

    #[test]
    fn no_window_can_be_overrun() {
        for (requests, per) in [(1, 1), (5, 1), (100, 20), (190, 10)] {
            let quota = quota(requests, Duration::from_secs(per)).unwrap();
            let spread = (per as f64 / quota.replenish_interval().as_secs_f64()).round() as u32;
            assert!(quota.burst_size().get() + spread <= requests.max(2), "{requests} per {per} s");
        }
        assert_eq!(Span::seconds(1).to_std(), Duration::from_secs(1));
    }
}
