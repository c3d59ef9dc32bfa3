//! What of a record is parked: not written for a while as it does not stay, or as it was written too often; or given up by somebody.

use super::{Noticed, Parked, Sent, Staying, Target, Wanted};
use crate::model::{Mark, Name, Record, Time, Value};

/// A field or mark that is not written, and why.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ParkedPart<'t> {
    /// The field's name, or the mark's.
    pub what: &'t str,
    pub parked: Parked,
    /// What would be written; of marks only a digest is kept.
    pub ours: Option<&'t Value>,
}

impl Target {
    /// Counts an applied write, of fields by whether their values may go round.
    pub fn count_writes(&mut self, sent: &Sent, may_go_round: impl Fn(&Name) -> bool, now: Time) {
        for (name, _) in &sent.fields {
            if let Some(agreed) = self.agreed.iter_mut().find(|a| a.field == *name) {
                agreed.staying.count(may_go_round(name), now);
            }
        }
        if sent.status.is_some() {
            self.status.staying_mut().count(true, now);
        }
    }

    /// Leaves alone what is to be written and was written too often within a day. Returns what an operator should know.
    pub fn stop_circles(&mut self, record: &Record, wanted: &Wanted, may_go_round: impl Fn(&Name) -> bool, now: Time) -> Vec<Noticed> {
        let mut noticed = Vec::new();
        for (name, value) in &wanted.fields {
            let Some(agreed) = self.agreed.iter_mut().find(|a| a.field == *name) else { continue };
            let same = agreed.ours == *value;
            let shown = record.field_of(name).map_or(&Value::Empty, |f| &f.value);
            let stands = shown == value || (same && *shown == agreed.theirs);
            if !stands && (same || may_go_round(name)) {
                let parked = agreed.staying.goes_round(same, now);
                noticed.extend(parked.map(|parked| Noticed::Parked { field: name.clone(), parked }));
            }
        }
        if let Some((_, word)) = &wanted.status
            && record.mark(Mark::Status).and_then(Value::as_text) != Some(word)
        {
            let same = self.status.wrote_last(word);
            let parked = self.status.staying_mut().goes_round(same, now);
            noticed.extend(parked.map(|parked| Noticed::ParkedMark { mark: Mark::Status, parked }));
        }
        noticed
    }

