//! A system's own list of the words that a field takes, beside those that are to be written there. Pure.

use crate::model::{Name, ShortText};

/// What a system takes in a field that fixed words are written to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PickList {
    /// "status", "block", or our name of the field.
    pub part: Name,
    /// The system's name of it.
    pub field: String,
    /// Empty: it takes any text.
    pub words: Vec<ShortText>,
    pub written: Vec<WrittenWord>,
}

/// A word that is to be written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WrittenWord {
    /// What it stands for: one of our statuses, a label, "on" or "off".
    pub ours: ShortText,
    pub word: ShortText,
}

impl PickList {
    /// The words that are to be written and that the system does not take.
    pub fn lacking(&self) -> impl Iterator<Item = &WrittenWord> {
        let takes_any = self.words.is_empty();
        self.written.iter().filter(move |written| !takes_any && !self.words.contains(&written.word))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_lacks_the_words_that_it_does_not_have_as_they_are_written() {
        for (words, lacking) in [
            (&["lead", "customer"][..], &["MQL2", "Lead"][..]),
            (&["lead", "MQL2", "Lead"], &[]),
            (&[], &[]),
            (&["other"], &["lead", "MQL2", "Lead"]),
        ] {
            let written = ["lead", "MQL2", "Lead"].map(|word| WrittenWord { ours: "x".into(), word: word.into() });
            let list = PickList {
                part: "status".into(),
                field: "stage".into(),
                words: words.iter().map(|word| (*word).into()).collect(),
                written: written.into(),
            };
            assert_eq!(list.lacking().map(|written| &*written.word).collect::<Vec<_>>(), lacking, "{words:?}");
        }
    }
}
