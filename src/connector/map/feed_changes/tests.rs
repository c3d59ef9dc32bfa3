use super::*;
use crate::connector::examples;
use crate::connector::manifest::load;
use crate::connector::manifest::settings::Settings;
use crate::connector::map::Carries;
use crate::connector::port::{Observed, PageRead, SystemSettings};
use crate::model::{Age, Entity};
use proptest::prelude::*;
use serde_json::{Value as Owned, json};

const MANIFEST: &str = "name = 't'\ntitle = 'T'\nrole = 'ma'\napi_version = '1'\nbase_url = 'https://t.example'\nauth = { kind = 'none' }
[streams.s]\nentity = 'person'\nsweep = { path = '/' }
[streams.s.feed]\nsince = 'rfc3339'\ntoken = 'token'\nid = 'lead'\nchunk = 9\nstart = { path = '/start' }\nread = { path = '/r', query = { ids = '{ids}' } }
request = { path = '/f', query = { t = '{token}' }, page = { kind = 'cursor', param = 't', next = 't' } }
[streams.s.feed.tells]\nchanges = 'fields'\nfield = 'name'\nvalue = 'new'\nat = 'at'\nedited_by = 'user'
edited_via = ['attributes[name=Who].value', 'attributes[name=Source].value']
fields = { phone = 'Phone', score = 'leadScore', vip = 'vip', born = 'born' }
[streams.s.record]\nid = 'id'\nchanged_at = 'changed'
[streams.s.record.fields]\nphone = 'tel'\nscore = { path = 'score', type = 'int' }\nvip = { path = 'vip', type = 'bool' }\nborn = { path = 'born', type = 'date' }\ntitle = 'title'
";

/// What is asked for: all that the feed tells of.
fn edits() -> EditsAsked {
    let history = ["phone", "score", "vip", "born"].map(Name::from).into();
    EditsAsked { relays: vec!["nightly@jobs.example".into(), "Import".into()], editors: true, history }
}

struct Place {
    mapper: Mapper,
    reader: Option<EntryReader>,
}

impl Place {
    fn that_asks(edits: EditsAsked) -> Place {
        let manifest = load::parse("t", "t.toml", MANIFEST).unwrap_or_else(|e| panic!("{e:#?}"));
        let given = SystemSettings { edits, ..examples::example_settings(&manifest) };
        let settings = Settings::resolve(&manifest, &given).unwrap();
        let stream = &manifest.streams["s"];
        let mapper = Mapper::new(&"ma".into(), Entity::Person, stream.record.as_ref().unwrap(), None, &settings).unwrap();
        let tells = stream.feed.as_ref().and_then(|feed| feed.tells.as_ref()).unwrap();
        let reader = EntryReader::new(tells, &mapper, settings.edits(), &settings.zone).unwrap();
        Place { mapper, reader }
    }

    fn told(&self, entries: &[Owned]) -> LastChanges {
        let mut last = LastChanges::default();
        for entry in entries {
            self.reader.as_ref().unwrap().note("1", &Json::from(entry), &mut last);
        }
        last
    }

    /// A lead that was read after the entries.
    fn read(&self, shown: &Owned, told: &LastChanges) -> Record {
        let mut row = json!({"id": 1, "changed": "2026-11-20T00:00:00Z"});
        row.as_object_mut().unwrap().extend(shown.as_object().unwrap().clone());
        let mut page = PageRead::default();
        self.mapper.map(&Json::from(&row), Time(0), Carries::default(), &mut page);
        let Some(Observed::Record { mut record, .. }) = page.observed.pop() else { panic!("{row}: {:?}", page.quarantined) };
        told.tell(&mut record);
        *record
    }
}

fn entry(at: &str, field: &str, new: Owned) -> Owned {
    json!({"lead": 1, "at": at, "fields": [{"name": field, "new": new, "old": "what it was"}]})
}

const T1: &str = "2026-11-01T10:00:00Z";
const T2: &str = "2026-11-02T10:00:00Z";
const T3: &str = "2026-11-03T10:00:00Z";

