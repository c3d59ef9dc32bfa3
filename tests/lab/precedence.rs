//! Rules of precedence over the real systems: one that is edited, previewed, approved and undone; a date and a pick list with a code.

use super::nayose::{EVERY, Nayose, write_config, written};
use super::people::{AT_ONCE, Guests, Person, with_the_lab};
use super::rt_fields;
use super::systems::Trio;
use super::waiting::{stays, wait_until};
use crate::config_files::{self, ConfigFiles, LEAD, OPEN_DEAL, system};
use futures::StreamExt;
use reqwest::Method;
use serde_json::{Value as Json, json};
use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

/// An edit that overwrites 50 values counts at once; one more, and it waits.
const PEOPLE: usize = 51;
/// Two reads, and the deliveries between them.
const WATCHED: Duration = EVERY.saturating_mul(2);

/// A shipped connector with more fields of people, as somebody adds them who keeps fields of their own in the system.
pub(super) fn with_fields(connector: &'static str, stream: &str, fields: &str, writes: &str) -> (&'static str, String) {
    let shipped = Path::new(env!("CARGO_MANIFEST_DIR")).join("connectors").join(connector).join("manifest.toml");
    let mut manifest: toml::Table = std::fs::read_to_string(shipped).unwrap().parse().unwrap();
    let fields: toml::Table = fields.parse().unwrap();
    manifest["streams"][stream]["record"]["fields"].as_table_mut().unwrap().extend(fields);
    if !writes.is_empty() {
        let writes: toml::Table = writes.parse().unwrap();
        manifest["writes"].as_table_mut().unwrap().insert("fields".into(), writes.into());
    }
    (connector, toml::to_string(&manifest).unwrap())
}

/// The four files for these tables of systems.toml and this order.
pub(super) fn files(tables: &[String], order: &str, refusals: &str) -> ConfigFiles {
    let every = EVERY.as_secs();
    let mut systems = "connectors = \"mine\"\n\n[state]\nurl = \"sled:data\"\n\n[http]\nlisten = \"127.0.0.1:0\"\n".to_string();
    tables.iter().for_each(|table| systems.push_str(&format!("\n{table}every = \"{every}s\"\n")));
    ConfigFiles {
        systems,
        precedence: format!("default = [\"crm\"]\n\n[person]\n{order}"),
        policy: config_files::policy(&[LEAD], &[OPEN_DEAL], &format!("{refusals:?} = \"1h\""), ""),
        consent: "[sources.crm]\nbasis = \"explicit_consent\"\n".into(),
    }
}

// --- a rule that is edited -------------------------------------------------------------------------------------------------------

/// The first guest's, who is known by less.
const FULL_NAME: &str = "Hanako Lab note-0";

const GHOST_FIRST: &str = "note = [\"ghost\", \"crm\"]\nname = [\"crm\", \"ghost\"]\n";
pub(super) const CRM_FIRST: &str = "note = [\"crm\", \"ghost\"]\nname = [\"crm\", \"ghost\"]\n";

/// BottleCRM and Ghost, whose notes and names are written.
pub(super) fn notes([crm, ghost]: [&str; 2], order: &str) -> ConfigFiles {
    let sweep = EVERY.as_secs();
    let crm = system("crm", "bottlecrm", &format!("base_url = {crm:?}\ntoken = {{ env = \"CRM_TOKEN\" }}"));
    let ghost = format!("base_url = {ghost:?}\nkey = {{ env = \"GHOST_KEY\" }}\nsweep = \"{sweep}s\"\nwrites = [\"note\", \"name\"]");
    files(&[crm, system("ghost", "ghost", &ghost)], order, "ghost.people")
}

