use super::*;
use crate::link::names::PersonName;
use crate::model::{Address, ShortText, Time, Value};
use proptest::prelude::*;

/// `id`, name, address, `same_as` ids separated by blanks; "" is nothing.
fn person(id: &str, name: &str, email: &str, same_as: &str) -> Record {
    let mut record = Record::new(id.parse().unwrap());
    for (field, text) in [("name", name), ("email", email)] {
        if !text.is_empty() {
            record.set(&field.into(), Value::text(text), Time(1));
        }
    }
    record.same_as = same_as.split_whitespace().map(|id| id.parse().unwrap()).collect();
    record
}

fn run(records: &[Record], start: usize, rules: &LinkRules) -> Component<usize> {
    run_without(records, start, rules, None)
}

/// `dropped`: a key that is taken out of the world.
fn run_without(records: &[Record], start: usize, rules: &LinkRules, dropped: Option<&Key>) -> Component<usize> {
    let bearers = |_, key: &Key| match dropped == Some(key) {
        true => Vec::new(),
        false => (0..records.len()).filter(|i| keys(&records[*i]).contains(key)).collect(),
    };
    component(start, |i| &records[i], |i| keys(&records[i]), bearers, rules)
}

fn doubts(found: &Component<usize>) -> Vec<(Key, KeyVerdict)> {
    found.doubts().map(|(key, verdict)| (key.clone(), verdict)).collect()
}

fn people(records: &[Record], rules: &LinkRules) -> Vec<Vec<usize>> {
    let mut all: Vec<Vec<usize>> = (0..records.len()).map(|i| run(records, i, rules).members).collect();
    all.sort();
    all.dedup();
    all
}

fn address(text: &str) -> Key {
    Key::Address(Address::parse(text).unwrap())
}

#[test]
fn one_person_over_address_and_id() {
    let records = [
        person("crm:person:5", "山田 太郎", "taro@acme.example", ""),
        person("support:person:9", "Taro Yamada", "Taro@ACME.example", ""),
        person("ma:person:17", "山田太郎", "yamada@home.example", "crm:person:5"),
        person("ma:person:18", "鈴木 花子", "hanako@acme.example", ""),
    ];
    let found = run(&records, 1, &LinkRules::usual());
    assert_eq!(found.members, [0, 1, 2]);
    let proofs = [0, 1, 2].map(|i| found.proof(&records[i])).map(|p| (p.kind, p.value));
    let [by_crm, by_email] = [("remote_id", "crm:person:5"), ("email", "taro@acme.example")].map(|(kind, value)| (kind, value.to_string()));
    assert_eq!(proofs, [by_crm.clone(), by_email, by_crm]);
    assert!(doubts(&found).is_empty());
    assert_eq!(run(&records, 3, &LinkRules::usual()).proof(&records[3]).kind, "self");
}

#[test]
fn a_shared_mailbox_joins_nobody() {
    let records = [person("crm:person:1", "佐藤", "info@a.example", ""), person("ma:person:1", "佐藤", "info@a.example", "")];
    let found = run(&records, 0, &LinkRules::usual());
    assert_eq!(found.members, [0]);
    assert_eq!(doubts(&found), [(address("info@a.example"), KeyVerdict::Shared)]);
    assert_eq!(run(&records, 0, &LinkRules::default()).members, [0, 1]);
}

#[test]
fn an_address_under_two_names_joins_no_one_not_even_the_equal_ones() {
    let records = [
        person("crm:person:1", "山田 太郎", "eigyo1@a.example", ""),
        person("ma:person:1", "山田 太郎", "eigyo1@a.example", ""),
        person("support:person:1", "鈴木 花子", "eigyo1@a.example", ""),
        person("cards:person:1", "", "eigyo1@a.example", ""),
    ];
    for start in 0..records.len() {
        let found = run(&records, start, &LinkRules::usual());
        assert_eq!(found.members, [start]);
        assert_eq!(doubts(&found), [(address("eigyo1@a.example"), KeyVerdict::TwoNames)]);
    }
    // Where an id proves it, the two are one all the same.
    let mut proven = records.to_vec();
    proven[1].same_as.push("crm:person:1".parse().unwrap());
    assert_eq!(run(&proven, 0, &LinkRules::usual()).members, [0, 1]);
}

