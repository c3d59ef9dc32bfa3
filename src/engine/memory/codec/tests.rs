use super::marks::MARKS;
use super::*;
use crate::model::{Age, Editor, Entries, EntryFate, FirstValue, LastEdit, PastStatus};
use crate::model::{MailKind, Mark, OwnPermit, ShortText};
use proptest::prelude::*;

fn text() -> impl Strategy<Value = ShortText> {
    prop_oneof!["[a-z]{0,6}", "\\PC{0,6}"].prop_map(ShortText::from)
}

fn time() -> impl Strategy<Value = Time> {
    prop_oneof![Just(1_795_212_000_000), any::<i64>()].prop_map(Time)
}

fn name() -> impl Strategy<Value = Name> {
    prop_oneof![Just("crm"), Just("ma"), Just("phone"), Just("役職")].prop_map(Name::from)
}

fn address() -> impl Strategy<Value = Address> {
    "[a-z]{1,5}@[a-z]{1,5}\\.example".prop_map(|a| Address::parse(&a).unwrap())
}

fn value() -> impl Strategy<Value = Value> {
    prop_oneof![
        Just(Value::Empty),
        Just(Value::Unreadable),
        text().prop_map(Value::Text),
        any::<i64>().prop_map(Value::Int),
        (-1e300f64..1e300).prop_map(Value::Number),
        any::<bool>().prop_map(Value::Bool),
        time().prop_map(Value::Time),
        any::<i32>().prop_map(|days| Value::Date(Date(days))),
        prop::collection::vec(text(), 0..3).prop_map(Value::List),
    ]
}

fn record_id() -> impl Strategy<Value = RecordId> {
    (name(), prop::sample::select(&ENTITIES[..]), text()).prop_map(|(system, entity, id)| RecordId { system, entity, id })
}

fn presence() -> impl Strategy<Value = Presence> {
    prop_oneof![Just(Presence::Listed), Just(Presence::MissedOnce), time().prop_map(Presence::Gone)]
}

fn age() -> impl Strategy<Value = Age> {
    (prop::option::of(time()), time()).prop_map(|(after, by)| Age { after, by })
}

/// What says nothing comes back as none.
fn last_edit() -> impl Strategy<Value = Option<Box<LastEdit>>> {
    let named = prop_oneof![name().prop_map(Editor::Relay), name().prop_map(Editor::InFile)];
    let by = prop_oneof![Just(None), Just(Some(Editor::Person)), named.prop_map(Some)];
    let edit = (any::<bool>(), by).prop_map(|(dated, by)| LastEdit { dated, by });
    edit.prop_map(|edit| (edit != LastEdit::default()).then_some(Box::new(edit)))
}

fn memory() -> impl Strategy<Value = Memory> {
    let texts = || prop::collection::vec(text(), 0..3);
    let cleared = prop::collection::vec((name(), value()), 0..3);
    let fate = prop_oneof![
        time().prop_map(EntryFate::Ours),
        time().prop_map(EntryFate::Form),
        age().prop_map(EntryFate::Added),
        age().prop_map(EntryFate::Removed)
    ];
    let entries = prop::collection::vec((text().prop_map(Into::into), fate), 0..3).prop_map(Entries::of);
    let lists = prop::collection::vec((name(), entries), 0..2);
    let first =
        (value(), age(), prop::option::of(time()), time()).prop_map(|(value, age, unseen, since)| FirstValue { value, age, unseen, since });
    let firsts = prop::collection::vec((name(), first), 0..2);
    let because = prop::collection::vec(text(), 0..3);
    let change = (time(), prop::option::of(name()), prop::option::of(name()), because);
    let change = change.prop_map(|(at, from, to, because)| PastStatus { at, rule: to.clone(), from, to, because });
    let statuses = prop::collection::vec(change, 0..2);
    (prop::collection::vec(address(), 0..3), (texts(), texts(), texts()), prop::option::of(time()), cleared, lists, (firsts, statuses))
        .prop_map(|(past_addresses, (past_names, past_people, past_accounts), ended_at, cleared, lists, (firsts, statuses))| Memory {
            past_addresses,
            past_names,
            past_people,
            past_accounts,
            ended_at,
            cleared,
            lists,
            firsts,
            statuses,
        })
}

