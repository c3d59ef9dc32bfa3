//! The journal against the store at open: what it says is laid over what the store had, and what it lacks is written to it again.

use super::instance::Instance;
use super::journaled::Journaled;
use super::lines::{pin_line, refusal_line};
use crate::engine::engine::Engine;
use crate::engine::intake::doubts::Accepted;
use crate::engine::memory::pins::{PIN, Pin, StoredPin, pin_key};
use crate::engine::memory::refusals::REFUSAL;
use crate::engine::memory::refusals::refusal_key;
use crate::engine::memory::refusals::{On, StoredOn};
use crate::engine::rules::approval::APPROVAL;
use crate::engine::rules::approval::Approval;
use crate::engine::rules::in_force;
use crate::engine::rules::rule_sets::RuleSet;
use crate::model::{Name, RecordId, Refusal, Span, Time};
use crate::store::{ApprovalScope, Block, BlockPart, Blocks, Entry, JournalNotes, What, WriteOutcome};
use crate::telemetry::InternalEvent;
use crate::telemetry::state::{JournalDamaged, JournalFolded};
use hashbrown::{HashMap, HashSet};

/// How long `status` tells of damage that was found and is over: long enough for whoever looks once a month.
const DAMAGE_TOLD: Span = Span::days(31);

/// What the journal said, for comparing the store with it.
pub struct Said {
    refusals: HashSet<Vec<u8>>,
    approvals: HashMap<String, Approval>,
    pub blocks: Blocks,
    /// The rules that counted last.
    pub counted: Vec<RuleSet>,
    entries: Vec<Entry>,
}

impl Said {
    pub fn of(entries: Vec<Entry>) -> Said {
        let mut said = Said {
            refusals: HashSet::new(),
            approvals: HashMap::new(),
            blocks: Blocks::default(),
            counted: Vec::new(),
            entries: Vec::new(),
        };
        for entry in entries {
            said.blocks.take(&entry);
            if let What::RulesCount { form, sets } = &entry.what {
                said.counted = in_force::told(form, sets);
            }
            if let Some((from, to)) = entry.what.renames() {
                said.entries.iter_mut().for_each(|e| rename(&mut e.what, from, to));
            } else if matches!(
                entry.what,
                What::Refusal { .. } | What::FirstContact { .. } | What::Instance { .. } | What::Damaged { .. } | What::RowAccepted { .. }
            ) || pin_of(&entry).is_some()
            {
                said.entries.push(entry);
            }
        }
        for entry in &said.entries {
            match &entry.what {
                What::Refusal { .. } => {
                    let Some(refusal) = entry.what.to_refusal() else { continue };
                    said.refusals.extend(ons(&refusal).map(|on| refusal_key(on, &refusal.scope)));
                }
                What::FirstContact { system, scope, .. } => {
                    let known = said.approvals.entry(system.clone()).or_insert(Approval::Holds);
                    *known = (*known).max(approval(*scope));
                }
                _ => {}
            }
        }
        said
    }

    /// The line of an approval that the journal does not know, or only a lesser one.
    fn approval_it_lacks(&self, system: &Name, approved: Approval) -> Option<What> {
        let is_known = self.approvals.get(&**system).is_some_and(|known| *known >= approved);
        let scope = if approved == Approval::All { ApprovalScope::All } else { ApprovalScope::Holds };
        (!is_known).then(|| What::FirstContact { system: system.to_string(), scope, by: "the store".into() })
    }

    /// Whether it does not know that a record's block is ours, or only by a line of a former age.
    fn lacks_block(&self, record: &RecordId) -> bool {
        self.blocks.get(record).is_none_or(|known| !known.is_ours() || known.is_unnamed())
    }

    pub fn is_empty(&self) -> bool {
        self.entries.is_empty() && self.blocks.records().next().is_none()
    }
}

/// What a line says of a pin; without one: it was taken back.
fn pin_of(entry: &Entry) -> Option<(StoredOn, Name, Option<Pin>)> {
    let (record, address, field, pin) = match &entry.what {
        What::Pinned { record, address, field, value, by, because } => {
            let pin = Pin { value: value.clone(), by: by.as_str().into(), because: because.as_str().into(), at: entry.at };
            (record, address, field, Some(pin))
        }
        What::Unpinned { record, address, field, .. } => (record, address, field, None),
        _ => return None,
    };
    let on = record.clone().map(StoredOn::Record).or_else(|| address.clone().map(StoredOn::Address))?;
    Some((on, field.clone(), pin))
}

