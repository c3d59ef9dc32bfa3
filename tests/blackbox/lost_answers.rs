//! A write whose answer is lost after it was done: its outcome is unknown, it is read back, and it is done once.

use super::harness::{Person, Setup, World, person};
use nayose::sandbox::{AnswerLost, Fault, FaultKind, SandboxSystem, Write};
use serde_json::Value;

fn effective_blocks(world: &World, person: &Person) -> Vec<Write> {
    let of_person = |w: &Write| w.record == person.lead.to_string() && w.committed;
    world.writes().into_iter().filter(|w| of_person(w) && w.fields.get("marketingSuspended") == Some(&Value::Bool(true))).collect()
}

fn lost(how: AnswerLost) {
    let world = World::new(Setup::default());
    let handle = &world.sandbox.handle;
    let hanako = person(handle, "Hanako", "Mori", None);
    let deal = handle.open_deal(&[hanako.contact], None).unwrap();
    world.run("plan").exits(4);
    world.run("approve ma").exits(0);
    handle.fault(SandboxSystem::Ma, Fault::of(FaultKind::LostAnswer { how }).times(1));
    let first = world.sync().json();
    assert!(world.blocked(hanako.lead));
    let counts = &first["writes"]["ma"]["hold"];
    assert_eq!(counts["rejected"], 0, "an unknown outcome is no rejection: {first:#}");
    world.sync_until("the outcome is known", |w| w.run("plan").code == 0);
    assert_eq!(effective_blocks(&world, &hanako).len(), 1, "{:?}", world.writes());
    world.assert_held(hanako.lead);

    // The block was ours, so it is lifted: once, too, with its answer lost.
    handle.set_deal_stage(deal, "won").unwrap();
    handle.reset_log();
    handle.fault(SandboxSystem::Ma, Fault::of(FaultKind::LostAnswer { how }).times(1));
    world.sync_until("released", |w| !w.blocked(hanako.lead) && w.run("plan").code == 0);
    let lifted = world.writes().into_iter().filter(|w| w.fields.get("marketingSuspended") == Some(&Value::Bool(false))).count();
    assert_eq!(lifted, 1, "{:?}", world.writes());
    world.assert_free(hanako.lead);
}

#[test]
fn an_answer_lost_by_a_broken_connection() {
    lost(AnswerLost::Reset);
}

#[test]
fn an_answer_lost_behind_a_500() {
    lost(AnswerLost::Status500);
}

#[test]
fn an_answer_that_never_comes() {
    lost(AnswerLost::Hang);
}

#[test]
fn a_release_of_unknown_outcome_never_lands_after_a_new_hold() {
    let mut someone = None;
    let world = World::running_with(Setup::default(), |handle| {
        let hanako = person(handle, "Hanako", "Mori", None);
        let deal = handle.open_deal(&[hanako.contact], None).unwrap();
        someone = Some((hanako, deal));
    });
    let handle = &world.sandbox.handle;
    let (hanako, deal) = someone.unwrap();
    for _ in 0..3 {
        handle.fault(SandboxSystem::Ma, Fault::of(FaultKind::LostAnswer { how: AnswerLost::Reset }).times(1));
        handle.set_deal_stage(deal, "won").unwrap();
        world.sync();
        handle.set_deal_stage(deal, "open").unwrap();
        world.sync_until("held again", |w| w.blocked(hanako.lead) && w.run("plan").code == 0);
        world.assert_held(hanako.lead);
    }
}
