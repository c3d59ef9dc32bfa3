//! Whom a pinned value counts for.

use super::place::{NOW, Place, lead, person};
use nayose::model::{Span, Value};

const MEI: &str = "mei.tanaka@acme.example";
const TARO: &str = "taro.yamada@acme.example";

fn named(mut record: nayose::model::Record, name: &str) -> nayose::model::Record {
    record.set(&"name".into(), Value::text(name), NOW.minus(Span::days(9)));
    record
}

/// The simulation's seed 91: a lead that was Mei's became Taro's, and what was pinned for her by her address was written to his records.
#[test]
fn what_is_pinned_by_an_address_is_of_whoever_bears_it_and_not_of_who_left_it() {
    let mut place = Place::new();
    place.read(&["ma", "support", "crm"], Span::minutes(1));
    place.put("people", &named(person("crm:person:1", MEI, &[("company", Value::text("Acme"))]), "Mei Tanaka"));
    place.put("people", &named(person("crm:person:2", TARO, &[("company", Value::text("Acme"))]), "山田 太郎"));
    place.put("people", &named(lead("7", MEI, "lead", &[("company", Value::Empty)]), "Mei Tanaka"));
    place.engine.reconcile(NOW);
    place.engine.pin(MEI, "company", "Globex", "hanako", "asked for", NOW).unwrap();
    assert_eq!(place.planned("7", "company").as_deref(), Some("Globex"));

    let later = NOW.plus(Span::minutes(5));
    let mut became = named(lead("7", TARO, "lead", &[("company", Value::Empty)]), "山田 太郎");
    became.changed_at = Some(later);
    place.see("ma", "people", [became], later);
    assert_eq!(place.planned("7", "company").as_deref(), Some("Acme"), "the lead is his now, and she bears her address still");
    assert_eq!(place.engine.pins_told()[0].records, ["crm:person:1"]);
    assert!(place.engine.unpin(TARO, "company", "hanako", NOW).is_err(), "nothing of his is pinned");
    assert!(place.engine.pin(MEI, "company", "Initech", "hanako", "asked for", NOW).is_ok(), "and her address stands for her alone");
}

#[test]
fn who_changes_their_address_keeps_what_was_pinned_by_it() {
    let mut place = Place::new();
    place.read(&["ma", "support", "crm"], Span::minutes(1));
    let shown = |email: &str| named(lead("7", email, "lead", &[("company", Value::Empty)]), "Mei Tanaka");
    place.put("people", &shown(MEI));
    place.engine.reconcile(NOW);
    place.engine.pin(MEI, "company", "Globex", "hanako", "asked for", NOW).unwrap();
    let later = NOW.plus(Span::minutes(5));
    let moved = nayose::model::Record { changed_at: Some(later), ..shown("mei@new.example") };
    place.see("ma", "people", [moved], later);
    assert_eq!(place.planned("7", "company").as_deref(), Some("Globex"));
    assert!(place.engine.unpin("mei@new.example", "company", "hanako", NOW).is_ok());
    assert_eq!(place.planned("7", "company"), None);
}

/// A pin on a name goes only where names are written. The record that kept the name of before was another person from then on, also after `unpin`.
#[test]
fn a_name_that_we_wrote_into_one_record_keeps_it_with_those_that_bear_the_name_of_before() {
    let mut place = Place::new();
    place.read(&["ma", "support", "crm"], Span::minutes(1));
    place.put("people", &named(person("crm:person:1", MEI, &[]), "Mei Tanaka"));
    place.put("people", &named(lead("7", MEI, "lead", &[]), "Mei Tanaka"));
    place.engine.reconcile(NOW);
    let together = |place: &mut Place| place.explain(MEI).records.len();
    assert_eq!(together(&mut place), 2);
    for (name, members) in [("Mei Suzuki", 2), ("Mei Tanaka", 2)] {
        let idx = place.engine.probe().world.find(&"ma:person:7".parse().unwrap()).unwrap();
        let mut record = place.engine.probe().world.record(idx);
        let target = place.engine.arrange().targets.begin(idx);
        target.field_applied(&mut record, "name".into(), Value::text(name), NOW);
        place.put("people", &record);
        place.engine.reconcile(NOW);
        assert_eq!(together(&mut place), members, "{name} was written");
    }
    // Whoever types another says that it is somebody else.
    let later = NOW.plus(Span::minutes(5));
    let mut typed = named(lead("7", MEI, "lead", &[]), "Hanako Mori");
    typed.changed_at = Some(later);
    place.see("ma", "people", [typed], later);
    assert_eq!(place.engine.explain(MEI, &nayose::engine::gate::answer::Gate::new(&place.engine), NOW).len(), 2);
}