/// A typo was mended in the CRM, and from then on no field of the person reached the other record.
#[test]
fn a_slip_that_was_mended_keeps_apart_nobody_who_still_bears_it() {
    for (now, past, other, third, joins) in [
        ("Taro Sato", "Taor Sato", "Taor Sato", None, true),
        ("Taro Sato", "Taor Sato", "ＴＡＯＲ　Ｓａｔｏ", None, true),
        ("Taro Sato", "Taor Sato", "Taor Sato", Some("Sato"), true),
        // A name that we wrote, and whoever went with the one before.
        ("鈴木 花子", "山田 花子", "山田", None, true),
        ("鈴木 花子", "山田 花子", "山田 太郎", None, false),
        // Nobody bore it, or nobody bears it.
        ("Taro Sato", "", "Taor Sato", None, false),
        ("Taro Sato", "Taor Sato", "Tora Sato", None, false),
        ("Taro Sato", "Taor Sato", "Taor Sato", Some("Hanako Mori"), false),
    ] {
        let mut mended = person("crm:person:1", now, "taro@a.example", "");
        mended.memory.past_names = if past.is_empty() { Vec::new() } else { vec![past.into()] };
        let mut records = vec![mended, person("ma:person:1", other, "taro@a.example", "")];
        records.extend(third.map(|third| person("support:person:1", third, "taro@a.example", "")));
        for start in 0..records.len() {
            assert_eq!(run(&records, start, &LinkRules::usual()).members.len() == records.len(), joins, "{now} {past} {other} {third:?}");
        }
    }
}

#[test]
fn a_recycled_record_is_a_doubt() {
    for (name, email, joins) in [
        ("山田 太郎", "new@b.example", true),
        ("", "new@b.example", true),
        ("鈴木 花子", "taro@a.example", true),
        ("鈴木 花子", "hanako@b.example", false),
        ("鈴木 花子", "", false),
    ] {
        let records = [person("crm:person:1", "山田 太郎", "taro@a.example", ""), person("ma:person:1", name, email, "crm:person:1")];
        let found = run(&records, 0, &LinkRules::usual());
        // The address under two names joins none, the id still does where the address is equal.
        assert_eq!(found.members.len() == 2, joins, "{name} {email}");
        assert_eq!(doubts(&found).is_empty(), joins && email != "taro@a.example", "{name} {email}");
    }
}

#[test]
fn an_id_of_a_record_not_seen_yet_joins_those_who_carry_it() {
    let records = [
        person("ma:person:1", "山田", "a@a.example", "crm:person:5"),
        person("support:person:1", "山田 太郎", "b@b.example", "crm:person:5"),
    ];
    assert_eq!(run(&records, 0, &LinkRules::default()).members, [0, 1]);
}

#[test]
fn what_is_too_big_for_a_person_is_none() {
    let records: Vec<Record> = (0..COMPONENT_MAX + 1).map(|i| person(&format!("ma:person:{i}"), "", "nobody@a.example", "")).collect();
    for start in [0, COMPONENT_MAX] {
        let found = run(&records, start, &LinkRules::default());
        assert_eq!(found.members, [start]);
        assert_eq!(doubts(&found), [(address("nobody@a.example"), KeyVerdict::TooMany)]);
    }
    // A chain that no single key makes too long.
    let at = |n: usize| person(&format!("ma:person:{n:04}"), "", "", &format!("ma:person:{:04}", n + 1));
    let chain: Vec<Record> = (0..COMPONENT_MAX + 1).map(at).collect();
    let by_id = |id: &str| chain.iter().position(|r| &*r.id.id == id);
    let bearers = |_, key: &Key| match key {
        Key::Remote(id) => {
            let own = by_id(&id.id);
            let before = id.id.parse::<usize>().ok().filter(|n| *n > 0).map(|n| n - 1);
            own.into_iter().chain(before.filter(|n| *n < chain.len())).collect()
        }
        Key::Address(_) => Vec::new(),
    };
    for start in [0, 500, COMPONENT_MAX] {
        assert_eq!(component(start, |i| &chain[i], |i| keys(&chain[i]), bearers, &LinkRules::default()).members, [start]);
    }
    assert_eq!(
        component(
            0usize,
            |i| &chain[i + 1],
            |i| keys(&chain[i + 1]),
            |_, k| bearers(0, k).into_iter().filter_map(|n: usize| n.checked_sub(1)).collect(),
            &LinkRules::default()
        )
        .members
        .len(),
        COMPONENT_MAX
    );
}

#[test]
fn person_ids_hang_on_the_smallest_record() {
    let [a, b] = [person("crm:person:1", "", "", ""), person("ma:person:1", "", "", "")];
    assert_eq!(person_id(&[&a, &b]), person_id(&[&b, &a]));
    assert_ne!(person_id(&[&a]), person_id(&[&b]));
    let id = person_id(&[&a]);
    assert!(id.starts_with("p_") && id.len() == 14 && id[2..].bytes().all(|b| b.is_ascii_hexdigit()));
}

