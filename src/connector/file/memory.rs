//! What a connector of lists remembers of a stream, and what its cursor says: whether a list must be read again.
//!
//! A list that is another is read whole. If somebody is missing in it, it is read whole once more, an interval later, as the first look at
//! it proves an absence as little as that of any other system.

use super::lists::IdHash;
use crate::model::Time;
use std::collections::BTreeSet;

/// A cursor: which content was read, whether it is to be read once more, and which columns it had.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListCursor {
    pub content: String,
    pub once_more: bool,
    pub shape: BTreeSet<String>,
    /// When the newest of its files was saved.
    pub saved_at: Option<Time>,
}

impl ListCursor {
    pub fn text(&self) -> Box<str> {
        let shape: Vec<&str> = self.shape.iter().map(String::as_str).collect();
        let saved_at = self.saved_at.map(|at| format!(" {}", at.0)).unwrap_or_default();
        format!("{} {} {}{saved_at}", self.content, if self.once_more { "again" } else { "read" }, shape.join(",")).into()
    }

    /// `None`: it was written by something else.
    pub fn parse(text: &str) -> Option<ListCursor> {
        let mut parts = text.split(' ');
        let (content, mode, shape) = (parts.next()?.to_string(), parts.next()?, parts.next()?);
        let once_more = match mode {
            "again" => true,
            "read" => false,
            _ => return None,
        };
        let shape = shape.split(',').filter(|key| !key.is_empty()).map(String::from).collect();
        // Only those of a tool without an API tell it.
        let saved_at = parts.next().and_then(|at| at.parse().ok()).map(Time);
        Some(ListCursor { content, once_more, shape, saved_at })
    }
}

/// What is remembered of one stream.
#[derive(Debug, Default)]
pub struct StreamMemory {
    /// What this process read last, and whom it showed.
    swept: Option<(ListCursor, Vec<IdHash>)>,
    /// Something was read before this process.
    knows_others: bool,
    /// When the newest file was saved that was read before.
    newest: Option<Time>,
}

impl StreamMemory {
    /// Notes that the engine has a cursor of another content.
    pub fn has_other_cursor(&mut self) {
        self.knows_others |= self.swept.is_none();
    }

    /// Notes when a content was saved that was read before.
    pub fn was_saved(&mut self, at: Option<Time>) {
        self.newest = self.newest.max(at);
    }

    /// When the newest file was saved that was read before.
    pub fn newest(&self) -> Option<Time> {
        self.newest
    }

    /// A stream was read whole. `ids` are sorted.
    pub fn swept(&mut self, content: &str, (shape, saved_at): (BTreeSet<String>, Option<Time>), ids: Vec<IdHash>, only_adds: bool) {
        let once_more = match &self.swept {
            _ if only_adds => false,
            None => self.knows_others,
            // Read twice, it is known.
            Some((before, _)) if before.content == content => false,
            Some((_, before)) => before.iter().any(|id| ids.binary_search(id).is_err()),
        };
        self.was_saved(saved_at);
        self.swept = Some((ListCursor { content: content.to_string(), once_more, shape, saved_at }, ids));
    }

    /// The cursor behind what this process read last.
    pub fn last(&self) -> Option<&ListCursor> {
        self.swept.as_ref().map(|(cursor, _)| cursor)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_is_read_back_and_another_is_none() {
        for once_more in [false, true] {
            for saved_at in [None, Some(Time(17))] {
                let shape = ["email", "name"].map(String::from).into();
                let cursor = ListCursor { content: "c0ffee".into(), once_more, shape, saved_at };
                assert_eq!(ListCursor::parse(&cursor.text()), Some(cursor));
            }
        }
        for other in ["", "c0ffee", "c0ffee maybe email", "17"] {
            assert_eq!(ListCursor::parse(other), None, "{other:?}");
        }
    }

    #[test]
    fn a_list_in_which_somebody_is_missing_is_read_once_more() {
        let mut memory = StreamMemory::default();
        let mut swept = |content: &str, ids: &[IdHash]| {
            memory.swept(content, (BTreeSet::new(), None), ids.to_vec(), false);
            memory.last().unwrap().once_more
        };
        assert!(!swept("a", &[1, 2]), "nothing was known before");
        assert!(!swept("b", &[1, 2, 3]));
        assert!(swept("c", &[1, 3]));
        assert!(!swept("c", &[1, 3]), "the second look");
        assert!(swept("d", &[1]));
        memory.swept("e", (BTreeSet::new(), None), vec![9], true);
        assert!(memory.last().is_some_and(|last| last.content == "e" && !last.once_more), "nobody is missed in a list that only adds");
        let mut later = StreamMemory::default();
        later.has_other_cursor();
        later.swept("f", (BTreeSet::new(), Some(Time(5))), vec![1], false);
        assert_eq!(later.newest(), Some(Time(5)));
        assert!(later.last().is_some_and(|last| last.once_more), "who was in it before this process is not known");
    }
}
