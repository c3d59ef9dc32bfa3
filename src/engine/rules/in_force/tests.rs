use super::*;
use crate::decide::rules::{After, ConsentRules, HoldScope, Policy, Stale};
use crate::engine::ledger::changes::tests::ledger;
use crate::merge::rules::Precedence;
use crate::model::expression::{Declared, Expression, Scope};
use crate::model::{Address, Basis, Entity, MailKind, Span};

/// The rules of a folder of this version, with these holds; it has no systems.
pub(in crate::engine) fn rules(version: &str, holds: &[&str]) -> Arc<Rules> {
    let hold = |name: &&str| HoldRule {
        name: (*name).into(),
        on: Entity::Deal,
        when: Expression::compile("deal.open", Scope::Deal, &Declared::default()).unwrap(),
        scope: HoldScope::Person,
        stops: vec![MailKind::Campaign],
        after: After::default(),
        proofs: Vec::new(),
        stale: Stale::Hold,
        rule: "policy.toml:4".into(),
    };
    Arc::new(Rules {
        systems: Vec::new(),
        shared_mailboxes: Vec::new(),
        precedence: Precedence::default(),
        policy: Policy { holds: holds.iter().map(hold).collect(), ..Policy::default() },
        consent: ConsentRules::default(),
        declared: Declared::default(),
        version: version.to_string(),
        files: Vec::new(),
    })
}

fn minutes(minutes: i64) -> EditTime {
    EditTime::at(Time(0).plus(Span::minutes(minutes)))
}

/// Records are known, and no expression is true of fewer of them.
const KNOWN: KnownRecords<'static> = Some(&|_, _| false);

fn holds(in_force: &InForce) -> Vec<String> {
    in_force.rules().policy.holds.iter().map(|h| h.name.to_string()).collect()
}

/// What the next process has in force.
fn restarted(ledger: &Ledger, files: Arc<Rules>, time: EditTime) -> InForce {
    let mut in_force = InForce::new(files);
    in_force.weigh_stored(ledger, Vec::new(), KNOWN, time).unwrap();
    in_force
}

#[test]
fn of_an_edit_what_protects_counts_at_once_and_what_widens_waits_for_a_word() {
    let mut in_force = InForce::new(rules("a", &["open_deal", "vip"]));
    in_force.edit(rules("b", &["open_deal", "new"]), KNOWN, minutes(0));
    assert_eq!(holds(&in_force), ["open_deal", "new", "vip"]);
    assert_eq!(in_force.former()[0].widens, ["policy.toml:4: the hold vip was taken out"]);
    assert_eq!(in_force.files().policy.holds.len(), 2, "the files say what they say");
    let waits = in_force.plan().unwrap();
    in_force.edit(rules("c", &["open_deal"]), KNOWN, minutes(1));
    assert_eq!(holds(&in_force), ["open_deal", "vip", "new"], "the first edit waits beside the second");
    assert_ne!(in_force.plan(), Some(waits), "another edit is another plan");
    in_force.accept();
    assert_eq!((holds(&in_force), in_force.plan(), in_force.former().len()), (vec!["open_deal".to_string()], None, 0));
}

#[test]
fn an_edit_that_only_protects_and_one_before_anything_was_read_wait_for_nobody() {
    for (before, after, known) in [
        (&["open_deal"][..], &["open_deal", "vip"][..], KNOWN),
        (&["open_deal", "vip"], &["open_deal", "vip"], KNOWN),
        (&["open_deal", "vip"], &["open_deal"], None),
    ] {
        let mut in_force = InForce::new(rules("a", before));
        in_force.edit(rules("b", after), known, minutes(0));
        assert_eq!((holds(&in_force).len(), in_force.plan()), (after.len(), None), "{before:?} -> {after:?}");
    }
}

#[test]
fn what_the_known_records_say_of_an_expression_decides_whether_it_widens() {
    for fewer in [false, true] {
        let mut edited = Rules::clone(&rules("b", &["open_deal"]));
        edited.policy.holds[0].when = Expression::compile("deal.open && deal.won", Scope::Deal, &Declared::default()).unwrap();
        let mut in_force = InForce::new(rules("a", &["open_deal"]));
        let asked = |old: &HoldRule, new: &HoldRule| fewer && old.when.source() == "deal.open" && new.when.source() != "deal.open";
        in_force.edit(Arc::new(edited), Some(&asked), minutes(0));
        assert_eq!((in_force.plan().is_some(), holds(&in_force).len()), (fewer, 1 + usize::from(fewer)));
    }
}

