use super::*;
use serde_json::{Value, json};

const AFTER: Span = Span::minutes(2);

/// A status in which all is well, with some of it changed.
fn status(changes: &[(&str, Value)]) -> Status {
    let stream = json!({"proved_at": null, "age_s": null, "error": null});
    let mut all = json!({
        "protection": "protecting", "because": [], "not_enforced": 0, "people": 9, "held": 3, "waiting": [], "quarantine": [],
        "config": {"version": "0", "mistakes": [], "restart": []},
        "systems": {"ma": {
            "approved": "all", "streams": {"people": stream}, "queue": {"hold": 0, "release": 0, "update": 0}, "dead_letters": 0,
            "budget": {"used": 0, "limit": null, "resets_at": ""}, "breaker": "closed", "credential_refused": [], "token_ends": null, "api_ends": null
        }}
    });
    for (place, value) in changes {
        *all.pointer_mut(place).unwrap() = value.clone();
    }
    serde_json::from_value(all).unwrap()
}

fn plan(id: &str, count: usize) -> Value {
    let why = "the rules were edited: policy.toml:4: the hold x was taken out";
    json!([{"plan": id, "kind": "release", "count": count, "limit": 0, "why": why, "about": {"of": "rules"}, "samples": ["crm:person:5"]}])
}

/// A status in which these wait, each told with that many records or people.
fn waits(all: &[(&str, Value, usize)]) -> Status {
    let one = |(why, about, count): &(&str, Value, usize)| {
        let why = format!("{why}, after {count} within the last 1h; title would be emptied in {count} records");
        json!({"plan": format!("w_{count}"), "kind": "update", "count": count, "limit": 0, "why": why, "about": about, "samples": []})
    };
    status(&[("/waiting", all.iter().map(one).collect())])
}

fn minutes(n: i64) -> Time {
    Time(1_795_000_000_000 + n * 60_000)
}

/// Looks at each status in turn, at its minute; what was told each time.
fn told(looks: &[(i64, &Status)]) -> Vec<Vec<String>> {
    let mut before = ToldNotices::default();
    let mut all = Vec::new();
    for (minute, status) in looks {
        let (notices, now) = notices(&before, status, AFTER, minutes(*minute));
        // Through the state, as over a restart.
        before = postcard::from_bytes(&postcard::to_allocvec(&now).unwrap()).unwrap();
        assert_eq!(before, now);
        all.push(notices.into_iter().map(|n| format!("{}{}", if n.over { "over: " } else { "" }, n.text)).collect());
    }
    all
}

#[test]
fn each_event_is_told_once_and_once_when_it_is_over() {
    let soon = json!(minutes(60 * 24 * 10).rfc3339());
    for (changes, begins, over) in [
        (
            vec![
                ("/protection", json!("not_protecting")),
                ("/not_enforced", json!(3)),
                ("/systems/ma/streams/people/error", json!("hanako@acme.example")),
            ],
            "nayose is not protecting (people on hold and not blocked: 3; cannot be read: ma.people). `nayose status` says why.",
            "over: nayose is protecting again.",
        ),
        (
            vec![("/systems/ma/credential_refused", json!(["people"]))],
            "ma does not accept the credential any more (ma.people): renew the token named in systems.toml.",
            "over: ma accepts the credential again.",
        ),
        (
            vec![("/systems/ma/token_ends", soon.clone())],
            "ma: the token ends on 2026-11-28T11:06:40Z: renew it.",
            "over: ma: the end of the token is not near any more.",
        ),
        (
            vec![("/systems/ma/api_ends", soon)],
            "ma: the API version that its connector was written for ends on 2026-11-28T11:06:40Z: look for a newer nayose or manifest.",
            "over: ma: the end of the API version that its connector was written for is not near any more.",
        ),
        (
            vec![("/systems/ma/dead_letters", json!(2))],
            "ma refused writes for good (2): `nayose deadletters list` shows them.",
            "over: ma has no dead letters any more.",
        ),
        (
            vec![("/waiting", plan("w_1", 7))],
            "Something waits for `nayose approve w_1` (people: 7): the rules were edited: policy.toml:4: the hold x was taken out.",
            "over: Nothing waits any more because of: the rules were edited.",
        ),
        (
            vec![("/config/mistakes", json!(["policy.toml:9: x", "policy.toml:10: y"]))],
            "The config has mistakes (2); the rules from before the edit are in force. `nayose check` shows them.",
            "over: The config has no mistakes any more.",
        ),
    ] {
        let (well, ill) = (status(&[]), status(&changes));
        let looks =
            [(0, &well), (1, &ill), (2, &ill), (3, &ill), (4, &ill), (99, &ill), (100, &well), (101, &well), (102, &well), (103, &well)];
        let none: Vec<String> = Vec::new();
        let mut want = vec![none; looks.len()];
        (want[3], want[8]) = (vec![begins.to_string()], vec![over.to_string()]);
        assert_eq!(told(&looks), want, "{begins}");
    }
}

