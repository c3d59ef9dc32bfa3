//! What people type into records: new values, values of before, values of another record, and nothing at all.

use crate::dice::Dice;
use crate::truth::account::{CODED, ENTRIES, entries, shown};
use crate::truth::{Table, Truth, Way};
use crate::wire::rounded;
use nayose::model::{Date, Name, Record, Time, Value};

/// What stands in the coded field by codes that everybody knows.
pub const SECTORS: [&str; 3] = ["made", "built", "sold"];
/// Before a code that no map knows, as it is kept here.
pub const UNKNOWN_CODE: &str = "?";
/// Days between two birthdays, so that no shift makes one into another.
const BIRTHDAYS_APART: i32 = 5;

/// The fields that a system shows.
fn fields(table: Table) -> &'static [&'static str] {
    match table {
        Table::CrmPeople | Table::MaPeople => &["phone", "title", "birth", "income", CODED, ENTRIES],
        Table::SupportPeople => &["phone", "birth"],
        _ => &[],
    }
}

/// Fills in what somebody types who makes a record.
pub fn fill(truth: &mut Truth, table: Table, dice: &mut Dice) -> Vec<(&'static str, Value)> {
    let full = table != Table::MaPeople;
    let mut filled = Vec::new();
    for field in fields(table) {
        let typed = match (*field, full) {
            ("phone" | "title", true) => true,
            (_, true) => dice.once_in(2),
            (_, false) => dice.once_in(3),
        };
        let value = if typed { new_value(truth, table, field, &Value::Empty, dice) } else { Value::Empty };
        let value = kept(truth, table, field, value);
        filled.push((*field, value));
    }
    filled
}

/// Somebody edits a field of a record by hand. Tells what.
pub fn edit(truth: &mut Truth, way: Way, dice: &mut Dice) -> Option<String> {
    let table = *dice.pick(&[Table::CrmPeople, Table::SupportPeople, Table::MaPeople, Table::MaPeople])?;
    let id = truth.any(table, dice)?;
    let record = truth.item(table, id)?.record();
    let full: Vec<&'static str> = fields(table).iter().copied().filter(|field| !shown(record, field).is_empty()).collect();
    let throw = dice.below(12);
    let field = if throw < 4 { *dice.pick(&full)? } else { *dice.pick(fields(table))? };
    let now = shown(record, field).clone();
    let value = match throw {
        0 | 1 if field != ENTRIES => Value::Empty,
        2 | 3 if field != ENTRIES => of_before(truth, table, id, field, dice).unwrap_or(Value::Empty),
        4 => of_another(truth, table, id, field).unwrap_or(Value::Empty),
        _ => new_value(truth, table, field, &now, dice),
    };
    let value = kept(truth, table, field, value);
    let at = truth.now;
    truth.change(table, id, way, false, dice, |r| set(r, field, value.clone(), at));
    Some(format!("{} {field}: {now} -> {value} {way:?}", table.id(id)))
}

/// What a system keeps of what somebody types there: of a number as many places, of a text as much as its column holds, as of what a program
/// writes.
pub(super) fn kept(truth: &Truth, table: Table, field: &str, value: Value) -> Value {
    match (field, value) {
        (_, value) if table != Table::MaPeople => value,
        (_, Value::Number(number)) => Value::Number(rounded(number)),
        ("title" | "street" | "lane" | "note", Value::Text(title)) => match truth.own_form.filter(|form| form.is_of_the_column()) {
            Some(form) => Value::text(&form.title(&title)),
            None => Value::Text(title),
        },
        (_, value) => value,
    }
}

/// Somebody types a value that nobody typed before. Tells what.
pub fn type_anew(truth: &mut Truth, table: Table, id: u32, field: &'static str, dice: &mut Dice) -> Option<String> {
    let now = shown(truth.item(table, id)?.record(), field).clone();
    let value = new_value(truth, table, field, &now, dice);
    let (value, at) = (kept(truth, table, field, value), truth.now);
    truth.change(table, id, Way::Usual, false, dice, |r| set(r, field, value.clone(), at));
    Some(format!("{} {field}: {now} -> {value}", table.id(id)))
}

pub fn set(record: &mut Record, field: &str, value: Value, at: Time) {
    record.set(&Name::from(field), value, at);
}

/// A value that the field held before.
fn of_before(truth: &Truth, table: Table, id: u32, field: &str, dice: &mut Dice) -> Option<Value> {
    let versions: Vec<&Record> = truth.item(table, id)?.versions.iter().map(|v| &v.record).collect();
    dice.pick(&versions).map(|record| shown(record, field).clone())
}

/// What another record of the same person shows.
fn of_another(truth: &Truth, table: Table, id: u32, field: &str) -> Option<Value> {
    let human = truth.item(table, id)?.human;
    let others = [Table::CrmPeople, Table::SupportPeople, Table::MaPeople].into_iter().filter(|t| *t != table);
    let mut others = others.flat_map(|t| truth.table(t).values()).filter(|i| i.human == human && !i.deleted());
    others.find_map(|i| Some(shown(i.record(), field).clone()).filter(|v| !v.is_empty() && !is_unknown_code(v)))
}

/// Whether it is a code that no map knows.
pub fn is_unknown_code(value: &Value) -> bool {
    value.as_text().is_some_and(|text| text.starts_with(UNKNOWN_CODE))
}

fn new_value(truth: &mut Truth, table: Table, field: &str, now: &Value, dice: &mut Dice) -> Value {
    let n = truth.account.fresh();
    match field {
        "phone" => Value::text(&format!("03-1234-{n:04}")),
        // Told apart by what is left of them when they are cut short.
        "title" => Value::text(&format!("Ｒ{n}＆Ｄ <{}> & 部長 {}", n % 7, dice.below(9))),
        "birth" => Value::Date(Date(3_000 + n as i32 * BIRTHDAYS_APART)),
        "income" => Value::Number(f64::from(n) + 0.125),
        CODED if table == Table::MaPeople && dice.once_in(3) => Value::text(&format!("{UNKNOWN_CODE}X{}", dice.below(3))),
        CODED => dice.pick(&SECTORS).map_or(Value::Empty, |sector| Value::text(sector)),
        // Of a list with one entry nobody can tell a removal from a list that was emptied.
        _ if now.is_empty() => Value::list([format!("T{n}"), format!("U{n}"), format!("V{n}")]),
        _ => {
            let mut list: Vec<String> = entries(now).iter().map(|e| e.to_string()).collect();
            if !list.is_empty() && dice.once_in(2) {
                list.remove(dice.below(list.len()));
            } else {
                list.push(format!("T{n}"));
            }
            Value::list(list)
        }
    }
}
