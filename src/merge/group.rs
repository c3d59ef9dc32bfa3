//! Fields that go together, as the parts of an address: all are from one record, the one whose group wins, so that no address is mixed out
//! of two.

use super::candidate::{Candidate, SaidAtPlaces};
use super::rules::{Blank, FieldRule};
use crate::model::{Age, RecordId, Value};
use std::borrow::Cow;

/// What each record holds of a group.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct GroupOffers<'a> {
    offers: Vec<GroupOffer<'a>>,
    /// Each whole group as one candidate, in the same order: as old as what changed last of it, with one of its values.
    wholes: Vec<Candidate<'a>>,
}

/// What one record holds of a group.
#[derive(Debug, Clone, PartialEq)]
struct GroupOffer<'a> {
    /// Why it counts for nothing.
    nothing: Option<&'static str>,
    /// Since when it would be there if what nobody can tell was typed by somebody.
    age_if_typed: Option<Age>,
    /// What it says in each field, in the group's order. `None`: nothing.
    says: Vec<Option<Cow<'a, Value>>>,
    /// Whether it shows anything that counts as a value, in each field.
    holds: Vec<bool>,
}

/// What a record's field counts for in its group.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum CountsAs {
    /// Somebody set it, or emptied it where that counts.
    Own,
    /// What we wrote.
    Ours,
    Nothing(&'static str),
}

impl CountsAs {
    pub(super) fn of(rule: &FieldRule, c: &Candidate<'_>) -> CountsAs {
        let is_emptied = c.cleared && rule.blank != Blank::Skipped;
        match rule.takes_for_nothing(c.value, &c.from.system) {
            Some(why) => CountsAs::Nothing(why),
            None if c.echo && !c.value.is_empty() => CountsAs::Ours,
            None if c.value.is_empty() && (c.echo || !is_emptied) => CountsAs::Nothing("empty"),
            None => CountsAs::Own,
        }
    }
}

/// One field of a group in one record.
struct FieldShown<'a> {
    counts: CountsAs,
    says: Option<Cow<'a, Value>>,
    candidate: Candidate<'a>,
}

impl<'a> GroupOffers<'a> {
    /// `fields`: of each field of the group its rule, and what records offer for it.
    pub fn of(fields: &[(&FieldRule, Vec<Candidate<'a>>)]) -> GroupOffers<'a> {
        let mut from: Vec<&'a RecordId> = fields.iter().flat_map(|(_, all)| all).map(|c| c.from).collect();
        from.sort_unstable();
        from.dedup();
        let mut found = GroupOffers::default();
        for from in from {
            let of_record = |(rule, all): &(&FieldRule, Vec<Candidate<'a>>)| {
                let candidate = all.iter().find(|c| c.from == from)?.clone();
                Some(FieldShown { counts: CountsAs::of(rule, &candidate), says: says(rule, &candidate), candidate })
            };
            let shown: Vec<Option<FieldShown<'a>>> = fields.iter().map(of_record).collect();
            let all = || shown.iter().flatten();
            let Some((whole, nothing)) = whole(all().map(|shown| (shown.counts, &shown.candidate))) else { continue };
            let in_doubt = all().map(|shown| &shown.candidate).filter(|c| c.habits.is_doubtful).map(|c| c.age);
            let age_if_typed = in_doubt.reduce(latest).map(|age| if whole.echo { age } else { latest(age, whole.age) });
            let holds = |shown: &FieldShown<'a>| !matches!(shown.counts, CountsAs::Nothing(_)) && !shown.candidate.value.is_empty();
            let holds = shown.iter().map(|shown| shown.as_ref().is_some_and(holds)).collect();
            let says = shown.into_iter().map(|shown| shown.and_then(|shown| shown.says)).collect();
            found.offers.push(GroupOffer { nothing, age_if_typed, says, holds });
            found.wholes.push(whole);
        }
        found
    }

    /// The groups as candidates, each with the age of what changed last of it.
    pub fn wholes(&self) -> &[Candidate<'a>] {
        &self.wholes
    }

    /// Keeps what these records offer.
    pub fn retain(&mut self, is_asked: impl Fn(&RecordId) -> bool) {
        let mut kept = self.wholes.iter().map(|whole| is_asked(whole.from));
        self.offers.retain(|_| kept.next().unwrap_or_default());
        self.wholes.retain(|whole| is_asked(whole.from));
    }

    /// Records that hold anything which this record's group has not, or has otherwise.
    pub fn holding_another(&self, winner: &RecordId) -> Vec<RecordId> {
        let Some(won) = self.wholes.iter().position(|whole| whole.from == winner) else { return Vec::new() };
        let is_another = |offer: &GroupOffer<'a>| {
            let mut fields = offer.holds.iter().zip(&offer.says).zip(&self.offers[won].says);
            fields.any(|((holds, says), won)| *holds && !is_same(says.as_deref(), won.as_deref()))
        };
        let others = self.offers.iter().zip(&self.wholes).filter(|(offer, whole)| whole.from != winner && is_another(offer));
        others.map(|(_, whole)| whole.from.clone()).collect()
    }
}

impl SaidAtPlaces for GroupOffers<'_> {
    fn nothing(&self, place: usize) -> Option<&'static str> {
        self.offers[place].nothing
    }

