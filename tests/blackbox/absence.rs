//! What is absent ends nothing: records that vanish, systems that fail, credentials that are not accepted any more.

use super::harness::{Person, SOON, Setup, World, object, person, wait_until};
use nayose::sandbox::{FaultKind, SandboxSystem};
use serde_json::{Value, json};

struct Held {
    world: World,
    hanako: Person,
    /// Not held by anything.
    ken: Person,
    deal: u64,
}

fn held(setup: Setup) -> Held {
    let mut someone = None;
    let world = World::running_with(setup, |handle| {
        let hanako = person(handle, "Hanako", "Mori", None);
        let ken = person(handle, "Ken", "Abe", None);
        let deal = handle.open_deal(&[hanako.contact], None).unwrap();
        someone = Some((hanako, ken, deal));
    });
    let (hanako, ken, deal) = someone.unwrap();
    world.assert_held(hanako.lead);
    world.assert_free(ken.lead);
    Held { world, hanako, ken, deal }
}

impl Held {
    /// Syncs a few times under the fault: nobody who was held becomes mailable.
    #[track_caller]
    fn stays_held(&self) {
        for _ in 0..3 {
            self.world.sync();
            self.world.assert_held(self.hanako.lead);
        }
        let mailed = self.world.sandbox.handle.send_newsletter(false);
        assert!(mailed.iter().all(|m| m.lead != self.hanako.lead));
    }

    /// The one waiting plan.
    #[track_caller]
    fn waiting(&self) -> Value {
        let plan = self.world.run("plan").json();
        let waiting = plan["waiting"].as_array().unwrap();
        assert_eq!(waiting.len(), 1, "{plan:#}\n{}", self.world.run_text(&format!("explain {}", self.hanako.email)));
        waiting[0].clone()
    }

    #[track_caller]
    fn asks_and_releases(&self) {
        let waiting = self.waiting();
        assert_eq!(waiting["count"], 1, "{waiting:#}");
        assert!(!waiting["samples"].as_array().unwrap().is_empty(), "{waiting:#}");
        let id = waiting["plan"].as_str().unwrap();
        assert!(id.starts_with("w_"));
        assert!(self.world.because().contains(id), "status does not name the plan: {}", self.world.because());
        self.stays_held();
        self.world.run(&format!("approve {id}")).exits(0);
        self.world.sync_until("released", |w| !w.blocked(self.hanako.lead));
        self.world.assert_free(self.hanako.lead);
        assert_eq!(self.world.run("plan").json()["waiting"], json!([]));
    }
}

#[test]
fn a_new_record_of_a_held_person_gets_its_block() {
    let held = held(Setup::default());
    let handle = &held.world.sandbox.handle;
    let fields = object(json!({"email": held.hanako.email.to_uppercase(), "firstName": "Hanako", "lastName": "Mori"}));
    let new = handle.add_lead(&fields).unwrap();
    held.world.sync().exits(0);
    held.world.assert_held(new);
    held.world.assert_held(held.hanako.lead);
}

#[test]
fn a_new_contact_on_an_open_deal_is_held_though_no_timestamp_moved() {
    let held = held(Setup::default());
    held.world.sandbox.handle.attach(held.deal, held.ken.contact).unwrap();
    held.world.sync().exits(0);
    held.world.assert_held(held.ken.lead);
}

#[test]
fn a_deal_that_loses_its_people_keeps_them_held_and_asks() {
    let held = held(Setup::default());
    held.world.sandbox.handle.detach(held.deal, held.hanako.contact).unwrap();
    held.world.sync();
    held.stays_held();
    held.asks_and_releases();
}

#[test]
fn a_deleted_deal_keeps_its_people_held_and_asks() {
    let held = held(Setup::sweeping());
    held.world.sandbox.handle.delete_deal(held.deal).unwrap();
    held.world.sweep(2);
    held.stays_held();
    held.asks_and_releases();
}

