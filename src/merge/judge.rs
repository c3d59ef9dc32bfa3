//! The candidates of one field to its value. [`judge`] and [`explain`] run the same code, so what is explained is what was done.

use super::along::along;
use super::candidate::{Candidate, SaidAtPlaces};
use super::choice::{BeforeAge, Choice};
use super::first::as_first;
use super::group::{BLANK, CountsAs, GroupOffers, says};
use super::judgment::{COPY, DOUBTFUL, TYPED_ELSEWHERE, UNREADABLE, beside_unreadable};
use super::judgment::{Circumstances, Judged, Judgment, Leader, Listener, Unknown, WAITS, Winner};
use super::of_account::of_account;
use super::rules::{Blank, FieldRule};
use super::strategy::Strategy;
use super::sum::sum;
use super::union::unite;
use crate::model::{Age, Name, RecordId, Span, Time, Value};

/// The field's value.
pub fn judge<'a>(rule: &FieldRule, by: &Circumstances<'a>, candidates: &[Candidate<'a>]) -> Judgment<'a> {
    run(rule, by, candidates, &mut Silent)
}

/// The field's value, with what became of each candidate, in the order given.
pub fn explain<'a>(rule: &FieldRule, by: &Circumstances<'a>, candidates: &[Candidate<'a>]) -> (Judgment<'a>, Vec<Judged>) {
    let mut reasons = Reasons(vec![Judged { won: false, why: "" }; candidates.len()]);
    let judgment = run(rule, by, candidates, &mut reasons);
    (judgment, reasons.0)
}

struct Silent;

impl Listener for Silent {
    #[inline]
    fn tell(&mut self, _: usize, _: bool, _: &'static str) {}
}

struct Reasons(Vec<Judged>);

impl Listener for Reasons {
    fn tell(&mut self, candidate: usize, won: bool, why: &'static str) {
        if let Some(judged) = self.0.get_mut(candidate) {
            *judged = Judged { won, why };
        }
    }
}

fn run<'a>(rule: &FieldRule, by: &Circumstances<'a>, candidates: &[Candidate<'a>], listener: &mut impl Listener) -> Judgment<'a> {
    let Some(strategy) = rule.strategy_of(by.part) else {
        (0..candidates.len()).for_each(|i| listener.tell(i, false, "condition unknown"));
        return Judgment::Unknown(Unknown::Condition);
    };
    match (strategy, Choice::of(strategy)) {
        (_, Some(choice)) if choice.keeps_first() => {
            let firsts: Vec<Candidate<'a>> = candidates.iter().map(|c| as_first(rule, c)).collect();
            choose(choice, rule, by, &firsts, &OfOneField { rule, candidates: &firsts }, listener)
        }
        (_, Some(choice)) => match &by.leader {
            Leader::Group(offers) => of_group(choice, rule, by, offers, candidates, listener),
            _ => choose(choice, rule, by, candidates, &OfOneField { rule, candidates }, listener),
        },
        (Strategy::Union(names), _) => union_of(names, rule, by, candidates, listener),
        (Strategy::Sum(names), _) => sum(names, rule, by, candidates, listener),
        (Strategy::Account(_), _) => of_account(rule, by, candidates, listener),
        _ => along(rule, by, candidates, listener),
    }
}

/// When the first of the values that count, or may count under another outcome of the condition, grows too old. `None`: none does.
pub fn next_too_old(rule: &FieldRule, candidates: &[Candidate<'_>], now: Time) -> Option<Time> {
    let ends = candidates.iter().flat_map(|c| rule.ages_of(&c.from.system).map(|limit| c.age.by.plus(limit).plus(Span(1))));
    ends.filter(|end| *end > now).min()
}

/// All entries of the lists of these systems.
fn union_of<'a>(
    names: &[Name],
    rule: &FieldRule,
    by: &Circumstances<'_>,
    candidates: &[Candidate<'a>],
    listener: &mut impl Listener,
) -> Judgment<'a> {
    let counts = |c: &Candidate| match names.contains(&c.from.system) {
        false => Err("not a source"),
        true if c.is_older_than(rule.max_age, by.now) => Err("too old"),
        true => Ok(()),
    };
    // An entry of a list that was never read would be lost.
    if names.iter().any(|n| by.unread.never.contains(n)) {
        (0..candidates.len()).for_each(|i| listener.tell(i, false, counts(&candidates[i]).err().unwrap_or(WAITS)));
        return Judgment::Unknown(Unknown::NotRead);
    }
    unite(candidates, names, counts, rule.blank, listener)
}

struct OfOneField<'s, 'a> {
    rule: &'s FieldRule,
    candidates: &'s [Candidate<'a>],
}

impl SaidAtPlaces for OfOneField<'_, '_> {
    fn nothing(&self, place: usize) -> Option<&'static str> {
        let c = &self.candidates[place];
        self.rule.takes_for_nothing(c.value, &c.from.system)
    }

    fn say_the_same(&self, one: usize, other: usize) -> bool {
        self.candidates[one].value.says_the_same(self.candidates[other].value)
    }

    fn age_if_typed(&self, place: usize) -> Option<Age> {
        let c = &self.candidates[place];
        c.habits.is_doubtful.then_some(c.age)
    }
}

/// The one candidate that goes before all others that count. Which comes out does not depend on the order in which they are given.
fn choose<'a>(
    choice: Choice<'_>,
    rule: &FieldRule,
    by: &Circumstances<'_>,
    candidates: &[Candidate<'a>],
    said: &impl SaidAtPlaces,
    listener: &mut impl Listener,
) -> Judgment<'a> {
    let by_value = choice.is_by_value();
    let stands = stand(choice, rule, candidates, said, by.now);
    let with_stand = || candidates.iter().zip(&stands);
    // Which is the largest cannot be told beside one that cannot be read.
    if by_value && with_stand().any(|(c, stand)| c.value.is_unreadable() && stand.is_ok()) {
        return beside_unreadable(candidates, |i| stands[i].err(), listener);
    }
    for (i, stand) in stands.iter().enumerate() {
        if let Err(why) = stand {
            listener.tell(i, false, why);
        }
    }
    let ranks = || stands.iter().filter_map(|stand| stand.ok());
    let Some(rank) = ranks().min() else {
        let unknown = choice.may_change(by.unread, None);
        return if unknown { Judgment::Unknown(Unknown::NotRead) } else { Judgment::Nothing };
    };
    // Of this rank those that go by their value, then those of which nobody knows that they are out of date, then the order.
    let of_rank = || candidates.iter().enumerate().filter(|(i, _)| stands[*i] == Ok(rank));
    let before_age = BeforeAge::of(choice, candidates, |i| stands[i] == Ok(rank));
    let first = of_rank().reduce(|a, b| if before_age.compare(a, b).is_le() { a } else { b });
    let foremost = || of_rank().filter(|c| first.is_none_or(|first| before_age.compare(first, *c).is_eq()));
    let front = choice.front(foremost().map(|(_, c)| &c.age));
    let abreast = || foremost().filter(|(_, c)| front.holds(&c.age));
    let Some((index, _)) = abreast().min_by(|(_, a), (_, b)| choice.by_order(a).cmp(&choice.by_order(b))) else {
        return Judgment::Nothing;
    };
    let winner = &candidates[index];
    let is_settled = choice.keeps_first() && winner.first.is_some();
    let waits = !is_settled && choice.may_change(by.unread, Some((rank, &winner.from.system)));
    for (i, candidate) in candidates.iter().enumerate() {
        if i == index && candidate.value.is_unreadable() {
            listener.tell(i, false, UNREADABLE);
        } else if i == index && waits {
            listener.tell(i, false, WAITS);
        } else if i == index {
            listener.tell(i, true, choice.won());
        } else if let Ok(other) = stands[i] {
            let before = before_age.compare((index, winner), (i, candidate));
            let lost = if other == rank { choice.lost(&front, before, winner, candidate) } else { "lower rank" };
            listener.tell(i, false, lost);
        }
    }
    let rivals = || {
        let others = abreast().filter(|(i, _)| *i != index);
        // Typed, what is in doubt would go before the winner. Of several that are the largest or the smallest the next value tells.
        let would_win = |c: &Candidate, age: Age| {
            choice.rank(&c.from.system).is_some_and(|its| its < rank || (its == rank && winner.age.is_before(&age)))
        };
        let is_doubtful = |i: usize| !by_value && i != index && matches!(stands[i], Ok(_) | Err(DOUBTFUL));
        let may_win = |i: usize, c: &Candidate| is_doubtful(i) && said.age_if_typed(i).is_some_and(|age| would_win(c, age));
        let doubtful = candidates.iter().enumerate().filter(|(i, c)| may_win(*i, c));
        rivals_of(others.chain(doubtful).filter(|(i, _)| !said.say_the_same(*i, index)).map(|(_, c)| c))
    };
    match (winner.value, waits) {
        // It would win if it could be read: what comes after it is a guess.
        (Value::Unreadable, _) => Judgment::Unknown(Unknown::Unreadable),
        (_, true) => Judgment::Unknown(Unknown::NotRead),
        (_, false) => Judgment::Wins(Winner { value: winner.meant(), from: Some(winner.from), rivals: rivals() }),
    }
}

