//! Files edited while `run` runs.

use super::harness::{Person, SOON, Setup, World, person, wait_until};
use nayose::sandbox::{FaultKind, SandboxSystem};
use std::time::Duration;

/// An edit is in force within this time.
const AT_ONCE: Duration = Duration::from_secs(5);

/// Hanako is on an open deal, Ken is free.
fn scene() -> (World, Person, Person) {
    let mut someone = None;
    let world = World::running_with(Setup::default(), |handle| {
        let hanako = person(handle, "Hanako", "Mori", None);
        handle.open_deal(&[hanako.contact], None).unwrap();
        someone = Some((hanako, person(handle, "Ken", "Abe", None)));
    });
    let (hanako, ken) = someone.unwrap();
    (world, hanako, ken)
}

fn read(world: &World, file: &str) -> String {
    std::fs::read_to_string(world.folder().join(file)).unwrap()
}

/// Edits a file as editors do: another file is renamed over it.
fn edit(world: &World, file: &str, old: &str, new: &str) {
    let text = read(world, file);
    assert!(text.contains(old), "{file} has no {old:?}");
    let beside = world.folder().join(format!(".{file}.swp"));
    std::fs::write(&beside, text.replace(old, new)).unwrap();
    std::fs::rename(beside, world.folder().join(file)).unwrap();
}

fn version(world: &World) -> String {
    world.status()["config"]["version"].as_str().unwrap().to_string()
}

#[test]
fn a_protective_edit_counts_at_once() {
    let (world, _, ken) = scene();
    let daemon = world.daemon();
    wait_until("free", SOON, || world.gate(&ken.email).0 == "allow");
    edit(&world, "consent.toml", "explicit_consent", "notified_any");
    wait_until("denied by the edit", AT_ONCE, || world.gate(&ken.email).1 == ["no_basis"]);
    wait_until("blocked by the edit", SOON, || world.blocked(ken.lead));
    assert_eq!(world.run("plan").json()["waiting"].as_array().map(Vec::len), Some(0));
    daemon.stop();
}

#[test]
fn a_widening_edit_waits_for_approval() {
    let (world, hanako, ken) = scene();
    let daemon = world.daemon();
    let before = version(&world);
    edit(&world, "policy.toml", "when = 'deal.open'", "when = 'deal.open && deal.amount > 99999999'");
    wait_until("the edit is in force", AT_ONCE, || version(&world) != before);
    wait_until("it is protecting", SOON, || world.gate(&ken.email).0 == "allow");
    world.assert_held(hanako.lead);
    let waiting = world.run("plan").json()["waiting"].clone();
    assert_eq!(waiting.as_array().map(Vec::len), Some(1), "{waiting:#}");
    assert_eq!((waiting[0]["count"].as_u64(), waiting[0]["kind"].as_str()), (Some(1), Some("release")), "{waiting:#}");
    let plan = waiting[0]["plan"].as_str().unwrap();
    let because = world.because();
    assert!(because.contains(plan) && because.contains("policy.toml:8: the hold open_deal is true of fewer deals"), "{because}");
    let told = world.run_text(&format!("explain {}", hanako.email)).exits(0);
    assert!(told.out.contains("approve"), "{told}");

    daemon.stop();
    let daemon = world.daemon();
    wait_until("it is protecting", SOON, || world.gate(&ken.email).0 == "allow");
    world.assert_held(hanako.lead);
    world.run(&format!("approve {plan}")).exits(0);
    wait_until("released", SOON, || !world.blocked(hanako.lead));
    assert_eq!(world.gate(&hanako.email).0, "allow");
    daemon.stop();
}

#[test]
fn a_file_with_a_mistake_keeps_the_old_rules_and_says_so_until_it_is_mended() {
    let (world, hanako, ken) = scene();
    let daemon = world.daemon();
    wait_until("free", SOON, || world.gate(&ken.email).0 == "allow");
    let before = version(&world);
    edit(&world, "policy.toml", "when = 'deal.open'", "when = 'deal.opne'");
    wait_until("it says so", AT_ONCE, || world.because().contains("policy.toml:9: "));
    world.assert_held(hanako.lead);
    assert_eq!(world.gate(&ken.email).0, "allow");
    assert_eq!(version(&world), before);
    let (_, metrics) = world.http("GET", "/metrics", None, None).unwrap();
    assert!(metrics.lines().any(|l| l == "nayose_config_mistakes 1"), "{metrics}");
    world.run("check").exits(2).says("deal.opne");
    assert_eq!(world.run("check").json()["ok"], false);
    for who_may_be_misled in ["plan", "approve ma"] {
        world.run_text(who_may_be_misled).says("the rules from before the last edit").says("policy.toml:9");
    }
    edit(&world, "policy.toml", "'deal.opne'", "'deal.open'");
    wait_until("it is mended", AT_ONCE, || !world.because().contains("policy.toml"));
    world.run("check").exits(0);
    let told = daemon.stop().err;
    assert_eq!(told.matches("has a mistake").count(), 1, "told again and again: {told}");
}

