//! What a record shows of our own marks, as bytes.

use super::{Names, Reader, Writer};
use crate::model::{MailKind, Mark, OwnPermit, Value};

/// Those that every system may have.
pub(super) const MARKS: [Mark; 4] = [Mark::Block, Mark::Permit, Mark::Why, Mark::Status];

const KINDS: [MailKind; 8] = MailKind::ALL;

/// Since format 7.
const KIND_PERMIT: u8 = 4;
const TOPIC_PERMIT: u8 = 5;

impl Writer {
    pub(super) fn marks(&mut self, marks: &[(Mark, Value)], names: &mut Names) {
        self.list(marks, |w, (mark, value)| {
            match mark {
                Mark::OwnPermit(OwnPermit::Kind(kind)) => {
                    w.bytes.push(KIND_PERMIT);
                    w.one_of(&KINDS, kind);
                }
                Mark::OwnPermit(OwnPermit::Topic(topic)) => {
                    w.bytes.push(TOPIC_PERMIT);
                    w.number(names.number(topic));
                }
                Mark::Block | Mark::Permit | Mark::Why | Mark::Status => w.one_of(&MARKS, mark),
            }
            w.value(value);
        });
    }
}

impl Reader<'_> {
    pub(super) fn marks(&mut self) -> Option<Vec<(Mark, Value)>> {
        self.list(|r| Some((r.mark()?, r.value()?)))
    }

    fn mark(&mut self) -> Option<Mark> {
        Some(match self.byte()? {
            KIND_PERMIT => Mark::OwnPermit(OwnPermit::Kind(*self.one_of(&KINDS)?)),
            TOPIC_PERMIT => Mark::OwnPermit(OwnPermit::Topic(self.name()?)),
            known => MARKS.get(usize::from(known))?.clone(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Time;

    /// They lie in the state: those of every system as they did before there were others.
    #[test]
    fn marks_come_back_as_they_were_and_the_first_four_have_their_places() {
        let own = [OwnPermit::Kind(MailKind::RepSender), OwnPermit::Topic("seminars".into())].map(Mark::OwnPermit);
        let marks: Vec<(Mark, Value)> = MARKS.into_iter().chain(own).map(|mark| (mark, Value::Time(Time(9)))).collect();
        let (mut writer, mut names) = (Writer::default(), Names::default());
        writer.marks(&marks, &mut names);
        let mut reader = Reader { rest: &writer.bytes, names: &names };
        assert_eq!(reader.marks(), Some(marks));
        assert!(reader.rest.is_empty());
        for (place, mark) in MARKS.into_iter().enumerate() {
            let mut writer = Writer::default();
            writer.marks(&[(mark, Value::Empty)], &mut names);
            assert_eq!(usize::from(writer.bytes[1]), place);
        }
    }
}
