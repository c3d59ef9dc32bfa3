//! The gate: may this mail go to this person now? Answered from memory alone.

use super::decision_table::{Subject, Table, stale};
use crate::config::Rules;
use crate::decide::freshness::{Proved, ProvedOf, Side, needed};
use crate::decide::rules::Policy;
use crate::engine::engine::Engine;
use crate::engine::proofs::clocks::Belief;
use crate::model::{Address, Mail, MailKind, Name, RecordId, Time, trimmed};
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
        let id = || format!("d_{}_{:x}", self.run, self.count.fetch_add(1, Ordering::Relaxed));
        let answers = self.known.load().decide(&self.table, subjects, mail, now, id);
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
    let streams = engine.systems.iter().flat_map(|(name, system)| system.streams.infos().map(move |info| (name, &info.name)));
    let proofs = streams.map(|(name, stream)| {
        let told = (engine.proved_as_decided(name, stream), engine.side(name, stream));
        ((name.clone(), stream.clone()), told)
    });
    Published::of(engine.rules.rules().clone(), engine.clocks.belief(), proofs.collect())
}

impl Published {
    fn of(rules: Arc<Rules>, clock: Belief, mut proofs: Proofs) -> Published {
        if !clock.agrees() {
            // By a clock that is wrong nothing can be told to be young.
            proofs.values_mut().for_each(|(proved, _)| *proved = Proved::default());
        }
        Published { rules, proofs, clock }
    }

    /// Decides one mail for several subjects, in their order; `id` names each decision.
    fn decide(&self, table: &Table, subjects: &[String], mail: &Mail, now: Time, id: impl Fn() -> String) -> Vec<Answer> {
        let policy = &self.rules.policy;
        let find = |s: &Name, t: &Name| self.proofs.get(&(s.clone(), t.clone())).copied();
        let proved = |s: &Name, t: &Name| find(s, t).map(|(p, _)| p).unwrap_or_default();
        let side = |s: &Name, t: &Name| find(s, t).map_or(Side::Crm, |(_, side)| side);
        let stale = stale(policy, mail.kind, &proved, &side, now);
        let ages = Arc::new(ages(policy, mail.kind, &proved, now));
        let version: Arc<str> = self.rules.version.as_str().into();
        let answer = |text: &String| {
            let found = subject(text).map(|s| table.find(&s)).unwrap_or_default();
            let answer = found.decide(mail, &stale, self.clock.trusted(now));
            Answer {
                subject: text.clone(),
                decision: answer.decision.verdict.name().into(),
                reasons: answer.decision.reasons.iter().map(ToString::to_string).collect(),
                basis: answer.basis.map(|b| b.name().into()),
                // What is over by our clock, and still holds because no system's was heard yet, has no end that could be told.
                until: answer.until.filter(|until| *until > now).map(Time::rfc3339),
                data_age_s: ages.clone(),
                policy_version: version.clone(),
                decision_id: id(),
            }
        };
        subjects.iter().map(answer).collect()
    }
}

/// How old the proofs are that a kind of mail needs, by stream; `None`: there is none.
fn ages(policy: &Policy, kind: MailKind, proved: &ProvedOf<'_>, now: Time) -> BTreeMap<String, Option<i64>> {
    let mut ages: BTreeMap<String, Option<i64>> = BTreeMap::new();
    for needed in needed(policy, kind) {
        let stream = (&needed.proof.system, &needed.proof.stream);
        let age = needed.at(proved(stream.0, stream.1)).map(|at| now.since(at).as_seconds());
        // One stream may be needed twice; the older proof is told.
        let told = ages.entry(format!("{}.{}", stream.0, stream.1)).or_insert(age);
        *told = told.zip(age).map(|(a, b)| a.max(b));
    }
    ages
}

/// Reads `a@b.example` or `SYSTEM:ENTITY:ID`. What is neither is nobody we know.
pub fn subject(text: &str) -> Option<Subject> {
    RecordId::of_known_system(trimmed(text)).map(Subject::Record).or_else(|| Address::parse(text).map(Subject::Address))
}

#[cfg(test)]
mod tests {
    use super::super::decision_table::TableUpdate;
    use super::*;
    use crate::decide::rules::{After, HoldRule, HoldScope, Proof, Stale};
    use crate::decide::standing::{Brief, Kinds, Standing};
    use crate::engine::proofs::clocks::Clocks;
    use crate::model::expression::{Declared, Expression, Scope};
    use crate::model::{Basis, Entity, Reason, Span};

