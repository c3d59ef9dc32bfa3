//! Requests that failed and are being tried again: an outage is told from its first failure on, not only when the tries are used up.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Why requests to one system are tried again just now.
#[derive(Debug, Default)]
pub struct RetriesUnderWay(Mutex<Requests>);

#[derive(Debug, Default)]
struct Requests {
    count: u64,
    failed: BTreeMap<u64, String>,
}

/// One request, from its first try to its end.
pub struct Trying<'a> {
    again: &'a RetriesUnderWay,
    number: u64,
}

impl RetriesUnderWay {
    pub fn begin(&self) -> Trying<'_> {
        let mut requests = self.requests();
        requests.count += 1;
        Trying { again: self, number: requests.count }
    }

    /// Why the one is tried again that was begun last.
    pub fn told(&self) -> Option<String> {
        self.requests().failed.last_key_value().map(|(_, why)| why.clone())
    }

    fn requests(&self) -> MutexGuard<'_, Requests> {
        // Each change is whole in itself.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Trying<'_> {
    pub fn failed(&self, why: String) {
        self.again.requests().failed.insert(self.number, why);
    }
}

impl Drop for Trying<'_> {
    fn drop(&mut self) {
        self.again.requests().failed.remove(&self.number);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failure_is_told_until_its_request_ends() {
        let again = RetriesUnderWay::default();
        let (first, second) = (again.begin(), again.begin());
        assert_eq!(again.told(), None, "nothing has failed");
        second.failed("changes: 503".into());
        first.failed("sweep: 500".into());
        assert_eq!(again.told().as_deref(), Some("changes: 503"));
        drop(second);
        assert_eq!(again.told().as_deref(), Some("sweep: 500"));
        drop(first);
        assert_eq!(again.told(), None);
    }
}
