//! The mistakes of a manifest's `writes`. The gravest is to name a field that shows the person's own no: it is refused here.

use super::checker::Checker;
use crate::connector::manifest::*;
use crate::connector::map::codes::Codes;
use crate::connector::map::marks::Flag;
use crate::connector::raw::from_toml::to_json;
use crate::connector::raw::plain::same_name;
use crate::model::{Entity, Mark};
use std::collections::BTreeMap;

pub(in crate::connector) fn check(c: &mut Checker<'_>, w: &Writes) {
    let stream = c.manifest.streams.get(&w.stream);
    let record = stream.and_then(|s| s.record.as_ref());
    let Some(record) = record.filter(|_| stream.is_some_and(|s| s.entity == Entity::Person)) else {
        return c.fail(&["writes", "stream"], format!("{:?} is no stream of persons", w.stream));
    };
    c.plain_request(&["writes", "read"], &w.read, &IDS);
    c.fail_if(!w.read.names_ids(), &["writes", "read"], "does not say {ids} or {id_rows}");
    c.fail_if(w.read_chunk == 0, &["writes", "read_chunk"], "must be at least 1");
    let by_id = !w.read.names_many_ids() && w.read_chunk != 1;
    c.fail_if(by_id, &["writes", "read_chunk"], "must be 1 where the request says {id}");
    let singly = w.looks_first() && !w.reads_together();
    c.fail_if(
        singly,
        &["writes", "look_first"],
        "needs a read of several records in one request: {ids} or {id_rows}, and a read_chunk above 1",
    );
    for name in w.fields.keys() {
        let known = record.fields.contains_key(name);
        c.fail_if(!known, &["writes", "fields", name], "is written but never read; add it to the stream's fields");
    }
    for (name, write) in &w.fields {
        if let Some(read) = record.fields.get(name) {
            field_check(c, name, write, read);
        }
    }
    marks(c, w, record);
    if let Some(update) = &w.update {
        update_check(c, update);
        back_check(c, w, update);
    }
    if let Some(labels) = &w.labels {
        labels_check(c, labels);
    }
    if let Some(lists) = &w.pick_lists {
        let at = ["writes", "pick_lists", "request"];
        c.plain_request(&at, &lists.request, &["field"]);
        let is_one = matches!(lists.request.page, Page::None) && lists.request.uses("field");
        c.fail_if(!is_one, &at, "is one request without pages that says {field}");
        c.path(&["writes", "pick_lists", "words"], &lists.words);
    }
    for (at, name) in written_fields(w) {
        let at: Vec<&str> = at.iter().map(|k| &**k).collect();
        if let Some(why) = consent_field(record.refusals.iter().map(|r| &*r.when.path), &name) {
            c.fail(&at, why);
        }
    }
}

/// The form in which a field is written: it must be one of its type, and what is written must be read as what was meant.
fn field_check(c: &mut Checker<'_>, name: &str, write: &FieldWrite, read: &FieldMap) {
    let at = ["writes", "fields", name];
    let spec = write.spec();
    let timed = matches!(read.kind(), FieldKind::Time | FieldKind::Date);
    c.fail_if(spec.is_some_and(|s| s.format.is_some()) && !timed, &at, "only a field of type time or date has a format");
    for (label, code) in spec.iter().flat_map(|s| &s.map) {
        c.template(&at, label, &[]);
        c.template_value(&at, code, &[]);
    }
    let none = BTreeMap::new();
    let named = spec.iter().flat_map(|s| &s.map).map(|(label, code)| (label.clone(), to_json(code))).collect();
    if let Err(wrong) = Codes::new(read.spec().map_or(&none, |s| &s.map), &named) {
        wrong.iter().for_each(|why| c.fail(&at, why.as_str()));
    }
}

/// Every field of the target that the manifest itself names for writing, with the keys that lead there.
fn written_fields(w: &Writes) -> Vec<(Vec<String>, String)> {
    let keys = |parts: &[&str]| parts.iter().map(|p| p.to_string()).collect::<Vec<_>>();
    let mut out: Vec<_> = w.fields.iter().map(|(name, field)| (keys(&["writes", "fields", name]), field.field().to_string())).collect();
    if let Some(field) = w.status.as_ref().and_then(|s| s.field.as_ref()) {
        out.push((keys(&["writes", "status"]), field.clone()));
    }
    for (name, mark) in [("block", &w.block), ("permit", &w.permit), ("why", &w.why)] {
        if let Some(MarkWrite::Field { field, .. }) = mark {
            out.push((keys(&["writes", name]), field.clone()));
        }
    }
    out
}

