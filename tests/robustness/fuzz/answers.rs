//! Answers of outer systems under the shipped manifests: what becomes of rows, and whole passes and writes against a server.

use super::change::{Tape, bytes, json};
use super::config::manifests;
use super::server::{Answer, Server};
use futures::FutureExt;
use nayose::connector::examples;
use nayose::connector::manifest::settings::Settings;
use nayose::connector::map::{Carries, Mapper};
use nayose::connector::raw::json::{Document, Json as Read};
use nayose::connector::{
    Change, Connector, Lane, LoadedManifest, Manifest, PageRead, PageSink, Pass, PermitChange, RestConnector, SettingValue, StatusChange,
    WriteOp,
};
use nayose::model::{Entity, RecordId, Time, Value};
use serde_json::Value as Json;
use std::sync::Arc;
use std::time::Duration;

const NOW: Time = Time(1_795_251_600_000);

/// The example answers of a connector.
fn seeds(loaded: &LoadedManifest) -> Vec<Json> {
    let answers = loaded.examples.iter().filter(|(file, _)| file.ends_with(".answer.json"));
    answers.map(|(_, bytes)| serde_json::from_slice(bytes).unwrap()).collect()
}

fn mappers(manifest: &Manifest) -> Vec<Mapper> {
    let settings = Settings::resolve(manifest, &examples::example_settings(manifest)).unwrap();
    let made = manifest.streams.values().filter_map(|s| {
        let map = s.record.as_ref()?;
        Some(Mapper::new(&"t".into(), s.entity, map, None, &settings).unwrap())
    });
    made.collect()
}

/// Every object in a value: rows lie at different depths.
fn objects<'v>(value: &'v Read<'v>, found: &mut Vec<&'v Read<'v>>) {
    match value {
        Read::Array(items) => items.iter().for_each(|v| objects(v, found)),
        Read::Object(map) => {
            found.push(value);
            map.values().for_each(|v| objects(v, found));
        }
        _ => {}
    }
}

#[test]
fn each_row_becomes_a_record_or_is_told() {
    let all: Vec<_> = manifests().into_iter().map(|(_, _, loaded)| (mappers(&loaded.manifest), seeds(&loaded))).collect();
    fuzz!(|tape: &mut Tape<'_>| {
        let (mappers, seeds) = tape.pick(&all);
        let answer = json(tape.pick(seeds), tape).to_string();
        let answer = match Document::parse(answer.as_bytes()) {
            Ok(answer) => answer,
            Err(why) => return assert!(why.contains("recursion limit"), "{why}: {answer}"),
        };
        let mapper = tape.pick(mappers);
        let mut rows = vec![answer.root()];
        objects(answer.root(), &mut rows);
        for row in rows {
            let mut page = PageRead::default();
            mapper.map(row, NOW, Carries { people: true, accounts: true }, &mut page);
            assert!(!page.observed.is_empty() || !page.quarantined.is_empty(), "a row is lost: {row}");
            let _ = (examples::page_json(&page), mapper.changed_at(row), mapper.id(row));
        }
    });
}

fn connector(manifest: &Manifest, url: &str) -> RestConnector {
    let mut manifest = manifest.clone();
    manifest.base_url = url.to_string();
    // What is meant here is what answers become, not how slowly they are asked for.
    manifest.limits = Default::default();
    let mut given = examples::example_settings(&manifest);
    // Some have a default, which is a host elsewhere.
    if manifest.settings.contains_key("base_url") {
        given.settings.insert("base_url".to_string(), SettingValue::Plain(url.to_string()));
    }
    if let Some(key) = given.settings.get_mut("key") {
        *key = SettingValue::Plain("6b02:00ff10".to_string());
    }
    RestConnector::new(&manifest, &given, Arc::new(|| NOW)).unwrap_or_else(|e| panic!("{}: {e:?}", manifest.name))
}

