//! What we saw change of a record: the last part of its bytes, which few have.

use super::{Names, Reader, Writer};
use crate::model::{Age, Entries, EntryFate, Record, Time};

const OURS: u8 = 0;
const ADDED: u8 = 1;
const REMOVED: u8 = 2;
const FORM: u8 = 3;

impl Writer {
    /// What was emptied, when fields changed, whose the entries of lists are, and names with slips. A record of which nothing of it is known ends before it.
    pub(super) fn seen_to_change(&mut self, record: &Record, names: &mut Names) {
        let memory = &record.memory;
        let nothing = memory.cleared.is_empty() && memory.lists.is_empty() && memory.past_names.is_empty();
        if nothing && record.fields.iter().all(|f| f.after.is_none()) {
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
        if !record.memory.past_names.is_empty() {
            self.list(&record.memory.past_names, |w, name| w.text(name));
        }
    }

    fn fate(&mut self, fate: &EntryFate) {
        let (kind, age) = match fate {
            EntryFate::Ours(at) => (OURS, Age::until(*at)),
            EntryFate::Form(at) => (FORM, Age::until(*at)),
            EntryFate::Added(age) => (ADDED, *age),
            EntryFate::Removed(age) => (REMOVED, *age),
        };
        self.bytes.push(kind);
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
            record.memory.past_names = self.list(Reader::owned)?;
        }
        Some(())
    }

    fn fate(&mut self) -> Option<EntryFate> {
        let kind = self.byte()?;
        let by = self.time()?;
        let age = Age { after: self.maybe(Reader::time)?, by };
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
}
