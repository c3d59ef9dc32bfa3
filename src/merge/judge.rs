//! The candidates of one field to its value. [`judge`] and [`explain`] run the same code, so what is explained is what was done.

use super::rules::{Band, Blank, FieldRule, Strategy};
use super::union::unite;
use crate::model::value::compare_int;
use crate::model::{Name, RecordId, Time, Value};
use std::borrow::Cow;
use std::cmp::{Ordering, Reverse};

/// A record's value of the field. A record that does not carry the field is none: absence says nothing.
#[derive(Debug, Clone)]
pub struct Candidate<'a> {
    pub from: &'a RecordId,
    pub value: &'a Value,
    /// Since when the system has had it.
    pub at: Time,
    /// It equals its base, what was last agreed with that record: our own earlier write, and no news.
    pub echo: bool,
    /// What was last agreed with that record, if anything was.
    pub base: Option<&'a Value>,
}

/// How the rule's `when` came out, if it has one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ConditionState {
    /// The rule has no `when`.
    None,
    True,
    False,
    /// It could not be told: the field is left alone.
    Unknown,
}

#[derive(Debug, Clone, PartialEq)]
pub struct Winner<'a> {
    pub value: Cow<'a, Value>,
    /// The record it is from; of a union none.
    pub from: Option<&'a RecordId>,
}

/// What became of a candidate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Judged {
    pub won: bool,
    pub why: &'static str,
}

/// The field's value; `None` is "leave it alone", which is not the same as `Empty`.
pub fn judge<'a>(rule: &FieldRule, condition: ConditionState, candidates: &[Candidate<'a>], now: Time) -> Option<Winner<'a>> {
    run(rule, condition, candidates, now, &mut Silent)
}

/// The same, with what became of each candidate, in the order given.
pub fn explain<'a>(
    rule: &FieldRule,
    condition: ConditionState,
    candidates: &[Candidate<'a>],
    now: Time,
) -> (Option<Winner<'a>>, Vec<Judged>) {
    let mut told = Told(vec![Judged { won: false, why: "" }; candidates.len()]);
    let winner = run(rule, condition, candidates, now, &mut told);
    (winner, told.0)
}

