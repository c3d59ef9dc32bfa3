//! How a strategy chooses one candidate of several.

use super::candidate::Candidate;
use super::first::{CAME_LATER, PERHAPS_FIRST, Since};
use super::judgment::{COPY, UnreadSystems};
use super::strategy::{Band, Strategy};
use crate::model::value::compare_int;
use crate::model::{Age, Name, Span, Time, Value};
use std::cmp::{Ordering, Reverse};

/// Why the winner won, as far as its strategy tells.
pub(super) const HIGHEST: &str = "highest rank";
pub(super) const ONLY: &str = "only source";
pub(super) const NEWEST: &str = "newest";
pub(super) const OLDEST: &str = "oldest";
pub(super) const MOST: &str = "most records say so";

/// Why a candidate lost that is as good as the winner but for its age, or for nobody knowing that.
pub(super) const OLDER: &str = "older";
pub(super) const NEWER: &str = "newer";
pub(super) const LATER_ID: &str = "same time, later id";
pub(super) const CHANGED_BEFORE: &str = "its record changed before, its age is not known";
pub(super) const LATER_IN_ORDER: &str = "later in the order, its age is not known";

/// One candidate goes before all others.
#[derive(Clone, Copy)]
pub(super) enum Choice<'r> {
    /// The first band, in it the newest as far as that is known, else the first.
    Bands(&'r [Band]),
    /// The newest of one system.
    Only(&'r Name),
    /// One of several systems' that rank equal.
    Among(Decider, &'r [Name]),
}

/// What decides among systems that rank equal.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Decider {
    Newest,
    Oldest,
    First,
    Largest,
    Smallest,
    /// Yes goes before no.
    AnyYes,
    /// No goes before yes.
    AllYes,
    Votes,
}

impl<'r> Choice<'r> {
    /// `None`: the strategy puts together what several say, or goes by something else.
    pub(super) fn of(strategy: &'r Strategy) -> Option<Choice<'r>> {
        Some(match strategy {
            Strategy::Order(bands) | Strategy::Fill(bands) => Choice::Bands(bands),
            Strategy::Only(name) => Choice::Only(name),
            Strategy::Newest(names) => Choice::Among(Decider::Newest, names),
            Strategy::Oldest(names) => Choice::Among(Decider::Oldest, names),
            Strategy::First(names) => Choice::Among(Decider::First, names),
            Strategy::Max(names) => Choice::Among(Decider::Largest, names),
            Strategy::Min(names) => Choice::Among(Decider::Smallest, names),
            Strategy::Any(names) => Choice::Among(Decider::AnyYes, names),
            Strategy::All(names) => Choice::Among(Decider::AllYes, names),
            Strategy::Most(names) => Choice::Among(Decider::Votes, names),
            Strategy::Never => Choice::Bands(&[]),
            Strategy::Sum(_) | Strategy::Union(_) | Strategy::Other(_) | Strategy::Account(_) => return None,
        })
    }

    /// Which band a system stands in; `None` if its values are not asked for.
    pub(super) fn rank(self, system: &str) -> Option<usize> {
        match self {
            Choice::Bands(bands) => bands.iter().position(|b| b.0.iter().any(|s| *s.system == *system)),
            Choice::Only(name) => (**name == *system).then_some(0),
            Choice::Among(_, names) => names.iter().any(|n| **n == *system).then_some(0),
        }
    }

    /// The age that a system has of its own in this order.
    pub(super) fn max_age(self, system: &str) -> Option<Span> {
        let Choice::Bands(bands) = self else { return None };
        bands.iter().flat_map(|b| &b.0).find(|s| *s.system == *system)?.max_age
    }

    /// Whether what is at hand may come to something else once these systems are read. `won`: the winner's rank and system, if there is one.
    pub(super) fn may_change(self, unread: UnreadSystems<'_>, won: Option<(usize, &Name)>) -> bool {
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
            (Choice::Among(_, names), None) => names.iter().any(either),
            // Of votes one more may decide, also one of the winner's own system: but what was never read to its end is of no other kind there.
            (Choice::Among(_, names), Some((_, system))) => names.iter().any(|n| n != system && never(n)),
        }
    }

    /// Whether it goes by what values say, not by whose they are: then nothing can be told beside one that cannot be read.
    pub(super) fn is_by_value(self) -> bool {
        matches!(self, Choice::Among(Decider::Largest | Decider::Smallest | Decider::AnyYes | Decider::AllYes | Decider::Votes, _))
    }

    /// Where a system stands in the order, within its band.
    fn place(self, system: &Name) -> usize {
        let place = match self {
            Choice::Bands(bands) => bands.iter().find_map(|b| b.0.iter().position(|s| s.system == *system)),
            Choice::Only(_) => None,
            Choice::Among(_, names) => names.iter().position(|n| n == system),
        };
        place.unwrap_or_default()
    }

    /// Of candidates that nothing else tells apart, the smallest goes first.
    pub(super) fn by_order<'a>(self, c: &Candidate<'a>) -> (usize, Reverse<Time>, &'a crate::model::RecordId) {
        // Of one system's: what was there before goes before what was perhaps.
        let by = if self.keeps_first() { Time(c.age.by.0.saturating_neg()) } else { c.age.by };
        (self.place(&c.from.system), Reverse(by), c.from)
    }

    /// Whether what was decided on once stays.
    pub(super) fn keeps_first(self) -> bool {
        matches!(self, Choice::Among(Decider::First, _))
    }

    /// Why the winner won.
    pub(super) fn won(self) -> &'static str {
        match self {
            Choice::Bands(_) => HIGHEST,
            Choice::Only(_) => ONLY,
            Choice::Among(Decider::Newest, _) => NEWEST,
            Choice::Among(Decider::Oldest, _) => OLDEST,
            Choice::Among(Decider::First, _) => "the first",
            Choice::Among(Decider::Largest, _) => "largest",
            Choice::Among(Decider::Smallest, _) => "smallest",
            Choice::Among(Decider::AnyYes, _) => "one yes is enough",
            Choice::Among(Decider::AllYes, _) => "one no is enough",
            Choice::Among(Decider::Votes, _) => MOST,
        }
    }

    /// Why a candidate that counts, of the winner's rank, lost to it.
    pub(super) fn lost(self, front: &Front, before_age: Ordering, winner: &Candidate, loser: &Candidate) -> &'static str {
        if before_age == Ordering::Less {
            return match self {
                Choice::Among(Decider::Largest, _) => "smaller",
                Choice::Among(Decider::Smallest, _) => "larger",
                Choice::Among(Decider::AnyYes, _) => "another says yes",
                Choice::Among(Decider::AllYes, _) => "another says no",
                Choice::Among(Decider::Votes, _) if !loser.is_copy() => "fewer records say so",
                Choice::Among(Decider::First, _) if !loser.is_copy() => CAME_LATER,
                _ => COPY,
            };
        }
        if !front.holds(&loser.age) {
            return if matches!(self, Choice::Among(Decider::Oldest | Decider::First, _)) { NEWER } else { OLDER };
        }
        if self.keeps_first() {
            return PERHAPS_FIRST;
        }
        match loser.from.system == winner.from.system {
            true if loser.age.by == winner.age.by => LATER_ID,
            true => CHANGED_BEFORE,
            false => LATER_IN_ORDER,
        }
    }

    /// The candidates of one rank from which none is known to be out of date.
    pub(super) fn front<'a>(self, ages: impl Iterator<Item = &'a Age>) -> Front {
        Front::of(matches!(self, Choice::Among(Decider::Oldest | Decider::First, _)), ages)
    }
}

