//! Writes: each row its own outcome, and nothing sent twice that might have been done.

use crate::server::*;
use nayose::connector::{Change, Connector, Lane, Outcome, PermitChange, StatusChange, WriteOp};
use nayose::model::{Date, Entity, RecordId, Span, Time, Value};
use serde_json::{Value as Json, json};
use std::sync::atomic::{AtomicI64, Ordering::Relaxed};
use std::sync::{Arc, Mutex};

const STREAM: &str =
    "[streams.s]\nentity = 'person'\nsweep = { path = '/s', records = 'r' }\n[streams.s.record]\nid = 'id'\nfields = { phone = 'phone' }
    [streams.s.record.marks]\nblock = { path = 'blocked' }\nstatus = { path = 'stage' }\n";

fn batch(more: &str) -> String {
    format!(
        "{STREAM}[writes]\nstream = 's'\nread_chunk = 100\nread = {{ path = '/s', query = {{ ids = '{{ids}}' }}, records = 'r' }}\nfields = {{ phone = 'phone' }}
        block = {{ kind = 'field', field = 'blocked' }}\nstatus = {{ field = 'stage', map = {{ lead = 'L' }} }}
        [writes.update]\nid_key = 'id'\nid_number = true\nrequest = {{ method = 'POST', path = '/w', body = {{ input = '{{rows}}' }} }}\n{more}"
    )
}

fn op(id: &str, phone: &str) -> WriteOp {
    let change = Change { fields: vec![("phone".into(), Value::text(phone))], block: Some(true), ..Change::default() };
    WriteOp { record: RecordId::new("ma", Entity::Person, id), change, again: false }
}

const BY_PLACE: &str = "batch = 2\nresults = { path = 'result', applied = { path = 'status', equals = 'updated' }, reason = 'why' }\n";

#[tokio::test]
async fn each_row_has_its_own_outcome_in_order() {
    let server = Server::start(|asked, _| {
        let rows = asked.body["input"].as_array().unwrap();
        let one = |r: &Json| {
            if r["id"] == 2 { json!({"status": "skipped", "why": "not found"}) } else { json!({"id": r["id"], "status": "updated"}) }
        };
        json(json!({"result": rows.iter().map(one).collect::<Vec<_>>()}))
    })
    .await;
    let connector = server.connector(&batch(BY_PLACE));
    let mut ops = vec![op("1", "03"), op("2", ""), op("x", "03"), op("4", "03"), op("5", "03")];
    ops[3].change.status = Some(StatusChange { to: "lead".into(), from: None });
    let outcomes = connector.write(&ops, Lane::Fields).await;
    assert_eq!(outcomes[..2], [Outcome::Applied, Outcome::Rejected("not found".into())]);
    assert!(matches!(&outcomes[2], Outcome::Rejected(why) if why.contains("no number")));
    assert_eq!(outcomes[3..], [Outcome::Applied, Outcome::Applied]);
    let mut asked = server.asked();
    asked.sort_by_key(|a| a.body["input"][0]["id"].as_i64());
    assert_eq!(asked[0].body, json!({"input": [{"id": 1, "phone": "03", "blocked": true}, {"id": 2, "phone": null, "blocked": true}]}));
    assert_eq!(asked[1].body["input"][0]["stage"], "L");
}

#[tokio::test]
async fn what_may_have_been_done_is_unknown_and_never_sent_again() {
    for code in [500, 502, 504] {
        let server = Server::start(move |_, _| status(code, "oops")).await;
        let outcomes = server.connector(&batch(BY_PLACE)).write(&[op("1", "03")], Lane::Protective).await;
        assert!(matches!(outcomes[..], [Outcome::Unknown(_)]), "{code}: {outcomes:?}");
        assert_eq!(server.asked().len(), 1, "{code}");
    }
    let server = Server::start(|_, _| status(200, "<html>")).await;
    let outcomes = server.connector(&batch(BY_PLACE)).write(&[op("1", "03")], Lane::Protective).await;
    assert!(matches!(outcomes[..], [Outcome::Unknown(_)]), "{outcomes:?}");
}

