//! When our own disk fails: what is in memory is not what is kept, so that nothing is read or written any more and the gate holds, until the
//! state can be opened anew.

use crate::daemon::shell::Shell;
use crate::store::{Journal, State, StateInfo};
use crate::telemetry::InternalEvent;
use crate::telemetry::state::StateFailsStill;
use std::time::Duration;
use tokio::sync::watch;

/// Between tries: often at first, as a disk that was full for a moment is the usual case; then seldom, as each try is told.
pub const TRY_FIRST: Duration = Duration::from_secs(1);
pub const TRY_AT_MOST: Duration = Duration::from_secs(60);

/// How waiting ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Waited {
    Room,
    Stopped,
}

impl Shell {
    /// From now on the gate holds for want of proof.
    pub fn halt(&self) {
        self.publish(&self.engine());
    }

    /// Waits until the state folder can be written to again, or until told to stop.
    pub async fn wait_for_room(&self, stop: &mut watch::Receiver<bool>) -> Waited {
        let mut wait = TRY_FIRST;
        loop {
            tokio::select! {
                () = tokio::time::sleep(wait) => {}
                _ = stop.changed() => return Waited::Stopped,
            }
            match self.with(|e| e.try_disk()) {
                Ok(()) => return Waited::Room,
                Err(error) => StateFailsStill { error: &error }.emit(),
            }
            wait = (wait * 2).min(TRY_AT_MOST);
        }
    }

    /// Closes the state's files, so that they can be opened anew while this shell goes on answering.
    pub fn let_go_of_state(&self) {
        let info = StateInfo { format_version: crate::engine::open::FORMAT_VERSION, fingerprint: [0; 32] };
        let (empty, _) = State::in_memory(info);
        // A journal in memory opens; were it not so, the files would only stay open.
        if let Ok((journal, _)) = Journal::open(&empty, |_| ()) {
            self.with(|e| e.move_to(empty, journal));
        }
    }
}
