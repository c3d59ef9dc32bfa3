use super::*;
use crate::connector::examples;
use crate::connector::manifest::load;
use crate::connector::port::{EditsAsked, SystemSettings};
use crate::model::{Address, Editor, LastEdit, Mark, RefusalScope};
use serde_json::{Value as Owned, json};

const READ_AT: Time = Time(5_000);

fn mapper(entity: Entity, record: &str) -> Mapper {
    mapper_that_asks(EditsAsked::default(), entity, record)
}

fn mapper_that_asks(edits: EditsAsked, entity: Entity, record: &str) -> Mapper {
    let text = "name = 't'\ntitle = 'T'\nrole = 'ma'\napi_version = '1'\nbase_url = 'https://t.example'\nauth = { kind = 'none' }
        settings = { subdomain = { title = 'S', where = 'there', example = 'acme' } }
        [streams.s]\nentity = 'person'\nsweep = { path = '/' }\nrecord = { id = 'id' }\n";
    let manifest = load::parse("t", "t.toml", text).unwrap();
    let given = SystemSettings { permit: Some("ok".into()), edits, ..examples::example_settings(&manifest) };
    let settings = Settings::resolve(&manifest, &given).unwrap();
    Mapper::new(&"ma".into(), entity, &toml::from_str(record).unwrap(), None, &settings).unwrap()
}

fn one(mapper: &Mapper, raw: Owned) -> (Option<(Record, bool)>, Vec<String>) {
    let mut page = PageRead::default();
    mapper.map(&Json::from(&raw), READ_AT, Carries::default(), &mut page);
    let told = page.quarantined.iter().map(|q| q.field.clone()).collect();
    let record = page.observed.pop().and_then(|o| match o {
        Observed::Record { record, people_told, .. } => Some((*record, people_told)),
        _ => None,
    });
    (record, told)
}

/// Else the state would refuse the record's item, and nothing would go on.
#[test]
fn what_is_too_long_for_the_state_is_told_and_left_out() {
    let m = mapper(Entity::Person, "id = 'id'\n[fields]\na = 'a'\nb = { path = 'b', type = 'list' }\nc = 'c'");
    let long = |bytes: usize| "x".repeat(bytes);
    let (record, told) = one(&m, json!({"id": 1, "a": long(100_000), "b": [long(20_000), "y".repeat(20_000)], "c": long(30_000)}));
    let names: Vec<String> = record.unwrap().0.fields.iter().map(|f| f.name.to_string()).collect();
    assert_eq!((names.join(" "), told.join(" ")), ("a b c".to_string(), "b".to_string()));
    assert_eq!(one(&m, json!({"id": long(512)})).1.len(), 0);
    let (record, told) = one(&m, json!({"id": long(513)}));
    assert!(record.is_none() && told == ["id"]);
}

