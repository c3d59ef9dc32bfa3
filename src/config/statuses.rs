//! `[status]` of policy.toml: the statuses in their order, and whether targets may be told a lower one than they show; and `[relationship]`.

use crate::config::document::keys;
use crate::config::document::nearest::choices;
use crate::config::document::{ConfigSheet, Section, TomlEntry};
use crate::config::proof::expression;
use crate::config::systems::offers::{Offer, Offers};
use crate::decide::forward_only::ForwardOnly;
use crate::decide::rules::StatusRule;
use crate::model::expression::{Declared, RELATIONSHIP, Scope};
use crate::model::{Entity, Expression, Name};
use std::sync::Arc;
use toml::de::{DeTable, DeValue};

/// The key beside the statuses that is none.
const FORWARD_ONLY: &str = "forward_only";

/// What `[status]` says.
#[derive(Debug, Default)]
pub struct Statuses {
    pub rules: Vec<StatusRule>,
    pub forward_only: Option<Arc<ForwardOnly>>,
}

/// Reads `[status]`.
pub fn read(top: &mut Section, offers: &Offers, declared: &Declared) -> Statuses {
    let Some(mut section) = top.table("status", "[status]", &keys::STATUS) else { return Statuses::default() };
    let forward_only = section.get(FORWARD_ONLY);
    let entries: Vec<TomlEntry> = section.entries().into_iter().filter(|e| e.key != FORWARD_ONLY).collect();
    let order: Vec<Name> = entries.iter().map(|e| e.key.into()).collect();
    let forward_only = forward_only.and_then(|e| exceptions(&e, &order)).map(|except| Arc::new(ForwardOnly { order, except }));
    let rules: Vec<StatusRule> = entries.iter().filter_map(|entry| status(entry, offers, declared)).collect();
    note_hidden(&entries, &rules);
    Statuses { rules, forward_only }
}

/// Reads `[relationship]`, before all that may ask for it; from then on it is declared.
pub fn relationships<'a>(sheet: &'a ConfigSheet<'a>, table: &'a DeTable<'a>, offers: &Offers, declared: &mut Declared) -> Vec<StatusRule> {
    let mut top = Section::top(sheet, table, &keys::POLICY);
    let entries = top.table(RELATIONSHIP, "[relationship]", &keys::RELATIONSHIP).map(|mut s| s.entries()).unwrap_or_default();
    let rules: Vec<StatusRule> = entries.iter().filter_map(|entry| rule(entry, offers, declared)).collect();
    note_hidden(&entries, &rules);
    declared.relationships = rules.iter().map(|rule| (rule.name.clone(), rule.when.source().into())).collect();
    rules
}

/// Says which rules never count, as one before them is always true.
fn note_hidden(entries: &[TomlEntry], rules: &[StatusRule]) {
    let Some(place) = rules.iter().position(|rule| rule.when.constant() == Some(true)) else { return };
    let hidden: Vec<&str> = rules[place + 1..].iter().map(|rule| &*rule.name).collect();
    if let (Some(entry), false) = (entries.iter().find(|entry| *entry.key == *rules[place].name), hidden.is_empty()) {
        let said = format!("{:?} is always true, so nothing behind it ever counts: {}", entry.key, hidden.join(", "));
        entry.sheet.note(&entry.key_at, said);
    }
}

fn rule(entry: &TomlEntry, offers: &Offers, declared: &Declared) -> Option<StatusRule> {
    let when = expression(entry, Scope::Person, offers, declared)?;
    Some(StatusRule { name: entry.key.into(), when, by: None, rule: entry.sheet.rule(&entry.key_at) })
}

