use super::*;
use crate::decide::forward_only::KeptStatus;
use crate::engine::answers::left_alone::NO_CODE;
use crate::engine::target::Parked;
use crate::model::Time;
use serde_json::json;

/// One person, of whom everything is told that can be told of a field.
fn explanation() -> Explanation {
    let candidate = |from: &str, value: &str, after: Option<&str>, why: &str| {
        let won = ["highest rank", "the first"].contains(&why);
        json!({
            "from": from, "value": value, "observed_at": "2026-11-28T09:01:05Z", "changed_after": after, "won": won, "why": why,
        })
    };
    let told_by_its_system = |from: &str, value: &str, more: serde_json::Value, why: &str| {
        let mut told = candidate(from, value, None, why);
        let (told_of, more) = (told.as_object_mut().unwrap(), more.as_object().unwrap().clone());
        told_of.extend(more);
        told
    };
    let states = ["stands", "its_form", "to_write", "keeps_own", "perhaps_typed", "emptied", "parked", "unread", "no_code", "left"];
    let targets: Vec<_> = states
        .iter()
        .enumerate()
        .map(|(i, state)| json!({ "record": format!("ma:person:{i}"), "shows": "課長", "state": state }))
        .collect();
    let flips = Parked::FlipFlops { since: Time(0) };
    let told = json!({
        "person": "p_1",
        "records": [
            { "record": "crm:person:1", "link": { "proof": "self", "value": "crm:person:1" } },
            { "record": "ma:person:1", "link": { "proof": "email", "value": "taro@acme.example" }, "gone": true },
        ],
        "fields": {
            "title": {
                "value": "部長", "from": "crm:person:1", "rule": "precedence.toml:4", "rule_says": "[[\"crm\", \"ma\"]]", "condition": "false",
                "has_effect": true, "in_targets": targets, "unknown_codes": [{ "record": "hr:person:1", "code": "99" }],
                "history": [
                    {
                        "at": "2026-11-28T09:01:05Z", "record": "ma:person:1", "old": "課長", "new": "部長", "rule": "precedence.toml:4", "run": "r_2",
                    },
                    { "at": "2026-11-27T09:01:05Z", "record": "ma:person:2", "old": null, "new": "部長", "rule": "undo", "run": "r_1" },
                ],
                "candidates": [
                    candidate("crm:person:1", "部長", Some("2026-11-28T09:00:05Z"), "highest rank"),
                    candidate("ma:person:1", "課長", None, "later in the order, its age is not known"),
                    told_by_its_system("cards:person:1", "係長", json!({ "file": "inbox/cards.csv" }), "not a source"),
                    candidate("erp:person:1", "主任", None, "lower rank"),
                    candidate("hr:person:1", "(cannot be read)", None, "lower rank"),
                    told_by_its_system("sfa:person:1", "次長", json!({ "dated_by_system": true, "typed": true }), "older"),
                    told_by_its_system("web:person:1", "顧問", json!({ "copied_by": "svc-sync@acme.example" }), "a copy, no news"),
                    told_by_its_system("old:person:1", "参与", json!({ "dated_by_system": true }), "a copy, and a person typed another"),
                ],
            },
            "first_source": {
                "value": "Web", "from": "crm:person:1", "rule": "precedence.toml:9", "rule_says": "{ first = [\"crm\", \"ma\"] }",
                "has_effect": true,
                "candidates": [
                    told_by_its_system("crm:person:1", "Referral", json!({ "first": { "value": "Web", "since": "2026-11-20T00:00:00Z" } }), "the first"),
                    told_by_its_system("ma:person:1", "Fair", json!({ "first": { "value": "Fair", "since": "2026-11-21T00:00:00Z" } }), "came after the first"),
                ],
            },
            "city": {
                "value": "千代田区", "from": "crm:person:1", "rule": "precedence.toml:10",
                "rule_says": "{ group = [\"street\", \"city\", \"zip\"], newest = [\"crm\", \"ma\"] }", "has_effect": true,
                "group": { "name": "address", "fields": ["street", "city", "zip"], "from": "crm:person:1" },
                "candidates": [
                    candidate("crm:person:1", "千代田区", None, "newest"),
                    candidate("ma:person:1", "大阪市", Some("2026-11-28T09:00:05Z"), "older"),
                ],
            },
            "zip": {
                "value": null, "from": null, "rule": "precedence.toml:10",
                "rule_says": "{ group = [\"street\", \"city\", \"zip\"], newest = [\"crm\", \"ma\"] }", "has_effect": true,
                "group": { "name": "address", "fields": ["street", "city", "zip"], "from": "crm:person:1" },
                "candidates": [
                    candidate("crm:person:1", "", None, "its group wins, in which this is blank"),
                    candidate("ma:person:1", "530-0001", Some("2026-11-28T09:00:05Z"), "older"),
                ],
            },
            "owner": { "value": null, "from": null, "rule": null, "candidates": [] },
        },
        "status": {
            "value": "lead", "rule": "policy.toml:2", "by": "ma",
            "history": [
                { "at": "2026-11-28T09:01:05Z", "from": "opportunity", "to": "lead", "rule": "policy.toml:2" },
                {
                    "at": "2026-11-27T09:01:05Z", "from": "mql", "to": "opportunity", "rule": "policy.toml:4",
                    "because": ["crm:deal:8 (open)", "person.score = 120 (ma:person:1)"],
                },
                { "at": "2026-11-26T09:01:05Z", "from": null, "to": "mql", "rule": "policy.toml:6", "because": ["person.score = 120 (ma:person:1)"] },
            ],
        },
        "relationship": { "value": "customer", "rule": "policy.toml:11" },
        "holds": [{
            "hold": "open_deal", "cause": "crm:deal:1", "reason": "open_deal_person", "reach": "person", "since": "2026-11-28T09:01:05Z", "until": null,
        }],
        "refusals": [{ "scope": "all", "on": "taro@acme.example", "from": "ma:person:1", "seen_at": "2026-11-28T09:01:05Z" }],
        "decision": {
            "subject": "taro@acme.example", "decision": "hold", "reasons": ["open_deal_person"], "basis": null, "until": null, "data_age_s": {},
            "policy_version": "v", "decision_id": "d",
        },
        "writes": [], "doubts": ["taro@acme.example: two names"],
        "left_alone": [
            { "record": "ma:person:5", "field": "title", "not_written": "部長", "why": Parked::GivenUp.why() },
            { "record": "ma:person:6", "field": "title", "not_written": "課長", "why": flips.why(), "until": "2026-11-29T09:01:05Z" },
            { "record": "ma:person:7", "field": "industry", "not_written": "sold", "why": NO_CODE },
            { "record": "ma:person:8", "field": "status", "not_written": "lead", "why": KeptStatus::Higher.why() },
            { "record": "ma:person:9", "field": "status", "not_written": "lead", "why": KeptStatus::NotOurs.why() },
        ],
    });
    serde_json::from_value(told).unwrap()
}

