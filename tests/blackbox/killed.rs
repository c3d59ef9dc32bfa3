//! A daemon that is killed or told to end in the middle of its work. Two hundred kills at random moments are in `tests/robustness/damage`.

use super::harness::{SOON, Setup, World, wait_until};
use nayose::sandbox::{FaultKind, SandboxSystem};
use serde_json::Value;

#[test]
fn a_daemon_killed_in_the_middle_of_its_writes_goes_on_where_it_was() {
    let world = World::new(Setup { people: 60, ..Setup::default() });
    world.run("plan").exits(4);
    world.run("approve ma").exits(0);
    world.fault_on(SandboxSystem::Ma, FaultKind::Slow { ms: 300 }, "/rest/v1/leads.json");
    let mut daemon = world.daemon();
    wait_until("the first write", SOON, || !world.writes().is_empty());
    daemon.process.kill();
    drop(daemon);
    world.sandbox.handle.clear_faults(SandboxSystem::Ma);
    world.sync_until("everything is written", |w| w.run("plan").code == 0);
    for lead in world.sandbox.handle.leads_on_open_deals(true) {
        assert!(world.blocked(lead), "lead {lead}");
    }
}

#[test]
fn sigterm_in_the_middle_of_writes_ends_well_and_loses_nothing() {
    let world = World::new(Setup { people: 60, ..Setup::default() });
    world.run("plan").exits(4);
    world.run("approve ma").exits(0);
    world.fault_on(SandboxSystem::Ma, FaultKind::Slow { ms: 1500 }, "/rest/v1/leads.json");
    let daemon = world.daemon();
    wait_until("the first write", SOON, || !world.writes().is_empty());
    daemon.stop();
    world.sandbox.handle.clear_faults(SandboxSystem::Ma);
    world.sync().exits(0);
    world.run("plan").exits(0);
    for lead in world.sandbox.handle.leads_on_open_deals(true) {
        assert!(world.blocked(lead), "lead {lead}");
    }
    // Once each: what was under way at the end was not done again.
    let blocks = world.writes().into_iter().filter(|w| w.fields.get("marketingSuspended") == Some(&Value::Bool(true)));
    let mut ids: Vec<String> = blocks.map(|w| w.record).collect();
    let count = ids.len();
    ids.sort();
    ids.dedup();
    assert_eq!(ids.len(), count, "a block was set twice");
}

#[test]
fn sigterm_while_a_system_hangs_ends_well() {
    let world = World::running_with(Setup { people: 20, ..Setup::default() }, |_| {});
    let daemon = world.daemon();
    for system in SandboxSystem::ALL {
        world.fault(system, FaultKind::Slow { ms: 60_000 });
    }
    let asked = |w: &World| w.sandbox.handle.requests().values().sum::<u64>();
    let before = asked(&world);
    wait_until("a request hangs", SOON, || asked(&world) > before);
    daemon.stop();
    for system in SandboxSystem::ALL {
        world.sandbox.handle.clear_faults(system);
    }
    world.sync().exits(0);
}
