//! What people ask: plan, status, explain, exports, approvals, notices.
//!
//! - `accept`: a row that concerns nobody
//! - `approve`: first contact, and what waits
//! - `by_order`: values of which nobody knows which is newer; `forward_only`: statuses that stay as they are
//! - `backup`: the whole state in one file
//! - `budget`: what a system was asked today
//! - `conflicts`: values that cannot be true, or that systems disagree on
//! - `dead_letters`: writes that a system refused
//! - `explain`: why somebody is treated as they are; `explain_fields`: whose value counts
//! - `export`: tables
//! - `field_history`: what was written of a field, and what stood there
//! - `field_in_targets`: what targets show of a field, and what is done about it
//! - `imports`: lists that wait for a person
//! - `left_alone`: what is not written to a person's records, and why
//! - `marks_in_words`: marks as people say them
//! - `notices`: what needs a person
//! - `parked`: what is not written for a while
//! - `pin`: a named person's word on the value of a field
//! - `plan`: what would be written
//! - `preview`: what other rules would do; `preview_run`: looking at everyone for it
//! - `reach_of_deals`: open deals that hold nobody, or fewer than meant
//! - `shown`: fields in no answer
//! - `status`: protection and health; `alone` without a daemon
//! - `status_history`: how a person's status changed
//! - `unknown_codes`: codes that no map knows
//! - `unprotected`: who is not protected
//! - `unread_addresses`: addresses that cannot be read
//! - `unread_refusals`: words in opt-out fields that nobody explained
//! - `waiting`: what waits for an approval
//! - `without_code`: fields that are not written for want of a code

pub mod accept;
pub(in crate::engine) mod alone;
pub mod approve;
pub mod backup;
mod budget;
pub mod by_order;
pub mod conflicts;
pub mod dead_letters;
pub mod explain;
pub mod explain_fields;
pub mod export;
pub mod field_history;
pub mod field_in_targets;
pub mod forward_only;
pub mod imports;
pub mod left_alone;
pub mod marks_in_words;
pub mod notices;
pub mod parked;
pub mod pin;
pub mod plan;
pub mod preview;
pub mod preview_run;
mod reach_of_deals;
pub mod shown;
pub mod status;
mod status_history;
pub mod unknown_codes;
pub mod unprotected;
pub mod unread_addresses;
pub mod unread_refusals;
pub mod waiting;
mod without_code;
