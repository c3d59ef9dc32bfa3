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
            take_former(streams, name, former, now);
        }
    }

    fn streams_of(&mut self, key: &str) -> Option<(&mut BTreeMap<Name, StreamState>, Name)> {
        let (system, stream) = parts(key)?;
        Some((&mut self.systems.named_mut(system)?.streams, stream))
    }
}

/// The system and the stream that a key of the store names.
fn parts(key: &str) -> Option<(&str, Name)> {
    key.split_once('/').map(|(system, stream)| (system, stream.into()))
}

/// Takes a state in the former form, where none in ours is.
fn take_former(streams: &mut BTreeMap<Name, StreamState>, name: Name, former: FormerStreamState, now: Time) {
    streams.entry(name).or_insert_with(|| StreamState::from(former).taken_over(now));
}

#[cfg(test)]
mod tests {
    use super::*;

    fn former(newest: i64, swept_at: i64) -> FormerStreamState {
        let stored = serde_json::json!({
            "cursor": "c7", "newest": newest, "proved_at": swept_at, "swept_at": swept_at, "filter_tested_at": 40, "filter_broken": false,
            "silent_passes": 1, "error": "gone", "error_since": 3
        });
        serde_json::from_value(stored).unwrap()
    }

    #[test]
    fn a_former_state_is_taken_where_there_is_none_in_our_form() {
        let mut streams = BTreeMap::from([("deals".into(), StreamState { cursor: Some("ours".into()), ..StreamState::default() })]);
        take_former(&mut streams, "deals".into(), former(70, 50), Time(100));
        take_former(&mut streams, "people".into(), former(70, 50), Time(100));
        assert_eq!(streams["deals"].cursor.as_deref(), Some("ours"));
        let people = &streams["people"];
        assert_eq!((people.cursor.as_deref(), people.since, people.proved_at), (Some("c7"), Some(Time(50)), Some(Time(50))));
        assert!(people.failures.is_empty() && !people.proved_here);
    }

    #[test]
    fn what_a_former_state_dates_after_now_proves_nothing() {
        let mut streams = BTreeMap::new();
        take_former(&mut streams, "people".into(), former(70, 50), Time(45));
        let people = &streams["people"];
        assert_eq!((people.proved_at, people.swept_at, people.filter_tested_at), (None, None, Some(Time(40))));
    }

    #[test]
    fn a_key_names_its_system_and_its_stream() {
        assert_eq!(parts("crm/deals"), Some(("crm", "deals".into())));
        assert_eq!(parts("crm"), None);
    }
}
