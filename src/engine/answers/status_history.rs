//! How a person's status changed, and what each change rested on, as its records remember it.

use crate::engine::memory::past_statuses;
use crate::model::{PastStatus, Record, Time};
use serde::{Deserialize, Serialize};

/// A change of a person's status.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PastStatusTold {
    pub at: String,
    /// `None`: no rule was true.
    pub from: Option<String>,
    pub to: Option<String>,
    /// As it stood then.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rule: Option<String>,
    /// Deals, tickets and values for which that rule was true.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub because: Vec<String>,
}

/// The newest first.
pub(super) fn told(records: &[Record], now: Time) -> Vec<PastStatusTold> {
    past_statuses::all(records, now).into_iter().map(of).collect()
}

fn of(change: &PastStatus) -> PastStatusTold {
    let text = |name: &Option<crate::model::Name>| name.as_ref().map(ToString::to_string);
    PastStatusTold {
        at: change.at.rfc3339(),
        from: text(&change.from),
        to: text(&change.to),
        rule: text(&change.rule),
        because: change.because.iter().map(ToString::to_string).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_change_is_told_with_what_it_rested_on() {
        let mut record = Record::new("ma:person:1".parse().unwrap());
        let change = PastStatus {
            at: Time(5_000),
            from: None,
            to: Some("opportunity".into()),
            rule: Some("policy.toml:4".into()),
            because: vec!["crm:deal:8 (open)".into()],
        };
        past_statuses::note(&mut record, change);
        let [told] = &told(&[record], Time(9_000))[..] else { panic!("one change") };
        let json = serde_json::json!({
            "at": "1970-01-01T00:00:05Z", "from": null, "to": "opportunity", "rule": "policy.toml:4", "because": ["crm:deal:8 (open)"],
        });
        assert_eq!(serde_json::to_value(told).unwrap(), json);
    }
}
