//! The engine behind the manifests, against a small server on loopback that answers as it is told, badly too.

mod capped;
mod instance;
mod lists;
mod look_ups;
mod messages;
mod reading;
mod refusals;
mod server;
mod signing;
mod writing;
