//! How a request is made and sent, and what an answer says of itself: credentials, budget, retries, failures.
//!
//! - `request`: what a request is made of; `auth`, `apart`: the credential, and by whose clock it is signed
//! - `client`: sends it, with `budget`, `retry` and `failure`; `answer`: what comes back; `transport`: the way out, which tests put another in place of
//! - `again`: what is being tried again; `redirect`: which redirects are followed
//! - `compressed`, `readable`: the body's form; `shape`: what of it is told; `secrets` keeps them out of messages

pub mod again;
pub mod answer;
pub mod apart;
pub mod auth;
pub mod budget;
pub mod client;
pub mod compressed;
pub mod failure;
pub mod readable;
pub mod redirect;
pub mod request;
pub mod retry;
pub mod secrets;
mod shape;
pub mod transport;
