//! `plan --rules`: other rules are tried on everyone who is known, and nothing is written.

use crate::config::{self, Connectors, Rules, SecretsWanted};
use crate::daemon::commands::Reply;
use crate::daemon::shell::Shell;
use crate::engine::Error;
use std::path::Path;
use std::sync::Arc;

/// So often it is begun again because the rules in force were edited meanwhile.
const TRIES: usize = 3;

impl Shell {
    /// Tries the rules of a folder. Between some thousands of people the engine is free for others.
    pub(super) fn preview(&self, folder: &Path, all: bool) -> Result<Reply, Error> {
        let loaded = config::load_with(SecretsWanted::None, folder, &|name| std::env::var(name).ok(), &Connectors);
        let other: Arc<Rules> = match loaded {
            Ok(config) => config.rules,
            Err(mistakes) => {
                let told = mistakes.lines().join("\n  ");
                return Ok(Reply::Refused(format!("the rules in {} have mistakes; nothing was tried:\n  {told}", folder.display())));
            }
        };
        self.with(|engine| engine.learn_words(self.wiring().words(&other)));
        for _ in 0..TRIES {
            self.reconcile()?;
            let mut run = self.ask(|engine| engine.begin_preview(other.clone(), all));
            while self.ask(|engine| engine.preview_some(&mut run, self.now())) {}
            if let Some(preview) = self.with(|engine| engine.end_preview(run, self.now())) {
                self.commit()?;
                return Ok(Reply::Preview(preview));
            }
        }
        Ok(Reply::Refused("the rules in force are being edited; ask again when that is done".into()))
    }
}
