//! A person's word: first contact with a system, and plans that wait.

use crate::config::WritesAllowed;
use crate::connector::Lane;
use crate::decide::ratchet::{Held, Kept};
use crate::decide::standing::HoldNow;
use crate::engine::engine::Engine;
use crate::engine::error::Error;
use crate::engine::history::undo;
use crate::engine::intake::doubts::LET_GO;
use crate::engine::memory::place::Idx;
use crate::engine::rules::approval::APPROVAL;
use crate::engine::rules::approval::Approval;
use crate::engine::target::Op;
use crate::model::companies::companies_of;
use crate::model::{Name, Record, RecordId, Time};
use crate::store::{ApprovalScope, Cause, What};
use crate::telemetry::InternalEvent;
use crate::telemetry::identity::InstanceSaidToBeMoved;
use serde::{Deserialize, Serialize};
use std::fmt;

/// What an approval did.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Approved {
    pub approved: String,
    pub scope: String,
    pub count: usize,
}

/// Why something could not be approved.
#[derive(Debug, thiserror::Error)]
pub enum ApprovalRefused {
    #[error("{0:?} is neither a system that is written to nor a plan that waits{1}; `nayose plan` lists both")]
    Unknown(String, DidYouMean),
    #[error("{0:?} is no system of systems.toml{1}; --moved is said of a system")]
    NoSystem(String, DidYouMean),
    #[error(
        "{0} is the instance that was approved, or one that was approved since; --moved is for one that was found at another address and is not approved yet"
    )]
    NotMoved(Name),
    #[error("{0} is only read: systems.toml has no `writes` for it, so there is nothing to approve")]
    ReadOnly(Name),
    #[error(
        "{words}. Until then {system} cannot be approved: that many people would be held on a word that nobody has explained; \
             `nayose approve {system} --holds` lets protective writes go"
    )]
    UnreadWords { system: Name, words: String },
    #[error("everything is being read anew; no plan can be approved before that is done (`nayose status` shows what is left)")]
    Rebuilding,
    #[error(transparent)]
    Undo(undo::UndoRefused),
    #[error(transparent)]
    State(#[from] Error),
}

/// A name that differs only in small and capital letters, or none: to approve what is merely spelt alike would be another approval.
#[derive(Debug, Default)]
pub struct DidYouMean(Option<String>);

impl DidYouMean {
    fn among<'a>(names: impl IntoIterator<Item = &'a str>, said: &str) -> DidYouMean {
        DidYouMean(names.into_iter().find(|name| name.to_lowercase() == said.to_lowercase()).map(String::from))
    }
}

impl fmt::Display for DidYouMean {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.as_ref().map_or(Ok(()), |name| write!(f, "; did you mean {name:?}?"))
    }
}

impl Engine {
    /// Takes a person's word that a system is the same instance at a new address: what was approved, agreed and marked there counts on.
    pub fn approve_moved(&mut self, what: &str, now: Time) -> Result<Approved, ApprovalRefused> {
        let Some(system) = self.systems.keys().find(|name| ***name == *what).cloned() else {
            return Err(ApprovalRefused::NoSystem(what.to_string(), self.did_you_mean(what)));
        };
        let Some(instance) = self.say_moved(&system, now)? else { return Err(ApprovalRefused::NotMoved(system)) };
        InstanceSaidToBeMoved { system: &system, instance: &instance }.emit();
        self.commit()?;
        let count = self.systems.get(&system).map_or(0, |s| s.outbox.len());
        Ok(Approved { approved: what.into(), scope: "moved".into(), count })
    }