#[test]
fn fields_of_every_kind() {
    let m = mapper(
        Entity::Person,
        "id = 'id'\nchanged_at = 'at'\n[fields]\nt = 'v'\ni = { path = 'v', type = 'int' }\nn = { path = 'v', type = 'number' }
        b = { path = 'v', type = 'bool' }\nw = { path = 'v', type = 'time' }\nl = { path = 'v', type = 'list' }\nm = { path = 'v', map = { '5' = 'five' } }
        d = { path = 'v', type = 'date' }",
    );
    let cases = [
        (json!("12"), "i=12 n=12 t=12", "b d l m w"),
        (json!(5), "i=5 m=five n=5 t=5", "b d l w"),
        (json!("true"), "b=true t=true", "d i l m n w"),
        (json!(true), "b=true", "d i l m n t w"),
        (json!("2026-11-21T09:00:00Z"), "d=2026-11-21 t=2026-11-21T09:00:00Z w=2026-11-21T09:00:00Z", "b i l m n"),
        (json!("1980-04-01"), "d=1980-04-01 t=1980-04-01 w=1980-04-01", "b i l m n"),
        (json!(["b", "a", "b", ""]), "l=a, b", "b d i m n t w"),
        (json!(" "), "b=(empty) d=(empty) i=(empty) m=(empty) n=(empty) t=(empty) w=(empty)", "l"),
        (json!(null), "b=(empty) d=(empty) i=(empty) l=(empty) m=(empty) n=(empty) t=(empty) w=(empty)", ""),
        (json!({}), "", "b d i l m n t w"),
    ];
    for (value, want, want_told) in cases {
        let (record, mut told) = one(&m, json!({"id": 1, "v": value, "at": "2026-11-20T00:00:00Z"}));
        let record = record.unwrap().0;
        let unread = record.fields.iter().filter(|f| f.value.is_unreadable()).map(|f| f.name.to_string());
        assert_eq!(unread.collect::<Vec<_>>().join(" "), want_told, "{value}");
        let shown: Vec<String> =
            record.fields.iter().filter(|f| !f.value.is_unreadable()).map(|f| format!("{}={}", f.name, f.value)).collect();
        told.sort();
        assert_eq!((shown.join(" "), told.join(" ")), (want.to_string(), want_told.to_string()), "{value}");
        assert!(record.fields.iter().all(|f| Some(f.at) == record.changed_at));
    }
    let (record, told) = one(&m, json!({"id": 1}));
    assert!(record.unwrap().0.fields.is_empty() && told.is_empty(), "what is not there is absent, not empty");
    let leaves_out = mapper(
        Entity::Person,
        "id = 'id'\nleaves_out_empty = true\nalways = ['mail']\n[fields]\nemail = 'mail'\nt = 'v'\nl = { path = 'l[].n', type = 'list' }",
    );
    let fields = |raw| one(&leaves_out, raw).0.unwrap().0.fields.into_iter().map(|f| format!("{}={}", f.name, f.value)).collect::<Vec<_>>();
    assert_eq!(fields(json!({"id": 1})), ["l=(empty)", "t=(empty)"], "unless each row has it");
    assert_eq!(fields(json!({"id": 1, "v": "x", "mail": "a@b.example"}))[2], "t=x");
    let (record, told) = one(&m, json!({"id": 1, "v": "x", "at": "yesterday"}));
    assert_eq!((record.unwrap().0.fields.last().unwrap().at, &*told[0]), (READ_AT, "changed_at"));
}

/// What stands in a record is no older than it, whatever its last change says.
#[test]
fn the_age_of_values_begins_with_their_record() {
    let m = mapper(Entity::Person, "id = 'id'\nchanged_at = 'at'\ncreated_at = 'made'\n[fields]\nt = 'v'");
    let day = |n: u8| format!("2026-11-{n:02}T00:00:00Z");
    let at = |n: u8| time_of(&Json::from(&json!(day(n))), TimeFormat::Rfc3339, &TimeZone::UTC).unwrap();
    for (made, changed, age) in [
        (json!(day(3)), json!(day(9)), (Some(at(3)), at(9))),
        (json!(day(9)), json!(day(3)), (Some(at(3)), at(3))),
        (json!(null), json!(day(9)), (None, at(9))),
        (json!(null), json!(null), (None, READ_AT)),
    ] {
        let (record, told) = one(&m, json!({"id": 1, "v": "x", "made": made, "at": changed}));
        let age_read = record.unwrap().0.fields[0].age();
        assert_eq!(((age_read.after, age_read.by), told.len()), (age, 0), "{made} {changed}");
    }
}

/// Which of its fields the editor changed, an observation tells only of a record that nobody has changed since it was made.
#[test]
fn who_edited_a_record_is_told_where_some_rule_goes_by_it() {
    let map = "id = 'id'\nchanged_at = 'at'\ncreated_at = 'made'\nedited_by = 'by'\nedited_via = 'via'\n[fields]\nt = 'v'";
    let asks = EditsAsked { relays: vec!["sync".into()], editors: true, ..EditsAsked::default() };
    let (asking, silent) = (mapper_that_asks(asks, Entity::Person, map), mapper(Entity::Person, map));
    let (first, then) = ("2026-11-03T00:00:00Z", "2026-11-09T00:00:00Z");
    let relay = || Some(Editor::Relay("sync".into()));
    for (by, via, at, editor, of_fields) in [
        ("hana", "web", then, Some(Editor::Person), None),
        ("", "sync", then, relay(), None),
        ("Sync", "", first, relay(), relay()),
        ("", "job", first, None, None),
    ] {
        let raw = json!({"id": 1, "v": "x", "by": by, "via": via, "made": first, "at": at});
        let record = one(&asking, raw.clone()).0.unwrap().0;
        let edit = of_fields.map(|by| LastEdit { dated: false, by: Some(by) });
        assert_eq!((&record.edited_by, record.fields[0].last_edit.as_deref()), (&editor, edit.as_ref()), "{raw}");
        let record = one(&silent, raw).0.unwrap().0;
        assert_eq!((record.edited_by, &record.fields[0].last_edit), (None, &None));
    }
}

