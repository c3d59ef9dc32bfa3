//! Fields that a row does not show.

use crate::engine::engine::Engine;
use crate::engine::proofs::pass_run::PassRun;
use crate::model::record::field;
use crate::model::{Entity, Record};

impl Engine {
    /// What a row leaves out of a person says nothing: it is not cleared, and it is not as if it had never been. Of an address it is not taken
    /// for granted: whoever bears none gets no mail.
    pub(super) fn keep_left_out(&self, run: &PassRun, old: &Record, new: &mut Record) {
        if new.id.entity != Entity::Person || old.fields.iter().all(|field| new.field_of(&field.name).is_some()) {
            return;
        }
        let Some(info) = self.stream_info(&run.system, &run.stream) else { return };
        for left_out in old.fields.iter().filter(|known| *known.name != *field::EMAIL && info.fields.contains(&known.name)) {
            if let Err(at) = new.fields.binary_search_by(|known| known.name.cmp(&left_out.name)) {
                new.fields.insert(at, left_out.clone());
            }
        }
    }
}
