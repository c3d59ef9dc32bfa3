//! Reading a system's streams: one pass at a time over each, its pages into the engine as they come.

use super::shell::{Commit, Shell, turn_of};
use crate::connector::{self, Connector, PageRead, Pass, PassEnd};
use crate::engine::Error;
use crate::engine::observe::PassRun;
use crate::model::{Name, ShortText};
use futures::future::BoxFuture;
use serde::Serialize;
use tokio::sync::mpsc;
use tokio::task::JoinSet;

/// Pages that were read and wait to be taken in; then reading waits too, so that memory stays flat.
const PAGES_WAITING_MAX: usize = 2;

/// What reading one stream came to.
#[derive(Debug, Clone, Serialize, serde::Deserialize)]
pub struct StreamReport {
    pub system: Name,
    pub stream: Name,
    pub requests: u64,
    pub read: u64,
    pub changed: u64,
    pub error: Option<String>,
}

impl Shell {
    /// Reads one stream as is due. `Err` is a failure of our own state; the system's failures are in the report.
    pub async fn read(&self, system: &Name, stream: &Name) -> Result<StreamReport, Error> {
        let report = self.read_before_commit(system, stream).await?;
        self.commit()?;
        Ok(report)
    }

    /// The same, where a commit follows before anything is told of it.
    pub async fn read_before_commit(&self, system: &Name, stream: &Name) -> Result<StreamReport, Error> {
        let mut report = StreamReport { system: system.clone(), stream: stream.clone(), requests: 0, read: 0, changed: 0, error: None };
        let turn = turn_of(&self.reading, (system.clone(), stream.clone()));
        let _turn = turn.lock().await;
        let Some(connector) = self.wiring().connectors.get(system).cloned() else { return Ok(report) };
        let now = self.now();
        let passes = self.with(|e| e.passes_due(system, stream, now));
        let swept = passes.contains(&Pass::Sweep);
        for pass in passes {
            let partial = self.pass(connector.as_ref(), system, stream, pass, &mut report).await?;
            if report.error.is_some() {
                break;
            }
            self.read_people_of(connector.as_ref(), system, stream, partial, &mut report).await?;
        }
        // A deal that left the list of open ones: the whole listing says at once whether it was won.
        let now = self.now();
        if !swept && report.error.is_none() && self.with(|e| e.passes_due(system, stream, now)).contains(&Pass::Sweep) {
            self.pass(connector.as_ref(), system, stream, Pass::Sweep, &mut report).await?;
        }
        self.gate.publish(&self.engine());
        Ok(report)
    }

    /// One pass: pages go into the engine as they come. Returns the deals that came without their people.
    async fn pass(
        &self,
        connector: &dyn Connector,
        system: &Name,
        stream: &Name,
        pass: Pass,
        report: &mut StreamReport,
    ) -> Result<Vec<ShortText>, Error> {
        let began = self.now();
        let run = self.with(|e| e.begin(system, stream, pass.clone(), began));
        let (mut run, ended) = self.pages(connector, stream, pass, run).await;
        let now = self.now();
        report.read += run.read;
        report.changed += run.changed;
        match ended {
            Ok(end) => {
                report.requests += end.requests;
                report.error = end.incomplete_because.clone();
                let usage = connector.usage();
                self.with(|e| {
                    e.keep_usage(system, usage);
                    e.end(&run, &end, now)
                })?;
                if let Some(state) = self.engine().systems.get(system).and_then(|s| s.streams.get(stream)) {
                    report.error = state.error.clone();
                }
            }
            Err(PassError::System(error)) => {
                report.requests += 1;
                report.error = Some(error.to_string());
                let usage = connector.usage();
                self.with(|e| {
                    e.keep_usage(system, usage);
                    e.fail(&run, &error, now)
                })?;
            }
            Err(PassError::Ours(error)) => return Err(error),
        }
        Ok(std::mem::take(&mut run.deals_without_people))
    }

