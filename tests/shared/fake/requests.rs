//! The requests of a manifest, by name, with what each is for.

use super::pattern::Pattern;
use nayose::connector::manifest::{Manifest, Request};

/// What a request of a manifest asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Wanted {
    Sweep,
    Changes,
    SameTime,
    Open,
    FeedStart,
    Feed,
    Deleted,
    /// Records by their ids.
    ByIds,
    People,
    Accounts,
    Instance,
    PickList,
    Update,
    FindLabels,
    CreateLabel,
    AddLabel,
    RemoveLabel,
}

/// One request of a manifest.
pub struct PlayedRequest {
    /// `people.sweep`, `writes.update` ..
    pub name: String,
    pub stream: String,
    pub wanted: Wanted,
    pub request: Request,
    /// It asks for one record, and gets that.
    pub single: bool,
    pub pattern: Pattern,
}

type NamedRequest = (String, String, Wanted, Request, bool);

pub fn requests(manifest: &Manifest) -> Vec<NamedRequest> {
    let mut out: Vec<NamedRequest> = Vec::new();
    for (stream, s) in &manifest.streams {
        let mut add = |name: &str, wanted: Wanted, request: Option<&Request>, single: bool| {
            out.extend(request.map(|r| (format!("{stream}.{name}"), stream.clone(), wanted, r.clone(), single)));
        };
        add("sweep", Wanted::Sweep, s.sweep.as_ref(), false);
        add("changes", Wanted::Changes, s.changes.as_ref().map(|c| &c.request), false);
        add("same_time", Wanted::SameTime, s.changes.as_ref().and_then(|c| c.same_time.as_ref()), false);
        add("open", Wanted::Open, s.open.as_ref(), false);
        add("feed_start", Wanted::FeedStart, s.feed.as_ref().map(|f| &f.start), false);
        add("feed", Wanted::Feed, s.feed.as_ref().map(|f| &f.request), false);
        add("deleted", Wanted::Deleted, s.feed.as_ref().and_then(|f| f.deleted.as_ref()), false);
        add("read", Wanted::ByIds, s.feed.as_ref().map(|f| &f.read), false);
        add("by_id", Wanted::ByIds, s.by_id.as_ref().map(|b| &b.request), s.by_id.as_ref().is_some_and(|b| b.chunk == 1));
        add("field_history", Wanted::ByIds, s.field_history.as_ref().map(|h| &h.request), false);
        add("all_accounts", Wanted::Accounts, s.all_accounts.as_ref().map(|a| &a.request), false);
        add("for_each", Wanted::People, s.for_each.as_ref().map(|e| &e.request), false);
    }
    let mut add = |name: &str, stream: &str, wanted: Wanted, request: Option<&Request>, single: bool| {
        out.extend(request.map(|r| (name.to_string(), stream.to_string(), wanted, r.clone(), single)));
    };
    add("instance", "", Wanted::Instance, manifest.instance.as_ref().map(|i| &i.request), false);
    if let Some(writes) = &manifest.writes {
        add("writes.update", &writes.stream, Wanted::Update, writes.update.as_ref().map(|u| &u.request), false);
        add("writes.pick_lists", &writes.stream, Wanted::PickList, writes.pick_lists.as_ref().map(|l| &l.request), false);
        add("writes.read", &writes.stream, Wanted::ByIds, Some(&writes.read), writes.read_chunk == 1);
        let labels = writes.labels.as_ref();
        add("labels.find", &writes.stream, Wanted::FindLabels, labels.map(|l| &l.find), false);
        add("labels.create", &writes.stream, Wanted::CreateLabel, labels.map(|l| &l.create), false);
        add("labels.add", &writes.stream, Wanted::AddLabel, labels.map(|l| &l.add), false);
        add("labels.remove", &writes.stream, Wanted::RemoveLabel, labels.map(|l| &l.remove), false);
    }
    out
}
