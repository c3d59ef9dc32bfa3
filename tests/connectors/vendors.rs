//! The shipped manifests of the CRM, support and marketing systems, read from and written to their sandbox.

use super::world::{START, World};
use futures::FutureExt;
use nayose::connector::{
    Change, Connector, EditsAsked, Error, Lane, Observed, Outcome, Pass, PassEnd, PermitChange, RestConnector, StatusChange, WriteOp,
};
use nayose::model::{DealState, Entity, Mark, Record, RecordId, RefusalScope, Span, Time, Value};
use serde_json::json;
use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};

struct Read {
    end: Result<PassEnd, Error>,
    records: Vec<Record>,
    others: Vec<Observed>,
    cursor: Option<Box<str>>,
}

async fn read(connector: &RestConnector, stream: &str, pass: Pass) -> Read {
    let kept = Arc::new(Mutex::new(Read { end: Ok(PassEnd::default()), records: vec![], others: vec![], cursor: None }));
    let sink = kept.clone();
    let end = connector
        .pass(
            stream,
            pass,
            Box::new(move |page| {
                let mut read = sink.lock().unwrap();
                read.cursor = page.cursor.or(read.cursor.take());
                for observed in page.observed {
                    match observed {
                        Observed::Record { record, .. } => read.records.push(*record),
                        other => read.others.push(other),
                    }
                }
                async { Ok(()) }.boxed()
            }),
        )
        .await;
    let mut read = Arc::into_inner(kept).unwrap().into_inner().unwrap();
    read.end = end;
    read
}

fn ids(records: &[Record]) -> BTreeSet<u64> {
    records.iter().map(|r| r.id.id.parse().unwrap()).collect()
}

#[tokio::test]
async fn the_crm_is_read_by_sweep_filter_open_list_and_associations() {
    let world = World::start(350).await;
    let (crm, handle) = (world.connector("hubspot"), &world.sandbox.handle);
    let people = read(&crm, "people", Pass::Sweep).await;
    assert!(people.end.as_ref().is_ok_and(|e| e.complete && e.requests > 2), "{:?}", people.end);
    assert_eq!(ids(&people.records), handle.contacts().iter().filter(|c| !c.archived).map(|c| c.id).collect());
    assert!(people.records.iter().any(|r| r.account.is_some()), "contacts tell their company");
    assert!(read(&crm, "companies", Pass::Sweep).await.end.is_ok_and(|e| e.complete));
    let deals = read(&crm, "deals", Pass::Sweep).await;
    assert!(deals.end.as_ref().is_ok_and(|e| e.complete), "{:?}", deals.end);
    for deal in &deals.records {
        let people: BTreeSet<u64> = deal.people.iter().map(|p| p.parse().unwrap()).collect();
        assert_eq!(people, handle.deal_people(deal.id.id.parse().unwrap()).into_iter().collect(), "{}", deal.id);
        assert_ne!(deal.deal, Some(DealState::Unknown));
    }
    assert!(deals.records.iter().any(|d| d.account.is_some()), "deals tell their company");
    let open = read(&crm, "deals", Pass::Open).await;
    assert!(open.end.as_ref().is_ok_and(|e| e.complete), "{:?}", open.end);
    assert_eq!(
        ids(&open.records),
        deals.records.iter().filter(|d| d.deal == Some(DealState::Open)).map(|d| d.id.id.parse().unwrap()).collect()
    );
    let asked: Vec<_> = open.records.iter().map(|d| d.id.id.clone()).collect();
    let each = read(&crm, "deal_people", Pass::ForEach(asked.clone())).await;
    assert!(each.end.is_ok_and(|e| e.complete) && each.others.len() == asked.len());
    for told in &each.others {
        let Observed::DealPeople { deal, people } = told else { panic!("{told:?}") };
        let people: BTreeSet<u64> = people.iter().map(|p| p.parse().unwrap()).collect();
        assert_eq!(people, handle.deal_people(deal.id.parse().unwrap()).into_iter().collect());
    }
    let (before, contact) = (world.now(), handle.contacts()[0].id);
    let changed_at = world.later(Span::minutes(1));
    handle.edit_contact(contact, &[("phone", "03-0000-0000")]).unwrap();
    let changes = read(&crm, "people", Pass::Changes(before.plus(Span::minutes(6)))).await;
    assert!(ids(&changes.records).contains(&contact), "{:?}", changes.end);
    assert!(changes.records.iter().any(|r| r.changed_at == Some(changed_at)));
    assert!(read(&crm, "people", Pass::FilterTest(changed_at.plus(Span::days(365)))).await.records.is_empty());
}

#[tokio::test]
async fn support_is_read_from_a_cursor_that_goes_on() {
    let world = World::start(120).await;
    let (support, handle) = (world.connector("zendesk"), &world.sandbox.handle);
    for stream in ["tickets", "people"] {
        let sweep = read(&support, stream, Pass::Sweep).await;
        assert!(sweep.end.as_ref().is_ok_and(|e| e.complete), "{:?}", sweep.end);
        let first = read(&support, stream, Pass::Resume { cursor: None, since: Time(1_000_000_000_000) }).await;
        assert_eq!(ids(&first.records), ids(&sweep.records));
        let idle = read(&support, stream, Pass::Resume { cursor: first.cursor.clone(), since: Time(0) }).await;
        assert!(idle.end.is_ok_and(|e| e.complete && e.requests == 1) && idle.records.is_empty(), "{stream}");
    }
    let cursor = read(&support, "tickets", Pass::Resume { cursor: None, since: Time(1_000_000_000_000) }).await.cursor;
    world.later(Span::minutes(1));
    let ticket = handle.tickets()[0].id;
    handle.set_ticket_status(ticket, "solved").unwrap();
    let next = read(&support, "tickets", Pass::Resume { cursor, since: Time(0) }).await;
    assert_eq!(ids(&next.records), [ticket].into());
}

