//! What the journal keeps: the things that no poll brings back.

use crate::model::{Address, Name, RecordId, Refusal, RefusalScope, RulesFile, Time, Value};
use serde::{Deserialize, Serialize};

/// One line of the journal.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Entry {
    pub at: Time,
    #[serde(flatten)]
    pub what: What,
}

/// A kind that this version does not know is counted and left in place.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "what", rename_all = "snake_case")]
pub enum What {
    /// A person's no was seen.
    Refusal {
        #[serde(with = "as_text")]
        record: RecordId,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        address: Option<Address>,
        /// `None`: all marketing mail.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        topic: Option<Box<str>>,
        seen_at: Time,
    },
    /// A system may be written to.
    FirstContact { system: String, scope: ApprovalScope, by: String },
    /// Which instance of a system was met: its address, and what it says of itself.
    Instance {
        system: String,
        address: String,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        says: Option<String>,
    },
    /// Another instance was met under a system's name: what earlier lines say of that system's records is said of those of `former`.
    OtherInstance { system: String, former: String },
    /// `former` is behind the system's name again: what earlier lines say of its records is said of those of the system.
    SameInstance { system: String, former: String },
    /// A waiting plan may go: these holds may end for these causes.
    PlanApproved {
        plan: String,
        causes: Vec<Cause>,
        /// Who said so; empty in lines of a former age.
        #[serde(default, skip_serializing_if = "String::is_empty")]
        by: String,
    },
    /// Other rules were found in the config folder.
    RulesEdited {
        /// The version of the rules from now on.
        version: String,
        files: Vec<RulesFile>,
    },
    /// The rules that count from now on: the files', and before them those from before an edit that waits. Without the store nobody else knows
    /// that one waits.
    RulesCount {
        /// How they are written.
        form: String,
        sets: String,
    },
    /// What became of a write.
    Outcome {
        #[serde(with = "as_text")]
        record: RecordId,
        /// `hold`, `release`, `update` or `create`.
        op: String,
        outcome: WriteOutcome,
        /// The system's words, where it said no or nothing.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        said: Option<String>,
        reasons: Vec<String>,
        run: String,
        /// What it did to the block; missing in lines of a former age.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        block: Option<BlockPart>,
        /// The holds for which a block was set.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        causes: Vec<Cause>,
    },
    /// Holds on a record that no poll may bring back: their cause went out of sight, or they joined those that a block of ours stands for.
    Held {
        #[serde(with = "as_text")]
        record: RecordId,
        causes: Vec<Cause>,
    },
    /// A named person's word that a row which cannot be read concerns nobody.
    RowAccepted {
        row: String,
        #[serde(with = "as_text")]
        record: RecordId,
        by: String,
        because: String,
    },
    /// A named person's word on a field of whoever bears the record or address.
    Pinned {
        #[serde(default, skip_serializing_if = "Option::is_none", with = "as_text_or_none")]
        record: Option<RecordId>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        address: Option<Address>,
        field: Name,
        value: Value,
        by: String,
        because: String,
    },
    /// That word was taken back.
    Unpinned {
        #[serde(default, skip_serializing_if = "Option::is_none", with = "as_text_or_none")]
        record: Option<RecordId>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        address: Option<Address>,
        field: Name,
        by: String,
    },
    /// The journal itself was found damaged.
    Damaged { found: String },
    DeadLetterDropped {
        #[serde(with = "as_text")]
        record: RecordId,
    },
    /// What was parked of a system or record is written again; `None`: all fields.
    Unparked {
        of: String,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        field: Option<String>,
        count: usize,
    },
}

/// What of a system's writes was approved.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ApprovalScope {
    /// Protective writes only.
    Holds,
    All,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum WriteOutcome {
    Applied,
    Rejected,
    Unknown,
}

/// What a write did to a block.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum BlockPart {
    Set,
    Lifted,
    Untouched,
}

/// A hold and the deal or ticket that caused it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Cause {
    pub hold: String,
    #[serde(with = "as_text")]
    pub cause: RecordId,
}

