//! The candidates of one field to its value. [`judge`] and [`explain`] run the same code, so what is explained is what was done.

use super::judgment::{COPY, DOUBTFUL, IGNORED, TYPED_ELSEWHERE, UNREADABLE, beside_unreadable};
use super::judgment::{Candidate, ConditionState, Judged, Judgment, Listener, Unknown, UnreadSystems, WAITS, Winner};
use super::rules::{Band, Blank, FieldRule, Strategy};
use super::union::unite;
use crate::model::value::compare_int;
use crate::model::{Age, Name, RecordId, Span, Time, Value};
use std::cmp::{Ordering, Reverse};

/// The field's value.
pub fn judge<'a>(
    rule: &FieldRule,
    condition: ConditionState,
    candidates: &[Candidate<'a>],
    unread: UnreadSystems<'_>,
    now: Time,
) -> Judgment<'a> {
    run(rule, condition, candidates, unread, now, &mut Silent)
}

/// The field's value, with what became of each candidate, in the order given.
pub fn explain<'a>(
    rule: &FieldRule,
    condition: ConditionState,
    candidates: &[Candidate<'a>],
    unread: UnreadSystems<'_>,
    now: Time,
) -> (Judgment<'a>, Vec<Judged>) {
    let mut reasons = Reasons(vec![Judged { won: false, why: "" }; candidates.len()]);
    let judgment = run(rule, condition, candidates, unread, now, &mut reasons);
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

/// How a strategy chooses among the candidates that count.
#[derive(Clone, Copy)]
enum Choice<'r> {
    /// The first band, in it the newest as far as that is known, else the first.
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
            Choice::Bands(bands) => bands.iter().position(|b| b.0.iter().any(|s| *s.system == *system)),
            Choice::Only(name) => (**name == *system).then_some(0),
            Choice::Newest(names) | Choice::Oldest(names) | Choice::Max(names) | Choice::Min(names) => among(names),
        }
    }

    /// The age that a system has of its own in this order.
    fn max_age(self, system: &str) -> Option<Span> {
        let Choice::Bands(bands) = self else { return None };
        bands.iter().flat_map(|b| &b.0).find(|s| *s.system == *system)?.max_age
    }

    /// Whether what is at hand may come to something else once these systems are read. `won`: the winner's rank and system, if there is one.
    fn may_change(self, unread: UnreadSystems<'_>, won: Option<(usize, &Name)>) -> bool {
        let never = |name: &Name| unread.never.contains(name);
        let either = |name: &Name| never(name) || unread.stale.contains(name);
        match (self, won) {
            (Choice::Bands(bands), None) => bands.iter().flat_map(|b| &b.0).any(|s| either(&s.system)),
            (Choice::Bands(bands), Some((rank, system))) => {
                let above = bands.iter().take(rank).flat_map(|b| &b.0).any(|s| either(&s.system));
                above || bands.get(rank).is_some_and(|b| b.0.iter().any(|s| s.system != *system && never(&s.system)))
            }
            (Choice::Only(name), None) => either(name),
            (Choice::Only(_), Some(_)) => false,
            (Choice::Newest(names) | Choice::Oldest(names) | Choice::Max(names) | Choice::Min(names), None) => names.iter().any(either),
            (Choice::Newest(names) | Choice::Oldest(names) | Choice::Max(names) | Choice::Min(names), Some((_, system))) => {
                names.iter().any(|n| n != system && never(n))
            }
        }
    }

    /// Where a system stands in the order, within its band.
    fn place(self, system: &Name) -> usize {
        let place = match self {
            Choice::Bands(bands) => bands.iter().find_map(|b| b.0.iter().position(|s| s.system == *system)),
            Choice::Only(_) => None,
            Choice::Newest(names) | Choice::Oldest(names) | Choice::Max(names) | Choice::Min(names) => {
                names.iter().position(|n| n == system)
            }
        };
        place.unwrap_or_default()
    }

    /// `Less`: `a` goes before `b`, whatever their age. Of values of one rank the largest or the smallest does, else what is no copy.
    fn before_age(self, a: &Candidate, b: &Candidate) -> Ordering {
        match self {
            Choice::Max(_) => compare(b.value, a.value),
            Choice::Min(_) => compare(a.value, b.value),
            Choice::Bands(_) | Choice::Only(_) | Choice::Newest(_) | Choice::Oldest(_) => a.is_copy().cmp(&b.is_copy()),
        }
    }

    /// Why the winner won.
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

    /// Why a candidate that counts, of the winner's rank, lost to it.
    fn lost(self, front: &Front, winner: &Candidate, loser: &Candidate) -> &'static str {
        match (self, self.before_age(winner, loser)) {
            (Choice::Max(_), Ordering::Less) => return "smaller",
            (Choice::Min(_), Ordering::Less) => return "larger",
            (_, Ordering::Less) => return COPY,
            _ => {}
        }
        if !front.holds(&loser.age) {
            return if matches!(self, Choice::Oldest(_)) { "newer" } else { "older" };
        }
        match loser.from.system == winner.from.system {
            true if loser.age.by == winner.age.by => "same time, later id",
            true => "its record changed before, its age is not known",
            false => "later in the order, its age is not known",
        }
    }
}

