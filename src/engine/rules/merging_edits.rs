//! Edits of precedence.toml and `[status]`: which rules count until an edit that rewrites much is let go, and which were let go before. Pure.

use super::left_rules::EditTime;
use super::merging::StoredMerging;
use super::plan_id::edit_id;
use crate::engine::ledger::kind::Single;
use crate::model::{Span, Time};
use serde::{Deserialize, Serialize};

/// How the state keeps them: as JSON, so that a later version may add to it.
pub(in crate::engine) const MERGING: Single<String> = Single::new("merging");

/// An edit that was let go may be taken back for so long without a question.
const TAKEN_BACK_WITHIN: Span = Span::minutes(60);
/// So many edits that were shown are remembered; a new one takes the place of the oldest.
const SHOWN_MAX: usize = 20;
/// An edit that was approved before it was saved may grow by less than this part of it.
const MAY_GROW_BY: usize = 10;

/// What counts, and what became of edits of it.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub(in crate::engine) struct MergingEdits {
    /// By these everyone is merged.
    counts: StoredMerging,
    standing: EditStanding,
    /// What counted until lately, by id.
    left: Vec<LeftMerging>,
    shown: Vec<ShownEdit>,
}

/// Where the rules of the files stand.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
enum EditStanding {
    /// They are those that count.
    #[default]
    InForce,
    /// How much they would rewrite is not known yet. Until then those from before count.
    Unweighed,
    Waits(ForeseenEdit),
}

/// An edit that waits for a person's word.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ForeseenEdit {
    /// The id of the rules that it leads to.
    pub(in crate::engine) of: String,
    pub plan: String,
    /// Values that would be rewritten, or, where these are few, filled in.
    pub count: usize,
    pub limit: usize,
    /// Rule, file, line and numbers.
    pub why: String,
    pub samples: Vec<String>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct LeftMerging {
    id: String,
    at: Time,
}

/// An edit that `plan --rules` showed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct ShownEdit {
    plan: String,
    count: usize,
    at: Time,
    approved: bool,
}

/// What becomes of an edit whose numbers are known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::engine) enum EditVerdict {
    /// It is so small that nobody is asked.
    IsSmall,
    /// A person let it go before, or takes it back: what it rewrites is let go with it.
    WasAgreedTo,
    Waits,
}

impl MergingEdits {
    /// The rules of the files count.
    pub(super) fn begin(files: StoredMerging) -> MergingEdits {
        MergingEdits { counts: files, ..MergingEdits::default() }
    }

    /// Takes the files' rules. `weighs`: people are known whom they may rewrite.
    pub(super) fn follow(&mut self, files: StoredMerging, weighs: bool) {
        let id = files.id();
        if !weighs || id == self.counts.id() {
            (self.counts, self.standing) = (files, EditStanding::InForce);
        } else if self.waiting().is_none_or(|waits| waits.of != id) {
            self.standing = EditStanding::Unweighed;
        }
    }

    /// The rules that count in place of the files'.
    pub(super) fn held_against(&self) -> Option<&StoredMerging> {
        (self.standing != EditStanding::InForce).then_some(&self.counts)
    }

    pub(in crate::engine) fn is_unweighed(&self) -> bool {
        self.standing == EditStanding::Unweighed
    }

    pub(in crate::engine) fn waiting(&self) -> Option<&ForeseenEdit> {
        if let EditStanding::Waits(edit) = &self.standing { Some(edit) } else { None }
    }

    /// The plan under which an edit from what counts to these rules waits.
    pub(in crate::engine) fn plan(&self, to: &StoredMerging) -> String {
        edit_id(&self.counts.id(), &to.id())
    }

    /// Whether the rules are those that count.
    pub(in crate::engine) fn counts_already(&self, rules: &StoredMerging) -> bool {
        self.counts.id() == rules.id()
    }