fn marks(c: &mut Checker<'_>, w: &Writes, record: &RecordMap) {
    let mut field_needed = !w.fields.is_empty();
    let mut label_needed = false;
    for (mark, how) in [(Mark::Block, &w.block), (Mark::Permit, &w.permit), (Mark::Why, &w.why)] {
        let at = ["writes", mark.name()];
        match how {
            None => continue,
            Some(MarkWrite::Field { field, on, off, format }) => {
                field_needed = true;
                c.template(&at, field, &HOLD);
                c.fail_if(format.is_some() && mark != Mark::Permit, &at, "format is for a permit");
                c.fail_if(*format == Some(TimeFormat::Date), &at, "a permit ends at a time: a date alone would end it at another");
                c.fail_if((on.is_some() || off.is_some()) && mark != Mark::Block, &at, "on and off are for a block");
                for value in [on, off].into_iter().flatten() {
                    c.template_value(&at, value, &HOLD);
                }
                if let (Mark::Block, Some(why)) = (&mark, not_told_apart(on.as_ref(), off.as_ref())) {
                    c.fail(&at, why);
                }
            }
            Some(MarkWrite::Label { label }) => {
                label_needed = true;
                c.template(&at, label, &HOLD);
            }
        }
        match record.marks.get(&mark) {
            None => c.fail(&at, "is written but never read back; add it to the stream's record.marks"),
            Some(read) => {
                if let Some(why) = how.as_ref().and_then(|how| cannot_show(&mark, how, read)) {
                    c.fail(&["streams", &w.stream, "record", "marks", mark.name()], why);
                }
            }
        }
    }
    if let Some(status) = &w.status {
        let at = ["writes", "status"];
        c.fail_if(status.field.is_some() == status.label_prefix.is_some(), &at, "needs either field or label_prefix");
        for text in status.field.iter().chain(&status.label_prefix).chain(status.map.values()) {
            c.template(&at, text, &[]);
        }
        match record.marks.get(&Mark::Status) {
            None => c.fail(&at, "is written but never read back; add it to the stream's record.marks"),
            Some(read) => {
                let shows = match (&status.label_prefix, &read.prefix) {
                    (Some(written), Some(read)) => same_name(written, read),
                    (written, read) => written.is_none() && read.is_none(),
                };
                let at = ["streams", &*w.stream, "record", "marks", "status"];
                c.fail_if(!shows, &at, "cannot show the status that is written: a label needs prefix = its label_prefix, a field has none");
            }
        }
        field_needed |= status.field.is_some();
        label_needed |= status.label_prefix.is_some();
    }
    c.fail_if(field_needed && w.update.is_none(), &["writes"], "fields are written, and there is no update that writes them");
    c.fail_if(label_needed && w.labels.is_none(), &["writes"], "labels are written, and there is no labels that writes them");
}

/// Why on and off could not be told apart. What a setting fills in is only known with the system.
fn not_told_apart(on: Option<&toml::Value>, off: Option<&toml::Value>) -> Option<String> {
    let named = |value: Option<&toml::Value>| value.and_then(toml::Value::as_str).is_some_and(|text| text.contains('{'));
    if named(on) || named(off) {
        return None;
    }
    let value = |given: Option<&toml::Value>, usual: bool| given.map_or(serde_json::Value::Bool(usual), to_json);
    Flag::new(value(on, true), value(off, false)).err()
}

/// Why a mark that is read so cannot show what is written.
fn cannot_show(mark: &Mark, written: &MarkWrite, read: &MarkMap) -> Option<&'static str> {
    match written {
        MarkWrite::Label { label } => match &read.contains {
            Some(contains) if same_name(contains, label) => None,
            _ => Some("cannot show the label that is written: it needs contains = that label"),
        },
        MarkWrite::Field { .. } if read.contains.is_some() => Some("reads a label, and a field is written: take contains out"),
        MarkWrite::Field { format, .. } => match (mark, read.kind) {
            (Mark::Block, FieldKind::Text | FieldKind::Bool) | (Mark::Why, FieldKind::Text) => None,
            (Mark::Block, _) => Some("a block is read by what writes.block says of on and off: take type out"),
            (Mark::Permit, FieldKind::Text | FieldKind::Time) => {
                let (written, read) = (format.unwrap_or_default(), read.format.unwrap_or_default());
                (!written.is_read_as(read)).then_some("cannot show the permit that is written: its format is another one")
            }
            (Mark::Permit, _) => Some("a permit that is written as a field is a time: take type out"),
            _ => Some("cannot show the text that is written: take type out"),
        },
    }
}

