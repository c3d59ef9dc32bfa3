//! What is parked: not written for a while, as it does not stay or was written too often. Told, and let go again.

use crate::engine::engine::Engine;
use crate::engine::error::Error;
use crate::engine::memory::place::Idx;
use crate::engine::target::{Parked, Target};
use crate::model::{Name, RecordId, Time, counted};
use crate::store::What;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// So many records of each field are named.
const RECORDS_NAMED: usize = 100;

/// A field of a system's records that is parked in some of them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ParkedField {
    pub system: Name,
    /// A field, or `status` or `why`: the reason codes.
    pub field: String,
    /// Records in which one value is set back again and again.
    pub do_not_stay: usize,
    /// Records in which the values change with every write.
    pub flip_flop: usize,
    /// The first of these records.
    pub records: Vec<String>,
}

impl ParkedField {
    /// For people: how many, and what to do.
    pub fn told(&self) -> String {
        let stays = (self.do_not_stay > 0).then(|| counted(self.do_not_stay, "record does not stay", "records do not stay"));
        let flips = (self.flip_flop > 0).then(|| match stays {
            Some(_) => format!("{} flip-flop", self.flip_flop),
            None => counted(self.flip_flop, "record flip-flops", "records flip-flop"),
        });
        let told: Vec<String> = stays.into_iter().chain(flips).collect();
        format!(
            "{}: {}: {}: something else sets them back, or two systems overwrite each other; they are left alone for a day. `nayose explain {}` says why; once that is mended, `nayose unpark {} {}` lets them be written at once",
            self.system,
            self.field,
            told.join(", "),
            self.records.first().map_or("WHO", String::as_str),
            self.system,
            self.field
        )
    }
}

/// Why nothing was let go.
#[derive(Debug, thiserror::Error)]
pub enum UnparkRefused {
    #[error("systems.toml has no system {0:?}, and no record of that name is known; name a system or SYSTEM:ENTITY:ID")]
    Unknown(String),
    #[error("nothing of {0} is parked; `nayose status` tells what is")]
    Nothing(String),
    #[error(transparent)]
    State(#[from] Error),
}

impl Engine {
    /// What is parked and was not given up by somebody, by system and field.
    pub fn parked_fields(&self, now: Time) -> Vec<ParkedField> {
        let now = self.trusted_now(now);
        let named = self.targets.iter().map(|(idx, target)| (&self.world.slot(idx).id, target));
        parked_fields(named.filter(|(id, _)| self.systems.contains_key(&id.system)), now)
    }

    /// Lets what is parked be written again: of a system, or of one record, for which also what was undone or dropped counts; all, or one
    /// field. Returns how many fields.
    pub fn unpark(&mut self, what: &str, field: Option<&str>, now: Time) -> Result<usize, UnparkRefused> {
        let record = RecordId::of_known_system(what).and_then(|id| self.world.find(&id));
        let places: Vec<Idx> = match record {
            Some(idx) => vec![idx],
            None if self.systems.keys().any(|name| **name == *what) => {
                self.targets.iter().map(|(idx, _)| idx).filter(|idx| *self.world.slot(*idx).id.system == *what).collect()
            }
            None => return Err(UnparkRefused::Unknown(what.into())),
        };
        let mut count = 0;
        for idx in places {
            let freed = self.targets.of_mut(idx).map_or(0, |target| target.unpark(field, record.is_some()));
            if freed > 0 {
                count += freed;
                self.keep_target(idx);
                self.dirty.insert(idx);
            }
        }
        if count == 0 {
            return Err(UnparkRefused::Nothing([what, field.unwrap_or_default()].join(" ").trim().into()));
        }
        self.ledger.journal(now, What::Unparked { of: what.into(), field: field.map(Into::into), count });
        self.reconcile(now);
        self.commit()?;
        Ok(count)
    }
}

fn parked_fields<'t>(targets: impl Iterator<Item = (&'t RecordId, &'t Target)>, now: Time) -> Vec<ParkedField> {
    let mut found: BTreeMap<(Name, &str), ParkedField> = BTreeMap::new();
    for (id, target) in targets {
        for part in target.parked(now) {
            let (stays, flips) = match part.parked {
                Parked::GivenUp => continue,
                Parked::DoesNotStay { .. } => (1, 0),
                Parked::FlipFlops { .. } => (0, 1),
            };
            let (system, field) = (id.system.clone(), part.what.to_string());
            let new = || ParkedField { system, field, do_not_stay: 0, flip_flop: 0, records: Vec::new() };
            let of_field = found.entry((id.system.clone(), part.what)).or_insert_with(new);
            of_field.do_not_stay += stays;
            of_field.flip_flop += flips;
            if of_field.records.len() < RECORDS_NAMED {
                of_field.records.push(id.to_string());
            }
        }
    }
    found.into_values().collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::connector::Change;
    use crate::engine::target::Wanted;
    use crate::model::{Record, Value};

