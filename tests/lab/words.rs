//! Words of the rules over the real systems: a pin, a status that does not fall, and what a company has on its people.

use super::nayose::{Nayose, written};
use super::people::{Person, with_the_lab};
use super::precedence::{CRM_FIRST, files, notes, notes_of_contacts, with_fields};
use super::systems::Trio;
use crate::config_files::{self, ConfigFiles, OPEN_DEAL, STATUSES, system};
use reqwest::Method;
use serde_json::{Value as Json, json};

/// The member's note, as Ghost shows it.
async fn note(trio: &Trio, person: &Person) -> String {
    let shown = trio.ghost.call(Method::GET, &format!("/members/{}/", person.member), None).await;
    shown["members"][0]["note"].as_str().unwrap_or_default().to_string()
}

/// Writes what is due, and reads it back.
async fn synced_note(nayose: &Nayose, trio: &Trio, person: &Person) -> String {
    nayose.json(&["sync"]).await;
    note(trio, person).await
}

#[tokio::test]
async fn what_is_pinned_goes_before_every_rule_until_it_is_taken_back() {
    const PINNED: &str = "電話は午前に、と本人の希望";
    with_the_lab(async |trio, guests| {
        let person = guests.person_with("pinned", json!({"description": "CRM 1"}), json!({"note": "Ghost 1"})).await;
        let nayose = Nayose::with(trio, &notes([&trio.crm.url, &trio.ghost.url], CRM_FIRST), &notes_of_contacts());
        nayose.contact().await;
        assert_eq!(note(trio, &person).await, "CRM 1");

        let pinned = nayose.json(&["pin", &person.email, "note", PINNED, "--because", "she asked", "--by", "hanako"]).await;
        println!("pin: {pinned}");
        assert_eq!(synced_note(&nayose, trio, &person).await, PINNED);
        let contact = format!("/contacts/{}/", person.contact);
        trio.crm.call(Method::PATCH, &contact, Some(json!({"description": "CRM 2"}))).await;
        assert_eq!(synced_note(&nayose, trio, &person).await, PINNED);
        let member = format!("/members/{}/", person.member);
        trio.ghost.call(Method::PUT, &member, Some(json!({"members": [{"note": "Ghost 2"}]}))).await;
        assert_eq!(synced_note(&nayose, trio, &person).await, PINNED);
        let explained = nayose.ask(&["explain", &person.email, "note", "--lang", "ja"]).await;
        println!("explain: {}", explained.stdout);
        assert!(explained.stdout.contains(PINNED) && explained.stdout.contains("hanako"), "{explained:?}");

        nayose.json(&["unpin", &person.email, "note", "--by", "hanako"]).await;
        assert_eq!(synced_note(&nayose, trio, &person).await, "CRM 2");
    })
    .await;
}

/// Statuses go to Ghost's labels; `[status]` says this beside them.
fn with_statuses(trio: &Trio, more: &str) -> ConfigFiles {
    let crm = system("crm", "bottlecrm", &format!("base_url = {:?}\ntoken = {{ env = \"CRM_TOKEN\" }}", trio.crm.url));
    let ghost = format!("base_url = {:?}\nkey = {{ env = \"GHOST_KEY\" }}\nwrites = [\"status\"]", trio.ghost.url);
    let policy = config_files::policy(&STATUSES, &[OPEN_DEAL], "\"ghost.people\" = \"1h\"", "");
    let files = files(&[crm, system("ghost", "ghost", &ghost)], "name = [\"crm\", \"ghost\"]\n", "ghost.people");
    let (policy, systems) =
        (policy.replacen("[status]\n", &format!("[status]\n{more}\n"), 1), files.systems.replacen("connectors = \"mine\"\n", "", 1));
    ConfigFiles { policy, systems, ..files }
}

#[tokio::test]
async fn a_status_falls_only_where_the_rules_except_it() {
    with_the_lab(async |trio, guests| {
        let person = guests.person("forward").await;
        let deal = guests.deal(&[&person]).await;
        let nayose = Nayose::with(trio, &with_statuses(trio, "forward_only = true"), &[]);
        nayose.contact().await;
        let labels = async || trio.member(&person.member).await.labels;
        assert_eq!(labels().await, ["nayose-status-opportunity"]);

        trio.set_stage(&deal, "CLOSED_LOST").await;
        let wrote = written(&nayose.json(&["sync"]).await);
        assert_eq!((wrote["ghost.update.applied"], &labels().await[..]), (0, &["nayose-status-opportunity".to_string()][..]));
        let explained = nayose.ask(&["explain", &person.email]).await;
        println!("explain: {}", explained.stdout);
        assert!(explained.stdout.contains("forward_only; the status that is there is a higher one"), "{explained:?}");

        nayose.save("policy.toml", &with_statuses(trio, "forward_only = { except = [\"lost\"] }").policy);
        nayose.json(&["sync"]).await;
        assert_eq!(labels().await, ["nayose-status-lost"]);
    })
    .await;
}

/// The account's industry is read, and written to its people's notes.
fn industries(trio: &Trio) -> (ConfigFiles, [(&'static str, String); 1]) {
    let crm = system("crm", "bottlecrm", &format!("base_url = {:?}\ntoken = {{ env = \"CRM_TOKEN\" }}", trio.crm.url));
    let ghost = format!("base_url = {:?}\nkey = {{ env = \"GHOST_KEY\" }}\nwrites = [\"note\"]", trio.ghost.url);
    let mut files = files(&[crm, system("ghost", "ghost", &ghost)], "note = { account = \"industry\" }\n", "ghost.people");
    files.precedence.push_str("\n[account]\nindustry = [\"crm\"]\n");
    (files, [with_fields("bottlecrm", "accounts", "industry = \"industry\"\n", "")])
}

#[tokio::test]
async fn what_a_company_has_is_written_to_its_people() {
    with_the_lab(async |trio, guests| {
        let account = guests.account("facts", json!({"industry": "BANKING"})).await;
        let of_company = guests.person_with("employee", json!({"account": account}), json!({})).await;
        let alone = guests.person_with("alone", json!({}), json!({"note": "of nobody"})).await;
        let (files, connectors) = industries(trio);
        let nayose = Nayose::with(trio, &files, &connectors);
        nayose.contact().await;
        println!("Ghost's API: {:?}, {:?}", note(trio, &of_company).await, note(trio, &alone).await);
        assert_eq!((&*note(trio, &of_company).await, &*note(trio, &alone).await), ("BANKING", "of nobody"));

        trio.crm.call(Method::PATCH, &format!("/accounts/{account}/"), Some(json!({"industry": "AUTOMOTIVE"}))).await;
        assert_eq!(synced_note(&nayose, trio, &of_company).await, "AUTOMOTIVE");
        let again: Json = nayose.json(&["sync"]).await;
        assert!(written(&again).values().all(|count| *count == 0), "{again}");
    })
    .await;
}
