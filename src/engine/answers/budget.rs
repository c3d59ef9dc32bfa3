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
    /// What was used on another day is no part of today's.
    pub(super) fn of(usage: Usage, now: Time) -> Budget {
        let today = now.0.div_euclid(DAY_MS);
        Budget {
            used: if usage.day == today { usage.used } else { 0 },
            limit: usage.limit,
            resets_at: Time((today + 1) * DAY_MS).rfc3339(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_budget_is_that_of_today_until_midnight() {
        let budget = |day, ms| {
            let budget = Budget::of(Usage { day, used: 40, limit: Some(100) }, Time(100 * DAY_MS + ms));
            (budget.used, budget.limit, budget.resets_at)
        };
        let reset = "1970-04-12T00:00:00Z".to_string();
        for ms in [0, DAY_MS - 1] {
            assert_eq!(budget(100, ms), (40, Some(100), reset.clone()));
            assert_eq!(budget(99, ms), (0, Some(100), reset.clone()));
        }
    }
}
