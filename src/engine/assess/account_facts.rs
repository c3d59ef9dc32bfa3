//! What a person's account has, as the rules under `[account]` make it of the accounts that the person's own records name.
//!
//! Of each record the first account counts: a person may have to do with several companies, and is of that one. Records of several systems
//! that name an account each are taken to mean one company, as they are one person's.

use super::members::Members;
use crate::engine::engine::Engine;
use crate::merge::rules::FieldRule;
use crate::merge::{Candidate, Circumstances, Judged, Judgment, Leader, RulePart, Unknown, UnreadSystems, Winner};
use crate::model::{Entity, Name, Record, RecordId, Time};

/// The accounts that a person's records name.
struct NamedAccounts<'a> {
    read: Vec<&'a Record>,
    /// The systems of those of which nothing was read yet.
    unread: Vec<Name>,
}

/// What is asked of the merge about one field of one person's account.
pub struct AccountAsked<'a> {
    pub rule: &'a FieldRule,
    pub candidates: Vec<Candidate<'a>>,
    by: Circumstances<'a>,
    /// An account that may have another value is named, and was not read.
    waits: bool,
}

impl<'a> AccountAsked<'a> {
    pub fn judge(&self) -> Judgment<'a> {
        if self.waits { Judgment::Unknown(Unknown::NotRead) } else { crate::merge::judge(self.rule, &self.by, &self.candidates) }
    }

    /// The same, with what became of each candidate.
    pub fn explain(&self) -> (Judgment<'a>, Vec<Judged>) {
        let (judgment, judged) = crate::merge::explain(self.rule, &self.by, &self.candidates);
        if self.waits { (Judgment::Unknown(Unknown::NotRead), judged) } else { (judgment, judged) }
    }
}

impl Engine {
    /// `None`: no rule under `[account]` speaks of the field.
    pub fn account_asked<'a>(&'a self, name: &Name, of: Members<'a>, now: Time) -> Option<AccountAsked<'a>> {
        let rule: &FieldRule = of.by.rules.precedence.accounts.get(name)?;
        let named = self.named_accounts(of);
        let candidates = candidates(&named.read, name);
        let unread = of.gaps.unread_accounts();
        let waits = !named.unread.is_empty() && may_be_another(rule, &candidates, &named.unread, unread, now);
        let by = Circumstances { part: RulePart::Otherwise, unread, leader: Leader::Nothing, now };
        Some(AccountAsked { rule, candidates, by, waits })
    }

    /// What a field of the person's account comes to.
    pub(super) fn account_fact<'a>(&'a self, name: &Name, of: Members<'a>, now: Time) -> Result<Option<Winner<'a>>, Unknown> {
        self.account_asked(name, of, now).map_or(Ok(None), |asked| asked.judge().known())
    }

    /// When the first value that counts for a field of the account grows too old.
    pub(super) fn account_ages_at(&self, name: &Name, of: Members<'_>, now: Time) -> Option<Time> {
        let rule = of.by.rules.precedence.accounts.get(name).filter(|rule| rule.has_ages())?;
        crate::merge::next_too_old(rule, &candidates(&self.named_accounts(of).read, name), now)
    }

    fn named_accounts<'a>(&self, of: Members<'a>) -> NamedAccounts<'a> {
        let mut ids: Vec<RecordId> = of.records.iter().filter(|record| !record.is_gone()).filter_map(first_account).collect();
        ids.sort_unstable();
        ids.dedup();
        let mut named = NamedAccounts { read: Vec::new(), unread: Vec::new() };
        for id in ids {
            match self.world.find(&id) {
                Some(place) => named.read.push(of.around.get(place)),
                None if self.reads_accounts(&id.system) => named.unread.push(id.system),
                None => {}
            }
        }
        named.read.retain(|account| !account.is_gone());
        named
    }

    /// Whether a system shows accounts, and not only their ids.
    fn reads_accounts(&self, system: &Name) -> bool {
        self.systems.get(system).is_some_and(|system| system.streams.each().any(|(info, _)| info.entity == Entity::Account))
    }
}

/// The company that a person's record is of.
fn first_account(person: &Record) -> Option<RecordId> {
    Some(RecordId::new(person.id.system.clone(), Entity::Account, person.account.clone()?))
}

/// What accounts offer for a field. Nothing of ours is ever written there.
fn candidates<'a>(accounts: &[&'a Record], name: &Name) -> Vec<Candidate<'a>> {
    let offered = |account: &&'a Record| {
        let account: &'a Record = account;
        let field = account.field_of(name)?;
        let cleared = account.cleared(name).is_some();
        Some(Candidate { cleared, last_edit: field.last_edit.as_deref(), ..Candidate::new(&account.id, &field.value, field.age()) })
    };
    accounts.iter().filter_map(offered).collect()
}

/// Whether what these systems' accounts may hold, which were not read, may be what counts.
fn may_be_another(rule: &FieldRule, candidates: &[Candidate<'_>], of: &[Name], unread: UnreadSystems<'_>, now: Time) -> bool {
    let never: Vec<Name> = of.iter().chain(unread.never).cloned().collect();
    let unread = UnreadSystems { never: &never, ..unread };
    let by = Circumstances { part: RulePart::Otherwise, unread, leader: Leader::Nothing, now };
    crate::merge::judge(rule, &by, candidates) == Judgment::Unknown(Unknown::NotRead)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::merge::rules::{Band, Strategy};
    use crate::model::Value;

    fn account(id: &str, industry: Option<Value>) -> Record {
        let mut record = Record::new(id.parse().unwrap());
        industry.into_iter().for_each(|value| record.set(&"industry".into(), value, Time(1)));
        record
    }

    #[test]
    fn the_first_account_of_a_record_is_the_persons() {
        let mut person = Record::new("crm:person:1".parse().unwrap());
        assert_eq!(first_account(&person), None);
        person.account = Some("7".into());
        person.set_more_accounts(vec!["3".into(), "9".into()]);
        assert_eq!(first_account(&person), Some("crm:account:7".parse().unwrap()));
    }

    #[test]
    fn an_account_that_was_not_read_counts_where_its_system_goes_first() {
        let crm = account("crm:account:7", Some(Value::text("製造業")));
        let empty = account("crm:account:7", Some(Value::Empty));
        let silent = account("crm:account:7", None);
        let band = |name: &str| Band(vec![Name::from(name).into()]);
        let rule = FieldRule::of(Strategy::Order(vec![band("crm"), band("erp")]), "precedence.toml:3".into());
        for (read, unread, waits) in [
            (vec![&crm], "erp", false),
            (vec![&crm], "crm", false),
            (vec![&empty], "erp", true),
            (vec![&silent], "erp", true),
            (vec![], "crm", true),
            (vec![], "other", false),
        ] {
            let candidates = candidates(&read, &"industry".into());
            let said = may_be_another(&rule, &candidates, &[unread.into()], UnreadSystems::default(), Time(9));
            assert_eq!(said, waits, "{read:?} {unread}");
        }
    }
}
