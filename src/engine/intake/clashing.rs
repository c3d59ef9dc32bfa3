//! Records of two streams under one id: which is not taken in, and when it is over.

use super::clashes::CLASHES;
use super::clashes::Clash;
use crate::engine::engine::Engine;
use crate::engine::memory::place::Idx;
use crate::engine::memory::world::World;
use crate::engine::proofs::pass_run::PassRun;
use crate::model::{Name, Presence};

impl Engine {
    /// Whether a record that a pass shows has the id of another stream's record. Noted, and not to be taken in.
    pub(in crate::engine) fn clashes(&mut self, run: &mut PassRun, idx: Idx) -> bool {
        let is_configured = |stream: &Name| self.stream_info(&run.system, stream).is_some();
        let Some(clash) = clash(&self.world, idx, run, is_configured) else { return false };
        run.clashed = true;
        if self.clashes.add(clash) {
            self.keep_clashes();
        }
        true
    }

    /// A whole listing ended.
    pub(in crate::engine) fn end_clashes(&mut self, run: &PassRun) {
        if !run.clashed && self.clashes.over(&run.system, &run.stream) {
            self.keep_clashes();
        }
    }

    fn keep_clashes(&mut self) {
        self.ledger.set(CLASHES, &self.clashes);
    }
}

/// The clash of what a pass shows with a record that has its id. `None`: it is the same stream's, or that one does not list it any more.
fn clash(world: &World, idx: Idx, run: &PassRun, is_configured: impl Fn(&Name) -> bool) -> Option<Clash> {
    let slot = world.slot(idx);
    if slot.stream == run.stream {
        return None;
    }
    // A stream that was renamed, or a record that moved from one to the other: it is not listed there any more.
    if !is_configured(&slot.stream) || world.record(idx).presence != Presence::Listed {
        return None;
    }
    Some(Clash { system: run.system.clone(), late: run.stream.clone(), first: slot.stream.clone(), id: slot.id.clone() })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::connector::Pass;
    use crate::model::{Record, Time};

    #[test]
    fn a_record_clashes_only_while_another_stream_of_the_config_lists_it() {
        let (gone, missed) = (Presence::Gone(Time(1)), Presence::MissedOnce);
        for (late, presence, configured, want) in [
            ("contacts", Presence::Listed, true, None),
            ("leads", Presence::Listed, true, Some("contacts")),
            ("leads", Presence::Listed, false, None),
            ("leads", missed, true, None),
            ("leads", gone, true, None),
        ] {
            let mut world = World::default();
            let mut record = Record::new("crm:person:5".parse().unwrap());
            record.presence = presence;
            let idx = world.put("contacts".into(), &record);
            let run = PassRun::new(&"crm".into(), &late.into(), Pass::Sweep, Time(9));
            let found = clash(&world, idx, &run, |stream| configured && *stream == "contacts".into());
            let told = found.as_ref().map(|c| (&*c.first, &*c.late, &*c.id.id));
            assert_eq!(told, want.map(|first| (first, late, "5")), "{late} {presence:?} {configured}");
        }
    }
}
