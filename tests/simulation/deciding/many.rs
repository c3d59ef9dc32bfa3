//! Decisions on many people at once.

use super::place::{NOW, Place, lead};
use nayose::model::{Name, Span, Value};

/// The daemon stood still for ever: what was remembered of all of them went with one commit, and the store takes 64 MiB at once.
#[test]
fn what_is_remembered_of_many_goes_with_several_commits() {
    const PEOPLE: usize = 1_000;
    let company = Name::from("company");
    let mut place = Place::edited("precedence.toml", "company = [[\"crm\", \"ma\"]]", "company = { first = [\"crm\", \"ma\"] }");
    place.read(&["ma", "support", "crm"], Span::minutes(1));
    let long = "社".repeat(15_000);
    for n in 0..PEOPLE {
        let mut record = lead(&n.to_string(), &format!("a{n}@a.example"), "lead", &[]);
        record.set(&company, Value::text(&format!("{n}{long}")), NOW.minus(Span::minutes(9)));
        place.put("people", &record);
        if n % 100 == 0 {
            place.engine.commit().unwrap();
        }
    }
    place.engine.commit().unwrap();
    place.plan();
    let world = place.engine.probe().world;
    let remembered = world.indexes().filter(|idx| world.record(*idx).first_value(&company).is_some()).count();
    assert_eq!((remembered, place.engine.halted()), (PEOPLE, None));
}
