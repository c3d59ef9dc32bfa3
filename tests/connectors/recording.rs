//! Recordings: nothing of a person is left in them, what was the same stays the same, and they become what the originals became.

use nayose::connector::examples::{became_with, example_settings};
use nayose::connector::manifest::{Manifest, load};
use nayose::connector::recording::kept::{self, NotKept};
use nayose::connector::recording::replay;
use nayose::connector::recording::taken::Taken;
use proptest::prelude::*;
use serde_json::{Map, Value as Json, json};
use std::collections::{BTreeMap, BTreeSet};

const MANIFEST: &str = "name = 't'\ntitle = 'T'\nrole = 'ma'\napi_version = '1'\nbase_url = 'https://t.example'\nauth = { kind = 'none' }
    [streams.people]\nentity = 'person'\n[streams.people.sweep]\npath = '/people'\nrecords = 'rows'\ntotal = 'count'
    [streams.people.record]\nid = 'id'\nchanged_at = { path = 'at', format = 'unix_ms' }\nfields = { email = 'email', name = 'name' }
    same_as = [{ system = 'crm', path = 'note', prefix = 'crm-id:' }]
    refusals = [{ scope = 'all', when = { path = 'optout', in = ['declined', 'abgemeldet'] } }]\n";

/// Words that may stay, as the test itself knows them: the manifest's.
const STAY: [&str; 24] = [
    "people",
    "person",
    "rows",
    "count",
    "email",
    "name",
    "note",
    "optout",
    "declined",
    "abgemeldet",
    "crm-id",
    "crm-id:",
    "unix_ms",
    "sweep",
    "record",
    "fields",
    "refusals",
    "scope",
    "when",
    "same_as",
    "system",
    "changed_at",
    "entity",
    "path",
];

fn manifest() -> Manifest {
    load::parse("t", "t.toml", MANIFEST).unwrap_or_else(|e| panic!("{e:#?}"))
}

fn taken(body: &Json) -> Taken {
    let id = body["rows"][0]["id"].to_string().trim_matches('"').to_string();
    Taken {
        what: "people sweep".into(),
        method: "GET".into(),
        path: format!("/people/{}", id.replace(['/', ' ', '?', '#', '%'], "_")),
        query: vec![("after".into(), id)],
        request: None,
        status: 200,
        headers: vec![
            ("content-type".into(), "application/json; charset=utf-8".into()),
            ("link".into(), "<https://intern.acme.test/next>".into()),
        ],
        body: body.to_string().into_bytes(),
    }
}

fn text() -> impl Strategy<Value = String> {
    prop_oneof![
        "[A-Z][a-z]{2,9}( [A-Z][a-z]{2,9})?",
        "[a-z.]{1,6}[a-z]@[a-z]{2,8}\\.(test|co\\.jp)",
        "[佐藤鈴木花子太郎]{2,4}",
        "[ぁ-ん]{2,5}|[ァ-ヶ]{2,6}|[ｱ-ﾝ]{3,6}",
        "0[0-9]{1,3}-[0-9]{2,4}-[0-9]{4}",
        "[0-9]{1,12}",
        "(pat|sk)[-_][a-z0-9]{8,20}",
        "[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}",
        "20[0-2][0-9]-0[1-9]-[12][0-9](T0[1-9]:[0-5][0-9]:[0-5][0-9](\\.[0-9]{3})?Z)?",
        "https?://[a-z]{3,8}\\.test/[a-z]{3,6}/[0-9]{4,6}",
        Just("declined".to_string()),
        Just("1970-01-01T00:00:00Z".to_string()),
        Just(String::new()),
        Just("true".to_string()),
        "[a-zäöü０-９漢字 ,.;:!@/-]{1,24}",
        "crm-id:[0-9]{4,6}",
        "[¥$€]?[0-9]{1,3}(,[0-9]{3}){0,2}円?",
        "[0-9]{1,2}[-:/ ][0-9]{1,2}[-:/ ][0-9]{1,2}",
    ]
}

fn scalar() -> impl Strategy<Value = Json> {
    prop_oneof![
        6 => text().prop_map(Json::from),
        2 => (0u64..100_000_000).prop_map(Json::from),
        1 => any::<bool>().prop_map(Json::from),
        1 => Just(Json::Null),
        1 => (1u32..9_999_999).prop_map(|n| json!(f64::from(n) / 100.0)),
    ]
}

