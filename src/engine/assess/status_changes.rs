//! Changes of people's statuses, each with what it rests on.

use super::assessment::StatusNow;
use super::members::Members;
use super::person::DecidedStatus;
use crate::decide::rules::StatusRule;
use crate::engine::engine::Engine;
use crate::engine::memory::past_statuses;
use crate::engine::memory::place::{Idx, NOBODY};
use crate::engine::memory::view::View;
use crate::model::{DealState, Name, PastStatus, Record, RecordId, ShortText, TicketState, Time, Value};

/// So much is told of what a status rests on: whoever has a hundred deals needs not see them all.
const EVIDENCE_MAX: usize = 5;
/// Characters of a value that are told.
const VALUE_MAX: usize = 80;

impl StatusNow {
    /// Nothing that is yet to be read makes another one of it.
    pub(super) fn is_sure(&self) -> bool {
        self.error.is_none() && !self.waits
    }
}

impl Engine {
    /// The records that are told another status than before, each with the change. `records` are those of the members, of whom nothing is
    /// noted yet. A status that may be another one once more is read is none.
    pub(super) fn status_changes(&self, members: &[Idx], records: &[Record], status: &StatusNow, now: Time) -> Vec<(Idx, PastStatus)> {
        if !status.is_sure() {
            return Vec::new();
        }
        let told = members.iter().zip(records).filter(|(idx, record)| self.is_told_status(**idx, record));
        let changed =
            told.filter_map(|(idx, record)| Some((*idx, self.status_before(*idx, record)?)).filter(|(_, from)| *from != status.name));
        let changed: Vec<(Idx, Option<Name>)> = changed.collect();
        if changed.is_empty() {
            return Vec::new();
        }
        let gaps = self.coverage.gaps(records);
        let of = Members { places: members, records, around: &View::new(&self.world), gaps: &gaps, by: self.rules.merging() };
        let rule = of.by.rules.policy.statuses.iter().find(|rule| Some(&rule.name) == status.name.as_ref());
        let because = rule.map(|rule| self.status_evidence(rule, of, now)).unwrap_or_default();
        let change =
            |from| PastStatus { at: now, from, to: status.name.clone(), rule: rule.map(|r| r.rule.clone()), because: because.clone() };
        changed.into_iter().map(|(idx, from)| (idx, change(from))).collect()
    }

    /// Remembers changes with their records, which are those of `members`.
    pub(super) fn keep_status_changes(&mut self, members: &[Idx], records: &mut [Record], changes: Vec<(Idx, PastStatus)>) {
        for (idx, change) in changes {
            self.remember_in(idx, members, records, |record| past_statuses::note(record, change));
        }
    }

    /// The status of whoever these records were before, where it is known in this process.
    pub(super) fn decided_status(&self, members: &[Idx]) -> Option<DecidedStatus> {
        let persons = members.iter().map(|idx| self.world.slot(*idx).person).filter(|person| *person != NOBODY);
        persons.filter_map(|person| self.people[person as usize].status.clone()).next()
    }

    /// What a record's person was before; `None`: nobody knows.
    fn status_before(&self, idx: Idx, record: &Record) -> Option<Option<Name>> {
        let here = self.decided_status(&[idx]).map(|DecidedStatus(name)| name);
        here.or_else(|| record.memory.statuses.last().map(|last| last.to.clone())).or_else(|| self.status_written(idx, record).map(Some))
    }

    /// The status that we wrote to a record last, as long as it shows it.
    fn status_written(&self, idx: Idx, record: &Record) -> Option<Name> {
        let words = self.systems.get(&record.id.system)?.connected.words();
        let shown = record.mark(crate::model::Mark::Status).and_then(Value::as_text)?;
        let is_ours = self.targets.of(idx).is_some_and(|target| target.status.wrote_last(shown));
        let named = || self.rules.rules().policy.statuses.iter().map(|rule| &rule.name).find(|name| words.of(name) == shown);
        is_ours.then(named).flatten().cloned()
    }

    /// What a status that is true rests on: deals and tickets for each of which alone it would be, and the values that it asks for.
    fn status_evidence(&self, rule: &StatusRule, of: Members<'_>, now: Time) -> Vec<ShortText> {
        let mut told = self.asked(of, now, |person| {
            person.witnesses(rule, &of.by.needs.of_statuses).take(EVIDENCE_MAX).map(record_text).collect::<Vec<_>>()
        });
        for name in rule.when.person_fields() {
            let winner = self.field_asked(name, of, now).and_then(|asked| {
                let asked = rule.by.iter().fold(asked, |asked, by| asked.only(by));
                asked.judge().winner().map(|w| (w.value.into_owned(), w.from.cloned()))
            });
            told.extend(winner.map(|(value, from)| value_text(&format!("person.{name}"), &value, from.as_ref())));
        }
        for name in rule.when.account_fields() {
            let winner =
                self.account_asked(name, of, now).and_then(|asked| asked.judge().winner().map(|w| (w.value.into_owned(), w.from.cloned())));
            told.extend(winner.map(|(value, from)| value_text(&format!("account.{name}"), &value, from.as_ref())));
        }
        told.truncate(EVIDENCE_MAX);
        told
    }
}

/// `crm:deal:8 (open)`
fn record_text(record: &Record) -> ShortText {
    let state = record.deal.map(DealState::name).or(record.ticket.map(TicketState::name)).unwrap_or_default();
    format!("{} ({state})", record.id).as_str().into()
}

/// `person.score = 120 (ma:person:17)`
fn value_text(name: &str, value: &Value, from: Option<&RecordId>) -> ShortText {
    let value = value.to_json().to_string();
    let shown: String = value.chars().take(VALUE_MAX).collect();
    let more = if shown.len() < value.len() { ".." } else { "" };
    let from = from.map(|from| format!(" ({from})")).unwrap_or_default();
    format!("{name} = {shown}{more}{from}").as_str().into()
}

#[cfg(test)]
mod tests {
    use super::super::assessment::StatusError;
    use super::*;
    use crate::model::expression::EvaluationError;

    #[test]
    fn a_status_that_waits_or_cannot_be_told_is_no_change() {
        let error = || Some(StatusError { rule: "policy.toml:4".into(), why: EvaluationError::Unreadable("score".into()) });
        for (error, waits, is_sure) in [(None, false, true), (None, true, false), (error(), false, false)] {
            assert_eq!(StatusNow { name: Some("mql".into()), error, waits, ..StatusNow::default() }.is_sure(), is_sure);
        }
    }

    #[test]
    fn what_a_status_rests_on_is_told_in_one_short_line_each() {
        let mut deal = Record::new("crm:deal:8".parse().unwrap());
        deal.deal = Some(DealState::Open);
        assert_eq!(&*record_text(&deal), "crm:deal:8 (open)");
        let mut ticket = Record::new("support:ticket:3".parse().unwrap());
        ticket.ticket = Some(TicketState::Closed);
        assert_eq!(&*record_text(&ticket), "support:ticket:3 (closed)");
        let from: RecordId = "ma:person:17".parse().unwrap();
        assert_eq!(&*value_text("person.score", &Value::Int(120), Some(&from)), "person.score = 120 (ma:person:17)");
        assert_eq!(&*value_text("person.tier", &Value::text("\u{1b}[1m"), None), r#"person.tier = "\u001b[1m""#);
        let long = value_text("person.note", &Value::text(&"長".repeat(200)), None);
        assert!(long.chars().count() < 100 && long.ends_with(".."), "{long}");
    }
}