/// Who listens to the reasons.
pub(super) trait Listener {
    fn tell(&mut self, candidate: usize, won: bool, why: &'static str);
}

struct Silent;

impl Listener for Silent {
    #[inline]
    fn tell(&mut self, _: usize, _: bool, _: &'static str) {}
}

struct Told(Vec<Judged>);

impl Listener for Told {
    fn tell(&mut self, candidate: usize, won: bool, why: &'static str) {
        if let Some(judged) = self.0.get_mut(candidate) {
            *judged = Judged { won, why };
        }
    }
}

/// How a strategy chooses among the candidates that count.
#[derive(Clone, Copy)]
enum Choice<'r> {
    /// The first band, in it the newest.
    Bands(&'r [Band]),
    /// The newest of one system.
    Only(&'r Name),
    Newest(&'r [Name]),
    Oldest(&'r [Name]),
    Max(&'r [Name]),
    Min(&'r [Name]),
}

impl Choice<'_> {
    /// Which band a system stands in; `None` if its values are not asked for.
    fn rank(self, system: &str) -> Option<usize> {
        let among = |names: &[Name]| names.iter().any(|n| **n == *system).then_some(0);
        match self {
            Choice::Bands(bands) => bands.iter().position(|b| b.0.iter().any(|n| **n == *system)),
            Choice::Only(name) => (**name == *system).then_some(0),
            Choice::Newest(names) | Choice::Oldest(names) | Choice::Max(names) | Choice::Min(names) => among(names),
        }
    }

    /// `Less`: `a` goes before `b`. Total and independent of the order given, for the last word has the record's id.
    fn order(self, (a_rank, a): (usize, &Candidate), (b_rank, b): (usize, &Candidate)) -> Ordering {
        let by_time = || Reverse(a.at).cmp(&Reverse(b.at));
        let first = match self {
            Choice::Bands(_) => a_rank.cmp(&b_rank).then_with(by_time),
            Choice::Only(_) | Choice::Newest(_) => by_time(),
            Choice::Oldest(_) => a.at.cmp(&b.at),
            Choice::Max(_) => compare(b.value, a.value).then_with(by_time),
            Choice::Min(_) => compare(a.value, b.value).then_with(by_time),
        };
        first.then_with(|| a.from.cmp(b.from))
    }

    /// Why the winner won, and why `b`, which counts too, lost to it.
    fn won(self) -> &'static str {
        match self {
            Choice::Bands(_) => "highest rank",
            Choice::Only(_) => "only source",
            Choice::Newest(_) => "newest",
            Choice::Oldest(_) => "oldest",
            Choice::Max(_) => "largest",
            Choice::Min(_) => "smallest",
        }
    }

    fn lost(self, (winner_rank, winner): (usize, &Candidate), (rank, loser): (usize, &Candidate)) -> &'static str {
        if rank != winner_rank {
            return "lower rank";
        }
        let by_value = compare(loser.value, winner.value);
        match self {
            Choice::Max(_) if by_value == Ordering::Less => "smaller",
            Choice::Min(_) if by_value == Ordering::Greater => "larger",
            _ => match loser.at.cmp(&winner.at) {
                Ordering::Less => "older",
                Ordering::Greater => "newer",
                Ordering::Equal => "same time, later id",
            },
        }
    }
}

fn run<'a>(
    rule: &FieldRule,
    condition: ConditionState,
    candidates: &[Candidate<'a>],
    now: Time,
    listener: &mut impl Listener,
) -> Option<Winner<'a>> {
    let choice = match (condition, &rule.when, &rule.strategy) {
        (ConditionState::Unknown, ..) => {
            (0..candidates.len()).for_each(|i| listener.tell(i, false, "condition unknown"));
            return None;
        }
        (ConditionState::False, Some(condition), _) => Choice::Bands(&condition.otherwise),
        (_, _, Strategy::Order(bands)) => Choice::Bands(bands),
        (_, _, Strategy::Only(name)) => Choice::Only(name),
        (_, _, Strategy::Newest(names)) => Choice::Newest(names),
        (_, _, Strategy::Oldest(names)) => Choice::Oldest(names),
        (_, _, Strategy::Max(names)) => Choice::Max(names),
        (_, _, Strategy::Min(names)) => Choice::Min(names),
        (_, _, Strategy::Union(names)) => {
            let counts = |c: &Candidate| match names.contains(&c.from.system) {
                false => Err("not a source"),
                true if is_too_old(rule, c, now) => Err("too old"),
                true => Ok(()),
            };
            return unite(candidates, counts, rule.blank == Blank::Wins, listener);
        }
    };
    // Nothing is larger or smaller than nothing, so there an emptied value is always passed over.
    let blank_wins = rule.blank == Blank::Wins && !matches!(choice, Choice::Max(_) | Choice::Min(_));
    let counts = |c: &Candidate| match choice.rank(&c.from.system) {
        None => Err("not a source"),
        Some(_) if c.echo => Err("our own write"),
        Some(_) if is_too_old(rule, c, now) => Err("too old"),
        Some(_) if c.value.is_empty() && !blank_wins => Err("empty"),
        Some(rank) => Ok(rank),
    };
    // Which is the largest cannot be told beside one that cannot be read.
    let by_value = matches!(choice, Choice::Max(_) | Choice::Min(_));
    if by_value && candidates.iter().any(|c| c.value.is_unreadable() && counts(c).is_ok()) {
        for (i, candidate) in candidates.iter().enumerate() {
            let beside = if candidate.value.is_unreadable() { "cannot be read" } else { "beside one that cannot be read" };
            listener.tell(i, false, counts(candidate).err().unwrap_or(beside));
        }
        return None;
    }
    let mut best: Option<(usize, usize)> = None;
    for (i, candidate) in candidates.iter().enumerate() {
        match counts(candidate) {
            Err(why) => listener.tell(i, false, why),
            Ok(rank) => match best {
                Some((best_rank, b)) if choice.order((rank, candidate), (best_rank, &candidates[b])) != Ordering::Less => {}
                _ => best = Some((rank, i)),
            },
        }
    }
    let (rank, index) = best?;
    let winner = &candidates[index];
    for (i, candidate) in candidates.iter().enumerate() {
        if i == index && candidate.value.is_unreadable() {
            listener.tell(i, false, "cannot be read");
        } else if i == index {
            listener.tell(i, true, choice.won());
        } else if let Ok(other) = counts(candidate) {
            listener.tell(i, false, choice.lost((rank, winner), (other, candidate)));
        }
    }
    // It would win if it could be read: what comes after it is a guess.
    (!winner.value.is_unreadable()).then_some(Winner { value: Cow::Borrowed(winner.value), from: Some(winner.from) })
}

fn is_too_old(rule: &FieldRule, candidate: &Candidate, now: Time) -> bool {
    rule.max_age.is_some_and(|limit| now.since(candidate.at) > limit)
}

/// A total order over values: numbers by size, times, texts and lists in theirs; of two kinds, the kind decides.
fn compare(a: &Value, b: &Value) -> Ordering {
    let kind = |v: &Value| match v {
        Value::Empty => 0,
        Value::Bool(_) => 1,
        Value::Int(_) | Value::Number(_) => 2,
        Value::Time(_) => 3,
        Value::Text(_) => 4,
        Value::List(_) => 5,
        Value::Unreadable => 6,
    };
    // NaN stands above every number, so that the order stays total.
    let mixed = |int: i64, number: f64| compare_int(int, number).unwrap_or(Ordering::Less);
    match (a, b) {
        (Value::Bool(a), Value::Bool(b)) => a.cmp(b),
        (Value::Int(a), Value::Int(b)) => a.cmp(b),
        (Value::Number(a), Value::Number(b)) => match (a.is_nan(), b.is_nan()) {
            (false, false) => a.partial_cmp(b).unwrap_or(Ordering::Equal),
            (a, b) => a.cmp(&b),
        },
        (Value::Int(a), Value::Number(b)) => mixed(*a, *b),
        (Value::Number(a), Value::Int(b)) => mixed(*b, *a).reverse(),
        (Value::Time(a), Value::Time(b)) => a.cmp(b),
        (Value::Text(a), Value::Text(b)) => a.cmp(b),
        (Value::List(a), Value::List(b)) => a.cmp(b),
        _ => kind(a).cmp(&kind(b)),
    }
}

#[cfg(test)]
mod tests;
