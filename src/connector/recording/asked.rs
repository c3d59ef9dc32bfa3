//! Asks a system once in each way in which it can be read, so that the answers can be kept. Nothing is written.

use crate::connector::port::{Connector, PageSink, Pass, Reads};
use crate::model::{Name, ShortText, Time};
use futures::FutureExt;
use std::collections::BTreeMap;

/// Asks for one page of what changed since a time and of open deals, and for records and deals' people by these ids. Listings are not asked
/// for: who looks at a system has read their first pages. What cannot be read is an answer too.
pub async fn ask_each_way(connector: &dyn Connector, seen: &BTreeMap<Name, Vec<ShortText>>, since: Time) {
    for info in connector.streams() {
        let ids = seen.get(&info.name).map(Vec::as_slice).unwrap_or_default();
        let changes = match info.reads {
            Reads::ModifiedSince => Some(Pass::Changes(since)),
            Reads::Cursor => Some(Pass::Resume { cursor: None, since }),
            Reads::SweepOnly | Reads::Associations => None,
        };
        let by_id = (info.by_id > 0 && !ids.is_empty()).then(|| Pass::ById(ids.to_vec()));
        for pass in [changes, info.open.then_some(Pass::Open), by_id].into_iter().flatten() {
            one_page(connector, &info.name, pass).await;
        }
        for each in connector.streams().iter().filter(|s| s.for_each.as_ref() == Some(&info.name) && !ids.is_empty()) {
            one_page(connector, &each.name, Pass::ForEach(ids.to_vec())).await;
        }
    }
}

/// Begins a pass, and ends it with its first page. How it ended is in what was answered.
async fn one_page(connector: &dyn Connector, stream: &str, pass: Pass) {
    let sink: PageSink<'_> = Box::new(|_| async { Err("one page is enough".to_string()) }.boxed());
    let _ = connector.pass(stream, pass, sink).await;
}
