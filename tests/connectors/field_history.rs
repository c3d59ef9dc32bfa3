//! The history of fields, asked behind the pages of the shipped CRM's manifest: only what is wanted, of whom it is news.

use super::world::World;
use futures::FutureExt;
use nayose::connector::manifest::load;
use nayose::connector::{Connector, EditsAsked, Observed, PageRead, Pass, PassEnd, RestConnector};
use nayose::model::{Age, LastEdit, Record, Span, Time};
use nayose::sandbox::{CrmEditor, Fault, FaultKind, SandboxSystem};
use std::sync::{Arc, Mutex};

struct Crm {
    world: World,
    connector: RestConnector,
}

impl Crm {
    async fn asked_for(edits: EditsAsked) -> Crm {
        let world = World::start(120).await;
        Crm { connector: world.connector_asked("hubspot", edits), world }
    }

    fn later(&self, span: Span) -> Time {
        self.world.later(span)
    }

    async fn read(&self, pass: Pass) -> (PassEnd, PageRead) {
        let all = Arc::new(Mutex::new(PageRead::default()));
        let kept = all.clone();
        let sink = Box::new(move |page: PageRead| {
            let mut kept = kept.lock().unwrap();
            kept.observed.extend(page.observed);
            kept.quarantined.extend(page.quarantined);
            async { Ok(()) }.boxed()
        });
        let end = self.connector.pass("people", pass, sink).await.unwrap();
        (end, Arc::into_inner(all).unwrap().into_inner().unwrap())
    }
}

fn records(page: &PageRead) -> impl Iterator<Item = &Record> {
    page.observed.iter().filter_map(|o| if let Observed::Record { record, .. } = o { Some(&**record) } else { None })
}

fn asked(fields: &[&str]) -> EditsAsked {
    EditsAsked { relays: vec!["7001".to_string()], editors: true, history: fields.iter().map(|f| (*f).into()).collect() }
}

#[tokio::test]
async fn a_value_is_dated_by_its_own_history_and_not_by_its_records_last_change() {
    let crm = Crm::asked_for(asked(&["phone", "title"])).await;
    let handle = &crm.world.sandbox.handle;
    let contact = handle.contacts().iter().find(|c| c.properties.contains_key("phone")).unwrap().clone();
    let at_first = crm.later(Span::minutes(1));
    handle.edit_contact(contact.id, &[("jobtitle", "CTO")]).unwrap();
    crm.later(Span::minutes(1));
    handle.edit_contact_as(CrmEditor::App(7001), contact.id, &[("country", "NZ")]).unwrap();
    let (end, page) = crm.read(Pass::Sweep).await;
    let contacts = handle.contacts().iter().filter(|c| !c.archived).count();
    assert!(end.complete && contacts > 50 && contacts <= 100, "{contacts} {end:?}");
    assert_eq!(end.requests, 3, "a page, and the history of its contacts by fifties");
    let record = records(&page).find(|r| *r.id.id == contact.id.to_string()).unwrap();
    let just = |at: Time| Age { after: Some(at.minus(Span(1))), by: at };
    let field = |name: &str| record.field(name).unwrap();
    assert_eq!((field("title").age(), field("phone").age()), (just(at_first), just(contact.created)));
    assert!(field("title").last_edit.as_deref().is_some_and(LastEdit::is_typed) && field("phone").is_dated());
    // Nobody asked for its history.
    assert!(field("country").last_edit.is_none() && field("country").at > at_first);
}

#[tokio::test]
async fn a_listing_asks_of_those_who_changed_since_the_last_one_and_changes_of_all_that_they_show() {
    let crm = Crm::asked_for(asked(&["phone"])).await;
    let handle = &crm.world.sandbox.handle;
    let contacts = handle.contacts();
    let of = |page: &PageRead, id: u64| {
        let record = records(page).find(|r| *r.id.id == id.to_string()).cloned().unwrap();
        let edit = record.field("phone").and_then(|field| field.last_edit.clone());
        (edit.as_deref().and_then(LastEdit::relay).map(ToString::to_string), edit.is_some_and(|edit| edit.is_typed()))
    };
    assert_eq!(crm.read(Pass::Sweep).await.0.requests, 3);
    crm.later(Span::minutes(180));
    assert_eq!(crm.read(Pass::Sweep).await.0.requests, 1, "they are known");
    let begun = crm.later(Span::minutes(1));
    handle.edit_contact_as(CrmEditor::App(7001), contacts[0].id, &[("phone", "+81 3 0000 0001")]).unwrap();
    handle.edit_contact(contacts[1].id, &[("phone", "+81 3 0000 0002")]).unwrap();
    let (end, page) = crm.read(Pass::Sweep).await;
    assert_eq!((end.requests, of(&page, contacts[0].id)), (2, (Some("7001".to_string()), false)));
    assert_eq!(of(&page, contacts[1].id), (None, true));
    // Beyond what the search trails behind.
    crm.later(Span::minutes(10));
    let (end, page) = crm.read(Pass::Changes(begun)).await;
    assert_eq!((end.requests, records(&page).count(), of(&page, contacts[0].id).0.as_deref()), (2, 2, Some("7001")));
}

