//! What systems make of values of ours, learnt from what they showed: cut, in another case, escaped, rounded.
//!
//! A value that differs from ours at the first look after our write is the system's doing, or a person was quicker than we. To take a person's
//! word for a form of ours lets our next value overwrite it; to take a form for a person's word lets it flow back over the source. One record
//! alone cannot tell the two apart, others can: a machine does the same to every value, a person to one. So of each field of each system it is
//! counted on how many *different* values something was done, and whether some value was kept that it would have changed:
//!
//! - done to [`SEVERAL`], and nothing kept that speaks against it: it is the system's form, and nobody's word;
//! - not done to so many, and something kept that speaks against it: a person typed it, and it counts as such;
//! - neither: it is in doubt. It flows nowhere, as if it were ours; and where a person's word would go before what is wanted now, nothing is
//!   written over it, as if it were theirs. Nothing is lost either way, and as nothing is written for it, writing stops at once. The doubt ends
//!   with the next values that the system shows, and both ends are decided anew then.
//!
//! What is none of the things that systems are known to do may be one that nobody knows: what may have been made of our value
//! (`unknown_forms`) is in doubt, too, and stays so. What is nothing like it is somebody's own.
//!
//! A field in which only one or two values were ever changed so stays in doubt; what is wanted reaches it again once something else is shown
//! there, or where its system ranks below what is wanted. Nothing of this lies in the state: the values that were agreed tell it again at open,
//! except that what was in doubt then is only ever cleared up in favour of the system, as it may have been believed by other rules.

use super::digest::digest;
use super::made::{CutAt, Transform, Transformed, is_in, lengths};
use super::unknown_forms::may_be_made_of;
use super::value_forms::{decimals, number};
use crate::engine::memory::place::Idx;
use crate::model::normal::html::{is_escapable, unescape};
use crate::model::{Name, Value};
use std::collections::{BTreeMap, BTreeSet};

/// On so many different values something was done by no person.
pub const SEVERAL: usize = 3;

/// Places where texts were cut that are remembered of a field.
const CUTS_MAX: usize = 16;

/// Records in doubt that are remembered of a field; of more the doubt ends when they are looked at for another reason.
const DOUBTFUL_MAX: usize = 1_000;

/// What a value is that a system shows in place of ours.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TakenFor {
    /// Ours, as the system keeps it.
    Form,
    /// The one or the other.
    Doubtful,
    /// A form of ours that the system does not make: somebody's own.
    Typed,
    /// No form of ours that systems are known to make: another value.
    Other,
}

/// What a system showed of our value at the first look after it was written.
#[derive(Debug, Clone, PartialEq)]
pub struct Sighting {
    pub field: Name,
    pub ours: Value,
    pub shown: Value,
}

/// What came of a sighting.
#[derive(Debug, Default, PartialEq)]
pub struct Learnt {
    /// Records of which it may be clear now whose word they show.
    pub doubtful: Vec<Idx>,
    /// Values may be judged otherwise than before.
    pub is_news: bool,
}

/// All that was learnt, by system and field.
#[derive(Debug, Clone, Default)]
pub struct Habits(BTreeMap<Name, BTreeMap<Name, FieldHabits>>);

/// One field of one system.
#[derive(Debug, Clone, Default)]
struct FieldHabits {
    /// By what was done, the different values (digests of them), as many as count.
    done: BTreeMap<Transform, BTreeSet<u64>>,
    cuts: BTreeMap<u64, CutAt>,
    escaped: BTreeSet<u64>,
    kept: Unchanged,
    doubtful: BTreeSet<Idx>,
}

/// How much is known of a field: what is judged changes only with it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct LearntSoFar {
    done: usize,
    cuts: usize,
    escaped: usize,
    against: usize,
    longest: [usize; 3],
    decimals: u8,
    signs_to_escape: bool,
}

/// What of our values was kept as it was.
#[derive(Debug, Clone, Default)]
struct Unchanged {
    /// Things that would have been changed.
    against: BTreeSet<Transform>,
    /// The longest text, in each measure.
    longest: [usize; 3],
    decimals: u8,
    signs_to_escape: bool,
}

