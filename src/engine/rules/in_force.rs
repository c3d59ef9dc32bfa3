//! The rules in force: an edit is weighed against those before it, and waits if it widens.

use super::before;
use super::left_rules::{EditTime, LEFT, LeftRules};
use super::merging::{Merging, StoredMerging};
use super::merging_edits::{EditVerdict, ForeseenEdit, MERGING, MergingEdits};
use super::needs::Needs;
use super::plan_id::plan_id;
use super::rule_sets::{FormerRules, RuleSet, StoredRules, systems_in_force, targets_widen};
use super::shared_mailboxes::link_rules;
use super::two_way::two_way;
use crate::config::Rules;
use crate::decide::rules::HoldRule;
use crate::decide::widening;
use crate::engine::ledger::changes::{Ledger, LedgerError, read_single};
use crate::engine::ledger::items::{decode, encode};
use crate::engine::ledger::kind::Single;
use crate::link::LinkRules;
use crate::model::{Name, Time};
use crate::store::{State, What};
use crate::telemetry::InternalEvent;
use crate::telemetry::config::FormerMergingNotRead;
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use std::collections::BTreeSet;
use std::sync::Arc;

/// The rules in force when the state was committed last, oldest first.
pub(in crate::engine) const RULES: Single<Vec<StoredRules>> = Single::new("rules with permits");

/// Whether some deal or ticket that is known is held by the former expression and not by the new one.
pub type TrueOfFewer<'w> = dyn Fn(&HoldRule, &HoldRule) -> bool + 'w;

/// What the known records say of an edit; `None`: none was read yet, so that the rules have stopped nothing.
pub type KnownRecords<'w> = Option<&'w TrueOfFewer<'w>>;

/// What counts: the rules of the files and, until an edit that widens is approved, those before it.
#[derive(Debug)]
pub struct InForce {
    merging: Merging,
    files: Arc<Rules>,
    /// From before edits that wait, oldest first.
    former: Vec<FormerRules>,
    left: LeftRules,
    /// Of precedence and statuses: other than holds they are not laid one over the other.
    edits: MergingEdits,
    link_rules: LinkRules,
    two_way: BTreeSet<Name>,
    /// What the journal says of the rules that count, by their ids.
    told: Vec<String>,
}

impl InForce {
    /// The rules of the files, and nothing before them.
    pub fn new(files: Arc<Rules>) -> InForce {
        InForce {
            merging: Merging::of(files.clone()),
            two_way: two_way(&files),
            link_rules: link_rules(&files),
            edits: MergingEdits::begin(StoredMerging::of(&files)),
            files,
            former: Vec::new(),
            left: LeftRules::default(),
            told: Vec::new(),
        }
    }

    /// What counts.
    pub fn rules(&self) -> &Arc<Rules> {
        &self.merging.rules
    }

    /// By what people are merged.
    pub fn merging(&self) -> &Merging {
        &self.merging
    }

    /// What the files say.
    pub fn files(&self) -> &Arc<Rules> {
        &self.files
    }

    /// Rules from before edits that wait for `approve`, oldest first.
    pub fn former(&self) -> &[FormerRules] {
        &self.former
    }

    pub fn needs(&self) -> &Needs {
        &self.merging.needs
    }

    /// Whether the values of a field may go round: some system that it is written to is asked for it.
    pub fn may_go_round(&self, field: &Name) -> bool {
        self.two_way.contains(field)
    }

    pub fn link_rules(&self) -> &LinkRules {
        &self.link_rules
    }

    /// The rules that count, oldest first; the last are the files'.
    pub fn rule_sets(&self) -> Vec<RuleSet> {
        self.former.iter().map(|f| f.rules.clone()).chain([RuleSet::of(&self.files)]).collect()
    }

    /// Puts the edited files' rules in the place of those there are. What of them protects counts from now on; what widens waits for
    /// `approve`, with the former rules in force.
    pub fn edit(&mut self, files: Arc<Rules>, known: KnownRecords<'_>, time: EditTime) {
        let counted = self.rule_sets();
        let left = std::mem::replace(&mut self.files, files).version.clone();
        self.edits.follow(StoredMerging::of(&self.files), known.is_some());
        self.weigh_against(left, counted, known, time);
    }

