//! Why a person is treated as it is: records, fields with all candidates, status, holds, refusals, decision, writes.

use super::explain_fields::{ACCOUNT_UNREAD, FieldExplained};
use super::field_history::{LOOKED_THROUGH_MAX, TOLD_MAX, writes_of};
use super::imports::InList;
use super::left_alone::LeftAlone;
use super::status_history::{self, PastStatusTold};
use crate::decide::ratchet::Reach;
use crate::decide::rules::Policy;
use crate::decide::standing::{By, HoldNow};
use crate::decide::status::LeadStatus;
use crate::engine::assess::assessment::StatusNow;
use crate::engine::assess::members::Members;
use crate::engine::assess::records::addresses;
use crate::engine::engine::Engine;
use crate::engine::error::Error;
use crate::engine::gate::answer::{Answer, Gate, subject};
use crate::engine::gate::decision_table::Subject;
use crate::engine::memory::place::{Idx, NOBODY, PersonIdx};
use crate::engine::memory::refusals::{On, Refusals};
use crate::engine::memory::view::View;
use crate::engine::memory::world::World;
use crate::engine::target::planned::PlannedWrite;
use crate::model::{Entity, Mail, MailKind, Name, Record, RecordId, Refusal, RefusalScope, Time};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The answer of `nayose explain`, for one person. An address that several people bear gives one for each.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Explanation {
    pub person: String,
    pub records: Vec<RecordLink>,
    pub fields: BTreeMap<Name, FieldExplained>,
    /// What the person's account has, by the rules under `[account]`.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub account: BTreeMap<Name, FieldExplained>,
    pub status: StatusExplained,
    /// By the rules of `[relationship]`, where there are any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub relationship: Option<StatusExplained>,
    pub holds: Vec<HoldExplained>,
    pub refusals: Vec<RefusalExplained>,
    pub decision: Answer,
    pub writes: Vec<PlannedWrite>,
    /// Those of them that stand in a list, which nobody has imported yet as far as is seen.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub in_lists: Vec<InList>,
    /// What keeps records apart that share something: shared mailboxes, two names on one address.
    pub doubts: Vec<String>,
    /// Values that are wanted and not written.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub left_alone: Vec<LeftAlone>,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct RecordLink {
    pub record: String,
    pub link: Link,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gone: Option<bool>,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Link {
    pub proof: String,
    pub value: String,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct StatusExplained {
    pub value: Option<String>,
    pub rule: Option<String>,
    /// The system whose evidence alone counts for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
    /// Why it is left as it is, or does not take the place of a higher one, until more is read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub waits: Option<String>,
    /// How it changed, the newest first: the last 20 changes of a month.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub history: Vec<PastStatusTold>,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct HoldExplained {
    pub hold: String,
    pub cause: String,
    pub reason: String,
    pub reach: String,
    pub since: String,
    pub until: Option<String>,
    /// Its time is over, which counts once a system's clock was heard.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub over: bool,
    /// Why it is kept though nothing reaches the person any more.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kept: Option<String>,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct RefusalExplained {
    pub scope: String,
    pub on: String,
    pub from: String,
    pub seen_at: String,
}

impl Engine {
    /// Explains everyone whom `who` (an address or a record) stands for.
    pub fn explain(&self, who: &str, gate: &Gate, now: Time) -> Vec<Explanation> {
        self.people_meant(who).into_iter().map(|p| self.explain_person(p, who, gate, now)).collect()
    }

    /// Whose an address or record is, if it is one person's.
    pub fn person_meant(&self, who: &str) -> Option<String> {
        match self.people_meant(who)[..] {
            [one] => Some(self.person_id(one)),
            _ => None,
        }
    }

    fn people_meant(&self, who: &str) -> Vec<u32> {
        let mut people: Vec<u32> = match subject(who) {
            Some(Subject::Address(address)) => self.world.bearers(&address).iter().map(|i| self.world.slot(*i).person).collect(),
            Some(Subject::Record(record)) => people_of_record(&self.world, &record),
            None => Vec::new(),
        };
        people.retain(|p| *p != NOBODY);
        people.sort_unstable();
        people.dedup();
        people
    }

    /// Adds to each person what was written of a field, the newest first.
    pub fn tell_history(&self, field: &str, people: &mut [Explanation]) -> Result<(), Error> {
        let field = Name::from(field);
        let ids = |person: &Explanation| person.records.iter().filter_map(|r| r.record.parse::<RecordId>().ok()).collect::<Vec<_>>();
        let of: Vec<Vec<RecordId>> = people.iter().map(ids).collect();
        self.look_back(LOOKED_THROUGH_MAX, |at, run, batch| {
            for (person, ids) in people.iter_mut().zip(&of) {
                let Some(told) = person.fields.get_mut(&field).map(|field| &mut field.history) else { continue };
                told.extend(writes_of(&field, ids, at, run, batch));
                told.truncate(TOLD_MAX);
            }
        })
    }

    fn explain_person(&self, person: u32, who: &str, gate: &Gate, now: Time) -> Explanation {
        let mut members = self.people[person as usize].members.clone();
        // In the order of their names, not of their arrival.
        members.sort_by(|a, b| self.world.slot(*a).id.cmp(&self.world.slot(*b).id));
        let (records, component) = {
            let view = View::new(&self.world);
            let component = members.first().map(|m| view.component(*m, self.rules.link_rules()));
            (members.iter().map(|i| view.get(*i).clone()).collect::<Vec<Record>>(), component)
        };
        let links = records.iter().zip(&members).map(|(record, idx)| RecordLink {
            record: record.id.to_string(),
            link: component.as_ref().filter(|c| c.members.contains(idx)).map(|c| c.proof(record)).map_or_else(
                || Link { proof: "self".into(), value: record.id.to_string() },
                |proof| Link { proof: proof.kind.to_string(), value: proof.value },
            ),
            gone: record.is_gone().then_some(true),
        });
        let links = links.collect();
        let doubts = component.iter().flat_map(|c| c.doubts()).map(|(key, verdict)| doubt(key, verdict)).collect();
        let mut writes = Vec::new();
        for (idx, record) in members.iter().zip(&records) {
            if self.systems.get(&record.id.system).is_some_and(|s| s.outbox.contains_key(idx)) {
                writes.extend(self.planned(*idx, record, now));
            }
        }
        let decision = gate.decide(&[who.to_string()], &Mail::of(MailKind::Campaign), now).into_iter().next();
        let coverage = self.read_coverage(now);
        let gaps = coverage.gaps(&records);
        let of = Members { places: &members, records: &records, around: &View::new(&self.world), gaps: &gaps, by: self.rules.merging() };
        let status_now = self.status_now(of, now);
        let mut left_alone = self.left_alone(&members, status_now.name.as_deref(), now);
        left_alone.extend(self.statuses_left(&records, &status_now));
        let history = status_history::told(&records, now);
        let status = StatusExplained { history, ..status(&self.rules.rules().policy, status_now, coverage.told()) };
        Explanation {
            person: self.person_id(person),
            records: links,
            fields: self.fields_explained(of, &coverage, now),
            account: self.account_explained(of, &coverage, now),
            status,
            relationship: self.relationship_now(of, now).map(relationship),
            holds: self.people[person as usize].holds.iter().map(|h| hold(h, now)).collect(),
            refusals: refusals(&records, &self.refusals),
            decision: decision.unwrap_or_else(|| Answer {
                subject: who.into(),
                decision: "hold".into(),
                reasons: vec!["unknown_person".into()],
                basis: None,
                until: None,
                data_age_s: Default::default(),
                policy_version: self.rules.rules().version.as_str().into(),
                decision_id: String::new(),
            }),
            writes,
            in_lists: self.in_lists(&members),
            doubts,
            left_alone,
        }
    }

    /// Everyone, for `export people` and `export links`.
    pub fn members(&self) -> impl Iterator<Item = (String, &[Idx])> + '_ {
        self.people.iter().enumerate().filter(|(_, p)| !p.members.is_empty()).map(|(i, p)| (self.person_id(i as u32), p.members.as_slice()))
    }
}

/// Why something in common joins nobody.
fn doubt(key: &crate::link::Key, verdict: crate::link::KeyVerdict) -> String {
    let key = match key {
        crate::link::Key::Remote(id) => id.to_string(),
        crate::link::Key::Address(address) => address.to_string(),
    };
    format!("{key}: {}", verdict.name())
}

/// Whom a record stands for: itself, or whom a deal or ticket names by id or address.
fn people_of_record(world: &World, id: &RecordId) -> Vec<PersonIdx> {
    let Some(idx) = world.find(id) else { return Vec::new() };
    if id.entity == Entity::Person {
        return vec![world.slot(idx).person];
    }
    let record = world.record(idx);
    let people = record.people.iter().map(|p| RecordId::new(id.system.clone(), Entity::Person, p.clone()));
    let mut found: Vec<PersonIdx> = people.filter_map(|p| world.find(&p)).map(|i| world.slot(i).person).collect();
    for address in &record.addresses {
        found.extend(world.bearers(address).iter().map(|i| world.slot(*i).person));
    }
    found
}

/// `unread` is what was not read to its end, in words.
fn status(policy: &Policy, now: StatusNow, unread: Option<String>) -> StatusExplained {
    let StatusNow { name: value, error, raises_only, waits, .. } = now;
    let rule = value.as_ref().and_then(|v| policy.statuses.iter().find(|s| s.name == *v));
    let by = rule.and_then(|rule| rule.by.as_ref()).map(ToString::to_string);
    let rule = rule.map(|rule| rule.rule.to_string());
    let what = if raises_only { "it takes the place of no higher one" } else { "it is left as it is" };
    let waits = waits.then(|| format!("{what}: {}", unread.unwrap_or_else(|| ACCOUNT_UNREAD.into())));
    StatusExplained { value: value.map(|v| v.to_string()), rule, by, error: error.map(|e| e.to_string()), waits, history: Vec::new() }
}

fn relationship(said: LeadStatus<'_>) -> StatusExplained {
    let (value, rule, error) = match said {
        LeadStatus::Is(rule) => (Some(rule.name.to_string()), Some(rule.rule.to_string()), None),
        LeadStatus::None => (None, None, None),
        LeadStatus::Unknown { rule, error } => (None, None, Some(format!("{}: {error}", rule.rule))),
    };
    StatusExplained { value, rule, by: None, error, waits: None, history: Vec::new() }
}

/// A cool-down may be over by this machine's clock alone, which counts only once a system's was heard: it holds, and no end is told.
fn hold(h: &HoldNow, now: Time) -> HoldExplained {
    let over = h.until.is_some_and(|until| until <= now);
    HoldExplained {
        hold: h.hold.to_string(),
        cause: h.cause.to_string(),
        reason: h.reason.to_string(),
        reach: match h.reach {
            Reach::Person => "person".into(),
            Reach::Account => "account".into(),
            Reach::Address => "address".into(),
        },
        since: h.since.rfc3339(),
        until: h.until.filter(|_| !over).map(Time::rfc3339),
        over,
        kept: match h.by {
            By::Former => Some("only the rules from before the last edit hold; the edit waits for `approve`".into()),
            By::Files | By::Both => h.kept.map(|k| k.why().to_string()),
        },
    }
}

/// All refusals that hang on a person's records, and on any address that they bear or bore.
fn refusals(records: &[Record], known: &Refusals) -> Vec<RefusalExplained> {
    let addresses = addresses(records);
    let on = records.iter().map(|r| On::Record(&r.id)).chain(addresses.iter().map(On::Address));
    let explained = |on: On<'_>, refusal: &Refusal| RefusalExplained {
        scope: match &refusal.scope {
            RefusalScope::All => "all".into(),
            RefusalScope::Topic(topic) => format!("topic {topic}"),
        },
        on: match on {
            On::Record(record) => record.to_string(),
            On::Address(address) => address.to_string(),
        },
        from: refusal.from.to_string(),
        seen_at: refusal.seen_at.rfc3339(),
    };
    on.flat_map(|on| known.of(on).iter().map(move |refusal| explained(on, refusal))).collect()
}

#[cfg(test)]
mod tests;
