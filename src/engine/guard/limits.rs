//! How much of one kind goes to a system by itself, and when a person is asked. Pure: what is due, what went, limits and the clock in; who waits out.
//!
//! One guard is for one system and one direction. A write is *counted* while it is due and for some time after it went, unless somebody
//! *granted* it. When more are counted than the limit, those that are due are *asked* about: they wait, as one plan, and what comes later
//! begins to count anew, so that the ordinary goes on beside a mass that waits.

use super::intents::{Intent, Replaced};
use crate::engine::ledger::kind::{Kind, Tag};
use crate::engine::memory::place::Idx;
use crate::engine::memory::places::ByPlace;
use crate::model::{Span, Time};
use hashbrown::{HashMap, HashSet};
use std::collections::BTreeSet;

mod steps;

/// Digests of what was let go and of what waits, by system and direction.
pub(in crate::engine) const GUARD: Kind<Vec<u64>> = Kind::new(Tag::Guard);

/// Writes that count against a limit for a while.
pub(in crate::engine) const WENT: Kind<(Time, Box<[Replaced]>)> = Kind::new(Tag::Went);

/// Beyond these a guard asks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct GuardLimits {
    pub records: usize,
    /// Records that lose a value of one field to one and the same other.
    pub same: usize,
    /// So long a write counts after it went.
    pub within: Span,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum DueStanding {
    Counted,
    /// With the digest under which it waits; whatever it was due with, if it is asked about because the state was made anew.
    Asked {
        digest: u64,
        anew: bool,
    },
    /// With the digest under which it was let go.
    Granted(u64),
}

impl DueStanding {
    fn digest(self) -> Option<u64> {
        match self {
            DueStanding::Counted => None,
            DueStanding::Asked { digest, .. } | DueStanding::Granted(digest) => Some(digest),
        }
    }
}

#[derive(Debug, Default)]
struct GuardEntry {
    due: Option<(Intent, DueStanding)>,
    went: Option<(Time, Box<[Replaced]>)>,
}

impl GuardEntry {
    fn is_counted(&self) -> bool {
        self.went.is_some() || matches!(self.due, Some((_, DueStanding::Counted)))
    }

    fn is_asked(&self) -> bool {
        matches!(self.due, Some((_, DueStanding::Asked { .. })))
    }

    /// What it replaces without anyone's word, each once: a write has a field once.
    fn replaces(&self) -> impl Iterator<Item = &Replaced> {
        let due: &[Replaced] = match &self.due {
            Some((intent, DueStanding::Counted | DueStanding::Asked { .. })) => &intent.replaces,
            Some((_, DueStanding::Granted(_))) | None => &[],
        };
        let went: &[Replaced] = self.went.as_ref().map_or(&[], |(_, replaces)| replaces);
        due.iter().chain(went.iter().filter(|r| !due.contains(r)))
    }
}

/// What stands of one direction of writes to one system.
#[derive(Debug, Default)]
pub struct Guard {
    records: ByPlace<GuardEntry>,
    counted: usize,
    asked_count: usize,
    same: HashMap<Replaced, usize>,
    /// No count in `same` is larger.
    same_at_most: usize,
    /// Those that went, in the order in which they stop to count.
    recent: BTreeSet<(Time, Idx)>,
    /// Digests that somebody let go, and those that wait: also of records that were not looked at yet since the state was opened.
    granted: HashSet<u64>,
    asked: HashSet<u64>,
    /// Those of them that wait however few they are: the state was made anew.
    anew: HashSet<u64>,
    /// The sets differ from what is kept.
    pub changed: bool,
    /// An alarm that is told once.
    pub alarmed: bool,
}

impl Guard {
    /// What is due for a record now; `None`: nothing that counts.
    pub fn due(&mut self, idx: Idx, intent: Option<Intent>) {
        if intent.is_none() && self.records.is_empty() {
            return;
        }
        let known = self.records.get(&idx).and_then(|e| e.due.as_ref());
        if known.map(|(i, _)| i) == intent.as_ref() {
            return;
        }
        let before = known.map(|(_, standing)| *standing);
        let due = intent.map(|intent| {
            let standing = self.standing_of(&intent, before);
            (intent, standing)
        });
        let forgotten = before.and_then(DueStanding::digest);
        if let Some(digest) = forgotten.filter(|_| forgotten != due.as_ref().and_then(|(_, s)| s.digest())) {
            self.forget(digest);
        }
        self.change(idx, |entry| entry.due = due);
    }

    /// A write that waits goes on waiting in its new form. One that was granted was granted as it was shown.
    fn standing_of(&mut self, intent: &Intent, before: Option<DueStanding>) -> DueStanding {
        let waited = match before {
            Some(DueStanding::Asked { anew, .. }) => Some(anew),
            _ => None,
        };
        if waited.is_none() && self.granted.is_empty() && self.asked.is_empty() {
            return DueStanding::Counted;
        }
        let digest = intent.digest();
        if self.granted.contains(&digest) {
            DueStanding::Granted(digest)
        } else if waited.is_some() || self.asked.contains(&digest) {
            let anew = waited == Some(true) || self.anew.contains(&digest);
            self.note_asked(digest, anew);
            DueStanding::Asked { digest, anew }
        } else {
            DueStanding::Counted
        }
    }