#[tokio::test]
async fn what_was_surely_not_done_is_sent_again_or_told_so() {
    let server = Server::start(|_, n| match n {
        0 => Reply(429, vec![("retry-after", "0".into())], "{}".into()),
        _ => json(json!({"result": [{"status": "updated"}]})),
    })
    .await;
    assert_eq!(server.connector(&batch(BY_PLACE)).write(&[op("1", "03")], Lane::Fields).await, [Outcome::Applied]);
    assert_eq!(server.asked().len(), 2);
    let server = Server::start(|_, _| status(401, "{}")).await;
    let outcomes = server.connector(&batch(BY_PLACE)).write(&[op("1", "03")], Lane::Fields).await;
    assert!(matches!(outcomes[..], [Outcome::NotSent(_)]), "{outcomes:?}");
}

/// A tenant was on its way to other servers, a record locked: each batch was cut into single rows, and each row told as refused.
#[tokio::test]
async fn later_is_no_refusal_and_cuts_no_batch() {
    for code in [423, 429, 477, 409] {
        let server = Server::start(move |_, _| Reply(code, vec![("retry-after", "3600".into())], "{}".into())).await;
        let ops: Vec<_> = (0..8).map(|i| op(&i.to_string(), "03")).collect();
        let manifest = batch(&BY_PLACE.replace("batch = 2", "batch = 100"));
        let outcomes = server.connector(&manifest).write(&ops, Lane::Protective).await;
        let later = |o: &Outcome| matches!(o, Outcome::Later { wait, .. } if *wait == Span::minutes(60));
        assert!(outcomes.len() == 8 && outcomes.iter().all(later), "{code}: {outcomes:?}");
        assert_eq!(server.asked().len(), 1, "{code}");
    }
}

#[tokio::test]
async fn one_bad_row_in_a_batch_that_is_refused_whole_is_one_failure() {
    let server = Server::start(|asked, _| {
        let rows = asked.body["input"].as_array().unwrap();
        if rows.iter().any(|r| r["id"] == 5) {
            return status(400, "{\"message\":\"bad phone\"}");
        }
        if rows.iter().any(|r| r["id"] == 3) {
            return status(404, "{\"message\":\"no such lead\"}");
        }
        json(json!({"result": rows.iter().map(|_| json!({"status": "updated"})).collect::<Vec<_>>()}))
    })
    .await;
    let manifest = batch(&BY_PLACE.replace("batch = 2", "batch = 100"));
    let ops: Vec<_> = (0..8).map(|i| op(&i.to_string(), "03")).collect();
    let outcomes = server.connector(&format!("[errors]\nmessage = 'message'\n{manifest}")).write(&ops, Lane::Fields).await;
    for (i, outcome) in outcomes.iter().enumerate() {
        let want = match i {
            // One of the records is gone: the others of its batch are written.
            3 => Outcome::Rejected("not found".into()),
            5 => Outcome::Rejected("400: bad phone".into()),
            _ => Outcome::Applied,
        };
        assert_eq!(*outcome, want, "{i}");
    }
}

/// Whatever word a system has for "one of these I do not take".
#[tokio::test]
async fn any_plain_no_to_a_whole_batch_may_mean_one_row() {
    for code in [400, 403, 404, 409, 410, 413, 422] {
        let server = Server::start(move |asked, _| {
            let rows = asked.body["input"].as_array().unwrap();
            match rows.iter().any(|r| r["id"] == 2) {
                true => status(code, "{}"),
                false => json(json!({"result": rows.iter().map(|_| json!({"status": "updated"})).collect::<Vec<_>>()})),
            }
        })
        .await;
        let ops: Vec<_> = (0..4).map(|i| op(&i.to_string(), "03")).collect();
        let outcomes = server.connector(&batch(&BY_PLACE.replace("batch = 2", "batch = 100"))).write(&ops, Lane::Protective).await;
        let taken: Vec<bool> = outcomes.iter().map(|o| *o == Outcome::Applied).collect();
        assert_eq!(taken, [true, true, false, true], "{code}: {outcomes:?}");
        assert!(matches!(outcomes[2], Outcome::Rejected(_)), "{code}: {outcomes:?}");
    }
}

#[tokio::test]
async fn a_batch_is_cut_by_bytes() {
    let server = Server::start(|asked, _| {
        assert!(asked.body["input"].to_string().len() < 130);
        json(json!({"result": asked.body["input"].as_array().unwrap().iter().map(|_| json!({"status": "updated"})).collect::<Vec<_>>()}))
    })
    .await;
    let manifest = batch(&BY_PLACE.replace("batch = 2", "batch = 100\nbytes_max = 120"));
    let ops: Vec<_> = (0..5).map(|i| op(&i.to_string(), "0312345678")).collect();
    assert!(server.connector(&manifest).write(&ops, Lane::Fields).await.iter().all(|o| *o == Outcome::Applied));
    assert_eq!(server.asked().len(), 3);
}