#[tokio::test]
async fn what_no_rule_goes_by_is_not_asked_for() {
    let crm = Crm::asked_for(EditsAsked::default()).await;
    let (end, page) = crm.read(Pass::Sweep).await;
    assert_eq!(end.requests, 1);
    assert!(records(&page).all(|r| r.fields.iter().all(|field| field.last_edit.is_none())));
}

/// Ages are then as wide as the record tells, a note says so, and everybody is asked of again.
#[tokio::test]
async fn a_history_that_does_not_come_fails_no_pass() {
    let crm = Crm::asked_for(asked(&["phone"])).await;
    crm.world.sandbox.handle.fault(SandboxSystem::Crm, Fault::of(FaultKind::Errors { status: 400, rate: 1.0 }).on("batch/read"));
    let (end, page) = crm.read(Pass::Sweep).await;
    assert!(end.complete && records(&page).count() > 50, "{end:?}");
    assert!(records(&page).all(|r| r.fields.iter().all(|field| !field.is_dated())));
    let notes: Vec<&str> = page.quarantined.iter().filter(|q| q.field == "field_history").map(|q| q.why.as_str()).collect();
    assert!(notes.len() == 1 && notes[0].contains("people field history at ") && notes[0].contains("400"), "{notes:?}");
    // Nobody asks again at once, though everybody is still to be asked of.
    assert_eq!(crm.read(Pass::Sweep).await.0.requests, 1);
    for (seconds, is_asked) in [(59, false), (1, true), (119, false), (1, true), (239, false)] {
        crm.later(Span::seconds(seconds));
        let noted = crm.read(Pass::Sweep).await.1.quarantined.iter().filter(|q| q.field == "field_history").count();
        assert_eq!(noted == 1, is_asked, "{seconds} s later");
    }
    crm.world.sandbox.handle.clear_faults(SandboxSystem::Crm);
    crm.later(Span::minutes(180));
    let (end, page) = crm.read(Pass::Sweep).await;
    assert!(end.requests == 3 && records(&page).any(|r| r.fields.iter().any(|field| field.is_dated())), "{end:?}");
}

#[test]
fn what_a_manifest_says_of_edits_and_cannot_be_right_is_a_mistake() {
    let good = "name = 't'\ntitle = 'T'\nrole = 'crm'\napi_version = '1'\nbase_url = 'https://t.example'\nauth = { kind = 'none' }
[streams.s]\nentity = 'person'\nsweep = { path = '/' }
[streams.s.record]\nid = 'id'\nedited_by = 'by'\nfields = { phone = 'phone' }
[streams.s.field_history]\nchunk = 9\nrecord = 'id'\nfields = { phone = 'tel' }\nchanges = 'changes.{field}'\nvalue = 'to'\nat = 'at'
request = { path = '/h', query = { ids = '{ids}', of = '{fields}' } }
[streams.tickets]\nentity = 'ticket'\nsweep = { path = '/t' }
[streams.tickets.record]\nid = 'id'\nstate = [{ is = 'open', when = { path = 'o', equals = true } }]\n";
    for (old, new, said) in [
        ("", "", ""),
        ("of = '{fields}'", "of = 'tel'", "the request must say {id_rows}, {ids} or {id}, and {fields}"),
        ("ids = '{ids}'", "all = 'true'", "the request must say {id_rows}, {ids} or {id}, and {fields}"),
        ("chunk = 9", "chunk = 0", "must be at least 1"),
        ("{ phone = 'tel' }", "{}", "fields is empty"),
        ("{ phone = 'tel' }", "{ fax = 'fax' }", "streams.s.field_history.fields.fax: is no field of the stream's record"),
        ("changes.{field}", "changes", "changes does not say {field}"),
        ("changes.{field}", "changes.{field}.{name}", "{name} means nothing here"),
        ("value = 'to'", "value = 'to['", "streams.s.field_history"),
        ("id = 'id'\nstate", "id = 'id'\nedited_via = 'via'\nstate", "streams.tickets.record.edited_via: is for persons"),
        ("id = 'id'\nedited_by", "id = 'id'\nid_prefix = 'p-'\nedited_by", "its ids are sent to the system again"),
    ] {
        let text = good.replacen(old, new, 1);
        let told: Vec<String> = load::parse("t", "t.toml", &text).err().into_iter().flatten().map(|e| e.message).collect();
        assert!(said.is_empty() == told.is_empty() && (said.is_empty() || told.iter().any(|t| t.contains(said))), "{new}: {told:?}");
    }
}
