//! Rows that cannot be taken as records: what of them can be read all the same, so that they hold whom they can concern and nobody else.

use super::whom::{DEPTH_MAX, addresses_within};
use super::{Carries, Mapper};
use crate::connector::port::{PageRead, Unread};
use crate::connector::raw::json::{self, Json};
use crate::connector::raw::scalars::id_of;
use crate::model::record::field;
use crate::model::{Entity, RecordId, ShortText};

/// Digits of a row's hash: few enough to be typed, and two rows that are out of order at the same time do not share them.
const HASH_DIGITS: usize = 12;

impl Mapper {
    /// Puts a row on the page that is one by its form, and of which nothing can be read that counts.
    pub fn pass_over(&self, raw: &Json<'_>, carries: Carries, why: &str, page: &mut PageRead) {
        let id = self.id(raw).map(|id| RecordId::new(self.system.clone(), self.entity, format!("{}{id}", self.id_prefix).as_str()));
        self.keep_out(raw, id, carries, why.to_string(), page);
    }

    /// Puts a row that is kept out whole on the page. `id`: its own, where that much can be read.
    pub(super) fn keep_out(&self, raw: &Json<'_>, id: Option<RecordId>, carries: Carries, why: String, page: &mut PageRead) {
        let mut unread = Unread {
            row: row_hash(&self.system, self.entity.name(), raw),
            entity: self.entity,
            id,
            people: Vec::new(),
            accounts: Vec::new(),
            names_companies: false,
            addresses: Vec::new(),
            names_all: self.names_all(raw, carries),
            why,
        };
        if let Some(path) = &self.people {
            path.entries(raw, &mut |v| unread.people.extend(id_of(v).map(ShortText::from)));
        }
        for path in self.account.iter().chain(&self.more_accounts) {
            path.entries(raw, &mut |v| unread.accounts.extend(id_of(v).map(ShortText::from)));
        }
        let mut address = |v: &Json<'_>| addresses_within(v, DEPTH_MAX, &mut unread.addresses);
        self.addresses.iter().for_each(|path| path.entries(raw, &mut address));
        for reader in self.fields.iter().filter(|r| &*r.key == field::EMAIL) {
            reader.path.entries(raw, &mut address);
        }
        for ids in [&mut unread.people, &mut unread.accounts] {
            ids.sort();
            ids.dedup();
        }
        unread.addresses.sort();
        unread.addresses.dedup();
        page.unread.push(unread);
    }

    /// Whether a row shows all whom a deal or ticket names. A person's row is about that person.
    fn names_all(&self, raw: &Json<'_>, carries: Carries) -> bool {
        if self.entity == Entity::Person {
            return true;
        }
        let cut = self.cut(raw);
        let mut whole = (carries.people || self.entity != Entity::Deal) && !cut.people && !cut.accounts && cut.untold.is_none();
        if let Some(path) = &self.people {
            path.entries(raw, &mut |v| whole &= v.is_null() || id_of(v).is_some());
        }
        whole
    }
}

/// Names a row by what it holds, in whatever order its members come: `q_` and the first digits of a hash.
fn row_hash(system: &str, entity: &str, raw: &Json<'_>) -> Box<str> {
    let mut hash = blake3::Hasher::new();
    for part in [system, entity] {
        hash.update(part.as_bytes()).update(&[0]);
    }
    feed(&mut hash, raw);
    format!("q_{}", &hash.finalize().to_hex()[..HASH_DIGITS]).into()
}

fn feed(hash: &mut blake3::Hasher, value: &Json<'_>) {
    match value {
        Json::Object(object) => {
            let mut members: Vec<_> = object.iter().collect();
            members.sort_by_key(|(name, _)| *name);
            hash.update(b"{");
            for (name, value) in members {
                hash.update(&(name.len() as u64).to_le_bytes()).update(name.as_bytes());
                feed(hash, value);
            }
            hash.update(b"}");
        }
        Json::Array(items) => {
            hash.update(b"[");
            items.iter().for_each(|item| feed(hash, item));
            hash.update(b"]");
        }
        other => {
            let text = json::text(other);
            hash.update(&(text.len() as u64).to_le_bytes()).update(text.as_bytes());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::connector::raw::json::Document;

    #[test]
    fn a_row_has_one_name_however_its_members_are_ordered() {
        let hash = |text: &str| row_hash("crm", "deal", Document::parse(text.as_bytes()).unwrap().root());
        let one = hash(r#"{"id":null,"people":["1","2"],"x":{"a":1,"b":2}}"#);
        assert_eq!(one, hash(r#"{"x":{"b":2,"a":1},"people":["1","2"],"id":null}"#));
        assert!(one.starts_with("q_") && one.len() == 2 + HASH_DIGITS);
        for other in [
            r#"{"id":null,"people":["2","1"],"x":{"a":1,"b":2}}"#,
            r#"{"id":null,"people":["1","2"],"x":{"a":1,"b":"2"}}"#,
            r#"{"id":null,"people":["12"],"x":{"a":1,"b":2}}"#,
        ] {
            assert_ne!(one, hash(other), "{other}");
        }
    }
}
