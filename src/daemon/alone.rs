//! Commands while no daemon runs: the process that answers opened the state itself, and ends when it has answered.

use crate::daemon::commands::{Command, Reply};
use crate::daemon::shell::Shell;
use crate::engine::Error;

impl Shell {
    /// Does one command. `status` says that no daemon runs, and a `sync` that ended well is noted for it.
    pub async fn command_alone(&self, command: Command) -> Reply {
        let whole_sync = matches!(command, Command::Sync { system: None });
        match self.command(command).await {
            Reply::Status(mut status) => {
                let now = self.now();
                self.with(|e| e.without_daemon(&mut status, now));
                Reply::Status(status)
            }
            Reply::Sync(synced) if whole_sync => match self.note_sync(!synced.failed()) {
                Ok(()) => Reply::Sync(synced),
                Err(error) => Reply::Failed(error.to_string()),
            },
            reply => reply,
        }
    }

    fn note_sync(&self, well: bool) -> Result<(), Error> {
        let now = self.now();
        self.with(|e| e.note_sync(well.then_some(now)));
        self.commit()
    }
}
