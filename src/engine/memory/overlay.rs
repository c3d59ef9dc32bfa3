//! A new observation laid over what was known of the record.

use super::{lists, past_names};
use crate::model::{Address, Entity, Presence, Record, ShortText, Time};

/// What an observation brings to a record that is known already.
#[derive(Debug, Clone, PartialEq)]
pub enum Merged {
    /// Nothing that matters.
    Same,
    Changed(Box<Record>),
}

/// Which lists of a record the answer carried.
#[derive(Debug, Clone, Copy)]
pub struct ListsCarried {
    /// A deal's people.
    pub people: bool,
    /// The accounts beside the first.
    pub accounts: bool,
}

impl ListsCarried {
    pub const ALL: ListsCarried = ListsCarried { people: true, accounts: true };
    /// Records read by id come without what they are associated with.
    pub const READ_BACK: ListsCarried = ListsCarried { people: true, accounts: false };
}

/// When an observation was made, by the latest that it may have been.
#[derive(Debug, Clone, Copy)]
pub struct Sight {
    /// The start of the pass that shows the record now.
    pub at: Time,
    /// The last moment before that at which the record may have been looked at; `None`: not known.
    pub before: Option<Time>,
    /// The last moment at which the record surely was as it was known before; `None`: not known.
    pub looked: Option<Time>,
    /// The latest moment at which the answer may have been made.
    pub read: Time,
}

impl Sight {
    /// Of an answer that was made then at the latest, and of which no more is known.
    pub fn at(at: Time) -> Sight {
        Sight { at, before: None, looked: None, read: at }
    }
}

/// Lays a new observation over the old record: unchanged fields keep their time, lost addresses and people are remembered,
/// an end that was seen gets its time.
pub fn overlay(old: Option<&Record>, mut new: Box<Record>, told: ListsCarried, sight: Sight) -> Merged {
    let told_end = new.memory.ended_at;
    let Some(old) = old else {
        new.memory.ended_at = ended_at(None, &new, told_end, sight);
        return Merged::Changed(new);
    };
    date_fields(old, &mut new, sight);
    if !told.people {
        // A part of the list may be shown: those count at once.
        new.people.extend(old.people.iter().cloned());
        new.people.sort();
        new.people.dedup();
    }
    if !told.accounts {
        // The first may have become one of the others, and a part of the list may be shown: those count at once.
        let all = old.accounts().chain(&new.more_accounts).cloned().collect();
        new.set_more_accounts(all);
    }
    new.memory = old.memory.clone();
    new.presence = Presence::Listed;
    if new.id.entity == Entity::Person {
        remember_addresses(old, &mut new);
        past_names::remember(old, &mut new);
        remember_cleared(old, &mut new);
        lists::remember(old, &mut new, sight.looked);
    }
    if new.id.entity == Entity::Deal {
        for person in old.people.iter().filter(|p| !new.people.contains(p)) {
            remember(&mut new.memory.past_people, person.clone());
        }
        new.memory.past_people.retain(|p| !new.people.contains(p));
        let Record { account, more_accounts, memory, .. } = &mut *new;
        let named = |a: &ShortText| account.as_ref() == Some(a) || more_accounts.contains(a);
        for account in old.accounts().filter(|a| !named(a)) {
            remember(&mut memory.past_accounts, account.clone());
        }
        memory.past_accounts.retain(|a| !named(a));
    }
    new.memory.ended_at = ended_at(Some(old), &new, told_end, sight);
    let changed_at = std::mem::replace(&mut new.changed_at, old.changed_at);
    if *new == *old {
        return Merged::Same;
    }
    new.changed_at = changed_at;
    Merged::Changed(new)
}

/// When each field was set: an unchanged one when it was before, a changed one since it was seen to be another.
fn date_fields(old: &Record, new: &mut Record, sight: Sight) {
    let untold = new.changed_at <= old.changed_at;
    for field in &mut new.fields {
        let Some(before) = old.field_of(&field.name) else { continue };
        if before.value.says_the_same(&field.value) || field.value.is_day_begun_at(&before.value) {
            (field.at, field.after) = (before.at, before.after);
            continue;
        }
        if untold && new.changed_at.is_some() {
            // The change did not move the record's time.
            field.at = field.at.max(sight.read);
        }
        if new.id.entity == Entity::Person && !before.value.is_unreadable() {
            let known = sight.looked.max(old.changed_at).max(Some(before.at));
            field.after = known.map(|known| known.min(field.at));
        }
    }
}

