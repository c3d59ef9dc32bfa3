//! How our writes stand in the target: its own forms of them, and what does not stay.

use super::forms::is_in_own_words;
use super::habits::{Sighting, TakenFor};
use super::{Agreed, Parked, Target};
use crate::connector::Change;
use crate::model::{Mark, Name, Record, Time, Value};

/// What an observation of a target told about our writes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Noticed {
    /// The field does not stay, or goes round; it is left alone for a while.
    Parked { field: Name, parked: Parked },
    /// The same of the status or the reason codes.
    ParkedMark { mark: Mark, parked: Parked },
    /// Someone took our block away, or it did not stick: it is written again.
    BlockLost { times: u8 },
}

impl Target {
    /// What a record shows of values that were not looked at since we wrote them.
    pub fn first_looks(&self, record: &Record) -> Vec<Sighting> {
        let unseen = self.agreed.iter().filter(|agreed| agreed.unseen && !agreed.spent);
        let look = |agreed: &Agreed| {
            let shown = record.field_of(&agreed.field).map_or(&Value::Empty, |f| &f.value);
            let sighting = || Sighting { field: agreed.field.clone(), ours: agreed.ours.clone(), shown: shown.clone() };
            (!shown.is_unreadable()).then(sighting)
        };
        unseen.filter_map(look).collect()
    }

    /// Whether each list that we wrote was looked at since, whatever it showed. What else is under way says nothing of lists.
    pub fn has_seen_lists(&self) -> bool {
        let is_list = |value: &Value| matches!(value, Value::List(_));
        let is_under_way = self.sent.as_ref().is_some_and(|sent| sent.fields.iter().any(|(_, value)| is_list(value)));
        !is_under_way && self.agreed.iter().filter(|agreed| is_list(&agreed.ours)).all(|agreed| !agreed.unseen || agreed.spent)
    }

    /// What is shown of a field was taken for what the target made of our value, and is somebody's own.
    pub fn was_typed(&mut self, field: &Name) {
        if let Some(agreed) = self.agreed.iter_mut().find(|a| a.field == *field && a.theirs != a.ours) {
            agreed.theirs = agreed.ours.clone();
            (agreed.spent, agreed.unseen) = (true, true);
        }
    }

    /// Looks at a new observation of the record: learns how the target stores what we wrote, and sees what did not stay. `judge` says of a
    /// field what is shown in place of our value. Returns what an operator should know.
    pub fn observe(&mut self, record: &Record, judge: impl Fn(&Name, &Value, &Value) -> TakenFor, now: Time) -> Vec<Noticed> {
        let mut noticed = Vec::new();
        let parked = Parked::DoesNotStay { since: now };
        for agreed in &mut self.agreed {
            let shown = record.field(&agreed.field).map_or(&Value::Empty, |f| &f.value);
            if agreed.theirs.says_the_same(shown) {
                agreed.theirs = shown.clone();
                agreed.unseen = false;
                agreed.staying.stands();
            } else if agreed.unseen && (shown.is_unreadable() || agreed.is_form(judge(&agreed.field, &agreed.ours, shown))) {
                agreed.theirs = shown.clone();
                agreed.unseen = false;
            } else if shown.is_day_begun_at(&agreed.theirs) {
                agreed.theirs = shown.clone();
            } else {
                // Somebody's own value: should ours come back after it, that is their word and no echo.
                agreed.spent = true;
                if agreed.staying.is_set_back(now) {
                    noticed.push(Noticed::Parked { field: agreed.field.clone(), parked });
                }
            }
        }
        let text = |mark| record.mark(mark).and_then(Value::as_text).unwrap_or_default();
        self.status_stands(record);
        if self.status.observe(text(Mark::Status), now) {
            noticed.push(Noticed::ParkedMark { mark: Mark::Status, parked });
        }
        if record.is_blocked() && self.why.observe(text(Mark::Why), now) {
            noticed.push(Noticed::ParkedMark { mark: Mark::Why, parked });
        }
        noticed.extend(self.observe_block(record));
        noticed
    }

