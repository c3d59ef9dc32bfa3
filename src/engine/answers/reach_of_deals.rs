//! Open deals and tickets that reach nobody, or fewer than their rule means.

use crate::decide::rules::{HoldScope, Policy};
use crate::engine::engine::Engine;
use crate::engine::memory::place::Idx;
use crate::engine::memory::world::World;
use crate::model::{Entity, RecordId, counted};

impl Engine {
    /// What of them an operator should know.
    pub(super) fn reach_alarms(&self) -> Vec<String> {
        let mut lines = Vec::new();
        for (account, people, cap) in crowded_accounts(&self.world, &self.rules.rules().policy) {
            lines.push(format!(
                "{account} has {people} people, more than account_cap = {cap}: its open deals hold only the people named on them; raise the cap to hold all"
            ));
        }
        let naming_nobody = |entity| self.world.naming_nobody().filter(|slot| slot.id.entity == entity).count();
        let [deals, tickets] = [Entity::Deal, Entity::Ticket].map(naming_nobody);
        let of_nobody = self.world.naming_nobody().filter(|slot| slot.id.entity == Entity::Deal);
        let of_nobody = of_nobody
            .filter(|slot| self.world.find(&slot.id).is_some_and(|idx| self.world.record(idx).accounts().next().is_none()))
            .count();
        let text = |deals: usize| counted(deals, "open deal names", "open deals name");
        if deals > of_nobody {
            lines.push(format!("{} nobody: that holds only the account", text(deals - of_nobody)));
        }
        if of_nobody > 0 {
            lines.push(format!("{} neither a person nor a company: that holds nobody; name whom it is with", text(of_nobody)));
        }
        let tickets = (tickets > 0).then(|| counted(tickets, "open ticket names", "open tickets name"));
        lines.extend(tickets.map(|tickets| format!("{tickets} nobody: that holds nobody; give each its requester")));
        lines
    }
}

/// Accounts with an open deal that have more people than a hold on accounts may reach, and that cap.
fn crowded_accounts(world: &World, policy: &Policy) -> Vec<(RecordId, usize, usize)> {
    let caps = policy.holds.iter().filter_map(|rule| match rule.scope {
        HoldScope::Account { cap } => Some(cap),
        HoldScope::Person => None,
    });
    let Some(cap) = caps.min() else { return Vec::new() };
    let is_open = |deal: &Idx, by_company: bool| {
        let record = world.record(*deal);
        record.deal.is_some_and(|s| s.is_open()) && record.names_companies == by_company
    };
    let open = |account: &RecordId| world.deals_of_account(account).iter().any(|deal| is_open(deal, false));
    let crowded = world.crowded_accounts(cap).into_iter();
    let mut found: Vec<_> = crowded.filter(|(id, _)| open(id)).map(|(id, people)| (id, people, cap)).collect();
    for (company, people) in world.crowded_companies(cap) {
        let open = world.deals_of_company(&company).iter().find(|deal| is_open(deal, true));
        let account = |deal: &Idx| RecordId::new(world.slot(*deal).id.system.clone(), Entity::Account, &*company);
        found.extend(open.map(|deal| (account(deal), people, cap)));
    }
    found.sort();
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::decide::rules::{After, HoldRule, Stale};
    use crate::model::expression::{Declared, Expression, Scope};
    use crate::model::{DealState, MailKind, Record, Time, Value};

    fn hold(scope: HoldScope) -> HoldRule {
        HoldRule {
            name: "open_deal".into(),
            on: Entity::Deal,
            when: Expression::compile("deal.open", Scope::Deal, &Declared::default()).unwrap(),
            scope,
            stops: vec![MailKind::Campaign],
            after: After::default(),
            proofs: Vec::new(),
            stale: Stale::Hold,
            rule: "policy.toml:1".into(),
        }
    }

    #[test]
    fn an_account_is_told_of_that_has_an_open_deal_and_more_people_than_any_hold_reaches() {
        let crowded = |deal: Option<DealState>, scopes: &[HoldScope]| {
            let mut world = World::default();
            for n in 1..=3 {
                let mut person = Record::new(format!("crm:person:{n}").parse().unwrap());
                person.account = Some("7".into());
                world.put("people".into(), &person);
            }
            if deal.is_some() {
                let mut record = Record::new("crm:deal:1".parse().unwrap());
                (record.account, record.deal) = (Some("7".into()), deal);
                world.put("deals".into(), &record);
            }
            let holds = scopes.iter().map(|scope| hold(*scope)).collect();
            crowded_accounts(&world, &Policy { holds, ..Policy::default() })
        };
        let cap = |cap| HoldScope::Account { cap };
        let told = |cap| vec![("crm:account:7".parse().unwrap(), 3, cap)];
        for deal in [DealState::Open, DealState::Unknown] {
            assert_eq!(crowded(Some(deal), &[cap(2)]), told(2), "{deal:?}");
        }
        assert_eq!(crowded(Some(DealState::Open), &[cap(9), cap(1), HoldScope::Person]), told(1));
        for (deal, scopes) in [
            (Some(DealState::Open), &[cap(3)][..]),
            (Some(DealState::Open), &[HoldScope::Person]),
            (Some(DealState::Won), &[cap(2)]),
            (None, &[cap(2)]),
        ] {
            assert_eq!(crowded(deal, scopes), [], "{deal:?}");
        }
    }

    #[test]
    fn a_company_is_told_of_by_its_people_in_all_systems_each_once() {
        let mut world = World::default();
        let mut deal = Record::new("lists:deal:1".parse().unwrap());
        (deal.account, deal.deal, deal.names_companies) = (Some("アクメ".into()), Some(DealState::Open), true);
        world.put("deals".into(), &deal);
        for id in ["ma:person:1", "ma:person:2", "cards:person:1"] {
            let mut person = Record::new(id.parse().unwrap());
            person.set(&"company".into(), Value::text("(株)アクメ"), Time(1));
            world.put("people".into(), &person);
        }
        let crowded = |cap| crowded_accounts(&world, &Policy { holds: vec![hold(HoldScope::Account { cap })], ..Policy::default() });
        assert_eq!(crowded(1), [("lists:account:アクメ".parse().unwrap(), 2, 1)]);
        assert_eq!(crowded(2), []);
    }
}