prop_compose! {
    fn any_person()(system in prop_oneof![Just("crm"), Just("ma"), Just("support")], id in 0u8..5,
                    name in prop_oneof![Just(""), Just("山田 太郎"), Just("山田太郎"), Just("山田"), Just("山田 花子"), Just("Taro Yamada")],
                    email in prop_oneof![Just(""), Just("taro@a.example"), Just("yamada@a.example"), Just("info@a.example")],
                    past in prop_oneof![6 => Just(""), 1 => Just("山田 太郎"), 1 => Just("山田 花子")],
                    same_as in proptest::option::of(0u8..5)) -> Record {
        let mut person = person(&format!("{system}:person:{id}"), name, email, &same_as.map(|n| format!("crm:person:{n}")).unwrap_or_default());
        person.memory.past_names.extend((!past.is_empty()).then(|| past.into()));
        person
    }
}

fn distinct(mut records: Vec<Record>) -> Vec<Record> {
    records.sort_by(|a, b| a.id.cmp(&b.id));
    records.dedup_by(|a, b| a.id == b.id);
    records
}

proptest! {
    #[test]
    fn order_does_not_matter(records in proptest::collection::vec(any_person(), 1..10), by in 0usize..10) {
        let records = distinct(records);
        let mut turned = records.clone();
        turned.reverse();
        turned.rotate_left(by % records.len());
        let rules = LinkRules::usual();
        let named = |records: &[Record]| {
            let mut all: Vec<_> = (0..records.len()).map(|i| {
                let found = run(records, i, &rules);
                let members = found.members.iter().map(|m| &records[*m]);
                let mut members: Vec<(String, MemberProof)> = members.map(|r| (r.id.to_string(), found.proof(r))).collect();
                members.sort_by(|a, b| a.0.cmp(&b.0));
                let (ids, proofs): (Vec<String>, Vec<MemberProof>) = members.into_iter().unzip();
                (ids, proofs, doubts(&found))
            }).collect();
            all.sort_by(|a, b| a.0.cmp(&b.0));
            all.dedup();
            all
        };
        prop_assert_eq!(named(&records), named(&turned));
    }

    /// Invariant 13.
    #[test]
    fn an_address_joins_two_names_only_where_one_goes_by_what_the_other_was(records in proptest::collection::vec(any_person(), 2..10)) {
        let mut records = distinct(records);
        records.iter_mut().for_each(|r| r.same_as.clear());
        let read = |name: &str| PersonName::read(name);
        for found in (0..records.len()).map(|i| run(&records, i, &LinkRules::usual())) {
            let members: Vec<&Record> = found.members.iter().map(|m| &records[*m]).collect();
            let names: Vec<String> = members.iter().filter_map(|r| r.name()).collect();
            let addresses: Vec<Address> = members.iter().filter_map(|r| r.address()).collect();
            let borne: Vec<&Address> = addresses.iter().collect();
            // Somebody bore a name of before and bears this one.
            let became = |a: &str, b: &str| {
                let is_now = |r: &&&Record| r.name().is_some_and(|now| read(&now) == read(a));
                let goes = |past: &ShortText| crate::link::names_compatible(Some(past), Some(b), &borne);
                members.iter().filter(is_now).any(|r| r.memory.past_names.iter().any(goes))
            };
            for (a, b) in names.iter().flat_map(|a| names.iter().map(move |b| (a, b))) {
                let goes = crate::link::names_compatible(Some(a), Some(b), &borne);
                prop_assert!(goes || became(a, b) || became(b, a), "{a} {b}");
            }
        }
    }

    #[test]
    fn every_record_is_in_one_person(records in proptest::collection::vec(any_person(), 1..10)) {
        let records = distinct(records);
        let all = people(&records, &LinkRules::usual());
        let mut members: Vec<usize> = all.into_iter().flatten().collect();
        members.sort();
        prop_assert_eq!(members, (0..records.len()).collect::<Vec<_>>());
    }

    #[test]
    fn taking_a_key_away_only_splits(records in proptest::collection::vec(any_person(), 1..10), nth in 0usize..40) {
        let records = distinct(records);
        let all_keys: BTreeSet<Key> = records.iter().flat_map(keys).collect();
        let dropped = all_keys.iter().nth(nth % all_keys.len());
        let rules = LinkRules::usual();
        for i in 0..records.len() {
            let with = run(&records, i, &rules).members;
            let without = run_without(&records, i, &rules, dropped).members;
            prop_assert!(without.iter().all(|m| with.contains(m)));
        }
    }

    #[test]
    fn a_shared_address_never_joins(records in proptest::collection::vec(any_person(), 1..10)) {
        let mut records = distinct(records);
        records.iter_mut().for_each(|r| r.same_as.clear());
        for found in (0..records.len()).map(|i| run(&records, i, &LinkRules::usual())) {
            let first = records[found.members[0]].address();
            prop_assert!(found.members.len() == 1 || found.members.iter().all(|m| records[*m].address() == first));
            prop_assert!(found.members.len() == 1 || first.is_some_and(|a| !LinkRules::usual().is_shared(&a)));
        }
    }
}