fn row() -> impl Strategy<Value = Json> {
    let keys = prop_oneof![Just("email"), Just("name"), Just("note"), Just("optout"), Just("phone"), Just("custom_1"), Just("url")];
    let fields = prop::collection::btree_map(keys.prop_map(str::to_string), scalar(), 0..7);
    let more = prop::collection::vec(scalar(), 0..3);
    let id = prop_oneof![(1u64..9_999_999).prop_map(Json::from), text().prop_map(Json::from)];
    (id, fields, more, 1_500_000_000_000i64..1_800_000_000_000).prop_map(|(id, fields, more, at)| {
        let mut row: Map<String, Json> = fields.into_iter().collect();
        row.insert("id".into(), id);
        row.insert("at".into(), json!(at));
        row.insert("tags".into(), json!(more));
        Json::Object(row)
    })
}

fn scalars(value: &Json, out: &mut Vec<Json>) {
    match value {
        Json::Array(items) => items.iter().for_each(|item| scalars(item, out)),
        Json::Object(map) => map.values().for_each(|value| scalars(value, out)),
        other => out.push(other.clone()),
    }
}

/// The texts of values, in which what was there is searched for.
fn texts(value: &Json) -> Vec<String> {
    let mut all = Vec::new();
    scalars(value, &mut all);
    all.into_iter().filter(|v| !v.is_null() && !v.is_boolean()).map(|v| v.as_str().map_or_else(|| v.to_string(), str::to_string)).collect()
}

fn may_stay(text: &str) -> bool {
    let small = text.to_lowercase();
    let parts: Vec<&str> = small.split(|c: char| !(c.is_alphanumeric() || matches!(c, '_' | '-'))).filter(|p| !p.is_empty()).collect();
    is_short(text)
        || small.starts_with("1970-01-01t")
        || ".example.com".contains(small.trim())
        || STAY.contains(&small.trim())
        || parts.iter().all(|part| is_short(part) || STAY.contains(part) || YES_NO.contains(part))
}

/// Plain yes and no.
const YES_NO: [&str; 20] = [
    "true",
    "t",
    "1",
    "yes",
    "y",
    "on",
    "checked",
    "はい",
    "ja",
    "false",
    "f",
    "0",
    "no",
    "n",
    "off",
    "unchecked",
    "いいえ",
    "nein",
    "０",
    "１",
];

/// Marks and a few digits.
fn is_short(text: &str) -> bool {
    !text.chars().any(char::is_alphabetic) && text.chars().filter(|c| c.is_numeric()).count() < 4
}

proptest! {

    #[test]
    fn nothing_of_a_person_is_left_and_links_and_shapes_stay(rows in prop::collection::vec(row(), 1..6), salt in 0usize..1_000_000) {
        let manifest = manifest();
        let body = json!({"count": rows.len() + 20_000, "rows": rows});
        let taken = taken(&body);
        let files = kept::files(&manifest, &example_settings(&manifest), std::slice::from_ref(&taken), salt);
        let files = files.unwrap_or_else(|e| panic!("{e}"));
        let exchange = &files[1].1;
        let kept_body = &exchange["answer"]["body"];

        // What was there is nowhere: in no value, no address, no header, no name of a file.
        let whole: String = files.iter().map(|(name, _)| name.as_str()).chain([exchange["request"]["path"].as_str().unwrap()]).collect();
        let left: Vec<String> = texts(&json!([kept_body["rows"], exchange["answer"]["headers"]])).into_iter().chain(texts(&exchange["request"]["query"])).chain([whole]).collect();
        for was in texts(&json!([body["rows"], "intern.acme.test"])).iter().filter(|was| was.chars().count() >= 4 && !may_stay(was)) {
            let found = left.iter().find(|value| value.contains(was.as_str()) && !may_stay(value));
            prop_assert!(found.is_none(), "{was:?} is still in {found:?}");
        }
        prop_assert_eq!(&kept_body["count"], &body["count"], "what counts stays");

        // The same for the same, another for another.
        let (mut before, mut after) = (Vec::new(), Vec::new());
        scalars(&body["rows"], &mut before);
        scalars(&kept_body["rows"], &mut after);
        prop_assert_eq!(before.len(), after.len());
        let mut stands_for: BTreeMap<String, String> = BTreeMap::new();
        let mut used: BTreeSet<(String, String)> = BTreeSet::new();
        for (was, is) in before.iter().zip(&after) {
            let (was_text, is_text) = (was.to_string().to_lowercase(), is.to_string().to_lowercase());
            let known = stands_for.entry(was_text.clone()).or_insert_with(|| is_text.clone());
            prop_assert_eq!(&*known, &is_text, "one stand-in for {}", was_text);
            used.insert((was_text, is_text));
        }
        let stand_ins: BTreeSet<&String> = used.iter().map(|(_, is)| is).collect();
        prop_assert_eq!(stand_ins.len(), stands_for.len(), "no stand-in for two: {:?}", used);

        for (was, is) in before.iter().zip(&after) {
            shape(was, is)?;
        }
    }
}

