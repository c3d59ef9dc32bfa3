use super::*;
use crate::connector::manifest::{TimeFormat, load};

const MANIFEST: &str = "name = 't'\ntitle = 'T'\nrole = 'crm'\napi_version = '1'\nbase_url = 'https://t.example'\nauth = { kind = 'none' }
    [settings.optout]\ntitle = 'Opt-out field'\nwhere = 'there'\noptional = true
    [streams.people]\nentity = 'person'
    [streams.people.sweep]\npath = '/'\nquery = { fields = 'mail{,own.fields}', only = '{own.fields}' }
    [streams.people.by_id]\nchunk = 9\nrequest = { path = '/read', method = 'POST', body = { ids = '{ids}', deep = { names = ['mail', '{own.fields}'] } } }
    [streams.people.field_history]\nchunk = 9\nrecord = 'id'\nchanges = 'history.{field}'\nvalue = 'v'\nat = 'at'\nfields = { email = 'mail' }
    request = { path = '/history', query = { ids = '{ids}', fields = '{fields}' } }
    [streams.people.record]\nid = 'id'\nown_at = 'props'\nconsent = ['props.calls', 'props.optout_*']\nfields = { email = 'props.mail' }\nmarks = { why = { path = 'props.{hold.why}' }, status = { path = 'props.stage' } }
    refusals = [{ scope = 'all', when = { path = 'props.NoMail', equals = true } }, { scope = 'all', when = { path = 'props.{settings.optout}', equals = true } },
      { scope = 'all', when = { path = 'tags[].name', contains = 'no-mail' } }]
    [streams.cards]\nentity = 'person'\nsweep = { path = '/cards' }\nrecord = { id = 'id', id_prefix = 'card-', fields = { size = { path = 'size', type = 'int' } } }
    [streams.deals]\nentity = 'deal'\nsweep = { path = '/deals' }\nrecord = { id = 'id', state = [{ is = 'open', when = { path = 'open', equals = true } }] }
    [writes]\nstream = 'people'\nread_chunk = 9\nread = { path = '/read', query = { ids = '{ids}', fields = 'mail{,own.fields}' } }
    status = { field = 'stage' }\nwhy = { kind = 'field', field = '{hold.why}' }
    [writes.update]\nbatch = 9\nid_key = 'id'\nfields_at = 'props'\nresults = { path = 'r' }\nrequest = { path = '/', body = { input = '{rows}' } }\n";

fn manifest() -> Manifest {
    load::parse("t", "t.toml", MANIFEST).unwrap_or_else(|wrong| panic!("{wrong:?}"))
}

fn filled(text: &str) -> String {
    text.replace("{settings.optout}", "keine_post").replace("{hold.why}", "grund")
}

fn field<'f>(stream: &'f str, name: &str, path: &str) -> OwnField<'f> {
    let read = FieldSpec { path: path.into(), kind: FieldKind::Text, map: BTreeMap::new(), format: None };
    OwnField { stream, name: name.into(), read, write: None }
}

fn map(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
    pairs.iter().map(|(theirs, ours)| (theirs.to_string(), ours.to_string())).collect()
}

