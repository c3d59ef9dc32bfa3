//! Reading a system's streams: one pass at a time over each, its pages into the engine as they come.

use crate::connector::{self, Connector, PageRead, PassEnd};
use crate::daemon::shell::{Commit, Shell, turn_of};
use crate::engine::Error;
use crate::engine::proofs::pass_run::PassRun;
use crate::engine::proofs::reading::{Haste, Patience, Step, StreamReport, Turn};
use crate::model::{Name, Span};
use futures::future::BoxFuture;
use tokio::sync::mpsc;
use tokio::task::JoinSet;

/// Pages that were read and wait to be taken in; then reading waits too, so that memory stays flat.
const PAGES_WAITING_MAX: usize = 2;

/// A command whose passes the system asks to wait with waits so long in all for one stream, and tells the rest as not read.
const COMMAND_WAITS_MAX: Span = Span::minutes(10);

/// Who reads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WhoReads {
    /// A stream's own rhythm; its next turn comes by itself.
    Rhythm,
    /// The same, where what failed may just have been mended.
    Mended,
    /// A person waits for a command.
    Command,
}

impl WhoReads {
    fn haste(self) -> Haste {
        if self == WhoReads::Rhythm { Haste::AsDue } else { Haste::AtOnce }
    }

    fn patience(self) -> Patience {
        if self == WhoReads::Command { Patience::Waits(COMMAND_WAITS_MAX) } else { Patience::Leaves }
    }
}

impl Shell {
    /// Reads one stream as is due. `Err` is a failure of our own state; the system's failures are in the report.
    pub async fn read(&self, system: &Name, stream: &Name, reader: WhoReads) -> Result<StreamReport, Error> {
        let report = self.read_before_commit(system, stream, reader).await?;
        self.commit()?;
        Ok(report)
    }

    /// The same, where a commit follows before anything is told of it.
    pub async fn read_before_commit(&self, system: &Name, stream: &Name, reader: WhoReads) -> Result<StreamReport, Error> {
        let one_at_a_time = turn_of(&self.reading, (system.clone(), stream.clone()));
        let mut held = Some(one_at_a_time.lock().await);
        let connector = self.wiring().connectors.get(system).cloned();
        let known = match &connector {
            Some(connector) => self.identify(connector.as_ref(), system).await?,
            None => Ok(()),
        };
        if let Some(connector) = connector.as_ref().filter(|_| known.is_ok()) {
            self.ask_pick_lists(connector.as_ref(), system, stream).await;
        }
        let now = self.now();
        let mut turn = self.with(|e| Turn::new(e, system, stream, reader.haste(), reader.patience(), now));
        let Some(connector) = connector.filter(|_| known.is_ok()) else {
            let report = turn.report();
            return Ok(StreamReport { error: known.err().or(report.error), ..report });
        };
        loop {
            let now = self.now();
            // An edit may have put another connector in its place meanwhile.
            match self.with(|e| if self.is_wired(connector.as_ref()) { turn.next(e, now) } else { Step::Over }) {
                Step::Read(run) => {
                    let (run, ended) = self.pages(connector.as_ref(), *run).await?;
                    let (usage, now) = (connector.usage(), self.now());
                    self.with(|e| turn.ended(e, run, ended, usage, now))?;
                }
                Step::Wait(until) => {
                    // The stream's other passes need not wait.
                    drop(held.take());
                    tokio::time::sleep(until.since(now).to_std()).await;
                    held = Some(one_at_a_time.lock().await);
                }
                Step::Over => break,
            }
        }
        self.publish(&self.engine());
        self.progress.note_read((system, stream));
        Ok(turn.report())
    }

    /// Pages are taken in by a task of their own, while the next ones are asked for and read.
    /// `Err` is a failure of our own state.
    async fn pages(&self, connector: &dyn Connector, run: PassRun) -> Result<(PassRun, Result<PassEnd, connector::Error>), Error> {
        let (stream, pass) = (run.stream.clone(), run.pass.clone());
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
            (run, taken)
        });
        let sink = Box::new(move |page| -> BoxFuture<'_, Result<(), String>> {
            let pages = pages.clone();
            Box::pin(async move { pages.send(page).await.map_err(|_| "our own state failed".to_string()) })
        });
        // The sink goes with the pass, and with it the sending end.
        let ended = connector.pass(&stream, pass, sink).await;
        let (run, taken) = match taking.join_next().await {
            Some(Ok(taken)) => taken,
            Some(Err(error)) if error.is_panic() => std::panic::resume_unwind(error.into_panic()),
            // The runtime ends. Pages may be missing, so that the pass must not count.
            Some(Err(_)) | None => return Err(Error::halted("reading was broken off")),
        };
        taken?;
        Ok((run, ended))
    }

    /// `commit`: one that was begun after an earlier page.
    async fn take_in(&self, run: &mut PassRun, page: PageRead, commit: &mut Option<Commit>) -> Result<(), Error> {
        let now = self.now();
        self.note_page();
        self.progress.note_page((&run.system, &run.stream), page.observed.len(), page.announced);
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
}
