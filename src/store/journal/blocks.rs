//! What the journal says of our own blocks and of holds out of sight: needed when the store is lost, and when old lines are folded.
//! Pure, and the same whatever was folded before.

use super::entry::{BlockPart, Cause, Entry, What, WriteOutcome};
use crate::model::{Name, RecordId, Time};
use std::collections::{BTreeMap, BTreeSet, btree_map};

/// One record's.
#[derive(Debug, Clone, PartialEq)]
pub struct Block {
    /// When the last line spoke of it.
    pub at: Time,
    /// The last write that may have set a block which is not known to be lifted; its causes are below.
    set: Option<Entry>,
    pub causes: BTreeSet<Cause>,
}

impl Block {
    /// A block that the record shows may be ours.
    pub fn is_ours(&self) -> bool {
        self.set.is_some()
    }

    /// Of a block without causes the line of its write is all that is kept: it has the time of that line, also where a clock went back.
    fn date(&mut self) {
        if let (Some(set), true) = (&self.set, self.causes.is_empty()) {
            self.at = set.at;
        }
    }

    /// The line of the write is of a former age: it names no causes, and does not say whether it was about a block or a permit.
    pub fn is_unnamed(&self) -> bool {
        matches!(&self.set, Some(Entry { what: What::Outcome { block: None, .. }, .. }))
    }

    /// The reasons that the write gave.
    pub fn reasons(&self) -> &[String] {
        match &self.set {
            Some(Entry { what: What::Outcome { reasons, .. }, .. }) => reasons,
            _ => &[],
        }
    }
}

/// Of all records.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Blocks {
    by: BTreeMap<RecordId, Block>,
}

impl Blocks {
    /// Takes in the journal's next line.
    pub fn take(&mut self, entry: &Entry) {
        if let Some((from, to)) = entry.what.renames() {
            return self.rename(from, &to.into());
        }
        match &entry.what {
            What::Held { causes, .. } if causes.is_empty() => {}
            What::Held { record, causes } => self.at(record, entry.at).causes.extend(causes.iter().cloned()),
            What::PlanApproved { causes, .. } if !causes.is_empty() => {
                for block in self.by.values_mut() {
                    block.causes.retain(|c| !causes.contains(c));
                    block.date();
                }
                self.by.retain(|_, b| b.is_ours() || !b.causes.is_empty());
            }
            What::Outcome { record, op, outcome, block, causes, .. } => {
                let part = block.unwrap_or(match op.as_str() {
                    "hold" => BlockPart::Set,
                    "release" => BlockPart::Lifted,
                    _ => BlockPart::Untouched,
                });
                match (part, outcome) {
                    (BlockPart::Set, WriteOutcome::Applied | WriteOutcome::Unknown) => {
                        let known = self.at(record, entry.at);
                        known.causes.extend(causes.iter().cloned());
                        let mut set = entry.clone();
                        if let What::Outcome { causes, .. } = &mut set.what {
                            causes.clear();
                        }
                        known.set = Some(set);
                        known.date();
                    }
                    // The target has none of ours; what holds the person is another matter.
                    (BlockPart::Set, WriteOutcome::Rejected) => {
                        if let Some(known) = self.by.get_mut(record) {
                            known.set = None;
                            if known.causes.is_empty() {
                                self.by.remove(record);
                            }
                        }
                    }
                    (BlockPart::Lifted, WriteOutcome::Applied) => drop(self.by.remove(record)),
                    // Not lifted, or not known to be.
                    (BlockPart::Lifted, _) | (BlockPart::Untouched, _) => {}
                }
            }
            _ => {}
        }
    }

    /// The records of a system, and the deals and tickets that hold, have another system's name.
    fn rename(&mut self, from: &str, to: &Name) {
        let renamed = |id: RecordId| RecordId { system: if *id.system == *from { to.clone() } else { id.system }, ..id };
        for (record, mut block) in std::mem::take(&mut self.by) {
            block.causes = block.causes.into_iter().map(|c| Cause { cause: renamed(c.cause), ..c }).collect();
            if let Some(Entry { what: What::Outcome { record, .. }, .. }) = &mut block.set {
                *record = renamed(record.clone());
            }
            match self.by.entry(renamed(record)) {
                btree_map::Entry::Vacant(place) => drop(place.insert(block)),
                btree_map::Entry::Occupied(mut known) => {
                    let known = known.get_mut();
                    known.causes.extend(block.causes);
                    known.at = known.at.max(block.at);
                    known.set = match (known.set.take(), block.set) {
                        (Some(known), Some(renamed)) if renamed.at > known.at => Some(renamed),
                        (known, renamed) => known.or(renamed),
                    };
                    known.date();
                }
            }
        }
    }

    fn at(&mut self, record: &RecordId, at: Time) -> &mut Block {
        let known = self.by.entry(record.clone()).or_insert_with(|| Block { at, set: None, causes: BTreeSet::new() });
        known.at = known.at.max(at);
        known
    }

    /// One line or two for each record, from which the same is read again.
    pub fn lines(self) -> Vec<Entry> {
        let mut lines = Vec::new();
        for (record, block) in self.by {
            let unnamed = block.is_unnamed();
            let Block { at, set, causes } = block;
            let causes: Vec<Cause> = causes.into_iter().collect();
            let mut held = (!causes.is_empty()).then(|| Entry { at, what: What::Held { record, causes: causes.clone() } });
            if let Some(mut set) = set {
                if let What::Outcome { causes: named, .. } = &mut set.what
                    && !unnamed
                {
                    *named = causes;
                    held = held.filter(|_| at > set.at);
                }
                lines.push(set);
            }
            lines.extend(held);
        }
        lines
    }

