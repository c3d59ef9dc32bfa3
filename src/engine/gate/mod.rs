//! May this mail go? The table that answers, and the answer.
//!
//! - `answer`: a decision with its reasons
//! - `decision_table`: everyone as last decided, read without the lock

pub mod answer;
pub mod decision_table;