    /// What is parked now.
    pub fn parked(&self, now: Time) -> impl Iterator<Item = ParkedPart<'_>> {
        let fields = self.agreed.iter().filter_map(move |a| {
            let parked = a.staying.parked(now)?;
            Some(ParkedPart { what: &a.field, parked, ours: Some(&a.ours) })
        });
        let marks = [(Mark::Status, &self.status), (Mark::Why, &self.why)];
        let marks = marks.into_iter().filter_map(move |(mark, settled)| {
            let parked = settled.staying().parked(now)?;
            Some(ParkedPart { what: mark.name(), parked, ours: None })
        });
        fields.chain(marks)
    }

    /// When the first of what is parked is free again by itself.
    pub fn free_at(&self) -> Option<Time> {
        let marks = [self.status.staying(), self.why.staying()];
        self.agreed.iter().map(|a| &a.staying).chain(marks).filter_map(Staying::free_at).min()
    }

    /// Forgets what was parked and is free again. Returns whether anything was.
    pub fn end_parked(&mut self, now: Time) -> bool {
        self.staying_mut().map(|(_, staying)| staying.end_if_over(now)).fold(false, |any, ended| any | ended)
    }

    /// Lets what is parked be written again: one field or mark, or all; what somebody gave up only if told so. Returns how many were.
    pub fn unpark(&mut self, what: Option<&str>, given_up_too: bool) -> usize {
        for agreed in
            self.agreed.iter_mut().filter(|a| given_up_too && a.staying.is_given_up() && what.is_none_or(|what| *a.field == *what))
        {
            // What stands there is not what the target made of the value that was given up.
            agreed.theirs = agreed.ours.clone();
        }
        let asked = self.staying_mut().filter(|(name, _)| what.is_none_or(|what| what == *name));
        asked.filter_map(|(_, staying)| staying.free(given_up_too).then_some(())).count()
    }

    /// Of each field and mark, with its name.
    pub(super) fn staying_mut(&mut self) -> impl Iterator<Item = (&str, &mut Staying)> {
        let marks = [(Mark::Status.name(), self.status.staying_mut()), (Mark::Why.name(), self.why.staying_mut())];
        self.agreed.iter_mut().map(|a| (&*a.field, &mut a.staying)).chain(marks)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::connector::{Change, StatusChange};
    use crate::engine::target::staying::{PARKED_FOR, WRITES_MAX};

    /// Writes a value and a status, and shows them as a record that takes them.
    fn write(target: &mut Target, record: &mut Record, value: &str, status: &str, now: Time) {
        let status = Some(StatusChange { to: status.into(), from: None });
        let change = Change { fields: vec![("title".into(), Value::text(value))], status: status.clone(), ..Change::default() };
        target.send(&change, now);
        let sent = target.sent.clone().unwrap();
        target.applied(record, status.map(|s| s.to.to_string().into()), true, now);
        target.count_writes(&sent, |name| &**name == "title", now);
    }

    fn wanted(value: &str, status: &str) -> Wanted {
        Wanted { fields: vec![("title".into(), Value::text(value))], status: Some((status.into(), status.into())), ..Wanted::default() }
    }

    /// Two systems changed places for ever: each value was another one than was written last.
    #[test]
    fn what_was_written_six_times_within_a_day_is_left_alone_for_a_day_whatever_is_wanted() {
        let (mut target, mut record) = (Target::default(), Record::new("ma:person:1".parse().unwrap()));
        let (now, values) = (Time(1_000), ["a", "b"]);
        for at in 0..WRITES_MAX {
            let wanted = wanted(values[at % 2], values[at % 2]);
            assert_eq!(target.stop_circles(&record, &wanted, |_| true, now), [], "{at}");
            write(&mut target, &mut record, values[at % 2], values[at % 2], now);
        }
        let (next, parked) = (wanted("a", "a"), Parked::FlipFlops { since: now });
        let told = [Noticed::Parked { field: "title".into(), parked }, Noticed::ParkedMark { mark: Mark::Status, parked }];
        assert_eq!(target.stop_circles(&record, &wanted("b", "b"), |_| true, now), [], "it shows what is wanted");
        assert_eq!(target.clone().stop_circles(&record, &next, |_| false, now), told[1..], "a field whose values cannot go round");
        assert_eq!(target.stop_circles(&record, &next, |_| true, now), told);
        assert_eq!(target.stop_circles(&record, &next, |_| true, now), [], "told once");
        let listed: Vec<_> = target.parked(now).map(|p| (p.what, p.parked, p.ours)).collect();
        assert_eq!(listed, [("title", parked, Some(&Value::text("b"))), ("status", parked, None)]);
        let over = now.plus(PARKED_FOR);
        assert_eq!((target.free_at(), target.parked(over).count(), target.end_parked(now)), (Some(over), 0, false));
        let mut later = target.clone();
        assert!(later.end_parked(over) && later.free_at().is_none() && later.stop_circles(&record, &next, |_| true, over).is_empty());
        for (what, freed) in [(Some("phone"), 0), (Some("title"), 1), (Some("status"), 1), (None, 2)] {
            assert_eq!(target.clone().unpark(what, false), freed, "{what:?}");
        }
    }

    #[test]
    fn what_somebody_gave_up_is_parked_until_it_is_asked_for_by_its_record() {
        let mut target = Target::default();
        target.park(&"title".into(), Value::text("a"));
        target.status.park("lead");
        assert_eq!((target.free_at(), target.unpark(None, false), target.parked(Time(9)).count()), (None, 0, 2));
        target.agreed[0].theirs = Value::text("before");
        assert_eq!((target.unpark(Some("title"), true), target.parked(Time(9)).count()), (1, 1));
        assert!(!target.agreed[0].leaves_alone(&Value::text("a"), Some(&Value::text("before")), Time(9)), "it is written again");
    }
}
