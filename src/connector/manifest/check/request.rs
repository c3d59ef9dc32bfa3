//! What a manifest says of one request: its templates and paths, its body and its pages.

use super::checker::Checker;
use crate::connector::manifest::*;
use crate::model::Entity;

impl Checker<'_> {
    /// A request of a stream.
    pub fn request(&mut self, at: &[&str], s: &Stream, request: &Request, names: &[&str]) {
        self.plain_request(at, request, names);
        let has_people = s.entity == Entity::Deal && s.record.as_ref().is_some_and(|r| r.people.is_some());
        self.fail_if(request.carries_people && !has_people, at, "carries_people is for deals whose record has people");
        let accounts = s.record.as_ref().and_then(|r| r.account.as_ref()).map_or(0, |paths| paths.as_slice().len());
        self.fail_if(request.carries_accounts && accounts < 2, at, "carries_accounts is for records whose account has further paths");
        let (changes, by_id) = (at.get(2) == Some(&"changes"), request.uses("after_id"));
        let (rows_max, size) = match &request.page {
            Page::Cursor { rows_max, size, .. } => (*rows_max, *size),
            Page::Offset { rows_max, size, .. } => (*rows_max, Some(*size)),
            Page::None | Page::Number { .. } => (None, None),
        };
        let resumes = matches!(&request.page, Page::Cursor { resumes: true, .. });
        self.fail_if(resumes && !changes, at, "resumes is for changes");
        self.fail_if(rows_max.is_some() && !changes && !by_id, at, "rows_max is for changes, and for requests that say {after_id}");
        let fits = rows_max.is_none_or(|max| size.is_some_and(|size| size > 0 && size <= max));
        self.fail_if(!fits, at, "rows_max needs a size that is not above it");
        self.fail_if(by_id && rows_max.is_none(), at, "{after_id} needs pages of kind cursor or offset with rows_max");
    }

    /// Templates, paths and page of any request.
    pub fn plain_request(&mut self, at: &[&str], request: &Request, names: &[&str]) {
        // What the permit and the reason are called may stand in any request: some systems must be asked for each field by name.
        let names = &[names, &HOLD].concat()[..];
        self.template(at, &request.path, names);
        let names = &[names, &[OWN]].concat()[..];
        for text in request.query.values() {
            self.template(at, text, names);
        }
        if let Some(body) = &request.body {
            self.body(at, body, names);
        }
        for path in request.records.as_slice().iter().chain(request.total.iter().flat_map(Paths::as_slice)) {
            self.path(at, path);
        }
        match &request.page {
            Page::None => {}
            Page::Number { size, .. } => self.fail_if(*size == 0, at, "the page's size must be at least 1"),
            Page::Offset { size, in_body, as_text, .. } => {
                self.fail_if(*size == 0, at, "the page's size must be at least 1");
                self.fail_if(*as_text && !*in_body, at, "as_text is for an offset in a body");
                self.in_body(at, request, *in_body);
            }
            Page::Cursor { next, more, done, in_body, size_param, size, .. } => {
                for path in [Some(next), more.as_ref(), done.as_ref()].into_iter().flatten() {
                    self.path(at, path);
                }
                self.in_body(at, request, *in_body);
                self.fail_if(size_param.is_some() != size.is_some(), at, "size and size_param go together");
            }
        }
    }

    fn in_body(&mut self, at: &[&str], request: &Request, in_body: bool) {
        let no_body = in_body && !matches!(request.body, Some(toml::Value::Table(_)));
        self.fail_if(no_body, at, "in_body needs a body that is a table");
    }

    fn body(&mut self, at: &[&str], body: &toml::Value, names: &[&str]) {
        match body {
            toml::Value::String(text) => self.template(at, text, names),
            toml::Value::Array(items) => items.iter().for_each(|v| self.body(at, v, names)),
            toml::Value::Table(table) => table.values().for_each(|v| self.body(at, v, names)),
            _ => {}
        }
    }
}