#[tokio::test]
async fn a_200_that_did_nothing_is_found_out_by_reading_back() {
    let server = Server::start(|asked, _| match &*asked.path {
        "/s" => json(json!({"r": [{"id": 1, "phone": "03", "blocked": true}, {"id": 2, "phone": "99", "blocked": true}]})),
        _ => json(json!(["sorry"])),
    })
    .await;
    let connector = server.connector(&batch("batch = 10\nconfirm = true\n"));
    let outcomes = connector.write(&[op("1", "03"), op("2", "03"), op("3", "03")], Lane::Fields).await;
    assert_eq!(outcomes[0], Outcome::Applied);
    assert!(matches!(&outcomes[1], Outcome::Rejected(why) if why.contains("phone")), "{outcomes:?}");
    assert_eq!(outcomes[2], Outcome::Rejected("not found".into()));
}

/// Many systems do not repeat the id of the one record that they were asked for: each write was told as refused, "not found".
#[tokio::test]
async fn a_record_that_is_read_back_without_its_id_is_the_one_that_was_asked_for() {
    let server = Server::start(|asked, _| match (&*asked.method, &*asked.path) {
        ("GET", "/u/7") => json(json!({"phone": "03", "blocked": true})),
        ("GET", "/u/8") => status(404, "{}"),
        ("GET", "/s") => {
            let ids = asked.query["ids"].split(',').count();
            json(json!({"r": vec![json!({"phone": "03", "blocked": true}); ids]}))
        }
        _ => json(json!({})),
    })
    .await;
    let singly = server.connector(&format!(
        "{STREAM}[writes]\nstream = 's'\nread_chunk = 1\nread = {{ path = '/u/{{id}}' }}\nfields = {{ phone = 'phone' }}
        block = {{ kind = 'field', field = 'blocked' }}\n[writes.update]\nbatch = 1\nconfirm = true
        request = {{ method = 'PUT', path = '/u/{{id}}', body = '{{row}}' }}\n"
    ));
    let shown = |records: &[nayose::model::Record]| -> Vec<String> {
        records.iter().map(|r| format!("{} {} {}", r.id, r.text("phone").unwrap_or_default(), r.is_blocked())).collect()
    };
    let back = singly.read_back(&["7".into(), "8".into()], Lane::ReadBack).await.unwrap();
    assert_eq!(shown(&back), ["ma:person:7 03 true"]);
    let outcomes = singly.write(&[op("7", "03"), op("8", "03")], Lane::Fields).await;
    assert_eq!(outcomes, [Outcome::Applied, Outcome::Rejected("not found".into())]);
    // Who answers for several tells them apart by id, also where one was asked for: without it, a row may be whoever that one was merged into.
    let together = server.connector(&batch(BY_PLACE));
    for asked in [&["7".into()][..], &["7".into(), "8".into()]] {
        let said = together.read_back(asked, Lane::ReadBack).await.unwrap_err().to_string();
        assert!(said.contains("whether 7 is there nobody can say, as a row cannot be read"), "{asked:?}: {said}");
    }
}

#[tokio::test]
async fn what_cannot_be_written_is_refused_before_sending() {
    let server = Server::start(|_, _| panic!("sent")).await;
    let connector = server.connector(&batch(BY_PLACE));
    let mut wrong = op("1", "03");
    wrong.change.permits = PermitChange::Withdrawn.into();
    assert!(matches!(connector.write(&[wrong], Lane::Protective).await[..], [Outcome::Rejected(_)]));
    assert!(connector.abilities().permits.is_empty() && connector.abilities().block);
}

const LABELS: &str = "[streams.s]\nentity = 'person'\nsweep = { path = '/s', records = 'r' }\n[streams.s.record]\nid = 'id'\n[streams.s.record.marks]
    block = { path = 'labels[].name', contains = 'hold' }\nstatus = { path = 'labels[].name', prefix = 'st-' }
    [writes]\nstream = 's'\nread_chunk = 100\nread = { path = '/s', query = { ids = '{ids}' }, records = 'r' }\nblock = { kind = 'label', label = 'hold' }\nstatus = { label_prefix = 'st-' }
    [writes.labels]\nfind = { path = '/labels', records = 'l' }\nfind_name = 'name'\nfind_id = 'id'\ncreate = { method = 'POST', path = '/labels', body = { name = '{label}' } }
    created_id = 'id'\nsucceeded = 'n'\nbatch = 10
    add = { method = 'PUT', path = '/add/{label_id}', body = { ids = '{ids}' } }\nremove = { method = 'PUT', path = '/remove/{label_id}', body = { ids = '{ids}' } }\n";

