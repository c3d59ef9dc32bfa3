//! Which instance answers: asked for, judged, and what follows from another one.

use super::instance::ASK_AGAIN;
use super::instance::ASK_AGAIN_SOON;
use super::instance::FormerInstance;
use super::instance::INSTANCE;
use super::instance::Identification;
use super::instance::Identity;
use super::instance::Instance;
use super::instance::InstanceAnswer;
use super::instance::InstanceJudgment;
use super::instance::judge;
use crate::connector;
use crate::engine::engine::Engine;
use crate::engine::error::Error;
use crate::engine::rules::approval::Approval;
use crate::model::{Name, Time};
use crate::store::What;
use crate::telemetry::InternalEvent;
use crate::telemetry::identity::{InstanceChanged, InstanceKnownAgain, InstanceUnknown};

impl Engine {
    /// Whether a system is to be asked which instance it is.
    pub fn identity_due(&self, system: &Name, now: Time) -> bool {
        self.systems.get(system).is_some_and(|s| s.identity.is_to_ask(now))
    }

    /// Why it is not known which instance of a system answers. Before it is, nothing is read or written there.
    pub fn why_not_known(&self, system: &Name) -> Option<String> {
        let identity = &self.systems.get(system)?.identity;
        let why = || identity.unknown_because(system).unwrap_or_else(|| format!("{system}: it was not asked yet which instance it is"));
        (!identity.is_settled()).then(why)
    }

    /// When the instance that is behind a system's name came in the place of another.
    pub fn instance_since(&self, system: &Name) -> Option<Time> {
        self.systems.get(system)?.identity.known.former.last().map(|f| f.at)
    }

    /// Counts the instances that this process met behind a system's name.
    pub fn instance_number(&self, system: &Name) -> u32 {
        self.systems.get(system).map_or(0, |s| s.identity.number)
    }

    /// Systems that say nothing of themselves are known by their address alone: no need to ask. Who only looks may not know that either.
    pub fn judge_addresses(&mut self, now: Time) -> Result<(), Error> {
        let silent = self.systems.iter().filter(|(_, s)| is_known_by_address_alone(&s.identity));
        let silent: Vec<Name> = silent.map(|(name, _)| name.clone()).collect();
        silent.iter().try_for_each(|system| self.take_answer(system, InstanceAnswer::Nothing, "", now))
    }

    /// Books what a system said when it was asked which instance it is.
    pub fn book_identity(&mut self, system: &Name, said: &Result<Option<String>, connector::Error>, now: Time) -> Result<(), Error> {
        let (answer, why) = answer_of(said);
        self.take_answer(system, answer, &why, now)?;
        self.commit()
    }

    fn take_answer(&mut self, system: &Name, answer: InstanceAnswer<'_>, why: &str, now: Time) -> Result<(), Error> {
        let Some(state) = self.systems.get_mut(system) else { return Ok(()) };
        let identity = &mut state.identity;
        let known = identity.known.instance.clone();
        match judge(known.as_ref(), &identity.address, answer) {
            InstanceJudgment::Likely => identity.standing = Identification::Likely { ask_again: now.plus(ASK_AGAIN) },
            InstanceJudgment::Unknown => {
                InstanceUnknown { system, why }.emit();
                identity.standing = Identification::Unknown { ask_again: now.plus(ASK_AGAIN_SOON), why: why.to_string() };
            }
            InstanceJudgment::Same(instance) => {
                identity.standing = Identification::Settled;
                if known.as_ref() != Some(&instance) {
                    if let Some(before) = known {
                        InstanceKnownAgain { system, before: &before, now: &instance }.emit();
                    }
                    identity.known.instance = Some(instance);
                    self.keep_instance(system, now);
                }
            }
            InstanceJudgment::Another(instance) => {
                // It may be one that was here before.
                let again = known_again(identity, answer).cloned();
                let before = known.map(|i| i.to_string()).unwrap_or_default();
                InstanceChanged { system, before: &before, now: &instance, known_again: again.is_some() }.emit();
                self.set_aside(system, now)?;
                if let Some(former) = again {
                    self.bring_back(system, &former, now)?;
                }
                self.settle_on(system, instance, now);
            }
        }
        Ok(())
    }

