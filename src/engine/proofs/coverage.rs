//! What was read to its end, as far as statuses and fields rest on it. What was seen counts at once; what rests on *not* having seen something
//! waits until all that could have shown it was read to its end in this state. Where that was done before and not lately, only lowering waits,
//! for people whom it can concern.

use crate::connector::{Reads, SWEEP_EVERY, StreamInfo};
use crate::decide::rules::Policy;
use crate::merge::UnreadSystems;
use crate::model::{Name, Record, Span, Time};

/// A stream that nothing else speaks of was read lately if it was read to its end within this.
const LATELY: Span = Span::minutes(60);

/// How well what one system shows of one kind is known. The later, the worse.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub enum Extent {
    /// Read to the end lately, or there is no such stream.
    #[default]
    Whole,
    /// Read to the end in this state, but not lately.
    Stale,
    /// Never read to the end in this state.
    Never,
}

/// One system's streams.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Covered {
    pub(super) system: Name,
    pub(super) people: Extent,
    /// Deals and who is on them; `None`: the system has none.
    pub(super) deals: Option<Extent>,
    pub(super) tickets: Option<Extent>,
    /// Companies; `None`: the system has none, or nothing asks for what they have.
    pub(super) accounts: Option<Extent>,
    /// `SYSTEM.STREAM`, and when it was last read to its end.
    pub(super) gaps: Vec<(String, Option<Time>)>,
    /// `SYSTEM.STREAM` of those that were read to their end, and not since other fields of them are read.
    pub(super) read_otherwise: Vec<String>,
}

/// All systems, at one instant.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Coverage(pub(super) Vec<Covered>);

/// What may be missing of one person.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Gaps {
    /// Systems whose records of the person were never all read.
    never: Vec<Name>,
    /// Systems that know the person, and were not read lately.
    stale: Vec<Name>,
    pub deals: Extent,
    pub tickets: Extent,
    /// The same two of systems whose accounts, or who is of which, were not all read.
    accounts_never: Vec<Name>,
    accounts_stale: Vec<Name>,
}

/// What of a person is not decided for good: what waits until more is read, and what nobody knows the age of.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Undecided {
    pub status: bool,
    pub fields: bool,
    /// So many fields are decided by the order of their rule, as nobody knows which value is newer.
    pub by_order: u8,
    /// So many records keep a status under `forward_only`.
    pub kept_statuses: u8,
}

impl Undecided {
    pub fn is_any(self) -> bool {
        self.status || self.fields
    }
}

impl Gaps {
    pub fn unread(&self) -> UnreadSystems<'_> {
        UnreadSystems { never: &self.never, stale: &self.stale }
    }

    /// The same for what accounts have.
    pub fn unread_accounts(&self) -> UnreadSystems<'_> {
        UnreadSystems { never: &self.accounts_never, stale: &self.accounts_stale }
    }

    pub fn is_empty(&self) -> bool {
        *self == Gaps::default()
    }

    pub fn has_stale(&self) -> bool {
        !self.stale.is_empty() || !self.accounts_stale.is_empty() || self.deals == Extent::Stale || self.tickets == Extent::Stale
    }

    /// As if all that was read once were read lately.
    pub fn without_stale(&self) -> Gaps {
        let kept = |extent: Extent| if extent == Extent::Stale { Extent::Whole } else { extent };
        Gaps {
            never: self.never.clone(),
            stale: Vec::new(),
            deals: kept(self.deals),
            tickets: kept(self.tickets),
            accounts_never: self.accounts_never.clone(),
            accounts_stale: Vec::new(),
        }
    }
}

impl Covered {
    fn is_whole(&self) -> bool {
        self.gaps.is_empty() && self.read_otherwise.is_empty()
    }
}

