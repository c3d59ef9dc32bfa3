//! Opening the state only to look at it: everything is read and decided on in memory, and nothing of it is kept.

use crate::config::Rules;
use crate::engine::error::Error;
use crate::engine::ledger::changes::LedgerError;
use crate::engine::open;
use crate::engine::open::{FORMAT_VERSION_READ, MakeSystems, OpenedState};
use crate::model::Time;
use crate::store::{Loaded, State, StateUrl};
use std::sync::Arc;

/// As [`open::open`]; what cannot be used stays where it is.
pub fn look(url: &StateUrl, rules: Arc<Rules>, now: Time, run: Arc<str>, wire: &mut MakeSystems<'_>) -> Result<OpenedState, Error> {
    let info = open::info(&rules);
    let mut read = |opened: (State, Loaded)| open::open_on(rules.clone(), wire(&opened.0)?, now, run.clone(), opened);
    let (state, loaded) = State::look(url, info)?;
    let why = if loaded.format_version < FORMAT_VERSION_READ {
        let found = loaded.format_version;
        drop(state);
        open::too_old(found)
    } else {
        match read((state, loaded)) {
            Err(error @ (Error::Ledger(LedgerError::Item(_)) | Error::UnreadableRecord(_))) => error.to_string(),
            opened => return opened,
        }
    };
    read(State::look_anew(url, info, why)?)
}
