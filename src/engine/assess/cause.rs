//! One deal or ticket, and what its holds are for whoever it leads to. Pure.

use crate::decide::phase::Phase;
use crate::decide::ratchet::{Kept, Reach};
use crate::decide::rules::{HoldRule, HoldScope};
use crate::decide::standing::{By, HoldNow, Kinds, reason};
use crate::model::{DealState, Entity, Reason, Record, RecordId, Time};

/// The people of an account that a deal holds because it names somebody unknown, though its rule speaks of persons: beyond so many none of them.
const UNKNOWN_CAP: usize = 500;

/// A cause, and the way by which it leads to a person.
#[derive(Debug, Clone, Copy)]
pub(super) struct LeadingCause<'c> {
    pub record: &'c Record,
    pub reach: Reach,
    /// The person's or account's id that it must still name; one that it only named once keeps the hold, and we ask.
    pub through: Option<&'c str>,
    /// It names somebody unknown, who may be anyone of its account.
    pub wide: bool,
    /// Its system is read.
    pub is_read: bool,
}

impl LeadingCause<'_> {
    /// The hold of a rule under which it is in this phase, if that reaches the person. `people_of` counts the people of an account.
    pub fn hold(&self, rule: &HoldRule, phase: Phase, by: By, people_of: impl FnOnce(&RecordId) -> usize, now: Time) -> Option<HoldNow> {
        if !phase.holds() || !self.reaches(rule.scope, people_of) {
            return None;
        }
        let until = if let Phase::CoolingDown { until } = phase { Some(until) } else { None };
        let why = match self.record.deal {
            Some(DealState::Unknown) if until.is_none() => Reason::UnknownStage,
            _ => reason(&rule.name, self.reach, until.is_some()),
        };
        Some(HoldNow {
            hold: rule.name.clone(),
            cause: self.record.id.clone(),
            reach: self.reach,
            reason: why,
            stops: Kinds::of(&rule.stops),
            since: now,
            until,
            kept: self.kept(until),
            by,
        })
    }

    /// Whether a rule of this scope reaches the person by this way, as far as that is not too many.
    fn reaches(&self, scope: HoldScope, people_of: impl FnOnce(&RecordId) -> usize) -> bool {
        if self.reach != Reach::Account {
            return true;
        }
        let cap = match scope {
            HoldScope::Account { cap } => cap,
            HoldScope::Person if self.wide => UNKNOWN_CAP,
            HoldScope::Person => return false,
        };
        let account = self.through.map(|a| RecordId::new(self.record.id.system.clone(), Entity::Account, a));
        account.is_none_or(|account| people_of(&account) <= cap)
    }

    /// Why its hold is kept though it was not seen to end.
    fn kept(&self, until: Option<Time>) -> Option<Kept> {
        let record = self.record;
        let named = self.through.is_none_or(|id| match self.reach {
            Reach::Account => record.accounts().any(|a| **a == *id),
            Reach::Person | Reach::Address => record.people.iter().any(|p| **p == *id),
        });
        match (until, record.is_gone(), named) {
            (Some(_), ..) => None,
            // Nothing more is read of it, so that nobody would ever see it end.
            (None, ..) if !self.is_read => Some(Kept::CauseUnknown),
            (None, true, _) => Some(Kept::CauseGone),
            (None, false, false) => Some(Kept::LinkLost),
            (None, false, true) => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::decide::rules::{After, Stale};
    use crate::model::expression::{Declared, Expression, Scope};
    use crate::model::{MailKind, Presence};

    const IN_FORCE: Phase = Phase::InForce { unsure: false };
    const SOON: Phase = Phase::CoolingDown { until: Time(90) };

    fn rule(scope: HoldScope) -> HoldRule {
        HoldRule {
            name: "open_deal".into(),
            on: Entity::Deal,
            when: Expression::compile("deal.open", Scope::Deal, &Declared::default()).unwrap(),
            scope,
            stops: vec![MailKind::Campaign],
            after: After::default(),
            proofs: Vec::new(),
            stale: Stale::Hold,
            rule: "policy.toml:4".into(),
        }
    }

    fn deal() -> Record {
        let mut deal = Record::new("crm:deal:1".parse().unwrap());
        deal.deal = Some(DealState::Open);
        deal.people = vec!["5".into()];
        deal
    }

    fn by_person(record: &Record) -> LeadingCause<'_> {
        LeadingCause { record, reach: Reach::Person, through: Some("5"), wide: false, is_read: true }
    }

    #[test]
    fn a_hold_that_nobody_would_see_end_says_why_it_is_kept() {
        let (here, mut gone, mut other) = (deal(), deal(), deal());
        gone.presence = Presence::Gone(Time(3));
        other.people = vec!["6".into()];
        for (record, is_read, phase, kept) in [
            (&here, true, IN_FORCE, None),
            (&here, false, IN_FORCE, Some(Kept::CauseUnknown)),
            (&gone, true, IN_FORCE, Some(Kept::CauseGone)),
            (&other, true, IN_FORCE, Some(Kept::LinkLost)),
            (&other, false, IN_FORCE, Some(Kept::CauseUnknown)),
            // Its end is known, and comes whatever is read.
            (&gone, false, SOON, None),
            (&other, true, SOON, None),
        ] {
            let cause = LeadingCause { is_read, ..by_person(record) };
            let hold = cause.hold(&rule(HoldScope::Person), phase, By::Files, |_| unreachable!(), Time(9)).unwrap();
            let until = (phase == SOON).then_some(Time(90));
            assert_eq!((hold.kept, hold.until, hold.since), (kept, until, Time(9)), "{record:?} {is_read} {phase:?}");
        }
    }

    #[test]
    fn by_its_account_a_cause_reaches_whom_the_rule_means_and_never_a_crowd() {
        let deal = deal();
        for (scope, wide, people, held) in [
            (HoldScope::Account { cap: 3 }, false, 3, true),
            (HoldScope::Account { cap: 3 }, false, 4, false),
            (HoldScope::Person, false, 1, false),
            (HoldScope::Person, true, UNKNOWN_CAP, true),
            (HoldScope::Person, true, UNKNOWN_CAP + 1, false),
        ] {
            let cause = LeadingCause { reach: Reach::Account, through: Some("a7"), wide, ..by_person(&deal) };
            let people_of = |account: &RecordId| {
                assert_eq!(account.to_string(), "crm:account:a7");
                people
            };
            let hold = cause.hold(&rule(scope), IN_FORCE, By::Files, people_of, Time(9));
            assert_eq!(hold.is_some(), held, "{scope:?} {wide} {people}");
        }
    }

    #[test]
    fn a_stage_that_nobody_knows_is_named_and_an_end_holds_nobody() {
        let (known, mut unknown) = (deal(), deal());
        unknown.deal = Some(DealState::Unknown);
        let hold = |record: &Record, phase| by_person(record).hold(&rule(HoldScope::Person), phase, By::Former, |_| 0, Time(9));
        let why = |record: &Record, phase| hold(record, phase).map(|h| (h.reason, h.by));
        assert_eq!(why(&known, IN_FORCE), Some((Reason::OpenDealPerson, By::Former)));
        assert_eq!(why(&unknown, IN_FORCE), Some((Reason::UnknownStage, By::Former)));
        assert_eq!((hold(&known, Phase::Ended), hold(&known, Phase::NotMet)), (None, None));
    }
}