/// One field of a group: what the record holds whose group goes before all others that count. `candidates`: those of the field.
fn of_group<'a>(
    choice: Choice<'_>,
    rule: &FieldRule,
    by: &Circumstances<'a>,
    offers: &GroupOffers<'a>,
    candidates: &[Candidate<'a>],
    listener: &mut impl Listener,
) -> Judgment<'a> {
    let mut told = ToldOfGroups { offers, candidates, listener };
    let judgment = choose(choice, rule, by, offers.wholes(), offers, &mut told);
    let Judgment::Wins(Winner { from: Some(from), rivals, .. }) = judgment else { return judgment };
    let Some(place) = candidates.iter().position(|c| c.from == from) else { return Judgment::Nothing };
    let candidate = &candidates[place];
    if let CountsAs::Nothing(why) = CountsAs::of(rule, candidate) {
        listener.tell(place, rule.blank == Blank::Clears, if why == "empty" { BLANK } else { why });
    }
    match says(rule, candidate) {
        Some(value) => Judgment::Wins(Winner { value, from: Some(from), rivals }),
        None => Judgment::Nothing,
    }
}

/// The record whose group goes before all others that count. `None`: there is none, or nobody can tell, or the rule speaks of one field.
pub fn record_of_group<'a>(rule: &FieldRule, by: &Circumstances<'a>) -> Option<&'a RecordId> {
    let (choice, Leader::Group(offers)) = (Choice::of(rule.strategy_of(by.part)?)?, &by.leader) else { return None };
    choose(choice, rule, by, offers.wholes(), offers, &mut Silent).winner()?.from
}

