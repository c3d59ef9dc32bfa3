//! Mailboxes that several people read, for linking.

use crate::config::Config;
use crate::link;

/// Mailboxes that several people read: the usual ones and the config's. The config was checked, so each is one.
pub(in crate::engine) fn link_rules(config: &Config) -> link::LinkRules {
    let mut rules = link::LinkRules::usual();
    for mailbox in &config.shared_mailboxes {
        if let Err(error) = rules.add(mailbox) {
            tracing::warn!(%error, "a shared mailbox of systems.toml is left out");
        }
    }
    rules
}
