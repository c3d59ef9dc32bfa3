//! Lines of the journal for what the engine keeps.

use crate::engine::memory::pins::Pin;
use crate::engine::memory::refusals::On;
use crate::model::{Address, Name, RecordId, Refusal, RefusalScope};
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

/// What a pin's line says.
pub fn pin_line(on: On<'_>, field: &Name, pin: &Pin) -> What {
    let (record, address) = apart(on);
    let Pin { value, by, because, .. } = pin.clone();
    What::Pinned { record, address, field: field.clone(), value, by: by.into(), because: because.into() }
}

/// What the line says of a pin that was taken back.
pub fn unpin_line(on: On<'_>, field: &Name, by: &str) -> What {
    let (record, address) = apart(on);
    What::Unpinned { record, address, field: field.clone(), by: by.into() }
}

fn apart(on: On<'_>) -> (Option<RecordId>, Option<Address>) {
    match on {
        On::Record(record) => (Some(record.clone()), None),
        On::Address(address) => (None, Some(address.clone())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Time;

    /// A line that is read again must refuse no less than what it was written for.
    #[test]
    fn what_a_line_says_is_the_refusal_where_it_counts() {
        let (shown, other): (RecordId, RecordId) = ("ma:person:1".parse().unwrap(), "crm:person:2".parse().unwrap());
        let address = Address::parse("taro@acme.example").unwrap();
        for scope in [RefusalScope::All, RefusalScope::Topic("news".into())] {
            let refusal = Refusal { scope: scope.clone(), from: shown.clone(), seen_at: Time(7), address: None };
            for (on, from, at) in [
                (On::Record(&other), &other, None),
                (On::Record(&shown), &shown, None),
                (On::Address(&address), &shown, Some(address.clone())),
            ] {
                let read = refusal_line(on, &refusal).to_refusal().unwrap();
                assert_eq!(read, Refusal { scope: scope.clone(), from: from.clone(), seen_at: Time(7), address: at });
            }
        }
    }
}
