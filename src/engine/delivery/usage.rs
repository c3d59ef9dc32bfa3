//! What a connector has used of today's budget, kept so that the next process does not begin with a whole one.

use crate::connector::Usage;
use crate::engine::ledger::changes::Ledger;
use crate::engine::ledger::kind::{Kind, Tag};
use crate::model::Name;

/// What was used of today's budget, by system: the day and the requests.
pub(in crate::engine) const USAGE: Kind<(i64, u64)> = Kind::new(Tag::Usage);

/// Requests of today as last written.
#[derive(Debug, Default)]
pub struct KeptUsage(Option<Usage>);

impl KeptUsage {
    /// Writes it with the next commit, if it is news: who looks for something to deliver and finds nothing is not to write to the disk for it.
    pub fn keep(&mut self, system: &Name, usage: Usage, ledger: &mut Ledger) {
        if self.is_news(usage) {
            ledger.put(USAGE, system.as_bytes().to_vec(), &(usage.day, usage.used));
        }
    }

    fn is_news(&mut self, usage: Usage) -> bool {
        self.0.replace(usage) != Some(usage)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_changed_is_written() {
        let mut kept = KeptUsage::default();
        let used = |day, used| Usage { day, used, limit: Some(100), ..Usage::default() };
        let news = [used(1, 7), used(1, 7), used(1, 8), used(2, 8), used(2, 8)].map(|usage| kept.is_news(usage));
        assert_eq!(news, [true, false, true, true, false]);
    }
}
