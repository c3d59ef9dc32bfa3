//! Each request of a shipped manifest that shows records of a stream asks for the same fields, and for all that become part of the record:
//! what one of them leaves out is unknown until another is made, and a further address or a person's no may be what it is.

use nayose::connector::manifest::load;
use nayose::connector::manifest::{FieldMap, Manifest, Paths, RecordMap, Request, Stream, TimePath};
use std::collections::{BTreeMap, BTreeSet};

/// Requests without a list of fields, to which the system answers with all of them, where others of the stream have one.
const GIVE_ALL: [&str; 1] = ["rt.people.writes.read"];

/// Fields that a system gives beside those that are asked for, says the manifest.
const COME_ANYWAY: [(&str, &[&str]); 1] = [("ghost", &["labels", "subscribed", "email_suppression"])];

/// A list of fields in a request: its name, and the fields.
type Lists = BTreeMap<String, BTreeSet<String>>;

/// The requests that show a stream's records.
fn showing<'m>(manifest: &'m Manifest, name: &str, stream: &'m Stream) -> Vec<(&'static str, &'m Request)> {
    let changes = stream.changes.as_ref();
    let read_back = manifest.writes.as_ref().filter(|w| w.stream == name).map(|w| &w.read);
    let requests = [
        ("sweep", stream.sweep.as_ref()),
        ("open", stream.open.as_ref()),
        ("changes", changes.map(|c| &c.request)),
        ("changes.same_time", changes.and_then(|c| c.same_time.as_ref())),
        ("feed.read", stream.feed.as_ref().map(|f| &f.read)),
        ("by_id", stream.by_id.as_ref().map(|b| &b.request)),
        ("writes.read", read_back),
    ];
    requests.into_iter().filter_map(|(name, request)| Some((name, request?))).collect()
}

/// What is called `fields` or `properties` in a query or body; `fields[Queue]` has those of a part of the record.
fn lists(request: &Request) -> Lists {
    let is_list = |name: &str| name == "properties" || name == "fields" || name.starts_with("fields[");
    // `{,hold.permit}` is a comma and the field that it names.
    let in_text = |text: &String| text.replace("{,", ",{").split(',').map(|f| f.trim().to_string()).collect();
    let in_list = |value: &toml::Value| value.as_array().unwrap().iter().map(|f| f.as_str().unwrap().to_string()).collect();
    let query = request.query.iter().filter(|(name, _)| is_list(name)).map(|(name, text)| (name.clone(), in_text(text)));
    let body = request.body.iter().filter_map(toml::Value::as_table).flatten().filter(|(name, _)| is_list(name));
    query.chain(body.map(|(name, value)| (name.clone(), in_list(value)))).collect()
}

fn time_path(time: &TimePath) -> &str {
    match time {
        TimePath::Path(path) | TimePath::Full { path, .. } => path,
    }
}

/// Every path that a record is made of.
fn paths(map: &RecordMap) -> Vec<&str> {
    let times = [&map.changed_at, &map.ended_at].into_iter().flatten().map(time_path);
    let several = [&map.account, &map.addresses].into_iter().flatten().flat_map(Paths::as_slice);
    let tests = map.state.iter().map(|s| &s.when).chain(map.refusals.iter().map(|r| &r.when)).chain(&map.deleted).map(|test| &test.path);
    let others = map.same_as.iter().map(|s| &s.path).chain(map.marks.values().map(|m| &m.path)).chain(&map.always).chain(&map.people);
    let strings = several.chain(tests).chain(others).chain([&map.id]).map(String::as_str).chain(times);
    strings.chain(map.fields.values().map(FieldMap::path)).collect()
}

/// The field by which a list asks for what stands at a path, if it is that list's.
fn field_of<'p>(list: &str, path: &'p str) -> Option<&'p str> {
    if path.starts_with('{') {
        return (list == "fields").then_some(path);
    }
    // The field that a setting names.
    if let Some(rest) = path.strip_prefix("properties.").filter(|rest| rest.starts_with('{')) {
        return (list == "properties").then_some(rest);
    }
    let mut keys = path.split('.').map(|key| key.split('[').next().unwrap());
    match list {
        "fields" => keys.next(),
        "properties" => keys.next().filter(|key| *key == "properties").and_then(|_| keys.next()),
        part => keys.next().filter(|key| part == format!("fields[{key}]")).and_then(|_| keys.next()),
    }
}

