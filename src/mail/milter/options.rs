//! What is agreed at the beginning of a connection: which changes we may ask for, and what the mail server need not send or wait for.

/// The protocol's version that we know; 2 is the first that anybody still speaks.
const VERSION: u32 = 6;
const VERSION_MIN: u32 = 2;

/// Changes: fields added to the header, the body replaced, fields of the header changed.
const CHANGES: u32 = 0x01 | 0x02 | 0x10;

/// Steps that say nothing to us: connection, HELO, unknown commands, DATA.
const NOT_SENT: u32 = 0x01 | 0x02 | 0x100 | 0x200;
/// All other steps: of a mail server that lets us change nothing we want to hear nothing.
const NOTHING_SENT: u32 = NOT_SENT | 0x04 | 0x08 | 0x10 | 0x20 | 0x40;

/// Steps that the mail server need not wait for an answer to, by the command's letter.
const NOT_ANSWERED: [(u8, u32); 8] =
    [(b'L', 0x80), (b'C', 0x1000), (b'H', 0x2000), (b'M', 0x4000), (b'R', 0x8000), (b'T', 0x1_0000), (b'U', 0x2_0000), (b'B', 0x8_0000)];

/// What was agreed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Agreed {
    version: u32,
    changes: u32,
    protocol: u32,
}

impl Agreed {
    /// By what the mail server offers; `None`: it is none that we can speak with.
    pub(super) fn of(offer: &[u8]) -> Option<Agreed> {
        let word = |at: usize| offer.get(at..at + 4).map(|four| u32::from_be_bytes([four[0], four[1], four[2], four[3]]));
        let (version, changes, protocol) = (word(0)?, word(4)?, word(8)?);
        if version < VERSION_MIN {
            return None;
        }
        let may_change = changes & CHANGES == CHANGES;
        let unanswered = NOT_ANSWERED.iter().fold(0, |all, (_, bit)| all | bit);
        let wanted = if may_change { NOT_SENT | unanswered } else { NOTHING_SENT | unanswered };
        Some(Agreed { version: version.min(VERSION), changes: if may_change { CHANGES } else { 0 }, protocol: protocol & wanted })
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

    /// Whether the mail server waits for an answer to a step.
    pub(super) fn is_answered(&self, command: u8) -> bool {
        !NOT_ANSWERED.iter().any(|(known, bit)| *known == command && self.protocol & bit != 0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn offer(words: [u32; 3]) -> Option<Agreed> {
        Agreed::of(&words.map(u32::to_be_bytes).concat())
    }

    /// As Postfix 3.7 offers.
    #[test]
    fn a_new_mail_server_waits_for_two_answers_a_mail() {
        let agreed = offer([6, 0x1ff, 0x1f_ffff]).unwrap();
        assert!(agreed.may_change());
        assert_eq!(
            [b'C', b'M', b'R', b'L', b'N', b'B', b'E'].map(|step| agreed.is_answered(step)),
            [false, false, false, false, true, false, true]
        );
        assert_eq!(agreed.bytes(), [6, 0x13, 0x01 | 0x02 | 0x100 | 0x200 | 0x80 | 0xb_f000].map(u32::to_be_bytes).concat()[..]);
    }

    #[test]
    fn an_old_one_waits_for_each_and_is_asked_for_nothing_that_it_does_not_know() {
        let agreed = offer([2, 0x3f, 0x7f]).unwrap();
        assert!(agreed.may_change() && b"CHMRLNBE".iter().all(|step| agreed.is_answered(*step)));
        assert_eq!(agreed.bytes(), [2, 0x13, 0x03].map(u32::to_be_bytes).concat()[..]);
    }

    #[test]
    fn one_that_lets_nothing_be_changed_sends_nothing() {
        let agreed = offer([6, 0x01, 0x1f_ffff]).unwrap();
        assert!(!agreed.may_change());
        assert_eq!(agreed.bytes()[4..8], [0; 4]);
        assert_eq!(offer([1, 0x3f, 0x7f]), None);
        assert_eq!(Agreed::of(b"short"), None);
    }
}
