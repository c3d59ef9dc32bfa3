//! Names that a record bore until a slip in them was mended, or until we wrote another: who still goes by one is the same person.

use crate::link::NameChange;
use crate::model::{Name, Record, ShortText, Time, Value};

/// So many names of before are remembered.
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
        NameChange::Mended => push(past_names, before, &now),
    }
}

/// Sets what we wrote into a record. Whoever it was one person with by the name of before, it is still, as nobody said otherwise.
pub fn set_written(record: &mut Record, field: &Name, value: Value, at: Time) {
    let before = record.name();
    record.set(field, value, at);
    if let (Some(before), Some(now)) = (before, record.name())
        && before != now
    {
        push(&mut record.memory.past_names, before, &now);
    }
}

fn push(past_names: &mut Vec<ShortText>, before: String, now: &str) {
    past_names.retain(|past| **past != *before && **past != *now);
    past_names.push(before.into());
    past_names.drain(..past_names.len().saturating_sub(PAST_NAMES_MAX));
}

#[cfg(test)]
mod tests {
    use super::*;

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

    #[test]
    fn the_name_before_the_one_that_we_wrote_is_remembered_until_somebody_types_another() {
        let mut known = Record::new("crm:person:1".parse().unwrap());
        for (field, value) in [("last_name", "山田"), ("first_name", "花子"), ("email", "hanako@b.example")] {
            known.set(&field.into(), Value::text(value), Time(1));
        }
        for (last_name, past) in [("鈴木", &["山田 花子"][..]), ("鈴木", &["山田 花子"]), ("山田", &["鈴木 花子"])] {
            set_written(&mut known, &"last_name".into(), Value::text(last_name), Time(2));
            assert_eq!(known.memory.past_names, past, "{last_name}");
        }
        let mut typed = known.clone();
        typed.set(&"last_name".into(), Value::text("佐藤"), Time(3));
        assert!(next(known, typed).memory.past_names.is_empty());
    }
}
