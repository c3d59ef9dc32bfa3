//! When fields changed, and by what, as a feed's entries tell it.

use super::server::{Read, Server, json, read};
use super::world::{START, World};
use nayose::connector::manifest::load;
use nayose::connector::{EditsAsked, Observed, PageRead, Pass, RestConnector};
use nayose::model::{Age, Editor, Record, Span, Time};
use nayose::sandbox::LeadEditor;
use serde_json::{Value as Json, json};

const NIGHTLY: &str = "nightly@jobs.example";

fn asked(fields: &[&str]) -> EditsAsked {
    EditsAsked { relays: vec![NIGHTLY.to_string()], editors: true, history: fields.iter().map(|f| (*f).into()).collect() }
}

fn record<'p>(page: &'p PageRead, id: &str) -> Option<&'p Record> {
    page.observed
        .iter()
        .find_map(|o| if let Observed::Record { record, .. } = o { (*record.id.id == *id).then_some(&**record) } else { None })
}

/// What a time that is told to the second says.
fn within(at: Time) -> Age {
    Age { after: Some(at.minus(Span(1))), by: at.plus(Span(999)) }
}

/// When a field of a record was set, as each page that shows it tells; `None`: as far as its record tells.
fn dated(read: &Read, id: u64, field: &str) -> Vec<Option<Age>> {
    let fields = read.pages.iter().filter_map(|page| record(page, &id.to_string())?.field(field));
    fields.map(|field| field.is_dated().then_some(field.age())).collect()
}

struct Ma {
    world: World,
    connector: RestConnector,
}

impl Ma {
    async fn asked_for(edits: EditsAsked) -> Ma {
        let world = World::start(120).await;
        Ma { connector: world.connector_asked("marketo", edits), world }
    }

    fn later(&self) -> Time {
        self.world.later(Span::minutes(1))
    }

    fn edit(&self, by: LeadEditor, lead: u64, fields: Json) {
        self.world.sandbox.handle.edit_lead_as(by, lead, fields.as_object().unwrap()).unwrap();
    }
}

#[tokio::test]
async fn a_field_is_dated_by_its_own_entry_whatever_else_of_its_lead_changed() {
    let ma = Ma::asked_for(asked(&["phone", "title"])).await;
    let lead = ma.world.sandbox.handle.leads()[0].id;
    let begun = ma.later();
    let typed = ma.later();
    ma.edit(LeadEditor::Hand, lead, json!({"phone": "03-1111-1111"}));
    let copied = ma.later();
    ma.edit(LeadEditor::ApiUser(NIGHTLY), lead, json!({"title": "CTO"}));
    let scored = ma.later();
    ma.edit(LeadEditor::Campaign(7), lead, json!({"leadScore": 17}));
    let changes = read(&ma.connector, "people", Pass::Resume { cursor: None, since: begun }).await;
    assert!(changes.complete(), "{:?}", changes.end);
    let shown = record(&changes.pages[0], &lead.to_string()).unwrap();
    assert_eq!(shown.changed_at, Some(scored), "the record as a whole is as new as its score");
    let told = |name: &str| shown.field(name).map(|field| (field.age(), field.last_edit.as_ref().and_then(|edit| edit.by.clone())));
    assert_eq!(told("phone"), Some((within(typed), None)));
    assert_eq!(told("title"), Some((within(copied), Some(Editor::Relay(NIGHTLY.into())))));
    // Nobody asked when it changed.
    assert!(!shown.field("score").unwrap().is_dated());

    // What was told once is not told again.
    let cursor = changes.pages.last().unwrap().cursor.clone();
    let later = ma.later();
    ma.edit(LeadEditor::Campaign(7), lead, json!({"leadScore": 18, "title": "CEO"}));
    let next = read(&ma.connector, "people", Pass::Resume { cursor, since: begun }).await;
    assert_eq!((dated(&next, lead, "phone"), dated(&next, lead, "title")), (vec![None], vec![Some(within(later))]));

    let quiet = Ma::asked_for(EditsAsked::default()).await;
    let lead = quiet.world.sandbox.handle.leads()[0].id;
    quiet.edit(LeadEditor::Hand, lead, json!({"phone": "03-1111-1111"}));
    let unasked = read(&quiet.connector, "people", Pass::Resume { cursor: None, since: Time(START) }).await;
    assert_eq!(dated(&unasked, lead, "phone"), [None]);
}

