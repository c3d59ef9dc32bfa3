//! What we saw change of a record: the last part of its bytes, which few have.

use super::{Names, Reader, Writer};
use crate::model::{Age, Editor, Entries, EntryFate, FirstValue, LastEdit, PastStatus, Record, Time};

const OURS: u8 = 0;
const ADDED: u8 = 1;
const REMOVED: u8 = 2;
const FORM: u8 = 3;

/// What the system told of a field's last change, a bit each.
const DATED: u8 = 1;
const TYPED: u8 = 2;
const COPIED: u8 = 4;
/// Since format 8.
const IN_FILE: u8 = 8;

impl Writer {
    /// What was emptied, when fields changed, whose the entries of lists are, what the system told of changes, names with slips, first values and
    /// statuses. A record of which nothing of it is known ends before it.
    pub(super) fn seen_to_change(&mut self, record: &Record, names: &mut Names) {
        let memory = &record.memory;
        let untold = record.fields.iter().all(|f| f.last_edit.is_none());
        // Each part stands behind those that there were before it.
        let parts = match memory {
            _ if !memory.statuses.is_empty() => 3,
            _ if !memory.firsts.is_empty() => 2,
            _ if !memory.past_names.is_empty() => 1,
            _ => 0,
        };
        let nothing = memory.cleared.is_empty() && memory.lists.is_empty() && parts == 0;
        if nothing && untold && record.fields.iter().all(|f| f.after.is_none()) {
            return;
        }
        self.list(&record.memory.cleared, |w, (name, before)| {
            w.number(names.number(name));
            w.value(before);
        });
        for field in &record.fields {
            self.maybe(field.after.as_ref(), |w, after| w.signed(field.at.0.wrapping_sub(after.0)));
        }
        self.list(&record.memory.lists, |w, (name, entries)| {
            w.number(names.number(name));
            w.number(entries.len() as u64);
            for (entry, fate) in entries.iter() {
                w.text(entry);
                w.fate(fate);
            }
        });
        if !untold || parts > 0 {
            record.fields.iter().for_each(|field| self.last_edit(field.last_edit.as_deref(), names));
        }
        if parts > 0 {
            self.list(&memory.past_names, |w, name| w.text(name));
        }
        if parts > 1 {
            self.list(&memory.firsts, |w, (name, first)| {
                w.number(names.number(name));
                w.value(&first.value);
                w.age(first.age);
                w.maybe(first.unseen.as_ref(), |w, at| w.time(*at));
                w.time(first.since);
            });
        }
        if parts > 2 {
            self.list(&memory.statuses, |w, change| w.past_status(change, names));
        }
    }

    fn past_status(&mut self, change: &PastStatus, names: &mut Names) {
        self.time(change.at);
        for name in [&change.from, &change.to, &change.rule] {
            self.maybe(name.as_ref(), |w, name| w.number(names.number(name)));
        }
        self.list(&change.because, |w, text| w.text(text));
    }

    fn last_edit(&mut self, edit: Option<&LastEdit>, names: &mut Names) {
        let by = match edit.and_then(|edit| edit.by.as_ref()) {
            None => 0,
            Some(Editor::Person) => TYPED,
            Some(Editor::Relay(_)) => COPIED,
            Some(Editor::InFile(_)) => IN_FILE,
        };
        self.bytes.push(by | if edit.is_some_and(|edit| edit.dated) { DATED } else { 0 });
        let name = edit.and_then(|edit| edit.relay().or(edit.file()));
        name.iter().for_each(|name| self.number(names.number(name)));
    }

    fn fate(&mut self, fate: &EntryFate) {
        let (kind, age) = match fate {
            EntryFate::Ours(at) => (OURS, Age::until(*at)),
            EntryFate::Form(at) => (FORM, Age::until(*at)),
            EntryFate::Added(age) => (ADDED, *age),
            EntryFate::Removed(age) => (REMOVED, *age),
        };
        self.bytes.push(kind);
        self.age(age);
    }

    fn age(&mut self, age: Age) {
        self.time(age.by);
        self.maybe(age.after.as_ref(), |w, after| w.time(*after));
    }
}

