//! Folds the journal's old lines. Without it the outcomes of stop marks would make it grow for ever.
//!
//! Kept for ever, as written: refusals (once each), approvals, lines that are damaged or of a newer nayose. Of old outcomes and holds what
//! they come to is kept ([`Blocks`]). What is younger than [`KEPT_WHOLE`] stays line by line.

use super::blocks::Blocks;
use super::line::{JournalLine, line, understand};
use crate::model::{Address, RecordId, Span, Time};
use crate::store::{Entry, What};
use std::collections::HashSet;
use std::io::{self, BufRead};

/// `export journal` shows every line of the last quarter: as far back as someone who complains of a mail, or a privacy officer who answers,
/// usually asks what was written and why.
pub const KEPT_WHOLE: Span = Span::days(90);

/// Less than a quarter saved is not worth writing it all.
const WORTH: (usize, usize) = (3, 4);

pub(in crate::store) enum Compacted {
    Shorter(Vec<u8>),
    NotWorth,
}

pub(in crate::store) fn fold(mut from: impl BufRead, now: Time) -> io::Result<Compacted> {
    let young_from = now.minus(KEPT_WHOLE);
    let (mut old, mut young) = (Vec::new(), Vec::new());
    let mut blocks = Blocks::default();
    let mut refusals = HashSet::new();
    let (mut text, mut whole) = (Vec::new(), 0);
    loop {
        text.clear();
        let bytes = from.read_until(b'\n', &mut text)?;
        if bytes == 0 {
            break;
        }
        whole += bytes;
        match understand(text.strip_suffix(b"\n").unwrap_or(&text)) {
            // Once a young line came, all later ones stay as they are: their order may matter, and clocks go back.
            JournalLine::Entry(entry) if entry.at < young_from && young.is_empty() => {
                blocks.take(&entry);
                if entry.what.renames().is_some() {
                    // The same record of another instance is another one.
                    refusals.clear();
                }
                if stays(&entry, &mut refusals) {
                    old.extend_from_slice(&text);
                }
            }
            JournalLine::Unknown | JournalLine::Damaged if young.is_empty() => old.extend_from_slice(&text),
            _ => young.extend_from_slice(&text),
        }
    }
    for entry in blocks.lines() {
        old.extend_from_slice(line(&entry).map_err(io::Error::other)?.as_bytes());
    }
    old.extend(young);
    Ok(if old.len() * WORTH.1 >= whole * WORTH.0 { Compacted::NotWorth } else { Compacted::Shorter(old) })
}

/// Who refused, on which address, and which topic; `None`: all marketing mail.
type RefusalKey = (RecordId, Option<Address>, Option<Box<str>>);

/// Whether an old line stays as it is; what it says of blocks is folded in any case.
fn stays(entry: &Entry, refusals: &mut HashSet<RefusalKey>) -> bool {
    match &entry.what {
        What::Refusal { record, address, topic, .. } => refusals.insert((record.clone(), address.clone(), topic.clone())),
        What::FirstContact { .. } | What::PlanApproved { .. } | What::RowAccepted { .. } => true,
        What::Instance { .. } | What::OtherInstance { .. } | What::SameInstance { .. } => true,
        What::Outcome { .. } | What::Held { .. } | What::Damaged { .. } | What::DeadLetterDropped { .. } => false,
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
                if let Compacted::Shorter(shorter) = fold(now_text.as_slice(), now).unwrap() {
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
        let Compacted::Shorter(folded) = fold(all.as_slice(), Time(KEPT_WHOLE.0 * 2)).unwrap() else { panic!("not folded") };
        assert_eq!(String::from_utf8(folded).unwrap(), format!("deadbeef what was here\n{newer}"));
    }
}
