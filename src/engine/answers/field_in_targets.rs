//! What a person's records show of a field that we write to them, and what is being done about it.

use crate::engine::assess::assessment::FieldWinner;
use crate::engine::assess::members::Members;
use crate::engine::engine::Engine;
use crate::engine::target::habits::Habits;
use crate::engine::target::{Agreed, Parked};
use crate::merge::Unknown;
use crate::model::{Name, Record, Time, Value};
use serde::{Deserialize, Serialize};
use serde_json::Value as Json;

/// How a record stands to the value that a field should have.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum InTarget {
    /// It shows it.
    Stands,
    /// It shows what it made of our write of it.
    ItsForm,
    ToWrite,
    /// Its own value counts as much, and nobody knows which is newer.
    KeepsOwn,
    /// It holds a value, and the rule only fills where there is none.
    OnlyFilled,
    /// Nobody can tell yet whether somebody typed what it shows, or its system made it of what was written.
    PerhapsTyped,
    /// Somebody emptied just this value there.
    Emptied,
    /// It is not written for now.
    Parked,
    /// What stands there cannot be read, and is not written over.
    Unread,
    /// Its system has no code for it.
    NoCode,
    /// Nothing counts for the field, or it cannot be told what does.
    Left,
}

/// One record.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ShownInTarget {
    pub record: String,
    pub shows: Json,
    pub state: InTarget,
}

impl Engine {
    /// The records of a person that a field is written to.
    pub(super) fn field_in_targets(&self, name: &Name, of: Members<'_>, now: Time) -> Vec<ShownInTarget> {
        let is_written = |record: &Record, place| {
            let system = self.systems.get(&record.id.system);
            system
                .is_some_and(|s| s.connected.writes_to(&self.world.slot(place).stream) && s.connected.config().writes.fields.contains(name))
        };
        let targets: Vec<_> = of.places.iter().zip(of.records).filter(|(idx, r)| !r.is_gone() && is_written(r, **idx)).collect();
        if targets.is_empty() {
            return Vec::new();
        }
        let (winner, trusted) = (self.winner(name, of, now), self.trusted_now(now));
        let has_code = |record: &Record| match (&winner, self.systems.get(&record.id.system)) {
            (Ok(Some(winner)), Some(system)) => system.connected.abilities().has_code_for(name, &winner.value),
            _ => true,
        };
        let shown = |(idx, record): (&_, &Record)| ShownInTarget {
            record: record.id.to_string(),
            shows: record.field_of(name).map_or(Json::Null, |field| field.value.to_json()),
            state: state(record, name, (self.targets.agreed(*idx), self.targets.habits(), has_code(record)), &winner, trusted),
        };
        targets.into_iter().map(shown).collect()
    }
}

/// `agreed`: what was agreed with the record, `habits`: what systems make of values, and whether its system has a code for the winner.
fn state(
    record: &Record,
    name: &Name,
    (agreed, habits, has_code): (&[Agreed], &Habits, bool),
    winner: &Result<Option<FieldWinner>, Unknown>,
    now: Time,
) -> InTarget {
    let Ok(Some(winner)) = winner else { return InTarget::Left };
    let shown = record.field_of(name).map_or(&Value::Empty, |field| &field.value);
    let agreed = agreed.iter().find(|a| a.field == *name);
    let same = agreed.is_some_and(|a| a.ours.says_the_same(&winner.value));
    match agreed {
        _ if winner.value.says_the_same(shown) => InTarget::Stands,
        // What counts for nothing where it stands is emptied elsewhere alone.
        _ if winner.filled.contains(&record.id) && winner.value.is_empty() => InTarget::Left,
        _ if winner.filled.contains(&record.id) => InTarget::OnlyFilled,
        // Only of what is in doubt an echo is a rival.
        Some(agreed) if winner.rivals.contains(&record.id) && !agreed.spent && shown.says_the_same(&agreed.theirs) => {
            InTarget::PerhapsTyped
        }
        _ if winner.rivals.contains(&record.id) => InTarget::KeepsOwn,
        _ if !winner.is_wanted_in(record, name, agreed.map_or(&[], std::slice::from_ref), habits) => InTarget::Emptied,
        _ if shown.is_unreadable() => InTarget::Unread,
        _ if !has_code => InTarget::NoCode,
        // What an undo set back stands there in place of the value that is given up: no form of it.
        Some(agreed) if agreed.staying.parked_for(same, now) == Some(Parked::GivenUp) => InTarget::Parked,
        Some(agreed) if same && shown.says_the_same(&agreed.theirs) => InTarget::ItsForm,
        Some(agreed) if agreed.staying.parked_for(same, now).is_some() => InTarget::Parked,
        _ => InTarget::ToWrite,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_record_says_how_it_stands_to_what_is_wanted() {
        let name: Name = "title".into();
        let mut record = Record::new("ma:person:1".parse().unwrap());
        record.set(&name, Value::text("CHIEF"), Time(5));
        let winner = |value: &str| FieldWinner {
            value: Value::text(value),
            typed_after: Time(0),
            rivals: Vec::new(),
            filled: Vec::new(),
            files: Vec::new(),
        };
        let filled = FieldWinner { filled: vec![record.id.clone()], ..winner("Clerk") };
        let rival = FieldWinner { rivals: vec![record.id.clone()], ..winner("Clerk") };
        let agreed = |theirs: &str, parked| {
            let mut agreed = Agreed { theirs: Value::text(theirs), ..Agreed::new(name.clone(), Value::text("Chief")) };
            if parked {
                agreed.staying.park();
            }
            agreed
        };
        for (agreed, winner, want) in [
            (vec![], Ok(Some(winner("CHIEF"))), InTarget::Stands),
            (vec![], Ok(Some(winner("ＣＨＩＥＦ"))), InTarget::Stands),
            (vec![agreed("CHIEF", false)], Ok(Some(winner("Chief"))), InTarget::ItsForm),
            (vec![agreed("Boss", true)], Ok(Some(winner("Chief"))), InTarget::Parked),
            // It was undone: what stands there is the person's own again.
            (vec![agreed("CHIEF", true)], Ok(Some(winner("Chief"))), InTarget::Parked),
            (vec![agreed("Boss", true)], Ok(Some(winner("Clerk"))), InTarget::ToWrite),
            (vec![], Ok(Some(rival)), InTarget::KeepsOwn),
            (vec![agreed("CHIEF", false)], Ok(Some(filled)), InTarget::OnlyFilled),
            (vec![], Ok(Some(winner("Vendeur"))), InTarget::NoCode),
            (vec![], Ok(None), InTarget::Left),
            (vec![], Err(Unknown::NotRead), InTarget::Left),
        ] {
            let has_code = !matches!(&winner, Ok(Some(winner)) if winner.value == Value::text("Vendeur"));
            assert_eq!(state(&record, &name, (&agreed, &Habits::default(), has_code), &winner, Time(9)), want, "{agreed:?} {winner:?}");
        }
        record.set(&name, Value::Unreadable, Time(6));
        assert_eq!(state(&record, &name, (&[], &Habits::default(), true), &Ok(Some(winner("Chief"))), Time(9)), InTarget::Unread);
        record.set(&name, Value::Empty, Time(6));
        record.memory.cleared = vec![(name.clone(), Value::text("Chief"))];
        assert_eq!(state(&record, &name, (&[], &Habits::default(), true), &Ok(Some(winner("Chief"))), Time(9)), InTarget::Emptied);
    }
}
