//! Codes in people's records that the map of their field does not know: what stands there cannot be read until the map has them. They lie in
//! the state, as a record may not be read again for long.

use crate::connector::UnknownCode;
use crate::engine::ledger::kind::{Kind, Tag};
use crate::engine::memory::place::Idx;
use crate::model::{Entity, Name, RecordId, ShortText};
use std::collections::BTreeMap;

/// Those of one record: fields with their codes.
type CodesOfRecord = Box<[(Name, ShortText)]>;

/// By record.
pub(in crate::engine) const UNKNOWN_CODES: Kind<CodesOfRecord> = Kind::new(Tag::UnknownCodes);

/// What stands where a code belongs may be a text of any length.
const CODE_CHARS_MAX: usize = 60;

/// Codes of one record that are kept.
const CODES_MAX: usize = 20;

/// By place, as the record was read last.
#[derive(Debug, Default)]
pub struct UnknownCodes(BTreeMap<Idx, CodesOfRecord>);

impl UnknownCodes {
    /// Takes over what a former process knew.
    pub fn restore(&mut self, idx: Idx, codes: CodesOfRecord) {
        self.0.insert(idx, codes);
    }

    /// Takes note of what a record shows now. True: it is not as it was.
    pub(super) fn note(&mut self, idx: Idx, codes: &[(Name, ShortText)]) -> bool {
        match codes {
            [] => self.0.remove(&idx).is_some(),
            codes => self.0.insert(idx, codes.into()).as_deref() != Some(codes),
        }
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The record is not there any more, or another instance's.
    pub fn forget(&mut self, idx: Idx) {
        self.0.remove(&idx);
    }

    pub fn of(&self, idx: Idx) -> &[(Name, ShortText)] {
        self.0.get(&idx).map_or(&[], |codes| codes)
    }

    pub fn iter(&self) -> impl Iterator<Item = (Idx, &[(Name, ShortText)])> {
        self.0.iter().map(|(idx, codes)| (*idx, &**codes))
    }
}

/// The codes of a page, by the person's record that shows them.
#[derive(Debug, Default)]
pub(super) struct CodesOfPage(BTreeMap<RecordId, Vec<(Name, ShortText)>>);

impl CodesOfPage {
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(super) fn of_record(&self, record: &RecordId) -> &[(Name, ShortText)] {
        self.0.get(record).map_or(&[], |codes| codes)
    }

    pub(super) fn of(codes: Vec<UnknownCode>) -> CodesOfPage {
        let mut page = CodesOfPage::default();
        // Those of deals and tickets are read as they are.
        for UnknownCode { record, field, code } in codes.into_iter().filter(|code| code.record.entity == Entity::Person) {
            let of_record = page.0.entry(record).or_default();
            if of_record.len() < CODES_MAX {
                of_record.push((field, code.chars().take(CODE_CHARS_MAX).collect()));
            }
        }
        page
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_is_noted_as_it_was_read_last() {
        let codes: [(Name, ShortText); 1] = [("industry".into(), "99".into())];
        let other: [(Name, ShortText); 1] = [("industry".into(), "98".into())];
        let mut known = UnknownCodes::default();
        for (shown, news) in [(&[][..], false), (&codes, true), (&codes, false), (&other, true), (&[], true), (&[], false)] {
            assert_eq!((known.note(1, shown), known.of(1)), (news, shown), "{shown:?}");
        }
    }

    #[test]
    fn of_a_page_those_of_people_count_in_short_and_not_too_many() {
        let code = |record: &str, code: &str| UnknownCode { record: record.parse().unwrap(), field: "l".into(), code: code.into() };
        let mut page = vec![code("ma:person:1", &"長".repeat(99)), code("crm:deal:1", "stage")];
        page.extend((0..30).map(|_| code("ma:person:2", "x")));
        let page = CodesOfPage::of(page);
        let told: Vec<_> = page.0.iter().map(|(id, codes)| (id.to_string(), codes.len(), codes[0].1.chars().count())).collect();
        assert_eq!(told, [("ma:person:1".to_string(), 1, CODE_CHARS_MAX), ("ma:person:2".to_string(), CODES_MAX, 1)]);
    }
}