    /// At open: the rules that counted when the last process ended, against those of the files now. Returns whether the files were edited
    /// since.
    ///
    /// `told`: those that counted as the journal has it. Where the state is lost they are weighed in its place, and as nothing is known of what they
    /// held, whatever else an expression may hold is taken to be less.
    pub fn weigh_stored(
        &mut self,
        ledger: &Ledger,
        told: Vec<RuleSet>,
        known: KnownRecords<'_>,
        time: EditTime,
    ) -> Result<bool, LedgerError> {
        self.told = told.iter().map(|set| set.id.clone()).collect();
        let counted = stored(ledger.state())?;
        let is_lost = counted.is_empty() && !told.is_empty();
        let (counted, known): (_, KnownRecords<'_>) = if is_lost { (told, Some(&|_, _| true)) } else { (counted, known) };
        // What another version of this program kept only made an edit ask less.
        let (left, in_force) = match ledger.single_if_readable(LEFT)? {
            Some(kept) => LeftRules::restored(kept, time),
            None => (LeftRules::default(), self.files.version.clone()),
        };
        self.left = left;
        if let Some(text) = ledger.single(MERGING)? {
            match MergingEdits::restored(&text, time.set_back) {
                Ok(edits) => self.edits = edits,
                Err(_) => FormerMergingNotRead.emit(),
            }
        }
        self.edits.follow(StoredMerging::of(&self.files), known.is_some());
        let edited = in_force != self.files.version;
        self.weigh_against(in_force, counted, known, time);
        Ok(edited)
    }

    /// Weighs the files' rules against those that counted under the version that was left; or, if the files are what they were a moment
    /// ago, against what counted then.
    fn weigh_against(&mut self, left: String, counted: Vec<RuleSet>, known: KnownRecords<'_>, time: EditTime) {
        let version = self.files.version.clone();
        let before = if left == version {
            counted
        } else {
            let again = self.left.come_back(&version, time.now);
            self.left.leave(&left, counted.clone(), time);
            again.unwrap_or(counted)
        };
        self.weigh(before, known);
    }

    /// Which of the rules before the edit still count, and from that the rules in force.
    fn weigh(&mut self, before: Vec<RuleSet>, known: KnownRecords<'_>) {
        let new = RuleSet::of(&self.files);
        self.former.clear();
        for rules in before {
            let Some(fewer) = known else { break };
            if rules.id == new.id || self.former.iter().any(|f| f.rules.id == rules.id) {
                continue;
            }
            let widens = what_widens(&rules, &new, &self.files, fewer);
            if !widens.is_empty() {
                self.former.push(FormerRules { rules, widens });
            }
        }
        self.follow();
    }

    /// Lets an edit go that waits: from now on only the files' rules count.
    pub fn accept(&mut self) {
        self.former.clear();
        self.follow();
    }

    /// Makes the rules in force from the files and the former rules.
    fn follow(&mut self) {
        let former: Vec<RuleSet> = self.former.iter().map(|f| f.rules.clone()).collect();
        let mut rules = self.with_merging_that_counts();
        rules.policy = widening::strictest(&rules.policy, former.iter().map(|f| &f.policy));
        rules.systems = systems_in_force(&rules, &former);
        for pattern in former.iter().flat_map(|f| &f.shared_mailboxes) {
            if !rules.shared_mailboxes.contains(pattern) {
                rules.shared_mailboxes.push(pattern.clone());
            }
        }
        self.two_way = two_way(&rules);
        self.link_rules = link_rules(&rules);
        self.merging = Merging::of(Arc::new(rules));
    }

    /// The files' rules; while an edit of precedence or statuses waits, with those from before it.
    fn with_merging_that_counts(&mut self) -> Rules {
        let held = self.edits.held_against().map(|former| former.over(&self.files));
        if let Some(None) = held {
            FormerMergingNotRead.emit();
            self.edits = MergingEdits::begin(StoredMerging::of(&self.files));
        }
        held.flatten().unwrap_or_else(|| (*self.files).clone())
    }

    /// An edit of precedence or statuses of which nobody knows yet how much it rewrites: what it leads to.
    pub fn unweighed(&self) -> Option<Merging> {
        self.edits.is_unweighed().then(|| Merging::of(self.files.clone()))
    }

    /// What becomes of that edit if it rewrites so many values.
    pub(in crate::engine) fn weigh_edit(&self, count: usize, asks: bool, now: Time) -> EditVerdict {
        self.edits.weigh(&StoredMerging::of(&self.files), count, asks, now)
    }

    /// An edit of precedence or statuses that waits.
    pub fn waiting_edit(&self) -> Option<&ForeseenEdit> {
        self.edits.waiting()
    }

    /// It waits from now on: so many values, why, and some of them.
    pub(in crate::engine) fn let_edit_wait(&mut self, count: usize, limit: usize, why: String, samples: Vec<String>) {
        let files = StoredMerging::of(&self.files);
        self.edits.wait(ForeseenEdit { of: files.id(), plan: self.edits.plan(&files), count, limit, why, samples });
    }

    /// From now on the files' precedence and statuses count.
    pub(in crate::engine) fn let_edit_go(&mut self, time: EditTime) {
        self.edits.go(StoredMerging::of(&self.files), time);
        self.follow();
    }

    /// Edits that were shown before they were saved.
    pub(in crate::engine) fn edits_mut(&mut self) -> &mut MergingEdits {
        &mut self.edits
    }

    /// The plan under which an edit to these rules would wait; `None`: precedence and statuses are what they are now.
    pub(in crate::engine) fn plan_of(&self, other: &Rules) -> Option<String> {
        let other = StoredMerging::of(other);
        (!self.edits.counts_already(&other)).then(|| self.edits.plan(&other))
    }

    /// Writes what counts with the next commit: a restart does not widen either.
    pub fn keep(&self, ledger: &mut Ledger) {
        ledger.set(RULES, &self.rule_sets().into_iter().map(|set| set.stored).collect());
        ledger.set(LEFT, &self.left.stored(&self.files.version));
        ledger.set(MERGING, &self.edits.stored());
    }

    /// What the journal is to say of the rules that count; `None`: it says so already.
    pub(in crate::engine) fn take_news(&mut self) -> Option<What> {
        let sets = self.rule_sets();
        let ids: Vec<String> = sets.iter().map(|set| set.id.clone()).collect();
        if ids == self.told {
            return None;
        }
        self.told = ids;
        let stored: Vec<StoredRules> = sets.into_iter().map(|set| set.stored).collect();
        Some(What::RulesCount { form: RULES.key().to_string(), sets: BASE64_STANDARD.encode(encode(&stored)) })
    }

    /// The id of the plan under which an edit waits: another edit makes it another plan.
    pub fn plan(&self) -> Option<String> {
        let new = RuleSet::of(&self.files);
        let ids: Vec<&str> = self.former.iter().map(|f| f.rules.id.as_str()).collect();
        (!ids.is_empty()).then(|| plan_id(&format!("rules\u{1f}{}\u{1f}{}", ids.join("\u{1f}"), new.id)))
    }
}

/// The rules that the state says were in force last, oldest first.
pub fn stored(state: &State) -> Result<Vec<RuleSet>, LedgerError> {
    let sets = match (read_single(state, RULES)?, read_single(state, before::ONE_PERMIT_RULES)?) {
        (Some(sets), _) => sets,
        (None, Some(before)) => before::in_todays_form(before),
        (None, None) => read_single(state, before::RULES)?.map(before::in_todays_form).unwrap_or_default(),
    };
    Ok(sets.into_iter().map(RuleSet::restored).collect())
}

/// The rules that a line of the journal says counted; none where it is in a form that this version does not read.
pub(in crate::engine) fn told(form: &str, sets: &str) -> Vec<RuleSet> {
    let bytes = BASE64_STANDARD.decode(sets).ok().filter(|_| form == RULES.key());
    let sets: Vec<StoredRules> = bytes.and_then(|bytes| decode("of the rules that count", &bytes).ok()).unwrap_or_default();
    sets.into_iter().map(RuleSet::restored).collect()
}

fn what_widens(former: &RuleSet, new: &RuleSet, files: &Rules, fewer: &TrueOfFewer<'_>) -> Vec<String> {
    let mut said = widening::widens(&former.policy, &new.policy, &|old, new| fewer(old, new));
    said.extend(widening::consent_widens(&former.consent, &new.consent));
    for pattern in former.shared_mailboxes.iter().filter(|p| !new.shared_mailboxes.contains(p)) {
        said.push(format!("systems.toml: [link] {pattern} is no shared mailbox any more: people under it may be joined"));
    }
    said.extend(targets_widen(former, new, files));
    said
}

#[cfg(test)]
pub(in crate::engine) mod tests;
