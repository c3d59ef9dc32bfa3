use super::*;
use crate::model::{Time, Value};

#[test]
fn a_record_under_another_systems_name_is_found_by_that_alone() {
    let mut world = World::default();
    let id = |text: &str| -> RecordId { text.parse().unwrap() };
    let mut deal = Record::new(id("crm:deal:8"));
    deal.people = vec!["5".into()];
    let mut taro = Record::new(id("crm:person:5"));
    taro.set(&"email".into(), Value::text("taro@sato.example"), Time(1));
    let (deal, person) = (world.put("deals".into(), &deal), world.put("people".into(), &taro));
    world.rename(deal, &"crm@1".into());
    world.rename(person, &"crm@1".into());
    assert_eq!((world.find(&id("crm:person:5")), world.find(&id("crm@1:person:5"))), (None, Some(person)));
    assert_eq!((world.deals_of_person(&id("crm@1:person:5")), world.deals_of_person(&id("crm:person:5"))), (&[deal][..], &[][..]));
    assert_eq!(world.bearers(&taro.address().unwrap()), [person]);
    let stranger = world.put("people".into(), &taro);
    assert_ne!(stranger, person);
    world.empty(stranger, &"crm@gone".into());
    assert_eq!((world.bearers(&taro.address().unwrap()), world.find(&taro.id)), (&[person][..], None));
}

#[test]
fn a_name_that_was_met_while_comparing_is_kept_with_the_record_that_has_it() {
    let mut world = World::default();
    let mut record = Record::new("crm:person:5".parse().unwrap());
    let idx = world.put("people".into(), &record);
    assert!(world.names_to_keep().is_some());
    record.set(&"floor".into(), Value::Int(3), Time(1));
    assert!(!world.shows(idx, &record));
    world.put("people".into(), &record);
    let names = world.names_to_keep().map(<[Name]>::to_vec).unwrap();
    assert!(world.shows(idx, &record) && world.names_to_keep().is_none());
    let mut again = World::default();
    again.load_names(names);
    let idx = again.load(record.id.clone(), world.bytes(idx)).unwrap();
    assert_eq!(again.record(idx), record);
}