impl Coverage {
    /// What may be missing of a person with these records.
    pub fn gaps(&self, records: &[Record]) -> Gaps {
        let mut gaps = Gaps::default();
        for covered in self.0.iter().filter(|c| !c.is_whole()) {
            let knows = records.iter().any(|r| r.id.system == covered.system);
            match covered.people {
                Extent::Whole => {}
                Extent::Stale if knows => gaps.stale.push(covered.system.clone()),
                Extent::Stale => {}
                Extent::Never => gaps.never.push(covered.system.clone()),
            }
            // A deal names people by their records there: one that was never read may be on some.
            if let Some(deals) = covered.deals {
                gaps.deals = gaps.deals.max(concerns(deals.max(covered.people), knows));
            }
            // A record that was never read may name any account; one that is known names those of its own system.
            match covered.accounts.map(|accounts| concerns_account(accounts, covered.people, knows)) {
                None | Some(Extent::Whole) => {}
                Some(Extent::Stale) => gaps.accounts_stale.push(covered.system.clone()),
                Some(Extent::Never) => gaps.accounts_never.push(covered.system.clone()),
            }
            // A ticket may name an address alone.
            if let Some(tickets) = covered.tickets {
                gaps.tickets = gaps.tickets.max(tickets).max(concerns(covered.people, knows));
            }
        }
        gaps
    }

    /// Whether something is known better than it was.
    pub fn is_better_than(&self, before: &Coverage) -> bool {
        self.0.iter().any(|now| {
            let then = before.0.iter().find(|c| c.system == now.system);
            then.is_some_and(|then| {
                now.people < then.people || now.deals < then.deals || now.tickets < then.tickets || now.accounts < then.accounts
            })
        }) || before.0.iter().any(|then| !then.is_whole() && self.0.iter().all(|now| now.system != then.system))
    }

    /// What is waited for, in words; nothing is.
    pub fn told(&self) -> Option<String> {
        let (mut never, mut stale) = (Vec::new(), Vec::new());
        for (stream, at) in self.0.iter().flat_map(|c| &c.gaps) {
            match at {
                None => never.push(stream.clone()),
                Some(at) => stale.push(format!("{stream} (last at {at})")),
            }
        }
        let never = (!never.is_empty()).then(|| format!("not read to the end yet since this state was begun: {}", never.join(", ")));
        let stale = (!stale.is_empty()).then(|| format!("not read to the end lately: {}", stale.join(", ")));
        let otherwise: Vec<&str> = self.0.iter().flat_map(|c| &c.read_otherwise).map(String::as_str).collect();
        let otherwise = (!otherwise.is_empty()).then(|| format!("read anew, as other fields of it are read now: {}", otherwise.join(", ")));
        let all: Vec<String> = never.into_iter().chain(stale).chain(otherwise).collect();
        (!all.is_empty()).then(|| all.join("; "))
    }
}

/// Staleness concerns those whom the system knows; what was never read may concern anybody.
fn concerns(extent: Extent, knows: bool) -> Extent {
    if extent == Extent::Stale && !knows { Extent::Whole } else { extent }
}

/// The accounts of a system concern those whom it knows, and anybody while not all its people were read.
fn concerns_account(accounts: Extent, people: Extent, knows: bool) -> Extent {
    match (people, knows) {
        (Extent::Never, _) => Extent::Never,
        (_, true) => accounts.max(people),
        (_, false) => Extent::Whole,
    }
}

/// How old a stream's proof may be: what a rule of policy.toml says of it, and no less than an hour or two rounds of what proves it.
pub(super) fn lately(policy: &Policy, system: &Name, info: &StreamInfo, every: Span, sweep_every: Option<Span>) -> Span {
    let proofs = policy.holds.iter().flat_map(|h| &h.proofs).chain(&policy.refusal_proofs);
    let said = proofs.filter(|p| p.system == *system && p.stream == info.name).map(|p| p.limit).max();
    let by_sweeps_only = info.reads == Reads::ModifiedSince && !info.sound && !info.open;
    let round = if by_sweeps_only { sweep_every.or(info.sweep_every).unwrap_or(SWEEP_EVERY).max(every) } else { every };
    Span(round.0.saturating_mul(2)).max(LATELY).max(said.unwrap_or(Span::ZERO))
}

#[cfg(test)]
mod tests;
