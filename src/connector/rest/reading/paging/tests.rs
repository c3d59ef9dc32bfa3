//! Listings whose server never lets them end.

use super::extent::PAGES_MAX;
use super::{Circle, PageStep, Pager, Rows};
use crate::connector::manifest::load;
use crate::connector::manifest::settings::Settings;
use crate::connector::port::SystemSettings;
use crate::connector::raw::json::Document;
use crate::connector::rest::http::request::Call;
use std::collections::BTreeMap;

fn call() -> Call {
    let page = "page = { kind = 'cursor', param = 'after', next = 'next' }";
    let text = format!(
        "name = 't'\ntitle = 'T'\nrole = 'ma'\napi_version = '1'\nbase_url = 'http://127.0.0.1'\nauth = {{ kind = 'none' }}\n[streams.s]\nentity = 'person'\n\
         [streams.s.sweep]\npath = '/s'\nrecords = 'r'\n{page}\n[streams.s.record]\nid = 'id'\n"
    );
    let manifest = load::parse("t", "t.toml", &text).unwrap_or_else(|e| panic!("{e:#?}"));
    let given = SystemSettings {
        name: "ma".into(),
        settings: BTreeMap::new(),
        permit: None,
        permits: Default::default(),
        why: None,
        time_zone: None,
        refusal_words: Default::default(),
        status_words: Default::default(),
        lacks: Vec::new(),
        edits: Default::default(),
        lists: None,
    };
    let settings = Settings::resolve(&manifest, &given).unwrap();
    Call::new("s sweep".into(), manifest.streams["s"].sweep.as_ref().unwrap(), &settings).unwrap().unwrap()
}

/// Pages of a server that always has new rows and another page.
fn turns(mut pager: Pager, from: u64, rows: usize, pages: usize) -> (Pager, Result<PageStep, Circle>) {
    let mut last = Ok(PageStep::More);
    for page in (from..).take(pages) {
        let answer = Document::parse(format!("{{\"next\":\"p{page}\"}}").as_bytes()).unwrap();
        last = pager.turn(answer.root(), Rows { longest: rows, all: rows, ids: vec![vec![page]] });
        if last.is_err() {
            break;
        }
    }
    (pager, last)
}

#[test]
fn a_listing_that_always_has_new_rows_is_ended_by_its_pages_and_by_its_rows() {
    let call = call();
    assert_eq!(turns(Pager::new(&call, None), 0, 100, PAGES_MAX - 1).1, Ok(PageStep::More));
    let (_, ended) = turns(Pager::new(&call, None), 0, 100, PAGES_MAX);
    assert_eq!(ended, Err(Circle("100000 pages and no end".to_string())));
    let (_, ended) = turns(Pager::new(&call, None), 0, 250_000, 41);
    assert_eq!(ended, Err(Circle("more than 10000000 rows and no end".to_string())));
}

#[test]
fn what_came_before_a_break_and_in_other_windows_counts_too() {
    let call = call();
    let (pager, step) = turns(Pager::new(&call, None), 0, 250_000, 40);
    assert_eq!(step, Ok(PageStep::More));
    let place = pager.place().unwrap();
    assert!(turns(Pager::going_on(&call, &place).unwrap(), 40, 1, 1).1.is_err());
    assert!(turns(Pager::new(&call, None).behind(pager.extent()), 0, 1, 1).1.is_err());
    assert_eq!(turns(Pager::new(&call, None), 0, 1, 1).1, Ok(PageStep::More));
}
