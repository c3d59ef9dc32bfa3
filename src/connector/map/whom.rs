//! Whom a raw record names: accounts, people and addresses; and whether it shows all of them.

use super::{FollowedLists, KeptOut, Mapper};
use crate::connector::raw::json::{Json, members, readable};
use crate::connector::raw::paths::Path;
use crate::connector::raw::scalars::{ends, id_of, is_empty, kind_of};
use crate::model::address::AddressesInText;
use crate::model::record::field;
use crate::model::{Address, Entity, Record, ShortText, Value};
use std::borrow::Cow;

/// So far, and for so many, addresses are looked for in what should have been a text.
pub(super) const DEPTH_MAX: usize = 4;
const WITHIN_MAX: usize = 20;

/// Which lists of a raw record go on elsewhere.
pub(super) struct Cut<'m> {
    pub people: bool,
    pub accounts: bool,
    /// Where one goes on that nothing asks for.
    pub untold: Option<&'m Path>,
}

impl Mapper {
    /// The same, where other requests ask for the rest of these lists.
    pub fn following(self, followed: FollowedLists) -> Mapper {
        Mapper { followed, ..self }
    }

    pub(super) fn cut(&self, raw: &Json<'_>) -> Cut<'_> {
        let goes_on = |path: &&Path| path.first(raw).is_some_and(|more| !ends(more));
        let (people, accounts) = (self.people_more.as_ref().filter(goes_on), self.accounts_more.as_ref().filter(goes_on));
        let not_followed = people.filter(|_| !self.followed.people).or(accounts.filter(|_| !self.followed.accounts));
        let untold = self.more.iter().find(goes_on).or(not_followed);
        Cut { people: people.is_some(), accounts: accounts.is_some(), untold }
    }

    /// The raw record's id, where it shows a part of its accounts only and another request tells the rest.
    pub fn id_to_follow<'v>(&self, raw: &'v Json<'_>) -> Option<Cow<'v, str>> {
        let cut = self.followed.accounts && self.cut(raw).accounts;
        if cut { self.id(raw) } else { None }
    }

    /// Reads the accounts; answers whether those beside the first are told whole.
    pub(super) fn accounts(&self, raw: &Json<'_>, carries: bool, record: &mut Record, told: &mut KeptOut<'_>) -> bool {
        let mut whole = true;
        let mut id = |v: &Json<'_>| {
            let id = id_of(v).map(ShortText::from);
            if id.is_none() && !is_empty(v) {
                whole = false;
                told.tell("account", format!("is {}, not an id", kind_of(v)));
            }
            id
        };
        record.account = self.account.as_ref().and_then(|p| p.first(raw)).and_then(&mut id);
        let mut more = Vec::new();
        let mut shown = true;
        for path in &self.more_accounts {
            shown &= path.first(raw).is_some();
            path.entries(raw, &mut |v| more.extend(id(v)));
        }
        record.set_more_accounts(more);
        whole && (carries || shown)
    }

    /// Reads people; answers whether the list is whole.
    pub(super) fn people(&self, raw: &Json<'_>, carries_people: bool, record: &mut Record, told: &mut KeptOut<'_>) -> bool {
        let mut whole = carries_people || self.entity != Entity::Deal;
        if let Some(path) = &self.people {
            path.entries(raw, &mut |v| match id_of(v) {
                Some(id) => record.people.push(id.into()),
                None if v.is_null() => {}
                None => {
                    whole = false;
                    told.tell("people", format!("holds {} where an id was expected", kind_of(v)));
                }
            });
            record.people.sort();
            record.people.dedup();
        }
        whole
    }

    /// Reads the addresses: of the field `email` those behind the first, and those at their own paths.
    pub(super) fn addresses(&self, raw: &Json<'_>, record: &mut Record, told: &mut KeptOut<'_>) {
        let Record { fields, addresses, has_unread_address, .. } = record;
        if self.entity == Entity::Person
            && let Some(email) = fields.iter_mut().find(|f| *f.name == *field::EMAIL)
        {
            match email.value.as_text().filter(|text| !Address::is_comparable(text)).map(AddressesInText::read) {
                Some(written) => {
                    let known = usize::from(written.first().is_some());
                    addresses.extend(written.addresses().iter().skip(known).cloned());
                    if written.is_unread() {
                        *has_unread_address = true;
                        let why = if written.addresses().is_empty() { "is no e-mail address" } else { "is in part no e-mail address" };
                        told.tell(field::EMAIL, why.to_string());
                    }
                }
                None if email.value.as_text().is_none() && !email.value.is_empty() => {
                    *has_unread_address = true;
                    let readers = self.fields.iter().filter(|r| *r.key == *field::EMAIL);
                    readers.for_each(|r| r.path.each(raw, &mut |v| addresses_within(v, DEPTH_MAX, addresses)));
                }
                None => {}
            }
            if *has_unread_address {
                email.value = Value::Unreadable;
            }
        }
        for path in &self.addresses {
            path.entries(raw, &mut |v| match readable(v).map(AddressesInText::read) {
                Some(written) => {
                    addresses.extend_from_slice(written.addresses());
                    if written.is_unread() {
                        *has_unread_address = true;
                        told.tell("addresses", "is no e-mail address".to_string());
                    }
                }
                None if v.is_null() => {}
                None => {
                    *has_unread_address = true;
                    addresses_within(v, DEPTH_MAX, addresses);
                    told.tell("addresses", format!("is {}, which is no e-mail address", kind_of(v)));
                }
            });
        }
        if !addresses.is_empty() {
            let first = record.address();
            record.addresses.retain(|a| first.as_ref() != Some(a));
            record.addresses.sort();
            record.addresses.dedup();
        }
    }
}

/// The addresses that stand in a value that is no text. Which is the person's nobody knows: none joins, and each holds.
pub(super) fn addresses_within(value: &Json<'_>, depth: usize, found: &mut Vec<Address>) {
    if let Some(text) = readable(value) {
        let room = WITHIN_MAX.saturating_sub(found.len());
        return found.extend(AddressesInText::read(text).addresses().iter().take(room).cloned());
    }
    let Some(depth) = depth.checked_sub(1) else { return };
    value.as_array().into_iter().flatten().for_each(|inside| addresses_within(inside, depth, found));
    members(value).for_each(|inside| addresses_within(inside, depth, found));
}
