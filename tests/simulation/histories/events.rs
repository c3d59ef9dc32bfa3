//! What happens in the systems by itself: people come and go and say no, deals and tickets open and close, marketers set their marks.

use super::outer::{Outer, Someone};
use super::switches::Switch;
use crate::dice::Dice;
use crate::fake::place::put;
use nayose::model::Entity;
use serde_json::Value as Json;
use std::collections::BTreeSet;

#[derive(Debug, Clone, Copy)]
enum Event {
    Comes,
    CaseOpens,
    CaseCloses,
    CaseNames,
    CaseDeleted,
    SaysNo,
    TakesBack,
    MarkSet,
    MarkLifted,
    Edited,
    Goes,
    Merges,
}

const WEIGHTS: [(Event, usize); 12] = [
    (Event::Comes, 3),
    (Event::CaseOpens, 6),
    (Event::CaseCloses, 5),
    (Event::CaseNames, 3),
    (Event::CaseDeleted, 1),
    (Event::SaysNo, 1),
    (Event::TakesBack, 1),
    (Event::MarkSet, 1),
    (Event::MarkLifted, 1),
    (Event::Edited, 4),
    (Event::Goes, 1),
    (Event::Merges, 2),
];
/// People in the beginning.
const PEOPLE: usize = 9;
const CASES: usize = 4;
/// More cases than that are not open side by side.
const CASES_MAX: usize = 8;
/// No more people come than that.
const PEOPLE_MAX: usize = 24;

/// What there is before anybody reads it.
pub fn begin(outer: &mut Outer, dice: &mut Dice) {
    for _ in 0..PEOPLE {
        comes(outer, dice);
    }
    for _ in 0..CASES {
        case_opens(outer, dice);
    }
    outer.notice();
}

/// Something happens; what, in words.
pub fn happen(outer: &mut Outer, dice: &mut Dice) -> String {
    let event = dice.weighed(&WEIGHTS);
    let told = match event {
        Event::Comes => comes(outer, dice),
        Event::CaseOpens => case_opens(outer, dice),
        Event::CaseCloses => case_closes(outer, dice),
        Event::CaseNames => case_names(outer, dice),
        Event::CaseDeleted => case_deleted(outer, dice),
        Event::SaysNo => says(outer, dice, true),
        Event::TakesBack => says(outer, dice, false),
        Event::MarkSet => mark(outer, dice, true),
        Event::MarkLifted => mark(outer, dice, false),
        Event::Edited => edited(outer, dice),
        Event::Goes => goes(outer, dice),
        Event::Merges => merges(outer, dice),
    };
    outer.notice();
    told.unwrap_or_else(|| format!("{event:?}: nobody to whom it could happen"))
}

/// Somebody new, in some of the systems.
fn comes(outer: &mut Outer, dice: &mut Dice) -> Option<String> {
    if outer.addresses().len() >= PEOPLE_MAX {
        return None;
    }
    let address = outer.nobody_yet();
    let mut told = format!("{address} comes:");
    for system in outer.systems() {
        let streams = outer.streams(system, Entity::Person);
        let stream = if dice.once_in(4) { dice.pick(&streams).cloned() } else { outer.main_stream(system) };
        if let Some(stream) = stream.filter(|_| !dice.once_in(4)) {
            let id = outer.add_person(system, &stream, &address);
            told.push_str(&format!(" {system}.{stream} {id}"));
        }
    }
    Some(told)
}

/// People whom cases can name.
fn nameable(outer: &Outer, system: &'static str) -> Vec<Someone> {
    let main = outer.main_stream(system);
    outer.people_of(system).into_iter().filter(|someone| main.as_ref() == Some(&someone.stream)).collect()
}

fn some_of(people: &[Someone], dice: &mut Dice) -> Vec<Someone> {
    let mut some: Vec<Someone> = Vec::new();
    for _ in 0..1 + dice.below(2) {
        let one = dice.pick(people).filter(|one| !some.contains(one)).cloned();
        some.extend(one);
    }
    some
}

fn with_addresses(people: &[Someone]) -> Vec<(&str, &str)> {
    people.iter().map(|someone| (someone.id.as_str(), someone.address.as_str())).collect()
}

fn listed(people: &[Someone]) -> String {
    people.iter().map(|someone| someone.address.as_str()).collect::<Vec<_>>().join(", ")
}

/// Systems that have deals or tickets.
fn with_cases(outer: &Outer) -> Vec<&'static str> {
    let has = |system: &str| [Entity::Deal, Entity::Ticket].into_iter().any(|entity| !outer.streams(system, entity).is_empty());
    outer.systems().into_iter().filter(|system| has(system)).collect()
}

fn case_opens(outer: &mut Outer, dice: &mut Dice) -> Option<String> {
    let system = dice.pick(&with_cases(outer)).copied()?;
    if outer.cases(system).iter().filter(|(.., stops)| *stops).count() >= CASES_MAX {
        return None;
    }
    let streams: Vec<String> = [Entity::Deal, Entity::Ticket].into_iter().flat_map(|entity| outer.streams(system, entity)).collect();
    let stream = dice.pick(&streams)?.clone();
    let people = some_of(&nameable(outer, system), dice);
    let (seq, urgent) = (outer.next_seq(system), !dice.once_in(5));
    let fake = &outer.fakes[system];
    let mut row = fake.molds[&stream].case(seq, outer.now, urgent)?;
    fake.molds[&stream].concern(&mut row, &with_addresses(&people));
    let told = format!("{system}.{stream} {} opens for {}", row.id, listed(&people));
    fake.state().rows.push(row);
    Some(told)
}

