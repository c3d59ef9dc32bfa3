//! Lines of the journal for what the engine keeps.

use crate::engine::memory::refusals::On;
use crate::model::{Refusal, RefusalScope};
use crate::store::What;

/// What a refusal's line says.
pub fn refusal_line(on: On<'_>, refusal: &Refusal) -> What {
    let (record, address) = match on {
        On::Record(record) => (record.clone(), None),
        On::Address(address) => (refusal.from.clone(), Some(address.clone())),
    };
    let topic = match &refusal.scope {
        RefusalScope::All => None,
        RefusalScope::Topic(topic) => Some(topic.clone()),
    };
    What::Refusal { record, address, topic, seen_at: refusal.seen_at }
}
