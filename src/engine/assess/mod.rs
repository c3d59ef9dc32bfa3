//! Who is who, which holds, which fields, which status: for everyone for whom something changed.
//!
//! - `reconcile`: deciding anew, one after another
//! - `marking`: who is to be looked at
//! - `assessing`: looking at people, many at once; nothing is changed
//! - `assessment`: what was seen of one person
//! - `members`: a person as the rules want it
//! - `records`: what the records of a person have in common
//! - `holds`: the holds that reach a record
//! - `cause`: what one deal or ticket holds whom it leads to by
//! - `unread_hold`: the hold of whoever shows what may be a no
//! - `asked`: a person as expressions see it
//! - `account_facts`: what a person's account has
//! - `field_asked`: what is asked of the merge about a field; `field`: one field, what its records offer and which are to show it
//! - `firsts`: first values that stay
//! - `wanted`: what a target is to show; `protection`: of who must get no mail
//! - `status_changes`: changes of people's statuses, with what each rests on
//! - `foresee`: what would be written by other rules; `foreseen`: of one record; `edit_tally`: how much that is, and who is asked
//! - `foresee_decisions`: who may get mail by other rules
//! - `pinned`: whose pins count for whom
//! - `permits`: when permits that end are looked at again, by the clock (what is wanted of them: `protection`)
//! - `person`: one person as last decided
//! - `held`: the holds that were in force when last decided
//! - `kept`: who keeps a hold whose cause does not lead to them any more

pub mod account_facts;
mod asked;
pub mod assessing;
pub mod assessment;
mod cause;
pub mod edit_tally;
mod field;
pub mod field_asked;
mod firsts;
pub mod foresee;
pub mod foresee_decisions;
pub mod foreseen;
pub(in crate::engine) mod held;
pub mod holds;
pub(in crate::engine) mod kept;
pub(in crate::engine) mod marking;
pub mod members;
pub mod permits;
pub mod person;
pub mod pinned;
mod protection;
pub mod reconcile;
pub mod records;
mod status_changes;
pub mod unread_hold;
pub mod wanted;
