//! Which mails a footer is for, and how large they may be.

/// Which mails a footer may go into. Matches positively: an empty slot takes none.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct MailSlot {
    /// Addresses (`news@example.jp`) or whole domains (`@example.jp`) of `From`. Empty: the lists alone say it.
    pub senders: Vec<String>,
    /// List-Ids, without the angle brackets. A mail with a List-Id that is not here is never touched. Empty: mails of no list.
    pub lists: Vec<String>,
    /// Texts of which the subject holds one. Empty: any subject.
    pub subjects: Vec<String>,
}

/// What a slot looks at.
pub(super) struct SlotView<'m> {
    /// Addresses in `From`.
    pub(super) from: Vec<&'m str>,
    pub(super) list: Option<&'m str>,
    pub(super) subject: &'m str,
}

impl MailSlot {
    pub(super) fn takes(&self, mail: &SlotView<'_>) -> bool {
        if self.senders.is_empty() && self.lists.is_empty() {
            return false;
        }
        // With several authors each must be one of the slot's.
        let sender = |address: &str| self.senders.iter().any(|known| is_sender(known, address));
        let by_sender = self.senders.is_empty() || (!mail.from.is_empty() && mail.from.iter().all(|address| sender(address)));
        let by_list = self.lists.is_empty() || mail.list.is_some_and(|list| self.knows_list(list));
        let by_subject = self.subjects.is_empty() || self.subjects.iter().any(|text| mail.subject.contains(text.as_str()));
        by_sender && by_list && by_subject
    }

    pub(super) fn knows_list(&self, list: &str) -> bool {
        self.lists.iter().any(|known| known.eq_ignore_ascii_case(list))
    }
}

fn is_sender(known: &str, address: &str) -> bool {
    if known.starts_with('@') {
        let domain = address.rfind('@').map_or("", |at| &address[at..]);
        domain.eq_ignore_ascii_case(known)
    } else {
        known.eq_ignore_ascii_case(address)
    }
}

/// How large a mail may be that is edited.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MailLimits {
    /// Octets of the whole mail.
    pub bytes: usize,
    /// Octets of one header.
    pub header_bytes: usize,
    /// Multiparts within each other.
    pub depth: usize,
    /// Parts; an attached message is one.
    pub parts: usize,
    /// Octets of the HTML with its footer.
    pub html_bytes: usize,
}

impl Default for MailLimits {
    fn default() -> MailLimits {
        MailLimits {
            // What most systems take at all, with room for base64.
            bytes: 35 * 1024 * 1024,
            // Postfix cuts headers off at 100 kB.
            header_bytes: 100 * 1024,
            depth: 16,
            parts: 200,
            // Gmail shows some 102 kB and hides the rest, and with it the way to refuse.
            html_bytes: 100_000,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn takes(slot: &MailSlot, from: &[&str], list: Option<&str>, subject: &str) -> bool {
        slot.takes(&SlotView { from: from.to_vec(), list, subject })
    }

    #[test]
    fn a_slot_takes_what_it_names_and_nothing_else() {
        let strings = |of: &[&str]| of.iter().map(ToString::to_string).collect::<Vec<_>>();
        let slot = |senders: &[&str], lists: &[&str], subjects: &[&str]| MailSlot {
            senders: strings(senders),
            lists: strings(lists),
            subjects: strings(subjects),
        };
        assert!(!takes(&MailSlot::default(), &["a@x.jp"], None, "s"), "an empty slot");
        assert!(!takes(&slot(&[], &[], &["s"]), &["a@x.jp"], None, "s"), "a subject alone is too little");
        assert!(takes(&slot(&["A@X.jp"], &[], &[]), &["a@x.JP"], None, ""));
        assert!(takes(&slot(&["@x.jp"], &[], &[]), &["a@x.jp"], None, ""));
        assert!(!takes(&slot(&["@x.jp"], &[], &[]), &["a@evil-x.jp"], None, ""));
        assert!(!takes(&slot(&["@x.jp"], &[], &[]), &["a@x.jp", "b@y.jp"], None, ""), "each author");
        assert!(!takes(&slot(&["@x.jp"], &[], &[]), &[], None, ""), "no author");
        assert!(takes(&slot(&[], &["news.x.jp"], &[]), &["a@y.jp"], Some("News.x.jp"), ""));
        assert!(!takes(&slot(&["@x.jp"], &["news.x.jp"], &[]), &["a@x.jp"], None, ""));
        assert!(takes(&slot(&["@x.jp"], &[], &["月報"]), &["a@x.jp"], None, "サポート月報 5月"));
        assert!(!takes(&slot(&["@x.jp"], &[], &["月報"]), &["a@x.jp"], None, "パスワード"));
    }
}
