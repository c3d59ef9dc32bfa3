//! Connections of mail servers: bounded in number, in memory and in time.

use super::edits::changes;
use super::frame::{FrameBroken, take_frame};
use super::judge::{FooterDesk, MailJudged};
use super::line::{BoundMilter, Line};
use super::session::{Heard, MailSeen, MilterSession, SessionBroken};
use crate::config::MilterSettings;
use crate::daemon::footers::log::FooterMail;
use crate::telemetry::InternalEvent;
use crate::telemetry::mail::{MilterBroken, MilterConnectionRefused, MilterMayNotChange, MilterNotAccepted};
use std::io;
use std::sync::Arc;
use std::time::Duration;
use thiserror::Error;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::task::{JoinSet, spawn_blocking};
use tokio::time::{Instant, timeout};

/// A mail server keeps a connection between two mails of one client, which Postfix waits 300 s for.
const IDLE: Duration = Duration::from_secs(600);
/// Between two pieces of a mail that is being kept: the mail server has all of it by then.
const PIECE_WITHIN: Duration = Duration::from_secs(30);
const ANSWER_TAKEN_WITHIN: Duration = Duration::from_secs(30);
/// Accepting fails where the process has no descriptors left.
const AFTER_FAILURE: Duration = Duration::from_millis(200);
/// Mails whose bodies are kept at the same time, in memory; others wait for a place.
const MAILS_KEPT: usize = 16;
/// Mails that are decided on at the same time, each in several copies.
const DECIDED_AT_ONCE: usize = 4;
const READ_BYTES: usize = 64 << 10;

/// Makes what serves until it is dropped, and its connections with it.
pub fn serve(bound: &BoundMilter, desk: FooterDesk, settings: &MilterSettings) -> io::Result<impl Future<Output = ()> + Send + use<>> {
    let listening = bound.listening()?;
    let connections = settings.connections;
    let office = MilterOffice {
        desk: Arc::new(desk),
        within: settings.within.to_std(),
        kept: Arc::new(Semaphore::new(MAILS_KEPT)),
        deciding: Arc::new(Semaphore::new(DECIDED_AT_ONCE)),
    };
    Ok(async move {
        let (places, mut open) = (Arc::new(Semaphore::new(connections)), JoinSet::new());
        loop {
            let line = tokio::select! {
                line = listening.accept() => line,
                Some(_) = open.join_next() => continue,
            };
            match (line, places.clone().try_acquire_owned()) {
                (Ok(line), Ok(place)) => {
                    let office = office.clone();
                    open.spawn(async move {
                        let _place = place;
                        office.connection(line).await;
                    });
                }
                // It is closed, and the mail server goes on without us.
                (Ok(_), Err(_)) => MilterConnectionRefused { connections }.emit(),
                (Err(error), _) => {
                    MilterNotAccepted { error: &error }.emit();
                    tokio::time::sleep(AFTER_FAILURE).await;
                }
            }
        }
    })
}