/// A folder that is again what it was: within ten minutes it was never edited, later that is an edit like another.
#[test]
fn an_edit_taken_back_within_minutes_was_never_made() {
    for (back_at, waits) in [(1, false), (10, false), (11, true)] {
        let mut in_force = InForce::new(rules("a", &["open_deal"]));
        in_force.edit(rules("b", &["open_deal", "vip"]), KNOWN, minutes(0));
        in_force.edit(rules("a", &["open_deal"]), KNOWN, minutes(back_at));
        assert_eq!(in_force.plan().is_some(), waits, "after {back_at} minutes");
        assert_eq!(holds(&in_force).contains(&"vip".to_string()), waits, "after {back_at} minutes");
    }
    // What waited when it was left waits again.
    let mut in_force = InForce::new(rules("a", &["open_deal", "vip"]));
    in_force.edit(rules("b", &["open_deal"]), KNOWN, minutes(0));
    let plan = in_force.plan();
    in_force.edit(rules("c", &["open_deal", "new"]), KNOWN, minutes(1));
    in_force.edit(rules("b", &["open_deal"]), KNOWN, minutes(2));
    assert!(plan.is_some() && in_force.plan() == plan);
}

#[test]
fn a_restart_widens_nothing_and_remembers_what_was_accepted() {
    let (before, after) = (rules("a", &["open_deal", "vip"]), rules("b", &["open_deal"]));
    let mut ledger = ledger();
    InForce::new(before.clone()).keep(&mut ledger);
    ledger.commit().unwrap();
    // The folder was edited while nobody was running.
    let mut in_force = restarted(&ledger, after.clone(), minutes(60));
    assert_eq!(holds(&in_force), ["open_deal", "vip"]);
    let waits = in_force.plan().unwrap();
    in_force.keep(&mut ledger);
    ledger.commit().unwrap();
    assert_eq!(restarted(&ledger, after.clone(), minutes(900)).plan(), Some(waits), "however often it is restarted");
    let taken_back = restarted(&ledger, before.clone(), minutes(61));
    assert_eq!((taken_back.plan(), holds(&taken_back).len()), (None, 2));
    in_force.accept();
    in_force.keep(&mut ledger);
    ledger.commit().unwrap();
    assert_eq!(holds(&restarted(&ledger, after, minutes(900))), ["open_deal"]);
}

#[test]
fn by_a_clock_that_was_set_back_an_edit_taken_back_over_a_restart_is_an_old_one() {
    let (narrow, wide) = (rules("a", &["open_deal"]), rules("b", &["open_deal", "vip"]));
    let mut ledger = ledger();
    let mut in_force = InForce::new(narrow.clone());
    in_force.edit(wide, KNOWN, minutes(100));
    in_force.keep(&mut ledger);
    ledger.commit().unwrap();
    for (set_back, waits) in [(0, false), (30, true)] {
        let again = restarted(&ledger, narrow.clone(), EditTime { set_back: Span::minutes(set_back), ..minutes(105) });
        assert_eq!(again.plan().is_some(), waits, "set back by {set_back}");
    }
}

#[test]
fn a_state_that_keeps_no_rules_lets_the_files_count() {
    let in_force = restarted(&ledger(), rules("a", &["open_deal"]), minutes(0));
    assert_eq!((holds(&in_force).len(), in_force.plan()), (1, None));
}

#[test]
fn a_mailbox_that_is_no_shared_one_any_more_and_a_basis_that_rises_wait_too() {
    let with = |version: &str, mailboxes: &[&str], basis: Option<Basis>| {
        let mut rules = Rules::clone(&rules(version, &[]));
        rules.shared_mailboxes = mailboxes.iter().map(ToString::to_string).collect();
        rules.consent.sources = basis.map(|b| ("crm".into(), b)).into_iter().collect();
        Arc::new(rules)
    };
    let mut in_force = InForce::new(with("a", &["front@*"], None));
    in_force.edit(with("b", &["shop@*"], Some(Basis::NotifiedAny)), KNOWN, minutes(0));
    assert_eq!(in_force.former()[0].widens.len(), 2);
    let shared = |in_force: &InForce, address: &str| in_force.link_rules().is_shared(&Address::parse(address).unwrap());
    assert!(shared(&in_force, "front@a.example") && shared(&in_force, "shop@a.example"));
    in_force.accept();
    assert!(!shared(&in_force, "front@a.example") && shared(&in_force, "shop@a.example"));
}
