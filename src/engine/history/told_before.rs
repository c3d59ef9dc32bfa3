//! What was told, as former versions keep it: events under other names, and notices that say of no event.

use super::told::{Event, Notice, NoticeWay, ToldNotices, Unsent};
use crate::engine::ledger::kind::Single;
use crate::model::Time;
use serde::Deserialize;
#[cfg(test)]
use serde::Serialize;
use std::collections::BTreeMap;

/// What was told, as former versions keep it.
pub(in crate::engine) const TOLD: Single<ToldBefore> = Single::new("told");

/// How names of events began, and how they begin now. Those of waiting plans held numbers, and are forgotten: nobody is told that they are over.
const BEGAN: [(&str, &str); 4] =
    [("credential ", "credential:"), ("token ends ", "token_ends:"), ("api ends ", "api_ends:"), ("dead letters ", "dead_letters:")];

#[derive(Deserialize)]
#[cfg_attr(test, derive(Serialize))]
pub(in crate::engine) struct ToldBefore {
    events: BTreeMap<String, Event>,
    unsent: Vec<UnsentBefore>,
}

#[derive(Deserialize)]
#[cfg_attr(test, derive(Serialize))]
struct UnsentBefore {
    by: NoticeWay,
    notice: NoticeBefore,
    tries: u32,
    next_at: Time,
}

#[derive(Deserialize)]
#[cfg_attr(test, derive(Serialize))]
struct NoticeBefore {
    over: bool,
    text: String,
}

/// What that item says, in today's form.
pub(in crate::engine) fn in_todays_form(before: ToldBefore) -> ToldNotices {
    let events = before.events.into_iter().filter_map(|(name, event)| Some((named(&name)?, event))).collect();
    let unsent = before.unsent.into_iter().map(|u| {
        let notice = Notice { event: String::new(), since: None, over: u.notice.over, text: u.notice.text };
        Unsent { by: u.by, notice, tries: u.tries, next_at: u.next_at }
    });
    ToldNotices { events, unsent: unsent.collect() }
}

fn named(before: &str) -> Option<String> {
    if ["protection", "config"].contains(&before) {
        return Some(before.into());
    }
    BEGAN.iter().find_map(|(began, begins)| Some(format!("{begins}{}", before.strip_prefix(began)?)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_former_version_told_is_not_told_again_nor_lost() {
        let event = Event { over: "x".into(), since: Time(1), told_at: Some(Time(2)), count: 6, gone_since: None };
        let names =
            ["protection", "config", "credential ma", "token ends ma", "api ends ma", "dead letters ma", "waits update ma: after 6"];
        let before = ToldBefore {
            events: names.iter().map(|name| (name.to_string(), event.clone())).collect(),
            unsent: vec![UnsentBefore {
                by: NoticeWay::Mail,
                notice: NoticeBefore { over: true, text: "y".into() },
                tries: 3,
                next_at: Time(9),
            }],
        };
        let told = in_todays_form(TOLD.read(&postcard::to_allocvec(&before).unwrap()).unwrap());
        let mut kept: Vec<&str> = told.events.keys().map(String::as_str).collect();
        kept.sort_unstable();
        assert_eq!(kept, ["api_ends:ma", "config", "credential:ma", "dead_letters:ma", "protection", "token_ends:ma"]);
        assert!(told.events.values().all(|e| *e == event));
        let notice = Notice { event: String::new(), since: None, over: true, text: "y".into() };
        assert_eq!(told.unsent, [Unsent { by: NoticeWay::Mail, notice, tries: 3, next_at: Time(9) }]);
    }
}
