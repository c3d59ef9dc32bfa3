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
