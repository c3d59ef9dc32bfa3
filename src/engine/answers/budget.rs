//! How many requests a system was asked today.

use crate::connector::Usage;
use crate::model::Time;
use serde::{Deserialize, Serialize};

const DAY_MS: i64 = 86_400_000;

#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Budget {
    pub used: u64,
    pub limit: Option<u64>,
    pub resets_at: String,
}

impl Budget {
    /// What was used on a day that is over is no part of today's. Of a system that was not asked yet the day is taken to end at midnight, UTC.
    pub(super) fn of(usage: Usage, now: Time) -> Budget {
        let is_today = now < usage.ends;
        let ends = if is_today { usage.ends } else { Time((now.0.div_euclid(DAY_MS) + 1) * DAY_MS) };
        Budget { used: if is_today { usage.used } else { 0 }, limit: usage.limit, resets_at: ends.rfc3339() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_budget_is_that_of_today_until_the_systems_midnight() {
        let usage = Usage { day: 100, ends: Time(101 * DAY_MS + 6 * 3_600_000), used: 40, limit: Some(100) };
        let budget = |now| {
            let budget = Budget::of(usage, Time(now));
            (budget.used, budget.limit, budget.resets_at)
        };
        for now in [101 * DAY_MS, 101 * DAY_MS + 6 * 3_600_000 - 1] {
            assert_eq!(budget(now), (40, Some(100), "1970-04-12T06:00:00Z".to_string()));
        }
        assert_eq!(budget(101 * DAY_MS + 6 * 3_600_000), (0, Some(100), "1970-04-13T00:00:00Z".to_string()));
    }
}
