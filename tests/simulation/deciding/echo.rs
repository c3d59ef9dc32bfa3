//! Which of several values is news: not our own write that comes back, and not one that claims to be from the future.

use super::place::{NOW, Place, lead, person};
use nayose::engine::target::Agreed;
use nayose::model::{Name, Record, Span, Time, Value};

const MINUTE: Span = Span::minutes(1);

fn company(mut record: Record, value: &str, at: Time) -> Record {
    record.set(&Name::from("company"), Value::text(value), at);
    record
}

/// A lead that was last changed then.
fn changed_lead(value: &str, changed: Time) -> Record {
    let mut lead = company(lead("1", "a@a.example", "lead", &[]), value, changed);
    lead.changed_at = Some(changed);
    lead
}

/// The CRM's clock is a year ahead when a name is changed there.
#[test]
fn a_value_dated_in_the_future_gives_way_to_one_that_was_read_later() {
    let mut place = Place::new();
    place.read(&["ma", "support", "crm"], MINUTE);
    let in_crm = |value: &str, at: Time| company(person("crm:person:1", "a@a.example", &[]), value, at);
    let in_ma = |value: &str, at: Time| company(lead("1", "a@a.example", "lead", &[]), value, at);
    let minutes_ago = |minutes: i64| NOW.minus(Span::minutes(minutes));
    place.see("ma", "people", [in_ma("first", minutes_ago(60))], minutes_ago(50));
    place.see("crm", "people", [in_crm("ahead", NOW.plus(Span::days(365)))], minutes_ago(40));
    assert_eq!(place.planned("1", "company"), None, "nobody saw either of them change");
    place.see("crm", "people", [in_crm("further ahead", NOW.plus(Span::days(366)))], minutes_ago(35));
    assert_eq!(place.planned("1", "company").as_deref(), Some("further ahead"), "it was seen to change later than the other was read");
    place.see("ma", "people", [in_ma("by a marketer", minutes_ago(30))], minutes_ago(20));
    assert_eq!(place.planned("1", "company"), None);
    // Seen again as it is, it is no newer than before.
    place.see("crm", "people", [in_crm("further ahead", NOW.plus(Span::days(366)))], minutes_ago(10));
    assert_eq!(place.planned("1", "company"), None);
    place.see("crm", "people", [in_crm("later", minutes_ago(5))], minutes_ago(4));
    assert_eq!(place.planned("1", "company").as_deref(), Some("later"));
}

/// nayose wrote "ours" once; a user tries another name and goes back.
#[test]
fn a_value_of_ours_that_a_user_returns_to_is_news_and_one_that_never_left_is_an_echo() {
    let minutes_ago = |minutes: i64| NOW.minus(Span::minutes(minutes));
    for (tried, want) in [(Some("other"), None), (None, Some("by the CRM"))] {
        let mut place = Place::new();
        place.read(&["ma", "support", "crm"], MINUTE);
        let see = |place: &mut Place, value: &str, minutes: i64| {
            let shown = company(lead("1", "a@a.example", "lead", &[]), value, minutes_ago(minutes));
            place.see("ma", "people", [shown], minutes_ago(minutes));
        };
        see(&mut place, "ours", 60);
        let idx = place.engine.probe().world.find(&"ma:person:1".parse().unwrap()).unwrap();
        let agreed = vec![Agreed::new(Name::from("company"), Value::text("ours"))];
        place.engine.arrange().targets.begin(idx).agreed = agreed;
        let see_crm = |place: &mut Place, value: &str, minutes: i64| {
            let crm = company(person("crm:person:1", "a@a.example", &[]), value, minutes_ago(minutes));
            place.see("crm", "people", [crm], minutes_ago(minutes - 1));
        };
        see_crm(&mut place, "ours", 50);
        if let Some(tried) = tried {
            see(&mut place, tried, 30);
        }
        see_crm(&mut place, "by the CRM", 20);
        assert_eq!(place.planned("1", "company").as_deref(), Some("by the CRM"));
        see(&mut place, "ours", 10);
        assert_eq!(place.planned("1", "company").as_deref(), want, "after {tried:?}");
    }
}