    /// Looks at what became of our block.
    pub fn observe_block(&mut self, record: &Record) -> Option<Noticed> {
        if self.block_ours && record.is_blocked() && self.held_again.times > 0 {
            self.held_again.seen = true;
        }
        if self.block_ours && self.sent.is_none() && self.is_in_own_words(record) {
            // Somebody put their own word in the place of ours, for the block or for its reason: it is their block from now on.
            self.block_ours = false;
        }
        if self.block_ours && self.sent.is_none() && !record.is_blocked() {
            self.block_ours = false;
            return Some(Noticed::BlockLost { times: self.held_again.times.saturating_add(1) });
        }
        None
    }

    /// A later answer shows the record as it was known. Returns whether something of ours is seen for the first time since it was written.
    pub fn sees_stand(&mut self, record: &Record) -> bool {
        let mut news = self.status_stands(record);
        for agreed in &mut self.agreed {
            if record.field_of(&agreed.field).map_or(&Value::Empty, |f| &f.value) == &agreed.theirs {
                news |= std::mem::take(&mut agreed.unseen);
                news |= agreed.staying.stands();
            }
        }
        news
    }

    fn status_stands(&mut self, record: &Record) -> bool {
        let shown = record.mark(Mark::Status).and_then(Value::as_text);
        shown.is_some_and(|word| self.status.wrote_last(word)) && self.status.staying_mut().stands()
    }

    /// Whether a block has somebody's own words in its place, or as its reason.
    fn is_in_own_words(&self, record: &Record) -> bool {
        let reason = record.mark(Mark::Why);
        let is_ours = || reason.and_then(Value::as_text).is_some_and(|text| self.why.wrote_last(text));
        record.blocked_in_other_words() || (record.is_blocked() && !is_ours() && is_in_own_words(reason))
    }

    /// Whether a change sets a block, or gives a permit, that was written lately: the mark may mean something else in the target by now.
    pub fn was_written_lately(&self, change: &Change, now: Time) -> bool {
        let holds = change.block == Some(true) || change.permits.withdraws();
        let releases = change.block == Some(false) || change.permits.gives();
        (holds && self.held_again.is_once_more(now)) || (releases && self.released_again.is_once_more(now))
    }

