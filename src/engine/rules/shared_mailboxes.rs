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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::rules::in_force::tests::rules;
    use crate::model::Address;

    #[test]
    fn the_configs_mailboxes_are_shared_beside_the_usual_ones_and_a_bad_one_takes_none_away() {
        let mut rules = Rules::clone(&rules("a", &[]));
        rules.shared_mailboxes = ["no mailbox", "*@lists.example", "front@kobo.example"].map(String::from).to_vec();
        let linking = link_rules(&rules);
        for (address, shared) in [
            ("info@acme.example", true),
            ("anyone@lists.example", true),
            ("front@kobo.example", true),
            ("front@acme.example", false),
            ("taro@kobo.example", false),
        ] {
            assert_eq!(linking.is_shared(&Address::parse(address).unwrap()), shared, "{address}");
        }
    }
}