/// Which of the candidates of one rank nobody knows to be out of date: of two whose ages overlap neither is.
#[derive(Clone, Copy)]
struct Front {
    oldest: bool,
    /// The latest of the moments until which a value was another one; of the oldest, the first by which one was set.
    bound: Option<Time>,
}

impl Front {
    fn of<'a>(oldest: bool, ages: impl Iterator<Item = &'a Age>) -> Front {
        let bound = if oldest { ages.map(|age| age.by).min() } else { ages.filter_map(|age| age.after).max() };
        Front { oldest, bound }
    }

    fn holds(&self, age: &Age) -> bool {
        match (self.bound, self.oldest) {
            (None, _) => true,
            (Some(bound), false) => age.by >= bound,
            (Some(bound), true) => age.after.is_none_or(|after| after <= bound),
        }
    }
}

fn run<'a>(
    rule: &FieldRule,
    condition: ConditionState,
    candidates: &[Candidate<'a>],
    unread: UnreadSystems<'_>,
    now: Time,
    listener: &mut impl Listener,
) -> Judgment<'a> {
    let choice = match (condition, &rule.when, &rule.strategy) {
        (ConditionState::Unknown, ..) => {
            (0..candidates.len()).for_each(|i| listener.tell(i, false, "condition unknown"));
            return Judgment::Unknown(Unknown::Condition);
        }
        (ConditionState::False, Some(condition), _) => Choice::Bands(&condition.otherwise),
        (_, _, Strategy::Order(bands)) => Choice::Bands(bands),
        (_, _, Strategy::Only(name)) => Choice::Only(name),
        (_, _, Strategy::Newest(names)) => Choice::Newest(names),
        (_, _, Strategy::Oldest(names)) => Choice::Oldest(names),
        (_, _, Strategy::Max(names)) => Choice::Max(names),
        (_, _, Strategy::Min(names)) => Choice::Min(names),
        (_, _, Strategy::Union(names)) => return union_of(names, rule, candidates, unread, now, listener),
    };
    choose(choice, rule, candidates, unread, now, listener)
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
    candidates: &[Candidate<'a>],
    unread: UnreadSystems<'_>,
    now: Time,
    listener: &mut impl Listener,
) -> Judgment<'a> {
    let counts = |c: &Candidate| match names.contains(&c.from.system) {
        false => Err("not a source"),
        true if is_too_old(rule.max_age, c, now) => Err("too old"),
        true => Ok(()),
    };
    // An entry of a list that was never read would be lost.
    if names.iter().any(|n| unread.never.contains(n)) {
        (0..candidates.len()).for_each(|i| listener.tell(i, false, counts(&candidates[i]).err().unwrap_or(WAITS)));
        return Judgment::Unknown(Unknown::NotRead);
    }
    unite(candidates, names, counts, rule.blank, listener)
}

