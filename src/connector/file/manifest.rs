//! The manifest of a system of lists, made of the profiles that it has: what the rest of the product knows of its streams and fields.

use super::asked::OutAsked;
use super::column::{self, NO_FIELDS};
use super::profiles::ListProfile;
use super::rows::{self, RowsAs};
use crate::connector::manifest::{
    Auth, FieldMap, FieldSpec, FieldWrite, Limits, Manifest, MarkMap, MarkWrite, Method, Page, Paths, RecordMap, RefusalRule,
    RefusalScopeName, Request, Role, StateRule, StatusWrite, Stream, Test, TimeFormat, TimePath, Writes,
};
use crate::connector::manifest::{ErrorRules, FieldKind, ProvedOn};
use crate::model::record::field;
use crate::model::{DealState, Entity, Mark, Name, Span};
use std::collections::BTreeMap;

/// The connector's name in systems.toml.
pub const CONNECTOR: &str = "file";

/// Whose deals a company's people are on is told by the deals themselves.
const DEAL_PEOPLE: &str = "deal_people";
/// The people that a list of deals names.
const DEAL_CONTACTS: &str = "deal_contacts";

/// Whether files are others is seen without reading them.
const EVERY: Span = Span::minutes(1);
/// What is unchanged need not be read again; once a week it is all the same.
const SWEEP_EVERY: Span = Span::days(7);

/// Whether a stream that shows refusals is read for them: a list of consents and a tool's own export are, any other list may say none.
pub fn is_kept_for_refusals(manifest: &Manifest, stream: &str) -> bool {
    manifest.name != CONNECTOR || manifest.writes.is_some() || stream == ListProfile::Consents.name()
}

/// What a stream of lists is made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StreamOfLists {
    pub name: &'static str,
    pub rows: RowsAs,
    /// `None`: of all lists, as each may name companies.
    pub of: Option<ListProfile>,
    /// Before the ids of people, where several lists have some.
    pub prefix: &'static str,
}

/// The streams of these lists, but for the one that deals carry.
pub fn streams(profiles: &[ListProfile]) -> Vec<StreamOfLists> {
    let has = |profile| profiles.contains(&profile);
    let several = profiles.iter().filter(|p| **p != ListProfile::Accounts).count() > 1;
    let mut streams = Vec::new();
    for profile in ListProfile::ALL.into_iter().filter(|p| has(*p)) {
        let of = Some(profile);
        match profile {
            ListProfile::Accounts => {}
            ListProfile::Deals => {
                streams.push(StreamOfLists { name: profile.name(), rows: RowsAs::Deal, of, prefix: "" });
                let prefix = if several { "deals:" } else { "" };
                streams.push(StreamOfLists { name: DEAL_CONTACTS, rows: RowsAs::DealContact, of, prefix });
            }
            ListProfile::Contacts | ListProfile::Cards | ListProfile::Contracts | ListProfile::Consents | ListProfile::Seminars => {
                let prefix = match profile {
                    _ if !several => "",
                    ListProfile::Contacts => "contacts:",
                    ListProfile::Cards => "cards:",
                    ListProfile::Contracts => "contracts:",
                    ListProfile::Consents => "consents:",
                    _ => "seminars:",
                };
                streams.push(StreamOfLists { name: profile.name(), rows: RowsAs::Person, of, prefix });
            }
        }
    }
    if has(ListProfile::Accounts) || has(ListProfile::Deals) {
        streams.push(StreamOfLists { name: ListProfile::Accounts.name(), rows: RowsAs::Account, of: None, prefix: "" });
    }
    streams
}

/// The prefix of the people that deals name.
pub fn contacts_prefix(streams: &[StreamOfLists]) -> &'static str {
    streams.iter().find(|s| s.rows == RowsAs::DealContact).map_or("", |s| s.prefix)
}

/// The manifest of these lists; where something goes out, they are those of a tool without an API.
pub fn manifest(profiles: &[ListProfile], out: Option<&OutAsked>) -> Manifest {
    let all = streams(profiles);
    let companies = all.iter().any(|s| s.rows == RowsAs::Account);
    let mut streams: BTreeMap<String, Stream> =
        all.iter().map(|s| (s.name.to_string(), stream(entity(s.rows), Some(record(s, companies))))).collect();
    if profiles.contains(&ListProfile::Deals) {
        let carried = Stream { sweep: None, carried_by: Some(ListProfile::Deals.name().to_string()), ..stream(Entity::DealPerson, None) };
        streams.insert(DEAL_PEOPLE.to_string(), carried);
    }
    if let Some(out) = out {
        streams.values_mut().filter_map(|s| s.record.as_mut()).for_each(|record| show_marks(record, out));
    }
    let names: Vec<&str> = profiles.iter().map(|p| p.name()).collect();
    Manifest {
        name: CONNECTOR.to_string(),
        title: out.map_or_else(|| format!("Lists ({})", names.join(", ")), |out| format!("{} by lists", out.form.title)),
        role: if out.is_some() { Role::Ma } else { Role::Crm },
        api_version: "-".to_string(),
        sunset: None,
        sunset_source: None,
        // Files made here; the tools themselves take in what was never tried in them.
        proof: Some(if out.is_some() { ProvedOn::Facts } else { ProvedOn::Live }),
        spec: None,
        base_url: String::new(),
        headers: BTreeMap::new(),
        settings: BTreeMap::new(),
        auth: Auth::None {},
        limits: Limits::default(),
        errors: ErrorRules::default(),
        instance: None,
        streams,
        writes: out.map(|out| writes(profiles, out)),
        irreversible: Vec::new(),
    }
}