    /// What becomes of an edit that rewrites so many values. `asks`: they are too many to go unasked.
    pub(in crate::engine) fn weigh(&self, to: &StoredMerging, count: usize, asks: bool, now: Time) -> EditVerdict {
        let (id, plan) = (to.id(), self.plan(to));
        let is_taken_back = self.left.iter().any(|left| left.id == id && left.is_of_lately(now));
        let approved = self.shown.iter().find(|shown| shown.plan == plan && shown.approved);
        let grew_little = approved.is_some_and(|shown| count.saturating_sub(shown.count) * MAY_GROW_BY < shown.count.max(1));
        match (is_taken_back || grew_little, asks) {
            (true, _) => EditVerdict::WasAgreedTo,
            (false, false) => EditVerdict::IsSmall,
            (false, true) => EditVerdict::Waits,
        }
    }

    /// The edit waits from now on.
    pub(in crate::engine) fn wait(&mut self, edit: ForeseenEdit) {
        self.standing = EditStanding::Waits(edit);
    }

    /// The files' rules count from now on.
    pub(super) fn go(&mut self, files: StoredMerging, time: EditTime) {
        let plan = self.plan(&files);
        self.shown.retain(|shown| shown.plan != plan);
        self.left.retain(|left| left.is_of_lately(time.now));
        self.left.push(LeftMerging { id: self.counts.id(), at: time.sure });
        (self.counts, self.standing) = (files, EditStanding::InForce);
    }

    /// Remembers that an edit was shown before it was saved. One that was approved stays so only if it is the same.
    pub(in crate::engine) fn show(&mut self, plan: &str, count: usize, now: Time) {
        if self.shown.iter().any(|shown| shown.plan == plan && shown.approved) {
            return;
        }
        self.shown.retain(|shown| shown.plan != plan);
        if self.shown.len() >= SHOWN_MAX {
            let oldest = self.shown.iter().enumerate().min_by_key(|(_, shown)| shown.at).map_or(0, |(place, _)| place);
            self.shown.remove(oldest);
        }
        self.shown.push(ShownEdit { plan: plan.to_string(), count, at: now, approved: false });
    }

    /// Takes a person's word for an edit that was shown and is not saved yet; how many values it was shown with.
    pub(in crate::engine) fn approve_shown(&mut self, plan: &str) -> Option<usize> {
        let shown = self.shown.iter_mut().find(|shown| shown.plan == plan)?;
        shown.approved = true;
        Some(shown.count)
    }

    /// As it is kept.
    pub(super) fn stored(&self) -> String {
        match serde_json::to_string(self) {
            Ok(text) => text,
            Err(error) => unreachable!("plain data with texts for keys is always JSON: {error}"),
        }
    }

    /// Out of the state. By as much as our clock is known to have been set back, all is longer ago.
    pub(super) fn restored(text: &str, set_back: Span) -> Result<MergingEdits, serde_json::Error> {
        let mut edits: MergingEdits = serde_json::from_str(text)?;
        edits.left.iter_mut().for_each(|left| left.at = left.at.minus(set_back));
        Ok(edits)
    }
}

impl LeftMerging {
    /// By a clock that was set back since nobody can tell how long ago it was, and then it was not lately.
    fn is_of_lately(&self, now: Time) -> bool {
        self.at <= now && now.since(self.at) <= TAKEN_BACK_WITHIN
    }
}

#[cfg(test)]
mod tests {
    use super::super::merging::tests::merging;
    use super::*;

    fn title(of: &str) -> StoredMerging {
        StoredMerging::of(&merging("a", &[("title", &[of], None)], &[]))
    }

    fn minutes(minutes: i64) -> Time {
        Time(0).plus(Span::minutes(minutes))
    }

    fn waits(edits: &MergingEdits, to: &StoredMerging) -> ForeseenEdit {
        ForeseenEdit { of: to.id(), plan: edits.plan(to), count: 600, limit: 50, why: String::new(), samples: Vec::new() }
    }