    /// Approves a system (`holds`: protective writes only) or a waiting plan, `by` a person's word.
    pub fn approve(&mut self, what: &str, holds: bool, by: &str, now: Time) -> Result<Approved, ApprovalRefused> {
        let untaught = self.words_to_teach();
        if let Some(system) = self.systems.named_mut(what) {
            let before = system.approved;
            let granted = granted(what, &system.connected.config().writes, before, holds, untaught)?;
            system.approved = Some(granted);
            let count = match granted {
                Approval::Holds => system.outbox.in_lane(Lane::Protective).count(),
                Approval::All => system.outbox.len(),
            };
            if system.approved > before {
                // A mass of first writes is what `plan` showed. What joins later counts.
                let ops: &[Op] = if holds { &[Op::Hold] } else { &Op::ALL };
                self.grant_first_contact(&what.into(), ops);
            }
            // Of a system that was approved for all, a later word for less takes nothing back.
            let (scope, noted) = match granted {
                Approval::Holds => ("holds", ApprovalScope::Holds),
                Approval::All => ("all", ApprovalScope::All),
            };
            self.ledger.journal(now, What::FirstContact { system: what.into(), scope: noted, by: by.into() });
            self.ledger.put(APPROVAL, what.as_bytes().to_vec(), &granted);
            self.commit()?;
            return Ok(Approved { approved: what.into(), scope: scope.into(), count });
        }
        if self.rebuilding.is_some() {
            return Err(ApprovalRefused::Rebuilding);
        }
        self.approve_plan(what, by, now)
    }

    fn did_you_mean(&self, said: &str) -> DidYouMean {
        let waiting = self.waiting();
        DidYouMean::among(self.systems.keys().map(|name| &**name).chain(waiting.iter().map(|w| w.plan.as_str())), said)
    }

    fn approve_plan(&mut self, plan: &str, by: &str, now: Time) -> Result<Approved, ApprovalRefused> {
        if let Some(count) = self.approve_guarded(plan, now) {
            return self.note_plan((plan, by), Vec::new(), count, now);
        }
        if let Some((count, scope)) = self.approve_edit(plan, now) {
            let noted = self.note_plan((plan, by), Vec::new(), count, now)?;
            return Ok(Approved { scope: scope.into(), ..noted });
        }
        match self.approve_undo(plan, now) {
            Ok(Some(count)) => return self.note_plan((plan, by), Vec::new(), count, now),
            Ok(None) => {}
            Err(undo::UndoRefused::State(error)) => return Err(error.into()),
            Err(refused) => return Err(ApprovalRefused::Undo(refused)),
        }
        if self.rules.plan().as_deref() == Some(plan) {
            return self.approve_rules(plan, by, now);
        }
        let of_plan = self.kept_groups().into_iter().find(|g| g.plan == plan).map(|g| g.holds).unwrap_or_default();
        if of_plan.is_empty() {
            return Err(ApprovalRefused::Unknown(plan.to_string(), self.did_you_mean(plan)));
        }
        let mut causes: Vec<(Name, RecordId)> = Vec::new();
        let mut people: Vec<u32> = Vec::new();
        for kept in &of_plan {
            let hold = &kept.hold;
            let members = self.people[kept.person as usize].members.clone();
            for idx in members {
                let Some(rest) = self.held.without(idx, |held| is_of(held, hold)) else { continue };
                self.keep_held(idx, rest);
                self.dirty.insert(idx);
            }
            match hold.kept {
                Some(Kept::CauseGone | Kept::CauseUnknown) => self.let_go_of(&hold.cause),
                Some(Kept::LinkLost) => self.forget_link(&hold.cause, kept.person),
                _ => {}
            }
            causes.push((hold.hold.clone(), hold.cause.clone()));
            people.push(kept.person);
        }
        causes.sort();
        causes.dedup();
        self.journaled.let_go(&causes);
        people.sort_unstable();
        people.dedup();
        // That word was given with their number: they need not ask a second time for being many.
        let places: Vec<Idx> = people.iter().flat_map(|p| self.people[*p as usize].members.clone()).collect();
        self.reconcile(now);
        self.grant(Op::Release, places);
        self.note_plan((plan, by), causes, people.len(), now)
    }

