//! The words of the product as types: records, fields, people, deals, tickets, consent.
//!
//! Knows no other room, no clock and no I/O. What is here is what every other room talks about.
//!
//! - [`record`]: one row of an outer system as it was last observed
//! - [`record_id`]: what a record is called everywhere
//! - [`value`]: field values (absent is "not in the list", empty and set are values)
//! - [`time`]: instants and durations
//! - [`age`]: when a value was set, as far as that is known
//! - [`last_edit`]: what a system itself tells of the last change of a field
//! - [`entries`]: what is remembered of the entries of a record's lists
//! - [`first_value`]: what a record held first of a field whose first value stays
//! - [`past_status`]: a change of a person's lead status
//! - [`date`]: days of the calendar
//! - [`address`]: e-mail addresses in their comparable form; [`companies`]: which company a name or an address stands for
//! - [`consent`]: refusals and the bases on which mail may be sent
//! - [`mail`]: kinds of mail
//! - [`permit`]: which mail a permit in a marketing system is for; [`mark`]: what a record shows of it, and of blocks and statuses
//! - [`name`], [`by_name`]: short names that many values share, and a few things by name
//! - [`rules_file`]: whose file the rules were written in
//! - [`normal`]: the form in which values are compared
//! - [`decision`]: allow, hold, deny and their reason codes
//! - [`invisible`], [`visible`](mod@visible): characters that nobody sees, and text from elsewhere as it may be shown
//! - `counted`: a number with its noun, for people
//! - [`expression`]: CEL expressions over the typed values

pub mod address;
pub mod age;
pub mod by_name;
pub mod companies;
pub mod consent;
mod counted;
pub mod date;
pub mod decision;
pub mod entries;
pub mod expression;
pub mod first_value;
pub mod invisible;
pub mod last_edit;
pub mod mail;
pub mod mark;
pub mod name;
pub mod normal;
pub mod past_status;
pub mod permit;
pub mod record;
pub mod record_id;
pub mod rules_file;
pub mod time;
pub mod value;
pub mod visible;

pub use address::Address;
pub use age::Age;
pub use by_name::ByName;
pub use consent::{Basis, Refusal, RefusalScope};
pub use counted::counted;
pub use date::Date;
pub use decision::{Decision, Reason, Verdict};
pub use entries::{Entries, EntryFate, joined_entries};
pub use expression::Expression;
pub use first_value::FirstValue;
pub(crate) use invisible::is_blank;
pub use invisible::trimmed;
pub use last_edit::{Editor, LastEdit};
pub use mail::{Mail, MailKind};
pub use mark::Mark;
pub use name::Name;
pub use past_status::PastStatus;
pub use permit::{OwnPermit, PermitFor};
pub use record::{DealState, Presence, Record, TicketState};
pub use record_id::{Entity, RecordId};
pub use rules_file::RulesFile;
pub use time::{Span, Time};
pub use value::{Field, ShortText, Value};
pub use visible::{visible, visible_json, visible_line};
