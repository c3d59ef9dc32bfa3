//! What can go wrong with any system, which of it can go wrong with one, and what is on in which history.

use crate::dice::Dice;
use crate::fake::{Fake, PlayedRequest, Wanted};
use nayose::connector::manifest::Page;
use nayose::model::Time;
use std::collections::{BTreeMap, BTreeSet};

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Switch {
    /// A row of a page has no id.
    RowWithoutId,
    /// Pages have fewer rows than asked for.
    ShortPages,
    /// Rows that were read go between two pages.
    RowsLeave,
    /// A row stands on two pages: as the server repeats it, or because one came in front of all.
    RowTwice,
    /// A value is of another type than ever.
    OddType,
    /// The number of all rows is not told.
    TotalMissing,
    /// A success has no list of rows.
    ListMissing,
    /// 429 with Retry-After.
    AskedToWait,
    /// 500, carried out or not.
    Fails,
    /// No answer, carried out or not.
    TimesOut,
    /// The answer ends in its middle.
    BodyCut,
    /// 403 to everything about one stream, for a while.
    Forbidden,
    /// Whoever asks for what changed gets everything.
    FilterIgnored,
    /// A cursor that was given is refused.
    CursorRefused,
    /// One record takes no writes for a while.
    RowRefused,
    /// A whole batch is refused.
    BatchRefused,
    /// A write is answered much later.
    AnsweredLate,
    /// Its clock is not ours.
    ClockOff,
    /// Of two records of persons one is left.
    Merged,
}

impl Switch {
    pub const ALL: [Switch; 19] = [
        Switch::RowWithoutId,
        Switch::ShortPages,
        Switch::RowsLeave,
        Switch::RowTwice,
        Switch::OddType,
        Switch::TotalMissing,
        Switch::ListMissing,
        Switch::AskedToWait,
        Switch::Fails,
        Switch::TimesOut,
        Switch::BodyCut,
        Switch::Forbidden,
        Switch::FilterIgnored,
        Switch::CursorRefused,
        Switch::RowRefused,
        Switch::BatchRefused,
        Switch::AnsweredLate,
        Switch::ClockOff,
        Switch::Merged,
    ];

    /// Whether a system can be so by its manifest.
    pub fn applies(self, fake: &Fake) -> bool {
        let any = |fits: fn(&PlayedRequest) -> bool| fake.requests.iter().any(fits);
        let writes = fake.manifest.writes.as_ref();
        match self {
            Switch::ShortPages => any(|r| lists(r) && matches!(r.request.page, Page::Offset { .. } | Page::Cursor { .. })),
            Switch::RowsLeave | Switch::RowTwice => any(|r| lists(r) && r.request.page != Page::None),
            Switch::TotalMissing => any(|r| r.request.total.is_some()),
            Switch::ListMissing => any(must_list),
            Switch::FilterIgnored => any(|r| r.wanted == Wanted::Changes),
            Switch::CursorRefused => any(|r| matches!(r.request.page, Page::Cursor { .. })),
            Switch::RowRefused | Switch::AnsweredLate => writes.is_some(),
            Switch::BatchRefused => {
                writes.is_some_and(|w| w.update.as_ref().is_some_and(|u| u.batch > 1) || w.labels.as_ref().is_some_and(|l| l.batch > 1))
            }
            _ => true,
        }
    }

    pub fn named(name: &str) -> Option<Switch> {
        Switch::ALL.into_iter().find(|switch| format!("{switch:?}") == name)
    }
}

/// It asks for records, by whatever they have in common.
pub fn lists(request: &PlayedRequest) -> bool {
    matches!(request.wanted, Wanted::Sweep | Wanted::Changes | Wanted::SameTime | Wanted::Open | Wanted::Feed | Wanted::Deleted)
}

/// Its answer without a list is none.
pub fn must_list(request: &PlayedRequest) -> bool {
    lists(request) && !request.request.leaves_out_empty && request.request.records.as_slice().iter().all(|path| !path.is_empty())
}

