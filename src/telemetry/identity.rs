//! Which instance of a system answers: what was approved, agreed and marked belongs to one.

use super::InternalEvent;
use super::masked::masked;
use crate::model::Name;
use std::fmt::Display;

/// It cannot be told.
pub struct InstanceUnknown<'a> {
    pub system: &'a Name,
    pub why: &'a str,
}

impl InternalEvent for InstanceUnknown<'_> {
    fn emit(self) {
        let (system, why) = (self.system, masked(self.why));
        tracing::warn!(%system, why = &*why, "the system is at another address and does not say which instance it is: nothing is read or written there");
    }
}

/// It is the one that was known, and now it is known better.
pub struct InstanceKnownAgain<'a> {
    pub system: &'a Name,
    pub before: &'a dyn Display,
    pub now: &'a dyn Display,
}

impl InternalEvent for InstanceKnownAgain<'_> {
    fn emit(self) {
        let InstanceKnownAgain { system, before, now } = self;
        tracing::info!(%system, %before, %now, "the same instance of the system, known by more or at another address");
    }
}

/// What belongs to the former one is set aside.
pub struct InstanceChanged<'a> {
    pub system: &'a Name,
    pub before: &'a str,
    pub now: &'a dyn Display,
    /// Whether it was here before.
    pub known_again: bool,
}

impl InternalEvent for InstanceChanged<'_> {
    fn emit(self) {
        let InstanceChanged { system, before, now, known_again } = self;
        tracing::warn!(%system, before, %now, known_again, "another instance of the system answers");
    }
}

/// `approve SYSTEM --moved`
pub struct InstanceSaidToBeMoved<'a> {
    pub system: &'a Name,
    pub instance: &'a dyn Display,
}

impl InternalEvent for InstanceSaidToBeMoved<'_> {
    fn emit(self) {
        let (system, instance) = (self.system, self.instance);
        tracing::info!(%system, %instance, "a person says that it is the same instance at a new address");
    }
}