#[tokio::test]
async fn labels_are_found_or_made_once_and_a_low_count_is_looked_into() {
    let labels: Arc<Mutex<Vec<(i64, String)>>> = Arc::new(Mutex::new(vec![(1, "st-lead".to_string())]));
    let known = labels.clone();
    let server = Server::start(move |asked, _| match (&*asked.method, &*asked.path) {
        ("GET", "/labels") => {
            json(json!({"l": known.lock().unwrap().iter().map(|(id, n)| json!({"id": id, "name": n})).collect::<Vec<_>>()}))
        }
        ("POST", "/labels") => {
            let mut known = known.lock().unwrap();
            let id = known.len() as i64 + 1;
            known.push((id, asked.body["name"].as_str().unwrap().to_string()));
            json(json!({"id": id}))
        }
        ("PUT", "/remove/1") => json(json!({"n": 2})),
        // One of the two was not changed.
        ("PUT", path) => json(json!({"n": if path == "/add/2" { 1 } else { 2 }})),
        _ => json(json!({"r": [{"id": "7", "labels": [{"name": "hold"}]}]})),
    })
    .await;
    let connector = server.connector(LABELS);
    let op = |id: &str| WriteOp {
        record: RecordId::new("ma", Entity::Person, id),
        change: Change {
            block: Some(true),
            status: Some(StatusChange { to: "won".into(), from: Some("st-lead".into()) }),
            ..Change::default()
        },
        again: false,
    };
    let outcomes = connector.write(&[op("7"), op("8")], Lane::Protective).await;
    assert_eq!(outcomes[0], Outcome::Applied);
    // Its block was not put on, its status was: it is looked at again.
    assert!(matches!(&outcomes[1], Outcome::Unknown(why) if why.contains("not found")), "{outcomes:?}");
    let puts: Vec<String> = server.asked().iter().filter(|a| a.method == "PUT").map(|a| a.path.clone()).collect();
    assert_eq!(puts, ["/add/2", "/add/3", "/remove/1"], "the block goes first");
    assert_eq!(labels.lock().unwrap().len(), 3);
    assert_eq!(&*connector.status_word("won"), "st-won");
}

/// One member was deleted there: the label's request was refused for all of its batch, and again with each try.
#[tokio::test]
async fn one_bad_id_in_a_label_request_that_is_refused_whole_is_one_failure() {
    for code in [400, 404, 410, 422] {
        let server = Server::start(move |asked, _| match (&*asked.method, &*asked.path) {
            ("GET", "/labels") => json(json!({"l": [{"id": 1, "name": "hold"}]})),
            ("PUT", _) => {
                let ids = asked.body["ids"].as_array().unwrap();
                if ids.contains(&json!("5")) { status(code, "{\"message\":\"no such member\"}") } else { json(json!({"n": ids.len()})) }
            }
            other => panic!("{other:?}"),
        })
        .await;
        let connector = server.connector(LABELS);
        for block in [true, false] {
            let change = Change { block: Some(block), ..Change::default() };
            let op =
                |i: usize| WriteOp { record: RecordId::new("ma", Entity::Person, i.to_string()), change: change.clone(), again: false };
            // Two requests: the batch is ten.
            let outcomes = connector.write(&(0..13).map(op).collect::<Vec<_>>(), Lane::Protective).await;
            for (i, outcome) in outcomes.iter().enumerate() {
                match outcome {
                    Outcome::Applied => assert_ne!(i, 5, "{code}"),
                    Outcome::Rejected(_) => assert_eq!(i, 5, "{code}: {outcomes:?}"),
                    other => panic!("{code}: {i}: {other:?}"),
                }
            }
        }
        let looked_up = server.asked().iter().filter(|a| a.method == "GET").count();
        assert_eq!(looked_up, 3, "{code}: the label at first, and once more for each step that is refused");
    }
}