#[test]
fn a_new_token_is_used_without_a_restart() {
    let (world, hanako, _) = scene();
    let token = world.folder().join("crm.token");
    std::fs::write(&token, "wrong-and-only-for-tests").unwrap();
    let right = world.sandbox.keys.crm_token.clone();
    let daemon = world.daemon();
    edit(&world, "systems.toml", "{ env = \"TEST_CRM\" }", "{ file = \"crm.token\" }");
    wait_until("the token is refused", SOON, || world.because().contains("crm.deals: "));
    std::fs::write(&token, right).unwrap();
    wait_until("the token is used", SOON, || !world.because().contains("crm.deals: "));
    world.assert_held(hanako.lead);
    daemon.stop();
}

#[test]
fn a_system_that_is_taken_out_leaves_its_holds_and_is_not_asked_any_more() {
    let (world, hanako, ken) = scene();
    let user = world.sandbox.handle.create_user("Ken Abe", Some(&ken.email));
    world.sandbox.handle.create_ticket(user, "open", Some("urgent")).unwrap();
    let daemon = world.daemon();
    wait_until("blocked", SOON, || world.blocked(ken.lead));
    let (systems, policy, precedence) = (read(&world, "systems.toml"), read(&world, "policy.toml"), read(&world, "precedence.toml"));
    let without = |text: &str, from: &str, to: &str| {
        let (start, end) = (text.find(from).unwrap(), text.find(to).unwrap());
        format!("{}{}", &text[..start], &text[end..])
    };
    // Three files; whoever reads between them reads mistakes, and keeps the old rules.
    std::fs::write(world.folder().join("policy.toml"), without(&policy, "[holds.critical_ticket]", "[refusals]")).unwrap();
    std::fs::write(world.folder().join("precedence.toml"), precedence.replace("\"support\", ", "")).unwrap();
    std::fs::write(world.folder().join("systems.toml"), without(&systems, "[systems.support]", "[systems.ma]")).unwrap();
    wait_until("it is out", AT_ONCE, || world.status()["systems"].get("support").is_none());
    world.sandbox.handle.reset_log();
    let asked = |system: &str| world.sandbox.handle.requests().iter().filter(|(r, _)| r.starts_with(system)).map(|(_, n)| *n).sum::<u64>();
    wait_until("the others are read", SOON, || asked("crm ") > 3 && asked("ma ") > 3);
    assert_eq!(asked("support "), 0);
    world.assert_held(hanako.lead);
    world.assert_held(ken.lead);
    std::fs::write(world.folder().join("systems.toml"), systems).unwrap();
    wait_until("it is read again", SOON, || asked("support ") > 0);
    daemon.stop();
}

#[test]
fn what_only_a_start_can_follow_is_said() {
    let (world, ..) = scene();
    let daemon = world.daemon();
    let text = read(&world, "systems.toml");
    let other = format!("127.0.0.1:{}", super::harness::free_port());
    edit(&world, "systems.toml", &format!("127.0.0.1:{}", world.port), &other);
    wait_until("it says so", AT_ONCE, || world.because().contains("[http] listen was changed: restart nayose"));
    assert_eq!(world.http("GET", "/healthz", None, None).map(|a| a.0), Some(200));
    std::fs::write(world.folder().join("systems.toml"), text).unwrap();
    wait_until("it is as it was", AT_ONCE, || !world.because().contains("restart nayose"));
    daemon.stop();
}

#[test]
fn an_edit_is_read_on_sighup_while_a_system_is_slow() {
    let (world, _, ken) = scene();
    let daemon = world.daemon();
    wait_until("free", SOON, || world.gate(&ken.email).0 == "allow");
    world.fault(SandboxSystem::Crm, FaultKind::Slow { ms: 3000 });
    edit(&world, "consent.toml", "explicit_consent", "notified_any");
    daemon.process.signal("HUP");
    wait_until("denied by the edit", AT_ONCE, || world.gate(&ken.email).1.contains(&"no_basis".to_string()));
    daemon.stop();
}
