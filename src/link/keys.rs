//! What a record proves itself with.

use crate::model::{Address, Record, RecordId};
use std::collections::BTreeSet;

/// Something that two records can have in common because they are one person. Ids go before addresses: they prove more.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Key {
    /// Borne by the record of that id and by every record that carries the id in `same_as`.
    Remote(RecordId),
    /// A person's present address.
    Address(Address),
}

/// The keys that can join a person's record to others: its own id, the ids it carries, and its present address.
/// Sorted, without duplicates.
pub fn keys(record: &Record) -> Vec<Key> {
    keys_with(record, record.address())
}

/// The same where the present address is known.
pub fn keys_with(record: &Record, address: Option<Address>) -> Vec<Key> {
    let mut keys = Vec::with_capacity(2 + record.same_as.len());
    keys.push(Key::Remote(record.id.clone()));
    keys.extend(record.same_as.iter().cloned().map(Key::Remote));
    keys.extend(address.map(Key::Address));
    if keys.len() > 2 {
        keys.sort();
        keys.dedup();
    }
    keys
}

/// The addresses that holds and refusals spread over: present, further and past, sorted. Shared ones too: a hold spreads on doubt.
pub fn spread_keys(record: &Record) -> Vec<Address> {
    spread_keys_with(record, record.address())
}

/// The same where the present address is known.
pub fn spread_keys_with(record: &Record, address: Option<Address>) -> Vec<Address> {
    let mut all: Vec<Address> = record.memory.past_addresses.iter().chain(&record.addresses).cloned().chain(address).collect();
    all.sort();
    all.dedup();
    all
}

/// Mailboxes behind which several people sit; they never join.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LinkRules {
    pub shared: BTreeSet<Address>,
    /// `info@*`
    pub shared_locals: BTreeSet<Box<str>>,
    /// `*@lists.example.com`
    pub shared_domains: BTreeSet<Box<str>>,
}

/// Why a text names no shared mailbox.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is no mailbox; write \"front@acme.example\", \"info@*\" or \"*@lists.acme.example\"")]
pub struct BadMailbox(pub String);

/// Local parts that are nobody's own, as usual in Japan and elsewhere.
const ROLES: [&str; 34] = [
    "admin",
    "administrator",
    "billing",
    "contact",
    "customer",
    "daihyo",
    "eigyo",
    "eigyou",
    "hello",
    "help",
    "helpdesk",
    "hr",
    "info",
    "information",
    "inquiry",
    "jimukyoku",
    "jinji",
    "keiri",
    "kouhou",
    "mail",
    "marketing",
    "noreply",
    "no-reply",
    "office",
    "otoiawase",
    "postmaster",
    "pr",
    "recruit",
    "sales",
    "service",
    "soumu",
    "support",
    "toiawase",
    "webmaster",
];

impl LinkRules {
    /// The usual role mailboxes (`info@*`, `soumu@*`, ...).
    pub fn usual() -> LinkRules {
        LinkRules { shared_locals: ROLES.into_iter().map(Box::from).collect(), ..LinkRules::default() }
    }

    /// Adds a mailbox or a pattern with `*` for the whole local part or the whole domain.
    pub fn add(&mut self, mailbox: &str) -> Result<(), BadMailbox> {
        let bad = || BadMailbox(mailbox.to_string());
        let normal = |address: String| Address::parse(&address).ok_or_else(bad);
        match mailbox.trim().split_once('@') {
            Some(("*", "*")) | None => return Err(bad()),
            // The other half must be sound, so it is read as part of an address.
            Some((local, "*")) => {
                self.shared_locals.insert(normal(format!("{local}@any.example"))?.local().into());
            }
            Some(("*", domain)) => {
                let address = normal(format!("any@{domain}"))?;
                self.shared_domains.insert(domain_of(&address).into());
            }
            Some(_) => {
                self.shared.insert(normal(mailbox.to_string())?);
            }
        }
        Ok(())
    }

    pub fn is_shared(&self, address: &Address) -> bool {
        // A tag makes no person: info+web@ is info@.
        let local = address.local();
        let plain = local.split_once('+').map(|(plain, _)| plain);
        self.shared.contains(address)
            || self.shared_locals.contains(local)
            || plain.is_some_and(|plain| self.shared_locals.contains(plain))
            || self.shared_domains.contains(domain_of(address))
    }
}

fn domain_of(address: &Address) -> &str {
    address.as_str().split_once('@').map_or("", |(_, domain)| domain)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Time, Value};

    #[test]
    fn keys_of_a_record() {
        let mut r = Record::new("ma:person:17".parse().unwrap());
        r.same_as.push("crm:person:5".parse().unwrap());
        r.set(&"email".into(), Value::text("ＴＡＲＯ@Example.jp"), Time(1));
        r.memory.past_addresses.push(Address::parse("old@example.jp").unwrap());
        let said: Vec<String> = keys(&r).iter().map(|k| format!("{k:?}")).collect();
        assert_eq!(said.len(), 3);
        assert_eq!(keys(&r)[2], Key::Address(Address::parse("taro@example.jp").unwrap()));
        assert_eq!(spread_keys(&r).iter().map(Address::as_str).collect::<Vec<_>>(), ["old@example.jp", "taro@example.jp"]);
    }

    #[test]
    fn shared_mailboxes() {
        let mut rules = LinkRules::usual();
        for mailbox in ["uketsuke@acme.example", "Eigyo2@*", "*@ML.acme.example"] {
            rules.add(mailbox).unwrap();
        }
        for bad in ["", "info", "*@*", "@*", "*@", "a b@*", "*@x"] {
            assert!(rules.add(bad).is_err(), "{bad}");
        }
        for (address, shared) in [
            ("info@a.example", true),
            ("INFO@a.example", true),
            ("info+web@a.example", true),
            ("soumu@a.example", true),
            ("eigyo2@b.example", true),
            ("uketsuke@acme.example", true),
            ("uketsuke@other.example", false),
            ("anyone@ml.acme.example", true),
            ("taro@acme.example", false),
            ("information.taro@a.example", false),
        ] {
            assert_eq!(rules.is_shared(&Address::parse(address).unwrap()), shared, "{address}");
        }
    }
}