/// A raw code won the merge and was written into another system as if it were a label.
#[test]
fn a_code_that_no_map_knows_is_told_and_is_no_value_of_a_person() {
    let fields = "id = 'id'\n[fields]\nf = { path = 'f', map = { '10' = 'made' } }\nl = { path = 'l', type = 'list', map = { a = 'x' } }";
    let state = "id = 'id'\nstate = [{ is = 'open', when = { path = 's', equals = 1 } }]";
    let read = |entity: Entity, record: &str, raw: Owned| {
        let mut page = PageRead::default();
        mapper(entity, record).map(&Json::from(&raw), READ_AT, Carries::default(), &mut page);
        let Some(Observed::Record { record, .. }) = page.observed.pop() else { panic!("a record") };
        let codes: Vec<String> = page.unknown_codes.iter().map(|u| format!("{} {}", u.field, u.code)).collect();
        let told: Vec<String> = page.quarantined.iter().map(|q| format!("{} {}", q.field, q.why)).collect();
        (record.fields.iter().map(|f| f.value.clone()).collect::<Vec<_>>(), codes.join(", "), told.join(", "))
    };
    let known = (vec![Value::text("made"), Value::list(["x"])], String::new(), String::new());
    assert_eq!(read(Entity::Person, fields, json!({"id": 1, "f": 10, "l": ["a", null, ""]})), known);
    let why = "holds a code that the map of this field does not know";
    let unknown = json!({"id": 1, "f": "30", "l": ["a", "b", "c"], "s": 1});
    let (values, codes, told) = read(Entity::Person, fields, unknown.clone());
    assert_eq!((values, codes), (vec![Value::Unreadable, Value::Unreadable], "f 30, l b, l c".to_string()));
    assert_eq!(told, format!("f {why}, l {why}"));
    // Nobody writes those of a deal anywhere: a hold that asks for one does not hang on a number that nobody named.
    let (values, codes, told) = read(Entity::Deal, &fields.replace("id = 'id'", state), unknown);
    assert_eq!((values, told), (vec![Value::text("30"), Value::list(["b", "c", "x"])], String::new()));
    assert_eq!(codes, "f 30, l b, l c");
}

#[test]
fn a_deals_people_are_told_only_where_the_answer_carries_them() {
    let m = mapper(
        Entity::Deal,
        "id = 'id'\npeople = 'p[].id'\nended_at = 'end'\nstate = [{ is = 'won', when = { path = 's', equals = 'w' } }, { is = 'open', when = { path = 's', equals = 'o' } }]",
    );
    let told = |raw: Owned, carries: bool| {
        let mut page = PageRead::default();
        m.map(&Json::from(&raw), READ_AT, Carries { people: carries, accounts: false }, &mut page);
        match page.observed.pop() {
            Some(Observed::Record { record, people_told, .. }) => {
                (record.people.join(" "), people_told, record.deal, record.memory.ended_at)
            }
            other => panic!("{other:?}"),
        }
    };
    let end = Some(Time(0));
    assert_eq!(told(json!({"id": 1, "s": "o", "end": "1970-01-01T00:00:00Z"}), true), (String::new(), true, Some(DealState::Open), None));
    assert_eq!(told(json!({"id": 1, "s": "w", "end": "1970-01-01T00:00:00Z"}), false), (String::new(), false, Some(DealState::Won), end));
    assert_eq!(
        told(json!({"id": 1, "s": "x", "p": [{"id": 3}, {"id": "2"}, {"id": 3}]}), true),
        ("2 3".into(), true, Some(DealState::Unknown), None)
    );
    assert_eq!(told(json!({"id": 1, "s": {}, "p": [{"id": {}}]}), true), (String::new(), false, Some(DealState::Unknown), None));
}

