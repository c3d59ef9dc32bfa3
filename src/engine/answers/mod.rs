//! What people ask: plan, status, explain, exports, approvals, notices.
//!
//! - `accept`: a row that concerns nobody
//! - `approve`: first contact, and what waits
//! - `backup`: the whole state in one file
//! - `dead_letters`: writes that a system refused
//! - `explain`: why somebody is treated as they are
//! - `export`: tables
//! - `marks_in_words`: marks as people say them
//! - `notices`: what needs a person
//! - `plan`: what would be written
//! - `preview`: what other rules would do; `preview_run`: looking at everyone for it
//! - `shown`: fields in no answer
//! - `status`: protection and health; `alone` without a daemon
//! - `unprotected`: who is not protected
//! - `unread_addresses`: addresses that cannot be read
//! - `unread_refusals`: words in opt-out fields that nobody explained
//! - `waiting`: what waits for an approval

pub mod accept;
pub(in crate::engine) mod alone;
pub mod approve;
pub mod backup;
pub mod dead_letters;
pub mod explain;
pub mod export;
pub mod marks_in_words;
pub mod notices;
pub mod plan;
pub mod preview;
pub mod preview_run;
pub mod shown;
pub mod status;
pub mod unprotected;
pub mod unread_addresses;
pub mod unread_refusals;
pub mod waiting;
