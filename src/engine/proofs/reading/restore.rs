//! The states of streams out of the store.

use super::stream::FormerStreamState;
use super::stream::StreamState;
use super::streams::Streams;
use crate::engine::Engine;
use crate::model::{Name, Time};

impl Engine {
    /// Puts a stream's state, as it lies in the store under this key, where it belongs, if its system is still configured.
    pub fn restore_stream(&mut self, key: &str, state: StreamState, now: Time) {
        if let Some((streams, name)) = self.streams_of(key) {
            streams.restore(name, state, now);
        }
    }

    /// The same of one in the former form, which counts less than one in ours.
    pub fn restore_former_stream(&mut self, key: &str, former: FormerStreamState, now: Time) {
        if let Some((streams, name)) = self.streams_of(key) {
            streams.restore_former(name, former, now);
        }
    }

    fn streams_of(&mut self, key: &str) -> Option<(&mut Streams, Name)> {
        let (system, stream) = parts(key)?;
        Some((&mut self.systems.named_mut(system)?.streams, stream))
    }
}

/// The system and the stream that a key of the store names.
fn parts(key: &str) -> Option<(&str, Name)> {
    key.split_once('/').map(|(system, stream)| (system, stream.into()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_names_its_system_and_its_stream() {
        assert_eq!(parts("crm/deals"), Some(("crm", "deals".into())));
        assert_eq!(parts("crm"), None);
    }
}
