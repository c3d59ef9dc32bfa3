//! Commands while no daemon runs: `status` says so, and who only looks needs no secret and changes nothing.

use super::harness::{Ran, SOON, Setup, World, person, wait_until};
use nayose::sandbox::{FaultKind, SandboxSystem};
use std::fs;

fn protection(world: &World) -> String {
    world.status()["protection"].as_str().unwrap().to_string()
}

#[test]
fn without_a_daemon_status_says_that_none_runs_and_not_that_it_protects() {
    let world = World::running_with(Setup::default(), |handle| {
        let hanako = person(handle, "Hanako", "Mori", None);
        handle.open_deal(&[hanako.contact], None).unwrap();
    });
    // By cron: what a sync proved counts until the shortest limit.
    world.sync().exits(0);
    assert_eq!(protection(&world), "protecting", "{}", world.because());
    assert!(world.because().contains("no daemon runs: what changes is seen by the next `nayose sync` only"), "{}", world.because());
    world.run_text("status").exits(0).says("no daemon runs");

    for signal in ["KILL", "TERM"] {
        let mut daemon = world.daemon();
        wait_until("it protects", SOON, || protection(&world) == "protecting");
        assert!(!world.because().contains("no daemon runs"), "{}", world.because());
        match signal {
            "KILL" => daemon.process.kill(),
            _ => drop(daemon.stop()),
        }
        let told = world.because();
        assert_eq!(protection(&world), "not_protecting", "{signal}: {told}");
        assert!(told.contains("no daemon runs: nothing was read since 2") && told.contains("at least every 15m"), "{signal}: {told}");
    }
    world.sync().exits(0);
    assert_eq!(protection(&world), "protecting", "{}", world.because());

    // One that did not end well proves nothing of what it could not see.
    world.fault(SandboxSystem::Crm, FaultKind::Down);
    world.sync().exits(1);
    assert_eq!(protection(&world), "not_protecting", "{}", world.because());
}

#[test]
fn where_no_daemon_was_ever_started_status_watches_and_says_so() {
    let world = World::new(Setup::default());
    world.run("plan").exits(0);
    assert_eq!(protection(&world), "watching");
    assert!(world.because().contains("no daemon runs: nothing was read since 2"), "{}", world.because());
}

/// Without the secrets, but for those that are named.
fn without_secrets(world: &World, args: &str, but: &[&str]) -> Ran {
    let mut command = world.command(&args.split(' ').collect::<Vec<_>>());
    for name in ["TEST_CRM", "TEST_SUPPORT", "TEST_MA_ID", "TEST_MA_SECRET", "TEST_HTTP", "TEST_PROXY"] {
        if !but.contains(&name) {
            command.env_remove(name);
        }
    }
    world.run_command(args, command)
}

#[test]
fn who_only_looks_needs_no_secret_and_changes_nothing() {
    let mut someone = None;
    let world = World::running_with(Setup { http_token: true, ..Setup::default() }, |handle| {
        let hanako = person(handle, "Hanako", "Mori", None);
        handle.open_deal(&[hanako.contact], None).unwrap();
        someone = Some(hanako);
    });
    let hanako = someone.unwrap();
    let ours = ["journal.log", "commits"].map(|file| world.state_folder().join(file));
    let kept = || ours.each_ref().map(|file| fs::read(file).unwrap());
    let (before, requests) = (kept(), world.sandbox.handle.requests());
    let backup = world.folder().join("backup.tar.gz");
    for args in [
        "status".to_string(),
        format!("explain {}", hanako.email),
        format!("gate {}", hanako.email),
        "plan --known".to_string(),
        "plan --known --json".to_string(),
        "export people".to_string(),
        "export links".to_string(),
        "export decisions".to_string(),
        "export journal".to_string(),
        "deadletters list".to_string(),
        "undo".to_string(),
        format!("backup {}", backup.display()),
    ] {
        let held_at_the_gate = args.starts_with("gate");
        without_secrets(&world, &args, &[]).exits(i32::from(held_at_the_gate));
    }
    assert_eq!(kept(), before, "a look changed the state");
    assert_eq!(world.sandbox.handle.requests(), requests, "a look asked a system");
    let held = without_secrets(&world, &format!("gate ma:person:{}", hanako.lead), &[]);
    assert!(held.out.starts_with("hold"), "{held}");

    // Who reads, writes or checks needs them.
    for args in ["check", "plan", "sync", "approve ma", "deadletters retry", "undo r_1"] {
        without_secrets(&world, args, &[]).exits(2).says("TEST_CRM is not set");
    }
    without_secrets(&world, "connector try crm", &["TEST_CRM"]).exits(0).says("crm.people: 1 record on the first page");
    without_secrets(&world, "connector try crm", &["TEST_SUPPORT"]).exits(2).says("TEST_CRM is not set");

    // With the secrets it goes on as if nobody had looked: no other connection, nothing read anew, nothing written again.
    world.sandbox.handle.reset_log();
    world.sync().exits(0);
    assert!(world.writes().is_empty(), "{:?}", world.writes());
    assert_eq!(world.status()["systems"]["ma"]["approved"], "all");

    let systems = world.folder().join("systems.toml");
    let text = fs::read_to_string(&systems).unwrap();
    fs::write(&systems, text.replace("sled:data", "sled:restored")).unwrap();
    without_secrets(&world, &format!("restore {}", backup.display()), &[]).exits(0);
    without_secrets(&world, "status", &[]).exits(1).says("restored from the backup");
}

#[test]
fn a_plan_of_what_is_known_reads_nothing() {
    let world = World::new(Setup::default());
    world.run("plan --known").exits(3).says("no state");
    let handle = &world.sandbox.handle;
    let hanako = person(handle, "Hanako", "Mori", None);
    handle.open_deal(&[hanako.contact], None).unwrap();
    world.run("plan").exits(4);
    let requests = handle.requests();
    let known = world.run("plan --known").exits(4).json();
    assert_eq!((&known["totals"]["hold"], &known["unprotected"]["ma"]), (&1.into(), &1.into()), "{known:#}");
    assert_eq!(handle.requests(), requests);
    let daemon = world.daemon();
    wait_until("it has read", SOON, || protection(&world) == "watching");
    world.run_text("plan --known").exits(4).says("1 person on open deals is not protected in ma");
    daemon.stop();
}