    fn settle_on(&mut self, system: &Name, instance: Instance, now: Time) {
        if let Some(state) = self.systems.get_mut(system) {
            state.identity.known.instance = Some(instance);
            state.identity.standing = Identification::Settled;
            self.keep_instance(system, now);
        }
    }

    /// A person says that a system is the instance it was, at a new address. `None`: it is not known to have moved.
    pub(in crate::engine) fn say_moved(&mut self, system: &Name, now: Time) -> Result<Option<Instance>, Error> {
        let Some(state) = self.systems.get(system) else { return Ok(None) };
        let Some((instance, former)) = moved(&state.identity, state.approved) else { return Ok(None) };
        if let Some(former) = former {
            self.bring_back(system, &former, now)?;
        }
        self.settle_on(system, instance.clone(), now);
        Ok(Some(instance))
    }

    /// Writes what is known of a system's instances with the next commit.
    fn keep_instance(&mut self, system: &Name, now: Time) {
        let Some(known) = self.systems.get(system).map(|s| &s.identity.known) else { return };
        self.ledger.put(INSTANCE, system.as_bytes().to_vec(), known);
        if let Some(instance) = &known.instance {
            let (system, address, says) = (system.to_string(), instance.address.to_string(), instance.says.as_deref().map(Into::into));
            self.ledger.journal(now, What::Instance { system, address, says });
        }
    }
}

/// Whether it was not asked yet, and has nothing to say: who only looks may not know where it is either.
fn is_known_by_address_alone(identity: &Identity) -> bool {
    !identity.tells && identity.standing == Identification::Unasked && !identity.address.is_empty()
}

/// What came of asking, and why it did not come to an answer. A system that has no such place, or does not let us look there, is known by
/// its address.
fn answer_of(said: &Result<Option<String>, connector::Error>) -> (InstanceAnswer<'_>, String) {
    use connector::Error as Lost;
    match said {
        Ok(Some(says)) => (InstanceAnswer::Says(says), String::new()),
        Ok(None) => (InstanceAnswer::Nothing, String::new()),
        Err(Lost::NotFound { .. } | Lost::Refused { .. } | Lost::NotUnderstood { .. }) => (InstanceAnswer::Nothing, String::new()),
        Err(error) => (InstanceAnswer::None, error.of_system()),
    }
}

/// The instance of before that this answer is of: the latest of several.
fn known_again<'i>(identity: &'i Identity, answer: InstanceAnswer<'_>) -> Option<&'i FormerInstance> {
    let is_of = |f: &&FormerInstance| matches!(judge(Some(&f.instance), &identity.address, answer), InstanceJudgment::Same(_));
    identity.known.former.iter().rev().find(is_of)
}

