//! Whose value counts, as precedence.toml says it.

use super::harness::{Setup, World, object, person};
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