    const NOW: Time = Time(100_000_000);
    const DEALS: (&str, &str) = ("crm", "deals");
    const PEOPLE: (&str, &str) = ("ma", "people");

    fn proof((system, stream): (&str, &str), limit: i64) -> Proof {
        Proof { system: system.into(), stream: stream.into(), limit: Span::minutes(limit) }
    }

    /// Campaigns stop for open deals, which must be 15 minutes old at most, and need to know who said no an hour ago.
    fn rules() -> Arc<Rules> {
        let hold = HoldRule {
            name: "open_deal".into(),
            on: Entity::Deal,
            when: Expression::compile("deal.open", Scope::Deal, &Declared::default()).unwrap(),
            scope: HoldScope::Person,
            stops: vec![MailKind::Campaign],
            after: After::default(),
            proofs: vec![proof(DEALS, 15)],
            stale: Stale::Hold,
            rule: "policy.toml:1".into(),
        };
        Arc::new(Rules {
            systems: Vec::new(),
            shared_mailboxes: Vec::new(),
            precedence: Default::default(),
            policy: Policy { holds: vec![hold], refusal_proofs: vec![proof(PEOPLE, 60)], ..Policy::default() },
            consent: Default::default(),
            declared: Declared::default(),
            version: "0123456789ab".into(),
            files: Vec::new(),
        })
    }

    fn clock() -> Clocks {
        let mut clocks = Clocks::default();
        clocks.hear(NOW);
        clocks
    }

    /// What is known of streams that were proved so many minutes ago.
    fn published(clock: Belief, ages: &[((&str, &str), Side, i64)]) -> Published {
        let proved = |age: i64| Proved { at: Some(NOW.minus(Span::minutes(age))), filtered_at: None };
        let proofs = ages.iter().map(|((system, stream), side, age)| (((*system).into(), (*stream).into()), (proved(*age), *side)));
        Published::of(rules(), clock, proofs.collect())
    }

    fn table(holds: &[Brief]) -> Arc<Table> {
        let table = Table::default();
        let standing = Standing { basis: Some(Basis::ExplicitConsent), holds: Some(holds.into()), ..Standing::default() };
        let addresses = vec![Address::parse("taro@sato.example").unwrap()];
        table.apply(vec![TableUpdate::Set { person: 0, standing, addresses, records: Vec::new() }]);
        Arc::new(table)
    }

    fn asked(published: &Published, table: &Table, kind: MailKind) -> Answer {
        published.decide(table, &["taro@sato.example".into()], &Mail::of(kind), NOW, || "d_1".into()).remove(0)
    }

    #[test]
    fn mail_goes_only_by_proofs_that_are_within_their_limits() {
        let table = table(&[]);
        for (deals, people, reasons) in
            [(15, 60, &[][..]), (16, 60, &["stale_crm"]), (15, 61, &["stale_ma"]), (16, 61, &["stale_crm", "stale_ma"])]
        {
            let known = published(clock().belief(), &[(DEALS, Side::Crm, deals), (PEOPLE, Side::Ma, people)]);
            let answer = asked(&known, &table, MailKind::Campaign);
            assert_eq!(answer.reasons, reasons, "{deals}, {people}");
            assert_eq!(answer.decision, if reasons.is_empty() { "allow" } else { "hold" });
            let ages = [("crm.deals".to_string(), Some(deals * 60)), ("ma.people".to_string(), Some(people * 60))];
            assert_eq!(*answer.data_age_s, BTreeMap::from(ages));
            assert_eq!(&*answer.policy_version, "0123456789ab");
        }
        let known = published(clock().belief(), &[(PEOPLE, Side::Ma, 0)]);
        assert_eq!(asked(&known, &table, MailKind::Campaign).reasons, ["stale_crm"], "what was never read is no proof");
        assert_eq!(asked(&known, &table, MailKind::Newsletter).decision, "allow", "which no deal stops");
    }