    pub fn records(&self) -> impl Iterator<Item = (&RecordId, &Block)> {
        self.by.iter()
    }

    pub fn get(&self, record: &RecordId) -> Option<&Block> {
        self.by.get(record)
    }

    pub fn into_records(self) -> impl Iterator<Item = (RecordId, Block)> {
        self.by.into_iter()
    }
}

#[cfg(test)]
pub(in crate::store) mod tests {
    use super::*;
    use proptest::prelude::*;

    fn record(n: u8) -> RecordId {
        format!("ma:person:{n}").parse().unwrap()
    }

    fn cause(n: u8) -> Cause {
        Cause { hold: "open_deal".into(), cause: format!("crm:deal:{n}").parse().unwrap() }
    }

    fn outcome(n: u8, op: &str, outcome: WriteOutcome, block: Option<BlockPart>, causes: Vec<Cause>) -> What {
        let (record, op, reasons) = (record(n), op.to_string(), vec!["open_deal_person".to_string()]);
        What::Outcome { record, op, outcome, said: None, reasons, run: "r".into(), block, causes }
    }

    /// Entries at random, one after another in time.
    pub fn histories() -> impl Strategy<Value = Vec<Entry>> {
        let outcomes = prop_oneof![Just(WriteOutcome::Applied), Just(WriteOutcome::Rejected), Just(WriteOutcome::Unknown)];
        let parts = prop::option::of(prop_oneof![Just(BlockPart::Set), Just(BlockPart::Lifted), Just(BlockPart::Untouched)]);
        let causes = prop::collection::vec((0u8..4).prop_map(cause), 0..3);
        let op = prop_oneof![Just("hold"), Just("release"), Just("update")];
        let what = prop_oneof![
            4 => (0u8..4, op, outcomes, parts, causes.clone()).prop_map(|(n, op, o, part, causes)| outcome(n, op, o, part, causes)),
            2 => (0u8..4, causes.clone()).prop_map(|(n, causes)| What::Held { record: record(n), causes }),
            1 => causes.prop_map(|causes| What::PlanApproved { plan: "w_1".into(), causes, by: String::new() }),
            1 => (0u8..4, any::<bool>()).prop_map(|(n, all)| What::Refusal {
                record: record(n), address: None, topic: (!all).then(|| "x".into()), seen_at: Time(1),
            }),
            1 => (0u8..4).prop_map(|n| What::DeadLetterDropped { record: record(n) }),
            1 => any::<bool>().prop_map(|back| match back {
                true => What::SameInstance { system: "ma".into(), former: "ma@1".into() },
                false => What::OtherInstance { system: "ma".into(), former: "ma@1".into() },
            }),
        ];
        prop::collection::vec(what, 0..40)
            .prop_map(|all| all.into_iter().enumerate().map(|(i, what)| Entry { at: Time(i as i64), what }).collect())
    }

    pub fn fold<'a>(entries: impl IntoIterator<Item = &'a Entry>) -> Blocks {
        let mut blocks = Blocks::default();
        entries.into_iter().for_each(|e| blocks.take(e));
        blocks
    }

    #[test]
    fn what_a_block_is_after_each_outcome() {
        use WriteOutcome::*;
        let set = |o| outcome(1, "hold", o, Some(BlockPart::Set), vec![cause(8)]);
        let lifted = |o| outcome(1, "release", o, Some(BlockPart::Lifted), vec![]);
        let old = |op, o| outcome(1, op, o, None, vec![]);
        let permit = outcome(1, "hold", Applied, Some(BlockPart::Untouched), vec![]);
        let let_go = What::PlanApproved { plan: "w_1".into(), causes: vec![cause(8)], by: String::new() };
        let held = What::Held { record: record(1), causes: vec![cause(9)] };
        for (name, history, want) in [
            ("set", vec![set(Applied)], Some((true, vec![8]))),
            ("maybe set", vec![set(Unknown)], Some((true, vec![8]))),
            ("refused", vec![set(Rejected)], None),
            ("taken away by someone", vec![set(Applied), set(Rejected)], Some((false, vec![8]))),
            ("lifted", vec![set(Applied), lifted(Applied)], None),
            ("maybe lifted", vec![set(Applied), lifted(Unknown)], Some((true, vec![8]))),
            ("not lifted", vec![set(Applied), lifted(Rejected)], Some((true, vec![8]))),
            ("only a permit was withdrawn", vec![permit], None),
            ("more causes", vec![set(Applied), held.clone()], Some((true, vec![8, 9]))),
            ("let go by a person", vec![set(Applied), let_go], Some((true, vec![]))),
            ("held without a block", vec![held], Some((false, vec![9]))),
            ("a former age's", vec![old("hold", Applied)], Some((true, vec![]))),
            ("a former age's, lifted", vec![old("hold", Applied), old("release", Applied)], None),
        ] {
            let entries: Vec<Entry> = history.into_iter().map(|what| Entry { at: Time(1), what }).collect();
            let got = fold(&entries).into_records().next().map(|(_, b)| (b.is_ours(), b.causes.clone()));
            let want = want.map(|(ours, causes)| (ours, causes.into_iter().map(cause).collect()));
            assert_eq!(got, want, "{name}");
        }
    }

    proptest! {
        #[test]
        fn lines_say_the_same(history in histories(), later in histories()) {
            let before = fold(&history);
            let lines = before.clone().lines();
            prop_assert_eq!(fold(&lines), before);
            prop_assert_eq!(fold(lines.iter().chain(&later)), fold(history.iter().chain(&later)));
        }
    }
}