#[test]
fn a_field_that_is_added_is_asked_for_read_and_written_by_its_name() {
    let mut manifest = manifest();
    for (name, path) in [("industry", "props.industry_c"), ("zone", "props.a{b}")] {
        assert_eq!(manifest.add_own_field(field("people", name, path), &filled), Ok(None));
    }
    let people = &manifest.streams["people"];
    let query = &people.sweep.as_ref().unwrap().query;
    assert_eq!(query["fields"], "mail,industry_c,a{{b}}{,own.fields}");
    assert_eq!(query["only"], "industry_c,a{{b}}{,own.fields}");
    let body = people.by_id.as_ref().unwrap().request.body.as_ref().unwrap();
    assert_eq!(body["deep"]["names"].to_string(), r#"["mail", "industry_c", "a{{b}}", "{own.fields}"]"#);
    let writes = manifest.writes.as_ref().unwrap();
    assert_eq!(writes.read.query["fields"], "mail,industry_c,a{{b}}{,own.fields}");
    assert_eq!(writes.fields["industry"].field(), "industry_c");
    assert_eq!(people.field_history.as_ref().unwrap().fields["industry"], "industry_c");
    assert_eq!(people.record.as_ref().unwrap().fields["industry"].path(), "props.industry_c");
}

#[test]
fn what_cannot_be_written_says_why_and_is_read_all_the_same() {
    let mut manifest = manifest();
    let twice = OwnField {
        read: FieldSpec { map: map(&[("10", "made"), ("11", "made")]), ..field("people", "x", "props.twice").read },
        ..field("people", "twice", "")
    };
    assert!(manifest.add_own_field(twice, &filled).unwrap().unwrap().contains("two codes as one"));
    assert!(manifest.add_own_field(field("cards", "city", "a[].city"), &filled).unwrap().unwrap().contains("nothing is written"));
    assert!(manifest.add_own_field(field("deals", "source", "source"), &filled).unwrap().unwrap().contains("fields of deals"));
    assert_eq!(manifest.fields_of(Entity::Deal).len(), 1);
    assert!(manifest.writes.unwrap().fields.is_empty());
}

#[test]
fn what_would_hide_or_harm_something_is_refused_at_its_part() {
    use OwnPart::{Format, Map, Name, Path, Write};
    let typed = |kind, format, labels: &[(&str, &str)]| OwnField {
        read: FieldSpec { path: "props.x".into(), kind, map: map(labels), format },
        ..field("people", "x", "")
    };
    let named = |write: &str| OwnField { write: Some(write.into()), ..field("people", "x", "props.x") };
    for (own, part, said) in [
        (field("people", "業種", "props.x"), Name, "could not be named in rules"),
        (field("people", "1st", "props.x"), Name, "could not be named in rules"),
        (field("people", "status", "props.x"), Name, "means something else"),
        (field("people", "relationship", "props.x"), Name, "means something else"),
        (field("deals", "open", "x"), Name, "means something else"),
        (field("people", "email", "props.x"), Name, "T reads \"email\" already, from \"props.mail\""),
        (field("people", "size", "props.x"), Name, "\"size\" is int in cards, and text here"),
        (field("people", "x", "props..x"), Path, "\"props..x\" is no path"),
        (field("people", "x", "x"), Path, "which is asked for each by its name"),
        (field("people", "x", "props.a.b"), Path, "which is asked for each by its name"),
        (field("people", "x", "props.a,b"), Path, "which is asked for each by its name"),
        (field("people", "x", "props.mail"), Path, "is read already, as \"email\""),
        (field("people", "x", "props.nomail"), Path, "the person's own no"),
        (field("people", "x", "props.NoMail[]"), Path, "the person's own no"),
        (field("people", "x", "props"), Path, "the person's own no"),
        (field("people", "x", "props.Keine_Post"), Path, "the person's own no"),
        (field("cards", "x", "props.NoMail"), Path, "the person's own no"),
        (field("people", "x", "props.calls"), Path, "the person's own no"),
        (field("people", "x", "props.OptOut_4711"), Path, "the person's own no"),
        (field("people", "x", "props.grund"), Path, "writes its own why"),
        (field("people", "x", "props.stage"), Path, "writes its own status"),
        (typed(FieldKind::Int, Some(TimeFormat::Date), &[]), Format, "a field of type int has no format"),
        (typed(FieldKind::Int, None, &[("A", "many")]), Map, "\"many\" is no value of type int"),
        (typed(FieldKind::Bool, None, &[("A", "yes")]), Map, "\"yes\" is no value of type bool"),
        (named("NOMAIL"), Write, "the person's own refusal"),
        (named("calls"), Write, "the person's own refusal"),
        (named("optout_4711"), Write, "the person's own refusal"),
        (named("tags"), Write, "the person's own refusal"),
        (named("grund"), Write, "is written already"),
        (named("stage"), Write, "is written already"),
        (named("id"), Write, "is written already"),
        (named("mail"), Write, "is read already, as \"email\""),
        (OwnField { write: Some("x".into()), ..field("cards", "x", "x") }, Write, "nothing is written"),
    ] {
        let told = manifest().add_own_field(own.clone(), &filled).expect_err(said);
        assert_eq!(told.part, part, "{own:?}: {told:?}");
        assert!(told.said.contains(said), "{own:?}: {told:?}");
    }
    assert_eq!(manifest().add_own_field(field("cards", "labels", "tags[].name"), &filled).map(|_| ()), Ok(()), "labels may be read");
}

#[test]
fn a_manifest_says_where_fields_come_that_it_asks_for_by_name() {
    let told = |old: &str, new: &str| {
        assert!(MANIFEST.contains(old));
        let wrong = load::parse("t", "t.toml", &MANIFEST.replace(old, new)).unwrap_err();
        wrong.into_iter().map(|e| e.message).collect::<Vec<_>>()
    };
    assert_eq!(told("\nown_at = 'props'", ""), ["streams.people: {own.fields} needs record.own_at: the path before a field's name"]);
    let cards = told("id_prefix = 'card-'", "id_prefix = 'card-', own_at = ''");
    assert_eq!(cards, ["streams.cards.record.own_at: is for streams whose requests say {own.fields}"]);
}
