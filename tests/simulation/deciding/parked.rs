//! What is left alone, and let go again.

use super::place::{NOW, Place, lead, person};
use nayose::engine::answers::parked::UnparkRefused;
use nayose::model::{Name, Span, Time, Value};

const MINUTE: Span = Span::minutes(1);

/// The item of a target as formats 4 and 5 had it: the write of this field was dropped.
fn of_format_5(field: &str, value: &str) -> Vec<u8> {
    let (value, none): (Value, Option<()>) = (Value::text(value), None);
    // Field, ours, theirs, unseen, rewrites, parked, spent.
    let agreed = vec![(Name::from(field), value.clone(), value, false, 0_u8, true, false)];
    // A digest of what was written, rewrites, parked; times, the last, seen.
    let (settled, again) = ((0_u64, 0_u8, false), (0_u8, Time(0), false));
    let target = (agreed, false, false, none, none, none, settled, settled, again, again);
    postcard::to_allocvec(&target).unwrap()
}

#[test]
fn what_was_dropped_under_format_5_is_left_alone_until_its_record_is_named() {
    let phone = |value: &str| [("phone", Value::text(value))];
    let mut place = Place::new();
    place.put("people", &person("crm:person:1", "a@a.example", &phone("crm")));
    place.put("people", &lead("1", "a@a.example", "lead", &phone("old")));
    place.read(&["ma", "crm", "support"], MINUTE);
    assert_eq!(place.planned("1", "phone").as_deref(), Some("crm"));
    let mut place = place.opened_anew(vec![(b'T', b"ma:person:1".to_vec(), of_format_5("phone", "crm"))]);
    for opened_again in [false, true] {
        place.read(&["ma", "crm", "support"], MINUTE);
        assert_eq!(place.planned("1", "phone"), None, "{opened_again}");
        let left = place.explain("a@a.example").left_alone;
        assert_eq!(left.iter().map(|l| (&*l.field, l.until.as_deref())).collect::<Vec<_>>(), [("phone", None)], "{opened_again}");
        place = place.opened_anew(Vec::new());
    }
    place.read(&["ma", "crm", "support"], MINUTE);
    place.engine.reconcile(NOW);
    assert!(matches!(place.engine.unpark("nobody", None, NOW), Err(UnparkRefused::Unknown(_))));
    assert!(matches!(place.engine.unpark("ma", None, NOW), Err(UnparkRefused::Nothing(_))), "somebody gave it up");
    assert!(matches!(place.engine.unpark("ma:person:1", Some("title"), NOW), Err(UnparkRefused::Nothing(_))));
    assert_eq!(place.engine.unpark("ma:person:1", Some("phone"), NOW).ok(), Some(1));
    assert_eq!(place.planned("1", "phone").as_deref(), Some("crm"));
}