#[test]
fn labels_notes_and_refusals() {
    let m = mapper(
        Entity::Person,
        "id = 'id'\nsame_as = [{ system = 'crm', path = 'note', prefix = 'crm-id:' }, { system = '{settings.subdomain}', path = 'ids' }]
        refusals = [{ scope = 'topic', topic = 'news', when = { path = 'lists', empty = true } }, { scope = 'all', when = { path = 'sub', equals = false } }]
        deleted = { path = 'gone', equals = true }\n[fields]\nemail = 'email'\n[marks]\nblock = { path = 'l[].n', contains = 'hold' }
        permit = { path = 'l[].n', contains = '{hold.permit}' }\nstatus = { path = 'l[].n', prefix = 'st-' }",
    );
    let raw = json!({"id": 1, "note": "VIP; crm-id: 77, ask", "ids": [4, "4"], "lists": [], "sub": false, "email": "nobody",
        "l": [{"n": "ok"}, {"n": "st-b"}, {"n": "st-a"}]});
    let (record, told) = one(&m, raw);
    let record = record.unwrap().0;
    assert_eq!(record.same_as.iter().map(RecordId::to_string).collect::<Vec<_>>(), ["acme:person:4", "crm:person:77"]);
    assert_eq!(record.refusals, [RefusalScope::All, RefusalScope::Topic("news".into())]);
    assert_eq!(
        record.marks,
        [(Mark::Block, Value::Bool(false)), (Mark::Permit, Value::Bool(true)), (Mark::Status, Value::text("st-a\nst-b"))]
    );
    assert!(record.field("email").unwrap().value.is_unreadable() && record.has_unread_address && told == ["email"]);
    let mut page = PageRead::default();
    m.map(&Json::from(&json!({"id": 1, "gone": "true"})), READ_AT, Carries::default(), &mut page);
    assert!(matches!(page.observed[..], [Observed::Deleted(_)]));
    assert_eq!(one(&m, json!({"id": 1, "gone": []})).1, ["deleted"], "kept out whole");
}

/// `[]` in the place of a stop mark passed for somebody else's block: the mark was not written, and nobody was told.
#[test]
fn a_stop_mark_that_is_no_single_value_is_unknown_and_told() {
    let m = mapper(Entity::Person, "id = 'id'\n[marks]\nblock = { path = 'stop' }");
    for odd in [json!([]), json!({}), json!([true]), json!({"value": false})] {
        let (record, told) = one(&m, json!({"id": 1, "stop": odd}));
        let record = record.unwrap().0;
        assert_eq!(record.mark(Mark::Block), Some(&Value::Unreadable), "{odd}");
        assert!(!record.is_blocked() && told == ["block"], "{odd}: {told:?}");
    }
}

/// A row without its opt-out field passed for one of somebody who has nothing against mail.
#[test]
fn a_row_that_lacks_what_each_row_has_is_no_yes() {
    let of = |always: &str| {
        mapper(
            Entity::Person,
            &format!("id = 'id'\n{always}\nrefusals = [{{ scope = 'all', when = {{ path = 'p.out', equals = true }} }}]"),
        )
    };
    let m = of("always = ['p.out']");
    for (raw, unread) in [
        (json!({"id": 1, "p": {}}), "(out is not there)"),
        (json!({"id": 1}), "(out is not there)"),
        (json!({"id": 1, "p": {"out": null}}), ""),
        (json!({"id": 1, "p": {"out": false}}), ""),
        (json!({"id": 1, "p": {"out": true}}), ""),
        (json!({"id": 1, "p": {"out": "?"}}), "?"),
    ] {
        let record = one(&m, raw.clone()).0.unwrap().0;
        assert_eq!(record.unread_refusals.join(" "), unread, "{raw}");
    }
    assert!(one(&of(""), json!({"id": 1, "p": {}})).0.unwrap().0.unread_refusals.is_empty(), "it may be left out");
}