    fn say_the_same(&self, one: usize, other: usize) -> bool {
        let pairs = self.offers[one].says.iter().zip(&self.offers[other].says);
        pairs.into_iter().all(|(one, other)| is_same(one.as_deref(), other.as_deref()))
    }

    fn age_if_typed(&self, place: usize) -> Option<Age> {
        self.offers[place].age_if_typed
    }
}

/// Whether two fields say the same; what says nothing is as empty as what is empty.
fn is_same(one: Option<&Value>, other: Option<&Value>) -> bool {
    let value = |value: Option<&Value>| value.filter(|value| !value.is_empty()).cloned();
    match (value(one), value(other)) {
        (Some(one), Some(other)) => one.says_the_same(&other),
        (one, other) => one == other,
    }
}

/// Of two ages the later: of several fields the one that changed last.
fn latest(one: Age, other: Age) -> Age {
    Age { after: one.after.max(other.after), by: one.by.max(other.by) }
}

/// A record's group as one candidate, with why it counts for nothing. What we wrote, and copies beside what is none, are no news in it.
fn whole<'c, 'a: 'c>(fields: impl Iterator<Item = (CountsAs, &'c Candidate<'a>)>) -> Option<(Candidate<'a>, Option<&'static str>)> {
    let fields: Vec<(CountsAs, &Candidate<'a>)> = fields.collect();
    let own = || fields.iter().filter(|(counts, _)| *counts == CountsAs::Own).map(|(_, c)| *c);
    let ours = || fields.iter().filter(|(counts, _)| *counts == CountsAs::Ours).map(|(_, c)| *c);
    let news: Vec<&Candidate<'a>> = match (own().any(|c| !c.is_copy()), own().next()) {
        (true, _) => own().filter(|c| !c.is_copy()).collect(),
        (false, Some(_)) => own().collect(),
        (false, None) => ours().collect(),
    };
    // Why all of it is nothing, if it is: what is said of one that is not just empty.
    let whys = || fields.iter().filter_map(|(counts, _)| if let CountsAs::Nothing(why) = counts { Some(*why) } else { None });
    let nothing = news.is_empty().then(|| whys().find(|why| *why != "empty").unwrap_or("empty"));
    let (_, any) = fields.first()?;
    let shows = own().find(|c| c.value.is_unreadable()).or_else(|| news.iter().copied().find(|c| !c.value.is_empty()));
    let shows = shows.or_else(|| news.first().copied()).unwrap_or(any);
    let age = news.iter().map(|c| c.age).reduce(latest).unwrap_or(any.age);
    let is_ours = own().next().is_none() && ours().next().is_some();
    let last_edit = news.iter().filter(|c| c.last_edit.is_some()).max_by_key(|c| (c.is_typed(), c.age.by)).and_then(|c| c.last_edit);
    let mut whole = Candidate { echo: is_ours, cleared: shows.cleared, last_edit, ..Candidate::new(any.from, shows.value, age) };
    whole.habits.is_doubtful = is_ours && fields.iter().any(|(_, c)| c.habits.is_doubtful);
    Some((whole, nothing))
}

/// What a field of the record whose group wins comes to; `None`: nothing.
pub(super) fn says<'a>(rule: &FieldRule, c: &Candidate<'a>) -> Option<Cow<'a, Value>> {
    match (CountsAs::of(rule, c), rule.blank) {
        // In whatever form the record shows it.
        (CountsAs::Ours, _) => Some(c.ours.map_or_else(|| c.meant(), Cow::Borrowed)),
        (CountsAs::Own, _) => Some(c.meant()),
        (CountsAs::Nothing(_), Blank::Clears) => Some(Cow::Owned(Value::Empty)),
        (CountsAs::Nothing(_), Blank::Skipped | Blank::Wins) => None,
    }
}

/// Why a field is left alone, or emptied, whose group wins.
pub const BLANK: &str = "its group wins, in which this is blank";

#[cfg(test)]
mod tests;