/// What some request of a manifest leaves out, and how many lists were looked at.
fn left_out(manifest: &Manifest) -> (Vec<String>, usize) {
    let comes_anyway = |field: &str| COME_ANYWAY.iter().any(|(name, fields)| *name == manifest.name && fields.contains(&field));
    let (mut told, mut seen) = (Vec::new(), 0);
    for (name, stream) in &manifest.streams {
        let Some(map) = &stream.record else { continue };
        let asked: Vec<(String, Lists)> =
            showing(manifest, name, stream).into_iter().map(|(kind, r)| (format!("{}.{name}.{kind}", manifest.name), lists(r))).collect();
        let mut wanted = Lists::new();
        for (list, fields) in asked.iter().flat_map(|(_, lists)| lists) {
            wanted.entry(list.clone()).or_default().extend(fields.iter().cloned());
        }
        for (list, fields) in &mut wanted {
            let read = paths(map).into_iter().filter_map(|path| field_of(list, path)).filter(|field| !comes_anyway(field));
            fields.extend(read.map(String::from));
        }
        for (request, lists) in asked.iter().filter(|(request, lists)| !lists.is_empty() || !GIVE_ALL.contains(&&**request)) {
            for (list, fields) in &wanted {
                seen += 1;
                let asks = lists.get(list).cloned().unwrap_or_default();
                told.extend(fields.difference(&asks).map(|field| format!("{request} does not ask for {field} in {list}")));
            }
        }
        // A feed of what changed names the fields whose changes it tells: all but what is no field there.
        if let Some(feed) = &stream.feed {
            let no_field = [Some(map.id.as_str()), map.changed_at.as_ref().map(time_path), map.created_at.as_ref().map(time_path)];
            for (list, asks) in lists(&feed.request) {
                let fields = wanted[&list].difference(&asks).filter(|field| !no_field.contains(&Some(field.as_str())));
                told.extend(fields.map(|field| format!("{}.{name}.feed does not tell when {field} changes", manifest.name)));
                let dated = feed.tells.iter().flat_map(|tells| tells.fields.values()).filter(|field| !asks.contains(*field));
                told.extend(dated.map(|field| format!("{}.{name}.feed does not ask for {field}, which it is to date", manifest.name)));
            }
        }
    }
    (told, seen)
}

#[test]
fn no_request_of_a_shipped_manifest_leaves_a_field_out() {
    let (mut told, mut seen) = (Vec::new(), 0);
    for name in load::names(None) {
        let (of_this, lists) = left_out(&load::load(&name, None).unwrap().manifest);
        told.extend(of_this);
        seen += lists;
    }
    assert!(told.is_empty(), "\n{}", told.join("\n"));
    assert!(seen >= 25, "only {seen} lists of fields were found");
}

#[test]
fn a_field_that_one_request_leaves_out_is_told() {
    let mut manifest = load::load("hubspot", None).unwrap().manifest;
    let people = manifest.streams.get_mut("people").unwrap();
    let by_id = people.by_id.as_mut().unwrap().request.query.get_mut("properties").unwrap();
    *by_id = by_id.replace("hs_additional_emails,", "");
    assert_eq!(left_out(&manifest).0, ["hubspot.people.by_id does not ask for hs_additional_emails in properties"]);
    // Where none of them asks for it, the record tells that it is read.
    let mut manifest = load::load("marketo", None).unwrap().manifest;
    let people = manifest.streams.get_mut("people").unwrap();
    let more = "country = 'country'\nwebsite = 'website'";
    people.record.as_mut().unwrap().fields = toml::from_str(more).unwrap();
    let told = left_out(&manifest).0;
    let kinds = ["sweep", "feed.read", "writes.read"].map(|kind| format!("marketo.people.{kind} does not ask for website in fields"));
    assert_eq!(told[..3], kinds);
    assert_eq!(told[3..], ["marketo.people.feed does not tell when website changes"]);
    let mut manifest = load::load("marketo", None).unwrap().manifest;
    let tells = manifest.streams.get_mut("people").unwrap().feed.as_mut().unwrap().tells.as_mut().unwrap();
    tells.fields.insert("phone".into(), "Phone".to_string());
    assert_eq!(left_out(&manifest).0, ["marketo.people.feed does not ask for Phone, which it is to date"]);
}