    /// A target whose title was written six times: then another value, or the same once more.
    fn parked(same: bool) -> Target {
        let (mut target, mut record) = (Target::default(), Record::new("ma:person:1".parse().unwrap()));
        for value in ["a", "b", "a", "b", "a", "b"] {
            let fields = vec![("title".into(), Value::text(value))];
            target.send(&Change { fields, ..Change::default() }, Time(1));
            let sent = target.sent.clone().unwrap();
            target.applied(&mut record, None, true, Time(1));
            target.count_writes(&sent, |_| true, Time(1));
        }
        record.set(&"title".into(), Value::text("c"), Time(2));
        let fields = vec![("title".into(), Value::text(if same { "b" } else { "d" }))];
        assert_eq!(target.stop_circles(&record, &Wanted { fields, ..Wanted::default() }, |_| true, Time(2)).len(), 1);
        target
    }

    #[test]
    fn what_is_parked_is_told_by_system_and_field_and_not_what_somebody_gave_up() {
        let ids: Vec<RecordId> = ["crm:person:1", "ma:person:1", "ma:person:2", "ma:person:3"].map(|id| id.parse().unwrap()).into();
        let mut given_up = Target::default();
        given_up.park(&"phone".into(), Value::text("1"));
        let targets = [parked(false), parked(true), parked(false), given_up];
        let found = parked_fields(ids.iter().zip(&targets), Time(3));
        let named = |records: &[&str]| records.iter().map(ToString::to_string).collect::<Vec<_>>();
        let told: Vec<_> = found.iter().map(|f| (&*f.system, &*f.field, f.do_not_stay, f.flip_flop, f.records.clone())).collect();
        assert_eq!(told, [("crm", "title", 0, 1, named(&["crm:person:1"])), ("ma", "title", 1, 1, named(&["ma:person:1", "ma:person:2"]))]);
        assert!(parked_fields(ids.iter().zip(&targets), Time(i64::MAX)).is_empty(), "free again");
    }

    #[test]
    fn a_line_says_how_many_and_what_to_do() {
        for (do_not_stay, flip_flop, begins) in [
            (1, 0, "ma: title: 1 record does not stay: something"),
            (12, 0, "ma: title: 12 records do not stay: something"),
            (12, 3, "ma: title: 12 records do not stay, 3 flip-flop: something"),
            (0, 1, "ma: title: 1 record flip-flops: something"),
            (0, 3, "ma: title: 3 records flip-flop: something"),
        ] {
            let field =
                ParkedField { system: "ma".into(), field: "title".into(), do_not_stay, flip_flop, records: vec!["ma:person:7".into()] };
            let told = field.told();
            assert!(told.starts_with(begins), "{told}");
            assert!(told.contains("`nayose explain ma:person:7`") && told.contains("`nayose unpark ma title`"), "{told}");
        }
    }
}
