//! The states of streams out of the store.

use super::stream::FormerStreamState;
use super::stream::StreamState;
use crate::engine::Engine;
use crate::model::{Name, Time};
use std::collections::BTreeMap;

impl Engine {
    /// Puts a stream's state, as it lies in the store under this key, where it belongs, if its system is still configured.
    pub fn restore_stream(&mut self, key: &str, state: StreamState, now: Time) {
        if let Some((streams, name)) = self.streams_of(key) {
            streams.insert(name, state.taken_over(now));
        }
    }

    /// The same of one in the former form, which counts less than one in ours.
    pub fn restore_former_stream(&mut self, key: &str, former: FormerStreamState, now: Time) {
        if let Some((streams, name)) = self.streams_of(key) {
            streams.entry(name).or_insert_with(|| StreamState::from(former).taken_over(now));
        }
    }

    fn streams_of(&mut self, key: &str) -> Option<(&mut BTreeMap<Name, StreamState>, Name)> {
        let (system, stream) = key.split_once('/')?;
        Some((&mut self.systems.named_mut(system)?.streams, stream.into()))
    }
}
