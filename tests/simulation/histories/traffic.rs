//! What is remembered of the requests of a history, and what no daemon may ask: the same again and again without a wait.

use super::heard::Heard;
use super::switches::{Faults, Switch};
use crate::checks::Violation;
use crate::dice::Dice;
use crate::fake::Reply;
use nayose::connector::transport::{Lost, Outgoing};
use nayose::model::Time;
use serde_json::Value as Json;
use std::collections::BTreeMap;

/// Whoever asks the same again sooner than this after a failure has not waited.
const AT_ONCE_MS: i64 = 100;
/// So often in a row that is too often: batches for several records may need the same label, each asks for it, and delivery gives up after five
/// batches, beside which seven more may be under way.
const AT_ONCE_MAX: usize = 12;
/// What is told to come again later than this is not waited for within one pass, and not asked again before.
const WAITED_FOR_MS: i64 = 10_000;
/// How long what goes wrong for a while goes on: a stream is forbidden, a record takes no writes, a row has no id.
const WHILES_MS: [i64; 3] = [0, 8 * 60_000, 100 * 60_000];

/// What is remembered of the requests so far.
#[derive(Default)]
pub struct Traffic {
    pub requests: u64,
    /// Records written to.
    pub writes: u64,
    /// What broke at a request.
    pub broken: Option<Violation>,
    /// One line a request.
    pub told: Vec<String>,
    /// Streams that are forbidden until then, and records that take nothing.
    pub forbidden: BTreeMap<String, Time>,
    pub locked: BTreeMap<String, Time>,
    /// Rows that have no id, or an odd value, for a while.
    pub marred: BTreeMap<(String, String), Marred>,
    /// The last row of a page, by request.
    pub last_rows: BTreeMap<String, Json>,
    /// How often each record was written to, as batches name it.
    pub acts: BTreeMap<String, usize>,
    /// How often nothing was asked since a request was.
    pub in_vain: usize,
    /// Batches so far, and the one under way.
    pub batches: u64,
    pub batch: u64,
    /// When a request failed last, and how often it came again at once.
    failed: BTreeMap<String, (Time, usize)>,
    /// When a request may come again, as it was told, and whether what protects was told so.
    told_later: BTreeMap<String, (Time, bool)>,
    /// What is asked now is for a stop mark: that goes by what such were told themselves.
    pub protects: bool,
    /// Others are under way with it: where one of them fails, nobody hears the answers to the rest.
    pub in_company: bool,
    pub heard: Heard,
}

/// How a row is marred, and until when.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Marred {
    pub path: String,
    pub value: Json,
    pub until: Time,
}

/// What decides whether something goes wrong with a request.
pub struct Chance<'a> {
    pub faults: &'a mut Faults,
    pub traffic: &'a mut Traffic,
    pub dice: &'a mut Dice,
    pub now: Time,
}

impl Chance<'_> {
    pub fn meets(&mut self, switch: Switch, n: usize) -> bool {
        self.faults.meets(switch, n, self.dice)
    }

    /// Until when something that begins now goes on.
    pub fn a_while(&mut self) -> Time {
        Time(self.now.0 + self.dice.pick(&WHILES_MS).copied().unwrap_or_default())
    }
}

impl Traffic {
    /// Keeps what a judge says.
    pub fn judged(&mut self, judged: Result<(), Violation>) {
        if let Err(violation) = judged {
            self.broken.get_or_insert(violation);
        }
    }

    pub fn breaks(&mut self, invariant: u8, what: impl Into<String>) {
        self.broken.get_or_insert(Violation::new(invariant, what));
    }

    /// Everything is well again.
    pub fn mend(&mut self) {
        self.forbidden.clear();
        self.locked.clear();
        self.marred.clear();
    }

    /// Another process asks now: it may not know what the last one was told.
    pub fn forget(&mut self) {
        self.failed.clear();
        self.told_later.clear();
    }

    /// A request leaves.
    pub fn asked(&mut self, key: &str, now: Time) {
        self.requests += 1;
        self.in_vain = 0;
        let told = self.told_later.get(key).filter(|(until, protects)| now < *until && (*protects || !self.protects));
        if let Some((until, _)) = told {
            let early = (until.0 - now.0) / 1000;
            self.breaks(17, format!("endless: this is asked again {early} s before it was told to: {key}"));
        }
        let Some((at, times)) = self.failed.get_mut(key) else { return };
        *times = if now.0 - at.0 < AT_ONCE_MS { *times + 1 } else { 0 };
        if *times > AT_ONCE_MAX {
            self.breaks(17, format!("endless: this is asked again without a wait after each failure: {key}"));
        }
    }

    /// It was answered.
    pub fn answered(&mut self, key: String, answer: &Result<Reply, Lost>, now: Time) {
        if let Some(wait) = told_wait(answer).filter(|wait| *wait > WAITED_FOR_MS && !self.in_company) {
            self.told_later.insert(key.clone(), (Time(now.0 + wait), self.protects));
        }
        if matches!(answer, Ok(Reply(status, ..)) if *status < 400) {
            self.failed.remove(&key);
        } else {
            self.failed.entry(key).or_insert((now, 0)).0 = now;
        }
    }
}

/// How long an answer asks to wait, in milliseconds.
fn told_wait(answer: &Result<Reply, Lost>) -> Option<i64> {
    let Ok(Reply(_, headers, _)) = answer else { return None };
    let (_, seconds) = headers.iter().find(|(name, _)| name.eq_ignore_ascii_case("retry-after"))?;
    Some(seconds.parse::<i64>().ok()? * 1000)
}

/// What a request says, as a text.
pub fn key(system: &str, request: &Outgoing) -> String {
    let body = String::from_utf8_lossy(request.body.as_deref().unwrap_or_default());
    format!("{system} {} {} {body}", request.method, request.url)
}
