//! Lists of a person's record: whose their entries are, and which were taken out.

use crate::model::{Age, Record, ShortText, Time, Value};

/// The entries that came and went between two looks at a record. `looked`: until when it surely was as it was known.
pub fn remember(old: &Record, new: &mut Record, looked: Option<Time>) {
    let changed: Vec<_> = new
        .fields
        .iter()
        .filter_map(|field| {
            let before = old.field_of(&field.name)?;
            let is_list = matches!(before.value, Value::List(_)) || matches!(field.value, Value::List(_));
            let both = entries(&before.value).zip(entries(&field.value)).filter(|_| is_list && before.value != field.value);
            let is_copy = field.last_edit.as_ref().is_some_and(|edit| edit.relay().is_some());
            both.map(|(was, is)| (field.name.clone(), before.age(), field.age(), was.to_vec(), is.to_vec(), is_copy))
        })
        .collect();
    for (name, stood, age, was, is, is_copy) in changed {
        let entries = new.entries_mut(&name);
        // What a relay puts in or takes out is as little news as what we write.
        if is_copy { entries.write(&was, &is, stood, age.by) } else { entries.observe(&was, &is, stood, age, looked) }
    }
}

/// What our write of a list makes of its entries. Called before the field is set.
pub fn note_written(record: &mut Record, name: &crate::model::Name, value: &Value, at: Time) {
    let (before, stood) = match record.field_of(name) {
        Some(field) => (field.value.clone(), field.age()),
        None => (Value::Empty, Age::until(at)),
    };
    if !matches!(before, Value::List(_)) && !matches!(value, Value::List(_)) {
        return;
    }
    if let (Some(was), Some(is)) = (entries(&before), entries(value)) {
        record.entries_mut(name).write(was, is, stood, at);
    }
}

/// `None`: it is no list.
fn entries(value: &Value) -> Option<&[ShortText]> {
    match value {
        Value::List(entries) => Some(entries),
        Value::Empty => Some(&[]),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::EntryFate;

    fn person(tags: &[&str], at: i64) -> Record {
        let mut person = Record::new("ma:person:1".parse().unwrap());
        person.set(&"tags".into(), Value::list(tags.iter().copied()), Time(at));
        person
    }

    #[test]
    fn only_lists_that_changed_are_remembered() {
        let tags = "tags".into();
        let mut same = person(&["a"], 5);
        remember(&person(&["a"], 3), &mut same, None);
        assert_eq!(same.entries(&tags), None);
        let mut fewer = person(&[], 5);
        remember(&person(&["a"], 3), &mut fewer, None);
        assert_eq!(fewer.entries(&tags).unwrap().fate("a"), Some(EntryFate::Removed(Age::until(Time(5)))));
        let mut unread = person(&[], 5);
        unread.set(&tags, Value::Unreadable, Time(5));
        remember(&person(&["a"], 3), &mut unread, None);
        assert_eq!(unread.entries(&tags), None);
    }

    #[test]
    fn what_we_write_is_ours_and_what_stood_is_not() {
        let tags = "tags".into();
        let mut record = person(&["a"], 3);
        note_written(&mut record, &tags, &Value::list(["a", "b"]), Time(7));
        let known = record.entries(&tags).unwrap();
        assert_eq!((known.fate("a"), known.fate("b")), (Some(EntryFate::Added(Age::until(Time(3)))), Some(EntryFate::Ours(Time(7)))));
        note_written(&mut record, &"title".into(), &Value::text("Chief"), Time(7));
        assert_eq!(record.entries(&"title".into()), None);
    }
}