#[test]
fn tickets_know_requesters_by_address_too() {
    let m = mapper(
        Entity::Ticket,
        "id = 'id'\npeople = 'who'\naddresses = 'from[]'\nstate = [{ is = 'closed', when = { path = 's', in = ['done'] } }]",
    );
    let (record, told) = one(&m, json!({"id": 1, "who": null, "from": ["B@b.example", "", null, "??"], "s": "new"}));
    let (record, people_told) = record.unwrap();
    assert_eq!((record.addresses[0].as_str(), record.addresses.len(), people_told), ("b@b.example", 1, true));
    assert_eq!((record.ticket, told), (Some(TicketState::Unknown), vec!["addresses".to_string()]));
}

/// A CRM gave `a@b; c@d` and `Taro <a@b` as addresses, and further ones in a field of their own.
#[test]
fn every_address_of_a_person_is_taken_and_what_is_not_sure_is_told() {
    let m = mapper(Entity::Person, "id = 'id'\naddresses = ['more', 'others[].mail']\n[fields]\nemail = 'email'");
    for (raw, first, further, unread) in [
        (json!({"email": "Taro <A@b.example>"}), Some("a@b.example"), "", false),
        (json!({"email": "\u{feff}a@b.example", "more": ""}), Some("a@b.example"), "", false),
        (json!({"email": "a@b.example; c@d.example"}), Some("a@b.example"), "c@d.example", false),
        (
            json!({"email": "a@b.example", "more": "c@d.example;a@b.example;e@f.example"}),
            Some("a@b.example"),
            "c@d.example e@f.example",
            false,
        ),
        (json!({"email": null, "others": [{"mail": "c@d.example"}, {"mail": null}]}), None, "c@d.example", false),
        (json!({"email": "none", "others": [{"mail": "c@d.example"}]}), None, "c@d.example", true),
        (json!({"email": "a b@c.example"}), None, "b@c.example", true),
        (json!({"email": "a@b.example", "more": "no address"}), Some("a@b.example"), "", true),
        (json!({"email": "a@b.example", "others": [{"mail": {"value": 1}}]}), Some("a@b.example"), "", true),
        (json!({"email": "x\0@b.example"}), None, "", true),
        // Of a list or an object nobody knows which is the person's: none joins, and each holds.
        (json!({"email": {"value": "a@b.example"}}), None, "a@b.example", true),
        (json!({"email": ["a@b.example", {"v": ["Emi <c@d.example>", 5]}]}), None, "a@b.example c@d.example", true),
        (json!({"email": []}), None, "", true),
        (json!({"email": "a@b.example", "others": [{"mail": {"value": "c@d.example"}}]}), Some("a@b.example"), "c@d.example", true),
        (json!({}), None, "", false),
    ] {
        let mut row = raw.clone();
        row["id"] = json!(1);
        let (record, told) = one(&m, row);
        let record = record.unwrap().0;
        let shown = record.addresses.iter().map(Address::as_str).collect::<Vec<_>>().join(" ");
        assert_eq!((record.address().as_ref().map(Address::as_str), &*shown, record.has_unread_address), (first, further, unread), "{raw}");
        assert_eq!(!told.is_empty(), unread, "{raw}: {told:?}");
    }
}

#[test]
fn a_record_has_several_accounts_and_what_is_not_told_is_not_none() {
    let m = mapper(Entity::Person, "id = 'id'\naccount = ['main', 'all[].id']");
    let read = |raw: Owned, accounts: bool| {
        let mut page = PageRead::default();
        m.map(&Json::from(&raw), READ_AT, Carries { people: false, accounts }, &mut page);
        match page.observed.pop() {
            Some(Observed::Record { record, accounts_told, .. }) => (record.account.clone(), record.more_accounts.join(" "), accounts_told),
            other => panic!("{other:?}"),
        }
    };
    let all = json!([{"id": "72"}, {"id": 71}, {"id": 73.0}]);
    assert_eq!(read(json!({"id": 1, "main": 71, "all": all.clone()}), false), (Some("71".into()), "72 73".into(), true));
    assert_eq!(read(json!({"id": 1, "all": all}), false), (None, "71 72 73".into(), true));
    assert_eq!(read(json!({"id": 1, "main": "71"}), false), (Some("71".into()), String::new(), false));
    assert_eq!(read(json!({"id": 1, "main": "71"}), true), (Some("71".into()), String::new(), true));
    assert_eq!(read(json!({"id": 1, "main": "", "all": [{"id": {}}]}), true), (None, String::new(), false));
}

