//! What people type into the words' fields, and into those of companies: values of their own, values of before, another record's, values that
//! count for nothing, and nothing at all.

use super::hands::{kept, set};
use crate::dice::Dice;
use crate::setup::words::{FIELDS, INDUSTRY, INVALID, PLACE, WordField, field_of};
use crate::truth::account::shown;
use crate::truth::{Table, Truth, Way, text};
use crate::world::{HUMANS, named};
use nayose::model::Value;

/// Companies that the CRM lists. Contacts also name one that it does not.
const COMPANIES: [u32; 2] = [1, 2];
/// Levels, from 0 on.
const LEVELS: usize = 10;
const GRADES: [&str; 3] = ["A", "B", "C"];
/// An ignored word as people write it.
const IGNORED_WRITTEN: [&str; 4] = ["n/a", "Ｎ／Ａ", "N/a", "不明"];

/// People who are known to three systems by their own address from the beginning.
const WELL_KNOWN: u32 = 5;

/// The companies are there, and people who are known everywhere.
pub fn found(truth: &mut Truth, dice: &mut Dice) {
    for number in COMPANIES {
        let (industry, now) = (industry(truth, number), truth.now);
        truth.add_as(number, Table::CrmCompanies, dice, |r| {
            text(r, "name", &format!("Company {number}"), now);
            set(r, INDUSTRY, industry, now);
        });
    }
    for human in 0..WELL_KNOWN {
        let (name, local) = HUMANS[human as usize];
        for table in [Table::CrmPeople, Table::SupportPeople, Table::MaPeople] {
            let here = FIELDS.iter().filter(|field| field.systems.contains(&table.system()));
            let typed: Vec<(&str, Value)> = here.map(|field| (field.name, known_of_all(truth, table, field, dice))).collect();
            let (company, now) = (dice.pick(&COMPANIES).filter(|_| table == Table::CrmPeople).copied(), truth.now);
            truth.add(table, human, dice, |r| {
                text(r, "email", &format!("{local}@acme.example"), now);
                named(r, name, now);
                typed.into_iter().for_each(|(field, value)| set(r, field, value, now));
                r.account = company.map(|company| company.to_string().into());
            });
        }
    }
}

/// What stands there of who is known everywhere: of a place only some parts, so that it shows whether the others come from elsewhere.
fn known_of_all(truth: &mut Truth, table: Table, field: &WordField, dice: &mut Dice) -> Value {
    let value = typed(truth, table, field, dice);
    if PLACE.contains(&field.name) && dice.once_in(3) { Value::Empty } else { value }
}

fn industry(truth: &mut Truth, company: u32) -> Value {
    Value::text(&format!("ind {company} {}", truth.account.fresh()))
}

/// Fills in what somebody types who makes a record.
pub fn fill(truth: &mut Truth, table: Table, dice: &mut Dice) -> Vec<(&'static str, Value)> {
    let here = FIELDS.iter().filter(|field| field.systems.contains(&table.system()));
    let mut filled = Vec::new();
    for field in here {
        let is_typed = if table == Table::MaPeople { dice.once_in(4) } else { !dice.once_in(3) };
        filled.push((field.name, if is_typed { typed(truth, table, field, dice) } else { Value::Empty }));
    }
    filled
}

/// Somebody edits one of these fields, of a person or of a company. Tells what.
pub fn happen(truth: &mut Truth, dice: &mut Dice) -> Option<String> {
    let way = if dice.once_in(4) { Way::Silent } else { Way::Usual };
    if dice.once_in(6) {
        return company_edited(truth, way, dice);
    }
    let table = *dice.pick(&[Table::CrmPeople, Table::SupportPeople, Table::MaPeople])?;
    let id = truth.any(table, dice)?;
    let here: Vec<&WordField> = FIELDS.iter().filter(|field| field.systems.contains(&table.system())).collect();
    let field = *dice.pick(&here)?;
    let now = shown(truth.item(table, id)?.record(), field.name).clone();
    let value = match dice.below(10) {
        0 => Value::Empty,
        1 => of_before(truth, table, id, field.name, dice).unwrap_or(Value::Empty),
        2 | 3 => of_another(truth, table, id, field.name).unwrap_or(Value::Empty),
        _ => new_value(truth, field, dice),
    };
    // A column's width holds for people, too (seed 89003487).
    let (value, at) = (kept(truth, table, field.name, value), truth.now);
    truth.change(table, id, way, false, dice, |r| set(r, field.name, value.clone(), at));
    Some(format!("{} {}: {now} -> {value} {way:?}", table.id(id), field.name))
}

fn company_edited(truth: &mut Truth, way: Way, dice: &mut Dice) -> Option<String> {
    let number = *dice.pick(&COMPANIES)?;
    let value = if dice.once_in(6) { Value::Empty } else { industry(truth, number) };
    let at = truth.now;
    truth.change(Table::CrmCompanies, number, way, false, dice, |r| set(r, INDUSTRY, value.clone(), at));
    Some(format!("{} {INDUSTRY}: {value} {way:?}", Table::CrmCompanies.id(number)))
}

fn of_before(truth: &Truth, table: Table, id: u32, field: &str, dice: &mut Dice) -> Option<Value> {
    let versions = &truth.item(table, id)?.versions;
    dice.pick(versions).map(|version| shown(&version.record, field).clone())
}

/// What another record of the same person shows.
fn of_another(truth: &Truth, table: Table, id: u32, field: &str) -> Option<Value> {
    let human = truth.item(table, id)?.human;
    let shows = field_of(field)?.systems;
    let others = [Table::CrmPeople, Table::SupportPeople, Table::MaPeople].into_iter().filter(|t| shows.contains(&t.system()));
    let mut others = others.flat_map(|t| truth.table(t).iter().map(move |(number, item)| (t, *number, item)));
    others.find_map(|(t, number, item)| {
        let value = shown(item.record(), field);
        ((t, number) != (table, id) && item.human == human && !item.deleted() && !value.is_empty()).then(|| value.clone())
    })
}

/// A new value as the system keeps it that somebody types it into.
fn typed(truth: &mut Truth, table: Table, field: &WordField, dice: &mut Dice) -> Value {
    let value = new_value(truth, field, dice);
    kept(truth, table, field.name, value)
}

fn new_value(truth: &mut Truth, field: &WordField, dice: &mut Dice) -> Value {
    let n = truth.account.fresh();
    match field.name {
        "level" => Value::Int(dice.below(LEVELS) as i64),
        // Large, so that no two sums are the same by chance.
        "points" => Value::Int(((dice.next() >> 28) + 1) as i64),
        "vip" => Value::Bool(dice.once_in(2)),
        "grade" => Value::text(GRADES[dice.below(GRADES.len())]),
        "note" if dice.once_in(4) => Value::text(IGNORED_WRITTEN[dice.below(IGNORED_WRITTEN.len())]),
        "note" if dice.once_in(3) => Value::text(&format!("{INVALID}{n}")),
        // Told apart by what is left of them when they are cut short.
        name => Value::text(&format!("{} {n} of their own", &name[..2])),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::setup::words::{IGNORED, WordRules};

    #[test]
    fn ignored_words_are_known_however_they_are_written() {
        let rules = WordRules { ignores: true, validates: true, ..WordRules::of(0) };
        assert!(IGNORED.iter().all(|word| rules.takes_for_nothing(word)));
        assert!(IGNORED_WRITTEN.iter().all(|word| rules.takes_for_nothing(word)));
        assert!(rules.takes_for_nothing("#7") && !rules.takes_for_nothing("no 7 of their own"));
    }
}
