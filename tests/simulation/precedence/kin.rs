//! All records that may be one person's with one that is written to, and what of them is known for sure.

use super::judge::is_surely_the_same;
use crate::setup::words::{Counted, INDUSTRY, Ranked, WordRules, field_of};
use crate::sim::Sim;
use crate::truth::account::{Hand, shown};
use crate::truth::{Item, Table};
use crate::wire::in_own_form;
use crate::world::HUMANS;
use nayose::model::{Address, Time, Value};
use std::cell::OnceCell;

/// Systems that show a person's words.
const TABLES: [Table; 3] = [Table::CrmPeople, Table::SupportPeople, Table::MaPeople];
/// What was deleted so long ago was missed by a whole listing, of which one may fail.
const SURELY_GONE_MS: i64 = 78 * 3_600_000;
/// Sums that are tried at most: beyond, anything may be one.
const SUMS_MAX: usize = 20_000;

/// What a record surely offers of a field.
pub struct Offer<'s> {
    pub(super) table: Table,
    pub(super) number: u32,
    pub(super) value: &'s Value,
}

pub struct Kin<'s> {
    sim: &'s Sim<'s>,
    table: Table,
    number: u32,
    pub item: &'s Item,
    /// Itself among them; those, too, that are gone, or somebody else's by now.
    pub(super) all: Vec<Member<'s>>,
    /// Those of them that are surely joined with it, once that was asked.
    joined: OnceCell<Option<Vec<Member<'s>>>>,
}

pub(super) type Member<'s> = (Table, u32, &'s Item);

