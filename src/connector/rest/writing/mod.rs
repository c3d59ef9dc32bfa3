//! Writing: `writes` sends `rows`, `cells` are their fields in the target's forms, `results` says what became of each, `read_back` looks at it again, `labels` are made before they are set, `halving` finds the row that is refused.

pub mod cells;
pub mod halving;
pub mod labels;
pub mod read_back;
pub mod results;
pub mod rows;
pub mod writes;
