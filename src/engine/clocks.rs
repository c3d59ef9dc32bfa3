//! How our clock stands to the systems', by the `Date` of their answers.

use super::engine::Engine;
use super::system::SystemState;
use crate::model::Span;

/// Clocks that differ by no more than this agree.
const CLOCK_SKEW_MAX: Span = Span::minutes(2);

impl SystemState {
    pub fn clock_agrees(&self) -> bool {
        self.clock_skew_ms.abs() <= CLOCK_SKEW_MAX.0
    }
}

impl Engine {
    pub fn clocks_agree(&self) -> bool {
        self.systems.values().all(SystemState::clock_agrees)
    }

    /// How much later it is than our clock says, by the system that says it is latest; zero if none disagrees.
    pub fn clock_is_behind(&self) -> Span {
        self.furthest(|skew| skew)
    }

    /// How much earlier it is than our clock says, by the system that says it is earliest; zero if none disagrees.
    pub fn clock_is_ahead(&self) -> Span {
        self.furthest(|skew| -skew)
    }

    fn furthest(&self, by: impl Fn(i64) -> i64) -> Span {
        let told = self.systems.values().filter(|s| !s.clock_agrees()).map(|s| by(s.clock_skew_ms));
        Span(told.max().unwrap_or(0).max(0))
    }
}