/// An expression, or a table of one and the system whose evidence counts.
fn status(entry: &TomlEntry, offers: &Offers, declared: &Declared) -> Option<StatusRule> {
    if !matches!(entry.value, DeValue::Table(_)) {
        return rule(entry, offers, declared);
    }
    let mut section = entry.table(&format!("the status {:?}", entry.key), &keys::STATUS_RULE)?;
    let when = section.need("when", "expected when = 'EXPRESSION' over person, deals and tickets");
    let by = section.need("by", "expected by = \"SYSTEM\"; where all systems count, the expression alone is enough");
    section.finish();
    let when = when.and_then(|when| expression(&when, Scope::Person, offers, declared));
    let by = by?;
    let system = offers.named(&by, by.filled_text()?)?;
    let when = when?;
    holds_what_is_asked(&by, &when, system, offers);
    Some(StatusRule { name: entry.key.into(), when, by: Some(system.name.clone()), rule: entry.sheet.rule(&entry.key_at) })
}

/// Reports an expression that asks for what a system does not have, or what is no single system's.
fn holds_what_is_asked(by: &TomlEntry, when: &Expression, system: &Offer, offers: &Offers) {
    let name = &system.name;
    if !when.account_fields().is_empty() || when.asks_relationship() {
        let hint = "expected an expression over fields of person, deals and tickets";
        by.report("the company's facts and the relationship are no single system's", hint);
    }
    if system.manifest.is_none() || when.asks_relationship() {
        return;
    }
    for field in when.person_fields() {
        let readers: Vec<&str> = offers.readers(field).into_iter().map(|(reader, _)| reader).collect();
        if !readers.contains(&&**name) {
            by.report(format!("{name} does not read {field:?}"), format!("it is read by {}", readers.join(", ")));
        }
    }
    for (is_asked, entity, what) in [(when.needs_deals(), Entity::Deal, "deals"), (when.needs_tickets(), Entity::Ticket, "tickets")] {
        if is_asked && !offers.streams_of(entity).iter().any(|(offer, _)| offer.name == *name) {
            by.report(
                format!("{name} reads no {what}"),
                format!("expected a system with {what}, or an expression that does not ask for them"),
            );
        }
    }
}

/// The names of all statuses, right or wrong, of policy.toml.
pub fn names<'a>(policy: &'a DeTable<'_>) -> Vec<&'a str> {
    let table = policy.get("status").and_then(|status| status.get_ref().as_table());
    let names = table.into_iter().flat_map(|statuses| statuses.keys()).map(|key| key.get_ref().as_ref());
    names.filter(|name| *name != FORWARD_ONLY).collect()
}

/// Where a status stands in policy.toml.
pub fn place_of(table: &DeTable<'_>, name: &Name) -> Option<std::ops::Range<usize>> {
    let statuses = table.get("status")?.get_ref().as_table()?;
    statuses.get_key_value(&**name).map(|(key, _)| key.span())
}

/// `true`, or `{ except = [..] }`: the statuses that are written though they are lower; `None`: all are.
fn exceptions(entry: &TomlEntry, order: &[Name]) -> Option<Vec<Name>> {
    const FORM: &str = "forward_only = true, or forward_only = { except = [\"lost\", ..] }";
    match entry.value {
        DeValue::Boolean(is_on) => is_on.then(Vec::new),
        DeValue::String(_) => {
            let hint = format!("expected {FORM}; give the status another name");
            entry.report("forward_only says whether a target's status may fall, and is no status", hint);
            None
        }
        DeValue::Table(_) => {
            let mut section = entry.table(FORWARD_ONLY, &keys::FORWARD_ONLY)?;
            let except = section.need("except", &format!("expected {FORM}"));
            section.finish();
            let mut known = Vec::new();
            for (entry, name) in except.map(|e| e.texts()).unwrap_or_default() {
                match order.iter().find(|status| &***status == name) {
                    Some(status) => known.push(status.clone()),
                    None => entry.report(format!("there is no status {name:?}"), choices(name, order.iter().map(|s| &**s))),
                }
            }
            Some(known)
        }
        _ => {
            entry.wrong_kind(FORM);
            None
        }
    }
}