fn mark() -> impl Strategy<Value = Mark> {
    let own = |own: OwnPermit| Mark::OwnPermit(own);
    prop_oneof![
        prop::sample::select(&MARKS[..]),
        prop::sample::select(&MailKind::ALL[..]).prop_map(move |kind| own(OwnPermit::Kind(kind))),
        name().prop_map(move |topic| own(OwnPermit::Topic(topic))),
    ]
}

prop_compose! {
    fn record()(
        id in record_id(),
        fields in prop::collection::vec((name(), value(), age(), last_edit()), 0..4),
        marks in prop::collection::vec((mark(), value()), 0..3),
        refusals in prop::collection::vec(prop_oneof![Just(RefusalScope::All), text().prop_map(|topic| RefusalScope::Topic(topic.as_str().into()))], 0..3),
        same_as in prop::collection::vec(record_id(), 0..3),
        (account, more_accounts) in (prop::option::of(text()), prop::collection::vec(text(), 0..3)),
        people in prop::collection::vec(text(), 0..3),
        (addresses, has_unread_address, names_companies) in (prop::collection::vec(address(), 0..3), any::<bool>(), any::<bool>()),
        deal in prop::sample::select(&DEALS[..]),
        ticket in prop::sample::select(&TICKETS[..]),
        rest in (prop::option::of(time()), presence(), memory(), prop::collection::vec(text(), 0..3)),
    ) -> Record {
        let fields = fields.into_iter().map(|(name, value, age, last_edit)| Field { name, value, at: age.by, after: age.after, last_edit }).collect();
        let (changed_at, presence, memory, unread_refusals) = rest;
        Record {
            id, fields, marks, refusals, unread_refusals, same_as, account, more_accounts, names_companies, people, addresses, has_unread_address, deal, ticket, changed_at,
            edited_by: None, presence, memory
        }
    }
}

proptest! {
    #[test]
    fn a_record_comes_back(record in record(), stream in name()) {
        let (mut names, mut writer) = (Names::default(), Writer::default());
        let bytes = writer.whole(&stream, &record, &mut names).to_vec();
        let kept = Names::new(names.to_keep().unwrap().to_vec());
        prop_assert_eq!(read(record.id.clone(), &bytes, &kept), Some((stream, record)));
    }

    /// Only what an observation shows counts: not when, not what is remembered.
    #[test]
    fn bytes_show_what_was_observed(one in record(), other in record(), stream in name()) {
        let (mut names, mut writer) = (Names::default(), Writer::default());
        let bytes = writer.whole(&stream, &one, &mut names).to_vec();
        let mut again = one.clone();
        (again.changed_at, again.memory) = (other.changed_at, other.memory.clone());
        again.fields.iter_mut().for_each(|f| f.at = Time(7));
        prop_assert_eq!(shows(&bytes, writer.shown(&again, &mut names)), one.presence == Presence::Listed);
        let told = |r: &Record| {
            let values: Vec<_> = r.fields.iter().map(|f| (f.name.clone(), f.value.clone())).collect();
            let refused = (r.refusals.clone(), r.unread_refusals.clone());
            let accounts = (r.account.clone(), r.more_accounts.clone());
            let named = (accounts, r.people.clone(), r.addresses.clone(), r.has_unread_address);
            (values, r.marks.clone(), refused, r.same_as.clone(), named, r.deal, r.ticket)
        };
        if told(&one) != told(&other) {
            prop_assert!(!shows(&bytes, writer.shown(&other, &mut names)));
        }
    }

    #[test]
    fn no_bytes_make_it_panic(record in record(), stream in name(), at in 0usize..200, with in any::<u8>(), cut in 0usize..200) {
        let (mut names, mut writer) = (Names::default(), Writer::default());
        let mut bytes = writer.whole(&stream, &record, &mut names).to_vec();
        if let Some(byte) = bytes.get_mut(at) {
            *byte = with;
        }
        bytes.truncate(cut);
        let _ = read(record.id.clone(), &bytes, &names);
    }
}