/// The one candidate that goes before all others that count. Which comes out does not depend on the order in which they are given.
fn choose<'a>(
    choice: Choice<'_>,
    rule: &FieldRule,
    candidates: &[Candidate<'a>],
    unread: UnreadSystems<'_>,
    now: Time,
    listener: &mut impl Listener,
) -> Judgment<'a> {
    let by_value = matches!(choice, Choice::Max(_) | Choice::Min(_));
    let offers = |c: &Candidate| offered(choice, rule, c, now);
    let passed = copies_passed(choice, rule, candidates, offers);
    let counts = |c: &Candidate| match (offers(c), passed) {
        (Ok(_), Some(why)) if c.is_copy() => Err(why),
        (offered, _) => offered,
    };
    // Which is the largest cannot be told beside one that cannot be read.
    if by_value && candidates.iter().any(|c| c.value.is_unreadable() && counts(c).is_ok()) {
        return beside_unreadable(candidates, |c| counts(c).err(), listener);
    }
    for (i, candidate) in candidates.iter().enumerate() {
        if let Err(why) = counts(candidate) {
            listener.tell(i, false, why);
        }
    }
    let ranks = || candidates.iter().filter_map(|c| counts(c).ok());
    let Some(rank) = ranks().min() else {
        let unknown = choice.may_change(unread, None);
        return if unknown { Judgment::Unknown(Unknown::NotRead) } else { Judgment::Nothing };
    };
    // Of this rank those that go by their value, then those of which nobody knows that they are out of date, then the order.
    let of_rank = || candidates.iter().enumerate().filter(|(_, c)| counts(c) == Ok(rank));
    let first = of_rank().map(|(_, c)| c).reduce(|a, b| if choice.before_age(a, b).is_le() { a } else { b });
    let foremost = || of_rank().filter(|(_, c)| first.is_none_or(|first| choice.before_age(first, c).is_eq()));
    let front = Front::of(matches!(choice, Choice::Oldest(_)), foremost().map(|(_, c)| &c.age));
    let abreast = || foremost().filter(|(_, c)| front.holds(&c.age));
    let by_order = |c: &Candidate<'a>| (choice.place(&c.from.system), Reverse(c.age.by), c.from);
    let Some((index, _)) = abreast().min_by(|(_, a), (_, b)| by_order(a).cmp(&by_order(b))) else { return Judgment::Nothing };
    let winner = &candidates[index];
    let waits = choice.may_change(unread, Some((rank, &winner.from.system)));
    for (i, candidate) in candidates.iter().enumerate() {
        if i == index && candidate.value.is_unreadable() {
            listener.tell(i, false, UNREADABLE);
        } else if i == index && waits {
            listener.tell(i, false, WAITS);
        } else if i == index {
            listener.tell(i, true, choice.won());
        } else if let Ok(other) = counts(candidate) {
            let lost = if other == rank { choice.lost(&front, winner, candidate) } else { "lower rank" };
            listener.tell(i, false, lost);
        }
    }
    let rivals = || {
        let others = abreast().filter(|(i, _)| *i != index).map(|(_, c)| c);
        // Typed, what is in doubt would go before the winner. Of several that are the largest or the smallest the next value tells.
        let would_win =
            |c: &Candidate| choice.rank(&c.from.system).is_some_and(|its| its < rank || (its == rank && winner.age.is_before(&c.age)));
        let doubtful = candidates.iter().filter(|c| c.habits.is_doubtful && !by_value && counts(c) == Err(DOUBTFUL) && would_win(c));
        rivals_of(winner, others.chain(doubtful))
    };
    match (winner.value, waits) {
        // It would win if it could be read: what comes after it is a guess.
        (Value::Unreadable, _) => Judgment::Unknown(Unknown::Unreadable),
        (_, true) => Judgment::Unknown(Unknown::NotRead),
        (_, false) => Judgment::Wins(Winner { value: winner.meant(), from: Some(winner.from), rivals: rivals() }),
    }
}

