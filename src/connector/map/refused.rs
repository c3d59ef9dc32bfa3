//! What a raw record shows of its person's no.

use super::refusal::{RefusalReading, RefusalTest};
use super::refusal_words::{RefusalWord, RefusalWords};
use super::watch::Watch;
use crate::connector::raw::json::Json;
use crate::model::{Record, RefusalScope, ShortText};

/// One way in which a person says no.
#[derive(Debug)]
pub(super) struct Refuses {
    scope: RefusalScope,
    when: RefusalTest,
    /// Where each row has the field: what a record shows whose row lacks it.
    not_there: Option<ShortText>,
}

impl Refuses {
    pub fn new(scope: RefusalScope, when: RefusalTest, watch: &Watch) -> Refuses {
        Refuses { not_there: watch.not_there(when.path()), scope, when }
    }
}

/// Reads the refusals, and what may be some. A field that is not there although each row has it is no word for yes; whether the system
/// left it out of all rows, only who sees the others can tell.
pub(super) fn read(all: &[Refuses], words: &RefusalWords, raw: &Json<'_>, record: &mut Record) {
    for Refuses { scope, when, not_there } in all {
        match when.ask(raw, words) {
            RefusalReading::Fine => {
                let Some(word) = not_there.as_ref().filter(|_| !when.path().is_shown(raw)) else { continue };
                match words.of_text(word) {
                    Some(RefusalWord::Fine) => {}
                    Some(RefusalWord::No) => record.refusals.push(scope.clone()),
                    None => record.unread_refusals.push(word.clone()),
                }
            }
            RefusalReading::Refused => record.refusals.push(scope.clone()),
            RefusalReading::Unread(values) => record.unread_refusals.extend(values),
        }
    }
    record.refusals.sort();
    record.refusals.dedup();
    record.unread_refusals.sort();
    record.unread_refusals.dedup();
}