/// Fields that held something and hold nothing any more. What an answer leaves out says nothing.
fn remember_cleared(old: &Record, new: &mut Record) {
    let Record { fields, memory, .. } = new;
    for field in fields.iter() {
        let known = memory.cleared.binary_search_by(|(name, _)| name.cmp(&field.name));
        if !field.value.is_empty() {
            if let Some(at) = known.ok().filter(|_| !field.value.is_unreadable()) {
                memory.cleared.remove(at);
            }
            continue;
        }
        let before = old.field_of(&field.name).map(|f| &f.value).filter(|value| !value.is_empty() && !value.is_unreadable());
        match (known, before) {
            (Ok(at), Some(before)) => memory.cleared[at].1 = before.clone(),
            (Err(at), Some(before)) => memory.cleared.insert(at, (field.name.clone(), before.clone())),
            (_, None) => {}
        }
    }
}

/// Addresses that a person bore and bears no more.
fn remember_addresses(old: &Record, new: &mut Record) {
    let (before, now) = (old.address(), new.address());
    let Record { addresses, memory, .. } = new;
    let borne = |a: &Address| now.as_ref() == Some(a) || addresses.contains(a);
    for address in before.iter().chain(&old.addresses).filter(|a| !borne(a)) {
        remember(&mut memory.past_addresses, address.clone());
    }
    memory.past_addresses.retain(|a| !borne(a));
}

fn remember<T: Ord>(list: &mut Vec<T>, item: T) {
    if let Err(at) = list.binary_search(&item) {
        list.insert(at, item);
    }
}

