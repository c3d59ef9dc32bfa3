//! The mistakes of a stream's `record`.

use super::checker::{Checker, sample};
use crate::connector::manifest::*;
use crate::connector::port::shown::WATCHED_MAX;
use crate::model::{Entity, Mark};

pub(in crate::connector) fn check(c: &mut Checker<'_>, stream: &str, entity: Entity, map: &RecordMap) {
    let at = |key: &'static str| ["streams", stream, "record", key];
    c.fail_if(map.id.is_empty(), &at("id"), "is empty");
    c.path(&at("id"), &map.id);
    prefix(c, stream, entity, map);
    let editors = [("edited_by", &map.edited_by), ("edited_via", &map.edited_via)];
    for (key, paths) in editors {
        c.fail_if(paths.is_some() && entity != Entity::Person, &at(key), "is for persons");
    }
    for (key, paths) in [("account", &map.account), ("addresses", &map.addresses)].into_iter().chain(editors) {
        paths.iter().flat_map(Paths::as_slice).for_each(|path| c.path(&at(key), path));
    }
    for (key, path) in [("people", &map.people), ("people_more", &map.people_more), ("accounts_more", &map.accounts_more)] {
        if let Some(path) = path {
            c.path(&at(key), path);
        }
    }
    for (key, time) in [("changed_at", &map.changed_at), ("created_at", &map.created_at), ("ended_at", &map.ended_at)] {
        match time {
            Some(TimePath::Path(path) | TimePath::Full { path, .. }) => c.path(&at(key), path),
            None => {}
        }
    }
    fields(c, stream, map);
    states(c, stream, entity, map);
    let addressed = matches!(entity, Entity::Person | Entity::Ticket);
    c.fail_if(map.addresses.is_some() && !addressed, &at("addresses"), "only persons and tickets have addresses");
    map.more.iter().for_each(|path| c.path(&at("more"), path));
    c.fail_if(map.created_at.is_some() && entity != Entity::Person, &at("created_at"), "only persons have it");
    c.fail_if(map.people_more.is_some() && map.people.is_none(), &at("people_more"), "is for records that have people");
    let further = map.account.as_ref().is_some_and(|paths| paths.as_slice().len() > 1);
    c.fail_if(map.accounts_more.is_some() && !further, &at("accounts_more"), "is for records whose account has further paths");
    c.fail_if(map.people.is_some() && !has_state(entity), &at("people"), "only deals and tickets have people");
    same_as(c, stream, map);
    refusals(c, stream, map);
    marks(c, stream, map);
    always(c, stream, map);
    if let Some(test) = &map.deleted {
        c.record_test(&at("deleted"), test);
    }
}

fn fields(c: &mut Checker<'_>, stream: &str, map: &RecordMap) {
    for (name, field) in &map.fields {
        let at = ["streams", stream, "record", "fields", name];
        c.path(&at, field.path());
        if let FieldMap::Full(spec) = field {
            let timed = matches!(spec.kind, FieldKind::Time | FieldKind::Date);
            c.fail_if(spec.format.is_some() && !timed, &at, "only a field of type time or date has a format");
            for text in spec.map.iter().flat_map(|(from, to)| [from, to]) {
                c.template(&at, text, &HOLD);
            }
        }
    }
}

fn states(c: &mut Checker<'_>, stream: &str, entity: Entity, map: &RecordMap) {
    let stateful = has_state(entity);
    c.fail_if(!stateful && !map.state.is_empty(), &["streams", stream, "record", "state"], "only deals and tickets have a state");
    c.fail_if(
        stateful && map.state.is_empty(),
        &["streams", stream, "record"],
        "deals and tickets need state: without it each of them holds for ever",
    );
    for (i, rule) in map.state.iter().enumerate() {
        let at = ["streams", stream, "record", "state", &i.to_string()];
        if stateful {
            c.state_name(&at, entity, &rule.is);
        }
        c.record_test(&at, &rule.when);
    }
}

fn same_as(c: &mut Checker<'_>, stream: &str, map: &RecordMap) {
    for (i, other) in map.same_as.iter().enumerate() {
        let at = ["streams", stream, "record", "same_as", &i.to_string()];
        c.template(&at, &other.system, &[]);
        c.path(&at, &other.path);
        if let Some(text) = &other.prefix {
            c.template(&at, text, &HOLD);
        }
    }
}

fn refusals(c: &mut Checker<'_>, stream: &str, map: &RecordMap) {
    for (i, rule) in map.refusals.iter().enumerate() {
        let at = ["streams", stream, "record", "refusals", &i.to_string()];
        c.record_test(&at, &rule.when);
        let topic = rule.scope == RefusalScopeName::Topic;
        c.fail_if(topic != rule.topic.is_some(), &at, "scope = \"topic\" and topic = \"..\" go together");
    }
}

fn marks(c: &mut Checker<'_>, stream: &str, map: &RecordMap) {
    for (mark, how) in &map.marks {
        let at = ["streams", stream, "record", "marks", mark.name()];
        c.template(&at, &how.path, &HOLD);
        c.path(&at, &sample(&how.path));
        for text in [&how.contains, &how.prefix].into_iter().flatten() {
            c.template(&at, text, &HOLD);
        }
        c.fail_if(how.prefix.is_some() && (*mark != Mark::Status || how.contains.is_some()), &at, "prefix is for a status told by label");
    }
}

fn has_state(entity: Entity) -> bool {
    matches!(entity, Entity::Deal | Entity::Ticket)
}

/// What is said to be always there must be something that is read.
fn always(c: &mut Checker<'_>, stream: &str, map: &RecordMap) {
    let tests = map.refusals.iter().map(|r| &r.when).chain(map.state.iter().map(|s| &s.when)).map(|test| &test.path);
    let fields = map.fields.values().map(FieldMap::path).map(str::to_string);
    let links = map.links().cloned();
    let read: Vec<String> = tests.chain(map.marks.values().map(|m| &m.path)).cloned().chain(fields).chain(links).collect();
    for (i, path) in map.always.iter().enumerate() {
        let at = ["streams", stream, "record", "always", &i.to_string()];
        c.template(&at, path, &HOLD);
        c.path(&at, &sample(path));
        c.fail_if(!read.contains(path), &at, "nothing is read from it; expected the path of a field, state, refusal or mark");
    }
    let watched = map.always.len() + map.refusals.len();
    c.fail_if(watched > WATCHED_MAX, &["streams", stream, "record", "always"], "holds more paths than are looked out for (64)");
}

/// Ids that are sent back to the system, or by which other records name these, must stay as the system gives them.
fn prefix(c: &mut Checker<'_>, stream: &str, entity: Entity, map: &RecordMap) {
    let Some(prefix) = &map.id_prefix else { return };
    let at = ["streams", stream, "record", "id_prefix"];
    let m = c.manifest;
    let written = m.writes.as_ref().is_some_and(|w| w.stream == stream);
    let asked = m.streams.values().any(|s| s.for_each.as_ref().is_some_and(|e| e.stream == stream));
    let fed = m.streams.get(stream).is_some_and(|s| s.feed.is_some() || s.field_history.is_some());
    let others = m.streams.iter().filter(|(name, s)| *name != stream && s.entity == entity && s.record.is_some()).count();
    c.fail_if(prefix.is_empty() || prefix.trim() != prefix, &at, "is a short text without blanks at its ends, as \"lead-\"");
    c.fail_if(written || asked || fed, &at, "its ids are sent to the system again; give the other stream the prefix");
    c.fail_if(others == 0, &at, "no other stream has records of this kind, so that no ids can be the same");
}
