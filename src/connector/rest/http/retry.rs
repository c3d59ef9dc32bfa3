//! How long to wait before a request is sent again. It decides nothing about whether: that is `http`'s, by the kind of failure.

use crate::model::{Span, Time};
use backoff::ExponentialBackoff;
use backoff::backoff::Backoff;
use std::time::Duration;

/// All waiting for one request together; a system that is down longer is the next pass's affair.
pub const WAIT_TOTAL_MAX: Duration = Duration::from_secs(20);
/// A server's wait is a hint within these bounds.
const WAIT_MIN: Duration = Duration::from_millis(50);
const WAIT_MAX: Duration = Duration::from_secs(10);
/// The first wait is somewhere between nothing and twice this.
const WAIT_FIRST: Duration = Duration::from_millis(250);
/// A server that asks for more is not believed: its stream would not be seen for as long, by a slip or by somebody's will.
const BELIEVED_MAX: Span = Span::minutes(60);
/// What is waited in the place of that: no longer than after failures of our own counting.
const INSTEAD: Span = Span::minutes(5);

/// The waits of one request: exponential with full jitter, or the server's own word.
pub struct Delays {
    backoff: ExponentialBackoff,
    begun: Duration,
}

impl Delays {
    /// `now` is of the timer that is waited by, and `spread` how far it spreads waits.
    pub fn new(now: Duration, spread: f64) -> Delays {
        // The crate spreads a wait between (1 - factor) and (1 + factor) times the interval; with 1 that is full jitter.
        let backoff = ExponentialBackoff {
            current_interval: WAIT_FIRST,
            initial_interval: WAIT_FIRST,
            randomization_factor: spread,
            multiplier: 2.0,
            max_interval: WAIT_MAX / 2,
            max_elapsed_time: None,
            ..ExponentialBackoff::default()
        };
        Delays { backoff, begun: now }
    }

    /// The next wait, or `None` where it would go beyond all there is. `told` is what the server asks for.
    pub fn next(&mut self, told: Option<Span>, now: Duration) -> Option<Duration> {
        let own = self.backoff.next_backoff()?;
        let wait = match told {
            Some(told) if told.to_std() > WAIT_MAX => return None,
            Some(told) => told.to_std().max(WAIT_MIN),
            None => own.min(WAIT_MAX),
        };
        (now.saturating_sub(self.begun) + wait <= WAIT_TOTAL_MAX).then_some(wait)
    }
}

/// What an answer's `Retry-After` asks for.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct RetryAfter {
    pub wait: Option<Span>,
    /// Why it is not taken as it stands, for the failure's message.
    pub disbelieved: Option<String>,
}

impl RetryAfter {
    /// Of the header: seconds, or an HTTP date.
    pub fn of(header: Option<&str>, now: Time) -> RetryAfter {
        let Some(header) = header.map(str::trim) else { return RetryAfter::default() };
        match wait(header, now) {
            Some(wait) if wait > BELIEVED_MAX => {
                let why = format!("its Retry-After asks for more than {BELIEVED_MAX} and is not believed, {INSTEAD} are taken instead");
                RetryAfter { wait: Some(INSTEAD), disbelieved: Some(why) }
            }
            None => RetryAfter { wait: None, disbelieved: Some("its Retry-After is neither seconds nor a date".to_string()) },
            wait => RetryAfter { wait, disbelieved: None },
        }
    }
}

fn wait(header: &str, now: Time) -> Option<Span> {
    match header.parse::<f64>() {
        Ok(seconds) if seconds >= 0.0 => Some(Span((seconds * 1000.0) as i64)),
        Ok(_) => None,
        Err(_) => http_date(header).map(|at| at.since(now)),
    }
}

/// A time in the form of HTTP's `Date`.
pub fn http_date(header: &str) -> Option<Time> {
    jiff::fmt::rfc2822::parse(header.trim()).ok().map(|z| Time(z.timestamp().as_millisecond()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_servers_ask_for() {
        let now = Time(1_795_251_600_000); // 2026-11-21T09:00:00Z
        for (header, want) in [
            ("0", Span::ZERO),
            (" 7", Span::seconds(7)),
            ("1.5", Span(1500)),
            ("3600", BELIEVED_MAX),
            ("Sat, 21 Nov 2026 09:00:30 GMT", Span::seconds(30)),
            ("Sat, 21 Nov 2026 08:00:00 GMT", Span::ZERO),
        ] {
            assert_eq!(RetryAfter::of(Some(header), now), RetryAfter { wait: Some(want), disbelieved: None }, "{header}");
        }
        assert_eq!(RetryAfter::of(None, now), RetryAfter::default());
    }

    /// `Retry-After: 99999999999999999999` blinded a stream for an hour, again and again.
    #[test]
    fn what_no_server_can_mean_is_not_waited_for_and_told() {
        let now = Time(1_795_251_600_000);
        for header in ["3601", "999999", "99999999999999999999", "1e400", "inf", "Thu, 31 Dec 2099 23:59:59 GMT"] {
            let asked = RetryAfter::of(Some(header), now);
            assert_eq!(asked.wait, Some(INSTEAD), "{header}");
            assert!(asked.disbelieved.is_some_and(|why| why.contains("more than 1h") && why.contains("5m are taken instead")), "{header}");
        }
        for header in ["-1", "soon", "", "NaN"] {
            let asked = RetryAfter::of(Some(header), now);
            assert_eq!(asked.wait, None, "{header}");
            assert!(asked.disbelieved.is_some(), "{header}");
        }
    }

    #[test]
    fn waits_are_bounded() {
        let now = Duration::from_secs(7);
        let mut delays = Delays::new(now, 1.0);
        assert_eq!(delays.next(Some(Span::ZERO), now), Some(WAIT_MIN));
        assert_eq!(delays.next(Some(Span::seconds(9)), now), Some(Duration::from_secs(9)));
        assert_eq!(delays.next(Some(Span::minutes(10)), now), None);
        for _ in 0..50 {
            assert!(delays.next(None, now).is_some_and(|d| d <= WAIT_MAX));
        }
        let nearly_all = now + WAIT_TOTAL_MAX - Duration::from_secs(1);
        assert_eq!(delays.next(Some(Span::seconds(1)), nearly_all), Some(Duration::from_secs(1)));
        assert_eq!(delays.next(Some(Span::seconds(2)), nearly_all), None);
    }
}
