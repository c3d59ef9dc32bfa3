//! Folds the journal's old lines. Without it the outcomes of stop marks would make it grow for ever.
//!
//! Kept for ever, as written: refusals (once each), approvals, lines that are damaged or of a newer nayose. Of old outcomes and holds what
//! they come to is kept ([`Blocks`]). What is younger than [`KEPT_WHOLE`] stays line by line.

use super::blocks::Blocks;
use super::line::{JournalLine, line, understand};
use crate::model::{Address, RecordId, Span, Time};
use crate::store::{Entry, What};
use std::collections::HashSet;

/// `export journal` shows every line of the last quarter: as far back as someone who complains of a mail, or a privacy officer who answers,
/// usually asks what was written and why.
pub const KEPT_WHOLE: Span = Span::days(90);

/// Less than a quarter saved is not worth writing it all.
const WORTH: (usize, usize) = (3, 4);

/// A journal that is being folded.
#[derive(Default)]
pub(super) struct Folding {
    /// Until when lines are old.
    young_from: Time,
    /// The lines that stay, each with its newline.
    old: Vec<u8>,
    young: Vec<u8>,
    blocks: Blocks,
    refusals: HashSet<RefusalKey>,
    /// Of all lines that were taken.
    bytes: usize,
}

impl Folding {
    pub(super) fn at(now: Time) -> Folding {
        Folding { young_from: now.minus(KEPT_WHOLE), ..Folding::default() }
    }

    /// Takes the next line, without its newline.
    pub(super) fn take(&mut self, text: &[u8]) {
        self.bytes += text.len() + 1;
        let goes = match understand(text) {
            // Once a young line came, all later ones stay as they are: their order may matter, and clocks go back.
            _ if !self.young.is_empty() => Some(&mut self.young),
            JournalLine::Entry(entry) if entry.at < self.young_from => {
                self.blocks.take(&entry);
                if entry.what.renames().is_some() {
                    // The same record of another instance is another one.
                    self.refusals.clear();
                }
                stays(&entry, &mut self.refusals).then_some(&mut self.old)
            }
            JournalLine::Entry(_) => Some(&mut self.young),
            JournalLine::Unknown | JournalLine::Damaged => Some(&mut self.old),
        };
        if let Some(lines) = goes {
            lines.extend_from_slice(text);
            lines.push(b'\n');
        }
    }

    /// The lines that take the place of all; `None`: it is not worth it.
    pub(super) fn folded(self) -> Result<Option<Vec<u8>>, serde_json::Error> {
        let mut lines = self.old;
        for entry in self.blocks.lines() {
            lines.extend_from_slice(line(&entry)?.as_bytes());
        }
        lines.extend(self.young);
        Ok((lines.len() * WORTH.1 < self.bytes * WORTH.0).then_some(lines))
    }
}

/// Who refused, on which address, and which topic; `None`: all marketing mail.
type RefusalKey = (RecordId, Option<Address>, Option<Box<str>>);

/// Whether an old line stays as it is; what it says of blocks is folded in any case.
fn stays(entry: &Entry, refusals: &mut HashSet<RefusalKey>) -> bool {
    match &entry.what {
        What::Refusal { record, address, topic, .. } => refusals.insert((record.clone(), address.clone(), topic.clone())),
        What::FirstContact { .. } | What::PlanApproved { .. } | What::RowAccepted { .. } => true,
        // What was pinned last counts, and who took it back.
        What::Pinned { .. } | What::Unpinned { .. } => true,
        What::Instance { .. } | What::OtherInstance { .. } | What::SameInstance { .. } | What::RulesEdited { .. } => true,
        What::RulesCount { .. } => true,
        What::Outcome { .. } | What::Held { .. } | What::Damaged { .. } | What::DeadLetterDropped { .. } | What::Unparked { .. } => false,
    }
}

#[cfg(test)]
mod tests {
    use super::super::blocks::tests::{fold as blocks_of, histories};
    use super::*;
    use proptest::prelude::*;

    fn text(entries: &[Entry]) -> Vec<u8> {
        entries.iter().flat_map(|e| line(e).unwrap().into_bytes()).collect()
    }

    fn fold(text: &[u8], now: Time) -> Option<Vec<u8>> {
        let mut folding = Folding::at(now);
        text.split_inclusive(|b| *b == b'\n').for_each(|line| folding.take(&line[..line.len() - 1]));
        folding.folded().unwrap()
    }

    fn entries(text: &[u8]) -> Vec<Entry> {
        let lines = text.split(|b| *b == b'\n').filter(|l| !l.is_empty());
        lines.filter_map(|l| if let JournalLine::Entry(e) = understand(l) { Some(*e) } else { None }).collect()
    }

    fn of_law(entries: &[Entry]) -> HashSet<String> {
        let kept = |e: &&Entry| {
            let law = matches!(e.what, What::Refusal { .. } | What::FirstContact { .. } | What::PlanApproved { .. });
            law || e.what.renames().is_some()
        };
        entries.iter().filter(kept).map(|e| serde_json::to_string(&e.what).unwrap()).collect()
    }

    proptest! {
        /// Refusals, approvals and what is known of blocks are the same before and after; young lines are there one by one.
        #[test]
        fn folding_says_the_same(mut history in histories(), young in 0usize..40, rounds in 1usize..3) {
            let now = Time(KEPT_WHOLE.0 * 2);
            let from = young.min(history.len());
            history[from..].iter_mut().for_each(|e| e.at = e.at.plus(KEPT_WHOLE).plus(KEPT_WHOLE));
            // Twice the same, so that there is something to fold.
            let mut all: Vec<Entry> = std::iter::repeat_n(&history[..from], 3).flatten().cloned().collect();
            all.extend_from_slice(&history[from..]);
            let mut now_text = text(&all);
            for _ in 0..rounds {
                if let Some(shorter) = fold(&now_text, now) {
                    prop_assert!(shorter.len() < now_text.len());
                    now_text = shorter;
                }
            }
            let got = entries(&now_text);
            prop_assert_eq!(of_law(&got), of_law(&all));
            prop_assert_eq!(blocks_of(&got), blocks_of(&all));
            prop_assert_eq!(&got[got.len() - (history.len() - from)..], &history[from..]);
        }
    }

    #[test]
    fn damaged_lines_and_newer_ones_stay() {
        let old = |n: i64| Entry { at: Time(n), what: What::DeadLetterDropped { record: "ma:person:1".parse().unwrap() } };
        let newer = r#"{"at":9,"what":"pinned","record":"crm:person:1"}"#;
        let newer = format!("{:08x} {newer}\n", crc32fast::hash(newer.as_bytes()));
        let mut all = text(&(0..50).map(old).collect::<Vec<_>>());
        all.extend_from_slice(b"deadbeef what was here\n");
        all.extend_from_slice(newer.as_bytes());
        let folded = fold(&all, Time(KEPT_WHOLE.0 * 2)).expect("not folded");
        assert_eq!(String::from_utf8(folded).unwrap(), format!("deadbeef what was here\n{newer}"));
    }
}
