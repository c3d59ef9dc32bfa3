//! What is asked of the merge about one field of one person.

use super::members::Members;
use crate::engine::engine::Engine;
use crate::engine::memory::pins::Pin;
use crate::merge::rules::FieldRule;
use crate::merge::{Candidate, Circumstances, Judged, Judgment, Leader, RulePart, Unknown, Winner};
use crate::model::{Name, Time};
use std::borrow::Cow;

/// The rule, what the records offer, and what else it hangs on.
pub struct FieldAsked<'a> {
    pub rule: &'a FieldRule,
    pub candidates: Vec<Candidate<'a>>,
    pub by: Circumstances<'a>,
    /// A named person's word, which goes before the rule.
    pub pin: Option<&'a Pin>,
}

/// Why no candidate counts beside a pin.
pub const PINNED: &str = "another value is pinned";
/// The same of one that shows what is pinned.
pub const PINNED_TOO: &str = "shows the pinned value";

impl<'a> FieldAsked<'a> {
    pub fn judge(&self) -> Judgment<'a> {
        self.pin.map(pinned).unwrap_or_else(|| crate::merge::judge(self.rule, &self.by, &self.candidates))
    }

    /// The same where nothing counts but what one system's records hold.
    pub(super) fn only(mut self, system: &Name) -> FieldAsked<'a> {
        self.candidates.retain(|candidate| candidate.from.system == *system);
        self.by.unread = self.by.unread.only(system);
        if let Leader::Group(offers) = &mut self.by.leader {
            offers.retain(|from| from.system == *system);
        }
        self
    }

    /// The same, with what became of each candidate.
    pub fn explain(&self) -> (Judgment<'a>, Vec<Judged>) {
        match self.pin {
            Some(pin) => {
                let why = |c: &Candidate<'_>| if c.value.says_the_same(&pin.value) { PINNED_TOO } else { PINNED };
                (pinned(pin), self.candidates.iter().map(|c| Judged { won: false, why: why(c) }).collect())
            }
            None => crate::merge::explain(self.rule, &self.by, &self.candidates),
        }
    }
}

/// What is pinned wins, whatever records show.
pub(super) fn pinned(pin: &Pin) -> Judgment<'_> {
    Judgment::Wins(Winner { value: Cow::Borrowed(&pin.value), from: None, rivals: Vec::new() })
}

impl Engine {
    /// `None`: no rule speaks of the field.
    pub fn field_asked<'a>(&'a self, name: &Name, of: Members<'a>, now: Time) -> Option<FieldAsked<'a>> {
        let rule = of.by.rules.precedence.rule(name)?;
        let is_plain = rule.cases.is_empty() && rule.strategy.leading_field().is_none() && rule.strategy.account_field().is_none();
        let (part, leader) = match is_plain {
            true => (RulePart::Otherwise, Leader::Nothing),
            false => self.asked(of, now, |person| match person.part(rule, name) {
                Ok(part) => (part, person.leader(rule, part)),
                Err(_) => (RulePart::Unknown, Leader::Unknown(Unknown::Condition)),
            }),
        };
        let leader = self.group_offered(rule, of).map_or(leader, Leader::Group);
        let by = Circumstances { part, unread: of.gaps.unread(), leader, now };
        Some(FieldAsked { rule, candidates: self.offered(name, of, rule, part), by, pin: self.pin_of(name, of) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::merge::rules::Strategy;
    use crate::merge::{Candidate, UnreadSystems};
    use crate::model::{Age, RecordId, Value};

    #[test]
    fn what_is_explained_is_what_is_judged() {
        let rule = FieldRule::of(Strategy::Only("crm".into()), "precedence.toml:2".into());
        let (from, value): (RecordId, Value) = ("crm:person:1".parse().unwrap(), Value::text("部長"));
        let candidates = vec![Candidate::new(&from, &value, Age::until(Time(1)))];
        for (part, wins) in [(RulePart::Otherwise, true), (RulePart::Unknown, false)] {
            let by = Circumstances { part, unread: UnreadSystems::default(), leader: Leader::Nothing, now: Time(2) };
            let asked = FieldAsked { rule: &rule, candidates: candidates.clone(), by, pin: None };
            let (explained, judged) = asked.explain();
            assert_eq!((asked.judge(), judged[0].won), (explained, wins));
            let pin = Pin { value: Value::text("顧問"), by: "taro".into(), because: "本人の希望".into(), at: Time(1) };
            let asked = FieldAsked { pin: Some(&pin), ..asked };
            let (explained, judged) = asked.explain();
            assert_eq!(judged, [Judged { won: false, why: PINNED }]);
            assert_eq!(asked.judge(), explained);
            assert_eq!(explained.winner().map(|winner| winner.value.to_string()).as_deref(), Some("顧問"), "{part:?}");
            let shown = Pin { value: Value::text(" 部長"), ..pin.clone() };
            let asked = FieldAsked { pin: Some(&shown), ..asked };
            assert_eq!(asked.explain().1, [Judged { won: false, why: PINNED_TOO }]);
        }
    }
}