impl What {
    /// The system that earlier lines speak of by another name from this line on, and that name.
    pub fn renames(&self) -> Option<(&str, &str)> {
        match self {
            What::OtherInstance { system, former } => Some((system, former)),
            What::SameInstance { system, former } => Some((former, system)),
            _ => None,
        }
    }

    pub fn of_refusal(refusal: &Refusal) -> What {
        let topic = match &refusal.scope {
            RefusalScope::All => None,
            RefusalScope::Topic(topic) => Some(topic.clone()),
        };
        What::Refusal { record: refusal.from.clone(), address: refusal.address.clone(), topic, seen_at: refusal.seen_at }
    }

    /// The refusal, if it is one.
    pub fn to_refusal(&self) -> Option<Refusal> {
        let What::Refusal { record, address, topic, seen_at } = self else { return None };
        let scope = topic.clone().map_or(RefusalScope::All, RefusalScope::Topic);
        Some(Refusal { scope, from: record.clone(), seen_at: *seen_at, address: address.clone() })
    }
}

/// Record ids as `SYSTEM:ENTITY:ID`.
mod as_text {
    use crate::model::RecordId;
    use serde::{Deserialize, Deserializer, Serializer, de::Error};

    pub fn serialize<S: Serializer>(id: &RecordId, s: S) -> Result<S::Ok, S::Error> {
        s.collect_str(id)
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(d: D) -> Result<RecordId, D::Error> {
        String::deserialize(d)?.parse().map_err(D::Error::custom)
    }
}

/// The same where there may be none.
mod as_text_or_none {
    use crate::model::RecordId;
    use serde::{Deserialize, Deserializer, Serializer, de::Error};

