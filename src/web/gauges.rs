//! What `/metrics` tells of how things stand.

use crate::daemon::health::{Health, Readiness};
use crate::engine::answers::status::Protection;
use crate::model::Time;
use crate::telemetry::metric::Gauge;

/// Sets the gauges. Ages are those at `now`, and who is not ready protects nobody.
pub(super) fn set(health: &Health, readiness: &Readiness, now: Time) {
    let protecting = *readiness == Readiness::Ready(Protection::Protecting);
    Gauge::Protecting.set(&[], f64::from(u8::from(protecting)));
    Gauge::People.set(&[], health.people as f64);
    Gauge::PeopleHeld.set(&[], health.held as f64);
    // What is not known is no number.
    Gauge::NotEnforced.set(&[], health.not_enforced.map_or(f64::NAN, |n| n as f64));
    Gauge::PlansWaiting.set(&[], health.plans_waiting as f64);
    Gauge::ConfigMistakes.set(&[], health.config_mistakes as f64);
    for (system, told) in &health.systems {
        Gauge::DeadLetters.set(&[system], told.dead_letters as f64);
        Gauge::Parked.set(&[system], told.parked as f64);
        Gauge::UnknownCodes.set(&[system], told.unknown_codes as f64);
        for (op, waiting) in [("hold", told.queue.hold), ("release", told.queue.release), ("update", told.queue.update)] {
            Gauge::Queue.set(&[system, op], waiting as f64);
        }
        Gauge::RequestsToday.set(&[system], told.requests_today as f64);
        for (stream, at) in &told.proved_at {
            Gauge::StreamAge.set(&[system, stream], now.since(*at).as_seconds() as f64);
        }
    }
}
