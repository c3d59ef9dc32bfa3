//! The gate: may this mail go to this person now? Answered from memory alone.

use super::decision_table::{Subject, Table, stale};
use crate::config::Rules;
use crate::decide::freshness::{Proved, Side, needed};
use crate::engine::engine::Engine;
use crate::engine::proofs::clocks::Belief;
use crate::model::{Address, Mail, Name, RecordId, Time, trimmed};
use arc_swap::ArcSwap;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, VecDeque};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

/// The most subjects in one call.
pub const SUBJECTS_MAX: usize = 5_000;
/// Decisions kept for `GET /v1/decisions/ID`: the last so many, in memory only.
const DECISIONS_KEPT: usize = 20_000;

type Proofs = BTreeMap<(Name, Name), (Proved, Side)>;

/// Rules and proofs, replaced together.
struct Published {
    rules: Arc<Rules>,
    proofs: Proofs,
    clock: Belief,
}

/// What the gate answers from. Shares the decision table with the engine; knows rules and proofs as last published.
pub struct Gate {
    table: Arc<Table>,
    known: ArcSwap<Published>,
    run: Arc<str>,
    count: AtomicU64,
    kept: Mutex<VecDeque<Answer>>,
}

/// One subject's answer.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Answer {
    pub subject: String,
    pub decision: String,
    pub reasons: Vec<String>,
    pub basis: Option<String>,
    pub until: Option<String>,
    pub data_age_s: Arc<BTreeMap<String, Option<i64>>>,
    pub policy_version: Arc<str>,
    pub decision_id: String,
}

impl Gate {
    pub fn new(engine: &Engine) -> Gate {
        Gate {
            table: engine.table.clone(),
            known: ArcSwap::from_pointee(known(engine)),
            run: engine.run.clone(),
            count: AtomicU64::new(0),
            kept: Mutex::default(),
        }
    }

    /// Takes over the engine's rules and proofs.
    pub fn publish(&self, engine: &Engine) {
        self.known.store(Arc::new(known(engine)));
    }

    /// Decides one mail for several subjects, in their order.
    pub fn decide(&self, subjects: &[String], mail: &Mail, now: Time) -> Vec<Answer> {
        let known = self.known.load();
        let policy = &known.rules.policy;
        let find = |s: &Name, t: &Name| known.proofs.get(&(s.clone(), t.clone())).copied();
        let proved = |s: &Name, t: &Name| find(s, t).map(|(p, _)| p).unwrap_or_default();
        let side = |s: &Name, t: &Name| find(s, t).map_or(Side::Crm, |(_, side)| side);
        let stale = stale(policy, mail.kind, &proved, &side, now);
        let mut ages: BTreeMap<String, Option<i64>> = BTreeMap::new();
        for needed in needed(policy, mail.kind) {
            let stream = (&needed.proof.system, &needed.proof.stream);
            let age = needed.at(proved(stream.0, stream.1)).map(|at| now.since(at).as_seconds());
            // One stream may be needed twice; the older proof is told.
            let told = ages.entry(format!("{}.{}", stream.0, stream.1)).or_insert(age);
            *told = told.zip(age).map(|(a, b)| a.max(b));
        }
        let ages = Arc::new(ages);
        let version: Arc<str> = known.rules.version.as_str().into();
        let mut answers = Vec::with_capacity(subjects.len());
        for text in subjects {
            let found = subject(text).map(|s| self.table.find(&s)).unwrap_or_default();
            let answer = found.decide(mail, &stale, known.clock.trusted(now));
            answers.push(Answer {
                subject: text.clone(),
                decision: answer.decision.verdict.name().into(),
                reasons: answer.decision.reasons.iter().map(ToString::to_string).collect(),
                basis: answer.basis.map(|b| b.name().into()),
                // What is over by our clock, and still holds because no system's was heard yet, has no end that could be told.
                until: answer.until.filter(|until| *until > now).map(Time::rfc3339),
                data_age_s: ages.clone(),
                policy_version: version.clone(),
                decision_id: format!("d_{}_{:x}", self.run, self.count.fetch_add(1, Ordering::Relaxed)),
            });
        }
        self.keep(answers.clone());
        answers
    }

    fn keep(&self, answers: Vec<Answer>) {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        kept.extend(answers);
        let over = kept.len().saturating_sub(DECISIONS_KEPT);
        let old: Vec<Answer> = kept.drain(..over).collect();
        // Others need not wait while the old ones are let go of.
        drop(kept);
        drop(old);
    }

    /// A decision made before, while it is kept.
    pub fn decision(&self, id: &str) -> Option<Answer> {
        let kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        kept.iter().rev().find(|a| a.decision_id == id).cloned()
    }
}

fn known(engine: &Engine) -> Published {
    let (mut proofs, clock) = (Proofs::new(), engine.clocks.belief());
    for (name, system) in engine.systems.iter() {
        for stream in system.infos.keys() {
            // By a clock that is wrong nothing can be told to be young.
            let proved = if clock.agrees() { engine.proved_as_decided(name, stream) } else { Proved::default() };
            proofs.insert((name.clone(), stream.clone()), (proved, engine.side(name, stream)));
        }
    }
    Published { rules: engine.rules.rules().clone(), proofs, clock }
}

/// Reads `a@b.example` or `SYSTEM:ENTITY:ID`. What is neither is nobody we know.
pub fn subject(text: &str) -> Option<Subject> {
    RecordId::of_known_system(trimmed(text)).map(Subject::Record).or_else(|| Address::parse(text).map(Subject::Address))
}