    /// Lets an edit of the rules go. The releases that it brings were told with it: they don't ask again for being many.
    fn approve_rules(&mut self, plan: &str, by: &str, now: Time) -> Result<Approved, ApprovalRefused> {
        let people: Vec<u32> = self.kept_by_former().collect();
        let places: Vec<Idx> = people.iter().flat_map(|p| self.people[*p as usize].members.clone()).collect();
        self.accept_rules(now);
        self.reconcile(now);
        self.grant(Op::Release, places);
        self.note_plan((plan, by), Vec::new(), people.len(), now)
    }

    fn let_go_of(&mut self, cause: &RecordId) {
        self.end_doubt(cause);
        self.let_go.insert(cause.clone());
        self.ledger.put(LET_GO, cause.key(), &());
    }

    /// What was let go because its system was gone holds again if that is there again and lists it.
    pub(in crate::engine) fn hold_again_what_is_read_again(&mut self) {
        let read = |cause: &&RecordId| self.systems.contains_key(&cause.system);
        let again: Vec<(RecordId, Idx)> =
            self.let_go.iter().filter(read).filter_map(|cause| Some((cause.clone(), self.world.find(cause)?))).collect();
        for (cause, idx) in again {
            let record = self.world.record(idx);
            if !record.is_gone() {
                self.let_go.remove(&cause);
                self.ledger.delete(LET_GO, cause.key());
                self.mark(idx, &record);
            }
        }
    }

    /// A deal does not remember any more that it once named this person or their account.
    fn forget_link(&mut self, cause: &RecordId, person: u32) {
        let Some(idx) = self.world.find(cause) else { return };
        let old = self.world.record(idx);
        let mut deal = old.clone();
        for member in &self.people[person as usize].members {
            forget_member(&mut deal, &self.world.record(*member));
        }
        if deal != old {
            self.mark(idx, &old);
            let stream = self.world.slot(idx).stream.clone();
            self.keep_record(stream, &deal);
        }
    }

    fn note_plan(
        &mut self,
        (plan, by): (&str, &str),
        causes: Vec<(Name, RecordId)>,
        count: usize,
        now: Time,
    ) -> Result<Approved, ApprovalRefused> {
        let causes = causes.into_iter().map(|(hold, cause)| Cause { hold: hold.to_string(), cause }).collect();
        self.ledger.journal(now, What::PlanApproved { plan: plan.into(), causes, by: by.into() });
        self.reconcile(now);
        self.commit()?;
        Ok(Approved { approved: plan.into(), scope: "plan".into(), count })
    }
}

/// How far a system is approved after a person's word (`holds`: protective writes only); never less far than before.
fn granted(
    system: &str,
    writes: &WritesAllowed,
    before: Option<Approval>,
    holds: bool,
    untaught: Option<String>,
) -> Result<Approval, ApprovalRefused> {
    if !writes.hold && !writes.status && writes.fields.is_empty() {
        return Err(ApprovalRefused::ReadOnly(system.into()));
    }
    if let Some(words) = untaught.filter(|_| !holds && before != Some(Approval::All)) {
        return Err(ApprovalRefused::UnreadWords { system: system.into(), words });
    }
    let approval = if holds { Approval::Holds } else { Approval::All };
    Ok(before.map_or(approval, |b| b.max(approval)))
}

/// Whether what is remembered is a hold that was let go.
fn is_of(held: &Held, hold: &HoldNow) -> bool {
    held.hold == hold.hold && held.cause == hold.cause
}

