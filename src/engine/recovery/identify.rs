//! Which instance answers: asked for, judged, and what follows from another one.

use super::instance::ASK_AGAIN;
use super::instance::ASK_AGAIN_SOON;
use super::instance::INSTANCE;
use super::instance::Identification;
use super::instance::Instance;
use super::instance::InstanceAnswer;
use super::instance::InstanceJudgment;
use super::instance::judge;
use crate::connector;
use crate::engine::engine::Engine;
use crate::engine::error::Error;
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
        let silent = |s: &crate::engine::system::SystemState| {
            !s.identity.tells && s.identity.standing == Identification::Unasked && !s.identity.address.is_empty()
        };
        let silent: Vec<Name> = self.systems.iter().filter(|(_, s)| silent(s)).map(|(name, _)| name.clone()).collect();
        silent.iter().try_for_each(|system| self.take_answer(system, InstanceAnswer::Nothing, "", now))
    }

    /// Books what a system said when it was asked which instance it is.
    pub fn book_identity(&mut self, system: &Name, said: &Result<Option<String>, connector::Error>, now: Time) -> Result<(), Error> {
        use connector::Error as Lost;
        let (answer, why) = match said {
            Ok(Some(says)) => (InstanceAnswer::Says(says), String::new()),
            Ok(None) => (InstanceAnswer::Nothing, String::new()),
            Err(Lost::NotFound { .. } | Lost::Refused { .. } | Lost::NotUnderstood { .. }) => (InstanceAnswer::Nothing, String::new()),
            Err(error) => (InstanceAnswer::None, error.of_system()),
        };
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
                let mut formers = identity.known.former.iter().rev();
                let again =
                    formers.find(|f| matches!(judge(Some(&f.instance), &identity.address, answer), InstanceJudgment::Same(_))).cloned();
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
        let here = Instance { address: state.identity.address.clone(), says: None };
        let instance = match (&state.identity.standing, state.identity.known.former.last().cloned()) {
            // What it says of itself is learnt when it answers.
            (Identification::Unknown { .. }, _) => here,
            (_, Some(former)) if state.approved.is_none() => {
                let instance = state.identity.known.instance.clone().unwrap_or(here);
                self.bring_back(system, &former, now)?;
                instance
            }
            _ => return Ok(None),
        };
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