#[test]
fn what_does_not_last_is_not_told() {
    let (well, ill) = (status(&[]), status(&[("/protection", json!("not_protecting"))]));
    let looks = [(0, &ill), (1, &ill), (2, &well), (3, &ill), (4, &well), (9, &ill), (10, &well)];
    assert!(told(&looks).iter().all(Vec::is_empty), "{:?}", told(&looks));
    // Nor is a short good moment its end.
    let looks = [(0, &ill), (2, &ill), (3, &well), (4, &ill), (5, &ill), (60, &ill)];
    assert_eq!(told(&looks).iter().map(Vec::len).collect::<Vec<_>>(), [0, 1, 0, 0, 0, 0]);
}

#[test]
fn watching_is_not_protection_lost() {
    let watching = status(&[("/protection", json!("watching"))]);
    assert!(told(&[(0, &watching), (9, &watching)]).iter().all(Vec::is_empty));
}

#[test]
fn a_plan_that_grows_is_the_same_event_and_told_again_within_the_hour_only() {
    let (small, large) = (status(&[("/waiting", plan("w_1", 7))]), status(&[("/waiting", plan("w_2", 9))]));
    let looks = [(0, &small), (2, &small), (3, &large), (30, &large), (62, &large), (63, &large), (300, &small)];
    let told = told(&looks);
    assert_eq!(told.iter().map(Vec::len).collect::<Vec<_>>(), [0, 1, 0, 0, 1, 0, 0], "{told:?}");
    assert!(told[4][0].starts_with("Something waits for `nayose approve w_2` (people: 9)"), "{told:?}");
}

#[test]
fn what_waits_is_one_event_whatever_its_numbers_are() {
    for about in [
        json!({"of": "updates", "system": "ma"}),
        json!({"of": "releases", "system": "ma"}),
        json!({"of": "kept_holds", "system": "crm", "hold": "open_deal", "reason": "cause_gone"}),
        json!({"of": "rules"}),
    ] {
        let of = |count| waits(&[("more than may go", about.clone(), count)]);
        let (six, twelve, three, none) = (of(6), of(12), of(3), waits(&[]));
        let looks = [(0, &six), (2, &six), (3, &twelve), (4, &three), (9, &three), (20, &none), (22, &none)];
        let told = told(&looks);
        assert_eq!(told.iter().map(Vec::len).collect::<Vec<_>>(), [0, 1, 0, 0, 0, 0, 1], "{about}: {told:?}");
        assert!(told[6][0].starts_with("over: ") && !told[6][0].chars().any(|c| c.is_ascii_digit()), "{told:?}");
    }
}

#[test]
fn what_is_about_something_else_is_an_event_of_its_own() {
    let kept = |system, hold, reason| ("kept", json!({"of": "kept_holds", "system": system, "hold": hold, "reason": reason}), 4);
    let all = [
        kept("crm", "open_deal", "cause_gone"),
        kept("crm", "open_deal", "link_lost"),
        kept("crm", "other", "cause_gone"),
        kept("desk", "open_deal", "cause_gone"),
        ("updates", json!({"of": "updates", "system": "ma"}), 4),
        ("updates", json!({"of": "updates", "system": "news"}), 4),
        ("releases", json!({"of": "releases", "system": "ma"}), 4),
        ("rules", json!({"of": "rules"}), 4),
    ];
    let (whole, less) = (waits(&all), waits(&all[1..]));
    let told = told(&[(0, &whole), (2, &whole), (3, &less), (5, &less)]);
    assert_eq!(told.iter().map(Vec::len).collect::<Vec<_>>(), [0, all.len(), 0, 1], "{told:?}");
    assert!(told[3][0].starts_with("over: Nothing waits any more because of: crm: hold open_deal: "), "{told:?}");
}