fn ons(refusal: &Refusal) -> impl Iterator<Item = On<'_>> {
    [Some(On::Record(&refusal.from)), refusal.address.as_ref().map(On::Address)].into_iter().flatten()
}

fn of_former_age(what: &What, said: &Said) -> bool {
    matches!(what, What::Outcome { record, .. } if said.blocks.get(record).is_some_and(Block::is_unnamed))
}

/// Lets a line speak of a system's records by the name that they have since.
fn rename(what: &mut What, from: &str, to: &str) {
    match what {
        What::Refusal { record, .. } if *record.system == *from => record.system = to.into(),
        What::Pinned { record: Some(record), .. } | What::Unpinned { record: Some(record), .. } if *record.system == *from => {
            record.system = to.into();
        }
        What::FirstContact { system, .. } | What::Instance { system, .. } if system == from => *system = to.to_string(),
        _ => {}
    }
}

/// What was found wrong with the journal, and who is to hear of it.
struct JournalDamage {
    lines: Vec<String>,
    /// It is not seen again at the next open, so that the journal itself is to remember it.
    is_journaled: bool,
    /// A torn end is a crash's usual trace and harmless; lines of a newer nayose come up at each open.
    is_told: bool,
}

impl JournalDamage {
    /// `again`: how many lines had to be written to it again.
    fn of(notes: &JournalNotes, again: usize) -> JournalDamage {
        let mut lines = notes.notes();
        if again > 0 {
            lines.push(format!(
                "the journal lacked {again} refusals, approvals and blocks that the store has; they are written to it again"
            ));
        }
        let is_journaled = notes.missing_bytes > 0 || again > 0;
        JournalDamage { lines, is_journaled, is_told: is_journaled || !notes.damaged_lines.is_empty() || notes.unknown > 0 }
    }
}

fn approval(scope: ApprovalScope) -> Approval {
    if scope == ApprovalScope::All { Approval::All } else { Approval::Holds }
}

impl Engine {
    /// Lays the journal over what the store had: what it says cannot be polled again. Idempotent.
    pub fn replay(&mut self, said: Said, notes: &JournalNotes, now: Time) {
        let again = self.journal_what_it_lacks(&said, now);
        let mut met: Vec<(String, Instance)> = Vec::new();
        self.replay_pins(&said.entries);
        for entry in said.entries {
            match entry.what {
                What::Refusal { .. } => {
                    let Some(refusal) = entry.what.to_refusal() else { continue };
                    for on in ons(&refusal) {
                        if self.refusals.add(on, &refusal) {
                            self.ledger.put(REFUSAL, refusal_key(on, &refusal.scope), &(on.into(), refusal.clone()));
                        }
                    }
                }
                What::FirstContact { system, scope, .. } => {
                    let Some(state) = self.systems.named_mut(&system) else { continue };
                    if state.approved < Some(approval(scope)) {
                        state.approved = Some(approval(scope));
                        self.ledger.put(APPROVAL, system.into_bytes(), &approval(scope));
                    }
                }
                What::RowAccepted { row, record, by, because } => {
                    self.restore_accepted(&row, Accepted { cause: record, by, because, at: entry.at });
                }
                What::Instance { system, address, says } => {
                    met.push((system, Instance { address: address.into(), says: says.map(Into::into) }))
                }
                What::Damaged { found } if now.since(entry.at) < DAMAGE_TOLD => {
                    self.journal_damage.push(format!("found on {}: {found}", entry.at));
                }
                _ => {}
            }
        }
        // Where the store was lost, the last line says which instance all this was said of.
        for (system, instance) in met.into_iter().rev() {
            if let Some(state) = self.systems.named_mut(&system) {
                state.identity.recall(instance);
            }
        }
        self.journaled = Journaled::of(&said.blocks);
        if self.rebuilding.is_some() {
            let unseen = said.blocks.into_records().filter(|(record, _)| self.world.find(record).is_none());
            self.recovery = unseen.collect();
        }
        self.tell_damage(notes, again, now);
    }