impl Reader<'_> {
    /// Since format 5 what was emptied, since format 6 the rest.
    pub(super) fn seen_to_change(&mut self, record: &mut Record) -> Option<()> {
        record.memory.cleared = self.list(|r| Some((r.name()?, r.value()?)))?;
        if self.rest.is_empty() {
            return Some(());
        }
        for field in &mut record.fields {
            field.after = self.maybe(Reader::signed)?.map(|before| Time(field.at.0.wrapping_sub(before)));
        }
        record.memory.lists = self.list(|r| Some((r.name()?, Entries::of(r.list(|r| Some((r.owned()?, r.fate()?)))?))))?;
        if !self.rest.is_empty() {
            for field in &mut record.fields {
                field.last_edit = self.last_edit()?.map(Box::new);
            }
        }
        if !self.rest.is_empty() {
            record.memory.past_names = self.list(Reader::owned)?;
        }
        if !self.rest.is_empty() {
            record.memory.firsts = self.list(|r| Some((r.name()?, r.first_value()?)))?;
        }
        if !self.rest.is_empty() {
            record.memory.statuses = self.list(Reader::past_status)?;
        }
        Some(())
    }

    /// Nothing told is no edit at all.
    fn last_edit(&mut self) -> Option<Option<LastEdit>> {
        let told = self.byte()?;
        let by = match told & !DATED {
            0 => None,
            TYPED => Some(Editor::Person),
            COPIED => Some(Editor::Relay(self.name()?)),
            IN_FILE => Some(Editor::InFile(self.name()?)),
            _ => return None,
        };
        let edit = LastEdit { dated: told & DATED != 0, by };
        Some((told != 0).then_some(edit))
    }

    fn past_status(&mut self) -> Option<PastStatus> {
        let at = self.time()?;
        let [from, to, rule] = [self.maybe(Reader::name)?, self.maybe(Reader::name)?, self.maybe(Reader::name)?];
        Some(PastStatus { at, from, to, rule, because: self.list(Reader::owned)? })
    }

    fn first_value(&mut self) -> Option<FirstValue> {
        Some(FirstValue { value: self.value()?, age: self.age()?, unseen: self.maybe(Reader::time)?, since: self.time()? })
    }

    fn age(&mut self) -> Option<Age> {
        let by = self.time()?;
        Some(Age { after: self.maybe(Reader::time)?, by })
    }

    fn fate(&mut self) -> Option<EntryFate> {
        let kind = self.byte()?;
        let age = self.age()?;
        let by = age.by;
        Some(match kind {
            OURS => EntryFate::Ours(by),
            FORM => EntryFate::Form(by),
            ADDED => EntryFate::Added(age),
            REMOVED => EntryFate::Removed(age),
            _ => return None,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Writer, read};
    use super::*;
    use crate::model::{Name, Value};

    #[test]
    fn a_record_of_format_5_ends_with_what_was_emptied() {
        let mut record = Record::new("crm:person:1".parse().unwrap());
        record.set(&"title".into(), Value::Empty, Time(5));
        record.memory.cleared = vec![("title".into(), Value::text("Chief"))];
        let (mut names, mut writer, stream) = (Names::default(), Writer::default(), Name::from("people"));
        let whole = writer.whole(&stream, &record, &mut names).to_vec();
        // One byte a field, and one for no lists.
        let former = &whole[..whole.len() - 2];
        assert_eq!(read(record.id.clone(), former, &names), Some((stream.clone(), record.clone())));
        record.fields[0].after = Some(Time(3));
        let whole = writer.whole(&stream, &record, &mut names).to_vec();
        assert_eq!(read(record.id.clone(), &whole, &names), Some((stream, record)));
    }

    /// What it tells stands behind all that there was before, so that a record of which nothing is told has the bytes that it had.
    #[test]
    fn what_a_system_told_of_changes_is_kept_and_takes_no_room_where_nothing_is() {
        let mut record = Record::new("crm:person:1".parse().unwrap());
        ["a", "b", "c", "d"].into_iter().for_each(|name| record.set(&name.into(), Value::text(name), Time(5)));
        let (mut names, mut writer, stream) = (Names::default(), Writer::default(), Name::from("people"));
        record.fields[0].after = Some(Time(3));
        let untold = writer.whole(&stream, &record, &mut names).to_vec();
        record.fields[0].tell(Time(9), None);
        record.fields[1].tell(Time(8), Some(Editor::Person));
        record.fields[2].last_edit = Some(Box::new(LastEdit { dated: false, by: Some(Editor::Relay("svc-sync@acme.example".into())) }));
        record.fields[3].last_edit = Some(Box::new(LastEdit { dated: false, by: Some(Editor::InFile("inbox/cards.csv".into())) }));
        let whole = writer.whole(&stream, &record, &mut names).to_vec();
        assert_eq!(read(record.id.clone(), &whole, &names), Some((stream.clone(), record.clone())));
        assert!((whole.len() - 1..whole.len()).all(|end| read(record.id.clone(), &whole[..end], &names).is_none()), "cut short");
        record.fields.iter_mut().for_each(|f| (f.at, f.after, f.last_edit) = (Time(5), None, None));
        record.fields[0].after = Some(Time(3));
        assert_eq!(writer.whole(&stream, &record, &mut names), untold);
    }

    /// It stands behind all that there was before, too.
    #[test]
    fn what_a_record_held_first_is_kept_and_takes_no_room_where_nothing_is() {
        let mut record = Record::new("crm:person:1".parse().unwrap());
        ["a", "b"].into_iter().for_each(|name| record.set(&name.into(), Value::text(name), Time(5)));
        let (mut names, mut writer, stream) = (Names::default(), Writer::default(), Name::from("people"));
        let without = writer.whole(&stream, &record, &mut names).to_vec();
        for (value, after) in [(Value::text("展示会"), Some(Time(3))), (Value::Int(7), None)] {
            record.set_first_value(&"b".into(), FirstValue { value, age: Age { after, by: Time(5) }, unseen: after, since: Time(9) });
            let whole = writer.whole(&stream, &record, &mut names).to_vec();
            assert_eq!(read(record.id.clone(), &whole, &names), Some((stream.clone(), record.clone())));
            assert!(whole.len() > without.len());
        }
        record.memory.past_names = vec!["山田 太朗".into()];
        let whole = writer.whole(&stream, &record, &mut names).to_vec();
        assert_eq!(read(record.id.clone(), &whole, &names), Some((stream.clone(), record.clone())));
        let change = PastStatus {
            at: Time(9),
            from: None,
            to: Some("mql".into()),
            rule: Some("policy.toml:4".into()),
            because: vec!["crm:deal:8 (open)".into()],
        };
        record.memory.statuses = vec![change];
        let whole = writer.whole(&stream, &record, &mut names).to_vec();
        assert_eq!(read(record.id.clone(), &whole, &names), Some((stream.clone(), record.clone())));
        record.memory = Default::default();
        assert_eq!(writer.whole(&stream, &record, &mut names), without);
    }
}
