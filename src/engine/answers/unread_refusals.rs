//! Opt-out fields that show what is neither known as a no nor as none.
//!
//! Whoever's record shows such a value is held (`refusal_unread`): they may have said no. No refusal is recorded, as a word that turns out
//! to be harmless could not be taken back. The hold ends when the record is read again and its value is known by then.

use crate::connector::{Shown, WatchedField};
use crate::engine::engine::Engine;
use crate::engine::memory::place::Idx;
use crate::engine::proofs::pass_run::PassRun;
use crate::model::{Name, Record, ShortText, counted};
use std::collections::BTreeMap;

/// So many records, and this share of a stream, are a word of its own and no slip of somebody's hand.
const FEW_RECORDS: usize = 20;
const FEW_PER_CENT: usize = 1;
/// Values that are told of one stream.
const VALUES_TOLD_MAX: usize = 8;

/// The values of one stream that nobody knows to read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnreadWords {
    pub system: Name,
    pub stream: Name,
    /// Records that show one.
    pub bearers: usize,
    /// All records of the stream.
    pub of: usize,
    /// Each value and how many show it, the most frequent first.
    pub values: Vec<(ShortText, usize)>,
}

impl UnreadWords {
    /// Whether they are too many to be left to a hold.
    pub fn are_many(&self) -> bool {
        self.bearers > FEW_RECORDS && self.bearers * 100 > self.of * FEW_PER_CENT
    }

    /// What is so, and what to do.
    pub fn told(&self) -> String {
        let UnreadWords { system, stream, bearers, of, .. } = self;
        let told: Vec<String> = self.values.iter().take(VALUES_TOLD_MAX).map(|(value, count)| format!("{value:?} ({count})")).collect();
        let more = match self.values.len().saturating_sub(VALUES_TOLD_MAX) {
            0 => String::new(),
            more => format!(" and {more} other values"),
        };
        format!(
            "{system}.{stream}: {bearers} of {} {} in an opt-out field what is neither yes nor no: {}{more}. Whoever shows it is held \
             (refusal_unread). Say what it means in [systems.{system}] of systems.toml: {}",
            counted(*of, "record", "records"),
            if *bearers == 1 { "shows" } else { "show" },
            told.join(", "),
            self.form()
        )
    }

    /// The line for systems.toml.
    fn form(&self) -> String {
        let words: Vec<String> = self.values.iter().take(VALUES_TOLD_MAX).map(|(value, _)| format!("{value:?} = \"no\"")).collect();
        format!("refusal_words = {{ {} }}, with \"fine\" for what is no refusal", words.join(", "))
    }
}

impl Engine {
    /// All values that nobody knows to read, by stream.
    pub fn unread_words(&self) -> Vec<UnreadWords> {
        let mut streams: BTreeMap<(Name, Name), (usize, BTreeMap<ShortText, usize>)> = BTreeMap::new();
        for (idx, values) in self.world.unread_refusals() {
            let slot = self.world.slot(*idx);
            if self.world.record(*idx).is_gone() {
                continue;
            }
            let (bearers, counts) = streams.entry((slot.id.system.clone(), slot.stream.clone())).or_default();
            *bearers += 1;
            for value in values {
                *counts.entry(value.clone()).or_default() += 1;
            }
        }
        let told = streams.into_iter().map(|((system, stream), (bearers, counts))| {
            let mut values: Vec<(ShortText, usize)> = counts.into_iter().collect();
            values.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
            let of = self.world.listed(&system, &stream);
            UnreadWords { system, stream, bearers, of, values }
        });
        told.collect()
    }

