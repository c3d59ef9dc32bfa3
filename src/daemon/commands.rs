//! What the command line can ask of the state, whether a daemon holds it or the command opens it itself.

use crate::connector::Usage;
use crate::daemon::footers::log;
use crate::daemon::reading::WhoReads;
use crate::daemon::shell::Shell;
use crate::daemon::turns::ReadingTurn;
use crate::engine::answers::accept;
use crate::engine::answers::approve;
use crate::engine::answers::conflicts::ConflictsRun;
use crate::engine::answers::dead_letters;
use crate::engine::answers::export::{ExportTable, Sheet};
use crate::engine::answers::parked;
use crate::engine::answers::pin;
use crate::engine::answers::plan::Plan;
use crate::engine::history::narrowed::UndoOnly;
use crate::engine::history::undo;
use crate::engine::proofs::reading::StreamReport;
use crate::engine::{Engine, Error};
use crate::model::{Mail, Name, Time};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::path::PathBuf;

mod reply;

pub use reply::{Reply, Synced};

/// A question or an order.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Command {
    /// With a limit only so many writes are told one by one. What is known may be enough: then nothing is read.
    Plan {
        limit: Option<usize>,
        #[serde(default)]
        known: bool,
    },
    /// The rules of another folder are tried on everyone who is known; `all`: each change is told.
    Preview {
        folder: PathBuf,
        all: bool,
    },
    Sync {
        system: Option<String>,
    },
    Approve {
        what: String,
        holds: bool,
        #[serde(default)]
        moved: bool,
        /// Who says so; a command of a former version does not tell.
        #[serde(default)]
        by: String,
    },
    /// A row that cannot be read concerns nobody, says a named person.
    Accept {
        row: String,
        by: String,
        because: String,
    },
    /// A value counts for somebody, says a named person, whatever the rules say.
    Pin {
        who: String,
        field: String,
        value: String,
        by: String,
        because: String,
    },
    /// The rules decide again.
    Unpin {
        who: String,
        field: String,
        by: String,
    },
    Pins,
    /// Values that cannot be true, or that systems disagree on; so many are told one by one.
    Conflicts {
        field: Option<String>,
        limit: usize,
    },
    Status,
    Explain {
        who: String,
        /// The history of this field is told too.
        #[serde(default)]
        field: Option<String>,
    },
    Gate {
        subjects: Vec<String>,
        mail: Mail,
    },
    /// The footer that somebody gets in a newsletter, of those in a config folder.
    Footer {
        folder: PathBuf,
        who: String,
        slot: String,
    },
    /// What became of the mails that passed by, and of their footers.
    ReportFooters,
    Letters,
    RetryLetters {
        record: Option<String>,
    },
    DropLetter {
        record: String,
    },
    /// What is parked of a system or record is written again.
    Unpark {
        what: String,
        field: Option<String>,
    },
    Export {
        what: ExportTable,
    },
    /// The runs whose fields can be undone.
    Runs,
    Undo {
        /// `None`: what is out of the file that `only` names, whatever run wrote it.
        run: Option<String>,
        since: Option<Time>,
        #[serde(default)]
        only: UndoOnly,
    },
    Backup,
}

impl Command {
    /// Whether the answer is made of what is known: nothing is read from a system, and nothing of the state changes.
    pub fn only_looks(&self) -> bool {
        match self {
            Command::Plan { known, .. } => *known,
            Command::Status | Command::Explain { .. } | Command::Gate { .. } | Command::Letters | Command::Export { .. } => true,
            Command::Runs | Command::Backup | Command::Pins | Command::Conflicts { .. } | Command::Footer { .. } => true,
            Command::ReportFooters => true,
            // What was shown is remembered, to be approved.
            Command::Preview { .. } | Command::Sync { .. } | Command::Approve { .. } | Command::Accept { .. } => false,
            Command::RetryLetters { .. } | Command::DropLetter { .. } | Command::Unpark { .. } | Command::Undo { .. } => false,
            Command::Pin { .. } | Command::Unpin { .. } => false,
        }
    }
}