impl<'s> Kin<'s> {
    /// `None`: it was somebody else's once, and may still be taken for theirs.
    pub fn of(sim: &'s Sim<'s>, (table, number): (Table, u32), item: &'s Item) -> Option<Kin<'s>> {
        let (said, name) = (&sim.truth.said, HUMANS[item.human as usize].0);
        let (_, is_alone) = said.was_named(table, number, name);
        let is_kin = |(t, n, other): &(Table, u32, &Item)| other.human == item.human || said.was_named(*t, *n, name).0;
        let all = TABLES.into_iter().flat_map(|t| sim.truth.table(t).iter().map(move |(n, other)| (t, *n, other)));
        is_alone.then(|| Kin { sim, table, number, item, all: all.filter(is_kin).collect(), joined: OnceCell::new() })
    }

    pub fn has(&self, table: Table, number: u32) -> bool {
        self.all.iter().any(|(t, n, _)| (*t, *n) == (table, number))
    }

    pub fn sim(&self) -> &'s Sim<'s> {
        self.sim
    }

    /// Whether we ever wrote a value into one of them.
    pub fn was_written(&self, field: &'static str, value: &Value) -> bool {
        self.all.iter().any(|(table, number, _)| self.sim.truth.said.ours(*table, *number, field).contains(value))
    }

    /// Whether one of them ever bore an address.
    pub fn bore(&self, address: &Address) -> bool {
        self.all.iter().any(|(table, number, _)| self.sim.truth.said.bore(*table, *number, address))
    }

    /// Whether somebody else surely bears an address, and was read so.
    pub fn is_anothers(&self, address: &Address) -> bool {
        let truth = &self.sim.truth;
        let bears = |(table, number, other): (Table, u32, &Item)| {
            let is_read = !other.address_silent && self.is_read(table, number, other.address_since);
            !other.deleted() && is_read && !self.has(table, number) && truth.addresses(other.record()).contains(address)
        };
        TABLES.into_iter().flat_map(|table| truth.table(table).iter().map(move |(n, other)| (table, *n, other))).any(bears)
    }

    /// Those that are surely one person with it, by its one address; `None`: who else is, nobody can be sure.
    pub(super) fn joined(&self) -> Option<&[Member<'s>]> {
        let joined = || {
            let [address] = &self.sim.truth.addresses(self.item.record())[..] else { return None };
            let mut joined = Vec::new();
            let all = TABLES.into_iter().flat_map(|table| self.sim.truth.table(table).iter().map(move |(n, other)| (table, *n, other)));
            for (table, number, other) in all.filter(|(table, number, _)| self.sim.truth.said.bore(*table, *number, address)) {
                let made = self.sim.truth.said.made(table, number)?;
                let is_gone = other.deleted() && self.is_read(table, number, Time(other.touched.0 + SURELY_GONE_MS));
                match is_gone {
                    true => continue,
                    false if !self.is_surely(table, number) || !self.is_read(table, number, made) => return None,
                    false => joined.push((table, number, other)),
                }
            }
            Some(joined)
        };
        self.joined.get_or_init(joined).as_deref()
    }

    /// Whether a record is the one that is written to, or surely of the same person, and known.
    pub fn is_surely(&self, table: Table, number: u32) -> bool {
        let is_itself = (table, number) == (self.table, self.number);
        let is_known = || self.sim.daemon.as_ref().is_some_and(|d| d.engine.probe().world.find(&table.id(number)).is_some());
        let is_same = |other: &Item| is_surely_the_same(self.sim, self.item, other);
        is_itself || self.sim.truth.item(table, number).is_some_and(is_same) && is_known()
    }

    /// Whether it bears one address, and never bore another.
    pub fn bears_alone(&self, address: &Address) -> bool {
        let is_it = |version: &crate::truth::Version| self.sim.truth.addresses(&version.record) == std::slice::from_ref(address);
        self.item.versions.iter().all(is_it)
    }

    /// When the last pass of this process began that showed a whole table as it was then.
    fn whole(&self, table: Table) -> Option<Time> {
        self.sim.daemon.as_ref()?.whole.get(&format!("{}.{}", table.system(), table.stream())).copied()
    }

    /// Whether what happened to a record then was read since, and no write of ours passed it over.
    fn is_read(&self, table: Table, number: u32, at: Time) -> bool {
        let (sim, id) = (self.sim, table.id(number));
        // Rows without an id are nobody's, however often they are read.
        if sim.switches.has_no_id(table, number) {
            return false;
        }
        let is_newer = |whole: Time| whole > at && sim.known.is_newer(&id, whole);
        !sim.under_way.contains(&id) && !sim.unknown.contains(&id) && self.whole(table).is_some_and(is_newer)
    }

    /// What they all surely offer of a field; `None`: nobody can be sure of it.
    pub fn offers(&self, field: &'static str) -> Option<Vec<Offer<'s>>> {
        let (account, said, shows) = (&self.sim.truth.account, &self.sim.truth.said, field_of(field)?.systems);
        if self.sim.pins.touch(self, field) {
            return None;
        }
        let mut offers = Vec::new();
        for (table, number, item) in self.joined()?.iter().filter(|(table, _, _)| shows.contains(&table.system())) {
            let (table, number) = (*table, *number);
            let value = shown(item.record(), field);
            let Some(hand) = account.hand(table, number, field) else { continue };
            if !account.is_seen(table, number, field) || !self.is_read(table, number, hand.at) {
                return None;
            }
            if hand.is_ours() || value.is_empty() {
                continue;
            }
            // What we wrote there once, and somebody typed again, may still count as ours.
            let form = self.sim.truth.own_form.filter(|_| table == Table::MaPeople);
            let is_it = |ours: &Value| ours == value || form.is_some_and(|form| in_own_form(form, field, ours) == *value);
            if said.ours(table, number, field).iter().any(is_it) {
                return None;
            }
            offers.push(Offer { table, number, value });
        }
        Some(offers)
    }

    /// Whether one of them shows what we wrote in another form, which may count as typed.
    pub fn shows_a_form(&self, field: &'static str) -> Option<bool> {
        let (account, said, joined) = (&self.sim.truth.account, &self.sim.truth.said, self.joined()?);
        let is_ours = |table: Table, number: u32| account.hand(table, number, field).is_some_and(Hand::is_ours);
        let was_said = |value: &Value| joined.iter().any(|(table, number, _)| said.theirs(*table, *number, field).contains(value));
        let is_form = |(table, number, item): &Member<'s>| {
            let value = shown(item.record(), field);
            is_ours(*table, *number) && !value.is_empty() && !was_said(value)
        };
        Some(self.sim.truth.own_form.is_some() && joined.iter().any(is_form))
    }

    /// What a field surely comes to, one of several at most; nothing: no value counts. `None`: nobody can be sure of it.
    pub fn comes_to(&self, rules: &WordRules, field: &'static str) -> Option<Vec<Value>> {
        let values = |offers: Vec<&Offer<'s>>| offers.into_iter().map(|offer| offer.value.clone()).collect::<Vec<_>>();
        let among = |ranked: &Ranked, offers: &[Offer<'s>]| -> Vec<Value> {
            offers.iter().filter(|offer| ranked.contains(&offer.table.system())).map(|offer| offer.value.clone()).collect()
        };
        Some(match field {
            "plan" => {
                let levels = self.offers("level")?;
                if levels.iter().any(|offer| offer.value != levels[0].value) {
                    return None;
                }
                let level = levels.first().and_then(|offer| int(offer.value));
                values(first(rules.plan(level), &self.offers("plan")?))
            }
            "street" => values(first(&rules.street, &self.offers("street")?)),
            "city" => {
                let (streets, cities) = (self.offers("street")?, self.offers("city")?);
                let leads = first(&rules.street, &streets);
                // Which of several leads nobody can be sure of, nor whether a form of what we wrote does.
                if leads.len() > 1 || self.shows_a_form("street")? {
                    return None;
                }
                let is_of_one = |city: &&Offer| leads.iter().any(|lead| (lead.table, lead.number) == (city.table, city.number));
                values(cities.iter().filter(is_of_one).collect())
            }
            "points" => {
                let offers = self.offers("points")?;
                let added = offers.iter().filter(|offer| offer.table != Table::MaPeople).filter_map(|offer| int(offer.value));
                let points = if rules.points == Counted::Sum { added.reduce(|sum, n| sum + n) } else { added.max() };
                points.map(Value::Int).into_iter().collect()
            }
            "vip" => {
                let said = among(&rules.vip, &self.offers("vip")?);
                let decides = Value::Bool(rules.any);
                let yes_no = if said.contains(&decides) { rules.any } else { !rules.any };
                if said.is_empty() { Vec::new() } else { vec![Value::Bool(yes_no)] }
            }
            "grade" => {
                let said = among(&rules.grade, &self.offers("grade")?);
                let votes = |grade: &Value| said.iter().filter(|other| *other == grade).count();
                let most = said.iter().map(votes).max();
                said.iter().filter(|grade| Some(votes(grade)) == most).cloned().collect()
            }
            "note" => {
                let mut offers = self.offers("note")?;
                offers.retain(|offer| !offer.value.as_text().is_some_and(|note| rules.takes_for_nothing(note)));
                values(first(&rules.note, &offers))
            }
            "branch" => vec![self.industry()?],
            "lane" | "ward" | "code" => self.of_place(rules, field)?,
            "origin" => self.the_one_origin(rules)?,
            // Which of its cases holds is asked of the product alone.
            "offer" => return None,
            _ => Vec::new(),
        })
    }

    /// What the one company has that they surely name.
    fn industry(&self) -> Option<Value> {
        let (truth, mut named) = (&self.sim.truth, None);
        if self.sim.pins.touch(self, "branch") {
            return None;
        }
        for (_, number, contact) in self.joined()?.iter().filter(|(table, _, _)| *table == Table::CrmPeople) {
            let is_known = !contact.account_silent && self.is_read(Table::CrmPeople, *number, contact.account_since);
            if !is_known || truth.more_accounts.contains_key(number) {
                return None;
            }
            let Some(company) = contact.record().account.as_ref() else { continue };
            if named.replace(company).is_some_and(|other| other != company) {
                return None;
            }
        }
        let company: u32 = named?.parse().ok()?;
        let hand = truth.account.hand(Table::CrmCompanies, company, INDUSTRY)?;
        let is_known = !hand.silently && self.is_read(Table::CrmCompanies, company, hand.at);
        let industry = shown(truth.item(Table::CrmCompanies, company)?.record(), INDUSTRY);
        (is_known && !industry.is_empty()).then(|| industry.clone())
    }

    /// Whether somebody who knows what they ever showed may come to a value.
    pub fn may_come_to(&self, rules: &WordRules, field: &'static str, value: &Value) -> bool {
        let said = &self.sim.truth.said;
        let ever = |field: &'static str, ranked: &[&str]| {
            let of = |(table, number, _): &(Table, u32, &Item)| {
                ranked.contains(&table.system()) && said.theirs(*table, *number, field).contains(value)
            };
            self.all.iter().any(of)
        };
        match field {
            "plan" => {
                let ranked = rules.cases.iter().flat_map(|case| &case.systems).chain(&rules.otherwise);
                ever("plan", &ranked.copied().collect::<Vec<_>>())
            }
            "offer" => {
                let ranked = rules.offers.iter().flat_map(|(_, systems)| systems).chain(&rules.otherwise);
                ever("offer", &ranked.copied().collect::<Vec<_>>())
            }
            "street" => ever("street", &rules.street),
            "city" => self.all.iter().any(|(table, number, _)| {
                let leads = rules.street.contains(&table.system()) && !said.theirs(*table, *number, "street").is_empty();
                leads && said.theirs(*table, *number, "city").contains(value)
            }),
            "points" => int(value).is_some_and(|points| self.may_count(rules, points)),
            "vip" => ever("vip", &rules.vip),
            "grade" => ever("grade", &rules.grade),
            "note" => ever("note", &rules.note),
            "lane" | "ward" | "code" => self.ever_of_place(rules, field).contains(&value),
            "origin" => ever("origin", &rules.origin),
            "branch" => {
                let contacts = self.all.iter().filter(|(table, _, _)| *table == Table::CrmPeople);
                let further = |number: &u32| self.sim.truth.more_accounts.get(number).cloned().unwrap_or_default();
                let mut companies = contacts.flat_map(|(_, number, _)| said.accounts(*number).chain(further(number)));
                companies.any(|company| said.theirs(Table::CrmCompanies, company, INDUSTRY).contains(value))
            }
            _ => false,
        }
    }

