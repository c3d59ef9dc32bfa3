//! What a manifest must hold to make sense, beyond its grammar. Every mistake is told, with the key it is at.

mod checker;
mod record;
mod request;
mod texts;
mod writes;

pub use checker::Wrong;

use super::*;
use crate::model::Entity;
use checker::Checker;

/// Every mistake in a manifest that lies in a folder of the given name. `table` is its text as it stands.
pub fn check(folder: &str, manifest: &Manifest, table: &toml::Table) -> Vec<Wrong> {
    let mut c = Checker { manifest, wrong: Vec::new() };
    c.head(folder);
    texts::check(&mut c, table);
    for (name, stream) in &manifest.streams {
        c.stream(name, stream);
    }
    if let Some(writes) = &manifest.writes {
        writes::check(&mut c, writes);
    }
    c.wrong
}

impl Checker<'_> {
    fn head(&mut self, folder: &str) {
        let m = self.manifest;
        if m.name != folder {
            self.fail(&["name"], format!("is {:?}, and its folder {folder:?}; they must be the same", m.name));
        }
        if m.sunset.as_ref().is_some_and(|day| day != NO_SUNSET && day.parse::<jiff::civil::Date>().is_err()) {
            self.fail(&["sunset"], format!("is no day; write YYYY-MM-DD, or {NO_SUNSET:?}"));
        }
        self.fail_if(m.sunset_source.is_some() && m.sunset.is_none(), &["sunset_source"], "says where `sunset` is said, and there is none");
        let marks = m.writes.as_ref().is_some_and(|w| w.block.is_some() || w.permit.is_some());
        let obeyed = m.writes.as_ref().is_some_and(|w| w.obeyed_by.is_some());
        self.fail_if(obeyed && !marks, &["writes", "obeyed_by"], "says who obeys a block or permit, and neither is written");
        self.template(&["base_url"], &m.base_url, &[]);
        for (name, text) in &m.headers {
            self.template(&["headers", name], text, &[]);
        }
        for (name, setting) in &m.settings {
            if let Some(text) = &setting.default {
                self.template(&["settings", name, "default"], text, &[]);
            }
            self.fail_if(setting.secret && setting.default.is_some(), &["settings", name], "a secret can have no default");
            self.fail_if(setting.title.is_empty() || setting.find.is_empty(), &["settings", name], "needs a title and a where");
        }
        match &m.auth {
            Auth::None {} => {}
            Auth::Bearer { token } => self.template(&["auth"], token, &[]),
            Auth::Header { value, .. } => self.template(&["auth"], value, &[]),
            Auth::Basic { user, password } => {
                self.template(&["auth"], user, &[]);
                self.template(&["auth"], password, &[]);
            }
            Auth::ClientCredentials { method, path, client_id, client_secret, base_url } => {
                for text in [path, client_id, client_secret].into_iter().chain(base_url) {
                    self.template(&["auth"], text, &[]);
                }
                self.fail_if(!matches!(method, Method::Get | Method::Post), &["auth"], "method is GET or POST");
            }
            Auth::Jwt { key, .. } => self.template(&["auth"], key, &[]),
        }
        for (i, window) in m.limits.windows.iter().enumerate() {
            let wrong = window.requests == 0 || window.per.0 <= 0;
            self.fail_if(wrong, &["limits", "windows", &i.to_string()], "requests and per must be above zero");
        }
        let is_no_place = |zone: &String| jiff::tz::TimeZone::get(zone).is_err();
        self.fail_if(
            m.limits.day_zone.as_ref().is_some_and(is_no_place),
            &["limits", "day_zone"],
            "expected a place, as \"America/Chicago\"",
        );
        self.fail_if(m.limits.concurrency == 0, &["limits", "concurrency"], "must be at least 1");
        self.fail_if(m.limits.timeout.0 <= 0, &["limits", "timeout"], "must be above zero");
        if let Some(test) = &m.errors.success {
            self.test(&["errors", "success"], test);
        }
        for (key, path) in [("message", &m.errors.message), ("code", &m.errors.code)] {
            if let Some(path) = path {
                self.path(&["errors", key], path);
            }
        }
        if let Some(instance) = &m.instance {
            self.plain_request(&["instance", "request"], &instance.request, &[]);
            let paged = !matches!(instance.request.page, Page::None);
            self.fail_if(paged || instance.id.is_empty(), &["instance"], "is one request without pages, and a path to an id");
            self.path(&["instance", "id"], &instance.id);
        }
        self.fail_if(m.streams.is_empty(), &[], "there is no stream");
    }

    fn stream(&mut self, name: &str, s: &Stream) {
        let at = ["streams", name];
        let associations = s.entity == Entity::DealPerson;
        let read = s.sweep.is_some() || s.changes.is_some() || s.feed.is_some() || s.open.is_some();
        if associations {
            self.fail_if(read || s.record.is_some(), &at, "a deal_person stream has only carried_by and for_each");
            self.fail_if(s.carried_by.is_none() && s.for_each.is_none(), &at, "has no way to be read; give it carried_by or for_each");
        } else {
            self.fail_if(s.sweep.is_none(), &at, "has no sweep; every stream needs a whole listing, because no filter is sound");
            self.fail_if(s.carried_by.is_some() || s.for_each.is_some(), &at, "carried_by and for_each are for deal_person");
        }
        self.fail_if(s.changes.is_some() && s.feed.is_some(), &at, "has both changes and feed; one of them");
        self.fail_if(s.open.is_some() && s.entity != Entity::Deal, &["streams", name, "open"], "only deals have an open list");
        for (key, request, names) in [("sweep", s.sweep.as_ref(), &["after_id"][..]), ("open", s.open.as_ref(), &["after_id"])] {
            if let Some(request) = request {
                self.request(&["streams", name, key], s, request, names);
            }
        }
        if let Some(changes) = &s.changes {
            self.changes(name, s, changes);
        }
        if let Some(feed) = &s.feed {
            self.feed(name, s, feed);
        }
        if let Some(other) = &s.carried_by {
            let carries = |o: &Stream| {
                [o.sweep.as_ref(), o.open.as_ref(), o.changes.as_ref().map(|c| &c.request)].iter().flatten().any(|r| r.carries_people)
            };
            match self.deals(other) {
                None => self.fail(&["streams", name, "carried_by"], format!("{other:?} is no stream of deals")),
                Some(deals) if !carries(deals) => {
                    self.fail(&["streams", name, "carried_by"], format!("no request of {other} has carries_people = true"))
                }
                Some(_) => {}
            }
        }
        if let Some(each) = &s.for_each {
            self.for_each(name, s, each);
        }
        if let Some(by_id) = &s.by_id {
            self.by_id(name, s, by_id);
        }
        if let Some(all) = &s.all_accounts {
            self.all_accounts(name, s, all);
        }
        if let Some(history) = &s.field_history {
            self.field_history(name, s, history);
        }
        match &s.record {
            Some(map) => record::check(self, name, s.entity, map),
            None => self.fail_if(!associations, &at, "has no record: say what its records become"),
        }
        self.own_fields(name, s);
    }

    /// Who asks for fields by their names says where their values come.
    fn own_fields(&mut self, name: &str, s: &Stream) {
        let own_at = s.record.as_ref().and_then(|record| record.own_at.as_ref());
        let asks = self.manifest.asks_by_name(name);
        self.fail_if(asks && own_at.is_none(), &["streams", name], "{own.fields} needs record.own_at: the path before a field's name");
        let at = ["streams", name, "record", "own_at"];
        self.fail_if(!asks && own_at.is_some(), &at, "is for streams whose requests say {own.fields}");
        if let Some(path) = own_at {
            self.path(&at, path);
        }
        for path in s.record.iter().flat_map(|record| &record.consent) {
            self.path(&["streams", name, "record", "consent"], path);
        }
    }

    fn deals(&self, name: &str) -> Option<&Stream> {
        self.manifest.streams.get(name).filter(|s| s.entity == Entity::Deal)
    }

    fn changes(&mut self, name: &str, s: &Stream, changes: &Changes) {
        let at = ["streams", name, "changes"];
        self.request(&["streams", name, "changes", "request"], s, &changes.request, &["since"]);
        let since = changes.request.uses("since");
        self.fail_if(!since, &at, "nothing in the request says {since}");
        if let Page::Cursor { rows_max: Some(_), .. } | Page::Offset { rows_max: Some(_), .. } = &changes.request.page {
            let told = s.record.as_ref().is_some_and(|r| r.changed_at.is_some());
            self.fail_if(!told, &at, "rows_max needs record.changed_at, to ask again from the last row's time");
        }
        if let Some(same_time) = &changes.same_time {
            let at = ["streams", name, "changes", "same_time"];
            self.request(&at, s, same_time, &["since", "after_id"]);
            let says = same_time.uses("since") && same_time.uses("after_id");
            self.fail_if(!says, &at, "the request must say {since} and {after_id}");
        }
    }

    fn feed(&mut self, name: &str, s: &Stream, feed: &Feed) {
        let at = ["streams", name, "feed"];
        self.request(&["streams", name, "feed", "start"], s, &feed.start, &["since"]);
        self.request(&["streams", name, "feed", "request"], s, &feed.request, &["token"]);
        self.request(&["streams", name, "feed", "read"], s, &feed.read, &IDS);
        if let Some(deleted) = &feed.deleted {
            self.request(&["streams", name, "feed", "deleted"], s, deleted, &["token"]);
            self.fail_if(!matches!(deleted.page, Page::Cursor { .. }), &at, "the pages of deleted are of kind cursor");
        }
        self.fail_if(!matches!(feed.request.page, Page::Cursor { .. }), &at, "the pages of a feed are of kind cursor");
        self.fail_if(!feed.read.names_ids(), &at, "read does not say {ids}");
        self.fail_if(feed.chunk == 0, &["streams", name, "feed", "chunk"], "must be at least 1");
        self.path(&at, &feed.token);
        self.path(&at, &feed.id);
        if let Some(tells) = &feed.tells {
            self.feed_tells(name, s, tells);
        }
    }

    fn feed_tells(&mut self, name: &str, s: &Stream, tells: &FeedTells) {
        let at = ["streams", name, "feed", "tells"];
        let FeedTells { fields, changes, field, value, at: time, edited_by, edited_via } = tells;
        self.fail_if(s.entity != Entity::Person, &at, "is for persons");
        self.fail_if(s.field_history.is_some(), &at, "stands beside field_history; one of them says when fields changed");
        self.dated_fields(&at, s, fields);
        let mut own_names: Vec<&String> = fields.values().collect();
        own_names.sort();
        if let Some(twice) = own_names.windows(2).find(|pair| pair[0] == pair[1]) {
            self.fail(&["streams", name, "feed", "tells", "fields"], format!("has {:?} twice", twice[0]));
        }
        for path in [changes, field, value] {
            self.fail_if(path.is_empty() && path != changes, &at, "field and value need a path");
            self.path(&at, path);
        }
        self.path(&at, time.parts().0);
        self.editors(&at, edited_by, edited_via);
    }

    /// The fields that a system dates by themselves.
    fn dated_fields(&mut self, at: &[&str], s: &Stream, fields: &BTreeMap<Name, String>) {
        self.fail_if(fields.is_empty(), at, "fields is empty");
        for field in fields.keys().filter(|field| !s.record.as_ref().is_some_and(|map| map.fields.contains_key(*field))) {
            self.fail(&[at, &["fields", field]].concat(), "is no field of the stream's record");
        }
    }

    fn editors(&mut self, at: &[&str], by: &Option<Paths>, via: &Option<Paths>) {
        for path in [by, via].into_iter().flatten().flat_map(Paths::as_slice) {
            self.path(at, path);
        }
    }

    fn by_id(&mut self, name: &str, s: &Stream, by_id: &ById) {
        let at = ["streams", name, "by_id"];
        self.request(&["streams", name, "by_id", "request"], s, &by_id.request, &IDS);
        self.fail_if(!by_id.request.names_ids(), &at, "the request does not say {id} or {ids}");
        self.fail_if(s.record.is_none(), &at, "is for streams with a record");
        self.fail_if(by_id.chunk == 0, &["streams", name, "by_id", "chunk"], "must be at least 1");
    }

    fn for_each(&mut self, name: &str, s: &Stream, each: &ForEach) {
        if self.deals(&each.stream).is_none() {
            self.fail(&["streams", name, "for_each", "stream"], format!("{:?} is no stream of deals", each.stream));
        }
        let ForEach { request, chunk, deal, people, more, more_param, .. } = each;
        self.lists(&["streams", name, "for_each"], s, (request, *chunk), (deal, people), (more.as_deref(), more_param.is_some()));
    }

    fn all_accounts(&mut self, name: &str, s: &Stream, all: &AllAccounts) {
        let at = ["streams", name, "all_accounts"];
        let asked = s.record.as_ref().is_some_and(|r| r.accounts_more.is_some());
        self.fail_if(!asked, &at, "is never asked: record.accounts_more says where a record shows a part of its accounts");
        let AllAccounts { request, chunk, record, accounts, more, more_param } = all;
        self.lists(&at, s, (request, *chunk), (record, accounts), (more.as_deref(), more_param.is_some()));
    }

    fn field_history(&mut self, name: &str, s: &Stream, history: &FieldHistory) {
        let at = ["streams", name, "field_history"];
        let FieldHistory { request, chunk, record, fields, changes, value, at: time, edited_by, edited_via } = history;
        self.fail_if(s.entity != Entity::Person, &at, "is for persons");
        self.request(&["streams", name, "field_history", "request"], s, request, &[&IDS[..], &["fields"]].concat());
        self.fail_if(!request.names_ids() || !request.uses("fields"), &at, "the request must say {id_rows}, {ids} or {id}, and {fields}");
        self.fail_if(*chunk == 0, &["streams", name, "field_history", "chunk"], "must be at least 1");
        self.dated_fields(&at, s, fields);
        self.template(&at, changes, &["field"]);
        self.fail_if(!changes.contains("{field}"), &at, "changes does not say {field}");
        let list = checker::sample(changes);
        for path in [record, value, time.parts().0, &list] {
            self.path(&at, path);
        }
        self.editors(&at, edited_by, edited_via);
    }

    /// Lists that are read by the ids of those whose they are.
    fn lists(
        &mut self,
        at: &[&str; 3],
        s: &Stream,
        (request, chunk): (&Request, usize),
        (owner, ids): (&str, &str),
        (more, has_param): (Option<&str>, bool),
    ) {
        let below = |key| [at[0], at[1], at[2], key];
        self.request(&below("request"), s, request, &IDS);
        self.fail_if(!request.names_ids(), at, "the request does not say {ids} or {id_rows}");
        self.fail_if(chunk == 0, &below("chunk"), "must be at least 1");
        self.fail_if(owner.is_empty() && chunk != 1, at, "where no path says whose list a row is, chunk must be 1");
        for path in [owner, ids].into_iter().chain(more) {
            self.path(at, path);
        }
        self.fail_if(has_param && more.is_none(), at, "more_param needs more: where the answer says behind what to go on");
    }
}