/// The system's searches trail by a minute. nayose wrote "ours" ten minutes ago.
#[test]
fn what_a_search_shows_of_before_our_write_is_nobodys_word() {
    let minutes_ago = |minutes: i64| NOW.minus(Span::minutes(minutes));
    let (before, written) = (minutes_ago(60), minutes_ago(10));
    for (what, shown, changed, read, known) in [
        ("the index trails", "before", before, written.plus(Span::seconds(30)), "ours"),
        ("somebody typed since", "typed", written.plus(Span::seconds(5)), written.plus(Span::seconds(30)), "typed"),
        ("the index does not trail so far", "before", before, written.plus(Span::seconds(90)), "before"),
    ] {
        let mut place = Place::new();
        place.read(&["ma", "support", "crm"], MINUTE);
        place.put("people", &changed_lead("ours", before));
        let idx = place.engine.probe().world.find(&"ma:person:1".parse().unwrap()).unwrap();
        let target = place.engine.arrange().targets.begin(idx);
        target.agreed = vec![Agreed::new(Name::from("company"), Value::text("ours"))];
        target.acknowledged_at = Some(written);
        place.see("ma", "people", [changed_lead(shown, changed)], read);
        let record = place.engine.probe().world.record(idx);
        assert_eq!(record.text("company"), Some(known), "{what}");
        assert_eq!(place.engine.probe().targets.agreed(idx)[0].spent, known != "ours", "{what}");
    }
}

/// Our write of an hour ago moved the record's time, and was then read as it stood. A search that trailed after the next write showed the one
/// before it, and that was taken for somebody's word: the record's time was not the one that was kept.
#[test]
fn what_a_search_shows_of_our_write_before_the_last_is_nobodys_word() {
    let minutes_ago = |minutes: i64| NOW.minus(Span::minutes(minutes));
    let (first, second) = (minutes_ago(60), minutes_ago(10));
    for is_looked_at in [true, false] {
        let mut place = Place::new();
        place.read(&["ma", "support", "crm"], MINUTE);
        place.put("people", &changed_lead("first", minutes_ago(90)));
        let idx = place.engine.probe().world.find(&"ma:person:1".parse().unwrap()).unwrap();
        place.engine.arrange().targets.begin(idx).agreed = vec![Agreed::new(Name::from("company"), Value::text("first"))];
        if is_looked_at {
            place.see("ma", "people", [changed_lead("first", first)], minutes_ago(30));
        }
        place.put("people", &changed_lead("second", minutes_ago(90)));
        let target = place.engine.arrange().targets.begin(idx);
        target.agreed = vec![Agreed::new(Name::from("company"), Value::text("second"))];
        target.acknowledged_at = Some(second);
        place.see("ma", "people", [changed_lead("first", first)], second.plus(Span::seconds(30)));
        assert_eq!(place.engine.probe().world.record(idx).text("company"), Some("second"), "looked at between: {is_looked_at}");
    }
}

/// The system's clock is five seconds behind, and somebody typed over our value two seconds after it came: the older value was written over it.
#[test]
fn what_is_typed_over_our_value_is_news_also_by_a_clock_that_is_behind() {
    let before = |seconds: i64| NOW.minus(Span::seconds(seconds));
    let mut place = Place::new();
    place.read(&["ma", "support", "crm"], MINUTE);
    place.put("people", &changed_lead("first", before(600)));
    place.see("crm", "people", [company(person("crm:person:1", "a@a.example", &[]), "old", before(500))], before(62));
    place.see("crm", "people", [company(person("crm:person:1", "a@a.example", &[]), "by the CRM", before(61))], before(60));
    // Laid over it by our write: the lead's own time is of before.
    place.put("people", &Record { changed_at: Some(before(500)), ..changed_lead("by the CRM", before(55)) });
    let idx = place.engine.probe().world.find(&"ma:person:1".parse().unwrap()).unwrap();
    let target = place.engine.arrange().targets.begin(idx);
    target.agreed = vec![Agreed::new(Name::from("company"), Value::text("by the CRM"))];
    target.acknowledged_at = Some(before(55));
    let shown = changed_lead("by a marketer", before(63));
    place.see("ma", "people", [shown], before(30));
    assert_eq!(place.planned("1", "company"), None);
}