/// The entries, what the lead shows, and by which entry's time each field is dated then.
#[test]
fn a_field_is_as_old_as_its_last_change_where_that_set_what_is_shown() {
    let place = Place::that_asks(edits());
    let phone = |at: &str, new: &str| entry(at, "Phone", json!(new));
    let shown = json!({"tel": "03-1111-1111"});
    for (entries, shown, field, dated) in [
        (vec![phone(T1, "03-1111-1111")], &shown, "phone", Some(T1)),
        (vec![phone("2026-11-01T10:00:00+0000", "03-1111-1111")], &shown, "phone", Some(T1)),
        (vec![phone("2026-11-01T10:00:00.25Z", "03-1111-1111")], &shown, "phone", Some("2026-11-01T10:00:00.25Z")),
        // In another form, and written as a text.
        (vec![phone(T1, "+81 3 1111 1111")], &shown, "phone", Some(T1)),
        (vec![entry(T1, "leadScore", json!("12"))], &json!({"score": 12}), "score", Some(T1)),
        (vec![entry(T1, "vip", json!("true"))], &json!({"vip": true}), "vip", Some(T1)),
        (vec![entry(T1, "born", json!("1980-04-01"))], &json!({"born": "1980-04-01"}), "born", Some(T1)),
        // Emptied.
        (vec![phone(T1, "")], &json!({"tel": null}), "phone", Some(T1)),
        (vec![entry(T1, "Phone", json!(null))], &json!({"tel": ""}), "phone", Some(T1)),
        // The last one counts, in whatever order they come; of one time, the one that comes later.
        (vec![phone(T1, "03-1111-1111"), phone(T2, "03-2"), phone(T3, "03-1111-1111")], &shown, "phone", Some(T3)),
        (vec![phone(T3, "03-1111-1111"), phone(T1, "03-1111-1111"), phone(T2, "03-2")], &shown, "phone", Some(T3)),
        (vec![phone(T1, "03-2"), phone(T1, "03-1111-1111")], &shown, "phone", Some(T1)),
        // Another value than what is shown: it is older or newer, and nobody knows.
        (vec![phone(T1, "03-1111-1111"), phone(T2, "03-2")], &shown, "phone", None),
        (vec![phone(T2, "03-2"), phone(T1, "03-1111-1111")], &shown, "phone", None),
        (vec![entry(T1, "leadScore", json!("many"))], &json!({"score": 12}), "score", None),
        (vec![phone(T1, &"x".repeat(TEXT_BYTES_MAX + 1))], &json!({"tel": "x".repeat(TEXT_BYTES_MAX + 1)}), "phone", None),
        // Another field's change, one that nobody asked for, one that the record does not show.
        (vec![entry(T1, "leadScore", json!("12"))], &shown, "phone", None),
        (vec![entry(T1, "tel", json!("03-1111-1111"))], &shown, "phone", None),
        (vec![entry(T1, "title", json!("CTO"))], &json!({"title": "CTO"}), "title", None),
        // Without a time there is no order either.
        (vec![phone("soon", "03-1111-1111")], &shown, "phone", None),
        (vec![phone(T1, "03-1111-1111"), phone("", "03-2")], &shown, "phone", None),
        (vec![phone("", "03-2"), phone(T1, "03-1111-1111")], &shown, "phone", None),
        (vec![phone("", "03-2"), entry(T1, "leadScore", json!("12"))], &json!({"tel": "03-2", "score": 12}), "score", Some(T1)),
    ] {
        let record = place.read(shown, &place.told(&entries));
        let told = record.field(field).map(|field| (field.is_dated(), field.age()));
        match dated.map(|at: &str| at.parse::<jiff::Timestamp>().unwrap().as_millisecond()) {
            Some(at) => {
                // What is told to the second fell within it.
                let by = Time(if at % 1_000 == 0 { at + 999 } else { at });
                assert_eq!(told, Some((true, Age { after: Some(Time(at - 1)), by })), "{entries:?} {shown}");
            }
            None => assert!(told.is_some_and(|(dated, age)| !dated && age.after.is_none()), "{entries:?} {shown}: {told:?}"),
        }
    }
}