    pub fn serialize<S: Serializer>(id: &Option<RecordId>, s: S) -> Result<S::Ok, S::Error> {
        match id {
            Some(id) => s.collect_str(id),
            None => s.serialize_none(),
        }
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(d: D) -> Result<Option<RecordId>, D::Error> {
        Option::<String>::deserialize(d)?.map(|text| text.parse().map_err(D::Error::custom)).transpose()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The form is on users' disks: a change here must still read these lines.
    #[test]
    fn lines_stay_readable() {
        let record: RecordId = "ma:person:17".parse().unwrap();
        let refusal = |scope, address: Option<&str>| {
            let address = address.and_then(Address::parse);
            What::of_refusal(&Refusal { scope, from: record.clone(), seen_at: Time(4), address })
        };
        let causes = vec![Cause { hold: "open_deal".into(), cause: "crm:deal:8".parse().unwrap() }];
        let outcome = What::Outcome {
            record: record.clone(),
            op: "hold".into(),
            outcome: WriteOutcome::Rejected,
            said: Some("no".into()),
            reasons: vec!["open_deal_person".into()],
            run: "r_1".into(),
            block: None,
            causes: vec![],
        };
        let set = What::Outcome {
            record: record.clone(),
            op: "hold".into(),
            outcome: WriteOutcome::Applied,
            said: None,
            reasons: vec![],
            run: "r_1".into(),
            block: Some(BlockPart::Set),
            causes: causes.clone(),
        };
        let held = What::Held { record: record.clone(), causes: causes.clone() };
        for (what, line) in [
            (
                refusal(RefusalScope::All, Some("a@b.example")),
                r#"{"at":5,"what":"refusal","record":"ma:person:17","address":"a@b.example","seen_at":4}"#,
            ),
            (
                refusal(RefusalScope::Topic("製品".into()), None),
                r#"{"at":5,"what":"refusal","record":"ma:person:17","topic":"製品","seen_at":4}"#,
            ),
            (
                What::FirstContact { system: "ma".into(), scope: ApprovalScope::Holds, by: "taro".into() },
                r#"{"at":5,"what":"first_contact","system":"ma","scope":"holds","by":"taro"}"#,
            ),
            (
                What::PlanApproved { plan: "w_1".into(), causes: causes.clone(), by: String::new() },
                r#"{"at":5,"what":"plan_approved","plan":"w_1","causes":[{"hold":"open_deal","cause":"crm:deal:8"}]}"#,
            ),
            (
                What::PlanApproved { plan: "e_1".into(), causes: Vec::new(), by: "taro".into() },
                r#"{"at":5,"what":"plan_approved","plan":"e_1","causes":[],"by":"taro"}"#,
            ),
            (
                What::RulesEdited {
                    version: "v".into(),
                    files: vec![RulesFile { file: "policy.toml".into(), owner: "taro".into(), modified: Time(3) }],
                },
                r#"{"at":5,"what":"rules_edited","version":"v","files":[{"file":"policy.toml","owner":"taro","modified":3}]}"#,
            ),
            (
                outcome,
                r#"{"at":5,"what":"outcome","record":"ma:person:17","op":"hold","outcome":"rejected","said":"no","reasons":["open_deal_person"],"run":"r_1"}"#,
            ),
            (
                set,
                r#"{"at":5,"what":"outcome","record":"ma:person:17","op":"hold","outcome":"applied","reasons":[],"run":"r_1","block":"set","causes":[{"hold":"open_deal","cause":"crm:deal:8"}]}"#,
            ),
            (
                What::RowAccepted { row: "q_1".into(), record: record.clone(), by: "taro".into(), because: "a test".into() },
                r#"{"at":5,"what":"row_accepted","row":"q_1","record":"ma:person:17","by":"taro","because":"a test"}"#,
            ),
            (
                What::Pinned {
                    record: Some(record.clone()),
                    address: None,
                    field: "title".into(),
                    value: Value::text("部長"),
                    by: "taro".into(),
                    because: "a test".into(),
                },
                r#"{"at":5,"what":"pinned","record":"ma:person:17","field":"title","value":{"Text":"部長"},"by":"taro","because":"a test"}"#,
            ),
            (
                What::Unpinned { record: None, address: Address::parse("a@b.example"), field: "title".into(), by: "taro".into() },
                r#"{"at":5,"what":"unpinned","address":"a@b.example","field":"title","by":"taro"}"#,
            ),
            (held, r#"{"at":5,"what":"held","record":"ma:person:17","causes":[{"hold":"open_deal","cause":"crm:deal:8"}]}"#),
            (
                What::Instance { system: "ma".into(), address: "ma.example".into(), says: Some("7".into()) },
                r#"{"at":5,"what":"instance","system":"ma","address":"ma.example","says":"7"}"#,
            ),
            (
                What::OtherInstance { system: "ma".into(), former: "ma@1".into() },
                r#"{"at":5,"what":"other_instance","system":"ma","former":"ma@1"}"#,
            ),
            (
                What::SameInstance { system: "ma".into(), former: "ma@1".into() },
                r#"{"at":5,"what":"same_instance","system":"ma","former":"ma@1"}"#,
            ),
            (
                What::RulesCount { form: "rules 1".into(), sets: "AAEC".into() },
                r#"{"at":5,"what":"rules_count","form":"rules 1","sets":"AAEC"}"#,
            ),
            (What::Damaged { found: "cut".into() }, r#"{"at":5,"what":"damaged","found":"cut"}"#),
            (
                What::Unparked { of: "ma".into(), field: Some("title".into()), count: 3 },
                r#"{"at":5,"what":"unparked","of":"ma","field":"title","count":3}"#,
            ),
            (What::DeadLetterDropped { record: record.clone() }, r#"{"at":5,"what":"dead_letter_dropped","record":"ma:person:17"}"#),
        ] {
            let entry = Entry { at: Time(5), what };
            assert_eq!(serde_json::to_string(&entry).unwrap(), line);
            assert_eq!(serde_json::from_str::<Entry>(line).unwrap(), entry);
        }
        let scope = What::of_refusal(&refusal(RefusalScope::Topic("x".into()), None).to_refusal().unwrap());
        assert_eq!(scope, refusal(RefusalScope::Topic("x".into()), None));
    }
}
