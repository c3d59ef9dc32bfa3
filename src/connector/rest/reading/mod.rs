//! Reading a stream: `streams` says how, `passes` and `paging` go through its pages, `page_reader` looks at each answer, `feed` hands over what they hold, `associations` follows lists
//! that are longer than a row, `field_history` asks when fields changed (as `history_plan` says), `look_up` asks for one record.

pub mod associations;
pub mod feed;
pub mod field_history;
pub mod history_plan;
pub mod look_up;
pub mod page_reader;
pub mod paging;
pub mod passes;
pub mod streams;
