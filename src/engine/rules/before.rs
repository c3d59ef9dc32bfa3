//! Rules as former formats keep them: before 4 their holds say nothing of staleness, before 7 a system has one permit.

use super::rule_sets::{HoldFields, HoldWrites, StoredHold, StoredRules};
use crate::decide::rules::{After, ConsentRules, HoldScope, Proof, Stale, Widening};
use crate::engine::ledger::kind::Single;
use crate::model::{Entity, MailKind, Name, Span};
use serde::Deserialize;
#[cfg(test)]
use serde::Serialize;
use std::collections::BTreeMap;

/// The rules in force, as a former version kept them.
pub(in crate::engine) const RULES: Single<Vec<RulesBefore<StoredHoldBefore>>> = Single::new("rules");

/// The same in formats 4 to 6.
pub(in crate::engine) const ONE_PERMIT_RULES: Single<Vec<RulesBefore<StoredHold>>> = Single::new("rules with stale");

/// What such an item says, in today's form.
pub(in crate::engine) fn in_todays_form<T: Into<StoredRules>>(before: Vec<T>) -> Vec<StoredRules> {
    before.into_iter().map(T::into).collect()
}

/// A rule set of formats up to 6, with holds of some form.
#[derive(Deserialize)]
#[cfg_attr(test, derive(Serialize))]
pub(in crate::engine) struct RulesBefore<H> {
    declared: HoldFields,
    holds: Vec<H>,
    refusal_proofs: Vec<Proof>,
    widening: Widening,
    consent: ConsentRules,
    shared_mailboxes: Vec<String>,
    targets: BTreeMap<Name, OnePermitWrites>,
}

#[derive(Deserialize)]
#[cfg_attr(test, derive(Serialize))]
struct OnePermitWrites {
    hold: bool,
    block: bool,
    permit: Option<String>,
    lease: Span,
    line: usize,
}

impl From<OnePermitWrites> for HoldWrites {
    fn from(before: OnePermitWrites) -> HoldWrites {
        let OnePermitWrites { hold, block, permit, lease, line } = before;
        HoldWrites { hold, block, permit, permits: BTreeMap::new(), lease, line }
    }
}

impl<H: Into<StoredHold>> From<RulesBefore<H>> for StoredRules {
    fn from(before: RulesBefore<H>) -> StoredRules {
        let RulesBefore { declared, holds, refusal_proofs, widening, consent, shared_mailboxes, targets } = before;
        let holds = holds.into_iter().map(H::into).collect();
        let targets = targets.into_iter().map(|(system, writes)| (system, writes.into())).collect();
        StoredRules { declared, holds, refusal_proofs, widening, consent, shared_mailboxes, targets }
    }
}

#[derive(Deserialize)]
#[cfg_attr(test, derive(Serialize))]
pub(in crate::engine) struct StoredHoldBefore {
    name: Name,
    on: Entity,
    when: String,
    scope: HoldScope,
    stops: Vec<MailKind>,
    after: After,
    proofs: Vec<Proof>,
    rule: Name,
}

impl From<StoredHoldBefore> for StoredHold {
    fn from(before: StoredHoldBefore) -> StoredHold {
        let StoredHoldBefore { name, on, when, scope, stops, after, proofs, rule } = before;
        StoredHold { name, on, when, scope, stops, after, proofs, rule, stale: Stale::Hold }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::ledger::items::encode;

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
        let before = RulesBefore {
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

    #[test]
    fn a_system_that_had_one_permit_has_no_others() {
        let writes = OnePermitWrites { hold: true, block: true, permit: Some("ok".into()), lease: Span::days(7), line: 4 };
        let before = RulesBefore {
            declared: HoldFields::default(),
            holds: Vec::<StoredHold>::new(),
            refusal_proofs: Vec::new(),
            widening: Widening::default(),
            consent: ConsentRules::default(),
            shared_mailboxes: Vec::new(),
            targets: [("ma".into(), writes)].into(),
        };
        let now = in_todays_form(ONE_PERMIT_RULES.read(&encode(&vec![before])).unwrap());
        let lease = Span::days(7);
        let writes = HoldWrites { hold: true, block: true, permit: Some("ok".into()), permits: BTreeMap::new(), lease, line: 4 };
        assert_eq!(now[0].targets["ma"], writes);
    }
}