impl Shell {
    /// Does one command. In a daemon, `plan` and `sync` read and send beside the daemon's own rounds; a record still has one write under way.
    pub async fn command(&self, command: Command) -> Reply {
        match self.answer(command).await {
            Ok(reply) => reply,
            Err(error) => Reply::Failed(error.to_string()),
        }
    }

    async fn answer(&self, command: Command) -> Result<Reply, Error> {
        let now = self.now();
        Ok(match command {
            Command::Plan { limit, known: true } => {
                self.reconcile()?;
                let now = self.now();
                Reply::Plan(self.with(|e| e.plan(limit, now)))
            }
            Command::Plan { limit, known: false } => Reply::Plan(self.read_and_plan(limit).await?),
            Command::Preview { folder, all } => self.preview(&folder, all)?,
            Command::Sync { system: Some(system) } if !self.wiring().connectors.contains_key(system.as_str()) => {
                let wiring = self.wiring();
                let known: Vec<&str> = wiring.connectors.keys().map(|n| &**n).collect();
                Reply::Refused(format!("systems.toml has no system {system:?}; it has {}", known.join(", ")))
            }
            Command::Sync { system } => Reply::Sync(self.sync(system.as_deref()).await?),
            Command::Approve { what, holds, moved, by } => self.approve(&what, holds, moved, &by, now)?,
            Command::Accept { row, by, because } => self.accept(&row, &by, &because, now)?,
            Command::Pin { who, field, value, by, because } => {
                self.pin_reply(|e| e.pin(&who, &field, &value, &by, &because, now).map(Reply::Pinned))?
            }
            Command::Unpin { who, field, by } => self.pin_reply(|e| e.unpin(&who, &field, &by, now).map(Reply::Unpinned))?,
            Command::Conflicts { field, limit } => {
                if let Some(unknown) = field.as_ref().and_then(|field| self.engine().no_such_conflicts(field)) {
                    return Ok(Reply::Refused(unknown));
                }
                let mut run = ConflictsRun::of(field.as_deref(), limit);
                while self.ask(|engine| engine.find_conflicts(&mut run, now)) {}
                Reply::Conflicts(run.end())
            }
            Command::Pins => Reply::Pins(self.engine().pins_told()),
            Command::Status => {
                let trying = self.trying_again();
                let mut status = self.status(now);
                trying.iter().for_each(|(system, why)| status.is_trying_again(system, why));
                Reply::Status(status)
            }
            Command::Explain { who, field } => {
                let gate = self.gate.clone();
                Reply::Explain(self.ask(|e| {
                    let mut people = e.explain(&who, &gate, now);
                    field.map_or(Ok(()), |field| e.tell_history(&field, &mut people)).map(|()| people)
                })?)
            }
            Command::Gate { subjects, mail } => Reply::Gate(self.gate.decide(&subjects, &mail, now)),
            Command::Footer { folder, who, slot } => Reply::Footer(self.footer(&folder, &who, &slot, now)),
            Command::ReportFooters => Reply::FooterReport(self.footer_log.report()),
            Command::Letters => Reply::Letters(self.engine().letters()),
            Command::RetryLetters { record } => self.letters_reply(|e| e.retry_letters(record.as_deref(), now))?,
            Command::DropLetter { record } => self.letters_reply(|e| e.drop_letter(&record, now))?,
            Command::Unpark { what, field } => match self.with(|e| e.unpark(&what, field.as_deref(), now)) {
                Ok(count) => Reply::Count(count),
                Err(parked::UnparkRefused::State(error)) => return Err(error),
                Err(refused) => Reply::Refused(refused.to_string()),
            },
            Command::Runs => Reply::Runs(self.engine().runs_written()),
            Command::Undo { run, since, only } => match self.with(|e| e.undo(run.as_deref(), since, only, now)) {
                Ok(undo) => Reply::Undo(undo),
                Err(undo::UndoRefused::State(error)) => return Err(error),
                Err(refused) => Reply::Refused(refused.to_string()),
            },
            Command::Backup => match self.with(|e| e.backup(now))? {
                Some(made) => Reply::Backup(made),
                None => Reply::Refused("the state lies in no folder, so that there is nothing to back up".into()),
            },
            Command::Export { what } => Reply::Export(self.export(what, now)?),
        })
    }

