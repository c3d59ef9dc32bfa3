//! What is agreed at the beginning of a connection: which changes we may ask for, and what the mail server need not send.
//!
//! Each step that is sent gets an answer, as in the oldest version: the newer one's steps without (`SMFIP_NR_*`) would save little.

/// The protocol's version that we know; 2 is the first that anybody still speaks.
const VERSION: u32 = 6;
const VERSION_MIN: u32 = 2;

/// Changes: fields added to the header, the body replaced, fields of the header changed.
const CHANGES: u32 = 0x01 | 0x02 | 0x10;

/// Steps that say nothing to us: connection, HELO, unknown commands, DATA.
const NOT_SENT: u32 = 0x01 | 0x02 | 0x100 | 0x200;
/// All other steps: of a mail server that lets us change nothing we want to hear nothing.
const NOTHING_SENT: u32 = NOT_SENT | 0x04 | 0x08 | 0x10 | 0x20 | 0x40;

/// What was agreed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct MilterTerms {
    version: u32,
    changes: u32,
    protocol: u32,
}

impl MilterTerms {
    /// By what the mail server offers; `None`: it is none that we can speak with.
    pub(super) fn of(offer: &[u8]) -> Option<MilterTerms> {
        let word = |at: usize| offer.get(at..at + 4).map(|four| u32::from_be_bytes([four[0], four[1], four[2], four[3]]));
        let (version, changes, protocol) = (word(0)?, word(4)?, word(8)?);
        if version < VERSION_MIN {
            return None;
        }
        let may_change = changes & CHANGES == CHANGES;
        let wanted = if may_change { NOT_SENT } else { NOTHING_SENT };
        Some(MilterTerms { version: version.min(VERSION), changes: if may_change { CHANGES } else { 0 }, protocol: protocol & wanted })
    }

    pub(super) fn bytes(&self) -> [u8; 12] {
        let mut bytes = [0; 12];
        for (into, word) in bytes.chunks_exact_mut(4).zip([self.version, self.changes, self.protocol]) {
            into.copy_from_slice(&word.to_be_bytes());
        }
        bytes
    }

    /// Whether all that a footer needs may be changed.
    pub(super) fn may_change(&self) -> bool {
        self.changes == CHANGES
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn offer(words: [u32; 3]) -> Option<MilterTerms> {
        MilterTerms::of(&words.map(u32::to_be_bytes).concat())
    }

    #[test]
    fn what_says_nothing_to_us_is_not_sent_and_nothing_is_asked_for_that_is_not_known() {
        // As Postfix 3.7 offers, and as the oldest do.
        for (asked, agreed) in [([6, 0x1ff, 0x1f_ffff], [6, 0x13, 0x303]), ([2, 0x3f, 0x7f], [2, 0x13, 0x03])] {
            let is = offer(asked).unwrap();
            assert!(is.may_change());
            assert_eq!(is.bytes(), agreed.map(u32::to_be_bytes).concat()[..], "{asked:x?}");
        }
    }

    #[test]
    fn one_that_lets_nothing_be_changed_sends_nothing() {
        let agreed = offer([6, 0x01, 0x1f_ffff]).unwrap();
        assert!(!agreed.may_change());
        assert_eq!(agreed.bytes()[4..8], [0; 4]);
        assert_eq!(offer([1, 0x3f, 0x7f]), None);
        assert_eq!(MilterTerms::of(b"short"), None);
    }
}
