//! The words of the page of `plan --rules`; here the English ones.

use crate::engine::answers::preview::{FrequentChange, Harm, Preview};

/// The words of the page in one language.
pub(super) struct PageWords {
    pub(super) said: fn(&Preview) -> Vec<String>,
    pub(super) nothing: &'static str,
    pub(super) columns: [&'static str; 7],
    /// How often, field, system, before, after.
    pub(super) frequent: fn(&FrequentChange) -> String,
    pub(super) most_frequent: &'static str,
    pub(super) the_worst: &'static str,
    pub(super) harm: fn(Harm) -> &'static str,
    pub(super) left_out: &'static str,
    pub(super) waits: fn(&str) -> String,
    pub(super) counts_at_once: &'static str,
    /// Where people would be let go.
    pub(super) widens: &'static str,
}

pub(super) const ENGLISH: PageWords = PageWords {
    said: Preview::said,
    nothing: "these rules would change nothing",
    columns: ["system", "field", "overwritten", "emptied", "another form", "filled", "rule"],
    frequent: |c| format!("{} x {} in {}: {} -> {}", c.count, c.field, c.system, c.old, c.new),
    most_frequent: "most frequent:",
    the_worst: "the worst:",
    harm: Harm::told,
    left_out: "not in these numbers:",
    waits: |plan| format!("saved, these rules wait for `nayose approve {plan}`; approved before, they count as soon as they are saved"),
    counts_at_once: "saved, these rules count at once: they rewrite too little to be asked about",
    widens: "what lets more people be mailed waits by itself once it is saved: `nayose status` names its plan",
};