/// The feed's pages have 300 entries: the lead is read when those of 300 leads are known, or at the end.
#[tokio::test]
async fn entries_count_for_a_lead_that_is_read_pages_later() {
    let ma = Ma::asked_for(asked(&["phone", "score"])).await;
    let leads = ma.world.sandbox.handle.leads();
    let begun = ma.later();
    let typed = ma.later();
    ma.edit(LeadEditor::Hand, leads[0].id, json!({"phone": "03-1111-1111"}));
    for n in 0..700 {
        ma.later();
        ma.edit(LeadEditor::Campaign(7), leads[1].id, json!({"leadScore": n + 1000}));
    }
    let last = ma.world.now();
    let changes = read(&ma.connector, "people", Pass::Resume { cursor: None, since: begun }).await;
    assert_eq!(
        (dated(&changes, leads[0].id, "phone"), dated(&changes, leads[1].id, "score")),
        (vec![Some(within(typed))], vec![Some(within(last))])
    );
}

const TELLING: &str = "[streams.s]\nentity = 'person'\nsweep = { path = '/x' }
[streams.s.record]\nid = 'id'\nchanged_at = 'changed'\nfields = { phone = 'tel' }
[streams.s.feed]\nsince = 'rfc3339'\ntoken = 't'\nid = 'lead'\nchunk = 1\nstart = { path = '/start' }
read = { path = '/leads', query = { ids = '{ids}' }, records = 'r' }
[streams.s.feed.request]\npath = '/feed'\nquery = { t = '{token}' }\nrecords = 'r'\npage = { kind = 'cursor', param = 't', next = 't', more = 'more' }
[streams.s.feed.tells]\nfields = { phone = 'tel' }\nchanges = 'what'\nfield = 'name'\nvalue = 'to'\nat = 'at'\n";

/// Lead 1 shows 03-1, and the feed has these pages.
async fn pages_of(entries: Vec<Json>) -> Read {
    let server = Server::start(move |asked, _| match (&*asked.path, asked.query.get("t")) {
        ("/start", _) => json(json!({"t": "0"})),
        ("/leads", _) => json(json!({"r": [{"id": 1, "tel": "03-1", "changed": "2026-11-20T00:00:00Z"}]})),
        (_, at) => {
            let at: usize = at.map_or(0, |at| at.parse().unwrap());
            json(json!({"r": entries[at], "t": (at + 1).to_string(), "more": at + 1 < entries.len()}))
        }
    })
    .await;
    let connector = server.connector_that_asks(EditsAsked { history: ["phone".into()].into(), ..EditsAsked::default() }, TELLING);
    read(&connector, "s", Pass::Resume { cursor: None, since: Time(0) }).await
}

fn entry(at: &str, to: &str) -> Json {
    json!({"lead": 1, "at": at, "what": [{"name": "tel", "to": to}]})
}

/// A value that left and came back while the feed was long: the lead is read with each part of it, the last time with the entry that counts.
#[tokio::test]
async fn a_lead_of_several_batches_ends_with_its_last_entry() {
    let told = pages_of(vec![
        json!([entry("2026-11-01T00:00:00Z", "03-1")]),
        json!([entry("2026-11-02T00:00:00Z", "03-2")]),
        json!([entry("2026-11-03T00:00:00Z", "03-1")]),
    ])
    .await;
    let at = |text: &str| Some(within(Time(text.parse::<jiff::Timestamp>().unwrap().as_millisecond())));
    assert_eq!(dated(&told, 1, "phone"), [at("2026-11-01T00:00:00Z"), None, at("2026-11-03T00:00:00Z")]);
}

