//! The words' fields as each system tells and takes them: by the same name everywhere, numbers as texts in the CRM.

use crate::setup::words::{FIELDS, Holds, field_of};
use crate::truth::Table;
use crate::truth::account::shown;
use nayose::model::{Record, Value};
use serde_json::{Map, Value as Json, json};

/// Those of a person's record.
pub fn told(table: Table, record: &Record) -> Map<String, Json> {
    let tell = |name: &&'static str| {
        let told = match shown(record, name) {
            Value::Text(text) => json!(text),
            Value::Int(number) if table == Table::CrmPeople => json!(number.to_string()),
            Value::Int(number) => json!(number),
            Value::Bool(yes) if table == Table::CrmPeople => json!(yes.to_string()),
            Value::Bool(yes) => json!(yes),
            _ => Json::Null,
        };
        (name.to_string(), told)
    };
    let here = FIELDS.iter().filter(|field| field.systems.contains(&table.system())).map(|field| field.name);
    here.collect::<Vec<_>>().iter().map(tell).collect()
}

/// What a system makes of one that it is written; `None`: it is another field.
pub fn taken(name: &str, told: &Json) -> Option<(&'static str, Value)> {
    let field = field_of(name)?;
    let said = told.as_str().map_or_else(|| if told.is_null() { String::new() } else { told.to_string() }, str::to_string);
    let value = match field.holds {
        Holds::Text => Value::text(&said),
        Holds::Int => said.parse().map_or(Value::Empty, Value::Int),
        Holds::YesNo => said.parse().map_or(Value::Empty, Value::Bool),
    };
    Some((field.name, value))
}

#[cfg(test)]
mod tests {
    use super::*;
    use nayose::model::Time;

    #[test]
    fn what_is_told_is_taken_as_it_was() {
        let mut record = Record::new(Table::CrmPeople.id(1));
        let values = [("plan", Value::text("p 1")), ("points", Value::Int(12)), ("vip", Value::Bool(false)), ("note", Value::Empty)];
        for (name, value) in &values {
            record.set(&(*name).into(), value.clone(), Time(1));
        }
        for table in [Table::CrmPeople, Table::MaPeople] {
            let told = told(table, &record);
            for (name, value) in &values {
                assert_eq!(taken(name, &told[*name]), Some((*name, value.clone())), "{table:?}");
            }
        }
        assert_eq!(taken("phone", &json!("03")), None);
    }
}
