//! What `status` says while no daemon runs: then nobody sees what changes, but for the next `sync`.

use super::status::{Protection, Status};
use crate::decide::freshness;
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
        let limit = self.shortest_limit();
        let counts = self.synced_at.zip(limit).filter(|(at, limit)| *at <= now && now.since(*at) <= *limit);
        let at_least = limit.map_or("again and again".to_string(), |limit| format!("at least every {limit}"));
        let line = match counts {
            Some((at, limit)) => format!(
                "no daemon runs: what changes is seen by the next `nayose sync` only; the last one ended well at {}, which counts until {}",
                at.rfc3339(),
                at.plus(limit).rfc3339()
            ),
            None => {
                let since =
                    self.read_last().map_or("nothing was read yet".to_string(), |at| format!("nothing was read since {}", at.rfc3339()));
                format!(
                    "no daemon runs: {since}, and nothing is written, so that a deal which is opened holds nobody; start it (`nayose run`), or run `nayose sync` {at_least}"
                )
            }
        };
        if counts.is_none() && status.protection == Protection::Protecting {
            status.protection = Protection::NotProtecting;
        }
        status.because.insert(0, line);
    }

    /// The shortest of the limits that answers rest on.
    fn shortest_limit(&self) -> Option<Span> {
        let kinds = MailKind::ALL.into_iter().filter(|kind| kind.sent_by_ma());
        kinds.flat_map(|kind| freshness::needed(&self.rules.rules().policy, kind)).map(|needed| needed.proof.limit).min()
    }

    /// When something was read last.
    fn read_last(&self) -> Option<Time> {
        let streams = self.systems.values().flat_map(|s| s.streams.values());
        streams.filter_map(|s| s.read_until.max(s.proved_at)).max()
    }
}