#[tokio::test]
async fn odd_entries_date_nothing_are_told_and_lose_no_page() {
    let odd = json!([
        {"lead": 1},
        {"lead": 1, "what": "tel"},
        {"lead": 1, "at": "2026-11-01T00:00:00Z", "what": [null, {"to": "03-1"}, {"name": ["tel"], "to": "03-1"}]},
        {"lead": 1, "at": "yesterday", "what": {"name": "tel", "to": "03-1"}},
        {"lead": 1, "what": [{"name": "tel", "to": "03-1"}]},
    ]);
    let told = pages_of(vec![odd, json!([entry("2026-11-03T00:00:00Z", "03-1")])]).await;
    assert!(told.complete(), "{:?}", told.end);
    assert!(matches!(dated(&told, 1, "phone")[..], [None, Some(_)]), "{:?}", dated(&told, 1, "phone"));
    let notes: Vec<String> = told.pages.iter().flat_map(|p| &p.quarantined).map(|q| q.told(&"ma".into(), "s")).collect();
    assert_eq!(notes, ["ma.s: 2 entries of the feed have no time that can be read; what they changed is as old as its records tell"]);
}

#[test]
fn what_a_manifest_says_of_a_feed_and_cannot_be_right_is_a_mistake() {
    let head = "name = 't'\ntitle = 'T'\nrole = 'ma'\napi_version = '1'\nbase_url = 'https://t.example'\nauth = { kind = 'none' }\n";
    let good = format!("{head}{TELLING}edited_via = 'by'\n");
    let history =
        "[streams.s.field_history]\nchunk = 9\nrecord = 'id'\nfields = { phone = 'tel' }\nchanges = 'c.{field}'\nvalue = 'to'\nat = 'at'
request = { path = '/h', query = { ids = '{ids}', of = '{fields}' } }\n[streams.s.feed]\n";
    let company = "entity = 'account'\nsweep";
    for (old, new, said) in [
        ("", "", ""),
        ("changes = 'what'", "changes = ''", ""),
        ("fields = { phone = 'tel' }\nchanges", "fields = {}\nchanges", "streams.s.feed.tells: fields is empty"),
        ("{ phone = 'tel' }\nchanges", "{ fax = 'tel' }\nchanges", "streams.s.feed.tells.fields.fax: is no field of the stream's record"),
        ("fields = { phone = 'tel' }\n[", "fields = { phone = 'tel', fax = 'f' }\n[", ""),
        ("changes = 'what'", "changes = 'what['", "streams.s.feed.tells: \"what[\" is no path"),
        ("field = 'name'", "field = ''", "field and value need a path"),
        ("value = 'to'", "value = 'to]'", "streams.s.feed.tells"),
        ("at = 'at'", "at = 'at..'", "streams.s.feed.tells"),
        ("edited_via = 'by'", "edited_via = ['by', 'b[']", "streams.s.feed.tells"),
        ("entity = 'person'\nsweep", company, "streams.s.feed.tells: is for persons"),
        ("[streams.s.feed]\n", history, "stands beside field_history"),
    ] {
        let text = good.replacen(old, new, 1);
        let told: Vec<String> = load::parse("t", "t.toml", &text).err().into_iter().flatten().map(|e| e.message).collect();
        assert!(said.is_empty() == told.is_empty() && (said.is_empty() || told.iter().any(|t| t.contains(said))), "{new}: {told:?}");
    }
    let twice = good.replacen("fields = { phone = 'tel' }\n[", "fields = { phone = 'tel', fax = 'f' }\n[", 1).replacen(
        "{ phone = 'tel' }\nchanges",
        "{ phone = 'tel', fax = 'tel' }\nchanges",
        1,
    );
    let told = load::parse("t", "t.toml", &twice).unwrap_err();
    assert!(told.iter().any(|e| e.message.contains("has \"tel\" twice")), "{told:?}");
}
