//! Two streams of one system that show the same id: two things with one name, as far as we can tell. They never become one record. The one
//! that came first keeps the id, the other's is not taken in, and neither stream counts as proved until that is over.

use crate::engine::ledger::kind::Single;
use crate::model::{Name, RecordId};
use serde::{Deserialize, Serialize};

/// All that are known.
pub(in crate::engine) const CLASHES: Single<Clashes> = Single::new("clashes");

/// One that was seen last, of a pair of streams.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Clash {
    pub(super) system: Name,
    /// The stream whose record was not taken in.
    pub(super) late: Name,
    /// The stream that has the id.
    pub(super) first: Name,
    pub(super) id: RecordId,
}

/// All that are known, at most one for each stream that came late.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Clashes(Vec<Clash>);

impl Clashes {
    /// False if it was known.
    pub(in crate::engine) fn add(&mut self, clash: Clash) -> bool {
        match self.0.iter_mut().find(|c| c.system == clash.system && c.late == clash.late) {
            Some(known) if known.first == clash.first => return false,
            Some(known) => *known = clash,
            None => self.0.push(clash),
        }
        true
    }

    /// A whole listing of a stream showed none. False if none was known.
    pub(in crate::engine) fn over(&mut self, system: &Name, late: &Name) -> bool {
        let before = self.0.len();
        self.0.retain(|c| c.system != *system || c.late != *late);
        self.0.len() != before
    }

    /// Why a stream does not count as proved.
    pub fn why_unproved(&self, system: &Name, stream: &Name) -> Option<String> {
        let clash = self.0.iter().find(|c| c.system == *system && (c.late == *stream || c.first == *stream))?;
        Some(format!(
            "{} and {} both show the id of {}: two records with one name are never taken for one; give one of the streams `id_prefix` in the manifest's record",
            clash.first, clash.late, clash.id
        ))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clash_is_told_of_both_streams_until_a_whole_listing_shows_none() {
        let clash = |late: &str, id: &str| Clash {
            system: "crm".into(),
            late: late.into(),
            first: "contacts".into(),
            id: format!("crm:person:{id}").parse().unwrap(),
        };
        let mut clashes = Clashes::default();
        assert!(clashes.add(clash("leads", "5")) && !clashes.add(clash("leads", "6")) && clashes.add(clash("users", "5")));
        let told = |c: &Clashes, system: &str, stream: &str| c.why_unproved(&system.into(), &stream.into()).is_some();
        assert!(told(&clashes, "crm", "leads") && told(&clashes, "crm", "contacts") && !told(&clashes, "ma", "leads"));
        assert!(clashes.over(&"crm".into(), &"leads".into()) && !clashes.over(&"crm".into(), &"leads".into()));
        assert!(!told(&clashes, "crm", "leads") && told(&clashes, "crm", "contacts"));
        assert!(clashes.why_unproved(&"crm".into(), &"users".into()).unwrap().contains("crm:person:5"));
    }
}
