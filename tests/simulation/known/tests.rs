use super::*;
use crate::store::Handle;
use nayose::model::Record;
use nayose::store::{KeyValue, KeyValueBatch};
use std::sync::Arc;

/// A contact at an account is read in a pass that began then, and committed.
fn read(known: &mut Known, disk: &Arc<Disk>, account: &str, began: i64) {
    let record = Record { account: Some(account.into()), ..Record::new("crm:person:5".parse().unwrap()) };
    known.observe(&[Observed::Record { record: Box::new(record), people_told: true, accounts_told: true }], Time(began));
    Handle(disk.clone()).commit(KeyValueBatch::default()).unwrap();
    known.settle(disk);
}

#[test]
fn a_dead_process_whose_clock_was_ahead_makes_nothing_stale_that_the_next_one_reads() {
    let (mut known, disk, id) = (Known::default(), Disk::new(), "crm:person:5".parse().unwrap());
    let at = |known: &Known| known.bearer(&id).unwrap().accounts.iter().map(ToString::to_string).collect::<Vec<_>>();
    read(&mut known, &disk, "2", 10);
    known.acknowledged(&id, Time(9_000_000));
    read(&mut known, &disk, "0", 20);
    assert_eq!(at(&known), ["2"], "read before our write was acknowledged");
    known.forget(&disk, Time(0));
    read(&mut known, &disk, "0", 30);
    assert_eq!(at(&known), ["0"]);
}

/// Seed 89001151: a read by id showed the new account, and the search behind our write still the former one, under the same stamp.
#[test]
fn of_accounts_that_a_search_may_show_as_they_were_before_our_write_none_is_sure() {
    let (mut known, disk, id) = (Known::default(), Disk::new(), "crm:person:5".parse().unwrap());
    let at = |known: &Known| known.bearer(&id).unwrap().accounts.iter().map(ToString::to_string).collect::<Vec<_>>();
    read(&mut known, &disk, "0", 10);
    known.acknowledged(&id, Time(20));
    read(&mut known, &disk, "1", 30);
    assert_eq!(at(&known), [""; 0]);
    read(&mut known, &disk, "1", 30 + TRAILS_MS);
    assert_eq!(at(&known), ["1"]);
}

/// Seed 79001622: by a clock that was a month ahead a deal was seen open, and lost; the next process, which read it two hours later, was
/// to hold for an hour from that reading on.
#[test]
fn an_end_that_a_process_saw_whose_clock_was_ahead_was_no_later_than_its_death() {
    let (mut known, disk) = (Known::default(), Disk::new());
    let (contact, hour): (RecordId, i64) = ("crm:person:5".parse().unwrap(), 3_600_000);
    let put = |known: &mut Known, record: Record, began: i64| {
        known.observe(&[Observed::Record { record: Box::new(record), people_told: true, accounts_told: true }], Time(began));
        Handle(disk.clone()).commit(KeyValueBatch::default()).unwrap();
        known.settle(&disk);
    };
    let deal = |state| Record { deal: Some(state), people: vec!["5".into()], ..Record::new("crm:deal:12".parse().unwrap()) };
    let mut person = Record::new(contact.clone());
    person.set(&"email".into(), Value::text("mei@acme.example"), Time(0));
    put(&mut known, person, 0);
    let ahead = 31 * 24 * hour;
    put(&mut known, deal(DealState::Open), ahead);
    put(&mut known, deal(DealState::Lost), ahead + 60_000);
    known.forget(&disk, Time(120_000));
    for (read, holds) in [(120_000 + hour / 2, true), (120_000 + 2 * hour, false)] {
        put(&mut known, deal(DealState::Lost), read);
        assert_eq!(known.must_hold(&contact, &[Rules::Base], Time(read)).is_some(), holds, "{read}");
    }
}
