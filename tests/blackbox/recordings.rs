//! `connector try SYSTEM --record DIR` and `connector test --replay DIR`, over the three systems.

use super::harness::{Setup, World, object, person};
use super::recorded::holds_nothing_of;
use serde_json::{Value, json};

/// What a system answers to a question of our own.
fn asked(world: &World, request: reqwest::RequestBuilder) -> Value {
    world.runtime.block_on(async { request.send().await.unwrap().json().await.unwrap() })
}

#[test]
fn a_recording_holds_nothing_of_a_person_and_becomes_records_again() {
    let world = World::new(Setup { people: 40, permit: true, ..Setup::default() });
    let handle = &world.sandbox.handle;
    let hanako = person(handle, "花子", "佐藤", None);
    handle.edit_lead(hanako.lead, &object(json!({"phone": "03-5550-0101", "title": "購買部長", "unsubscribed": true}))).unwrap();
    let (sandbox, http) = (&world.sandbox, reqwest::Client::new());
    let get = |url: String, token: &str| asked(&world, http.get(url).bearer_auth(token));
    let keys = &sandbox.keys;
    let ma = get(
        format!(
            "{}/identity/oauth/token?grant_type=client_credentials&client_id={}&client_secret={}",
            sandbox.ma_url, keys.ma_client_id, keys.ma_client_secret
        ),
        "",
    );
    let ma_token = ma["access_token"].as_str().unwrap().to_string();
    let fields = "id,email,firstName,lastName,company,title,phone,country,leadScore,leadStatus,updatedAt";
    let held = [
        (
            "crm",
            "hubspot",
            get(
                format!("{}/crm/v3/objects/contacts?limit=100&properties=email,firstname,lastname,phone", sandbox.crm_url),
                &keys.crm_token,
            ),
        ),
        (
            "support",
            "zendesk",
            get(format!("{}/api/v2/incremental/users/cursor.json?start_time=1", sandbox.support_url), &keys.support_token),
        ),
        ("ma", "marketo", get(format!("{}/rest/v1/lists/{}/leads.json?fields={fields}", sandbox.ma_url, sandbox.ma_list), &ma_token)),
    ];
    for (system, connector, held) in held {
        let folder = world.folder().join(format!("kept-{system}"));
        let place = folder.display().to_string();
        let tried = world.run(&format!("connector try {system} --record {place}")).json();
        assert!(tried["recorded"]["exchanges"].as_u64().is_some_and(|n| n >= 4), "{system}: {:#}", tried["recorded"]);
        let secrets = [&*keys.crm_token, &*keys.support_token, &*keys.ma_client_secret, &*ma_token];
        holds_nothing_of(&folder, connector, &[held], &secrets);

        let played = world.run(&format!("connector test --replay {place}")).exits(0).json();
        let records = |of: &str| {
            let one = played["exchanges"].as_array().unwrap().iter().find(|e| e["of"] == of);
            let one = one.unwrap_or_else(|| panic!("{system} has no {of}: {played:#}"));
            let became = &one["became"];
            became.get("records").unwrap_or(became).as_array().unwrap().clone()
        };
        let shown = tried["streams"].as_array().unwrap().iter().find(|s| s["stream"] == "people").unwrap();
        let before = shown["records"].get("records").unwrap_or(&shown["records"]).as_array().unwrap();
        let after = records("people.sweep");
        assert_eq!(before.len(), after.len(), "{system}");
        for (before, after) in before.iter().zip(&after) {
            assert_eq!(before["refusals"], after["refusals"], "{system}");
            assert_eq!(before["fields"]["email"].is_null(), after["fields"]["email"].is_null(), "{system}");
            assert_ne!(before["record"], after["record"], "{system}");
        }
        if system == "crm" {
            let people: Vec<Value> = after.iter().map(|r| json!(r["record"].as_str().unwrap().rsplit(':').next().unwrap())).collect();
            let deals = records("deals.sweep");
            let linked = deals.iter().flat_map(|d| d["people"].as_array().cloned().unwrap_or_default());
            assert!(linked.clone().count() > 0 && linked.filter(|p| people.contains(p)).count() > 0, "links hold over the files");
        }
        world.run_text(&format!("connector try {system} --record {place}")).exits(2).says("is there already");
    }
    world.run_text("connector test --replay nowhere").exits(2).says("connector try SYSTEM --record DIR");
}
