//! The mistakes of a stream's `record`.

use super::check::{Checker, HOLD};
use super::manifest::*;
use crate::model::{Entity, Mark};

pub(super) fn check(c: &mut Checker<'_>, stream: &str, entity: Entity, map: &RecordMap) {
    let at = |key: &'static str| ["streams", stream, "record", key];
    let stateful = matches!(entity, Entity::Deal | Entity::Ticket);
    c.fail_if(map.id.is_empty(), &at("id"), "is empty");
    c.path(&at("id"), &map.id);
    for (key, path) in [("account", &map.account), ("people", &map.people), ("addresses", &map.addresses)] {
        if let Some(path) = path {
            c.path(&at(key), path);
        }
    }
    for (key, time) in [("changed_at", &map.changed_at), ("ended_at", &map.ended_at)] {
        match time {
            Some(TimePath::Path(path) | TimePath::Full { path, .. }) => c.path(&at(key), path),
            None => {}
        }
    }
    for (name, field) in &map.fields {
        let at = ["streams", stream, "record", "fields", name];
        c.path(&at, field.path());
        if let FieldMap::Full(spec) = field {
            c.fail_if(spec.format.is_some() && spec.kind != FieldKind::Time, &at, "only a field of type time has a format");
        }
    }
    c.fail_if(!stateful && !map.state.is_empty(), &at("state"), "only deals and tickets have a state");
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
        c.test(&at, &rule.when);
    }
    c.fail_if(map.addresses.is_some() && entity != Entity::Ticket, &at("addresses"), "only tickets have addresses");
    c.fail_if(map.people.is_some() && !stateful, &at("people"), "only deals and tickets have people");
    for (i, other) in map.same_as.iter().enumerate() {
        let at = ["streams", stream, "record", "same_as", &i.to_string()];
        c.template(&at, &other.system, &[]);
        c.path(&at, &other.path);
    }
    for (i, rule) in map.refusals.iter().enumerate() {
        let at = ["streams", stream, "record", "refusals", &i.to_string()];
        c.test(&at, &rule.when);
        let topic = rule.scope == RefusalScopeName::Topic;
        c.fail_if(topic != rule.topic.is_some(), &at, "scope = \"topic\" and topic = \"..\" go together");
    }
    for (mark, how) in &map.marks {
        let at = ["streams", stream, "record", "marks", mark.name()];
        c.template(&at, &how.path, &HOLD);
        if !how.path.contains('{') {
            c.path(&at, &how.path);
        }
        if let Some(text) = &how.contains {
            c.template(&at, text, &HOLD);
        }
        c.fail_if(how.prefix.is_some() && (*mark != Mark::Status || how.contains.is_some()), &at, "prefix is for a status told by label");
    }
    if let Some(test) = &map.deleted {
        c.test(&at("deleted"), test);
    }
}
