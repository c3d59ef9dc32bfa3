//! Mailboxes that several people read, for linking.

use crate::config::Rules;
use crate::link;
use crate::telemetry::InternalEvent;
use crate::telemetry::config::MailboxLeftOut;

/// Mailboxes that several people read: the usual ones and the config's. The config was checked, so each is one.
pub(in crate::engine) fn link_rules(rules: &Rules) -> link::LinkRules {
    let mut linking = link::LinkRules::usual();
    for mailbox in &rules.shared_mailboxes {
        if let Err(error) = linking.add(mailbox) {
            MailboxLeftOut { error: &error }.emit();
        }
    }
    linking
}