/// A deal does not remember any more that it once named this record or one of its accounts.
fn forget_member(deal: &mut Record, member: &Record) {
    if member.id.system == deal.id.system {
        deal.memory.past_people.retain(|p| *p != member.id.id);
        deal.memory.past_accounts.retain(|a| member.accounts().all(|own| own != a));
    }
    if deal.names_companies && !deal.memory.past_accounts.is_empty() {
        let companies = companies_of(member);
        deal.memory.past_accounts.retain(|a| !companies.iter().any(|own| *own == **a));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::decide::ratchet::Reach;
    use crate::decide::standing::{By, Kinds};
    use crate::model::Reason;

    #[test]
    fn a_name_is_guessed_by_its_letters_alone() {
        let told = |said: &str| DidYouMean::among(["crm", "ma"], said).to_string();
        assert_eq!(told("MA"), "; did you mean \"ma\"?");
        assert_eq!((told("m"), told("mas")), (String::new(), String::new()), "what is spelt otherwise may be meant otherwise");
    }

    #[test]
    fn an_approval_only_grows() {
        let writes = WritesAllowed { hold: true, ..WritesAllowed::default() };
        for (before, holds, after) in [
            (None, true, Approval::Holds),
            (None, false, Approval::All),
            (Some(Approval::Holds), true, Approval::Holds),
            (Some(Approval::Holds), false, Approval::All),
            (Some(Approval::All), true, Approval::All),
            (Some(Approval::All), false, Approval::All),
        ] {
            assert_eq!(granted("ma", &writes, before, holds, None).unwrap(), after, "{before:?}, {holds}");
        }
    }

    #[test]
    fn while_many_words_are_unread_only_protective_writes_are_let_go() {
        let writes = WritesAllowed { hold: true, ..WritesAllowed::default() };
        let words = || Some("300 people show \"nein\"".to_string());
        for (before, holds, goes) in [
            (None, false, false),
            (Some(Approval::Holds), false, false),
            (None, true, true),
            (Some(Approval::Holds), true, true),
            (Some(Approval::All), false, true),
        ] {
            let refused = granted("ma", &writes, before, holds, words()).err().map(|e| e.to_string());
            assert_eq!(refused.is_none(), goes, "{before:?}, {holds}");
            assert!(refused.is_none_or(|told| told.starts_with("300 people show \"nein\". Until then ma cannot be approved")));
        }
    }

    #[test]
    fn a_system_that_is_only_read_cannot_be_approved() {
        let with = |hold, status, fields: &[&str]| {
            let writes = WritesAllowed { hold, status, fields: fields.iter().map(|f| Name::from(*f)).collect() };
            !matches!(granted("crm", &writes, None, false, None), Err(ApprovalRefused::ReadOnly(_)))
        };
        assert_eq!(
            [with(false, false, &[]), with(true, false, &[]), with(false, true, &[]), with(false, false, &["phone"])],
            [false, true, true, true]
        );
    }

    #[test]
    fn of_a_records_holds_just_the_one_that_was_let_go_is_forgotten() {
        let held = |hold: &str, cause: &str| Held {
            hold: hold.into(),
            cause: cause.parse().unwrap(),
            reach: Reach::Person,
            since: Time(0),
            stops: 1,
        };
        let all = [held("open_deal", "crm:deal:1"), held("open_deal", "crm:deal:2"), held("slow_deal", "crm:deal:1")];
        let gone = HoldNow {
            hold: "open_deal".into(),
            cause: "crm:deal:1".parse().unwrap(),
            reach: Reach::Account,
            reason: Reason::OpenDealAccount,
            stops: Kinds(1),
            since: Time(5),
            until: None,
            kept: Some(Kept::CauseGone),
            by: By::Files,
        };
        assert_eq!(all.map(|held| is_of(&held, &gone)), [true, false, false]);
    }

    #[test]
    fn a_deal_forgets_the_person_and_account_of_its_own_system_and_nobody_else() {
        let record = |id: &str| Record::new(id.parse().unwrap());
        let mut deal = record("crm:deal:1");
        deal.memory.past_people = vec!["1".into(), "2".into()];
        deal.memory.past_accounts = vec!["a".into(), "b".into(), "c".into()];
        let before = deal.clone();
        let mut member = record("ma:person:1");
        member.account = Some("a".into());
        member.more_accounts = vec!["b".into()];
        forget_member(&mut deal, &member);
        assert_eq!(deal, before, "an id of another system is another person's");
        member.id = "crm:person:1".parse().unwrap();
        forget_member(&mut deal, &member);
        assert_eq!((deal.memory.past_people, deal.memory.past_accounts), (vec!["2".into()], vec!["c".into()]));
    }
}
