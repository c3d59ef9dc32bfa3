//! Recordings of the real systems: nothing of what they hold is in them, and they play.

use super::nayose::{Nayose, Rules};
use super::systems::Trio;
use super::turn;
use crate::recorded::holds_nothing_of;
use reqwest::Method;
use serde_json::{Value as Json, json};

/// What each system holds, as it says itself.
async fn held(trio: &Trio) -> [Vec<Json>; 3] {
    let mut crm = Vec::new();
    for path in ["/contacts/?limit=1000", "/leads/?limit=1000", "/accounts/?limit=1000", "/opportunities/?limit=1000"] {
        let mut answer = trio.crm.call(Method::GET, path, None).await;
        // Lists to pick from, the same in each installation.
        answer.as_object_mut().unwrap().retain(|key, _| {
            let picks = ["countries", "industries", "stage", "lead_source", "currency", "source", "status"];
            !picks.contains(&key.as_str())
        });
        crm.push(answer);
    }
    let fields = "fields=id,EmailAddress,RealName,Organization,MobilePhone,WorkPhone,CustomFields&per_page=100";
    let all = json!([{"field": "EmailAddress", "operator": "LIKE", "value": "@"}]);
    let users = trio.rt.call(Method::POST, &format!("/users?{fields}"), Some(all)).await;
    let tickets =
        "/tickets?query=id%20%3E%200&per_page=100&fields=id,Subject,Requestor,LastUpdated&fields[Requestor]=id,EmailAddress,RealName";
    let tickets = trio.rt.call(Method::GET, tickets, None).await;
    let members = trio.ghost.call(Method::GET, "/members/?limit=100", None).await;
    [crm, vec![users["items"].clone(), tickets["items"].clone()], vec![members["members"].clone()]]
}

#[tokio::test]
async fn recordings_of_the_three_hold_nothing_of_a_person_and_play() {
    let Some(trio) = Trio::of_the_lab() else { return };
    let _turn = turn::alone().await;
    let nayose = Nayose::new(&trio, &trio.crm.url, &Rules::default());
    let kept = tempfile::tempdir().unwrap();
    let systems = [("crm", "bottlecrm"), ("support", "rt"), ("ghost", "ghost")];
    for ((system, connector), held) in systems.into_iter().zip(held(&trio).await) {
        let folder = kept.path().join(system);
        let place = folder.display().to_string();
        let tried = nayose.ask(&["--json", "connector", "try", system, "--record", &place]).await;
        let exchanges = tried.json()["recorded"]["exchanges"].as_u64();
        assert!(exchanges.is_some_and(|n| n >= 2), "{system}: {tried:?}");
        holds_nothing_of(&folder, connector, &held, &[&trio.crm.token, &trio.rt.token, &trio.ghost.token]);

        let played = nayose.ask(&["--json", "connector", "test", "--replay", &place]).await;
        assert_eq!(played.exit, 0, "{system}: {played:?}");
        let played = played.json();
        let mut records = 0;
        for shown in tried.json()["streams"].as_array().unwrap() {
            let of = format!("{}.sweep", shown["stream"].as_str().unwrap());
            let one =
                played["exchanges"].as_array().unwrap().iter().find(|e| e["of"] == of).unwrap_or_else(|| panic!("no {of}: {played:#}"));
            let (before, after) = (rows(&shown["records"]), rows(&one["became"]));
            assert_eq!(before.len(), after.len(), "{system} {of}");
            for (before, after) in before.iter().zip(&after) {
                for key in ["deal", "ticket", "refusals"] {
                    assert_eq!(before[key], after[key], "{system} {of}");
                }
                assert_eq!(before["fields"]["email"].is_null(), after["fields"]["email"].is_null(), "{system} {of}");
            }
            records += after.len();
        }
        println!("{system}: {} answers, {records} records, nothing of {} answers of its own is in them", exchanges.unwrap(), held.len());
    }
}

fn rows(became: &Json) -> Vec<Json> {
    became.get("records").unwrap_or(became).as_array().unwrap().clone()
}