/// What a tool's own export shows beside fields: our marks, and the person's own no.
fn show_marks(record: &mut RecordMap, out: &OutAsked) {
    let mark = |path: &str| MarkMap { path: path.to_string(), kind: FieldKind::Text, contains: None, prefix: None, format: None };
    record.marks.extend(out.block.iter().map(|_| (Mark::Block, mark(column::BLOCK))));
    record.marks.extend(out.status.iter().map(|_| (Mark::Status, mark(column::STATUS))));
    // A word that is neither yes nor no holds; the form has the tool's words.
    record.refusals.push(refused_where_false(column::CONSENT));
}

/// All mail is refused where no stands.
fn refused_where_false(path: &str) -> RefusalRule {
    let when = Test { path: path.to_string(), equals: Some(toml::Value::Boolean(false)), one_of: None, empty: None, contains: None };
    RefusalRule { scope: RefusalScopeName::All, topic: None, when }
}

/// What goes out by lists. By an address people are found, so that no list changes one.
fn writes(profiles: &[ListProfile], out: &OutAsked) -> Writes {
    let mark = |path: &str, on: Option<&String>, off: Option<&String>| {
        let value = |text: Option<&String>| text.map(|text| toml::Value::String(text.clone()));
        MarkWrite::Field { field: path.to_string(), on: value(on), off: value(off), format: None }
    };
    Writes {
        stream: profiles.first().map(|p| p.name().to_string()).unwrap_or_default(),
        fields: written_fields(profiles).into_iter().map(|name| (name.clone(), FieldWrite::Name(name.to_string()))).collect(),
        status: out.status.as_ref().map(|_| StatusWrite {
            field: Some(column::STATUS.to_string()),
            label_prefix: None,
            map: BTreeMap::new(),
        }),
        block: out.block.as_ref().map(|_| mark(column::BLOCK, Some(&out.on), Some(&out.off))),
        permit: None,
        permits: BTreeMap::new(),
        why: None,
        update: None,
        labels: None,
        read: request(false),
        read_chunk: 0,
        pick_lists: None,
        look_first: Some(false),
        obeyed_by: Some("each mailing whose recipients leave out who bears the mark".to_string()),
    }
}

/// The fields that lists may change.
pub fn written_fields(profiles: &[ListProfile]) -> Vec<Name> {
    let columns = profiles.iter().flat_map(|p| p.columns());
    let texts = columns.filter(|column| column.kind == FieldKind::Text && !NO_FIELDS.contains(&column.key) && column.key != field::EMAIL);
    texts.map(|column| column.key.into()).collect()
}

fn entity(rows: RowsAs) -> Entity {
    match rows {
        RowsAs::Person | RowsAs::DealContact => Entity::Person,
        RowsAs::Deal => Entity::Deal,
        RowsAs::Account => Entity::Account,
    }
}

fn request(carries_people: bool) -> Request {
    Request {
        method: Method::Get,
        path: String::new(),
        query: BTreeMap::new(),
        body: None,
        records: Paths::default(),
        page: Page::None,
        total: None,
        leaves_out_empty: false,
        carries_people,
        carries_accounts: true,
    }
}

fn stream(entity: Entity, record: Option<RecordMap>) -> Stream {
    let sweep = request(entity == Entity::Deal);
    Stream {
        entity,
        every: Some(EVERY),
        sweep_every: Some(SWEEP_EVERY),
        lag: None,
        sweep: Some(sweep),
        changes: None,
        feed: None,
        open: None,
        carried_by: None,
        for_each: None,
        by_id: None,
        all_accounts: None,
        field_history: None,
        record,
    }
}