/// The rank of a value that counts, copies apart, or why it does not.
fn offered(choice: Choice<'_>, rule: &FieldRule, c: &Candidate, now: Time) -> Result<usize, &'static str> {
    // Nothing is larger or smaller than nothing, so there an emptied value is always passed over.
    let blank = if matches!(choice, Choice::Max(_) | Choice::Min(_)) { Blank::Skipped } else { rule.blank };
    match choice.rank(&c.from.system) {
        None => Err("not a source"),
        Some(_) if c.echo && c.habits.is_doubtful => Err(DOUBTFUL),
        Some(_) if c.echo => Err("our own write"),
        Some(_) if rule.ignored.covers(c.value) => Err(IGNORED),
        Some(_) if is_too_old(choice.max_age(&c.from.system).or(rule.max_age), c, now) => Err("too old"),
        Some(_) if c.is_passed_over(blank) => Err("empty"),
        Some(rank) => Ok(rank),
    }
}

/// Why no copy counts; `None`: they do, each behind what is none.
fn copies_passed(
    choice: Choice<'_>,
    rule: &FieldRule,
    candidates: &[Candidate<'_>],
    offers: impl Fn(&Candidate) -> Result<usize, &'static str>,
) -> Option<&'static str> {
    let is_typed = |c: &Candidate| rule.typed.contains(&c.from.system) && c.is_typed() && offers(c).is_ok();
    if !rule.typed.is_empty() && candidates.iter().any(is_typed) {
        return Some(TYPED_ELSEWHERE);
    }
    // What was agreed before a relay wrote there stands: its copy is no reason to write anything.
    let was_agreed = |c: &Candidate| c.echo && choice.rank(&c.from.system).is_some();
    let by_value = matches!(choice, Choice::Max(_) | Choice::Min(_));
    let only_copies = || candidates.iter().all(|c| c.is_copy() || offers(c).is_err());
    (!by_value && candidates.iter().any(Candidate::is_copy) && candidates.iter().any(was_agreed) && only_copies()).then_some(COPY)
}

/// Those with another value, in order.
fn rivals_of<'a, 'c>(winner: &Candidate<'a>, others: impl Iterator<Item = &'c Candidate<'a>>) -> Vec<&'a RecordId>
where
    'a: 'c,
{
    let is_other = |c: &&Candidate| !c.value.is_empty() && !c.value.is_unreadable() && !c.value.says_the_same(winner.value);
    let mut rivals: Vec<&RecordId> = others.filter(is_other).map(|c| c.from).collect();
    rivals.sort_unstable();
    rivals
}

fn is_too_old(max_age: Option<Span>, candidate: &Candidate, now: Time) -> bool {
    max_age.is_some_and(|limit| now.since(candidate.age.by) > limit)
}

/// A total order over values: numbers by size, times, texts and lists in theirs; of two kinds, the kind decides.
fn compare(a: &Value, b: &Value) -> Ordering {
    let kind = |v: &Value| match v {
        Value::Empty => 0,
        Value::Bool(_) => 1,
        Value::Int(_) | Value::Number(_) => 2,
        Value::Time(_) | Value::Date(_) => 3,
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
        (Value::Date(a), Value::Date(b)) => a.cmp(b),
        // A day goes before every time from its midnight UTC on.
        (Value::Date(a), Value::Time(b)) => a.midnight().cmp(b).then(Ordering::Less),
        (Value::Time(a), Value::Date(b)) => a.cmp(&b.midnight()).then(Ordering::Greater),
        (Value::Text(a), Value::Text(b)) => a.cmp(b),
        (Value::List(a), Value::List(b)) => a.cmp(b),
        _ => kind(a).cmp(&kind(b)),
    }
}

#[cfg(test)]
mod tests;