#[test]
fn updates_that_wait_are_counted_as_records() {
    let six = waits(&[("more than may go", json!({"of": "updates", "system": "ma"}), 6)]);
    let told = told(&[(0, &six), (2, &six)]);
    assert!(told[1][0].starts_with("Something waits for `nayose approve w_6` (records: 6): "), "{told:?}");
}

#[test]
fn a_notice_says_of_which_event_it_is_and_since_when() {
    let refused = json!(["people"]);
    let soon = json!(minutes(60 * 24 * 10).rfc3339());
    let ill = status(&[
        ("/protection", json!("not_protecting")),
        ("/config/mistakes", json!(["x"])),
        ("/systems/ma/credential_refused", refused),
        ("/systems/ma/token_ends", soon.clone()),
        ("/systems/ma/api_ends", soon),
        ("/systems/ma/dead_letters", json!(2)),
        ("/waiting", plan("w_1", 7)),
    ]);
    let (_, seen) = notices(&ToldNotices::default(), &ill, AFTER, minutes(0));
    let (begin, told) = notices(&seen, &ill, AFTER, minutes(5));
    let (_, gone) = notices(&told, &status(&[]), AFTER, minutes(7));
    let (end, _) = notices(&gone, &status(&[]), AFTER, minutes(9));
    let words = ["protection", "config", "credential:ma", "token_ends:ma", "api_ends:ma", "dead_letters:ma", "waiting:rules"];
    assert_eq!(begin.iter().map(|n| n.event.as_str()).collect::<Vec<_>>(), words);
    let mut over: Vec<&str> = end.iter().map(|n| n.event.as_str()).collect();
    over.sort_by_key(|event| words.iter().position(|w| w == event));
    assert_eq!(over, words);
    assert!(begin.iter().chain(&end).all(|n| n.since == Some(minutes(0))), "{begin:?} {end:?}");
}

#[test]
fn an_end_that_is_far_is_not_told() {
    let far = status(&[
        ("/systems/ma/token_ends", json!(minutes(60 * 24 * 15).rfc3339())),
        ("/systems/ma/api_ends", json!(minutes(60 * 24 * 61).rfc3339())),
    ]);
    assert!(told(&[(0, &far), (9, &far)]).iter().all(Vec::is_empty));
}

#[test]
fn no_notice_names_a_person() {
    let bad = status(&[
        ("/protection", json!("not_protecting")),
        ("/because", json!(["crm:person:5 and hanako@acme.example"])),
        ("/quarantine", json!(["ma:person:7: email: x"])),
        ("/systems/ma/streams/people/error", json!("hanako@acme.example was refused")),
        ("/waiting", plan("w_1", 1)),
    ]);
    let all = told(&[(0, &bad), (5, &bad)]).concat().join("\n");
    assert!(all.contains("w_1") && !all.contains("hanako") && !all.contains("person:"), "{all}");
}

#[test]
fn a_mass_of_refusals_is_told_once_and_when_it_is_told_no_more() {
    let mut mass = status(&[]);
    let of = |count| RefusedAtOnce { system: "crm".into(), stream: "people".into(), count, of: 5_000, at: minutes(0) };
    mass.refused_at_once = vec![of(3_000)];
    let told = told(&[(0, &mass), (2, &mass), (3, &mass), (10, &status(&[])), (13, &status(&[]))]);
    assert!(told[1][0].starts_with("3000 new refusals came from crm.people in one pass (of 5000 known; at "), "{told:?}");
    assert!(told[0].is_empty() && told[2].is_empty(), "{told:?}");
    assert!(told[4][0].starts_with("over: The many refusals from crm.people"), "{told:?}");
}
