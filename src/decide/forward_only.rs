//! Statuses that a target keeps: under `forward_only` it is told no lower one than it shows, and none over a word of somebody else's.

use crate::model::Name;
use crate::model::normal::entry_key;

/// `forward_only` of `[status]`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ForwardOnly {
    /// All statuses, the highest first.
    pub order: Vec<Name>,
    /// Those that are written though a higher one is shown.
    pub except: Vec<Name>,
}

/// Why a target keeps the status that it shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeptStatus {
    /// It is a higher one.
    Higher,
    /// It is none of ours.
    NotOurs,
}

impl KeptStatus {
    /// As told.
    pub const fn why(self) -> &'static str {
        match self {
            KeptStatus::Higher => "left: forward_only; the status that is there is a higher one",
            KeptStatus::NotOurs => "left: forward_only; what is there is none of our statuses",
        }
    }
}

impl ForwardOnly {
    /// Why a target that shows this, one word a line, keeps it over `status`; `None`: it does not. `word` is what it calls a status.
    pub fn keeps<'w>(&'w self, shown: &str, status: &'w Name, word: impl Fn(&'w Name) -> &'w str) -> Option<KeptStatus> {
        // What shows nothing keeps nothing, and two statuses may have one word.
        if shown.trim().is_empty() || shown == word(status) {
            return None;
        }
        match (highest_shown(self.order.iter(), shown, word), self.order.iter().position(|name| name == status)) {
            (None, _) => Some(KeptStatus::NotOurs),
            (Some(highest), Some(new)) if highest < new && !self.except.contains(status) => Some(KeptStatus::Higher),
            _ => None,
        }
    }
}

/// The place of the highest status, of those in order, among what a target shows, one word a line; `None`: it shows none of them. `word` is
/// what it calls a status.
pub fn highest_shown<'w>(
    mut order: impl Iterator<Item = &'w Name> + Clone,
    shown: &str,
    word: impl Fn(&'w Name) -> &'w str,
) -> Option<usize> {
    if let Some(exactly) = order.clone().position(|name| shown.lines().any(|line| line == word(name))) {
        return Some(exactly);
    }
    // A pick list may spell a word its own way: Lead, ＬＥＡＤ.
    let lines: Vec<String> = shown.lines().map(entry_key).collect();
    order.position(|name| lines.contains(&entry_key(word(name))))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The target calls one status otherwise than we do.
    fn word(name: &Name) -> &str {
        if &**name == "mql" { "MQL2" } else { name }
    }

    #[test]
    fn a_status_rises_and_falls_only_to_the_exceptions_and_strangers_words_stay() {
        use KeptStatus::{Higher, NotOurs};
        let order: Vec<Name> = ["opportunity", "customer", "lost", "recycled", "mql", "lead"].map(Name::from).into();
        let with = |except: &[&str]| ForwardOnly { order: order.clone(), except: except.iter().map(|e| Name::from(*e)).collect() };
        for (shown, status, except, kept) in [
            ("lead", "customer", &[][..], None),
            ("customer", "lead", &[], Some(Higher)),
            ("opportunity", "customer", &[], Some(Higher)),
            ("opportunity", "customer", &["customer"], None),
            ("customer", "lost", &["lost"], None),
            // From an exception nothing falls further but to another one.
            ("lost", "lead", &["lost"], Some(Higher)),
            ("lost", "recycled", &["lost", "recycled"], None),
            ("MQL2", "lead", &[], Some(Higher)),
            ("lead", "mql", &[], None),
            ("mql", "lead", &[], Some(NotOurs)),
            // As the target spells it.
            ("Lead", "customer", &[], None),
            (" ＣＵＳＴＯＭＥＲ", "lead", &[], Some(Higher)),
            ("Partner", "customer", &[], Some(NotOurs)),
            ("Partner", "lost", &["lost"], Some(NotOurs)),
            ("", "lead", &[], None),
            (" ", "lead", &[], None),
            ("lead", "lead", &[], None),
            // Labels: the highest of ours counts.
            ("lead\ncustomer", "mql", &[], Some(Higher)),
            ("of theirs\nlead", "mql", &[], None),
        ] {
            assert_eq!(with(except).keeps(shown, &status.into(), word), kept, "{shown:?} -> {status} but {except:?}");
        }
    }

    #[test]
    fn two_statuses_with_one_word_do_not_keep_each_other_away() {
        let rule = ForwardOnly { order: ["sql".into(), "mql".into()].into(), except: Vec::new() };
        assert_eq!(rule.keeps("Qualified", &"mql".into(), |_| "Qualified"), None);
    }
}
