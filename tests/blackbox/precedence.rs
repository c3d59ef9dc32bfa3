//! Whose value counts, as precedence.toml says it.

use super::harness::{SOON, Setup, World, object, person, wait_until};
use serde_json::json;

/// A status that asks for a field sees what the merge makes of it, its own condition and all.
#[test]
fn a_status_sees_the_value_that_a_fields_condition_leads_to() {
    let by_deal = "score = { from = [\"crm\"], when = 'deals.exists(d, d.open)', otherwise = [\"ma\"] }\n";
    let mut lead = 0;
    let world = World::running_with(Setup { precedence: by_deal, ..Setup::default() }, |handle| {
        let someone = person(handle, "Hanako", "Mori", None);
        handle.edit_lead(someone.lead, &object(json!({"leadScore": 120}))).unwrap();
        lead = someone.lead;
    });
    world.sync().exits(0);
    assert_eq!(world.lead(lead).text("leadStatus"), Some("mql"));
}

/// Nothing else changes: the value grows too old while the daemon runs, and the next one takes its place.
#[test]
fn a_value_that_grows_too_old_is_noticed_while_the_daemon_runs() {
    let fresh = "phone = [{ system = \"support\", max_age = \"20s\" }, \"crm\"]\n";
    let mut lead = 0;
    let world = World::running_with(Setup { precedence: fresh, ..Setup::default() }, |handle| {
        let someone = person(handle, "Hanako", "Mori", None);
        let user = handle.create_user("Mori Hanako", Some(&someone.email));
        handle.edit_user(user, |u| u.phone = Some("+81 3 2222 2222".into())).unwrap();
        handle.edit_contact(someone.contact, &[("phone", "+81 3 1111 1111")]).unwrap();
        lead = someone.lead;
    });
    assert_eq!(world.lead(lead).text("phone"), Some("+81 3 2222 2222"));
    let daemon = world.daemon();
    wait_until("the CRM's phone is written", SOON, || world.lead(lead).text("phone") == Some("+81 3 1111 1111"));
    daemon.stop();
}
