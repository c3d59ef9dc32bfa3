//! What goes back in two steps: cleared, looked at, set, looked at. Each step is a write of its own, so that a crash between them loses neither:
//! what was cleared is known as ours, and shows nothing, which is not what is wanted.

use super::{FailureCause, Op, Sent, Target};
use crate::connector::BackByClearing;
use crate::model::{Mark, Name, Record, Value};
use std::borrow::Cow;

impl Target {
    /// How often what is due in fields and status was written and answered, and the record showed what it had shown before.
    pub fn times_ignored(&self) -> u8 {
        self.failure(Op::Update).filter(|failure| failure.cause == FailureCause::NotCarriedOut).map_or(0, |failure| failure.attempts)
    }

    /// Books that a status was written. One that was cleared is no status of ours: what was written last stays what it was.
    pub(super) fn status_applied(&mut self, record: &mut Record, word: &str) {
        if !word.is_empty() {
            self.status.wrote(word);
        }
        record.set_mark(Mark::Status, Value::text(word));
    }
}

impl Sent {
    /// Whether it emptied something that goes back by clearing: most likely its first step.
    pub fn clears(&self, back: &BackByClearing) -> bool {
        self.clears_status() || self.fields.iter().any(|(name, value)| is_cleared(back, name, value))
    }

    /// Without what it emptied of such things: the first of two steps is no write by itself.
    pub fn without_cleared(&self, back: &BackByClearing) -> Cow<'_, Sent> {
        if !self.clears(back) {
            return Cow::Borrowed(self);
        }
        let mut rest = self.clone();
        rest.fields.retain(|(name, value)| !is_cleared(back, name, value));
        rest.status.take_if(|status| status.is_empty());
        Cow::Owned(rest)
    }

    fn clears_status(&self) -> bool {
        self.status.as_ref().is_some_and(|status| status.is_empty())
    }
}

/// Whether a value that is written empties a field that goes back by clearing.
fn is_cleared(back: &BackByClearing, name: &Name, value: &Value) -> bool {
    value.is_empty() && back.fields.contains_key(name)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::connector::{Change, StatusChange, WordOrder};
    use crate::model::Time;

    fn back() -> BackByClearing {
        BackByClearing { fields: [("stage".into(), WordOrder::default())].into(), status: Some(WordOrder::default()) }
    }

    fn sent(status: Option<&str>, stage: &str) -> Sent {
        let status = status.map(|to| StatusChange { to: to.into(), from: None });
        let fields = vec![("stage".into(), Value::text(stage)), ("title".into(), Value::Empty)];
        let mut target = Target::default();
        target.send(&Change { fields, status, ..Change::default() }, Time(1));
        target.sent.unwrap()
    }

    #[test]
    fn what_was_cleared_is_not_counted_as_written() {
        for (status, stage, clears, fields, counts_status) in [
            (Some(""), "", true, &["title"][..], false),
            (Some("lead"), "", true, &["title"], true),
            (Some(""), "lead", true, &["stage", "title"], false),
            (Some("lead"), "lead", false, &["stage", "title"], true),
            (None, "lead", false, &["stage", "title"], false),
        ] {
            let sent = sent(status, stage);
            let rest = sent.without_cleared(&back());
            let told: Vec<&str> = rest.fields.iter().map(|(name, _)| &**name).collect();
            assert_eq!((sent.clears(&back()), told, rest.status.is_some()), (clears, fields.to_vec(), counts_status), "{status:?} {stage}");
        }
    }

    /// A workflow that sets the stage back each time would never have been noticed: what was cleared in between was another status.
    #[test]
    fn a_status_that_was_cleared_is_no_other_status() {
        let mut target = Target::default();
        let mut record = Record::new("crm:person:1".parse().unwrap());
        for times in 0..5 {
            target.status_applied(&mut record, "");
            assert_eq!(record.mark(Mark::Status), Some(&Value::Empty));
            target.status_applied(&mut record, "lead");
            assert!(target.status.wrote_last("lead"), "{times}");
            let given_up = target.status.observe("customer", Time(2));
            assert_eq!(given_up, times >= 3, "{times}");
        }
    }
}
