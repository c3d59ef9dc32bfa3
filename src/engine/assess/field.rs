//! One field of one person: what each record offers, what wins, and whether a record is to show it.

use super::assessment::FieldWinner;
use crate::engine::memory::pins::Pin;
use crate::engine::target::Agreed;
use crate::engine::target::habits::{Habits, TakenFor};
use crate::merge::rules::{FieldRule, Strategy};
use crate::merge::{Candidate, GroupOffers, RulePart, SystemHabits, Winner};
use crate::model::{Age, Name, Record, RecordId, Time, Value};

/// What a record offers for a field. A value that is still what the record made of our own write is an echo.
pub(super) fn candidate<'a>(record: &'a Record, name: &Name, agreed: &'a [Agreed], habits: &Habits) -> Option<Candidate<'a>> {
    let field = record.field_of(name)?;
    let ours = agreed.iter().find(|a| a.field == *name && !a.spent && a.theirs.says_the_same(&field.value));
    let system = &record.id.system;
    let is_doubtful = ours.is_some_and(|a| habits.judge_shown(system, name, &a.ours, &a.theirs) == TakenFor::Doubtful);
    let habits = SystemHabits { is_doubtful, escapes: habits.escapes(system, name) };
    let (entries, cleared) = (record.entries(name), record.cleared(name).is_some());
    // An undo is no news: the value is as old as it was before our write, whenever that was.
    let is_set_back = agreed.iter().any(|a| a.field == *name && a.was_set_back(&field.value));
    Some(Candidate {
        from: &record.id,
        value: &field.value,
        age: if is_set_back { Age::until(field.age().by) } else { field.age() },
        echo: ours.is_some(),
        ours: ours.map(|agreed| &agreed.ours),
        entries,
        cleared,
        habits,
        last_edit: field.last_edit.as_deref().filter(|_| !is_set_back),
        first: record.first_value(name),
        unseen: None,
    })
}

impl FieldWinner {
    /// What a named person pinned is typed by them.
    pub(super) fn pinned(pin: &Pin) -> FieldWinner {
        FieldWinner { value: pin.value.clone(), typed_after: pin.at, rivals: Vec::new(), filled: Vec::new(), files: Vec::new() }
    }

    /// By this part of a rule it won. `is_asked`: whether some record of the person remembers that something was emptied; only then it counts
    /// since when the value is there.
    pub(super) fn of(
        winner: Winner<'_>,
        candidates: &[Candidate<'_>],
        (rule, part): (&FieldRule, RulePart),
        is_asked: bool,
    ) -> FieldWinner {
        let strategy = rule.strategy_of(part);
        // Of a sum each number is a part.
        let shows_it = |c: &&Candidate<'_>| winner.from.is_none() || c.value.says_the_same(&winner.value);
        let own = candidates.iter().filter(|c| is_asked && !c.echo && !c.is_copy()).filter(shows_it);
        let typed_after = match strategy {
            // A union knows by itself which entries somebody took out.
            Some(Strategy::Union(_)) => Time(i64::MAX),
            _ => own.filter_map(|c| c.age.after).max().unwrap_or_default(),
        };
        let files = candidates.iter().filter(|c| winner.from.map_or(!c.echo, |from| from == c.from));
        let files = files.filter_map(|c| Some((c.last_edit?.file()?.clone(), c.value.clone()))).collect();
        let rivals = winner.rivals.into_iter().cloned().collect();
        // What we once filled in is the record's own since.
        let holds = |c: &&Candidate<'_>| {
            !c.value.is_empty() && rule.takes_for_nothing(c.value, &c.from.system).is_none() && !c.value.says_the_same(&winner.value)
        };
        let fills_only = matches!(strategy, Some(Strategy::Fill(_)));
        let filled = candidates.iter().filter(|_| fills_only).filter(holds).map(|c| c.from.clone()).collect();
        FieldWinner { value: winner.value.into_owned(), typed_after, rivals, filled, files }
    }

    /// Of a field of a group, records keep theirs whole: by a rule that only fills, those that hold anything else of the group; and what counts
    /// for nothing in the record whose group wins is not emptied there.
    pub(super) fn within_group(
        mut self,
        offers: &GroupOffers<'_>,
        from: &RecordId,
        candidates: &[Candidate<'_>],
        fills: bool,
    ) -> FieldWinner {
        if fills {
            self.filled = offers.holding_another(from);
        }
        if self.value.is_empty() && candidates.iter().any(|c| c.from == from && !c.value.is_empty()) {
            self.filled.push(from.clone());
        }
        self
    }

    /// Whether a record is to show it. Not where its own value counts as much and may be the newer one, or the rule only fills and it has one,
    /// nor where somebody emptied just this value, or what the record made of it (`agreed`) or its system makes of such values, and nobody has
    /// surely typed it anywhere since.
    pub fn is_wanted_in(&self, record: &Record, name: &Name, agreed: &[Agreed], habits: &Habits) -> bool {
        let is_form =
            |cleared: &Value| agreed.iter().any(|a| a.field == *name && a.ours.says_the_same(&self.value) && a.theirs == *cleared);
        // Another program may have brought it there, so nothing was ever agreed with the record. In doubt what a person did stands.
        let may_be_form =
            |cleared: &Value| matches!(habits.judge(&record.id.system, name, &self.value, cleared), TakenFor::Form | TakenFor::Doubtful);
        let is_it = |cleared: &Value| {
            cleared.says_the_same(&self.value) || self.value.is_day_begun_at(cleared) || is_form(cleared) || may_be_form(cleared)
        };
        let is_cleared_there = record.cleared(name).is_some_and(is_it) && record.field_of(name).is_some_and(|f| self.typed_after < f.at);
        !is_cleared_there && !self.rivals.contains(&record.id) && !self.filled.contains(&record.id)
    }
}

#[cfg(test)]
mod tests;