    /// A block of ours that is set again and again, and was not seen to stand since.
    pub fn loses_its_block(&self) -> bool {
        self.held_again.is_in_vain() && !self.held_again.seen
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::connector::PermitChange;
    use crate::engine::target::habits::Habits;
    use crate::engine::target::staying::REWRITES_MAX;
    use crate::model::Span;

    /// Nothing is known of the system.
    fn alone(_: &Name, ours: &Value, shown: &Value) -> TakenFor {
        Habits::default().judge(&"ma".into(), &"title".into(), ours, shown)
    }

    fn lead(marks: &[(Mark, Value)], fields: &[(&str, &str)]) -> Record {
        let mut record = Record::new("ma:person:1".parse().unwrap());
        marks.iter().for_each(|(mark, value)| record.set_mark(mark.clone(), value.clone()));
        fields.iter().for_each(|(name, value)| record.set(&(*name).into(), Value::text(value), Time(1)));
        record
    }

    #[test]
    fn a_mark_that_is_set_once_more_is_told_to_the_connector_from_the_first_time_on() {
        let block = |on: bool| Change { block: Some(on), ..Change::default() };
        let day = Span::days(1).0;
        let mut target = Target::default();
        let mut record = lead(&[], &[]);
        assert!(!target.was_written_lately(&block(true), Time(5)), "the first time");
        target.send(&block(true), Time(5));
        target.applied(&mut record, None, false, Time(6));
        assert!(target.was_written_lately(&block(true), Time(7)), "the second");
        assert!(!target.was_written_lately(&block(true), Time(6 + day)), "a day later");
        assert!(!target.was_written_lately(&block(false), Time(7)), "the first release");
        let permit = Change { permits: PermitChange::Until(Time(9)).into(), ..Change::default() };
        target.send(&permit, Time(8));
        target.applied(&mut record, None, false, Time(8));
        assert!(target.was_written_lately(&permit, Time(9)), "a permit that is gone");
        assert!(!target.was_written_lately(&block(true), Time(9)), "a hold after the release");
    }

    #[test]
    fn the_first_look_after_a_write_shows_the_targets_form_and_later_ones_somebody_elses() {
        // Whether it was looked at since, what it shows, and then: the target's form, and whether somebody came in between.
        for (unseen, shown, theirs, spent) in [
            (true, "Sato K.K.", "Sato K.K.", false),
            (true, "SATO KK", "SATO KK", false),
            (false, "SATO KK", "Sato K.K.", true),
            (true, "Suzuki", "Sato K.K.", true),
        ] {
            let agreed = Agreed { unseen, ..Agreed::new("company".into(), Value::text("Sato K.K.")) };
            let mut target = Target { agreed: vec![agreed], ..Target::default() };
            assert_eq!(target.observe(&lead(&[], &[("company", shown)]), alone, Time(9)), []);
            assert_eq!((&target.agreed[0].theirs, target.agreed[0].spent), (&Value::text(theirs), spent), "{unseen} {shown}");
            assert_eq!(target.agreed[0].unseen, unseen && spent, "{unseen} {shown}");
        }
    }

    /// A permit that is under way is no list, so what was seen of lists before it counts.
    #[test]
    fn lists_were_seen_once_each_was_looked_at_and_none_is_under_way() {
        let agreed = |value: Value, unseen, spent| Agreed { unseen, spent, ..Agreed::new("field".into(), value) };
        let list = || Value::list(["a"]);
        for (agreed, has_seen) in [
            (vec![agreed(list(), false, false), agreed(list(), true, true)], true),
            (vec![agreed(list(), false, false), agreed(list(), true, false)], false),
            (vec![agreed(list(), false, false), agreed(Value::text("a"), true, false)], true),
        ] {
            let mut target = Target { agreed, ..Target::default() };
            assert_eq!(target.has_seen_lists(), has_seen, "{:?}", target.agreed);
            target.send(&Change { permits: PermitChange::Withdrawn.into(), ..Change::default() }, Time(5));
            assert_eq!(target.has_seen_lists(), has_seen, "{:?}", target.agreed);
            target.send(&Change { fields: vec![("tags".into(), list())], ..Change::default() }, Time(5));
            assert!(!target.has_seen_lists());
        }
    }

    /// Up to format 5 a birthday that we wrote lay in the state as a time: read as a day it is no word of somebody else's.
    #[test]
    fn our_own_day_that_was_kept_as_a_time_is_still_ours() {
        let day = crate::model::Date(3_743);
        for (kept, spent) in [(day.midnight().minus(Span::seconds(9 * 3600)), false), (Time(0), true)] {
            let agreed = Agreed { unseen: false, ..Agreed::new("birth".into(), Value::Time(kept)) };
            let mut target = Target { agreed: vec![agreed], ..Target::default() };
            let mut record = lead(&[], &[]);
            record.set(&"birth".into(), Value::Date(day), Time(1));
            target.observe(&record, alone, Time(9));
            assert_eq!((target.agreed[0].spent, target.agreed[0].theirs == Value::Date(day)), (spent, !spent));
        }
    }

    #[test]
    fn a_field_is_parked_once_after_so_many_rewrites() {
        for (rewrites, parked) in [(REWRITES_MAX - 1, false), (REWRITES_MAX, true)] {
            let mut agreed = Agreed::new("phone".into(), Value::text("2"));
            (0..rewrites).for_each(|_| agreed.staying.wrote(true));
            let mut target = Target { agreed: vec![agreed], ..Target::default() };
            let since = Parked::DoesNotStay { since: Time(9) };
            let told: Vec<Noticed> = parked.then(|| Noticed::Parked { field: "phone".into(), parked: since }).into_iter().collect();
            assert_eq!(target.observe(&lead(&[], &[("phone", "1")]), alone, Time(9)), told, "{rewrites}");
            assert_eq!(target.observe(&lead(&[], &[("phone", "1")]), alone, Time(10)), [], "told once");
            assert_eq!(target.agreed[0].staying.parked(Time(10)), parked.then_some(since));
        }
    }

    /// After three good corrections that stood, a fourth edit was left as it was.
    #[test]
    fn a_correction_that_was_seen_to_stand_begins_to_count_anew() {
        for (stands, parked) in [(true, false), (false, true)] {
            let mut target = Target::default();
            let ours = lead(&[(Mark::Status, Value::text("Lead"))], &[("phone", "2")]);
            let theirs = lead(&[(Mark::Status, Value::text("New"))], &[("phone", "1")]);
            let mut noticed = Vec::new();
            for round in 0..6 {
                let fields = vec![("phone".into(), Value::text("2"))];
                let status = Some(crate::connector::StatusChange { to: "lead".into(), from: None });
                target.send(&Change { fields, status, ..Change::default() }, Time(round));
                target.applied(&mut theirs.clone(), Some("Lead".into()), true, Time(round));
                if stands {
                    assert!(target.sees_stand(&ours), "the first look");
                    assert!(!target.sees_stand(&ours) && !target.agreed[0].unseen, "the second");
                }
                noticed.extend(target.observe(&theirs, alone, Time(round)));
            }
            assert_eq!(!noticed.is_empty(), parked, "{stands}: {noticed:?}");
        }
    }

    /// A hand-edit that cuts our value short, a week after it was written, is somebody's own.
    #[test]
    fn a_form_is_learnt_by_the_first_look_alone() {
        let agreed = Agreed { unseen: true, ..Agreed::new("title".into(), Value::text("Vice President")) };
        let mut target = Target { agreed: vec![agreed], ..Target::default() };
        assert!(target.sees_stand(&lead(&[], &[("title", "Vice President")])));
        target.observe(&lead(&[], &[("title", "Vice")]), alone, Time(9));
        assert!(target.agreed[0].spent && target.agreed[0].theirs == Value::text("Vice President"));
    }

    #[test]
    fn a_block_of_ours_is_lost_only_where_none_is_seen_and_no_write_is_under_way() {
        let other_words = Value::text("by hand");
        for (shown, under_way, ours, told) in [
            (Value::Bool(true), false, true, false),
            (Value::Bool(false), false, false, true),
            (Value::Bool(false), true, true, false),
            (other_words.clone(), false, false, false),
            (other_words, true, true, false),
        ] {
            let mut target = Target { block_ours: true, ..Target::default() };
            target.held_again.times = 2;
            if under_way {
                target.send(&Change { block: Some(false), ..Change::default() }, Time(1));
            }
            let lost: Vec<Noticed> = told.then_some(Noticed::BlockLost { times: 3 }).into_iter().collect();
            let record = lead(&[(Mark::Block, shown.clone())], &[]);
            assert_eq!((target.observe(&record, alone, Time(9)), target.block_ours), (lost, ours), "{shown} {under_way}");
            assert_eq!(target.held_again.seen, record.is_blocked(), "{shown} {under_way}");
        }
        assert_eq!(Target::default().observe(&lead(&[], &[]), alone, Time(9)), [], "none was ours");
    }

    #[test]
    fn a_block_with_somebodys_own_reason_is_theirs_from_then_on() {
        for (why, under_way, ours) in
            [("vip", false, false), ("hold:no, never", false, true), ("cooldown", false, true), ("", false, true), ("vip", true, true)]
        {
            let mut target = Target { block_ours: true, ..Target::default() };
            // A hold of policy.toml may have any name.
            target.why.wrote("hold:no, never");
            if under_way {
                target.send(&Change { why: Some("open_deal_account".into()), ..Change::default() }, Time(1));
            }
            let marks = [(Mark::Block, Value::Bool(true)), (Mark::Why, Value::text(why))];
            assert_eq!((target.observe(&lead(&marks, &[]), alone, Time(9)), target.block_ours), (vec![], ours), "{why} {under_way}");
        }
    }

    #[test]
    fn reason_codes_count_only_beside_a_block_and_a_status_always() {
        for (blocked, told) in [(true, vec![Mark::Status, Mark::Why]), (false, vec![Mark::Status])] {
            let mut target = Target::default();
            for _ in 0..=REWRITES_MAX {
                target.why.wrote("vip");
                target.status.wrote("Lead");
            }
            let noticed = target.observe(&lead(&[(Mark::Block, Value::Bool(blocked))], &[]), alone, Time(9));
            let marks: Vec<Noticed> =
                told.into_iter().map(|mark| Noticed::ParkedMark { mark, parked: Parked::DoesNotStay { since: Time(9) } }).collect();
            assert_eq!(noticed, marks, "{blocked}");
        }
    }

    #[test]
    fn a_block_that_was_seen_to_stand_since_is_not_being_lost() {
        for (times, seen, loses) in [(REWRITES_MAX, false, true), (REWRITES_MAX, true, false), (REWRITES_MAX - 1, false, false)] {
            let mut target = Target::default();
            (target.held_again.times, target.held_again.seen) = (times, seen);
            assert_eq!(target.loses_its_block(), loses, "{times} {seen}");
        }
    }
}