    /// Leaves out of a record that was read what it is said to lack as long as no other row of the pass shows it either: then the pass is in
    /// doubt, and not each person. What was known of it stays.
    pub(in crate::engine) fn weigh_lacking(&self, run: &mut PassRun, found: Option<Idx>, new: &mut Record) {
        if !run.lacking.is_empty() {
            run.lacking.remove(&new.id);
        }
        if new.unread_refusals.is_empty() {
            return;
        }
        let unseen = self.fields_not_there(&run.system, &run.stream, Some(run.shown));
        let left_out = self.leave_out(&unseen, found, new);
        if !left_out.is_empty() {
            run.lacking.insert(new.id.clone(), left_out);
        }
    }

    /// The same for a record that was read by its id, without others beside it.
    pub(in crate::engine) fn leave_out_lacking(&self, idx: Idx, new: &mut Record) {
        if !new.unread_refusals.is_empty() {
            let all = self.fields_not_there(&new.id.system, &self.world.slot(idx).stream, None);
            self.leave_out(&all, Some(idx), new);
        }
    }

    fn leave_out(&self, words: &[ShortText], found: Option<Idx>, new: &mut Record) -> Vec<ShortText> {
        let known = found.filter(|_| !words.is_empty()).map(|idx| self.world.record(idx).unread_refusals).unwrap_or_default();
        let (left_out, kept) = new.unread_refusals.drain(..).partition(|word| words.contains(word) && !known.contains(word));
        new.unread_refusals = kept;
        left_out
    }

    /// What records show that lack an opt-out field: of those that no row showed, or of all.
    fn fields_not_there(&self, system: &Name, stream: &Name, shown: Option<Shown>) -> Vec<ShortText> {
        let info = self.stream_info(system, stream);
        let Some(watched) = info.map(|i| &i.watched) else { return Vec::new() };
        let word = |f: &WatchedField| f.shows_refusals().then(|| f.not_there());
        match shown {
            Some(shown) => shown.missing(watched).filter_map(word).collect(),
            None => watched.iter().filter_map(word).collect(),
        }
    }

    /// After a page: records from before that lack what others were seen to show by now.
    pub(in crate::engine) fn hold_lacking(&mut self, run: &mut PassRun) {
        if run.lacking.is_empty() {
            return;
        }
        let unseen = self.fields_not_there(&run.system, &run.stream, Some(run.shown));
        for (id, words) in std::mem::take(&mut run.lacking) {
            let (wait, lacks): (Vec<ShortText>, Vec<ShortText>) = words.into_iter().partition(|word| unseen.contains(word));
            if let Some(idx) = self.world.find(&id).filter(|_| !lacks.is_empty()) {
                let mut record = self.world.record(idx);
                record.unread_refusals.extend(lacks);
                record.unread_refusals.sort();
                record.unread_refusals.dedup();
                self.keep_record(run.stream.clone(), &record);
                self.mark(idx, &record);
            }
            if !wait.is_empty() {
                run.lacking.insert(id, wait);
            }
        }
    }

    /// What must be said of opt-out words before anything may be approved whole.
    pub fn words_to_teach(&self) -> Option<String> {
        self.unread_words().iter().find(|words| words.are_many()).map(UnreadWords::told)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(bearers: usize, of: usize) -> UnreadWords {
        UnreadWords {
            system: "crm".into(),
            stream: "people".into(),
            bearers,
            of,
            values: vec![("希望する".into(), bearers - 1), ("検討中".into(), 1)],
        }
    }

    #[test]
    fn more_than_twenty_and_more_than_one_in_a_hundred_are_many() {
        for (bearers, of, many) in [(20, 100, false), (21, 100, true), (21, 2100, false), (22, 2100, true), (1_000, 100_000, false)] {
            assert_eq!(words(bearers, of).are_many(), many, "{bearers} of {of}");
        }
    }

    #[test]
    fn they_are_told_with_values_and_numbers_and_what_to_write() {
        let told = words(30, 100).told();
        assert!(told.contains("30 of 100 records") && told.contains("\"希望する\" (29)") && told.contains("\"検討中\" (1)"), "{told}");
        assert!(told.contains("refusal_words = { \"希望する\" = \"no\", \"検討中\" = \"no\" }"), "{told}");
    }
}