fn record(stream: &StreamOfLists, companies: bool) -> RecordMap {
    let on_day = |path: &str| Some(TimePath::Full { path: path.to_string(), format: TimeFormat::Date });
    let is_deal = stream.rows == RowsAs::Deal;
    RecordMap {
        id: rows::ID.to_string(),
        id_prefix: (!stream.prefix.is_empty()).then(|| stream.prefix.to_string()),
        changed_at: on_day(rows::AS_OF),
        created_at: None,
        edited_by: None,
        edited_via: None,
        fields: fields(stream),
        account: match stream.rows {
            RowsAs::Account => None,
            RowsAs::Deal => Some(Paths::Several(vec![rows::ACCOUNT.to_string(), rows::DOMAIN.to_string()])),
            RowsAs::Person | RowsAs::DealContact => companies.then(|| Paths::One(rows::ACCOUNT.to_string())),
        },
        people: is_deal.then(|| rows::PEOPLE.to_string() + "[]"),
        people_more: None,
        accounts_more: None,
        more: Vec::new(),
        addresses: None,
        state: if is_deal { [DealState::Won, DealState::Lost, DealState::Open].map(state).into() } else { Vec::new() },
        ended_at: is_deal.then(|| on_day(rows::ENDED)).flatten(),
        same_as: Vec::new(),
        refusals: matches!(stream.rows, RowsAs::Person | RowsAs::DealContact)
            .then(|| refused_where_false(rows::SAID))
            .into_iter()
            .collect(),
        marks: BTreeMap::new(),
        deleted: None,
        always: Vec::new(),
        leaves_out_empty: false,
        own_at: None,
        consent: Vec::new(),
    }
}

fn state(state: DealState) -> StateRule {
    let when = Test {
        path: rows::STATE.to_string(),
        equals: Some(toml::Value::String(state.name().to_string())),
        one_of: None,
        empty: None,
        contains: None,
    };
    StateRule { is: state.name().to_string(), when }
}

/// The fields of a stream by the columns that they are read from.
fn fields(stream: &StreamOfLists) -> BTreeMap<Name, FieldMap> {
    // Lists of people name companies, of which no more is read than that.
    let profile = stream.of.unwrap_or(ListProfile::Accounts);
    let columns = profile.columns().filter(|column| !NO_FIELDS.contains(&column.key));
    let of_contact = ["contact_name", "company", "email", "title", "phone"];
    let named = columns.filter_map(|column| {
        let name = match (stream.rows, column.key) {
            (RowsAs::DealContact, key) if !of_contact.contains(&key) => return None,
            (RowsAs::Deal, "contact_name" | "email" | "title" | "phone") => return None,
            (RowsAs::DealContact, "contact_name") | (RowsAs::Deal, "deal_name") => "name",
            (_, key) => key,
        };
        Some((Name::from(name), field(column.key, column.kind)))
    });
    named.collect()
}

fn field(path: &str, kind: FieldKind) -> FieldMap {
    let format = (kind == FieldKind::Date).then_some(TimeFormat::Date);
    FieldMap::Full(FieldSpec { path: path.to_string(), kind, map: BTreeMap::new(), format })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(profiles: &[ListProfile]) -> Vec<String> {
        manifest(profiles, None).streams.keys().cloned().collect()
    }

    #[test]
    fn the_streams_follow_from_the_lists() {
        use ListProfile::{Accounts, Cards, Contacts, Deals};
        assert_eq!(names(&[Cards]), ["cards"]);
        assert_eq!(names(&[Deals]), ["accounts", "deal_contacts", "deal_people", "deals"]);
        assert_eq!(names(&[Contacts, Accounts]), ["accounts", "contacts"]);
        let prefixes = |profiles: &[ListProfile]| streams(profiles).iter().map(|s| (s.name, s.prefix)).collect::<Vec<_>>();
        assert_eq!(prefixes(&[Contacts, Accounts]), [("contacts", ""), ("accounts", "")]);
        let both = prefixes(&[Contacts, Deals]);
        assert_eq!(both, [("contacts", "contacts:"), ("deals", ""), ("deal_contacts", "deals:"), ("accounts", "")]);
        assert_eq!(contacts_prefix(&streams(&[Contacts, Deals])), "deals:");
    }

    #[test]
    fn a_no_of_a_list_of_people_is_a_refusal_and_its_word_is_no_field() {
        for profile in ListProfile::ALL {
            let made = manifest(&[profile], None);
            for stream in streams(&[profile]) {
                let record = made.streams[stream.name].record.as_ref().unwrap();
                let is_of_people = matches!(stream.rows, RowsAs::Person | RowsAs::DealContact);
                assert_eq!(record.refusals.len(), usize::from(is_of_people), "{profile:?}");
                assert!(NO_FIELDS.iter().all(|key| !record.fields.contains_key(&Name::from(*key))), "{profile:?}");
                assert_eq!(record.fields.contains_key(&Name::from("consent_on")), profile == ListProfile::Consents);
            }
            assert!(written_fields(&[profile]).iter().all(|name| !NO_FIELDS.contains(&&**name)), "{profile:?}");
        }
    }

    #[test]
    fn a_deal_and_its_contact_share_a_row_and_no_field() {
        let fields = |stream: &str| -> Vec<String> {
            let manifest = manifest(&[ListProfile::Deals], None);
            let record = manifest.streams[stream].record.as_ref().unwrap();
            record.fields.keys().map(ToString::to_string).collect()
        };
        let mut deal = fields("deals");
        deal.sort();
        assert_eq!(deal, ["amount", "company", "expected_on", "name", "owner", "stage"]);
        let mut contact = fields("deal_contacts");
        contact.sort();
        assert_eq!(contact, ["company", "email", "name", "phone", "title"]);
    }
}
