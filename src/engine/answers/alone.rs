//! What `status` says while no daemon runs: then nobody sees what changes, but for the next `sync`.

use super::status::{Protection, Status};
use crate::decide::freshness;
use crate::decide::rules::Policy;
use crate::engine::engine::Engine;
use crate::engine::ledger::kind::Single;
use crate::model::{MailKind, Span, Time};

/// The end of the last `sync` that ended well; there is none once a daemon was started.
pub(in crate::engine) const SYNCED: Single<Time> = Single::new("synced");

impl Engine {
    /// Notes when a `sync` ended; `None`: not well, or a daemon has begun, and what is proved is proved by that one from now on.
    pub fn note_sync(&mut self, ended_well: Option<Time>) {
        if self.synced_at == ended_well {
            return;
        }
        self.synced_at = ended_well;
        match ended_well {
            Some(at) => self.ledger.set(SYNCED, &at),
            None => self.ledger.unset(SYNCED),
        }
    }

    /// Makes a status one of a process that only answers: nobody reads or writes behind it. A `sync` that ended well protects until the first
    /// of the proofs that it made runs out.
    pub fn without_daemon(&self, status: &mut Status, now: Time) {
        let limit = shortest_limit(&self.rules.rules().policy, &self.kinds_shown());
        let (counts, line) = alone(self.synced_at, limit, self.read_last(), now);
        if !counts && status.protection == Protection::Protecting {
            status.protection = Protection::NotProtecting;
        }
        status.because.insert(0, line);
    }

    /// When something was read last.
    fn read_last(&self) -> Option<Time> {
        let streams = self.systems.values().flat_map(|s| s.streams.known());
        streams.filter_map(|(_, s)| s.read_until.max(s.proved_at)).max()
    }
}

/// Whether the last `sync` still counts, and what is told of it.
fn alone(synced_at: Option<Time>, limit: Option<Span>, read_last: Option<Time>, now: Time) -> (bool, String) {
    let counts = synced_at.zip(limit).filter(|(at, limit)| *at <= now && now.since(*at) <= *limit);
    let at_least = limit.map_or("again and again".to_string(), |limit| format!("at least every {limit}"));
    let line = match counts {
        Some((at, limit)) => format!(
            "no daemon runs: what changes is seen by the next `nayose sync` only; the last one ended well at {}, which counts until {}",
            at.rfc3339(),
            at.plus(limit).rfc3339()
        ),
        None => {
            let since = read_last.map_or("nothing was read yet".to_string(), |at| {
                let well = synced_at.map_or("since then no `nayose sync` has ended without failures, or a daemon ran".to_string(), |at| {
                    format!("the last `nayose sync` that ended without failures was at {}", at.rfc3339())
                });
                format!("nothing was read since {} ({well})", at.rfc3339())
            });
            format!(
                "no daemon runs: {since}, and nothing is written, so that a deal which is opened holds nobody; start it (`nayose run`), or run `nayose sync` {at_least}"
            )
        }
    };
    (counts.is_some(), line)
}

/// The shortest of the limits that answers about these kinds of mail rest on.
fn shortest_limit(policy: &Policy, kinds: &[MailKind]) -> Option<Span> {
    kinds.iter().flat_map(|kind| freshness::needed(policy, *kind)).map(|needed| needed.proof.limit).min()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::decide::rules::{After, HoldRule, HoldScope, Proof, Stale};
    use crate::model::Entity;
    use crate::model::expression::{Declared, Expression, Scope};

    const LIMIT: Span = Span::minutes(15);
    const MARKETING: [MailKind; 2] = [MailKind::Newsletter, MailKind::Campaign];

    #[test]
    fn a_sync_counts_until_its_first_proof_runs_out_and_not_by_a_clock_set_back() {
        let at = Time(100_000_000);
        let counts = |synced_at, limit, now| alone(synced_at, limit, Some(at), now).0;
        for (after, is) in [(Span::ZERO, true), (LIMIT, true), (Span(LIMIT.0 + 1), false), (Span(-1), false)] {
            assert_eq!(counts(Some(at), Some(LIMIT), at.plus(after)), is, "{after}");
        }
        assert!(!counts(None, Some(LIMIT), at), "none ended well");
        assert!(!counts(Some(at), None, at), "nothing says how long it counts");
    }

    #[test]
    fn who_is_told_that_no_daemon_runs_is_told_for_how_long_that_is_safe() {
        let at = Time(0);
        let line = |synced_at, limit, read| alone(synced_at, limit, read, at).1;
        let counts = line(Some(at), Some(LIMIT), Some(at));
        assert!(counts.ends_with("ended well at 1970-01-01T00:00:00Z, which counts until 1970-01-01T00:15:00Z"), "{counts}");
        let never = line(None, Some(LIMIT), None);
        assert!(never.contains("nothing was read yet, and nothing is written") && never.ends_with("at least every 15m"), "{never}");
        let without_limit = line(Some(at), None, Some(at));
        assert!(
            without_limit.contains("since 1970-01-01T00:00:00Z (the last") && without_limit.ends_with("again and again"),
            "{without_limit}"
        );
    }

    #[test]
    fn only_limits_that_mail_of_marketing_systems_rests_on_count() {
        let proof = |minutes| Proof { system: "crm".into(), stream: "deals".into(), limit: Span::minutes(minutes) };
        let mut policy = Policy::default();
        assert_eq!(shortest_limit(&policy, &MARKETING), None);
        policy.refusal_proofs = vec![proof(60), proof(30)];
        assert_eq!(shortest_limit(&policy, &MARKETING), Some(Span::minutes(30)));
        let rule = |stops: MailKind, minutes| HoldRule {
            name: "open_deal".into(),
            on: Entity::Deal,
            when: Expression::compile("deal.open", Scope::Deal, &Declared::default()).unwrap(),
            scope: HoldScope::Person,
            stops: vec![stops],
            after: After::default(),
            proofs: vec![proof(minutes)],
            stale: Stale::Hold,
            rule: "policy.toml:1".into(),
        };
        policy.holds = vec![rule(MailKind::OneToOne, 5)];
        assert_eq!(shortest_limit(&policy, &MARKETING), Some(Span::minutes(30)), "such mail a rep sends");
        policy.holds.push(rule(MailKind::Campaign, 10));
        assert_eq!(shortest_limit(&policy, &MARKETING), Some(Span::minutes(10)));
    }
}