/// Each record that wanted it was one more request: the same write came 21 times within ten minutes, over three restarts.
#[tokio::test]
async fn a_label_that_cannot_be_made_is_asked_for_once_for_all() {
    for (code, kept) in [(500, "no answer (500"), (400, "none can be made")] {
        let server = Server::start(move |asked, _| match (&*asked.method, &*asked.path) {
            ("GET", "/labels") => json(json!({"l": []})),
            ("POST", "/labels") => status(code, "{\"message\":\"no\"}"),
            other => panic!("{other:?}"),
        })
        .await;
        let seconds = Arc::new(AtomicI64::new(0));
        let by = seconds.clone();
        let connector = server.connector_by(Arc::new(move || NOW.plus(Span::seconds(by.load(Relaxed)))), LABELS);
        let made = || server.asked().iter().filter(|a| a.method == "POST").count();
        let change = Change { block: Some(true), ..Change::default() };
        let op = |i: i64| WriteOp { record: RecordId::new("ma", Entity::Person, i.to_string()), change: change.clone(), again: i == 3 };
        for (i, (at, want)) in [(0, 1), (1, 1), (4, 1), (4, 1), (6, 2)].into_iter().enumerate() {
            seconds.store(at, Relaxed);
            let outcomes = connector.write(&[op(i as i64)], Lane::Protective).await;
            assert!(
                matches!(&outcomes[..], [Outcome::NotSent(why) | Outcome::Rejected(why)] if why.contains(kept)),
                "{code}: {outcomes:?}"
            );
            assert_eq!(made(), want, "{code}: after {at} s");
        }
    }
}

#[tokio::test]
async fn a_reason_that_repeats_our_token_or_never_ends_is_not_kept_so() {
    let why = format!("{TOKEN} {}", "x".repeat(20_000));
    let server = Server::start(move |_, _| json(json!({"result": [{"status": "skipped", "why": why}]}))).await;
    let outcomes = server.connector(&batch(BY_PLACE)).write(&[op("1", "03")], Lane::Fields).await;
    assert!(matches!(&outcomes[..], [Outcome::Rejected(why)] if why.starts_with("*** x") && why.len() <= 300), "{outcomes:?}");
}

/// A label went out in place of its code, and a birthday as the evening before.
#[tokio::test]
async fn what_is_written_in_the_systems_form_is_found_again_as_what_was_meant() {
    let manifest = format!(
        "{}[writes.update]\nid_key = 'id'\nbatch = 10\nconfirm = true\nrequest = {{ method = 'POST', path = '/w', body = {{ input = '{{rows}}' }} }}\n",
        "[streams.s]\nentity = 'person'\nsweep = { path = '/s', records = 'r' }\n[streams.s.record]\nid = 'id'
        [streams.s.record.fields]\nindustry = { path = 'industry', map = { '10' = 'made', '11' = 'made' } }\nborn = { path = 'born', type = 'date' }
        seen = { path = 'seen', type = 'time', format = 'unix_s' }
        [writes]\nstream = 's'\nread_chunk = 100\nread = { path = '/s', query = { ids = '{ids}' }, records = 'r' }
        [writes.fields]\nindustry = { field = 'industry', map = { made = 11 } }\nborn = { field = 'born', format = 'unix_ms' }\nseen = 'seen'\n"
    );
    let server = Server::start(|asked, _| match &*asked.path {
        "/w" => json(json!({})),
        // It takes days as numbers, and shows them as texts.
        _ => json(json!({"r": [{"id": "1", "industry": 11, "born": "1980-04-01", "seen": 1_795_212_000}]})),
    })
    .await;
    let connector = server.connector(&manifest);
    let change = |industry: &str| Change {
        fields: vec![
            ("industry".into(), Value::text(industry)),
            ("born".into(), Value::Date(Date::parse("1980-04-01").unwrap())),
            ("seen".into(), Value::Time(Time(1_795_212_000_750))),
        ],
        ..Change::default()
    };
    let op = |industry: &str| WriteOp { record: RecordId::new("ma", Entity::Person, "1"), change: change(industry), again: false };
    assert_eq!(connector.write(&[op("made")], Lane::Fields).await, [Outcome::Applied]);
    let row = json!({"id": "1", "industry": 11, "born": 323_395_200_000_i64, "seen": 1_795_212_000});
    assert_eq!(server.asked()[0].body, json!({ "input": [row] }));
    let outcomes = connector.write(&[op("sold")], Lane::Fields).await;
    assert!(matches!(&outcomes[0], Outcome::Rejected(why) if why.contains("industry has no code for \"sold\"")), "{outcomes:?}");
    assert_eq!(server.asked().len(), 2, "what has no code is not sent");
    let known = |value: &str| connector.abilities().has_code_for(&"industry".into(), &Value::text(value));
    assert_eq!([known("made"), known("11"), known("")], [true, false, true]);
}