/// What goes before any age: of values the largest, the smallest or the one with most votes, else what is no copy.
pub(super) struct BeforeAge<'r> {
    choice: Choice<'r>,
    /// How many records say the same as each candidate. Empty where it does not count.
    votes: Vec<usize>,
    /// Since when each counts as the first. Empty where it does not count.
    since: Since,
}

impl<'r> BeforeAge<'r> {
    /// `counts`: whether the candidate of that place counts.
    pub(super) fn of(choice: Choice<'r>, candidates: &[Candidate<'_>], counts: impl Fn(usize) -> bool) -> BeforeAge<'r> {
        let since = if choice.keeps_first() { Since::of(candidates, &counts) } else { Since::default() };
        if !matches!(choice, Choice::Among(Decider::Votes, _)) {
            return BeforeAge { choice, votes: Vec::new(), since };
        }
        let votes: Vec<bool> = candidates.iter().enumerate().map(|(i, c)| !c.is_copy() && counts(i)).collect();
        let voters = || candidates.iter().zip(&votes).filter(|(_, votes)| **votes).map(|(c, _)| c);
        let saying = |c: &Candidate| voters().filter(|other| other.value.says_the_same(c.value)).count();
        BeforeAge { choice, votes: candidates.iter().zip(&votes).map(|(c, votes)| if *votes { saying(c) } else { 0 }).collect(), since }
    }

    /// `Less`: `a` goes before `b`, whatever their age. Each with its place.
    pub(super) fn compare(&self, (i, a): (usize, &Candidate), (j, b): (usize, &Candidate)) -> Ordering {
        match self.choice {
            Choice::Among(Decider::Largest | Decider::AnyYes, _) => compare(b.value, a.value),
            Choice::Among(Decider::Smallest | Decider::AllYes, _) => compare(a.value, b.value),
            Choice::Among(Decider::Votes, _) => self.votes[j].cmp(&self.votes[i]),
            Choice::Among(Decider::First, _) => {
                self.since.of_candidate(i).cmp(&self.since.of_candidate(j)).then(a.is_copy().cmp(&b.is_copy()))
            }
            Choice::Bands(_) | Choice::Only(_) | Choice::Among(Decider::Newest | Decider::Oldest, _) => a.is_copy().cmp(&b.is_copy()),
        }
    }

    /// Since when a candidate is to be remembered as one of the first.
    pub(super) fn to_remember(&self, candidate: usize, now: Time) -> Time {
        self.since.to_remember(candidate, now)
    }
}

/// Which of the candidates of one rank nobody knows to be out of date: of two whose ages overlap neither is.
#[derive(Clone, Copy)]
pub(super) struct Front {
    oldest: bool,
    /// The latest of the moments until which a value was another one; of the oldest, the first by which one was set.
    bound: Option<Time>,
}

impl Front {
    fn of<'a>(oldest: bool, ages: impl Iterator<Item = &'a Age>) -> Front {
        let bound = if oldest { ages.map(|age| age.by).min() } else { ages.filter_map(|age| age.after).max() };
        Front { oldest, bound }
    }

    pub(super) fn holds(&self, age: &Age) -> bool {
        match (self.bound, self.oldest) {
            (None, _) => true,
            (Some(bound), false) => age.by >= bound,
            (Some(bound), true) => age.after.is_none_or(|after| after <= bound),
        }
    }
}

/// A total order over values: numbers by size, times, texts and lists in theirs; of two kinds, the kind decides.
pub(super) fn compare(a: &Value, b: &Value) -> Ordering {
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