/// So many histories are thrown together, so that each pair of switches is on in several of them.
pub const HISTORIES: u64 = 200;
const SIZES: [usize; 5] = [3, 4, 5, 5, 5];

/// What is on, by history.
pub fn drawn(applicable: &[Switch]) -> Vec<BTreeSet<Switch>> {
    let mut pairs = BTreeMap::<(Switch, Switch), usize>::new();
    let mut dice = Dice::new(0x5317c4e5);
    let mut all = Vec::new();
    for number in 0..HISTORIES as usize {
        let mut on = BTreeSet::new();
        while on.len() < SIZES[number % SIZES.len()].min(applicable.len()) {
            // Whoever met those that are on the least; at the beginning, whoever met anybody the least.
            let others: Vec<Switch> = if on.is_empty() { applicable.to_vec() } else { on.iter().copied().collect() };
            let met =
                |switch: Switch| others.iter().map(|other| pairs.get(&pair(switch, *other)).copied().unwrap_or_default()).sum::<usize>();
            let free: Vec<Switch> = applicable.iter().copied().filter(|s| !on.contains(s)).collect();
            let least = free.iter().map(|s| met(*s)).min().unwrap_or_default();
            let fit: Vec<Switch> = free.into_iter().filter(|s| met(*s) == least).collect();
            on.extend(dice.pick(&fit).copied());
        }
        for (one, other) in pairs_of(&on) {
            *pairs.entry((one, other)).or_default() += 1;
        }
        all.push(on);
    }
    all
}

fn pair(one: Switch, other: Switch) -> (Switch, Switch) {
    (one.min(other), one.max(other))
}

/// Each two of them once, the lesser first.
pub fn pairs_of(switches: &BTreeSet<Switch>) -> Vec<(Switch, Switch)> {
    let all: Vec<Switch> = switches.iter().copied().collect();
    all.iter().enumerate().flat_map(|(i, one)| all[i + 1..].iter().map(|other| (*one, *other))).collect()
}

/// The switches of one history.
#[derive(Debug, Default)]
pub struct Faults {
    pub on: BTreeSet<Switch>,
    /// Nothing goes wrong while it sleeps.
    pub awake: bool,
    /// How often each showed.
    pub met: BTreeMap<Switch, u64>,
    /// The system's clock less ours, where it is off.
    pub ahead_ms: i64,
    /// Until when nobody can read who a record of the played system is, or whom it names: by its id.
    pub hidden: BTreeMap<String, Time>,
}

impl Faults {
    /// What its clock shows.
    pub fn clock(&mut self, now: Time) -> Time {
        if !self.is_on(Switch::ClockOff) {
            return now;
        }
        *self.met.entry(Switch::ClockOff).or_default() += 1;
        Time(now.0 + self.ahead_ms)
    }

    pub fn is_on(&self, switch: Switch) -> bool {
        self.awake && self.on.contains(&switch)
    }

    /// Whether one that is on shows this time: once in `n` chances, and more often until it has shown once.
    pub fn meets(&mut self, switch: Switch, n: usize, dice: &mut Dice) -> bool {
        let n = if self.met.contains_key(&switch) { n } else { n.div_ceil(3) };
        let shows = self.is_on(switch) && dice.once_in(n);
        if shows {
            *self.met.entry(switch).or_default() += 1;
        }
        shows
    }
}

#[test]
fn each_two_switches_are_on_together_in_several_histories() {
    let all = drawn(&Switch::ALL);
    assert!(all.iter().all(|on| (3..=5).contains(&on.len())));
    for (one, other) in pairs_of(&Switch::ALL.into_iter().collect()) {
        let both = all.iter().filter(|on| on.contains(&one) && on.contains(&other)).count();
        assert!(both >= 7, "{one:?} and {other:?} are on together in {both} histories");
    }
}