#[test]
fn one_odd_text_is_kept_out_and_the_rest_of_the_row_is_read() {
    let m = mapper(Entity::Person, "id = 'id'\n[fields]\nname = 'name'\nphone = 'phone'");
    let answer =
        crate::connector::raw::json::Document::parse(b"[{\"id\":\"1\",\"name\":\"\\ud83d\",\"phone\":\" 5\"},{\"id\":\"\\ud83d\"}]")
            .unwrap();
    let mut page = PageRead::default();
    for row in answer.root().as_array().unwrap() {
        m.map(row, READ_AT, Carries::default(), &mut page);
    }
    let Some(Observed::Record { record, .. }) = page.observed.pop() else { panic!("the first row is read") };
    assert_eq!(record.text("phone"), Some("5"));
    assert!(page.observed.is_empty());
    let told: Vec<&str> = page.quarantined.iter().map(|q| &*q.field).collect();
    assert_eq!(told, ["name", "id"]);
}

/// Many systems do not repeat the id of the one record that they were asked for: it was told as "not found", and its write as refused.
#[test]
fn a_record_that_was_asked_for_by_id_needs_no_id_of_its_own() {
    let mut page = PageRead::default();
    let m = mapper(Entity::Person, "id = 'id'\nid_prefix = 'lead-'\nfields = { email = 'email' }");
    m.map_as("5", &Json::from(&json!({"email": "taro@sato.example"})), READ_AT, Carries::default(), &mut page);
    m.map(&Json::from(&json!({"id": 6, "email": "emi@ono.example"})), READ_AT, Carries::default(), &mut page);
    let ids: Vec<String> = page.observed.iter().map(|o| o.id().to_string()).collect();
    assert_eq!(ids, ["ma:person:lead-5", "ma:person:lead-6"]);
}

#[test]
fn all_that_can_be_read_of_a_row_that_is_no_record_is_told() {
    let m = mapper(
        Entity::Deal,
        "id = 'id'\naccount = ['main', 'all[].id']\npeople = 'people[]'\nstate = [{ is = 'open', when = { path = 'x', empty = true } }]",
    );
    let mut page = PageRead::default();
    let row = json!({"main": 71, "all": [{"id": "73"}, {"id": {}}, {"id": 72}, {"id": "71"}], "people": ["5", null, 4, "5"]});
    m.map(&Json::from(&row), READ_AT, Carries::default(), &mut page);
    m.map(&Json::from(&json!({"main": {}, "all": [{"id": "73"}]})), READ_AT, Carries::default(), &mut page);
    let told: Vec<String> = page.unread.iter().map(|u| format!("{} | {}", u.accounts.join(" "), u.people.join(" "))).collect();
    assert_eq!(told, ["71 72 73 | 4 5", "73 | "]);
}

/// Of a deal without an id a page showed the first person only: that it named another, nobody could know (seed 89003677).
#[test]
fn a_row_that_is_no_record_tells_whether_it_names_more_than_it_shows() {
    let of = |entity: Entity, extra: &str| mapper(entity, &format!("id = 'id'\npeople = 'people[]'\n{extra}"));
    let state = "people_more = 'next'\nstate = [{ is = 'open', when = { path = 'x', empty = true } }]";
    let (inside, left_out) = (Carries { people: true, ..Carries::default() }, Carries::default());
    for (entity, carries, row, names_all) in [
        (Entity::Deal, inside, json!({"people": ["5", null]}), true),
        (Entity::Deal, inside, json!({"people": ["5"], "next": "p2"}), false),
        (Entity::Deal, inside, json!({"people": ["5", {}]}), false),
        // A search shows no people of deals.
        (Entity::Deal, left_out, json!({"people": ["5"]}), false),
        (Entity::Ticket, left_out, json!({"people": ["5"]}), true),
        (Entity::Ticket, left_out, json!({"people": ["5"], "next": "p2"}), false),
    ] {
        let mut page = PageRead::default();
        of(entity, state).map(&Json::from(&row), READ_AT, carries, &mut page);
        assert_eq!(page.unread[0].names_all, names_all, "{entity:?} {carries:?} {row}");
    }
}