/// What becomes of a record's group becomes of its field.
struct ToldOfGroups<'l, 'a, L> {
    offers: &'l GroupOffers<'a>,
    candidates: &'l [Candidate<'a>],
    listener: &'l mut L,
}

impl<L: Listener> Listener for ToldOfGroups<'_, '_, L> {
    fn tell(&mut self, group: usize, won: bool, why: &'static str) {
        let from = self.offers.wholes()[group].from;
        if let Some(place) = self.candidates.iter().position(|c| c.from == from) {
            self.listener.tell(place, won, why);
        }
    }
}

/// The rank of a value that counts, or why it does not.
type Stand = Result<usize, &'static str>;

/// Each candidate's, in the order given. It is asked for often, and what a rule says of a value costs more than all else: each is told once.
fn stand(choice: Choice<'_>, rule: &FieldRule, candidates: &[Candidate<'_>], said: &impl SaidAtPlaces, now: Time) -> Vec<Stand> {
    let offered = |(i, c): (usize, &Candidate<'_>)| offered(choice, rule, c, || said.nothing(i), now);
    let mut stands: Vec<Stand> = candidates.iter().enumerate().map(offered).collect();
    if let Some(why) = copies_passed(choice, rule, candidates, &stands) {
        let copies = candidates.iter().zip(&mut stands).filter(|(c, stand)| c.is_copy() && stand.is_ok());
        copies.for_each(|(_, stand)| *stand = Err(why));
    }
    stands
}

/// Of one candidate, copies apart. `nothing`: why it counts for nothing, whatever its rank.
pub(super) fn offered(
    choice: Choice<'_>,
    rule: &FieldRule,
    c: &Candidate,
    nothing: impl FnOnce() -> Option<&'static str>,
    now: Time,
) -> Stand {
    // Nothing is larger or smaller than nothing, so there an emptied value is always passed over.
    let blank = if choice.is_by_value() { Blank::Skipped } else { rule.blank };
    let rank = choice.rank(&c.from.system).ok_or("not a source")?;
    if c.echo {
        return Err(if c.habits.is_doubtful { DOUBTFUL } else { "our own write" });
    }
    match nothing() {
        Some(why) => Err(why),
        None if c.is_older_than(choice.max_age(&c.from.system).or(rule.max_age), now) => Err("too old"),
        None if c.is_passed_over(blank) => Err("empty"),
        None => Ok(rank),
    }
}

/// Why no copy counts; `None`: they do, each behind what is none. `offered`: what each candidate stands for by itself.
fn copies_passed(choice: Choice<'_>, rule: &FieldRule, candidates: &[Candidate<'_>], offered: &[Stand]) -> Option<&'static str> {
    let is_typed = |(c, stand): (&Candidate, &Stand)| stand.is_ok() && rule.typed.contains(&c.from.system) && c.is_typed();
    if !rule.typed.is_empty() && candidates.iter().zip(offered).any(is_typed) {
        return Some(TYPED_ELSEWHERE);
    }
    // What was agreed before a relay wrote there stands: its copy is no reason to write anything.
    let was_agreed = |c: &Candidate| c.echo && choice.rank(&c.from.system).is_some();
    let by_value = choice.is_by_value();
    let only_copies = || candidates.iter().zip(offered).all(|(c, stand)| c.is_copy() || stand.is_err());
    (!by_value && candidates.iter().any(Candidate::is_copy) && candidates.iter().any(was_agreed) && only_copies()).then_some(COPY)
}

/// Those of them that hold a value, in order.
fn rivals_of<'a, 'c>(others: impl Iterator<Item = &'c Candidate<'a>>) -> Vec<&'a RecordId>
where
    'a: 'c,
{
    let holds = |c: &&Candidate| !c.value.is_empty() && !c.value.is_unreadable();
    let mut rivals: Vec<&RecordId> = others.filter(holds).map(|c| c.from).collect();
    rivals.sort_unstable();
    rivals.dedup();
    rivals
}

#[cfg(test)]
mod tests;