/// Some deal or ticket that stops mail.
fn some_case(outer: &Outer, dice: &mut Dice) -> Option<(&'static str, String, String)> {
    let system = dice.pick(&with_cases(outer)).copied()?;
    let open: Vec<_> = outer.cases(system).into_iter().filter(|(.., stops)| *stops).collect();
    dice.pick(&open).map(|(stream, id, _)| (system, stream.clone(), id.clone()))
}

fn case_closes(outer: &mut Outer, dice: &mut Dice) -> Option<String> {
    let (system, stream, id) = some_case(outer, dice)?;
    let now = outer.now;
    let state = dice.pick(&["won", "lost", "closed"]).copied()?;
    let ends = |outer: &Outer, state: &str| outer.edit(system, &stream, &id, |molds, row| molds.become_state(row, state, now));
    let done = ends(outer, state) == Some(true) || ends(outer, "closed") == Some(true) || ends(outer, "lost") == Some(true);
    done.then(|| format!("{system}.{stream} {id} ends"))
}

fn case_names(outer: &mut Outer, dice: &mut Dice) -> Option<String> {
    let (system, stream, id) = some_case(outer, dice)?;
    let people = some_of(&nameable(outer, system), dice);
    outer.edit(system, &stream, &id, |molds, row| molds.concern(row, &with_addresses(&people)))?;
    Some(format!("{system}.{stream} {id} names {}", listed(&people)))
}

fn case_deleted(outer: &mut Outer, dice: &mut Dice) -> Option<String> {
    let (system, stream, id) = some_case(outer, dice)?;
    outer.delete(system, &stream, &id);
    Some(format!("{system}.{stream} {id} is deleted"))
}

fn someone(outer: &Outer, dice: &mut Dice) -> Option<(&'static str, Someone)> {
    let system = dice.pick(&outer.systems()).copied()?;
    dice.pick(&outer.people_of(system)).cloned().map(|someone| (system, someone))
}

fn says(outer: &mut Outer, dice: &mut Dice, no: bool) -> Option<String> {
    let (system, who) = someone(outer, dice)?;
    if outer.refuses(system, &who) == no {
        return None;
    }
    outer.edit(system, &who.stream, &who.id, |molds, row| molds.refuse(row, no))?;
    (outer.refuses(system, &who) == no)
        .then(|| format!("{system} {}: {} {}", who.id, who.address, if no { "says no" } else { "takes it back" }))
}

/// A marketer's mark, or theirs or ours taken away.
fn mark(outer: &mut Outer, dice: &mut Dice, blocked: bool) -> Option<String> {
    let (system, who) = someone(outer, dice)?;
    if outer.is_blocked(system, &who.id)? == blocked || outer.unsure.contains_key(&(system, who.id.clone())) {
        return None;
    }
    outer.set_by_hand(system, &who.id, blocked);
    Some(format!("{system} {}: somebody {} the mark of {}", who.id, if blocked { "sets" } else { "takes away" }, who.address))
}

fn edited(outer: &mut Outer, dice: &mut Dice) -> Option<String> {
    let (system, who) = someone(outer, dice)?;
    let fields = &outer.molds(system, &who.stream).record().fields;
    let names = ["first_name", "name", "company", "title", "phone"];
    let texts: Vec<String> = names.iter().filter_map(|name| Some(fields.get(*name)?.path().to_string())).collect();
    let path = dice.pick(&texts)?.clone();
    let value = format!("T{}", dice.below(1_000));
    outer.edit(system, &who.stream, &who.id, |_, row| put(&mut row.raw, &path, Json::from(value.clone())))?;
    Some(format!("{system} {}: {path} becomes {value}", who.id))
}

fn goes(outer: &mut Outer, dice: &mut Dice) -> Option<String> {
    let (system, who) = someone(outer, dice)?;
    outer.delete(system, &who.stream, &who.id);
    Some(format!("{system} {}: {} is deleted", who.id, who.address))
}

/// Of two records of the played system one is left, and what named the other names it.
fn merges(outer: &mut Outer, dice: &mut Dice) -> Option<String> {
    let system = outer.played;
    let people = nameable(outer, system);
    let (loser, winner) = (dice.pick(&people)?.clone(), dice.pick(&people)?.clone());
    if loser == winner || !outer.faults.meets(Switch::Merged, 1, dice) {
        return None;
    }
    let naming: Vec<(String, String)> = outer.cases(system).into_iter().map(|(stream, id, _)| (stream, id)).collect();
    for (stream, id) in naming {
        let named = outer.concerned(system, &stream, &id);
        if !named.contains(&loser) {
            continue;
        }
        let now: Vec<Someone> = named.into_iter().map(|one| if one == loser { winner.clone() } else { one }).collect();
        let mut seen = BTreeSet::new();
        let now: Vec<Someone> = now.into_iter().filter(|one| seen.insert(one.id.clone())).collect();
        outer.edit(system, &stream, &id, |molds, row| molds.concern(row, &with_addresses(&now)));
    }
    let mut state = outer.fakes[system].state();
    state.rows.retain(|row| row.stream != loser.stream || row.id != loser.id);
    state.merged.insert(loser.id.clone(), winner.id.clone());
    if outer.fakes[system].manifest.streams[&loser.stream].feed.as_ref().is_some_and(|feed| feed.deleted.is_some()) {
        state.deleted.push((loser.stream.clone(), loser.id.clone(), outer.now));
    }
    drop(state);
    Some(format!("{system}: {} {} is merged into {} {}", loser.id, loser.address, winner.id, winner.address))
}