    /// Reads all systems, and plans with what was read.
    async fn read_and_plan(&self, limit: Option<usize>) -> Result<Plan, Error> {
        let streams = self.read_all(None).await?;
        self.reconcile()?;
        let now = self.now();
        let failed = |s: &&StreamReport| s.error.is_some();
        let mut plan = self.with(|e| {
            let mut plan = e.plan(limit, now);
            let of_people = streams.iter().filter(failed).filter(|s| e.shows_whom(&s.system, &s.stream));
            plan.rests_on_unread(of_people.map(|s| format!("{}.{}", s.system, s.stream)));
            plan
        });
        self.with(Engine::commit)?;
        plan.errors = streams.into_iter().filter_map(|s| s.error.map(|e| format!("{}.{}: {e}", s.system, s.stream))).collect();
        Ok(plan)
    }

    /// One of the tables. What was decided on footers, the engine does not know.
    fn export(&self, what: ExportTable, now: Time) -> Result<Sheet, Error> {
        let gate = self.gate.clone();
        let rows = if what == ExportTable::Decisions { self.footer_log.rows() } else { Vec::new() };
        self.ask(|e| {
            let mut sheet = e.export(what, &gate, now)?;
            if what == ExportTable::Decisions {
                log::add_to(&mut sheet, &rows, |who| e.person_meant(who));
            }
            Ok(sheet)
        })
    }

    fn approve(&self, what: &str, holds: bool, moved: bool, by: &str, now: Time) -> Result<Reply, Error> {
        let approved = self.with(|e| if moved { e.approve_moved(what, now) } else { e.approve(what, holds, by, now) });
        match approved {
            Ok(approved) => {
                self.reconcile()?;
                self.publish(&self.engine());
                self.rules_approved.notify_one();
                Ok(Reply::Approved(approved))
            }
            Err(approve::ApprovalRefused::State(error)) => Err(error),
            Err(refused) => Ok(Reply::Refused(refused.to_string())),
        }
    }

    fn accept(&self, row: &str, by: &str, because: &str, now: Time) -> Result<Reply, Error> {
        match self.with(|e| e.accept(row, by, because, now)) {
            Ok(cause) => {
                self.reconcile()?;
                self.publish(&self.engine());
                Ok(Reply::Accepted(cause.to_string()))
            }
            Err(accept::AcceptanceRefused::State(error)) => Err(error),
            Err(refused) => Ok(Reply::Refused(refused.to_string())),
        }
    }

    fn pin_reply(&self, work: impl FnOnce(&mut Engine) -> Result<Reply, pin::PinRefused>) -> Result<Reply, Error> {
        match self.with(work) {
            Ok(done) => {
                self.reconcile()?;
                Ok(done)
            }
            Err(pin::PinRefused::State(error)) => Err(error),
            Err(refused) => Ok(Reply::Refused(refused.to_string())),
        }
    }

    fn letters_reply(&self, work: impl FnOnce(&mut Engine) -> Result<usize, dead_letters::DeadLetterRefused>) -> Result<Reply, Error> {
        match self.with(work) {
            Ok(count) => {
                self.reconcile()?;
                Ok(Reply::Count(count))
            }
            Err(dead_letters::DeadLetterRefused::State(error)) => Err(error),
            Err(refused) => Ok(Reply::Refused(refused.to_string())),
        }
    }

    /// What each connector used of today's budget.
    pub fn usage(&self) -> BTreeMap<Name, Usage> {
        self.wiring().connectors.iter().map(|(name, connector)| (name.clone(), connector.usage())).collect()
    }