/// When the present end of a deal or ticket came about: what the system says, but no earlier than it was last seen open.
///
/// The end that a system tells can be edited, and often is an expected one that nobody moved. A cool-down is for who was in a deal until
/// lately, so that it begins no earlier than the deal was known to be open.
fn ended_at(old: Option<&Record>, new: &Record, told: Option<Time>, sight: Sight) -> Option<Time> {
    let over = |r: &Record| r.deal.is_some_and(|d| !d.is_open()) || r.ticket.is_some_and(|t| !t.is_open());
    if !over(new) {
        return None;
    }
    // Our clock may be behind the system's: what is no later than its own last change is no expected end but a real one.
    let is_past = |t: &Time| *t <= sight.at || new.changed_at.is_some_and(|changed| *t <= changed);
    let told_or_now = told.map(|t| if is_past(&t) { t } else { sight.at });
    match old {
        // It may have been opened and ended again between two looks: the later end counts. One in the future is no news: it began to count
        // when the end was seen.
        Some(old) if over(old) && old.deal == new.deal => old.memory.ended_at.max(told.filter(is_past)),
        // Seen to end between two looks: after the last of them, no later than now.
        Some(_) => Some(told_or_now.unwrap_or(sight.at).max(sight.before.unwrap_or(sight.at))),
        // Its last change is no end that is still to come.
        None => told_or_now.or(new.changed_at.map(|changed| changed.min(sight.at))).or(Some(sight.at)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{DealState, Span, TicketState, Value};

    fn laid_over(old: &Record, new: Record, accounts: bool) -> Record {
        match overlay(Some(old), Box::new(new), ListsCarried { people: true, accounts }, Sight::at(Time(1_000))) {
            Merged::Changed(record) => *record,
            Merged::Same => old.clone(),
        }
    }

    #[test]
    fn what_was_emptied_is_told_from_what_never_held_anything() {
        let person = |title: Option<&str>| {
            let mut person = Record::new("crm:person:1".parse().unwrap());
            if let Some(title) = title {
                person.set(&"title".into(), if title.is_empty() { Value::Empty } else { Value::text(title) }, Time(1));
            }
            person
        };
        let title: crate::model::Name = "title".into();
        // What is shown one after the other, and what was cleared at the end.
        for (shown, cleared) in [
            (&[Some("")][..], None),
            (&[Some(""), Some("")], None),
            (&[Some("Chief"), Some("")], Some("Chief")),
            (&[Some("Chief"), Some(""), Some("")], Some("Chief")),
            (&[Some("Chief"), None, Some("")], None),
            (&[Some("Chief"), Some(""), None, Some("")], Some("Chief")),
            (&[Some("Chief"), Some(""), Some("Clerk")], None),
            (&[Some("Chief"), Some(""), Some("Clerk"), Some("")], Some("Clerk")),
        ] {
            let last = shown[1..].iter().fold(person(shown[0]), |known, title| laid_over(&known, person(*title), true));
            assert_eq!(last.cleared(&title), cleared.map(Value::text).as_ref(), "{shown:?}");
        }
    }

    /// Read first at 100 with a record of 90; looked at last at 140, and read now at 150.
    #[test]
    fn a_field_that_was_seen_to_change_is_no_older_than_the_last_look_and_the_rest_may_be_as_old_as_its_record() {
        let person = |title: Value, changed: Option<i64>| {
            let mut person = Record::new("crm:person:1".parse().unwrap());
            person.changed_at = changed.map(Time);
            person.set(&"title".into(), title, Time(changed.unwrap_or(100)));
            person
        };
        let old = || person(Value::text("Chief"), Some(90));
        for (what, old, new, changed, looked, age) in [
            ("unchanged", old(), "Chief", Some(147), Some(140), (None, 90)),
            ("written in another width", old(), "Ｃｈｉｅｆ", Some(147), Some(140), (None, 90)),
            ("changed", old(), "Clerk", Some(147), Some(140), (Some(140), 147)),
            ("changed, and nobody knows when it was looked at", old(), "Clerk", Some(147), None, (Some(90), 147)),
            ("changed, and the record's time did not move", old(), "Clerk", Some(90), Some(140), (Some(140), 150)),
            ("changed before the look, as the system says", old(), "Clerk", Some(130), Some(140), (Some(130), 130)),
            ("no times are told", person(Value::text("Chief"), None), "Clerk", None, Some(140), (Some(140), 150)),
            ("it could not be read", person(Value::Unreadable, Some(90)), "Clerk", Some(147), Some(140), (None, 147)),
        ] {
            let mut new = person(Value::text(new), changed);
            if changed.is_none() {
                new.fields[0].at = Time(150);
            }
            let sight = Sight { looked: looked.map(Time), read: Time(150), ..Sight::at(Time(145)) };
            let Merged::Changed(record) = overlay(Some(&old), Box::new(new), ListsCarried::ALL, sight) else {
                assert_eq!(what, "unchanged");
                continue;
            };
            let told = record.fields[0].age();
            assert_eq!((told.after, told.by), (age.0.map(Time), Time(age.1)), "{what}");
        }
    }

    /// Up to format 5 a birthday lay in the state as a time, which would have become a newer value by being read as a day.
    #[test]
    fn a_day_that_was_kept_as_a_time_is_as_old_as_it_was() {
        let born = |value: Value, at: i64| {
            let mut person = Record::new("crm:person:1".parse().unwrap());
            person.set(&"birth".into(), value, Time(at));
            person
        };
        let day = crate::model::Date(3_743);
        let in_tokyo = Value::Time(day.midnight().minus(Span::seconds(9 * 3600)));
        for (before, at) in [(in_tokyo, 5), (Value::Date(day), 5), (Value::Time(Time(0)), 900)] {
            let now = laid_over(&born(before, 5), born(Value::Date(day), 900), true);
            assert_eq!(now.field("birth").map(|f| (f.value.clone(), f.at)), Some((Value::Date(day), Time(at))));
        }
    }

    /// A search does not tell what a listing told: the further companies of a deal are not gone for that.
    #[test]
    fn further_accounts_stay_where_an_answer_does_not_carry_them() {
        let deal = |account: Option<&str>, more: &[&str]| {
            let mut deal = Record::new("crm:deal:1".parse().unwrap());
            deal.deal = Some(DealState::Open);
            deal.account = account.map(Into::into);
            deal.set_more_accounts(more.iter().map(|a| (*a).into()).collect());
            deal
        };
        let listed = deal(Some("71"), &["72", "73"]);
        assert_eq!(laid_over(&listed, deal(Some("71"), &[]), false), listed);
        let moved = laid_over(&listed, deal(Some("72"), &[]), false);
        assert_eq!((moved.account.as_deref(), moved.more_accounts.join(" ")), (Some("72"), "71 73".to_string()));
        assert_eq!(laid_over(&listed, deal(Some("71"), &["74"]), false).more_accounts.join(" "), "72 73 74");
        let told = laid_over(&moved, deal(None, &["73"]), true);
        assert_eq!((told.more_accounts.join(" "), told.memory.past_accounts.join(" ")), ("73".to_string(), "71 72".to_string()));
        assert!(laid_over(&told, deal(Some("71"), &[]), true).memory.past_accounts.join(" ") == "72 73");
    }

    #[test]
    fn an_address_that_a_person_bears_no_more_is_remembered_whichever_it_was() {
        let person = |email: &str, further: &[&str]| {
            let mut person = Record::new("crm:person:1".parse().unwrap());
            person.set(&"email".into(), Value::text(email), Time(1));
            person.addresses = further.iter().filter_map(|a| Address::parse(a)).collect();
            person
        };
        let past = |r: &Record| r.memory.past_addresses.iter().map(Address::as_str).collect::<Vec<_>>().join(" ");
        let first = person("a@x.example", &["b@x.example", "c@x.example"]);
        let second = laid_over(&first, person("b@x.example", &["d@x.example"]), true);
        assert_eq!(past(&second), "a@x.example c@x.example");
        let third = laid_over(&second, person("(cannot be read", &["a@x.example"]), true);
        assert_eq!(past(&third), "b@x.example c@x.example d@x.example");
    }

    /// A lost deal was closed once more, and our clock is behind the system's.
    #[test]
    fn a_told_end_counts_up_to_the_records_own_last_change() {
        let read_at = Time(1_000);
        let lost = |ended: i64, changed: i64| {
            let mut deal = Record::new("crm:deal:1".parse().unwrap());
            deal.deal = Some(DealState::Lost);
            deal.memory.ended_at = Some(Time(ended));
            deal.changed_at = Some(Time(changed));
            deal
        };
        let sight = Sight { before: Some(Time(990)), ..Sight::at(read_at) };
        let end = |told: i64, changed: i64| match overlay(Some(&lost(500, 500)), Box::new(lost(told, changed)), ListsCarried::ALL, sight) {
            Merged::Changed(record) => record.memory.ended_at,
            Merged::Same => Some(Time(500)),
        };
        assert_eq!(end(900, 900), Some(Time(900)));
        assert_eq!(end(1_090, 1_090), Some(Time(1_090)), "later than our clock says it is");
        assert_eq!(end(9_000, 900), Some(Time(500)), "an expected end is none");
    }

    /// A deal that was seen open a second ago is lost with a close date sixty days back, or thirty ahead.
    #[test]
    fn a_cool_down_begins_no_earlier_than_the_deal_was_last_seen_open() {
        let deal = |state, ended: Option<i64>| {
            let mut deal = Record::new("crm:deal:1".parse().unwrap());
            (deal.deal, deal.memory.ended_at) = (Some(state), ended.map(Time));
            deal
        };
        for (before, told, begins) in [
            (Some(990), Some(10), 990),
            (Some(990), None, 1_000),
            (Some(990), Some(995), 995),
            (Some(990), Some(9_000), 1_000),
            // We were away for long: what the system says is all there is.
            (Some(100), Some(700), 700),
            (None, Some(10), 1_000),
        ] {
            let sight = Sight { before: before.map(Time), ..Sight::at(Time(1_000)) };
            for old in [DealState::Open, DealState::Unknown, DealState::Won] {
                let Merged::Changed(record) =
                    overlay(Some(&deal(old, None)), Box::new(deal(DealState::Lost, told)), ListsCarried::ALL, sight)
                else {
                    panic!("it ended")
                };
                assert_eq!(record.memory.ended_at, Some(Time(begins)), "{before:?} {told:?} {old:?}");
            }
        }
        let first = |told| match overlay(None, Box::new(deal(DealState::Lost, told)), ListsCarried::ALL, Sight::at(Time(1_000))) {
            Merged::Changed(record) => record.memory.ended_at,
            Merged::Same => None,
        };
        assert_eq!(first(Some(10)), Some(Time(10)), "never seen open: it ended when the system says");
        assert_eq!(first(Some(9_000)), Some(Time(1_000)), "an end in the future counts as now");
        for (changed, begins) in [(900, 900), (9_000, 1_000)] {
            let mut closed = Record::new("support:ticket:1".parse().unwrap());
            (closed.ticket, closed.changed_at) = (Some(TicketState::Closed), Some(Time(changed)));
            let sight = Sight::at(Time(1_000));
            let Merged::Changed(record) = overlay(None, Box::new(closed), ListsCarried::ALL, sight) else { panic!("it is new") };
            assert_eq!(record.memory.ended_at, Some(Time(begins)), "last changed at {changed}, and no end is told");
        }
    }
}