/// 500 and 429 are left out: they are tried again after waits.
fn answers(seeds: &[Json], tape: &mut Tape<'_>) -> Vec<Answer> {
    let mut out = Vec::new();
    while !tape.ended() && out.len() < 12 {
        let good = json(tape.pick(seeds), tape).to_string().into_bytes();
        let body = if tape.byte().is_multiple_of(6) { bytes(&good, tape) } else { good };
        let status = *tape.pick(&[200, 200, 200, 200, 200, 200, 204, 302, 400, 401, 403, 404, 409, 410]);
        let mut headers = vec![("date", "Sat, 21 Nov 2026 09:00:00 GMT".to_string())];
        if tape.byte().is_multiple_of(8) {
            let odd = ["", "/", "//", "http://[", "?", "Thu, 99 Foo 0000 99:99:99 GMT", "-1", "gzip"];
            headers.push((*tape.pick(&["location", "date", "retry-after", "content-type"]), (*tape.pick(&odd)).to_string()));
        }
        out.push(Answer { status, headers, body });
    }
    out
}

async fn read(connector: &RestConnector, stream: &str, pass: Pass) {
    let sink: PageSink<'_> = Box::new(|page: PageRead| {
        let _ = examples::page_json(&page);
        async { Ok(()) }.boxed()
    });
    if let Ok(end) = connector.pass(stream, pass, sink).await {
        assert!(!(end.complete && end.incomplete_because.is_some()), "complete and not: {end:?}");
    }
}

async fn use_it(connector: &RestConnector, tape: &mut Tape<'_>) {
    let stream = tape.pick(connector.streams()).name.clone();
    match tape.byte() % 10 {
        0 => read(connector, &stream, Pass::Changes(NOW)).await,
        1 => read(connector, &stream, Pass::Open).await,
        2 => read(connector, &stream, Pass::ForEach(vec!["1".into(), "2".into()])).await,
        3 => read(connector, &stream, Pass::FilterTest(NOW)).await,
        4 => read(connector, &stream, Pass::Resume { cursor: None, since: NOW }).await,
        5 => {
            let place = "{\"changes\":\"a\",\"deleted\":\"b\"}";
            let cursor = String::from_utf8_lossy(&bytes(place.as_bytes(), tape)).as_ref().into();
            read(connector, &stream, Pass::Resume { cursor: Some(cursor), since: NOW }).await;
        }
        6 => drop(connector.first_page(&stream).await),
        7 => drop(connector.read_back(&["1".into(), "2".into()], Lane::Protective).await),
        8 => {
            let change = Change {
                fields: vec![("phone".into(), Value::text("+81312345678"))],
                block: Some(true),
                permits: PermitChange::Until(NOW).into(),
                why: Some("open_deal_person".into()),
                status: Some(StatusChange { to: "lead".into(), from: None }),
            };
            let op = |id: &str| WriteOp { record: RecordId::new("t", Entity::Person, id), change: change.clone(), again: false };
            let ops = [op("1"), op("2"), op("x")];
            assert_eq!(connector.write(&ops, Lane::Protective).await.len(), ops.len(), "each op has its outcome");
        }
        _ => read(connector, &stream, Pass::Sweep).await,
    }
}

#[test]
fn passes_and_writes_end_whatever_is_answered() {
    let server = Server::start();
    let all: Vec<_> = manifests().into_iter().map(|(_, _, loaded)| (connector(&loaded.manifest, &server.url), seeds(&loaded))).collect();
    fuzz!(|tape: &mut Tape<'_>| {
        let (connector, seeds) = tape.pick(&all);
        let how: Vec<u8> = (0..60).map(|_| tape.byte()).collect();
        server.gives(answers(seeds, tape));
        let used = async { tokio::time::timeout(Duration::from_secs(30), use_it(connector, &mut Tape::new(&how))).await };
        server.runtime.block_on(used).unwrap_or_else(|_| panic!("{connector:?} does not end"));
    });
}
