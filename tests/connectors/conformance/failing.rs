//! C6 and C7: what fails stays alone, and is told for what it is.

use super::must;
use super::played::Played;
use super::reading::{ids, streams};
use crate::fake::Trouble;
use crate::fake::place::put;
use crate::server::{NOW, read};
use nayose::connector::manifest::load::LoadedManifest;
use nayose::connector::{Change, Connector, Error, Lane, Outcome, Pass, RestConnector, StatusChange, WriteOp};
use nayose::model::{Entity, RecordId, Span, Value};
use serde_json::{Value as Json, json};
use std::collections::BTreeSet;

/// C6.
pub async fn rows_alone(loaded: &LoadedManifest) -> Result<(), String> {
    let streams = streams(&Played::start(loaded).await.connector());
    for info in &streams {
        let played = Played::start(loaded).await;
        let made = played.make(&info.name, 4);
        {
            let record = played.fake.molds[&*info.name].record().clone();
            let mut state = played.state();
            put(&mut state.row_mut(&info.name, &made[1]).unwrap().raw, &record.id, json!({"is": "no id"}));
            if let Some(email) = record.fields.get("email").filter(|_| info.entity == Entity::Person) {
                put(&mut state.row_mut(&info.name, &made[2]).unwrap().raw, email.path(), json!({"is": "no address"}));
            }
        }
        let read = read(&played.connector(), &info.name, Pass::Sweep).await;
        let want: BTreeSet<String> = [&made[0], &made[2], &made[3]].into_iter().cloned().collect();
        let told = read.pages.iter().any(|p| !p.unread.is_empty() || !p.quarantined.is_empty());
        must(ids(&read) == want && told, || {
            format!("{}: beside a row without an id came {:?}, told {told}: {:?}", info.name, ids(&read), read.end)
        })?;
    }
    let played = Played::start(loaded).await;
    let connector = played.connector();
    let Some(stream) = connector.abilities().stream.clone() else { return Ok(()) };
    let made = played.make(&stream, 3);
    played.state().refused.insert(made[1].clone());
    for change in changes(&connector) {
        let ops: Vec<WriteOp> = made.iter().map(|id| op(&connector, id, change.clone())).collect();
        let outcomes = connector.write(&ops, Lane::Fields).await;
        let alone = outcomes[0] == Outcome::Applied && outcomes[1] != Outcome::Applied && outcomes[2] == Outcome::Applied;
        must(alone, || format!("of three rows, the second refused: {outcomes:?} to {change:?}; {}", played.state().problems.join("; ")))?;
    }
    Ok(())
}

pub fn op(connector: &RestConnector, id: &str, change: Change) -> WriteOp {
    WriteOp { record: RecordId::new(connector.system().clone(), Entity::Person, id), change, again: false }
}

/// Each kind of change that can be written, by itself.
pub fn changes(connector: &RestConnector) -> Vec<Change> {
    let abilities = connector.abilities();
    let mut changes = Vec::new();
    if let Some(field) = abilities.fields.iter().find(|f| !abilities.labels.contains_key(*f) && &***f != "score") {
        changes.push(Change { fields: vec![(field.clone(), Value::text("Conformance"))], ..Change::default() });
    }
    if abilities.status {
        changes.push(Change { status: Some(StatusChange { to: "customer".into(), from: None }), ..Change::default() });
    }
    if abilities.block {
        changes.push(Change { block: Some(true), ..Change::default() });
    }
    changes
}

/// What an answer must be taken for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Credential,
    Refused,
    Later,
    Broken,
    Budget,
}

impl Kind {
    fn is(self, error: &Error) -> bool {
        match self {
            Kind::Credential => matches!(error, Error::Credential { .. }),
            Kind::Refused => matches!(error, Error::Refused { .. } | Error::NotUnderstood { .. }),
            Kind::Later => matches!(error, Error::Later { .. }),
            Kind::Broken => matches!(error, Error::Unreachable { .. }),
            Kind::Budget => matches!(error, Error::Budget { .. }),
        }
    }