fn update_check(c: &mut Checker<'_>, update: &Update) {
    let at = ["writes", "update"];
    c.plain_request(&["writes", "update", "request"], &update.request, &["rows", "row", "id"]);
    c.fail_if(update.batch == 0, &["writes", "update", "batch"], "must be at least 1");
    if let Some(empty) = &update.empty {
        c.template_value(&["writes", "update", "empty"], empty, &[]);
    }
    let request = &update.request;
    let (rows, row, id) = (request.uses("rows"), request.uses("row"), request.uses("id"));
    c.fail_if(rows == row, &at, "the body says either {rows} (a batch) or {row} (one record)");
    c.fail_if((row || id) && update.batch > 1, &at, "{row} and {id} are for batch = 1");
    c.fail_if(rows && update.id_key.is_none(), &at, "a batch needs id_key");
    c.fail_if(row && !id && update.id_key.is_none(), &at, "nothing says which record: {id} in the path, or id_key");
    let untold = update.batch > 1 && update.results.is_none() && !update.confirm;
    c.fail_if(untold, &at, "a batch needs results (where each row's outcome is told) or confirm = true");
    if let Some(results) = &update.results {
        let at = ["writes", "update", "results"];
        c.path(&at, &results.path);
        for path in [&results.id, &results.reason, &results.errors, &results.error_ids, &results.error_reason].into_iter().flatten() {
            c.path(&at, path);
        }
        if let Some(test) = &results.applied {
            c.test(&at, test);
        }
        c.fail_if(results.errors.is_some() && (results.error_ids.is_none() || results.id.is_none()), &at, "errors needs id and error_ids");
    }
}

/// Fields that go back by clearing: each is one that is written, or that a setting may name, and each word has one place.
fn back_check(c: &mut Checker<'_>, w: &Writes, update: &Update) {
    let by_setting = w.status.as_ref().and_then(|s| s.field.as_ref()).is_some_and(|field| field.contains('{'));
    let written = written_fields(w);
    for (field, order) in &update.back_by_clearing {
        let at = ["writes", "update", "back_by_clearing", field];
        let is_written = by_setting || written.iter().any(|(_, name)| same_name(name, field));
        c.fail_if(!is_written, &at, "is written by nothing: take it out, or write it");
        let twice = order.iter().enumerate().any(|(i, word)| order[..i].contains(word));
        c.fail_if(twice, &at, "has a word twice: each has one place in the order");
    }
}

fn labels_check(c: &mut Checker<'_>, labels: &Labels) {
    let names = ["ids", "ids_quoted", "id_rows", "label", "label_id"];
    c.plain_request(&["writes", "labels", "find"], &labels.find, &["label"]);
    c.plain_request(&["writes", "labels", "create"], &labels.create, &["label"]);
    c.plain_request(&["writes", "labels", "add"], &labels.add, &names);
    c.plain_request(&["writes", "labels", "remove"], &labels.remove, &names);
    let at = ["writes", "labels"];
    for path in [&labels.find_name, &labels.find_id, &labels.created_id].into_iter().chain(&labels.succeeded) {
        c.path(&at, path);
    }
    c.fail_if(labels.batch == 0, &["writes", "labels", "batch"], "must be at least 1");
}

#[cfg(test)]
mod tests {
    use crate::connector::manifest::load;

    /// What is wrong with a manifest whose field `f` is read and written so.
    fn told(read: &str, written: &str) -> Vec<String> {
        let text = format!(
            "name = 't'\ntitle = 'T'\nrole = 'ma'\napi_version = '1'\nbase_url = 'https://t.example'\nauth = {{ kind = 'none' }}
            [streams.people]\nentity = 'person'\nsweep = {{ path = '/' }}\nrecord = {{ id = 'id', fields = {{ f = {read} }} }}
            [writes]\nstream = 'people'\nread_chunk = 9\nread = {{ path = '/', query = {{ ids = '{{ids}}' }} }}
            [writes.fields]\nf = {written}
            [writes.update]\nbatch = 9\nid_key = 'id'\nresults = {{ path = 'r' }}\nrequest = {{ path = '/', body = {{ input = '{{rows}}' }} }}\n"
        );
        load::parse("t", "t.toml", &text).err().into_iter().flatten().map(|e| e.message).collect()
    }