/// Why a connection ended before the mail server was done.
#[derive(Debug, Error)]
enum LineBroken {
    #[error("{0}")]
    Frame(#[from] FrameBroken),
    #[error("{0}")]
    Session(#[from] SessionBroken),
    #[error("it broke off: {0}")]
    Line(#[from] io::Error),
    #[error("the mail server said nothing for too long")]
    Silent,
}

/// What all connections share.
#[derive(Clone)]
struct MilterOffice {
    desk: Arc<FooterDesk>,
    within: Duration,
    kept: Arc<Semaphore>,
    deciding: Arc<Semaphore>,
}

/// The mail that is under way on a connection.
#[derive(Default)]
struct MailUnderWay {
    /// Its place among those that are kept.
    place: Option<OwnedSemaphorePermit>,
    /// Of the time that it may take, what its header took.
    used: Duration,
}

impl MilterOffice {
    async fn connection(&self, mut line: Box<dyn Line>) {
        let mut session = MilterSession::new(self.desk.limits.bytes);
        let ended = self.talk(&mut line, &mut session).await;
        if session.is_keeping() {
            self.note("broken_off");
        }
        if let Err(error) = ended {
            MilterBroken { error: &error }.emit();
        }
    }

    fn note(&self, outcome: &'static str) {
        self.desk.shell.footer_log.note_mail(&FooterMail { outcome, rows: Vec::new() });
    }

    async fn talk(&self, line: &mut Box<dyn Line>, session: &mut MilterSession) -> Result<(), LineBroken> {
        let (mut came, mut mail) = (Vec::new(), MailUnderWay::default());
        loop {
            let mut read = 0;
            while let Some((frame, length)) = take_frame(&came[read..])? {
                read += length;
                let asked = frame.command;
                let heard = session.take(frame)?;
                if asked == b'O' && session.may_change() == Some(false) {
                    MilterMayNotChange.emit();
                }
                if matches!(heard, Heard::End) {
                    return Ok(());
                }
                self.answer(line, session, &mut mail, heard).await?;
                if !session.is_keeping() {
                    mail = MailUnderWay::default();
                }
            }
            came.drain(..read);
            let patience = if session.is_keeping() { PIECE_WITHIN } else { IDLE };
            came.reserve(READ_BYTES);
            match timeout(patience, line.read_buf(&mut came)).await {
                Ok(Ok(0)) if came.is_empty() && !session.is_keeping() => return Ok(()),
                Ok(Ok(0)) => return Err(io::Error::from(io::ErrorKind::UnexpectedEof).into()),
                Ok(read) => read?,
                Err(_) => return Err(LineBroken::Silent),
            };
            line.confirm();
            if came.capacity() > 4 * READ_BYTES && came.len() < READ_BYTES {
                came.shrink_to(READ_BYTES);
            }
        }
    }

    async fn answer(
        &self,
        line: &mut Box<dyn Line>,
        session: &mut MilterSession,
        mail: &mut MailUnderWay,
        heard: Heard,
    ) -> Result<(), LineBroken> {
        match heard {
            Heard::Nothing | Heard::End => Ok(()),
            Heard::Answer(bytes) => send(line, &bytes).await,
            Heard::Passed(why, bytes) => {
                self.note(why);
                send(line, &bytes).await
            }
            Heard::Header => {
                let began = Instant::now();
                let passes = self.header_passes(session.header().to_vec(), mail).await;
                mail.used = began.elapsed();
                match passes {
                    Some(why) => {
                        self.note(why);
                        send(line, &session.pass()).await
                    }
                    None => send(line, &session.keep()).await,
                }
            }
            Heard::Mail(seen) => {
                let mut judged = self.judged(seen, self.within.saturating_sub(mail.used)).await;
                let mut answer = judged.edited.as_ref().map_or_else(MilterSession::taken, changes);
                // Postfix 3.7 loses a mail of whose new body it got a part: if we are killed, it has all of it or none.
                if answer.len() > line.takes_at_once() {
                    (judged, answer) = (judged.after_all("too_large_at_once"), MilterSession::taken());
                }
                match send(line, &answer).await {
                    Ok(()) => self.desk.shell.footer_log.note_mail(&judged.told),
                    Err(error) => {
                        self.note("broken_off");
                        return Err(error);
                    }
                }
                Ok(())
            }
        }
    }

    /// Why a mail passes by its header; `None`: it does not, and has a place.
    async fn header_passes(&self, header: Vec<u8>, mail: &mut MailUnderWay) -> Option<&'static str> {
        let (desk, began) = (self.desk.clone(), Instant::now());
        match in_time(&self.deciding, self.within, move || desk.passes(&header)).await {
            Ok(Some(why)) | Err(why) => return Some(why),
            Ok(None) => {}
        }
        match timeout(self.within.saturating_sub(began.elapsed()), self.kept.clone().acquire_owned()).await {
            Ok(Ok(place)) => {
                mail.place = Some(place);
                None
            }
            _ => Some("busy"),
        }
    }

    async fn judged(&self, seen: MailSeen, within: Duration) -> MailJudged {
        let desk = self.desk.clone();
        let judged = in_time(&self.deciding, within, move || desk.judged(&seen)).await;
        judged.unwrap_or_else(|outcome| MailJudged { edited: None, told: FooterMail { outcome, rows: Vec::new() } })
    }
}

/// Does something that may wait for the engine or the disk, if it can be done in time; what is too slow goes on by itself, unheard, and
/// keeps its turn until it is done.
async fn in_time<T: Send + 'static>(
    turns: &Arc<Semaphore>,
    within: Duration,
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T, &'static str> {
    let turns = turns.clone();
    let done = timeout(within, async move {
        let turn = turns.acquire_owned().await;
        spawn_blocking(move || {
            let _turn = turn;
            work()
        })
        .await
    });
    match done.await {
        Ok(Ok(done)) => Ok(done),
        // It panicked: of this mail nothing is known.
        Ok(Err(_)) => Err("failed"),
        Err(_) => Err("too_slow"),
    }
}

async fn send(line: &mut Box<dyn Line>, bytes: &[u8]) -> Result<(), LineBroken> {
    match timeout(ANSWER_TAKEN_WITHIN, line.write_all(bytes)).await {
        Ok(sent) => Ok(sent?),
        Err(_) => Err(LineBroken::Silent),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::mpsc;

    #[tokio::test]
    async fn what_is_too_slow_or_fails_is_not_waited_for_and_keeps_its_turn() {
        let (turns, soon, patient) = (Arc::new(Semaphore::new(1)), Duration::from_millis(50), Duration::from_secs(20));
        assert_eq!(in_time(&turns, patient, || 1).await, Ok(1));
        assert_eq!(in_time(&turns, patient, || -> u8 { panic!("of this test") }).await, Err("failed"));
        let (go_on, waits) = mpsc::channel::<()>();
        assert_eq!(in_time(&turns, soon, move || waits.recv().is_ok()).await, Err("too_slow"));
        assert_eq!(in_time(&turns, soon, || 1).await, Err("too_slow"), "its turn is taken");
        drop(go_on);
        assert_eq!(in_time(&turns, patient, || 1).await, Ok(1));
    }
}