    /// A write was applied. Returns what it replaced, to be kept, if it counts for a while: nobody had granted it.
    pub fn went(&mut self, idx: Idx, now: Time) -> Option<&[Replaced]> {
        let mut due = None;
        self.change(idx, |entry| due = entry.due.take());
        if let Some(digest) = due.as_ref().and_then(|(_, standing)| standing.digest()) {
            self.forget(digest);
        }
        let replaces = match due {
            Some((_, DueStanding::Granted(_))) => return None,
            // What takes no other value's place leaves what the write before it did: the second of two steps.
            Some((intent, _)) if intent.replaces.is_empty() => self.replaced_lately(idx),
            Some((intent, _)) => intent.replaces,
            None => Box::default(),
        };
        self.restore_went(idx, now, replaces);
        self.records.get(&idx).and_then(|e| e.went.as_ref()).map(|(_, r)| &**r)
    }

    /// What a former process sent and was granted went, though nothing is due for the record here: the word for it is used up.
    pub fn is_spent(&mut self, idx: Idx, digest: impl FnOnce() -> u64) -> bool {
        let is_due = || self.records.get(&idx).is_some_and(|entry| entry.due.is_some());
        if self.granted.is_empty() || is_due() {
            return false;
        }
        let is_spent = self.granted.remove(&digest());
        self.changed |= is_spent;
        is_spent
    }

    /// Puts back what went before the state was opened.
    pub fn restore_went(&mut self, idx: Idx, at: Time, replaces: Box<[Replaced]>) {
        if let Some(before) = self.records.get(&idx).and_then(|e| e.went.as_ref()).map(|(t, _)| *t) {
            self.recent.remove(&(before, idx));
        }
        self.recent.insert((at, idx));
        self.change(idx, |entry| entry.went = Some((at, replaces)));
    }

    /// Puts back who was let go, who waits, and who of these does so since the state was made anew.
    pub fn restore(&mut self, [granted, asked, anew]: [Vec<u64>; 3]) {
        self.granted.extend(granted);
        self.asked.extend(asked);
        self.anew.extend(anew);
    }

    /// Forgets those that went longer ago; returns them.
    pub fn expire(&mut self, before: Time) -> Vec<Idx> {
        let mut expired = Vec::new();
        while let Some((at, idx)) = self.recent.first().copied().filter(|(at, _)| *at <= before) {
            self.recent.remove(&(at, idx));
            self.change(idx, |entry| entry.went = None);
            expired.push(idx);
        }
        expired
    }

    /// Makes those wait that are too many. True: more wait than before.
    pub fn ask(&mut self, limits: &GuardLimits) -> bool {
        let before = self.asked_count;
        if before > 0 && before + self.counted <= limits.records.min(limits.same) {
            self.move_all(|_, standing| matches!(standing, DueStanding::Asked { anew: false, .. }), |_| DueStanding::Counted);
            return false;
        }
        let flagged = self.flagged(limits);
        if self.counted > limits.records {
            self.move_all(|_, standing| standing == DueStanding::Counted, asked);
        } else if !flagged.is_empty() {
            let of = |intent: &Intent| intent.replaces.iter().any(|r| flagged.iter().any(|(f, _)| f == r));
            self.move_all(|intent, standing| standing == DueStanding::Counted && of(intent), asked);
        }
        self.asked_count > before
    }

    /// Makes the fields wait that are due and that nobody let go, however few they are; returns how much waits.
    pub fn ask_anew(&mut self) -> usize {
        let of = |intent: &Intent, standing| intent.of_fields && !matches!(standing, DueStanding::Granted(_));
        self.move_all(of, |digest| DueStanding::Asked { digest, anew: true });
        self.asked_count
    }

    /// Whether some of those that wait do so because the state was made anew.
    pub fn waits_anew(&self) -> bool {
        !self.anew.is_empty()
    }

    /// What many records would lose one value of a field to.
    pub fn flagged(&mut self, limits: &GuardLimits) -> Vec<(Replaced, usize)> {
        if self.same_at_most <= limits.same {
            return Vec::new();
        }
        self.same_at_most = self.same.values().copied().max().unwrap_or(0);
        self.losses(limits)
    }

    /// The same, most first.
    pub fn losses(&self, limits: &GuardLimits) -> Vec<(Replaced, usize)> {
        let mut found: Vec<_> = self.same.iter().filter(|(_, n)| **n > limits.same).map(|(r, n)| (r.clone(), *n)).collect();
        found.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
        found
    }

    /// Lets those go that wait; returns how many.
    pub fn grant_asked(&mut self) -> usize {
        let count = self.asked_count;
        self.move_all(|_, standing| matches!(standing, DueStanding::Asked { .. }), DueStanding::Granted);
        count
    }

    /// Lets everything go that is due.
    pub fn grant_all(&mut self) {
        self.move_all(|_, standing| !matches!(standing, DueStanding::Granted(_)), DueStanding::Granted);
    }