fn shape(was: &Json, is: &Json) -> Result<(), TestCaseError> {
    prop_assert_eq!(std::mem::discriminant(was), std::mem::discriminant(is));
    let (Some(was), Some(is)) = (was.as_str(), is.as_str()) else { return Ok(()) };
    prop_assert_eq!(was.is_empty(), is.is_empty());
    let is_email = |text: &str| {
        text.split('@').count() == 2
            && text.split_once('@').is_some_and(|(l, d)| !l.is_empty() && (d.ends_with(".test") || d.ends_with(".co.jp")))
    };
    if is_email(was) && !was.contains(char::is_whitespace) && was.bytes().all(|b| b.is_ascii_lowercase() || matches!(b, b'.' | b'@')) {
        prop_assert!(is.ends_with(".example.com") && is.matches('@').count() == 1, "{was} became {is}");
    }
    let han = |text: &str| text.chars().all(|c| ('\u{4e00}'..='\u{9fff}').contains(&c));
    prop_assert_eq!(han(was), han(is), "{} became {}", was, is);
    if was == "declined" {
        prop_assert_eq!(is, was);
    }
    Ok(())
}

/// What the mapping made of a shipped example before, it makes of its recording: as many records, the same states and refusals, links that hold.
#[test]
fn a_recording_of_each_example_becomes_what_the_example_became() {
    for name in ["hubspot", "zendesk", "marketo", "bottlecrm", "rt", "ghost"] {
        let loaded = load::load(name, None).unwrap();
        let given = example_settings(&loaded.manifest);
        let mut all = Vec::new();
        for (file, text) in loaded.examples.iter().filter(|(file, _)| file.ends_with(".answer.json")) {
            let of = file.strip_suffix(".answer.json").unwrap();
            let (stream, kind) = of.split_once('.').unwrap();
            let what = match kind {
                "open" => "open deals",
                "by_id" => "by id",
                "read" => "records by id",
                "for_each" => "associations",
                "field_history" => "field history",
                other => other,
            };
            let one = Taken { what: format!("{stream} {what}"), body: text.clone(), ..taken(&json!({"rows": [{"id": 1}]})) };
            all.push((of.to_string(), one));
        }
        let exchanges: Vec<Taken> = all.iter().map(|(_, one)| one.clone()).collect();
        let files = kept::files(&loaded.manifest, &given, &exchanges, 4_711).unwrap_or_else(|e| panic!("{name}: {e}"));
        let folder = tempfile::tempdir().unwrap();
        kept::write(&folder.path().join("kept"), &files).unwrap();
        let head = replay::head(&folder.path().join("kept")).unwrap();
        let played = replay::play(&folder.path().join("kept"), &head, &loaded.manifest).unwrap();
        let ids = |became: &Json| became.to_string().matches("\"record\"").count();
        for ((of, one), played) in all.iter().zip(&played) {
            let before = became_with(&loaded.manifest, &given, of, &one.body).unwrap();
            let after = played.became.as_ref().unwrap_or_else(|why| panic!("{name} {of}: {why}"));
            assert_eq!(played.of.as_ref(), Some(of), "{name}");
            assert_eq!(ids(&before), ids(after), "{name} {of}: {before:#}\n{after:#}");
            for key in ["deal", "ticket", "refusals", "deleted"] {
                assert_eq!(under(&before, key), under(after, key), "{name} {of}: {key}");
            }
        }
        let people: BTreeSet<String> = all
            .iter()
            .zip(&played)
            .filter(|((of, _), _)| of.ends_with("sweep"))
            .flat_map(|(_, p)| under(p.became.as_ref().unwrap(), "record"))
            .map(|id| id.to_string())
            .collect();
        assert!(!people.is_empty());
    }
}

