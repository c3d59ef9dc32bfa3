//! precedence.toml: whose value counts, field by field.
//!
//! - `rule`: one rule of a person's field; `accounts`: one of a company's; `strategies`: how a value is found; `reader`: what they are checked against
//! - `between`: what rules ask of one another

mod accounts;
mod between;
mod reader;
mod rule;
mod strategies;

use crate::config::System;
use crate::config::document::keys;
use crate::config::document::{ConfigSheet, Section, TomlEntry};
use crate::config::systems::offers::Offers;
use crate::merge::rules::Precedence;
use crate::model::Name;
use crate::model::expression::Declared;
use between::Between;
use reader::{FieldsOf, PrecedenceReader};
use std::collections::BTreeSet;
use std::sync::Arc;
use toml::de::DeTable;

/// Reads precedence.toml. `systems`: those of systems.toml that are right. Of accounts only fields with a rule stay declared.
pub fn read<'a>(
    sheet: &'a ConfigSheet<'a>,
    table: &'a DeTable<'a>,
    offers: &Offers,
    declared: &mut Declared,
    systems: &[System],
) -> Precedence {
    let mut top = Section::top(sheet, table, &keys::PRECEDENCE);
    let of_accounts = top.table("account", "[account]", &keys::ACCOUNT).map(|mut s| s.entries()).unwrap_or_default();
    let names: BTreeSet<Name> = of_accounts.iter().map(|entry| entry.key.into()).collect();
    let reader = PrecedenceReader { offers, declared, of: FieldsOf::Account, accounts: &names };
    let rule = |entry: &TomlEntry| Some((entry.key.into(), Arc::new(reader.account_rule(entry)?)));
    let accounts = of_accounts.iter().filter(|entry| reader.field(entry)).filter_map(rule).collect();
    declared.account.retain(|name, _| names.contains(name));
    let reader = PrecedenceReader { offers, declared, of: FieldsOf::Person, accounts: &names };
    let default_entry = top.get("default");
    let default = default_entry.as_ref().and_then(|e| reader.rule(e, None)).map(Arc::new);
    let mut precedence = Precedence { default, fields: Default::default(), accounts };
    let entries = top.table("person", "[person]", &keys::PERSON).map(|mut s| s.entries()).unwrap_or_default();
    for entry in entries.iter().filter(|entry| reader.field(entry)) {
        if let Some(rule) = reader.rule(entry, Some(entry.key)) {
            precedence.fields.insert(entry.key.into(), Arc::new(rule));
        }
    }
    Between { precedence: &precedence, entries: &entries, default: default_entry.as_ref() }.report(systems);
    top.finish();
    precedence
}