#[test]
fn who_edited_is_a_relay_by_any_of_its_names_a_person_or_nobody_known() {
    let by = |entry: Owned| {
        let mut whole = json!({"at": T1, "fields": {"name": "Phone", "new": "03-1"}});
        whole.as_object_mut().unwrap().extend(entry.as_object().unwrap().clone());
        let place = Place::that_asks(edits());
        let record = place.read(&json!({"tel": "03-1"}), &place.told(&[whole]));
        record.field("phone").and_then(|field| field.last_edit.clone()).map(|edit| (edit.dated, edit.by))
    };
    let attributes = |of: &[(&str, Owned)]| {
        let all: Vec<Owned> = of.iter().map(|(name, value)| json!({"name": name, "value": value})).collect();
        json!({ "attributes": all })
    };
    let relay = |name: &str| Some(Editor::Relay(name.into()));
    for (entry, editor) in [
        (attributes(&[("Source", json!("API")), ("Who", json!("Nightly@jobs.example"))]), relay("nightly@jobs.example")),
        (attributes(&[("Lead ID", json!(1)), ("Source", json!("import"))]), relay("Import")),
        (attributes(&[("Who", json!("somebody@else.example"))]), None),
        (attributes(&[]), None),
        (json!({"attributes": "Import"}), None),
        (json!({"attributes": [{"name": "Who", "value": {"name": "Import"}}, 5, null]}), None),
        (json!({"user": "hana@acme.example"}), Some(Editor::Person)),
        (json!({"user": "import"}), relay("Import")),
    ] {
        assert_eq!(by(entry.clone()), Some((true, editor)), "{entry}");
    }
}

#[test]
fn odd_shapes_tell_nothing_and_entries_without_a_time_are_counted() {
    let place = Place::that_asks(edits());
    let all = [
        json!(null),
        json!(5),
        json!([]),
        json!({"at": T1}),
        json!({"at": T1, "fields": null}),
        json!({"at": T1, "fields": "Phone"}),
        json!({"at": T1, "fields": [null, 7, "Phone", [], {}, {"name": null}, {"name": ["Phone"]}, {"name": "Phone"}]}),
        json!({"at": {"time": T1}, "fields": [{"name": "Phone", "new": "03-1"}]}),
        json!({"at": 17, "fields": [{"name": "Phone", "new": {"to": "03-1"}}]}),
        json!({"at": "x", "fields": [{"name": "title", "new": "nobody asked"}]}),
    ];
    for entry in &all {
        let told = place.told(std::slice::from_ref(entry));
        assert!(!place.read(&json!({"tel": "03-1"}), &told).fields.iter().any(|field| field.is_dated()), "{entry}");
    }
    assert_eq!(place.told(&all).timeless(), 2);
}

#[test]
fn what_no_rule_goes_by_is_not_read() {
    assert!(Place::that_asks(EditsAsked::default()).reader.is_none());
    let place = Place::that_asks(EditsAsked { history: ["phone".into()].into(), ..EditsAsked::default() });
    let entries = [json!({"at": T1, "user": "hana", "fields": [{"name": "Phone", "new": "03-1"}, {"name": "leadScore", "new": "12"}]})];
    let record = place.read(&json!({"tel": "03-1", "score": 12}), &place.told(&entries));
    let edit = |name: &str| record.field(name).and_then(|field| field.last_edit.clone());
    assert_eq!((edit("phone").map(|edit| edit.by), edit("score")), (Some(None), None));
}

/// However often a record is told of, what is kept of it is one change a field.
#[test]
fn what_is_kept_does_not_grow_with_the_entries() {
    let place = Place::that_asks(edits());
    let entries: Vec<Owned> = (0..5_000).map(|n| entry(T1, ["Phone", "leadScore", "Fax"][n % 3], json!(n.to_string()))).collect();
    assert_eq!(place.told(&entries).of("1").count(), 2);
}

proptest! {
    #[test]
    fn the_order_of_entries_of_different_times_does_not_matter(order in Just((0..6_usize).collect::<Vec<_>>()).prop_shuffle(), last in 0..3_usize) {
        let place = Place::that_asks(edits());
        let value = |n: usize| format!("03-{}", n * last % 3);
        let entries: Vec<Owned> = order.iter().map(|n| entry(&format!("2026-11-0{}T00:00:00Z", n + 1), "Phone", json!(value(*n)))).collect();
        let record = place.read(&json!({"tel": value(5)}), &place.told(&entries));
        let sixth: jiff::Timestamp = "2026-11-06T00:00:00Z".parse().unwrap();
        prop_assert_eq!(record.field("phone").map(|field| (field.is_dated(), field.at)), Some((true, Time(sixth.as_millisecond() + 999))));
    }
}