#[tokio::test]
async fn the_ma_is_read_by_list_and_feed_and_written_by_id() {
    let world = World::start(350).await;
    let (ma, handle) = (world.connector("marketo"), &world.sandbox.handle);
    let since = world.now();
    let sweep = read(&ma, "people", Pass::Sweep).await;
    assert!(sweep.end.as_ref().is_ok_and(|e| e.complete && e.requests > 1), "{:?}", sweep.end);
    assert_eq!(ids(&sweep.records), handle.leads().iter().map(|l| l.id).collect());
    let all: Vec<u64> = handle.leads().iter().map(|l| l.id).collect();
    world.later(Span::minutes(1));
    handle.unsubscribe(all[0]).unwrap();
    handle.delete_lead(all[1]).unwrap();
    handle.edit_lead(all[2], json!({"phone": "03-1"}).as_object().unwrap()).unwrap();
    let feed = read(&ma, "people", Pass::Resume { cursor: None, since }).await;
    assert!(feed.end.as_ref().is_ok_and(|e| e.complete), "{:?}", feed.end);
    assert!(ids(&feed.records).is_superset(&[all[0], all[2]].into()));
    assert!(feed.others.contains(&Observed::Deleted(RecordId::new("marketo", Entity::Person, all[1].to_string()))));
    let refused = feed.records.iter().find(|r| *r.id.id == all[0].to_string()).unwrap();
    assert_eq!(refused.refusals, [RefusalScope::All]);
    let until = Time(START).plus(Span::days(7));
    let ops: Vec<WriteOp> = [all[3], all[1], all[4]]
        .map(|id| WriteOp {
            record: RecordId::new("marketo", Entity::Person, id.to_string()),
            change: Change {
                fields: vec![("phone".into(), Value::text("+81312345678"))],
                block: Some(true),
                permits: PermitChange::Until(until).into(),
                why: Some("open_deal_person".into()),
                status: Some(StatusChange { to: "opportunity".into(), from: None }),
            },
            again: false,
        })
        .to_vec();
    // A token that has run out is renewed on the way.
    handle.expire_ma_token();
    let outcomes = ma.write(&ops, Lane::Protective).await;
    assert_eq!(outcomes, [Outcome::Applied, Outcome::Rejected("Lead not found".into()), Outcome::Applied]);
    let back = ma.read_back(&ops.iter().map(|o| o.record.id.clone()).collect::<Vec<_>>(), Lane::Protective).await.unwrap();
    assert_eq!(back.len(), 2);
    for record in back {
        assert!(record.is_blocked() && record.mark(Mark::Permit) == Some(&Value::Time(until)));
        assert_eq!(
            (record.mark(Mark::Why), record.mark(Mark::Status)),
            (Some(&Value::text("open_deal_person")), Some(&Value::text("opportunity")))
        );
        assert_eq!(record.text("phone"), Some("+81312345678"));
    }
    handle.forget_cursors(nayose::sandbox::SandboxSystem::Ma);
    let lost = read(&ma, "people", Pass::Resume { cursor: feed.cursor, since }).await.end;
    assert!(matches!(lost, Err(Error::CursorLost { .. })), "{lost:?}");
}

#[tokio::test]
async fn the_crm_is_written_in_batches_with_single_failures() {
    let world = World::start(30).await;
    let (crm, handle) = (world.connector("hubspot"), &world.sandbox.handle);
    let contact = handle.contacts()[0].id.to_string();
    let op = |id: &str| WriteOp {
        record: RecordId::new("hubspot", Entity::Person, id),
        change: Change {
            fields: vec![("score".into(), Value::Int(85)), ("title".into(), Value::Empty)],
            status: Some(StatusChange { to: "lead".into(), from: None }),
            permits: PermitChange::Until(Time(START)).into(),
            ..Change::default()
        },
        again: false,
    };
    let outcomes = crm.write(&[op("999999"), op(&contact)], Lane::Fields).await;
    assert!(matches!(&outcomes[..], [Outcome::Rejected(_), Outcome::Applied]), "{outcomes:?}");
    let back = crm.read_back(&[contact.as_str().into()], Lane::Fields).await.unwrap().remove(0);
    assert_eq!((back.field("score").map(|f| &f.value), back.mark(Mark::Status)), (Some(&Value::Int(85)), Some(&Value::text("lead"))));
    assert_eq!((back.mark(Mark::Permit), back.field("title").map(|f| &f.value)), (Some(&Value::Time(Time(START))), Some(&Value::Empty)));
}

#[tokio::test]
async fn a_wrong_credential_is_told_by_each() {
    let world = World::start(5).await;
    let s = &world.sandbox;
    for (name, settings) in [
        ("hubspot", vec![("base_url", &*s.crm_url), ("token", "wrong")]),
        ("zendesk", vec![("base_url", &*s.support_url), ("token", "wrong")]),
        ("marketo", vec![("base_url", &*s.ma_url), ("client_id", "wrong"), ("client_secret", "wrong"), ("list_id", "1001")]),
    ] {
        let connector = world.with(name, &settings, EditsAsked::default());
        let error = connector.first_page("people").await.unwrap_err();
        assert!(matches!(error, Error::Credential { .. }), "{name}: {error:?}");
    }
}
