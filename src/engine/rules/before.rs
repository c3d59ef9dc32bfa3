//! Rules as formats before 4 keep them: their holds say nothing of staleness.

use super::rule_sets::{HoldFields, HoldWrites, StoredHold, StoredRules};
use crate::decide::rules::{After, ConsentRules, HoldScope, Proof, Stale, Widening};
use crate::engine::ledger::kind::Single;
use crate::model::{Entity, MailKind, Name};
use serde::Deserialize;
#[cfg(test)]
use serde::Serialize;
use std::collections::BTreeMap;

/// The rules in force, as a former version kept them.
pub(in crate::engine) const RULES: Single<Vec<StoredBefore>> = Single::new("rules");

/// What that item says, in today's form.
pub(in crate::engine) fn in_todays_form(before: Vec<StoredBefore>) -> Vec<StoredRules> {
    before.into_iter().map(StoredRules::from).collect()
}

/// A rule set.
#[derive(Deserialize)]
#[cfg_attr(test, derive(Serialize))]
pub(in crate::engine) struct StoredBefore {
    declared: HoldFields,
    holds: Vec<StoredHoldBefore>,
    refusal_proofs: Vec<Proof>,
    widening: Widening,
    consent: ConsentRules,
    shared_mailboxes: Vec<String>,
    targets: BTreeMap<Name, HoldWrites>,
}

#[derive(Deserialize)]
#[cfg_attr(test, derive(Serialize))]
struct StoredHoldBefore {
    name: Name,
    on: Entity,
    when: String,
    scope: HoldScope,
    stops: Vec<MailKind>,
    after: After,
    proofs: Vec<Proof>,
    rule: Name,
}

impl From<StoredBefore> for StoredRules {
    fn from(before: StoredBefore) -> StoredRules {
        let hold = |h: StoredHoldBefore| StoredHold {
            name: h.name,
            on: h.on,
            when: h.when,
            scope: h.scope,
            stops: h.stops,
            after: h.after,
            proofs: h.proofs,
            rule: h.rule,
            stale: Stale::Hold,
        };
        StoredRules {
            declared: before.declared,
            holds: before.holds.into_iter().map(hold).collect(),
            refusal_proofs: before.refusal_proofs,
            widening: before.widening,
            consent: before.consent,
            shared_mailboxes: before.shared_mailboxes,
            targets: before.targets,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::ledger::items::encode;
    use crate::model::Span;

    #[test]
    fn rules_that_a_former_version_kept_hold_when_they_are_stale() {
        let hold = StoredHoldBefore {
            name: "open_deal".into(),
            on: Entity::Deal,
            when: "deal.open".into(),
            scope: HoldScope::Account { cap: 500 },
            stops: vec![MailKind::Campaign],
            after: After { lost: Span::days(30), ..After::default() },
            proofs: vec![Proof { system: "crm".into(), stream: "deals".into(), limit: Span::minutes(15) }],
            rule: "policy.toml:4".into(),
        };
        let before = StoredBefore {
            declared: HoldFields::default(),
            holds: vec![hold],
            refusal_proofs: Vec::new(),
            widening: Widening::default(),
            consent: ConsentRules::default(),
            shared_mailboxes: vec!["info@*".into()],
            targets: BTreeMap::new(),
        };
        let now = in_todays_form(RULES.read(&encode(&vec![before])).unwrap());
        assert_eq!((&*now[0].holds[0].when, now[0].holds[0].stale), ("deal.open", Stale::Hold));
        assert_eq!(now[0].shared_mailboxes, ["info@*"]);
    }
}
