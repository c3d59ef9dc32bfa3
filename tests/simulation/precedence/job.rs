//! A nightly job of somebody else's, which copies values between the CRM and the marketing system. What it read in one run it puts there in the
//! next: by then somebody may have typed another.

use super::hands;
use crate::dice::Dice;
use crate::truth::account::shown;
use crate::truth::{Item, Table, Truth, past};
use crate::wire::in_own_form;
use nayose::model::Value;

/// Values that it takes along in one run.
const COPIES_MAX: usize = 3;

/// The job, with what it read.
#[derive(Debug)]
pub struct Job {
    fields: Vec<&'static str>,
    /// Where it puts what it read in the other of the two.
    into: &'static [Table],
    read: Vec<Read>,
}

/// A value that is to stand in a record.
#[derive(Debug)]
struct Read {
    table: Table,
    number: u32,
    field: &'static str,
    value: Value,
}

impl Job {
    /// That of a history: it knows one field or two, and most go one way.
    pub fn of(seed: u64) -> Job {
        let all: Vec<&'static str> = past::fields().collect();
        let at = |n: u64| all[(n % all.len() as u64) as usize];
        let into: &[Table] = match seed % 4 {
            0 | 1 => &[Table::CrmPeople],
            2 => &[Table::MaPeople],
            _ => &[Table::CrmPeople, Table::MaPeople],
        };
        Job { fields: vec![at(seed), at(seed / 5)], into, read: Vec::new() }
    }

    /// One run of it. Tells what it put, for the history that a person reads, and whether somebody typed meanwhile.
    pub fn run(&mut self, truth: &mut Truth, dice: &mut Dice) -> (String, bool) {
        let mut told = String::from("the job copies");
        for Read { table, number, field, value } in std::mem::take(&mut self.read) {
            // The marketing system keeps it as it keeps whatever a program gives it.
            let form = truth.own_form.filter(|_| table == Table::MaPeople);
            let value = form.map_or(value.clone(), |form| in_own_form(form, field, &value));
            truth.copy(table, number, field, &value, dice);
            told.push_str(&format!(" {} {field} = {value};", table.id(number)));
        }
        for _ in 0..1 + dice.below(COPIES_MAX) {
            self.read.extend(self.read(truth, dice));
        }
        // Somebody types where it has just read, or is about to write.
        let mut types = false;
        if let Some(Read { table, number, field, .. }) = dice.pick(&self.read).filter(|_| dice.once_in(4)) {
            let typed = hands::type_anew(truth, *table, *number, field, dice);
            types = typed.is_some();
            told.push_str(&format!(" meanwhile {}", typed.unwrap_or_default()));
        }
        (told, types)
    }

    /// The marketing system is another one.
    pub fn forget(&mut self) {
        self.read.clear();
    }

    /// A value of one system, for the record of the other that bears the same address.
    fn read(&self, truth: &Truth, dice: &mut Dice) -> Option<Read> {
        let lead = truth.any(Table::MaPeople, dice)?;
        let item = truth.item(Table::MaPeople, lead)?;
        let address = truth.addresses(item.record());
        let is_it = |contact: &Item| contact.human == item.human && truth.addresses(contact.record()) == address;
        let contacts = truth.living(Table::CrmPeople).into_iter();
        let contacts: Vec<u32> = contacts.filter(|id| truth.item(Table::CrmPeople, *id).is_some_and(is_it)).collect();
        let (contact, field) = (*dice.pick(&contacts)?, *dice.pick(&self.fields)?);
        let (from, table, number) = match dice.pick(self.into)? {
            Table::CrmPeople => (item, Table::CrmPeople, contact),
            _ => (truth.item(Table::CrmPeople, contact)?, Table::MaPeople, lead),
        };
        let value = shown(from.record(), field).clone();
        // It copies values, and no codes that only one of the two knows.
        (!value.is_empty() && !hands::is_unknown_code(&value)).then_some(Read { table, number, field, value })
    }
}