    #[test]
    fn the_rules_from_before_count_until_the_edit_goes_also_after_a_restart() {
        let mut edits = MergingEdits::begin(title("crm"));
        edits.follow(title("ma"), true);
        assert!(edits.is_unweighed() && edits.held_against() == Some(&title("crm")));
        let waiting = waits(&edits, &title("ma"));
        edits.wait(waiting.clone());
        let mut edits = MergingEdits::restored(&edits.stored(), Span::ZERO).unwrap();
        edits.follow(title("ma"), true);
        assert_eq!((edits.waiting(), edits.held_against()), (Some(&waiting), Some(&title("crm"))), "it is not weighed again");
        edits.follow(title("support"), true);
        assert!(edits.is_unweighed() && edits.plan(&title("support")) != waiting.plan, "another edit is another plan");
        edits.follow(title("crm"), true);
        assert!(edits.held_against().is_none(), "one that is taken back while it waits is none");
        edits.follow(title("ma"), true);
        edits.go(title("ma"), EditTime::at(minutes(1)));
        assert!(edits.held_against().is_none() && edits.counts_already(&title("ma")));
        edits.follow(title("support"), false);
        assert!(edits.held_against().is_none(), "nobody is known whom it may rewrite");
    }

    #[test]
    fn an_edit_that_was_let_go_is_taken_back_within_the_hour_without_a_question() {
        let mut edits = MergingEdits::begin(title("crm"));
        edits.follow(title("ma"), true);
        edits.go(title("ma"), EditTime { sure: minutes(10), ..EditTime::at(minutes(30)) });
        let again = MergingEdits::restored(&edits.stored(), Span::minutes(30)).unwrap();
        for (edits, now, to, verdict) in [
            (&edits, 70, "crm", EditVerdict::WasAgreedTo),
            (&edits, 71, "crm", EditVerdict::Waits),
            (&edits, 9, "crm", EditVerdict::Waits),
            (&edits, 20, "support", EditVerdict::Waits),
            (&again, 40, "crm", EditVerdict::WasAgreedTo),
            (&again, 41, "crm", EditVerdict::Waits),
        ] {
            assert_eq!(edits.weigh(&title(to), 600, true, minutes(now)), verdict, "{to} after {now} minutes");
        }
        assert_eq!(edits.weigh(&title("support"), 3, false, minutes(20)), EditVerdict::IsSmall);
    }

    #[test]
    fn an_edit_approved_before_it_is_saved_goes_unless_it_grew_by_a_tenth() {
        let mut edits = MergingEdits::begin(title("crm"));
        let plan = edits.plan(&title("ma"));
        assert_eq!(edits.approve_shown(&plan), None, "it was not shown");
        edits.show(&plan, 600, minutes(0));
        assert_eq!(edits.weigh(&title("ma"), 600, true, minutes(1)), EditVerdict::Waits, "it was only shown");
        assert_eq!(edits.approve_shown(&plan), Some(600));
        edits.show(&plan, 900, minutes(1));
        for (count, verdict) in
            [(10, EditVerdict::WasAgreedTo), (659, EditVerdict::WasAgreedTo), (660, EditVerdict::Waits), (900, EditVerdict::Waits)]
        {
            assert_eq!(edits.weigh(&title("ma"), count, true, minutes(1)), verdict, "{count}");
        }
        assert_eq!(edits.weigh(&title("support"), 600, true, minutes(1)), EditVerdict::Waits, "another text");
        edits.follow(title("support"), true);
        edits.go(title("support"), EditTime::at(minutes(2)));
        assert_eq!(edits.weigh(&title("ma"), 600, true, minutes(3)), EditVerdict::Waits, "it was shown against other rules");
    }

    #[test]
    fn of_many_that_were_shown_the_oldest_is_forgotten() {
        let mut edits = MergingEdits::begin(title("crm"));
        (0..=SHOWN_MAX as i64).for_each(|at| edits.show(&format!("e_{at}"), 1, minutes(at)));
        assert_eq!((edits.shown.len(), edits.approve_shown("e_0"), edits.approve_shown("e_1")), (SHOWN_MAX, None, Some(1)));
    }
}