    /// The label went out in place of the code, over a right code, and nobody said anything.
    #[test]
    fn only_what_is_read_together_is_looked_at_first() {
        let text = |read: &str, word: &str| {
            format!(
                "name = 't'\ntitle = 'T'\nrole = 'ma'\napi_version = '1'\nbase_url = 'https://t.example'\nauth = {{ kind = 'none' }}
                [streams.people]\nentity = 'person'\nsweep = {{ path = '/' }}\nrecord = {{ id = 'id', fields = {{ f = 'f' }} }}
                [writes]\nstream = 'people'\n{read}\n{word}\nfields = {{ f = 'f' }}
                [writes.update]\nbatch = 1\nrequest = {{ path = '/{{id}}', body = '{{row}}' }}\n"
            )
        };
        let together = "read_chunk = 9\nread = { path = '/', query = { ids = '{ids}' } }";
        let one_of_many = "read_chunk = 1\nread = { path = '/', query = { ids = '{ids}' } }";
        let singly = "read_chunk = 1\nread = { path = '/{id}' }";
        for (read, word, looks) in [
            (together, "", Some(true)),
            (together, "look_first = true", Some(true)),
            (together, "look_first = false", Some(false)),
            (one_of_many, "", Some(false)),
            (singly, "", Some(false)),
            (singly, "look_first = false", Some(false)),
            (singly, "look_first = true", None),
            (one_of_many, "look_first = true", None),
        ] {
            let found = load::parse("t", "t.toml", &text(read, word));
            match found {
                Ok(manifest) => assert_eq!(manifest.writes.map(|w| w.looks_first()), looks, "{read} {word}"),
                Err(wrong) => {
                    let told = wrong.iter().filter(|e| e.message.contains("needs a read of several records in one request")).count();
                    assert_eq!((told, wrong.len(), looks), (1, 1, None), "{read} {word}: {wrong:?}");
                }
            }
        }
    }

    #[test]
    fn a_written_field_says_which_code_is_written_for_each_label() {
        let twice = "{ path = 'f', map = { '10' = 'made', '11' = 'made', '20' = 'built' } }";
        for (read, written, said) in [
            (twice, "'f'", Some("\"10\", \"11\" are all read as \"made\": name the one that is written, as map = { \"made\" = \"10\" }")),
            (twice, "{ field = 'f', map = { made = '11' } }", None),
            (twice, "{ field = 'f', map = { made = '10', sold = '30' } }", Some("add \"30\" = \"sold\" to the map of the stream's field")),
            (twice, "{ field = 'f', map = { made = '20' } }", Some("is read as \"built\"")),
            ("'f'", "{ field = 'f', map = { made = '10' } }", Some("could not be read again")),
            ("'f'", "{ field = 'f', format = 'date' }", Some("only a field of type time or date has a format")),
            ("{ path = 'f', type = 'date' }", "{ field = 'f', format = 'unix_ms' }", None),
            ("{ path = 'f', type = 'date', format = 'unix_ms' }", "'f'", None),
            ("'f'", "{ name = 'f' }", Some("unknown key `name`")),
            ("'f'", "5", Some("the system's name of the field as text, or a table")),
        ] {
            let told = told(read, written);
            match said {
                None => assert!(told.is_empty(), "{read} {written}: {told:?}"),
                Some(said) => assert!(told.len() == 1 && told[0].contains(said), "{read} {written}: {told:?}"),
            }
        }
    }

    #[test]
    fn what_goes_back_by_clearing_is_written_and_each_word_has_one_place() {
        for (table, said) in [
            ("f = ['a', 'b']", None),
            ("F = []", None),
            ("g = ['a']", Some("is written by nothing")),
            ("f = ['a', 'b', 'a']", Some("has a word twice")),
        ] {
            let told = told("'f'", &format!("'f'\n[writes.update.back_by_clearing]\n{table}"));
            assert_eq!((told.is_empty(), told.len()), (said.is_none(), usize::from(said.is_some())), "{table}: {told:?}");
            assert!(said.is_none_or(|said| told[0].contains(said)), "{table}: {told:?}");
        }
    }

    #[test]
    fn a_pick_list_is_asked_for_by_one_request_that_names_the_field() {
        let paged = "path = '/fields/{field}', page = { kind = 'number', param = 'page', first = 1, size_param = 'size', size = 9 }";
        for (request, words, said) in [
            ("path = '/fields/{field}'", "options[].value", None),
            ("path = '/fields', query = { of = '{field}' }", "options", None),
            ("path = '/fields'", "options", Some("says {field}")),
            (paged, "options", Some("without pages")),
            ("path = '/fields/{field}'", "options[", Some("options[")),
        ] {
            let told = told("'f'", &format!("'f'\n[writes.pick_lists]\nrequest = {{ {request} }}\nwords = '{words}'"));
            assert_eq!(told.len(), usize::from(said.is_some()), "{request}: {told:?}");
            assert!(said.is_none_or(|said| told[0].contains(said)), "{request}: {told:?}");
        }
    }
}
