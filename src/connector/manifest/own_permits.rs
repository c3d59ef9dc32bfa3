//! Permits for one kind or topic of mail: in a manifest whose permit bears a name of systems.toml's, there may be several.

use super::{Manifest, MarkWrite, Request};
use crate::model::{Mark, OwnPermit};
use std::borrow::Cow;
use std::collections::BTreeMap;

/// What the permit for all marketing mail is called in the target.
const PERMIT: &str = "hold.permit";

/// What permits of their own are called in a manifest's texts: each by its place among them.
pub(in crate::connector) const OWN_PERMIT: &str = "hold.permits.";

impl Manifest {
    /// Whether mail of one kind can be told from other mail: what a permit is called says systems.toml, where it is written and where it is read.
    pub fn tells_permits_apart(&self) -> bool {
        let Some(writes) = &self.writes else { return false };
        let written = match &writes.permit {
            Some(MarkWrite::Field { field, .. }) => names_permit(field),
            Some(MarkWrite::Label { label }) => names_permit(label),
            None => false,
        };
        let record = self.streams.get(&writes.stream).and_then(|s| s.record.as_ref());
        let read = record.and_then(|r| r.marks.get(&Mark::Permit));
        written && read.is_some_and(|how| names_permit(&how.path) || how.contains.as_deref().is_some_and(names_permit))
    }

    /// The manifest with these permits beside the one for all marketing mail, each read and written as that one is.
    pub(in crate::connector) fn with_permits(&self, permits: &BTreeMap<OwnPermit, String>) -> Cow<'_, Manifest> {
        if permits.is_empty() || !self.tells_permits_apart() {
            return Cow::Borrowed(self);
        }
        let mut whole = self.clone();
        let names: Vec<String> = (0..permits.len()).map(|place| format!("{OWN_PERMIT}{place}")).collect();
        let Some(writes) = &mut whole.writes else { return Cow::Borrowed(self) };
        if let Some(stream) = whole.streams.get_mut(&writes.stream) {
            stream.requests_mut().for_each(|request| ask(request, &names));
            if let Some(record) = &mut stream.record {
                let shown: Vec<String> = record.always.iter().filter(|path| names_permit(path)).cloned().collect();
                for (own, name) in permits.keys().zip(&names) {
                    record.always.extend(shown.iter().map(|path| renamed(path, name)));
                    if let Some(mut how) = record.marks.get(&Mark::Permit).cloned() {
                        how.path = renamed(&how.path, name);
                        how.contains = how.contains.map(|label| renamed(&label, name));
                        record.marks.insert(Mark::OwnPermit(own.clone()), how);
                    }
                }
            }
        }
        ask(&mut writes.read, &names);
        if let Some(permit) = &writes.permit {
            writes.permits = permits.keys().zip(&names).map(|(own, name)| (own.clone(), write_renamed(permit, name))).collect();
        }
        Cow::Owned(whole)
    }
}

fn names_permit(text: &str) -> bool {
    text.contains(&format!("{{{PERMIT}}}"))
}

fn renamed(text: &str, name: &str) -> String {
    text.replace(&format!("{{{PERMIT}}}"), &format!("{{{name}}}"))
}

fn write_renamed(write: &MarkWrite, name: &str) -> MarkWrite {
    match write {
        MarkWrite::Field { field, on, off, format } => {
            MarkWrite::Field { field: renamed(field, name), on: on.clone(), off: off.clone(), format: *format }
        }
        MarkWrite::Label { label } => MarkWrite::Label { label: renamed(label, name) },
    }
}

/// Asks for the fields of these permits wherever that of the other one is asked for.
fn ask(request: &mut Request, names: &[String]) {
    request.query.values_mut().for_each(|text| ask_in_text(text, names));
    if let Some(body) = &mut request.body {
        ask_in_body(body, names);
    }
}

fn ask_in_text(text: &mut String, names: &[String]) {
    let more = format!("{{,{PERMIT}}}");
    if text.contains(&more) {
        let all: String = names.iter().map(|name| format!("{{,{name}}}")).collect();
        *text = text.replace(&more, &format!("{more}{all}"));
    }
}

