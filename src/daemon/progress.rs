//! How far a command has come: what somebody who waits for it is shown.

use crate::model::{Name, counted};
use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::time::Instant;

/// Before so much of a step has passed nobody can tell how long it takes.
const TOLD_AFTER: Duration = Duration::from_secs(3);

/// One stream's reading.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct StreamProgress {
    read: usize,
    /// What the system says there is in all; `None`: it does not say.
    of: Option<usize>,
    is_over: bool,
}

/// What is being done.
#[derive(Debug, Clone, PartialEq, Eq)]
enum CommandStep {
    Reading(BTreeMap<(Name, Name), StreamProgress>),
    Writing { written: usize, of: usize },
}

/// How far the command has come that reads and writes everything once. Any thread may ask.
#[derive(Debug, Default)]
pub struct Progress {
    step: Mutex<Option<(CommandStep, Instant)>>,
}

impl Progress {
    fn step(&self) -> MutexGuard<'_, Option<(CommandStep, Instant)>> {
        self.step.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// These streams are going to be read.
    pub(super) fn begin_reading(&self, streams: impl Iterator<Item = (Name, Name)>) {
        *self.step() = Some((CommandStep::Reading(streams.map(|s| (s, StreamProgress::default())).collect()), Instant::now()));
    }

    /// A page of a stream came. `of`: what the system says the pass is to bring in all.
    pub(super) fn note_page(&self, stream: (&Name, &Name), records: usize, of: Option<usize>) {
        self.in_stream(stream, |progress| {
            progress.read += records;
            progress.of = of.or(progress.of);
        });
    }

    pub(super) fn note_read(&self, stream: (&Name, &Name)) {
        self.in_stream(stream, |progress| progress.is_over = true);
    }

    fn in_stream(&self, (system, stream): (&Name, &Name), change: impl FnOnce(&mut StreamProgress)) {
        if let Some((CommandStep::Reading(streams), _)) = &mut *self.step()
            && let Some(progress) = streams.get_mut(&(system.clone(), stream.clone()))
        {
            change(progress);
        }
    }

    /// So many records have something due.
    pub(super) fn begin_writing(&self, of: usize) {
        *self.step() = Some((CommandStep::Writing { written: 0, of }, Instant::now()));
    }

    pub(super) fn note_written(&self, records: usize) {
        if let Some((CommandStep::Writing { written, .. }, _)) = &mut *self.step() {
            *written += records;
        }
    }

    /// One line for a person; `None` before anything began.
    pub fn told(&self) -> Option<String> {
        self.step().as_ref().map(|(step, since)| step.told(since.elapsed()))
    }
}

impl CommandStep {
    fn told(&self, took: Duration) -> String {
        match self {
            CommandStep::Reading(streams) => {
                let read = streams.values().map(|s| s.read).sum();
                let over = streams.values().filter(|s| s.is_over).count();
                // Of a stream that is over it is known what it had. Of one that says nothing nobody knows.
                let of =
                    streams.values().map(|s| if s.is_over { Some(s.read) } else { s.of.map(|of| of.max(s.read)) }).sum::<Option<usize>>();
                let of = of.filter(|of| *of > 0);
                let records = match of {
                    Some(of) => format!("{read} of {}", counted(of, "record", "records")),
                    None => counted(read, "record", "records"),
                };
                let streams = format!("{over} of {} read", counted(streams.len(), "stream", "streams"));
                format!("reading: {records}, {streams}{}", of.map_or(String::new(), |of| left(read, of, took)))
            }
            CommandStep::Writing { written, of } => {
                format!("writing: {written} of {}{}", counted(*of.max(written), "record", "records"), left(*written, *of, took))
            }
        }
    }
}

/// How long the rest takes if it goes on as it went, once that can be told.
fn left(done: usize, of: usize, took: Duration) -> String {
    if done == 0 || done >= of || took < TOLD_AFTER {
        return String::new();
    }
    let seconds = (took.as_secs_f64() * (of - done) as f64 / done as f64).ceil() as u64;
    match seconds {
        0..60 => format!(", about {seconds} s left"),
        60..5400 => format!(", about {} min left", seconds.div_ceil(60)),
        _ => format!(", about {} h left", seconds.div_ceil(3600)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::time::advance;

    fn stream(system: &str, stream: &str) -> (Name, Name) {
        (system.into(), stream.into())
    }

    #[tokio::test(start_paused = true)]
    async fn what_is_left_is_told_only_where_it_is_known() {
        let (people, deals) = (stream("crm", "people"), stream("crm", "deals"));
        let (of_people, of_deals) = ((&people.0, &people.1), (&deals.0, &deals.1));
        let progress = Progress::default();
        assert_eq!(progress.told(), None);
        progress.begin_reading([people.clone(), deals.clone()].into_iter());
        progress.note_page(of_people, 100, Some(400));
        advance(Duration::from_secs(10)).await;
        assert_eq!(progress.told().unwrap(), "reading: 100 records, 0 of 2 streams read", "nobody knows how many deals there are");
        progress.note_page(of_deals, 50, Some(50));
        progress.note_read(of_deals);
        assert_eq!(progress.told().unwrap(), "reading: 150 of 450 records, 1 of 2 streams read, about 20 s left");
        progress.note_page(of_people, 400, None);
        progress.note_read(of_people);
        assert_eq!(progress.told().unwrap(), "reading: 550 of 550 records, 2 of 2 streams read", "more came than was said");
        progress.note_page((&"ma".into(), &"people".into()), 9, None);
        assert_eq!(progress.told().unwrap(), "reading: 550 of 550 records, 2 of 2 streams read", "another pass has its own time");
        progress.begin_writing(1200);
        progress.note_written(400);
        assert_eq!(progress.told().unwrap(), "writing: 400 of 1200 records", "too early to tell");
        advance(Duration::from_secs(60)).await;
        assert_eq!(progress.told().unwrap(), "writing: 400 of 1200 records, about 2 min left");
        advance(Duration::from_secs(3600)).await;
        assert_eq!(progress.told().unwrap(), "writing: 400 of 1200 records, about 3 h left");
    }
}