    /// What it means for a write: nothing that may have been done counts as not done, and nothing that was refused as unknown.
    fn is_outcome(self, outcome: &Outcome) -> bool {
        match self {
            Kind::Credential => matches!(outcome, Outcome::NotSent(_)),
            // A label that cannot be looked up anew is surely not set.
            Kind::Refused => matches!(outcome, Outcome::Rejected(_) | Outcome::Unknown(_) | Outcome::NotSent(_)),
            Kind::Later => matches!(outcome, Outcome::Later { .. } | Outcome::NotSent(_)),
            Kind::Broken => matches!(outcome, Outcome::Unknown(_)),
            Kind::Budget => matches!(outcome, Outcome::Later { .. } | Outcome::NotSent(_)),
        }
    }
}

/// C7.
pub async fn told_apart(loaded: &LoadedManifest) -> Result<(), String> {
    for (status, body, kind) in answers(loaded) {
        let played = Played::start(loaded).await;
        let connector = played.connector();
        let info = streams(&connector).remove(0);
        played.make_at(&info.name, NOW.minus(Span::days(1)));
        let trouble = || Trouble { from: 0, times: 1_000, status, headers: vec![("retry-after", "600".to_string())], body: body.clone() };
        // Whoever is told to wait believes it; 400 with such a word is "later" by itself.
        let plain = || Trouble { headers: Vec::new(), ..trouble() };
        let says_wait = matches!(kind, Kind::Later | Kind::Broken | Kind::Budget);
        played.trouble(Some(if says_wait { trouble() } else { plain() }));
        let read = read(&connector, &info.name, Pass::Sweep).await;
        must(read.end.as_ref().is_err_and(|e| kind.is(e)), || format!("{status} {body} to a read is no {kind:?}: {:?}", read.end))?;
        must(ids(&read).is_empty(), || format!("{status} {body} gave {:?}", ids(&read)))?;
        let Some(stream) = connector.abilities().stream.clone() else { continue };
        let id = played.make_at(&stream, NOW.minus(Span::days(1)));
        for change in changes(&played.connector()) {
            let connector = played.connector();
            // What it has to look up before, the names of labels, is known: the trouble meets the write itself.
            let trouble = played.state().trouble.take();
            let other = played.make_at(&stream, NOW.minus(Span::days(1)));
            connector.write(&[op(&connector, &other, change.clone())], Lane::Fields).await;
            played.trouble(trouble);
            let outcomes = connector.write(&[op(&connector, &id, change.clone())], Lane::Fields).await;
            must(kind.is_outcome(&outcomes[0]), || format!("{status} {body} to a write of {change:?} is no {kind:?}: {outcomes:?}"))?;
        }
    }
    Ok(())
}

/// Statuses and bodies, and what each is.
fn answers(loaded: &LoadedManifest) -> Vec<(u16, Json, Kind)> {
    let errors = &loaded.manifest.errors;
    let by_status = |status: u16| if errors.auth_statuses.contains(&status) { Kind::Credential } else { Kind::Refused };
    let mut answers = vec![
        (401, json!({}), Kind::Credential),
        (403, json!({}), by_status(403)),
        (400, json!({}), by_status(400)),
        (429, json!({}), Kind::Later),
        (500, json!({}), Kind::Broken),
        (503, json!({}), Kind::Broken),
        (200, json!({"unexpected": "an error page in JSON"}), Kind::Refused),
    ];
    let Some(code_at) = &errors.code else { return answers };
    let status = if errors.success.is_some() { 200 } else { 400 };
    let coded = |code: &String, kind| {
        let mut body = json!({});
        if let Some(success) = &errors.success {
            put(&mut body, &success.path, json!(false));
        }
        put(&mut body, code_at, if code_at.contains("[]") { json!([code]) } else { json!(code) });
        (status, body, kind)
    };
    answers.extend(errors.auth_codes.iter().map(|code| coded(code, Kind::Credential)));
    answers.extend(errors.retry_codes.iter().map(|code| coded(code, Kind::Later)));
    answers.extend(errors.budget_codes.iter().map(|code| coded(code, Kind::Budget)));
    answers.push(coded(&"any other".to_string(), Kind::Refused));
    answers
}