/// The values under a key, in order.
fn under(value: &Json, key: &str) -> Vec<Json> {
    match value {
        Json::Object(map) => map.iter().flat_map(|(k, v)| if k == key { vec![v.clone()] } else { under(v, key) }).collect(),
        Json::Array(items) => items.iter().flat_map(|item| under(item, key)).collect(),
        _ => Vec::new(),
    }
}

#[test]
fn links_hold_over_files_and_forms() {
    let manifest = manifest();
    let one = taken(&json!({"rows": [{"id": 41_001, "email": "Hanako.Sato@acme.test", "name": "佐藤 花子"}]}));
    let two = taken(
        &json!({"rows": [{"id": "41001", "note": "crm-id:41001", "name": "花子", "url": "https://acme.test/u/41001", "email": "hanako.sato@acme.test"}]}),
    );
    let files = kept::files(&manifest, &example_settings(&manifest), &[one, two], 7).unwrap();
    let (one, two) = (&files[1].1["answer"]["body"]["rows"][0], &files[2].1["answer"]["body"]["rows"][0]);
    let id = one["id"].to_string();
    assert_eq!((two["id"].as_str().unwrap(), two["note"].as_str().unwrap()), (&*id, &*format!("crm-id:{id}")));
    assert!(two["url"].as_str().unwrap().ends_with(&format!("/{id}")));
    assert_eq!(one["email"].as_str().unwrap().to_lowercase(), two["email"].as_str().unwrap());
    assert!(one["name"].as_str().unwrap().ends_with(two["name"].as_str().unwrap()));
    assert_eq!(files[1].1["request"]["path"], json!(format!("/people/{id}")));
}

/// A page that was keyed by log-in names kept them, as if they were names of fields.
#[test]
fn names_by_which_records_are_found_are_values() {
    let manifest = manifest();
    let by_name = json!({"rows": {"tsato": {"id": 1}, "hmori": {"id": 2}}, "more": {"kato@acme.test": 1, "owner_name": 2}});
    let files = kept::files(&manifest, &example_settings(&manifest), &[taken(&by_name)], 7).unwrap();
    let kept = files[1].1["answer"]["body"].to_string();
    assert!(!["tsato", "hmori", "kato", "acme"].iter().any(|name| kept.contains(name)), "{kept}");
    assert!(kept.contains("owner_name"), "names of fields stay: {kept}");
}

/// A list of requesters lost the names of its fields, "never" became another day, and a page's size an id.
#[test]
fn what_says_nothing_of_anybody_stays() {
    let loaded = load::load("rt", None).unwrap();
    let body = json!({"total": 12_345, "items": [{"id": 1, "Resolved": "1970-01-01T00:00:00Z", "Status": "open", "RealName": "Person Ticket",
        "Requestor": [{"id": 31, "_url": "https://rt.acme.test/REST/2.0/user/hanako@acme.test", "EmailAddress": "root@localhost"}]}]});
    let mut one = Taken { what: "tickets sweep".into(), ..taken(&body) };
    one.query = vec![("per_page".into(), "1000".into()), ("query".into(), "id > 0".into())];
    let files = kept::files(&loaded.manifest, &example_settings(&loaded.manifest), &[one], 7).unwrap();
    let (request, body) = (&files[1].1["request"], &files[1].1["answer"]["body"]);
    let ticket = &body["items"][0];
    assert_eq!(request["query"], json!([["per_page", "1000"], ["query", "id > 0"]]));
    assert_eq!((&body["total"], &ticket["Resolved"], &ticket["Status"]), (&json!(12_345), &json!("1970-01-01T00:00:00Z"), &json!("open")));
    let requester = &ticket["Requestor"][0];
    assert!(
        requester["_url"].as_str().unwrap().contains("/user/") && requester["_url"].as_str().unwrap().ends_with(".example.com"),
        "{requester}"
    );
    assert!(requester["EmailAddress"].as_str().unwrap().ends_with(".example.com"), "{requester}");
    assert_ne!(ticket["RealName"], "Person Ticket", "our own words are nobody's leave");
}

#[test]
fn nothing_is_written_over_and_nothing_asked_is_no_recording() {
    let manifest = manifest();
    let given = example_settings(&manifest);
    assert!(matches!(kept::files(&manifest, &given, &[], 0), Err(NotKept::Nothing)));
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("mine.txt"), "mine").unwrap();
    let files = kept::files(&manifest, &given, &[taken(&json!({"rows": []}))], 0).unwrap();
    assert!(matches!(kept::write(folder.path(), &files), Err(NotKept::NotEmpty(_))));
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
}