    /// Lets one record's write go, unless it waits with others.
    pub fn grant(&mut self, idx: Idx) {
        if let Some((_, DueStanding::Counted)) = self.records.get(&idx).and_then(|e| e.due.as_ref()) {
            self.set(idx, DueStanding::Granted);
        }
    }

    /// Whether a record's write may go, as far as this guard is concerned.
    pub fn may_go(&self, idx: Idx) -> bool {
        self.asked_count == 0 || !self.records.get(&idx).is_some_and(GuardEntry::is_asked)
    }

    /// How many wait.
    pub fn waiting(&self) -> usize {
        self.asked_count
    }

    /// How many are due or went of late without anyone's word; not those that wait.
    pub fn counted(&self) -> usize {
        self.counted
    }

    /// How many went of late without anyone's word.
    pub fn recent(&self) -> usize {
        self.recent.len()
    }

    pub fn same_at_most(&self) -> usize {
        self.same_at_most
    }

    /// The records that wait, in order, with their digests.
    pub fn asked(&self) -> Vec<(Idx, u64)> {
        if self.asked_count == 0 {
            return Vec::new();
        }
        let mut asked: Vec<(Idx, u64)> = self
            .records
            .iter()
            .filter_map(|(idx, e)| match e.due {
                Some((_, DueStanding::Asked { digest, .. })) => Some((*idx, digest)),
                _ => None,
            })
            .collect();
        asked.sort_unstable();
        asked
    }

    /// What is to be kept: the digests of those granted, of those asked about, and of the latter since the state was made anew, as far as they are
    /// still due.
    pub fn to_keep(&mut self) -> [Vec<u64>; 3] {
        let (mut granted, mut asked, mut anew) = (Vec::new(), Vec::new(), Vec::new());
        for (_, standing) in self.records.values().filter_map(|e| e.due.as_ref()) {
            match standing {
                DueStanding::Counted => {}
                DueStanding::Granted(digest) => granted.push(*digest),
                DueStanding::Asked { digest, anew: since } => {
                    asked.push(*digest);
                    anew.extend(since.then_some(*digest));
                }
            }
        }
        [&mut granted, &mut asked, &mut anew].into_iter().for_each(|digests| digests.sort_unstable());
        self.granted = granted.iter().copied().collect();
        self.asked = asked.iter().copied().collect();
        self.anew = anew.iter().copied().collect();
        self.changed = false;
        [granted, asked, anew]
    }

    fn note_asked(&mut self, digest: u64, anew: bool) {
        self.changed |= self.asked.insert(digest);
        self.changed |= anew && self.anew.insert(digest);
    }

    fn forget(&mut self, digest: u64) {
        self.changed |= self.granted.remove(&digest);
        self.changed |= self.asked.remove(&digest);
        self.changed |= self.anew.remove(&digest);
    }

    fn move_all(&mut self, which: impl Fn(&Intent, DueStanding) -> bool, to: fn(u64) -> DueStanding) {
        let of = |(idx, e): (&Idx, &GuardEntry)| e.due.as_ref().filter(|(intent, standing)| which(intent, *standing)).map(|_| *idx);
        let moved: Vec<Idx> = self.records.iter().filter_map(of).collect();
        for idx in moved {
            self.set(idx, to);
        }
    }

    /// Gives a write that is due another standing.
    fn set(&mut self, idx: Idx, to: fn(u64) -> DueStanding) {
        let Some((intent, before)) = self.records.get(&idx).and_then(|e| e.due.as_ref()) else { return };
        let digest = before.digest().unwrap_or_else(|| intent.digest());
        let to = to(digest);
        self.forget(digest);
        match to {
            DueStanding::Counted => {}
            DueStanding::Asked { digest, anew } => self.note_asked(digest, anew),
            DueStanding::Granted(digest) => self.changed |= self.granted.insert(digest),
        }
        self.change(idx, |entry| entry.due.iter_mut().for_each(|(_, standing)| *standing = to));
    }

    /// Changes an entry and the counts with it.
    fn change(&mut self, idx: Idx, change: impl FnOnce(&mut GuardEntry)) {
        let entry = self.records.entry(idx).or_default();
        self.counted -= usize::from(entry.is_counted());
        self.asked_count -= usize::from(entry.is_asked());
        for lost in entry.replaces() {
            if let Some(count) = self.same.get_mut(lost) {
                *count -= 1;
                if *count == 0 {
                    self.same.remove(lost);
                }
            }
        }
        change(entry);
        self.counted += usize::from(entry.is_counted());
        self.asked_count += usize::from(entry.is_asked());
        for lost in entry.replaces() {
            let count = self.same.entry_ref(lost).or_default();
            *count += 1;
            self.same_at_most = self.same_at_most.max(*count);
        }
        if entry.due.is_none() && entry.went.is_none() {
            self.records.remove(&idx);
        }
    }
}

fn asked(digest: u64) -> DueStanding {
    DueStanding::Asked { digest, anew: false }
}

#[cfg(test)]
mod tests;