/// What a person's word that a system has only moved makes of it: the instance, and the former one that is to be brought back. Once writes
/// were approved to the instance that came in its place, that one stays.
fn moved(identity: &Identity, approved: Option<Approval>) -> Option<(Instance, Option<FormerInstance>)> {
    let here = Instance { address: identity.address.clone(), says: None };
    match (&identity.standing, identity.known.former.last()) {
        // What it says of itself is learnt when it answers.
        (Identification::Unknown { .. }, _) => Some((here, None)),
        (_, Some(former)) if approved.is_none() => Some((identity.known.instance.clone().unwrap_or(here), Some(former.clone()))),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(address: &str, says: Option<&str>) -> Instance {
        Instance { address: address.into(), says: says.map(Into::into) }
    }

    fn with_formers(address: &str, formers: &[(&str, Instance)]) -> Identity {
        let mut identity = Identity::new(address.into(), true);
        let former = |(name, instance): &(&str, Instance)| FormerInstance {
            name: (*name).into(),
            instance: instance.clone(),
            approved: Some(Approval::All),
            at: Time(1),
        };
        identity.known.former = formers.iter().map(former).collect();
        identity
    }

    #[test]
    fn only_who_could_not_be_asked_gives_no_answer() {
        use connector::Error as Lost;
        let (system, what): (Name, String) = ("ma".into(), "instance".into());
        let said = |text: &str| text.to_string();
        for (result, answer) in [
            (Ok(Some(said("7"))), InstanceAnswer::Says("7")),
            (Ok(None), InstanceAnswer::Nothing),
            (Err(Lost::NotFound { system: system.clone(), what: what.clone() }), InstanceAnswer::Nothing),
            (Err(Lost::Refused { system: system.clone(), what: what.clone(), said: said("no") }), InstanceAnswer::Nothing),
            (
                Err(Lost::NotUnderstood { system: system.clone(), what: what.clone(), why: said("odd"), begins: said("<") }),
                InstanceAnswer::Nothing,
            ),
            (Err(Lost::Credential { system: system.clone(), what: what.clone(), said: said("401") }), InstanceAnswer::None),
            (Err(Lost::Unreachable { system: system.clone(), what: what.clone(), why: said("down") }), InstanceAnswer::None),
            (Err(Lost::Budget { system: system.clone(), what: what.clone() }), InstanceAnswer::None),
        ] {
            let (given, why) = answer_of(&result);
            assert_eq!(given, answer, "{result:?}");
            assert_eq!(why.is_empty(), answer != InstanceAnswer::None, "{why}");
            assert!(!why.starts_with("ma:"), "the system is named beside it: {why}");
        }
    }

    #[test]
    fn who_says_nothing_of_itself_is_not_asked_and_who_was_judged_is_not_judged_again() {
        for (tells, address, standing, alone) in [
            (false, "a", Identification::Unasked, true),
            (true, "a", Identification::Unasked, false),
            (false, "", Identification::Unasked, false),
            (false, "a", Identification::Settled, false),
            (false, "a", Identification::Unknown { ask_again: Time(1), why: "down".into() }, false),
        ] {
            let mut identity = Identity::new(address.into(), tells);
            identity.standing = standing;
            assert_eq!(is_known_by_address_alone(&identity), alone, "{identity:?}");
        }
    }

    #[test]
    fn an_instance_that_was_here_before_is_known_again_and_the_latest_of_several_is_it() {
        let identity = with_formers("here", &[("ma@1", at("x", Some("7"))), ("ma@2", at("here", None)), ("ma@3", at("y", Some("7")))]);
        for (answer, name) in [
            (InstanceAnswer::Says("7"), Some("ma@3")),
            (InstanceAnswer::Nothing, Some("ma@2")),
            (InstanceAnswer::Says("9"), Some("ma@2")),
            (InstanceAnswer::None, None),
        ] {
            assert_eq!(known_again(&identity, answer).map(|f| &*f.name), name, "{answer:?}");
        }
        assert!(known_again(&with_formers("there", &[("ma@1", at("x", Some("7")))]), InstanceAnswer::Says("8")).is_none());
    }

    #[test]
    fn a_word_that_it_moved_counts_while_nobody_approved_the_new_one() {
        let unknown = Identification::Unknown { ask_again: Time(1), why: "down".into() };
        let former = [("ma@1", at("old", Some("7")))];
        let told = Some(at("new", Some("8")));
        for (standing, formers, known, approved, instance, brings_back) in [
            (unknown, &former[..], told.clone(), Some(Approval::All), Some(at("new", None)), false),
            (Identification::Settled, &former[..], told.clone(), None, told.clone(), true),
            (Identification::Settled, &former[..], None, None, Some(at("new", None)), true),
            (Identification::Settled, &former[..], told.clone(), Some(Approval::Holds), None, false),
            (Identification::Settled, &[], told.clone(), None, None, false),
        ] {
            let mut identity = with_formers("new", formers);
            (identity.standing, identity.known.instance) = (standing, known);
            let (found, back) = moved(&identity, approved).map_or((None, None), |(instance, former)| (Some(instance), former));
            assert_eq!((found, back.map(|f| f.name)), (instance, brings_back.then(|| "ma@1".into())), "{identity:?} {approved:?}");
        }
    }
}
