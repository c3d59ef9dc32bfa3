//! Which instance of a system stands behind its name in systems.toml. What was approved, agreed or marked as ours belongs to one instance;
//! another one under the same name begins with first contact.

use crate::engine::ledger::kind::{Kind, Tag};
use crate::engine::rules::approval::Approval;
use crate::model::{Name, Span, Time};
use serde::{Deserialize, Serialize};

/// What is known of each system's instances, by its name.
pub(in crate::engine) const INSTANCE: Kind<KnownInstances> = Kind::new(Tag::Instance);

/// A system that does not say now which instance it is, is asked again after this time.
pub(super) const ASK_AGAIN: Span = Span::minutes(1);
/// One that may be another instance waits for the answer, and nothing is read or written there meanwhile.
pub(super) const ASK_AGAIN_SOON: Span = Span::seconds(5);

/// What an instance is known by.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Instance {
    /// Where it was reached last.
    pub address: Box<str>,
    /// What it says of itself: the id of an organisation, of a portal.
    pub says: Option<Box<str>>,
}

impl std::fmt::Display for Instance {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match &self.says {
            Some(says) => write!(f, "{says} at {}", self.address),
            None => f.write_str(&self.address),
        }
    }
}

/// What came of asking a system which instance it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum InstanceAnswer<'a> {
    Says(&'a str),
    /// It has no such answer: its address counts.
    Nothing,
    /// It could not be asked, or does not let us ask.
    None,
}

/// Whether the system is the instance that is known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum InstanceJudgment {
    Same(Instance),
    Another(Instance),
    /// Most likely the same, as it is where it was; it is asked again.
    Likely,
    Unknown,
}

/// Judges an answer. A changed token or name in the config is no other instance: neither is asked here.
pub fn judge(known: Option<&Instance>, address: &str, answer: InstanceAnswer<'_>) -> InstanceJudgment {
    let here = |says: Option<&str>| Instance { address: address.into(), says: says.map(Into::into) };
    let Some(known) = known else {
        return match answer {
            InstanceAnswer::Says(says) => InstanceJudgment::Same(here(Some(says))),
            InstanceAnswer::Nothing => InstanceJudgment::Same(here(None)),
            InstanceAnswer::None => InstanceJudgment::Likely,
        };
    };
    let same_place = *known.address == *address;
    let same = match (answer, &known.says) {
        (InstanceAnswer::Says(says), Some(before)) => **before == *says,
        (InstanceAnswer::Says(_), None) | (InstanceAnswer::Nothing, _) => same_place,
        (InstanceAnswer::None, _) => return if same_place { InstanceJudgment::Likely } else { InstanceJudgment::Unknown },
    };
    let says = match (answer, same) {
        (InstanceAnswer::Says(says), _) => Some(says),
        (_, true) => known.says.as_deref(),
        (_, false) => None,
    };
    if same { InstanceJudgment::Same(here(says)) } else { InstanceJudgment::Another(here(says)) }
}

/// An instance that stood behind the name before, and how far it might be written to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FormerInstance {
    /// The name that its records have since.
    pub name: Name,
    pub instance: Instance,
    pub approved: Option<Approval>,
    pub at: Time,
}

/// What is kept of a system's instances.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct KnownInstances {
    pub instance: Option<Instance>,
    /// Oldest first.
    pub former: Vec<FormerInstance>,
}

/// Whether it is known which instance answers now.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) enum Identification {
    /// Not asked since the start, or since its connection changed.
    #[default]
    Unasked,
    Settled,
    Likely {
        ask_again: Time,
    },
    Unknown {
        ask_again: Time,
        why: String,
    },
}

/// A system's instance: the one that is known, and whether that is the one which answers.
#[derive(Debug, Default)]
pub struct Identity {
    pub(in crate::engine) known: KnownInstances,
    /// Where the connector goes now.
    pub(in crate::engine) address: Box<str>,
    /// The system can say which instance it is.
    pub(in crate::engine) tells: bool,
    pub(super) standing: Identification,
    /// Counts the instances that this process met here: what a pass over an earlier one brings is of no use.
    pub(in crate::engine) number: u32,
}

impl Identity {
    pub fn new(address: Box<str>, tells: bool) -> Identity {
        Identity { address, tells, ..Identity::default() }
    }

    /// The connection was made anew, so that another instance may answer.
    pub fn reconnected(&mut self, address: Box<str>, tells: bool) {
        (self.address, self.tells, self.standing) = (address, tells, Identification::Unasked);
    }

    /// Takes in what a former process knew.
    pub fn restore(&mut self, known: KnownInstances) {
        self.known = known;
    }

    /// Takes in what the journal says, where the store says nothing.
    pub fn recall(&mut self, instance: Instance) {
        self.known.instance.get_or_insert(instance);
    }