fn ask_in_body(body: &mut toml::Value, names: &[String]) {
    match body {
        toml::Value::String(text) => ask_in_text(text, names),
        toml::Value::Table(table) => table.iter_mut().for_each(|(_, value)| ask_in_body(value, names)),
        toml::Value::Array(items) => {
            items.iter_mut().for_each(|value| ask_in_body(value, names));
            let sole = format!("{{{PERMIT}}}");
            if let Some(at) = items.iter().position(|entry| entry.as_str() == Some(&sole)) {
                let more = names.iter().map(|name| toml::Value::String(format!("{{{name}}}")));
                items.splice(at + 1..at + 1, more);
            }
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::connector::manifest::load;
    use crate::model::MailKind;

    const MANIFEST: &str = "name = 't'\ntitle = 'T'\nrole = 'ma'\napi_version = '1'\nbase_url = 'https://t.example'\nauth = { kind = 'none' }
        [streams.people]\nentity = 'person'\n[streams.people.sweep]\npath = '/'\nmethod = 'POST'\nquery = { fields = 'id{,hold.permit}{,hold.why}' }
        body = { properties = ['email', '{hold.permit}', 'phone'] }\n[streams.people.record]\nid = 'id'\nalways = ['{hold.permit}']
        [streams.people.record.marks]\npermit = { path = '{hold.permit}' }\n[writes]\nstream = 'people'\nread_chunk = 9
        read = { path = '/', query = { ids = '{ids}', fields = 'id{,hold.permit}' } }\npermit = { kind = 'field', field = '{hold.permit}' }
        [writes.update]\nbatch = 9\nid_key = 'id'\nresults = { path = 'r' }\nrequest = { path = '/', body = { input = '{rows}' } }\n";

    fn permits() -> BTreeMap<OwnPermit, String> {
        let newsletter = (OwnPermit::Kind(MailKind::Newsletter), "ok_news".to_string());
        [newsletter, (OwnPermit::Topic("seminars".into()), "ok_seminars".to_string())].into()
    }

    #[test]
    fn each_permit_is_asked_for_read_and_written_as_the_one_for_all() {
        let manifest = load::parse("t", "t.toml", MANIFEST).unwrap();
        assert!(manifest.tells_permits_apart());
        let whole = manifest.with_permits(&permits());
        let sweep = whole.streams["people"].sweep.as_ref().unwrap();
        assert_eq!(sweep.query["fields"], "id{,hold.permit}{,hold.permits.0}{,hold.permits.1}{,hold.why}");
        let body = sweep.body.as_ref().unwrap()["properties"].as_array().unwrap();
        let body: Vec<&str> = body.iter().filter_map(toml::Value::as_str).collect();
        assert_eq!(body, ["email", "{hold.permit}", "{hold.permits.0}", "{hold.permits.1}", "phone"]);
        let record = whole.streams["people"].record.as_ref().unwrap();
        assert_eq!(record.always, ["{hold.permit}", "{hold.permits.0}", "{hold.permits.1}"]);
        for (place, own) in permits().into_keys().enumerate() {
            let name = format!("{{hold.permits.{place}}}");
            assert_eq!(record.marks[&Mark::OwnPermit(own.clone())].path, name);
            let MarkWrite::Field { field, .. } = &whole.writes.as_ref().unwrap().permits[&own] else { panic!("a field") };
            assert_eq!(*field, name);
        }
        assert_eq!(whole.writes.as_ref().unwrap().read.query["fields"], "id{,hold.permit}{,hold.permits.0}{,hold.permits.1}");
        assert!(matches!(manifest.with_permits(&BTreeMap::new()), Cow::Borrowed(_)));
    }

    #[test]
    fn a_permit_whose_name_the_manifest_gives_is_the_only_one() {
        let shown = MANIFEST.replace("permit = { path = '{hold.permit}' }", "permit = { path = 'ok' }");
        for fixed in [MANIFEST.replace("field = '{hold.permit}'", "field = 'ok'"), shown.replace("always = ['{hold.permit}']", "")] {
            let manifest = load::parse("t", "t.toml", &fixed).unwrap();
            assert!(!manifest.tells_permits_apart());
            assert_eq!(*manifest.with_permits(&permits()), manifest);
        }
    }
}