/// The contacts that the lab came with have neither of the two, so that nobody's record but the guests' is written.
pub(super) fn notes_of_contacts() -> [(&'static str, String); 1] {
    [with_fields("bottlecrm", "contacts", "note = \"description\"\nname = \"department\"\n", "")]
}

/// The guests' names and notes in Ghost, in their order.
async fn in_ghost(trio: &Trio, people: &[Person]) -> Vec<(String, String)> {
    let rows = trio.member_rows().await;
    let by_id: BTreeMap<&str, &Json> = rows.iter().map(|row| (row["id"].as_str().unwrap(), row)).collect();
    let text = |row: &Json, field: &str| row[field].as_str().unwrap_or_default().to_string();
    people.iter().map(|p| by_id[&*p.member]).map(|row| (text(row, "name"), text(row, "note"))).collect()
}

async fn noted(trio: &Trio, people: &[Person], by: &str) -> bool {
    in_ghost(trio, people).await.iter().all(|(_, note)| note.starts_with(by))
}

/// What waits for a word.
async fn waiting(nayose: &Nayose) -> Vec<Json> {
    nayose.json(&["plan", "--known"]).await["waiting"].as_array().unwrap().clone()
}

/// People with a note in either system.
async fn noted_people(guests: &Guests) -> Vec<Person> {
    let made = futures::stream::iter(0..PEOPLE).map(async |n| {
        let (in_crm, in_ghost) = (json!({"description": format!("CRM {n}")}), json!({"note": format!("Ghost {n}")}));
        guests.person_with(&format!("note-{n}"), in_crm, in_ghost).await
    });
    made.buffered(AT_ONCE).collect().await
}

#[tokio::test]
async fn an_edited_rule_is_previewed_waits_is_approved_and_undone_by_field() {
    with_the_lab(async |trio, guests| {
        let people = noted_people(guests).await;
        let urls = [&*trio.crm.url, &*trio.ghost.url];
        let nayose = Nayose::with(trio, &notes(urls, GHOST_FIRST), &notes_of_contacts());
        nayose.contact().await;
        let daemon = nayose.run().await;

        let next = tempfile::tempdir().unwrap();
        write_config(next.path(), &notes(urls, CRM_FIRST), &notes_of_contacts());
        let folder = next.path().to_str().unwrap();
        let preview = nayose.ask(&["plan", "--rules", folder, "--json"]).await;
        assert_eq!(preview.exit, 4, "{preview:?}");
        let preview = preview.json();
        let plan = preview["plan"].as_str().unwrap();
        let totals = json!([{"system": "ghost", "field": "note", "rule": "precedence.toml:4", "overwritten": PEOPLE, "emptied": 0, "form": 0, "filled": 0}]);
        assert_eq!((&preview["totals"], &preview["waits"], &preview["lost"]), (&totals, &true.into(), &PEOPLE.into()), "{preview:#}");
        let page = nayose.ask(&["plan", "--rules", folder]).await;
        println!("plan --rules DIR, exit {}:\n{}", page.exit, page.stdout);
        assert!(page.stdout.contains(&format!("wait for `nayose approve {plan}`")), "{page:?}");

        nayose.save("precedence.toml", &notes(urls, CRM_FIRST).precedence);
        wait_until("the edit waits", async || !waiting(&nayose).await.is_empty()).await;
        let waits = waiting(&nayose).await;
        println!("saved: waiting {}", waits[0]);
        assert_eq!((waits.len(), &waits[0]["plan"], &waits[0]["kind"]), (1, &plan.into(), &"edit".into()));
        let why = waits[0]["why"].as_str().unwrap();
        assert!(why.contains(&format!("precedence.toml:4: note in ghost: {PEOPLE} overwritten")), "{why}");

        // The rest of the rules goes on meanwhile. Another name altogether would be another person's.
        let named = json!({"department": FULL_NAME});
        trio.crm.call(Method::PATCH, &format!("/contacts/{}/", people[0].contact), Some(named)).await;
        wait_until("the name is written", async || in_ghost(trio, &people).await[0].0 == FULL_NAME).await;
        stays("the notes as they were typed", WATCHED, async || noted(trio, &people, "Ghost ").await).await;

        let approved = nayose.json(&["approve", plan]).await;
        let took = wait_until("the CRM's notes are written", async || noted(trio, &people, "CRM ").await).await;
        println!("approve {plan}: {approved}; {PEOPLE} notes in Ghost after {took:.2?}");

        let runs = nayose.json(&["undo"]).await["runs"].clone();
        let run = runs.as_array().unwrap().last().unwrap()["run"].as_str().unwrap().to_string();
        let undo = nayose.json(&["undo", &run, "--field", "note"]).await;
        let fields = undo["writes"].as_array().unwrap().iter().flat_map(|write| write["fields"].as_object().unwrap().keys());
        let fields: Vec<&String> = fields.collect();
        assert!(fields.len() == PEOPLE && fields.iter().all(|field| *field == "note"), "{undo:#}");
        let plan = undo["plan"].as_str().unwrap();
        nayose.json(&["approve", plan]).await;
        let took = wait_until("the notes are set back", async || noted(trio, &people, "Ghost ").await).await;
        println!("undo {run} --field note; approve {plan}: set back after {took:.2?}");
        stays("the notes as they were typed", WATCHED, async || noted(trio, &people, "Ghost ").await).await;
        assert_eq!(in_ghost(trio, &people).await[0].0, FULL_NAME, "the right change of that run stands");
        assert_eq!(waiting(&nayose).await, [] as [Json; 0]);
        daemon.stop().await;
    })
    .await;
}

// --- a date and a pick list ------------------------------------------------------------------------------------------------------

const RENEWALS: &str = "renewal = [\"crm\", \"support\"]\nplan = [\"crm\", \"support\"]\n";

/// BottleCRM and Request Tracker, both in a zone ahead of UTC and both written.
fn renewals([crm, rt]: [&str; 2]) -> ConfigFiles {
    let table = |name: &str, connector: &str, url: &str, token: &str| {
        let token = format!("token = {{ env = {token:?} }}");
        let rest = "time_zone = \"Asia/Tokyo\"\nwrites = [\"renewal\", \"plan\"]";
        system(name, connector, &format!("base_url = {url:?}\n{token}\n{rest}"))
    };
    files(&[table("crm", "bottlecrm", crm, "CRM_TOKEN"), table("support", "rt", rt, "RT_TOKEN")], RENEWALS, "crm.contacts")
}

/// A date, and a pick list that has codes of its own in either system.
fn renewals_of_people() -> [(&'static str, String); 2] {
    let in_crm = r#"
        renewal = { path = "custom_fields.lab_renewal", type = "date" }
        plan = { path = "custom_fields.lab_plan", map = { g = "gold", s = "silver" } }
    "#;
    let in_rt = r#"
        renewal = { path = "CustomFields[name=Lab Renewal].values[]", type = "date" }
        plan = { path = "CustomFields[name=Lab Plan].values[]", map = { "10" = "gold", "20" = "silver" } }
    "#;
    [
        with_fields("bottlecrm", "contacts", in_crm, "renewal = \"lab_renewal\"\nplan = \"lab_plan\"\n"),
        with_fields("rt", "people", in_rt, "renewal = \"Lab Renewal\"\nplan = \"Lab Plan\"\n"),
    ]
}

/// Somebody in both: the contact's id, and the user's name.
struct Customer {
    contact: String,
    user: String,
}

impl Customer {
    /// With a date and a code in either; nothing where the text is empty.
    async fn new(guests: &Guests, who: &str, in_crm: [&str; 2], in_rt: [&str; 2]) -> Customer {
        let some = |fields: [(&str, &str); 2]| {
            let given = fields.into_iter().filter(|(_, value)| !value.is_empty());
            Json::Object(given.map(|(key, value)| (key.to_string(), value.into())).collect())
        };
        let in_crm = json!({"custom_fields": some([("lab_renewal", in_crm[0]), ("lab_plan", in_crm[1])])});
        let in_rt = some([("Lab Renewal", in_rt[0]), ("Lab Plan", in_rt[1])]);
        Customer { contact: guests.contact(who, in_crm).await, user: guests.user(who, in_rt).await }
    }

    /// What BottleCRM and Request Tracker show.
    async fn shows(&self, trio: &Trio) -> ([String; 2], [String; 2]) {
        let contact = trio.crm.call(Method::GET, &format!("/contacts/{}/", self.contact), None).await;
        let custom = &contact["contact_obj"]["custom_fields"];
        let in_crm = ["lab_renewal", "lab_plan"].map(|key| custom[key].as_str().unwrap_or_default().to_string());
        let user = trio.rt.call(Method::GET, &format!("/user/{}", self.user), None).await;
        let in_rt = rt_fields::NAMES.map(|name| {
            let field = user["CustomFields"].as_array().unwrap().iter().find(|field| field["name"] == name);
            field.and_then(|field| field["values"][0].as_str()).unwrap_or_default().to_string()
        });
        (in_crm, in_rt)
    }

    async fn must_show(&self, trio: &Trio, in_crm: [&str; 2], in_rt: [&str; 2]) {
        let shown = self.shows(trio).await;
        println!("{}: BottleCRM {:?}, Request Tracker {:?}", self.user, shown.0, shown.1);
        assert_eq!(shown, (in_crm.map(String::from), in_rt.map(String::from)));
    }
}

/// Writes what is due, as often as it must; then nothing is left.
async fn synced(nayose: &Nayose) -> BTreeMap<String, u64> {
    let wrote = written(&nayose.json(&["sync"]).await);
    let again = written(&nayose.json(&["sync"]).await);
    assert!(again.values().all(|count| *count == 0), "{again:?}");
    wrote
}

#[tokio::test]
async fn a_date_and_a_code_go_from_one_system_to_the_other_in_its_form() {
    with_the_lab(async |trio, guests| {
        rt_fields::make(trio).await;
        let options = json!([{"value": "g", "label": "Gold"}, {"value": "s", "label": "Silver"}, {"value": "p", "label": "Platinum"}]);
        guests.custom_field("lab_renewal", json!({"label": "Lab renewal", "field_type": "date"})).await;
        guests.custom_field("lab_plan", json!({"label": "Lab plan", "field_type": "dropdown", "options": options})).await;
        let of_crm = Customer::new(guests, "of-crm", ["2027-04-01", "g"], ["", ""]).await;
        let of_rt = Customer::new(guests, "of-rt", ["", ""], ["2028-02-29", "20"]).await;
        let apart = Customer::new(guests, "apart", ["2026-12-31", "s"], ["2025-01-01", "10"]).await;
        let unknown = Customer::new(guests, "unknown", ["", "p"], ["", "10"]).await;

        let nayose = Nayose::with(trio, &renewals([&trio.crm.url, &trio.rt.url]), &renewals_of_people());
        let tried = nayose.ask(&["connector", "try", "crm"]).await;
        assert_eq!(tried.exit, 0, "{tried:?}");
        assert!(tried.stdout.contains("plan holds codes that its map does not know: \"p\" (1)"), "{tried:?}");
        assert_eq!(nayose.ask(&["plan"]).await.exit, 4);
        for system in ["crm", "support"] {
            nayose.json(&["approve", system]).await;
        }
        let wrote = synced(&nayose).await;
        assert_eq!((wrote["crm.update.applied"], wrote["support.update.applied"]), (1, 2), "{wrote:?}");
        of_crm.must_show(trio, ["2027-04-01", "g"], ["2027-04-01", "10"]).await;
        of_rt.must_show(trio, ["2028-02-29", "s"], ["2028-02-29", "20"]).await;
        apart.must_show(trio, ["2026-12-31", "s"], ["2026-12-31", "20"]).await;
        // A code without a label is nobody's to overwrite, and says nothing to others.
        unknown.must_show(trio, ["", "p"], ["", "10"]).await;

        // By hand, in the system that the value came from: the last day before, and the first after, a midnight that a zone could move it over.
        let in_crm = json!({"custom_fields": {"lab_renewal": "2027-03-31", "lab_plan": "s"}});
        trio.crm.call(Method::PATCH, &format!("/contacts/{}/", of_crm.contact), Some(in_crm)).await;
        let in_rt = json!({"CustomFields": {"Lab Renewal": "2028-03-01", "Lab Plan": "10"}});
        trio.rt.call(Method::PUT, &format!("/user/{}", of_rt.user), Some(in_rt)).await;
        let wrote = synced(&nayose).await;
        assert_eq!((wrote["crm.update.applied"], wrote["support.update.applied"]), (1, 1), "{wrote:?}");
        of_crm.must_show(trio, ["2027-03-31", "s"], ["2027-03-31", "20"]).await;
        of_rt.must_show(trio, ["2028-03-01", "g"], ["2028-03-01", "10"]).await;
    })
    .await;
}

/// Where there is no lab, too.
#[test]
fn the_configs_have_no_mistake() {
    let key = "0123456789abcdef01234567:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";
    let urls = ["http://127.0.0.1:8001", "http://127.0.0.1:8002"];
    let (of_notes, of_renewals) = (notes_of_contacts(), renewals_of_people());
    for (files, connectors) in [
        (notes(urls, GHOST_FIRST), of_notes.as_slice()),
        (notes(urls, CRM_FIRST), of_notes.as_slice()),
        (renewals(urls), of_renewals.as_slice()),
    ] {
        let folder = tempfile::tempdir().unwrap();
        write_config(folder.path(), &files, connectors);
        let config = nayose::config::load(folder.path(), &|_| Some(key.to_string()), &nayose::config::Connectors);
        let config = config.unwrap_or_else(|mistakes| panic!("{}", mistakes.drawn()));
        assert_eq!(config.rules.systems.len(), 2);
    }
}