impl Habits {
    /// What a system shows in place of a value of ours that was written there, before anybody was seen to type anything.
    pub fn judge_shown(&self, system: &Name, field: &Name, ours: &Value, shown: &Value) -> TakenFor {
        match self.judge(system, field, ours, shown) {
            TakenFor::Other => judge_unknown(ours, shown),
            taken => taken,
        }
    }

    /// Whether a value is another one, or a form of it that systems are known to make.
    pub fn judge(&self, system: &Name, field: &Name, ours: &Value, shown: &Value) -> TakenFor {
        if ours == shown {
            return TakenFor::Form;
        }
        let Some(made) = Transformed::of(ours, shown) else { return TakenFor::Other };
        match self.of(system, field) {
            Some(habits) => habits.judge(&made),
            None => FieldHabits::default().judge(&made),
        }
    }

    /// Whether a system shows signs of a field as HTML's entities: what people type there means the signs.
    pub fn escapes(&self, system: &Name, field: &Name) -> bool {
        self.of(system, field).is_some_and(|habits| habits.escaped.len() >= SEVERAL && !habits.kept.signs_to_escape)
    }

    fn of(&self, system: &Name, field: &Name) -> Option<&FieldHabits> {
        self.0.get(system)?.get(field)
    }

    /// Takes in what a record showed.
    pub fn see(&mut self, system: &Name, idx: Idx, seen: &Sighting) -> Learnt {
        let habits = self.0.entry(system.clone()).or_default().entry(seen.field.clone()).or_default();
        let before = habits.so_far();
        if !habits.take_in(idx, seen) {
            return Learnt::default();
        }
        Learnt { doubtful: habits.doubtful.iter().copied().collect(), is_news: habits.so_far() != before }
    }

    /// There is no doubt about a record any more.
    pub fn is_clear(&mut self, system: &Name, field: &Name, idx: Idx) {
        if let Some(habits) = self.0.get_mut(system).and_then(|fields| fields.get_mut(field)) {
            habits.doubtful.remove(&idx);
        }
    }

    /// Takes in what was agreed with a record before this process began. Who was in doubt then is still, or again until the next is seen.
    pub fn restore(&mut self, system: &Name, idx: Idx, known: &Sighting) {
        let habits = self.0.entry(system.clone()).or_default().entry(known.field.clone()).or_default();
        habits.take_in(idx, known);
    }

    /// Another instance stands behind the name.
    pub fn forget(&mut self, system: &Name) {
        self.0.remove(system);
    }
}

impl FieldHabits {
    fn so_far(&self) -> LearntSoFar {
        let Unchanged { against, longest, decimals, signs_to_escape } = &self.kept;
        LearntSoFar {
            done: self.done.values().map(BTreeSet::len).sum(),
            cuts: self.cuts.len(),
            escaped: self.escaped.len(),
            against: against.len(),
            longest: *longest,
            decimals: *decimals,
            signs_to_escape: *signs_to_escape,
        }
    }

    /// Learns from what a record shows, and notes whether it is in doubt. False: nobody can learn from it.
    fn take_in(&mut self, idx: Idx, seen: &Sighting) -> bool {
        let Some(made) = self.learn(idx, &seen.ours, &seen.shown) else { return false };
        // Of a form that nobody knows the doubt never ends.
        if self.judge(&made) == TakenFor::Doubtful && self.doubtful.len() < DOUBTFUL_MAX {
            self.doubtful.insert(idx);
        }
        true
    }

    /// Learns from one value. `None`: nobody can learn from it, as no system made this of it.
    fn learn(&mut self, idx: Idx, ours: &Value, shown: &Value) -> Option<Transformed> {
        let made = Transformed::of(ours, shown)?;
        // What is empty is the same everywhere: there the records count.
        let value = if ours.is_empty() { digest(&idx) } else { digest(&ours.to_string()) };
        for transform in &made.by {
            let values = self.done.entry(*transform).or_default();
            if values.len() < SEVERAL {
                values.insert(value);
            }
        }
        if let Some(cut_at) = &made.cut_at
            && self.cuts.len() < CUTS_MAX
        {
            self.cuts.insert(value, cut_at.clone());
        }
        // Whatever else was done to it.
        if let (Value::Text(ours), Value::Text(shown)) = (ours, shown)
            && self.escaped.len() < SEVERAL
            && is_escapable(ours)
            && has_no_entities(ours)
            && !has_no_entities(shown)
        {
            self.escaped.insert(value);
        }
        self.kept.see(shown, ours == shown, &made);
        Some(made)
    }

