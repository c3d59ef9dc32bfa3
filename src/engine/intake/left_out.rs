//! Fields that a row does not show.

use crate::engine::engine::Engine;
use crate::model::record::field;
use crate::model::{Entity, Name, Record};

impl Engine {
    /// What an answer leaves out of a person of a stream says nothing: it is not cleared, and it is not as if it had never been.
    pub(in crate::engine) fn keep_left_out(&self, stream: &Name, old: &Record, new: &mut Record) {
        if new.id.entity == Entity::Person
            && let Some(info) = self.stream_info(&new.id.system, stream)
        {
            keep(old, new, &info.fields);
        }
    }
}

/// Takes over what was known of the fields that are read and not shown. Not the address: whoever bears none gets no mail.
fn keep(old: &Record, new: &mut Record, read: &[Name]) {
    for known in old.fields.iter().filter(|known| *known.name != *field::EMAIL && read.contains(&known.name)) {
        if let Err(at) = new.fields.binary_search_by(|shown| shown.name.cmp(&known.name)) {
            new.fields.insert(at, known.clone());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Time, Value};

    #[test]
    fn what_is_read_and_not_shown_stays_as_it_was_known_but_for_the_address() {
        let person = |fields: &[(&str, &str)]| {
            let mut person = Record::new("crm:person:1".parse().unwrap());
            fields.iter().for_each(|(name, value)| person.set(&(*name).into(), Value::text(value), Time(1)));
            person
        };
        let old = person(&[("email", "taro@sato.example"), ("fax", "03-1"), ("phone", "03-2"), ("title", "Chief")]);
        let mut new = person(&[("phone", "03-9"), ("zip", "100")]);
        // Of the fax the manifest does not speak any more.
        keep(&old, &mut new, &["email", "phone", "title", "zip"].map(Name::from));
        let shown: Vec<String> = new.fields.iter().map(|field| format!("{}={}", field.name, field.value)).collect();
        assert_eq!(shown, ["phone=03-9", "title=Chief", "zip=100"]);
    }
}