    /// Lays the last word of each pin over what the store had, and writes to the journal what it lacks.
    fn replay_pins(&mut self, entries: &[Entry]) {
        let mut last: HashMap<Vec<u8>, (StoredOn, Name, Option<Pin>)> = HashMap::new();
        for (on, field, pin) in entries.iter().filter_map(pin_of) {
            last.insert(pin_key(on.on(), &field), (on, field, pin));
        }
        for (at, line) in pins_it_lacks(self.pins.all(), |key| last.contains_key(key)) {
            self.ledger.journal(at, line);
        }
        for (key, (on, field, pin)) in last {
            match pin {
                Some(pin) if self.pins.of(&field, [on.on()].into_iter()) != Some(&pin) => {
                    let stored = StoredPin { on, field, pin };
                    self.ledger.put(PIN, key, &stored);
                    self.pins.put(stored);
                }
                Some(_) => {}
                None => {
                    if self.pins.remove(on.on(), &field).is_some() {
                        self.ledger.delete(PIN, key);
                    }
                }
            }
        }
    }

    /// The journal is written before the store, so that it has all that the store has, unless it was damaged.
    fn journal_what_it_lacks(&mut self, said: &Said, now: Time) -> usize {
        let mut lacking = Vec::new();
        for (on, refusal) in self.refusals.all() {
            if !said.refusals.contains(&refusal_key(on, &refusal.scope)) {
                lacking.push(refusal_line(on, refusal));
            }
        }
        for (system, approved) in self.systems.iter().filter_map(|(name, s)| Some((name, s.approved?))) {
            lacking.extend(said.approval_it_lacks(system, approved));
        }
        let blocks = self.blocks_it_lacks(said);
        // A line of a former age is no damage: it only says less.
        let unnamed = blocks.iter().filter(|what| of_former_age(what, said)).count();
        lacking.extend(blocks);
        let count = lacking.len() - unnamed;
        lacking.into_iter().for_each(|what| self.ledger.journal(now, what));
        count
    }

    /// Blocks that the store knows to be ours, and the journal does not, or only by a line of a former age.
    fn blocks_it_lacks(&self, said: &Said) -> Vec<What> {
        let mut lacking = Vec::new();
        for (idx, target) in self.targets.iter() {
            let slot = self.world.slot(idx);
            let ours = target.block_ours && target.sent.is_none();
            if ours && said.lacks_block(&slot.id) {
                lacking.push(What::Outcome {
                    record: slot.id.clone(),
                    op: "hold".into(),
                    outcome: WriteOutcome::Applied,
                    said: Some("from the store".into()),
                    reasons: Vec::new(),
                    run: (*self.run).into(),
                    block: Some(BlockPart::Set),
                    causes: self.causes_of(idx),
                });
            }
        }
        lacking
    }

    fn tell_damage(&mut self, notes: &JournalNotes, again: usize, now: Time) {
        let damage = JournalDamage::of(notes, again);
        for line in &damage.lines {
            JournalDamaged { line }.emit();
        }
        if damage.is_journaled {
            self.ledger.journal(now, What::Damaged { found: damage.lines.join("; ") });
        }
        if damage.is_told {
            self.journal_damage.extend(damage.lines);
        }
    }

    /// Folds the journal's old lines when it has grown long.
    pub fn tidy_journal(&mut self, now: Time) -> Result<(), crate::engine::Error> {
        if self.ledger.halted().is_some() || self.ledger.state().is_looked_at() {
            return Ok(());
        }
        let folded = self.ledger.with_journal(|journal| {
            let before = journal.bytes();
            journal.is_long().then(|| journal.fold(now).map(|()| (before, journal.bytes())))
        });
        match folded {
            None => Ok(()),
            Some(Ok((before, after))) => {
                if after < before {
                    JournalFolded { before, after }.emit();
                }
                Ok(())
            }
            Some(Err(error)) => Err(self.ledger.disk_failed(error).into()),
        }
    }
}

/// Lines for the pins that the journal does not have, each at its own time: of several of one person the last counts.
fn pins_it_lacks<'p>(pins: impl Iterator<Item = &'p StoredPin>, has: impl Fn(&Vec<u8>) -> bool) -> Vec<(Time, What)> {
    let mut lacking: Vec<&StoredPin> = pins.filter(|stored| !has(&pin_key(stored.on.on(), &stored.field))).collect();
    lacking.sort_by_key(|stored| stored.pin.at);
    lacking.into_iter().map(|stored| (stored.pin.at, pin_line(stored.on.on(), &stored.field, &stored.pin))).collect()
}

#[cfg(test)]
mod tests;
