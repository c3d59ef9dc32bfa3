//! Looking at how things stand, for [`health`](crate::daemon::health): the daemon's own look, and that of whoever asks for the status.

use crate::daemon::health::Health;
use crate::daemon::shell::Shell;
use crate::engine::answers::status::Status;
use crate::model::Time;
use tokio::time::Instant;

impl Shell {
    /// Looks at how things stand, if that may have changed and it was not just done.
    pub fn look_at_health(&self) {
        let (usage, now) = (self.usage(), self.now());
        self.ask(|engine| {
            self.publish_if_halted(engine);
            if self.health.note_alive() {
                let began = Instant::now();
                let status = engine.status(&usage, now);
                self.health.publish(Health::of(engine, &status), began.elapsed());
            }
        });
    }

    /// How things stand now, which others hear of as well.
    pub fn status(&self, now: Time) -> Status {
        let usage = self.usage();
        self.ask(|engine| {
            let began = Instant::now();
            let status = engine.status(&usage, now);
            self.health.publish(Health::of(engine, &status), began.elapsed());
            status
        })
    }
}