#[test]
fn a_contact_that_is_archived_keeps_the_hold() {
    let held = held(Setup::sweeping());
    held.world.sandbox.handle.archive_contact(held.hanako.contact).unwrap();
    held.world.sweep(2);
    held.stays_held();
}

#[test]
fn a_contact_whose_address_changed_keeps_the_old_address_held() {
    let held = held(Setup::default());
    held.world.sandbox.handle.edit_contact(held.hanako.contact, &[("email", "hanako@new.example")]).unwrap();
    held.stays_held();
}

#[test]
fn a_crm_that_is_down_beyond_its_limit_holds_everybody_at_the_gate() {
    // The manifest says that its lists trail by a minute: ten seconds after a pass this limit is over.
    let held = held(Setup { deals_limit: "70s", ..Setup::default() });
    let daemon = held.world.daemon();
    held.world.fault(SandboxSystem::Crm, FaultKind::Down);
    held.world.sandbox.handle.set_deal_stage(held.deal, "lost").unwrap();
    wait_until("what is stale is told", SOON, || held.world.gate(&held.ken.email).1 == ["stale_crm"]);
    assert_eq!(held.world.status()["protection"], "not_protecting");
    // Their people are as old as the deals or older, so that either may be told first.
    let because = held.world.because();
    assert!(because.contains("crm.deal") && because.contains("limit"), "{because}");
    assert!(!held.world.blocked(held.ken.lead), "staleness acts at the gate and is not written to every record");
    held.world.assert_held(held.hanako.lead);

    held.world.sandbox.handle.clear_faults(SandboxSystem::Crm);
    // A pass that waits to try again waits half a minute at most.
    wait_until("released when the end was seen", SOON * 2, || !held.world.blocked(held.hanako.lead));
    held.world.assert_free(held.ken.lead);
    daemon.stop();
}

fn revoked(status: u16) {
    let held = held(Setup::sweeping());
    held.world.fault(SandboxSystem::Crm, FaultKind::Revoked { status });
    held.world.sync().exits(1);
    held.stays_held();
    let because = held.world.because();
    assert!(because.contains("crm.deals"), "neither system nor stream: {because}");
    assert!(because.contains("token") || because.contains("credential"), "no remedy: {because}");
    held.world.sandbox.handle.clear_faults(SandboxSystem::Crm);
    held.world.sync_until("well again", |w| w.status()["protection"] == "protecting");
    held.world.assert_held(held.hanako.lead);
}

#[test]
fn a_token_revoked_by_401_ends_no_hold() {
    revoked(401);
}

#[test]
fn a_token_revoked_by_403_ends_no_hold() {
    revoked(403);
}

#[test]
fn a_token_revoked_by_200_with_an_error_ends_no_hold() {
    revoked(200);
}

#[test]
fn a_marketing_system_whose_credentials_are_revoked_is_told() {
    let held = held(Setup::default());
    held.world.fault(SandboxSystem::Ma, FaultKind::Revoked { status: 200 });
    held.world.sandbox.handle.expire_ma_token();
    held.world.sync().exits(1);
    held.stays_held();
    let because = held.world.because();
    assert!(because.contains("ma.people"), "{because}");
}

#[test]
fn a_scope_lost_on_deals_only_ends_no_hold() {
    let held = held(Setup::sweeping());
    held.world.fault_on(SandboxSystem::Crm, FaultKind::NoScope, "deals");
    held.world.sync().exits(1);
    held.stays_held();
    let because = held.world.because();
    assert!(because.contains("crm.deals"), "{because}");
    assert!(because.contains("scope"), "no remedy: {because}");
    assert_eq!(held.world.status()["systems"]["crm"]["streams"]["people"]["error"], Value::Null, "the other streams go on");
}

#[test]
fn a_list_that_is_empty_all_at_once_is_not_believed() {
    let mut people = Vec::new();
    let world = World::running_with(Setup::sweeping(), |handle| {
        for first in ["Hanako", "Ken", "Yui", "Taro", "Mika", "Jun"] {
            let person = person(handle, first, "Mori", None);
            handle.open_deal(&[person.contact], None).unwrap();
            people.push(person);
        }
    });
    for deal in world.sandbox.handle.deals() {
        world.sandbox.handle.delete_deal(deal.id).unwrap();
    }
    world.sync_until("it is told", |w| w.because().contains("crm.deals"));
    for _ in 0..3 {
        world.sync();
    }
    people.iter().for_each(|p| world.assert_held(p.lead));
}