    fn judge(&self, made: &Transformed) -> TakenFor {
        let mut in_doubt = false;
        for transform in &made.by {
            let cut_at = made.cut_at.as_ref().filter(|_| *transform == Transform::Cuts);
            let (done, against) = match cut_at {
                Some(cut_at) => self.judge_cut(cut_at),
                None => (self.done.get(transform).map_or(0, BTreeSet::len), self.kept.speaks_against(*transform)),
            };
            match (done >= SEVERAL, against) {
                (false, true) => return TakenFor::Typed,
                (true, false) => {}
                (true, true) | (false, false) => in_doubt = true,
            }
        }
        if in_doubt { TakenFor::Doubtful } else { TakenFor::Form }
    }

    /// How many different texts were cut at the same length in some measure, and whether something longer was kept in each.
    fn judge_cut(&self, cut_at: &CutAt) -> (usize, bool) {
        let mut most = 0;
        for (measure, at) in cut_at.iter().enumerate() {
            // Ranges that have a length in common have the beginning of one of them in common.
            let begins = self.cuts.values().map(|cut| *cut[measure].start()).chain([*at.start()]);
            let in_common = |length: usize| self.cuts.values().filter(|cut| cut[measure].contains(&length)).count();
            most = most.max(begins.filter(|length| at.contains(length)).map(in_common).max().unwrap_or(0));
        }
        let longer_was_kept = cut_at.iter().zip(self.kept.longest).all(|(at, longest)| longest > *at.end());
        (most, longer_was_kept)
    }
}

impl Unchanged {
    /// Takes in a value that was shown, and what was done to it; `exactly`: nothing at all.
    fn see(&mut self, shown: &Value, exactly: bool, made: &Transformed) {
        match shown {
            _ if !made.by.is_empty() && !matches!(shown, Value::Text(_)) => {}
            Value::Empty => drop(self.against.insert(Transform::WordForNothing)),
            Value::List(entries) if entries.len() > 1 => drop(self.against.insert(Transform::Joins)),
            Value::Text(text) => {
                let cases = [Transform::LowerCase, Transform::UpperCase, Transform::TitleCase, Transform::SentenceCase];
                if cases.iter().all(|case| !made.by.contains(case)) {
                    self.against.extend(cases.into_iter().filter(|case| !is_in(*case, text)));
                }
                if exactly && text.contains(|c: char| c.is_ascii_punctuation()) {
                    self.against.insert(Transform::DropsSigns);
                }
                self.signs_to_escape |= text.contains('&') && has_no_entities(text);
                if !made.by.contains(&Transform::Cuts) {
                    let lengths = lengths(text);
                    self.longest = [0, 1, 2].map(|measure| self.longest[measure].max(lengths[measure]));
                }
            }
            Value::Int(_) | Value::Number(_) => self.decimals = self.decimals.max(number(shown).map_or(0, decimals)),
            _ => {}
        }
    }

    fn speaks_against(&self, transform: Transform) -> bool {
        match transform {
            Transform::Decimals(so_many) => self.decimals > so_many,
            // Something may have been written in the system's own way from the first.
            Transform::OtherSigns | Transform::Cuts => false,
            _ => self.against.contains(&transform),
        }
    }
}

/// What is shown is none of the things that systems are known to make of ours.
fn judge_unknown(ours: &Value, shown: &Value) -> TakenFor {
    match ours.as_text().zip(shown.as_text()).is_some_and(|(ours, shown)| may_be_made_of(ours, shown)) {
        true => TakenFor::Doubtful,
        false => TakenFor::Other,
    }
}

fn has_no_entities(text: &str) -> bool {
    unescape(text) == text
}

#[cfg(test)]
mod tests;
