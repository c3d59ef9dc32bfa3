//! What lies in a state: journal lines, and the items that the daemon decodes.

use super::change::{Tape, bytes, json};
use super::daemon::{NOW, open};
use nayose::connector::PageRead;
use nayose::connector::examples;
use nayose::connector::manifest::settings::Settings;
use nayose::connector::map::Carries;
use nayose::connector::map::Mapper;
use nayose::engine::ledger::kind::Tag;
use nayose::store::{Entry, Journal, JournalBytes, PendingChanges, State, StateInfo};
use serde_json::{Value as Json, json};

fn line(json: &str) -> String {
    format!("{:08x} {json}\n", crc32fast::hash(json.as_bytes()))
}

/// One of each kind.
fn entries() -> Vec<Json> {
    let at = NOW.0;
    let record = "ma:person:17";
    let made = [
        json!({"what": "refusal", "record": record, "address": "hanako.mori@acme.example", "topic": "news", "seen_at": at}),
        json!({"what": "first_contact", "system": "ma", "scope": "holds", "by": "taro"}),
        json!({"what": "plan_approved", "plan": "w_1", "causes": [{"hold": "open_deal", "cause": "crm:deal:8"}]}),
        json!({"what": "outcome", "record": record, "op": "hold", "outcome": "applied", "reasons": ["open_deal_person"], "run": "r_1"}),
        json!({"what": "dead_letter_dropped", "record": record}),
    ];
    let dated = made.into_iter().map(|mut entry| {
        entry["at"] = json!(at);
        entry
    });
    dated.collect()
}

#[test]
fn the_seeds_are_entries() {
    for entry in entries() {
        serde_json::from_value::<Entry>(entry.clone()).unwrap_or_else(|e| panic!("{entry}: {e}"));
    }
}

#[test]
fn journal_lines() {
    let seeds = entries();
    let info = StateInfo { format_version: 1, fingerprint: [0; 32] };
    fuzz!(|tape: &mut Tape<'_>| {
        // Some are sound and say something odd, some are not what was written.
        let mut text = Vec::new();
        for _ in 0..1 + tape.byte() % 5 {
            text.extend(line(&json(tape.pick(&seeds), tape).to_string()).into_bytes());
        }
        if tape.byte().is_multiple_of(2) {
            text = bytes(&text, tape);
        }
        let lines = text.split(|b| *b == b'\n').filter(|l| !l.is_empty()).count() as u64;
        let journal: JournalBytes = text.into();
        let (state, _) = State::in_memory(info);
        let mut read = 0;
        let (_, notes) = Journal::open(&state.with_journal(journal.clone()), |_| read += 1).unwrap();
        assert_eq!(notes.entries, read);
        let told = notes.entries + notes.unknown + notes.damaged_lines.len() as u64 + u64::from(notes.torn_bytes > 0);
        assert!(told >= lines, "{told} of {lines} lines are accounted for: {notes:?}");
        // And the daemon makes something of those that are sound.
        if let Ok((mut opened, _)) = open(PendingChanges::default(), journal) {
            opened.engine.reconcile(NOW);
        }
    });
}

/// The items of a state that has read the examples of the shipped CRM, desk and marketing system.
fn items() -> Vec<(u8, Vec<u8>, Vec<u8>)> {
    let (opened, _) = open(PendingChanges::default(), JournalBytes::default()).unwrap();
    let mut engine = opened.engine;
    let config = super::config::shipped();
    for system in &config.rules.systems {
        for (name, stream) in &system.manifest.streams {
            let Some(map) = &stream.record else { continue };
            let settings = Settings::resolve(&system.manifest, &examples::example_settings(&system.manifest)).unwrap();
            let mapper = Mapper::new(system.name(), stream.entity, map, None, &settings).unwrap();
            let loaded = nayose::connector::manifest::load::load(&system.manifest.name, None).unwrap();
            let Some(answer) = loaded.examples.get(&format!("{name}.sweep.answer.json")) else { continue };
            let answer: Json = serde_json::from_slice(answer).unwrap();
            let mut page = PageRead::default();
            rows(&answer).iter().for_each(|row| mapper.map(&row.into(), NOW, Carries { people: true, accounts: true }, &mut page));
            let mut pass = engine.begin(system.name(), &name.as_str().into(), nayose::connector::Pass::Sweep, NOW);
            engine.observe(&mut pass, page, NOW).unwrap();
            let end = nayose::connector::PassEnd { complete: true, ..Default::default() };
            engine.end(&pass, &end, NOW).unwrap();
        }
    }
    engine.reconcile(NOW);
    engine.commit().unwrap();
    let mut items = Vec::new();
    engine.probe().ledger.state().for_each_item(|kind, key, value| items.push((kind, key.to_vec(), value.to_vec()))).unwrap();
    items
}

/// The longest list of objects.
fn rows(value: &Json) -> Vec<Json> {
    let within: Vec<&Json> = match value {
        Json::Array(items) => items.iter().collect(),
        Json::Object(map) => map.values().collect(),
        _ => Vec::new(),
    };
    let own = value.as_array().filter(|a| a.iter().all(Json::is_object)).cloned().unwrap_or_default();
    within.into_iter().map(rows).chain([own]).max_by_key(Vec::len).unwrap_or_default()
}

#[test]
fn items_of_a_state() {
    let good = items();
    let kinds: std::collections::BTreeSet<u8> = good.iter().map(|(kind, ..)| *kind).collect();
    assert!(kinds.contains(&(Tag::Record as u8)) && kinds.contains(&(Tag::Stream as u8)), "{kinds:?}");
    fuzz!(|tape: &mut Tape<'_>| {
        let mut put = good.clone();
        for _ in 0..1 + tape.byte() % 3 {
            let (at, what) = (tape.below(put.len()), tape.byte() % 8);
            let (kind, key, value) = &mut put[at];
            match what {
                0 => *key = bytes(key, tape),
                1 => *kind = tape.byte(),
                _ => *value = bytes(value, tape),
            }
        }
        if let Ok((mut opened, _)) = open(PendingChanges { put, delete: Vec::new() }, JournalBytes::default()) {
            opened.engine.reconcile(NOW);
            let _ = opened.engine.commit();
        }
    });
}
