//! What is found when a state is opened.

use std::path::PathBuf;

/// What this program makes of items.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StateInfo {
    /// The format of the items' values; a state of a higher one is refused.
    pub format_version: u32,
    /// A hash of the manifests and the normaliser that observations are made with.
    pub fingerprint: [u8; 32],
}

/// What was found at open.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Loaded {
    pub items: u64,
    /// There was no state, or none that could be used.
    pub fresh: bool,
    /// The format that the items are in: this program's or an older one.
    pub format_version: u32,
    /// Observations were made with other manifests or another normaliser: a sweep is due. Said at each open until `keep_fingerprint`.
    pub fingerprint_changed: bool,
    /// The former store could not be used: to be rebuilt from the journal and a full read, widening nothing until that is done.
    pub rebuilt: Option<Rebuilt>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rebuilt {
    /// Where the damaged store lies now; `None` if there was none left.
    pub aside: Option<PathBuf>,
    pub why: String,
}

impl Loaded {
    /// A state that is new.
    pub(in crate::store) fn nothing(ours: StateInfo) -> Loaded {
        Loaded { items: 0, fresh: true, format_version: ours.format_version, fingerprint_changed: false, rebuilt: None }
    }

    /// So many items, of which this was noted.
    pub(in crate::store) fn items(items: u64, noted: StateInfo, ours: StateInfo) -> Loaded {
        let fingerprint_changed = noted.fingerprint != ours.fingerprint;
        Loaded { items, fresh: false, format_version: noted.format_version, fingerprint_changed, rebuilt: None }
    }

    /// The same, in the place of a state that could not be used.
    pub(in crate::store) fn in_place_of(self, rebuilt: Rebuilt) -> Loaded {
        Loaded { rebuilt: Some(rebuilt), ..self }
    }
}