    /// Which systems' requests are being tried again just now, and why.
    fn trying_again(&self) -> BTreeMap<Name, String> {
        self.wiring().connectors.iter().filter_map(|(name, connector)| Some((name.clone(), connector.trying_again()?))).collect()
    }

    /// Reads every stream (of one system) once, side by side; associations after the deals that they belong to. A commit is to follow.
    pub async fn read_all(&self, system: Option<&str>) -> Result<Vec<StreamReport>, Error> {
        let wiring = self.wiring();
        let chosen = wiring.connectors.values().filter(|c| system.is_none_or(|s| **c.system() == *s));
        let streams =
            chosen.flat_map(|c| c.streams().iter().map(move |i| (ReadingTurn::of(c.streams(), i), (c.system().clone(), i.name.clone()))));
        let mut turns: BTreeMap<ReadingTurn, Vec<(Name, Name)>> = BTreeMap::new();
        for (turn, stream) in streams.filter_map(|(turn, stream)| Some((turn?, stream))) {
            turns.entry(turn).or_default().push(stream);
        }
        self.progress.begin_reading(turns.values().flatten().cloned());
        let mut reports = Vec::new();
        for round in turns.into_values() {
            let reading = round.into_iter().map(|(system, stream)| {
                let shell = self.clone();
                tokio::spawn(async move { shell.read_before_commit(&system, &stream, WhoReads::Command).await })
            });
            for report in futures::future::join_all(reading).await {
                match report {
                    Ok(report) => reports.push(report?),
                    Err(error) => std::panic::resume_unwind(error.into_panic()),
                }
            }
        }
        Ok(reports)
    }

    /// The streams that a waiting release needs swept.
    fn streams_for_release(&self) -> Vec<(Name, Name)> {
        let now = self.now();
        let engine = self.engine();
        let wiring = self.wiring();
        let all = wiring.connectors.iter().flat_map(|(system, c)| c.streams().iter().map(|i| (system.clone(), i.name.clone())));
        all.filter(|(system, stream)| engine.release_needs(system, stream, now)).collect()
    }

    /// One whole round: read, decide, write.
    pub async fn sync(&self, system: Option<&str>) -> Result<Synced, Error> {
        let streams = self.read_all(system).await?;
        self.reconcile_before_commit();
        // What the reading ended may be released in this very run, if a sweep proves the streams that it needs.
        for (system, stream) in self.streams_for_release() {
            self.read_before_commit(&system, &stream, WhoReads::Command).await?;
        }
        self.reconcile_before_commit();
        let targets: Vec<Name> = self.wiring().connectors.keys().filter(|n| system.is_none_or(|s| ***n == *s)).cloned().collect();
        let due = |engine: &Engine| {
            let systems = targets.iter().filter_map(|name| engine.systems().get(name)).filter(|s| s.approved.is_some());
            systems.map(|s| s.outbox.len()).sum()
        };
        self.progress.begin_writing(self.ask(due));
        let mut writes = BTreeMap::new();
        for (name, tally) in
            futures::future::join_all(targets.iter().map(|name| async move { (name.clone(), self.deliver(name).await) })).await
        {
            let wanted = self.engine().systems().get(&name).is_some_and(|s| s.connected.abilities().stream.is_some());
            let tally = tally?;
            if wanted {
                writes.insert(name, tally);
            }
        }
        self.commit()?;
        let engine = self.engine();
        let not_approved = engine.systems().iter().filter(|(_, s)| s.approved.is_none() && !s.outbox.is_empty()).map(|(n, _)| n.clone());
        Ok(Synced {
            run: engine.run().to_string(),
            streams,
            writes,
            waiting: engine.waiting(),
            not_approved: not_approved.collect(),
            quarantine: engine.quarantine().to_vec(),
            unwritten: engine.holds_under_no_way(),
            no_list: engine.in_no_list(),
        })
    }
}