    /// Whether points are one value of each of some records, added, or one of them.
    fn may_count(&self, rules: &WordRules, points: i64) -> bool {
        let counted = self.all.iter().filter(|(table, _, _)| *table != Table::MaPeople);
        let ever: Vec<&[Value]> = counted.map(|(table, number, _)| self.sim.truth.said.theirs(*table, *number, "points")).collect();
        if rules.points == Counted::Largest {
            return ever.iter().any(|values| values.contains(&Value::Int(points)));
        }
        let mut sums = vec![0];
        for values in ever {
            let more: Vec<i64> = sums.iter().flat_map(|sum| values.iter().filter_map(int).map(move |n| sum + n)).collect();
            sums.extend(more);
            if sums.len() > SUMS_MAX {
                return true;
            }
        }
        sums.contains(&points)
    }
}

/// Those of the first system that offers something.
fn first<'o, 's>(ranked: &Ranked, offers: &'o [Offer<'s>]) -> Vec<&'o Offer<'s>> {
    let of = |system: &&str| -> Vec<&'o Offer<'s>> { offers.iter().filter(|offer| offer.table.system() == *system).collect() };
    ranked.iter().map(of).find(|offers| !offers.is_empty()).unwrap_or_default()
}

fn int(value: &Value) -> Option<i64> {
    if let Value::Int(number) = value { Some(*number) } else { None }
}
