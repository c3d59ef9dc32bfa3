//! Asking a system what it tells of itself. Which instance of it answers: before anything is read or written there, after a start and after an edit. And
//! which words its fields take: before the records that are written are read.

use crate::connector::Connector;
use crate::daemon::shell::{Shell, turn_of};
use crate::engine::Error;
use crate::model::Name;

impl Shell {
    /// Asks if it is not known. `Err(why)` inside: nothing may be read or written there yet.
    pub(super) async fn identify(&self, connector: &dyn Connector, system: &Name) -> Result<Result<(), String>, Error> {
        let turn = turn_of(&self.identifying, system.clone());
        let _turn = turn.lock().await;
        let now = self.now();
        if self.briefly(|e| e.identity_due(system, now)) {
            let said = connector.instance().await;
            let now = self.now();
            let another = self.with(|e| {
                let before = e.instance_number(system);
                // An edit that came meanwhile may have made another connection, of which this says nothing.
                let of_it = self.is_wired(connector);
                if of_it {
                    e.book_identity(system, &said, now)?;
                }
                Ok::<_, Error>(e.instance_number(system) != before)
            })?;
            if another {
                self.reconcile()?;
            }
        }
        Ok(self.briefly(|e| e.why_not_known(system).map_or(Ok(()), Err)))
    }

    /// Asks which words its fields take, if this stream is the one that is written and that is due.
    pub(super) async fn ask_pick_lists(&self, connector: &dyn Connector, system: &Name, stream: &Name) {
        let now = self.now();
        let due = connector.abilities().writes_to(stream).then(|| self.briefly(|e| e.pick_lists_due(system, now))).flatten();
        let Some((parts, statuses)) = due else { return };
        let told = connector.pick_lists(&parts, &statuses).await;
        let now = self.now();
        // An edit that came meanwhile may have made another connection, of which this says nothing.
        if self.with(|e| self.is_wired(connector) && e.book_pick_lists(system, told, now)) {
            self.reconcile_before_commit();
        }
    }

    /// Whether a connector is the one that its system has now. Asked with the engine in hand: an edit replaces both together.
    pub(super) fn is_wired(&self, connector: &dyn Connector) -> bool {
        let wiring = self.wiring();
        let address = |c: &dyn Connector| std::ptr::from_ref(c).cast::<()>();
        wiring.connectors.get(connector.system()).is_some_and(|wired| std::ptr::eq(address(&**wired), address(connector)))
    }
}