#[test]
fn a_system_taken_out_of_the_config_ends_no_hold() {
    let held = held(Setup::default());
    let folder = held.world.folder();
    let systems = std::fs::read_to_string(folder.join("systems.toml")).unwrap();
    let (before, rest) = systems.split_once("[systems.crm]").unwrap();
    let after = &rest[rest.find("[systems.support]").unwrap()..];
    std::fs::write(folder.join("systems.toml"), format!("{before}{after}")).unwrap();
    let precedence = "default = [\"support\", \"ma\"]\n[person]\nphone = [\"support\", \"ma\"]\ntitle = [\"ma\"]\n";
    std::fs::write(folder.join("precedence.toml"), precedence).unwrap();
    let policy = std::fs::read_to_string(folder.join("policy.toml")).unwrap();
    let (before, rest) = policy.split_once("[holds.open_deal]").unwrap();
    let after = &rest[rest.find("[holds.critical_ticket]").unwrap()..];
    std::fs::write(folder.join("policy.toml"), format!("{before}{after}")).unwrap();
    held.world.run_text("check").exits(0);
    held.stays_held();
    assert_eq!(held.waiting()["count"], 1);
}

/// Whoever was held stays held, whichever record loses its address or name.
fn stays_held_after(change: impl Fn(&Held)) {
    let held = held(Setup::sweeping());
    change(&held);
    held.world.sweep(2);
    held.stays_held();
}

#[test]
fn a_contact_whose_address_was_emptied_keeps_the_hold() {
    stays_held_after(|h| h.world.sandbox.handle.edit_contact(h.hanako.contact, &[("email", "")]).unwrap());
}

#[test]
fn a_contact_that_became_another_person_keeps_the_hold_of_the_former() {
    stays_held_after(|h| {
        let other = [("email", "jun.ito@acme.example"), ("firstname", "Jun"), ("lastname", "Ito")];
        h.world.sandbox.handle.edit_contact(h.hanako.contact, &other).unwrap();
    });
}

#[test]
fn a_lead_that_moves_to_another_address_takes_its_block_along() {
    stays_held_after(|h| h.world.sandbox.handle.edit_lead(h.hanako.lead, &object(json!({"email": "hanako@home.example"}))).unwrap());
}

#[test]
fn a_new_lead_under_a_former_address_of_a_held_contact_is_blocked() {
    let held = held(Setup::default());
    let handle = &held.world.sandbox.handle;
    handle.edit_contact(held.hanako.contact, &[("email", "hanako@new.example")]).unwrap();
    held.world.sync().exits(0);
    let leads = [&held.hanako.email, "hanako@new.example"]
        .map(|email| handle.add_lead(&object(json!({"email": email, "firstName": "Hanako", "lastName": "Mori"}))).unwrap());
    held.world.sync().exits(0);
    leads.iter().for_each(|l| held.world.assert_held(*l));
    held.world.assert_held(held.hanako.lead);
}

#[test]
fn a_deal_that_was_seen_to_end_asks_nothing_when_it_vanishes() {
    let held = held(Setup::default());
    let handle = &held.world.sandbox.handle;
    let second = handle.open_deal(&[held.hanako.contact], None).unwrap();
    handle.set_deal_stage(held.deal, "won").unwrap();
    held.stays_held();
    handle.delete_deal(held.deal).unwrap();
    held.stays_held();
    handle.set_deal_stage(second, "won").unwrap();
    held.world.sync_until("released when the last deal ended", |w| !w.blocked(held.hanako.lead));
    assert_eq!(held.world.run("plan").json()["waiting"], json!([]), "a deal that was seen to end asks nothing when it vanishes");
}
