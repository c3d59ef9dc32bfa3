//! What is told of a history that broke, for whoever reads it.

use super::Sim;
use crate::truth::Table;

impl Sim<'_> {
    /// What the daemon makes of a person, for whoever reads a history that broke.
    pub(super) fn explained(&mut self, record: &str) -> String {
        let Some(daemon) = &mut self.daemon else { return format!("{record}: no daemon runs") };
        let now = daemon.now(&self.truth);
        let told = daemon.engine.explain(record, &daemon.gate, now);
        serde_json::to_string(&told).unwrap_or_default()
    }

    /// Each record as the daemon knows it, and as it is.
    pub(super) fn known_and_true(&self) -> Vec<String> {
        let mut lines = Vec::new();
        for table in Table::ALL {
            for number in self.truth.living(table) {
                let id = table.id(number);
                let world = self.daemon.as_ref().map(|daemon| daemon.engine.probe().world);
                let known = world.and_then(|world| world.find(&id).map(|idx| world.record(idx)));
                lines.push(format!("{id} known as {known:?}; it is {:?}", self.truth.item(table, number)));
            }
        }
        lines
    }
}
