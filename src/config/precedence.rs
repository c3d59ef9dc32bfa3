//! precedence.toml: whose value counts, field by field.
//!
//! - `rule`: one rule of a person's field; `accounts`: one of a company's; `strategies`: how a value is found; `reader`: what they are checked against
//! - `groups`: one rule for several fields
//! - `between`: what rules ask of one another

mod accounts;
mod between;
mod groups;
mod reader;
mod rule;
mod strategies;

use crate::config::System;
use crate::config::document::keys;
use crate::config::document::{ConfigSheet, Section, TomlEntry};
use crate::config::systems::offers::Offers;
use crate::merge::rules::{FieldRule, Precedence, Strategy};
use crate::merge::valid::Valid;
use crate::model::Name;
use crate::model::expression::Declared;
use between::Between;
use reader::{FieldsOf, PrecedenceReader};
use std::collections::BTreeSet;
use std::sync::Arc;
use toml::de::DeTable;

/// What expressions may name. Of accounts only fields with a rule in precedence.toml, right or wrong: what else they have is asked for by nobody.
pub fn declared(offers: &Offers, table: &DeTable<'_>) -> Declared {
    let mut declared = offers.declared();
    let rules = table.get("account").and_then(|rules| rules.get_ref().as_table());
    declared.account.retain(|name, _| rules.is_some_and(|rules| rules.contains_key(&**name)));
    declared
}

/// Reads precedence.toml. `systems`: those of systems.toml that are right.
pub fn read<'a>(
    sheet: &'a ConfigSheet<'a>,
    table: &'a DeTable<'a>,
    offers: &Offers,
    declared: &Declared,
    systems: &[System],
) -> Precedence {
    let mut top = Section::top(sheet, table, &keys::PRECEDENCE);
    let of_accounts = top.table("account", "[account]", &keys::ACCOUNT).map(|mut s| s.entries()).unwrap_or_default();
    let names: BTreeSet<Name> = of_accounts.iter().map(|entry| entry.key.into()).collect();
    let reader = PrecedenceReader { offers, declared, of: FieldsOf::Account, accounts: &names };
    let rule = |entry: &TomlEntry| Some((entry.key.into(), Arc::new(reader.account_rule(entry)?)));
    let accounts = of_accounts.iter().filter(|entry| reader.known_field(entry)).filter_map(rule).collect();
    let reader = PrecedenceReader { of: FieldsOf::Person, ..reader };
    let default_entry = top.get("default");
    let default = default_entry.as_ref().and_then(|e| reader.rule(e, None)).map(Arc::new);
    if let Some(entry) = default_entry.as_ref().filter(|entry| groups::is_group(entry)) {
        entry.report(
            "the rule of all other fields has no group",
            "expected it in a rule under [person]: address = { group = [..], from = [..] }",
        );
    }
    let mut precedence = Precedence { default, fields: Default::default(), accounts };
    let entries = top.table("person", "[person]", &keys::PERSON).map(|mut s| s.entries()).unwrap_or_default();
    let mut grouped = Vec::new();
    for entry in &entries {
        let rules = match groups::is_group(entry) {
            true => reader.group_rules(entry, &entries, &mut grouped),
            false if !reader.known_field(entry) => Vec::new(),
            false => reader.rule(entry, Some(entry.key)).map(|rule| (entry.key.into(), rule)).into_iter().collect(),
        };
        precedence.fields.extend(rules.into_iter().map(|(name, rule)| (name, Arc::new(rule))));
    }
    let fields = top.table("fields", "[fields]", &keys::FIELDS).map(|mut s| s.entries()).unwrap_or_default();
    for entry in fields.iter().filter(|entry| reader.known_field(entry)) {
        if let Some(valid) = reader.valid(entry) {
            take_valid(&mut precedence, entry, valid);
        }
    }
    Between { precedence: &precedence, entries: &entries, default: default_entry.as_ref() }.report(systems);
    top.finish();
    precedence
}

/// What a field's values must look like goes with its rule: its own, or a copy of the default.
fn take_valid(precedence: &mut Precedence, entry: &TomlEntry, valid: Valid) {
    let name = entry.key.into();
    let Some(rule) = precedence.rule(&name) else {
        entry.sheet.report(
            entry.key_at.clone(),
            format!("{:?} has no rule, so none of its values counts", entry.key),
            "take this out, or add a rule to [person]",
        );
        return;
    };
    if rule.strategies().any(|strategy| matches!(strategy, Strategy::Union(_))) {
        let hint = "take it out; an entry that is taken out of one list is taken out of all";
        entry.sheet.report(entry.key_at.clone(), format!("valid has no meaning for {:?}, which is put together of lists", entry.key), hint);
        return;
    }
    let rule = FieldRule { valid: Some(valid), ..FieldRule::clone(rule) };
    precedence.fields.insert(name, Arc::new(rule));
}