    #[test]
    fn by_a_clock_that_is_wrong_no_proof_is_young() {
        let mut wrong = clock();
        wrong.tell(&"crm".into(), Span::days(1).0, NOW);
        let known = published(wrong.belief(), &[(DEALS, Side::Crm, 0), (PEOPLE, Side::Ma, 0)]);
        let answer = asked(&known, &table(&[]), MailKind::Campaign);
        assert_eq!(answer.reasons, ["stale_crm", "stale_ma"]);
        assert!(answer.data_age_s.values().all(Option::is_none));
    }

    #[test]
    fn an_end_is_told_only_while_it_is_to_come() {
        let at = |minutes| NOW.plus(Span::minutes(minutes));
        let held = |until| [Brief { reason: Reason::Cooldown, stops: Kinds::of(&[MailKind::Campaign]), until: Some(until) }];
        let all_fresh = [(DEALS, Side::Crm, 0), (PEOPLE, Side::Ma, 0)];
        let answer = |clocks: &Clocks, until| {
            let answer = asked(&published(clocks.belief(), &all_fresh), &table(&held(until)), MailKind::Campaign);
            (answer.decision, answer.until)
        };
        assert_eq!(answer(&clock(), at(1)), ("hold".into(), Some(at(1).rfc3339())));
        assert_eq!(answer(&clock(), at(-1)), ("allow".into(), None));
        let unheard = Clocks::default();
        assert_eq!(answer(&unheard, at(-1)), ("hold".into(), None), "it is over by our clock alone");
    }

    #[test]
    fn each_subject_gets_an_answer_in_its_place_and_a_stranger_is_held() {
        let known = published(clock().belief(), &[(DEALS, Side::Crm, 0), (PEOPLE, Side::Ma, 0)]);
        let subjects = ["nobody at all", " Taro@SATO.example ", "crm:person:9"].map(String::from);
        let answers = known.decide(&table(&[]), &subjects, &Mail::of(MailKind::Campaign), NOW, || "d_1".into());
        assert_eq!(answers.iter().map(|a| a.subject.as_str()).collect::<Vec<_>>(), subjects);
        let decided: Vec<_> = answers.iter().map(|a| (a.decision.as_str(), a.reasons.join(" "))).collect();
        let stranger = ("hold", "unknown_person".to_string());
        assert_eq!(decided, [stranger.clone(), ("allow", String::new()), stranger]);
        assert_eq!(answers[1].basis.as_deref(), Some("explicit_consent"));
    }

    #[test]
    fn of_a_stream_that_is_needed_twice_the_older_proof_is_told() {
        let mut policy = rules().policy.clone();
        policy.refusal_proofs = vec![proof(DEALS, 60)];
        let ago = |minutes| Some(NOW.minus(Span::minutes(minutes)));
        let age = |proved: Proved| ages(&policy, MailKind::Campaign, &|_, _| proved, NOW)["crm.deals"];
        assert_eq!(age(Proved { at: ago(30), filtered_at: ago(1) }), Some(1800));
        assert_eq!(age(Proved { at: None, filtered_at: ago(1) }), None, "who said no was never seen by a whole pass");
    }

    #[test]
    fn the_last_decisions_are_kept_each_by_an_id_of_its_own() {
        let known = ArcSwap::from_pointee(published(clock().belief(), &[]));
        let gate = Gate { table: table(&[]), known, run: "r".into(), count: AtomicU64::new(0), kept: Mutex::default() };
        let mail = Mail::of(MailKind::Campaign);
        let first = gate.decide(&["a@b.example".into()], &mail, NOW).remove(0);
        assert_eq!(gate.decision(&first.decision_id), Some(first.clone()));
        let rest = gate.decide(&vec!["c@d.example".to_string(); DECISIONS_KEPT], &mail, NOW);
        assert_eq!(gate.decision(&first.decision_id), None);
        for one in [&rest[0], &rest[DECISIONS_KEPT - 1]] {
            assert_eq!(gate.decision(&one.decision_id).as_ref(), Some(one));
        }
    }

    #[test]
    fn a_subject_is_a_record_or_an_address_and_else_nobody() {
        let address = Address::parse("taro@sato.example").unwrap();
        for (text, is) in [
            (" taro@sato.example", Some(Subject::Address(address))),
            (" crm:person:1 ", Some(Subject::Record("crm:person:1".parse().unwrap()))),
            ("crm:nothing:1", None),
            ("taro", None),
            ("", None),
        ] {
            assert_eq!(subject(text), is, "{text:?}");
        }
    }
}