    /// Pages are taken in by a task of their own, while the next ones are asked for and read.
    async fn pages(&self, connector: &dyn Connector, stream: &Name, pass: Pass, run: PassRun) -> (PassRun, Result<PassEnd, PassError>) {
        let began = run.clone();
        let (pages, mut read) = mpsc::channel::<PageRead>(PAGES_WAITING_MAX);
        let shell = self.clone();
        // Ends with this pass, also if that is broken off.
        let mut taking = JoinSet::new();
        taking.spawn(async move {
            let (mut run, mut commit) = (run, None);
            let mut taken = Ok(());
            while taken.is_ok()
                && let Some(page) = read.recv().await
            {
                taken = shell.take_in(&mut run, page, &mut commit).await;
            }
            if let Some(commit) = commit.filter(|_| taken.is_ok()) {
                taken = commit.done().await;
            }
            (run, taken.err())
        });
        let sink = Box::new(move |page| -> BoxFuture<'_, Result<(), String>> {
            let pages = pages.clone();
            Box::pin(async move { pages.send(page).await.map_err(|_| "our own state failed".to_string()) })
        });
        // The sink goes with the pass, and with it the sending end.
        let ended = connector.pass(stream, pass, sink).await;
        let (run, ours) = match taking.join_next().await {
            Some(Ok(taken)) => taken,
            Some(Err(error)) if error.is_panic() => std::panic::resume_unwind(error.into_panic()),
            // The runtime ends. Pages may be missing, so that the pass must not count.
            Some(Err(_)) | None => (began, Some(Error::Halted("reading was broken off".into()))),
        };
        let ended = match (ours, ended) {
            (Some(error), _) => Err(PassError::Ours(error)),
            (None, Ok(end)) => Ok(end),
            (None, Err(error)) => Err(PassError::System(error)),
        };
        (run, ended)
    }

    /// `commit`: one that was begun after an earlier page.
    async fn take_in(&self, run: &mut PassRun, page: PageRead, commit: &mut Option<Commit>) -> Result<(), Error> {
        let now = self.now();
        let follows = self.briefly(|e| {
            e.take_in(run, page, now);
            e.is_page_to_follow(now)
        });
        if !follows {
            return Ok(());
        }
        let followed = self.with(|e| e.follow_page(now));
        if followed.decided {
            self.wake_all();
        }
        if followed.commit_is_due {
            // One at a time: a slow disk slows reading down.
            if let Some(before) = commit.take() {
                before.done().await?;
            }
            *commit = Some(self.begin_commit()?);
        }
        Ok(())
    }

    /// Deals that a listing showed changed without their people: the people are asked for at once.
    async fn read_people_of(
        &self,
        connector: &dyn Connector,
        system: &Name,
        stream: &Name,
        deals: Vec<ShortText>,
        report: &mut StreamReport,
    ) -> Result<(), Error> {
        if deals.is_empty() {
            return Ok(());
        }
        let associations = connector.streams().iter().find(|i| i.for_each.as_ref() == Some(stream)).map(|i| i.name.clone());
        let Some(associations) = associations else { return Ok(()) };
        let began = self.now();
        let pass = Pass::ForEach(deals);
        let run = self.with(|e| e.begin(system, &associations, pass.clone(), began));
        let (run, ended) = self.pages(connector, &associations, pass, run).await;
        report.changed += run.changed;
        match ended {
            // Only some deals were asked for: it proves nothing of the stream.
            Ok(end) => {
                report.requests += end.requests;
                let usage = connector.usage();
                self.with(|e| {
                    e.keep_usage(system, usage);
                    e.commit()
                })
            }
            Err(PassError::System(error)) => {
                report.error = Some(error.to_string());
                let now = self.now();
                self.with(|e| e.fail(&run, &error, now))
            }
            Err(PassError::Ours(error)) => Err(error),
        }
    }
}

enum PassError {
    System(connector::Error),
    Ours(Error),
}