#[test]
fn a_person_is_explained_in_both_languages_and_in_the_readers_time() {
    for (language, name) in [(ReaderLanguage::En, "en"), (ReaderLanguage::Ja, "ja")] {
        let reader = Explainer { words: Words(language), zone: TimeZone::get("Asia/Tokyo").unwrap() };
        insta::assert_snapshot!(format!("explain_{name}"), reader.text(&explanation()));
        let alone = reader.field_alone(&explanation(), &"title".into());
        let first = reader.field_alone(&explanation(), &"first_source".into());
        insta::assert_snapshot!(format!("explain_field_{name}"), output::lines(&[alone, first].concat()));
    }
}

/// It was told that no record carries such a field.
#[test]
fn the_status_the_relationship_and_the_companys_facts_can_be_asked_for_alone() {
    let mut e = explanation();
    e.account = [("employees".into(), FieldExplained { value: json!(1200), ..FieldExplained::default() })].into();
    for part in ["title", "status", "relationship", "account.employees"] {
        assert!(known_parts(&e).iter().any(|known| known == part), "{part}");
    }
    let reader = Explainer { words: Words(ReaderLanguage::En), zone: TimeZone::UTC };
    let status = reader.part_alone(&e, "status");
    assert_eq!(status[..2], ["person p_1", "status lead  [policy.toml:2] by what ma holds"]);
    // How it came about, and who is not told.
    assert!(status.iter().any(|line| line.contains("opportunity -> lead")), "{status:#?}");
    assert!(status.iter().any(|line| line.starts_with("status of ma:person:8: \"lead\" is not written: ")), "{status:#?}");
    assert_eq!(reader.part_alone(&e, "relationship")[1..], ["relationship customer  [policy.toml:11]"]);
    assert_eq!(reader.part_alone(&e, "account.employees")[1..], ["account.employees: 1200"]);
    assert_eq!(reader.part_alone(&e, "owners"), [""; 0]);
}

#[test]
fn no_otherwise_is_told_where_no_condition_holds() {
    for (condition, no_otherwise, says) in [
        ("false", false, "`otherwise` counts"),
        ("false", true, "there is no `otherwise`"),
        ("otherwise", false, "`otherwise` counts"),
        ("otherwise", true, "there is no `otherwise`"),
    ] {
        let told = Words(ReaderLanguage::En).condition(condition, no_otherwise);
        assert!(told.contains(says), "{condition} {no_otherwise}: {told}");
    }
}

#[test]
fn what_would_win_if_it_could_be_read_is_what_a_rule_would_have_to_go_before() {
    let candidate = |from: &str, value: &str, why: &str| json!({ "from": from, "value": value, "observed_at": "2026-11-28T09:01:05Z", "won": false, "why": why });
    for (why, before) in [(UNREADABLE, Some("crm")), (WAITS, Some("crm")), ("too old", None)] {
        let title = json!({
            "value": null, "from": null, "rule": "precedence.toml:4",
            "candidates": [candidate("ma:person:1", "課長", "lower rank"), candidate("crm:person:1", "(cannot be read)", why)],
        });
        let mut person = serde_json::to_value(explanation()).unwrap();
        person["fields"] = json!({ "title": title });
        let person = serde_json::from_value(person).unwrap();
        for (language, told) in [(ReaderLanguage::En, "the rule named ma before "), (ReaderLanguage::Ja, "ルールで ma が ")] {
            let reader = Explainer { words: Words(language), zone: TimeZone::UTC };
            let lines = reader.field_alone(&person, &"title".into());
            let named: Vec<_> = lines.iter().filter_map(|line| line.split_once(told)).map(|(_, rest)| rest).collect();
            assert_eq!(named.first().map(|rest| rest.starts_with("crm")), before.map(|_| true), "{why}: {lines:#?}");
        }
    }
}
