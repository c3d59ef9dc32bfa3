//! What may be mailed to whom, and why not. Pure: facts, rules and the clock in, decisions out.
//!
//! - [`rules`]: what policy.toml and consent.toml say
//! - [`phase`]: where a deal's or ticket's hold stands
//! - [`ratchet`]: which remembered holds have ended, and which are kept because their end was not seen
//! - [`standing`]: a person's refusals, basis and holds, and the decision for one mail
//! - [`consent`]: which basis carries which kind of mail
//! - [`freshness`]: proofs of streams against their limits
//! - [`status`]: the lead status; [`forward_only`]: statuses that a target keeps
//! - [`widening`]: what an edit of the rules lets through, and the strictest of several rules

pub mod consent;
pub mod forward_only;
pub mod freshness;
pub mod phase;
pub mod ratchet;
pub mod rules;
pub mod standing;
pub mod status;
pub mod widening;
