//! Names with a slip that was mended since: who still bears one, and the same address, is the same person.

use crate::link::NameChange;
use crate::model::Record;

/// So many slips in a name are remembered.
const PAST_NAMES_MAX: usize = 3;

/// What a person was called before a slip in the name was mended. With another name or address it may be another person.
pub(super) fn remember(old: &Record, new: &mut Record) {
    if new.memory.past_names.is_empty() && old.name() == new.name() {
        return;
    }
    let address = old.address();
    if address.is_none() || address != new.address() {
        return new.memory.past_names.clear();
    }
    let (before, now) = (old.name(), new.name());
    let past_names = &mut new.memory.past_names;
    // Who has no name for a while may come back as somebody else.
    let (Some(before), Some(now)) = (before, now) else { return past_names.clear() };
    match NameChange::of(&before, &now) {
        NameChange::Same => {}
        NameChange::Other => past_names.clear(),
        NameChange::Mended => {
            past_names.retain(|past| **past != *before && **past != *now);
            past_names.push(before.into());
            past_names.drain(..past_names.len().saturating_sub(PAST_NAMES_MAX));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Time, Value};

    fn next(known: Record, mut new: Record) -> Record {
        new.memory = known.memory.clone();
        remember(&known, &mut new);
        new
    }

    #[test]
    fn a_name_is_remembered_while_only_slips_in_it_are_mended_and_the_address_stays() {
        let person = |name: &str, email: &str| {
            let mut person = Record::new("crm:person:1".parse().unwrap());
            person.set(&"name".into(), Value::text(name), Time(1));
            person.set(&"email".into(), Value::text(email), Time(1));
            person
        };
        let email = "a@b.example";
        for (shown, past) in [
            (&[("Sato Taor", email), ("Sato Taro", email)][..], &["Sato Taor"][..]),
            (&[("Sato Taor", email), ("SATO TAOR", email)], &[]),
            (&[("Sato Taor", email), ("Sato Taro", email), ("Satou Taro", email)], &[]),
            (&[("Sato Taor", email), ("Sato Taro", email), ("Saot Taro", email)], &["Sato Taor", "Sato Taro"]),
            (&[("Sato Taor", email), ("Sato Taro", email), ("Sato Taor", email)], &["Sato Taro"]),
            (&[("Sato Taor", email), ("Sato Taro", email), ("", email)], &[]),
            (&[("Sato Taor", email), ("Sato Taro", email), ("Mori Hanako", email)], &[]),
            (&[("Sato Taor", email), ("Sato Taro", email), ("Sato Taro", "new@b.example")], &[]),
            (&[("Sato Taor", email), ("Sato Taro", "new@b.example")], &[]),
            (&[("Sato Taor", ""), ("Sato Taro", "")], &[]),
        ] {
            let first = person(shown[0].0, shown[0].1);
            let last = shown[1..].iter().fold(first, |known, (name, email)| next(known, person(name, email)));
            assert_eq!(last.memory.past_names, past, "{shown:?}");
        }
    }
}
