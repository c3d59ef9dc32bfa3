use super::*;
use crate::model::{Time, Value};

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
