//! The files of a config folder.

pub(in crate::config) const SYSTEMS: &str = "systems.toml";
pub(in crate::config) const PRECEDENCE: &str = "precedence.toml";
pub(in crate::config) const POLICY: &str = "policy.toml";
pub(in crate::config) const CONSENT: &str = "consent.toml";

/// The files of a config folder, in the order in which mistakes are told.
pub const FILES: [&str; 4] = [SYSTEMS, PRECEDENCE, POLICY, CONSENT];
