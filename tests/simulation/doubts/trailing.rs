//! A search that shows what a listing has overtaken.

use super::place::{NOW, Place, address, page, person};
use nayose::connector::Pass;
use nayose::model::{Record, Span, Time, Value};

fn phoned(phone: &str, changed_at: Time) -> Record {
    let mut record = person("crm:person:1", &address("1"), None);
    record.set(&"phone".into(), Value::text(phone), changed_at);
    record.changed_at = Some(changed_at);
    record
}

/// What stood there for seconds came back as the newest value that anybody had typed, and was written to the others.
#[test]
fn an_older_version_is_no_news_for_as_long_as_the_search_may_trail() {
    let before = |seconds| NOW.minus(Span::seconds(seconds));
    for (what, newest, pass, shows) in [
        ("the search trails", 30, Pass::Changes(before(600)), "03-0002"),
        ("a whole listing is what is there", 30, Pass::Sweep, "03-0001"),
        ("a look by id may, too", 30, Pass::ById(vec!["1".into()]), "03-0002"),
        ("no search trails so far", 90, Pass::Changes(before(600)), "03-0001"),
        ("dated in the future, whatever it means", -86_400, Pass::Changes(before(600)), "03-0001"),
    ] {
        let mut running = Place::new().start(NOW);
        running.read_all(&[("1", None)]);
        running.pass("crm.people", Pass::Sweep, page(vec![phoned("03-0002", before(newest))], Vec::new()));
        running.pass("crm.people", pass, page(vec![phoned("03-0001", before(newest + 10))], Vec::new()));
        let idx = running.engine.probe().world.find(&"crm:person:1".parse().unwrap()).unwrap();
        let known = running.engine.probe().world.record(idx);
        assert_eq!(known.field("phone").map(|field| field.value.to_string()).as_deref(), Some(shows), "{what}");
    }
}

/// Our clock may be two minutes off and agree: a deal that was lost again came back as won for a while, and nobody was held.
#[test]
fn how_far_a_search_trails_goes_by_the_clock_that_dates_its_rows() {
    for skew in [-90, 0, 90] {
        let there = |ago: i64| NOW.plus(Span::seconds(skew - ago));
        let mut running = Place::new().start(NOW);
        running.skew_ms = Some(skew * 1000);
        running.read_all(&[("1", None)]);
        running.pass("crm.people", Pass::Sweep, page(vec![phoned("03-0002", there(30))], Vec::new()));
        running.pass("crm.people", Pass::Changes(there(600)), page(vec![phoned("03-0001", there(40))], Vec::new()));
        let idx = running.engine.probe().world.find(&"crm:person:1".parse().unwrap()).unwrap();
        let known = running.engine.probe().world.record(idx);
        let shown = known.field("phone").map(|field| field.value.to_string());
        assert_eq!(shown.as_deref(), Some("03-0002"), "its clock less ours: {skew} s");
    }
}

/// A clock is hours behind, which was known before a restart and is not yet again: what it dates earlier is newer all the same.
#[test]
fn what_a_clock_dates_that_does_not_agree_is_not_overtaken() {
    const BEHIND: Span = Span::minutes(180);
    let there = |ago: i64| NOW.minus(Span::minutes(ago)).minus(BEHIND);
    let place = Place::new();
    let mut running = place.start(NOW);
    running.skew_of = [("crm", -BEHIND.0)].into();
    running.read_all(&[("1", None)]);
    running.pass("crm.people", Pass::Sweep, page(vec![phoned("03-0001", there(50))], Vec::new()));
    running.engine.commit().unwrap();
    drop(running);
    let mut running = place.start(NOW.plus(Span::minutes(1)));
    running.skew_of = [("crm", -BEHIND.0)].into();
    running.pass("crm.people", Pass::Changes(there(600)), page(vec![phoned("03-0002", there(10))], Vec::new()));
    let idx = running.engine.probe().world.find(&"crm:person:1".parse().unwrap()).unwrap();
    let known = running.engine.probe().world.record(idx);
    assert_eq!(known.field("phone").map(|field| field.value.to_string()).as_deref(), Some("03-0002"));
}

/// Somebody had edited the lead, then our title was written, and a search showed the edit without the title: the title seemed taken out, and
/// came back as somebody's own.
#[test]
fn a_version_of_before_our_write_is_no_news_though_it_is_newer_than_what_was_known() {
    let cases = [
        (40, "Vice President", false),
        (20, "(empty)", false),
        (-5, "(empty)", false),
        (900, "Vice President", true),
        (-1, "(empty)", true),
    ];
    for (changed, shows, is_restarted) in cases {
        let place = Place::new().of_systems("writes = [\"hold\"]", "writes = [\"hold\", \"title\"]");
        let mut running = place.start(NOW);
        running.read_all(&[("1", None)]);
        let mut contact = person("crm:person:1", &address("1"), None);
        contact.set(&"title".into(), Value::text("Vice President"), NOW);
        running.pass("crm.people", Pass::Sweep, page(vec![contact], Vec::new()));
        let lead = |changed: i64| {
            let mut lead = person("ma:person:1", &address("1"), None);
            lead.set(&"title".into(), Value::Empty, NOW.minus(Span::seconds(changed)));
            lead.changed_at = Some(NOW.minus(Span::seconds(changed)));
            lead
        };
        running.sweep("ma.people", vec![lead(900)], Vec::new());
        running.engine.approve("ma", false, "tests", running.now).unwrap();
        running.look_back(|_| vec![lead(900)]);
        let title = |running: &super::place::Running| {
            let idx = running.engine.probe().world.find(&"ma:person:1".parse().unwrap()).unwrap();
            running.engine.probe().world.record(idx).field("title").map(|field| field.value.to_string()).unwrap_or_default()
        };
        assert_eq!(title(&running), "Vice President", "it was written");
        running.later(Span::seconds(10));
        if is_restarted {
            let now = running.now;
            drop(running);
            running = place.start(now);
        }
        running.pass("ma.people", Pass::ById(vec!["1".into()]), page(vec![lead(changed)], Vec::new()));
        assert_eq!(title(&running), shows, "{changed}, by another process: {is_restarted}");
    }
}
