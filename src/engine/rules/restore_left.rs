//! Rules that were in force a moment ago, out of the state.

use crate::engine::engine::Engine;
use crate::engine::error::Error;
use crate::engine::ledger::items::decode;
use crate::engine::ledger::kind;
use crate::engine::rules::left_rules::LEFT_KEY;
use crate::engine::rules::left_rules::LeftRules;
use crate::engine::rules::left_rules::StoredLeft;
use crate::model::Time;

impl Engine {
    /// What the last process left lately. Returns the version that was in force.
    pub(in crate::engine) fn restore_left_rules(&mut self, now: Time) -> Result<String, Error> {
        let kept = self.disk.state.get(kind::META, LEFT_KEY.as_bytes())?;
        // What another version of this program kept only made an edit ask less.
        let Some(kept) = kept.and_then(|bytes| decode::<StoredLeft>(LEFT_KEY, &bytes).ok()) else {
            self.left_rules = LeftRules::default();
            return Ok(self.files.version.clone());
        };
        let (left, in_force) = LeftRules::restored(kept, self.clocks.belief().set_back(now), now);
        self.left_rules = left;
        Ok(in_force)
    }
}