    pub fn known(&self) -> &KnownInstances {
        &self.known
    }

    /// Whether the system can say which instance it is.
    pub fn tells(&self) -> bool {
        self.tells
    }

    pub fn number(&self) -> u32 {
        self.number
    }

    /// Whether the system may be read and written: it is known which instance it is, whoever approved that.
    pub fn is_settled(&self) -> bool {
        matches!(self.standing, Identification::Settled | Identification::Likely { .. })
    }

    /// Whether it is time to ask the system which instance it is.
    pub fn is_to_ask(&self, now: Time) -> bool {
        match &self.standing {
            Identification::Unasked => true,
            Identification::Settled => false,
            Identification::Likely { ask_again } | Identification::Unknown { ask_again, .. } => *ask_again <= now,
        }
    }

    /// For `status`: why nothing is read or written, and what to do.
    pub fn unknown_because(&self, system: &Name) -> Option<String> {
        let Identification::Unknown { why, .. } = &self.standing else { return None };
        let before = self.known.instance.as_ref().map(ToString::to_string).unwrap_or_default();
        Some(format!(
            "{system} was moved from {before} to {}, and does not say which instance it is ({why}): nothing is read or written there; if it is the same one, `nayose approve {system} --moved`",
            self.address
        ))
    }

    /// For `status`, while nobody approved it: that it is another instance than before.
    pub fn another_because(&self, system: &Name, approved: Option<Approval>) -> Option<String> {
        let former = self.known.former.last().filter(|_| approved.is_none())?;
        let now = self.known.instance.as_ref()?;
        Some(format!(
            "{system} is another instance since {} ({now}; before {}): it begins with first contact, and what {} marked stays as it is; if it is the same one at a new address, `nayose approve {system} --moved`",
            former.at, former.instance, former.instance.address
        ))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_instance_is_known_by_what_it_says_and_else_by_its_address() {
        let at = |address: &str, says: Option<&str>| Instance { address: address.into(), says: says.map(Into::into) };
        let (same, another) = (|a: &str, s| InstanceJudgment::Same(at(a, s)), |a: &str, s| InstanceJudgment::Another(at(a, s)));
        for (what, known, address, answer, judged) in [
            ("first seen", None, "a", InstanceAnswer::Says("7"), same("a", Some("7"))),
            ("first seen, silent", None, "a", InstanceAnswer::Nothing, same("a", None)),
            ("first seen, not reached", None, "a", InstanceAnswer::None, InstanceJudgment::Likely),
            ("as before", Some(at("a", Some("7"))), "a", InstanceAnswer::Says("7"), same("a", Some("7"))),
            ("moved by itself", Some(at("a", Some("7"))), "b", InstanceAnswer::Says("7"), same("b", Some("7"))),
            ("another account at one address", Some(at("a", Some("7"))), "a", InstanceAnswer::Says("8"), another("a", Some("8"))),
            ("another account elsewhere", Some(at("a", Some("7"))), "b", InstanceAnswer::Says("8"), another("b", Some("8"))),
            ("learnt to speak", Some(at("a", None)), "a", InstanceAnswer::Says("7"), same("a", Some("7"))),
            ("learnt to speak elsewhere", Some(at("a", None)), "b", InstanceAnswer::Says("7"), another("b", Some("7"))),
            ("silent where it was", Some(at("a", Some("7"))), "a", InstanceAnswer::Nothing, same("a", Some("7"))),
            ("silent elsewhere", Some(at("a", Some("7"))), "b", InstanceAnswer::Nothing, another("b", None)),
            ("always silent, elsewhere", Some(at("a", None)), "b", InstanceAnswer::Nothing, another("b", None)),
            ("not reached where it was", Some(at("a", Some("7"))), "a", InstanceAnswer::None, InstanceJudgment::Likely),
            ("not reached elsewhere", Some(at("a", None)), "b", InstanceAnswer::None, InstanceJudgment::Unknown),
        ] {
            assert_eq!(judge(known.as_ref(), address, answer), judged, "{what}");
        }
    }

    #[test]
    fn nothing_goes_on_before_it_was_asked() {
        let mut identity = Identity::new("a".into(), true);
        assert!(!identity.is_settled() && identity.is_to_ask(Time(0)));
        identity.standing = Identification::Likely { ask_again: Time(9) };
        assert!(identity.is_settled() && !identity.is_to_ask(Time(8)) && identity.is_to_ask(Time(9)));
        identity.reconnected("b".into(), true);
        assert!(!identity.is_settled() && identity.is_to_ask(Time(0)));
        identity.standing = Identification::Unknown { ask_again: Time(9), why: "down".into() };
        assert!(!identity.is_settled() && identity.unknown_because(&"ma".into()).is_some());
    }
}
