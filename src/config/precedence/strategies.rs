//! How a value is found, as a rule, one of its cases or its `otherwise` says it.

use super::reader::PrecedenceReader;
use crate::config::document::keys::{self, TableKeys};
use crate::config::document::nearest::choices;
use crate::config::document::{Section, TomlEntry};
use crate::connector::manifest::FieldKind;
use crate::merge::rules::{Band, RankedSystem, Strategy};
use crate::model::expression::FieldType;
use crate::model::{Name, Span};
use toml::de::DeValue;

const NUMBERS: (&[FieldKind], &str) = (&[FieldKind::Int, FieldKind::Number], "a number");
const ORDERED: (&[FieldKind], &str) = (&[FieldKind::Int, FieldKind::Number, FieldKind::Time, FieldKind::Date], "a number or time");
const YES_NO: (&[FieldKind], &str) = (&[FieldKind::Bool], "yes or no");
const LISTS: (&[FieldKind], &str) = (&[FieldKind::List], "a list");

impl PrecedenceReader<'_> {
    /// The one key of a table that says how the value is found; none or several are reported. `whose`: what the table is, for people.
    pub(super) fn one_of<'a>(&self, section: &mut Section<'a>, keys: &TableKeys, at: &TomlEntry<'a>, whose: &str) -> Option<TomlEntry<'a>> {
        let given: Vec<TomlEntry> = keys.one_of.iter().filter_map(|key| section.get(key)).collect();
        match &given[..] {
            [one] => Some(one.clone()),
            [] => {
                at.report(format!("{whose} does not say whose value counts"), format!("expected one of {}", keys.one_of.join(", ")));
                None
            }
            [first, others @ ..] => {
                for other in others {
                    let said = format!("{whose} has both {} and {}", first.key, other.key);
                    other.sheet.report(other.key_at.clone(), said, "it has one of them; `cases` have several, each with its `when`");
                }
                None
            }
        }
    }

    /// One key with its value: `from = [..]`, `only = ".."`.
    pub(super) fn strategy(&self, entry: &TomlEntry, field: Option<&str>) -> Option<Strategy> {
        match entry.key {
            "from" => self.order(entry, field).map(Strategy::Order),
            "fill" => self.order(entry, field).map(Strategy::Fill),
            "only" => {
                let name = self.system(entry)?;
                self.some_reader(entry, field, std::slice::from_ref(&name));
                Some(Strategy::Only(name))
            }
            "other" => self.other(entry, field),
            "account" => self.account(entry, field),
            "never" => match entry.bool()? {
                true => Some(Strategy::Never),
                false => {
                    entry.report("never = false says nothing", "take it out, or write never = true");
                    None
                }
            },
            _ => self.of_several(entry, field),
        }
    }

    fn of_several(&self, entry: &TomlEntry, field: Option<&str>) -> Option<Strategy> {
        let mut seen = Vec::new();
        let systems: Vec<Name> = entry.list()?.iter().filter_map(|e| self.once(e, &mut seen)).collect();
        self.some_reader(entry, field, &systems);
        let wanted = match entry.key {
            "union" => LISTS,
            "max" | "min" => ORDERED,
            "sum" => NUMBERS,
            "any" | "all" => YES_NO,
            _ => (&[][..], ""),
        };
        self.right_type(entry, field, &systems, wanted);
        Some(match entry.key {
            "union" => Strategy::Union(systems),
            "oldest" => Strategy::Oldest(systems),
            "first" => Strategy::First(systems),
            "newest" => Strategy::Newest(systems),
            "max" => Strategy::Max(systems),
            "min" => Strategy::Min(systems),
            "sum" => Strategy::Sum(systems),
            "any" => Strategy::Any(systems),
            "all" => Strategy::All(systems),
            _ => Strategy::Most(systems),
        })
    }

    /// Another field, whose record this one is taken from.
    fn other(&self, entry: &TomlEntry, field: Option<&str>) -> Option<Strategy> {
        let leading = entry.filled_text()?;
        if field == Some(leading) {
            entry.report(format!("{leading:?} cannot follow itself"), "expected another field, as other = \"street\" of a city");
            return None;
        }
        if self.offers.complete() && !self.declared.person.contains_key(leading) {
            let known = choices(leading, self.declared.person.keys().map(|k| &**k));
            entry.report(format!("no system reads {leading:?} of a person"), known);
            return None;
        }
        Some(Strategy::Other(leading.into()))
    }

    /// A field of the person's account, for one of the person's.
    fn account(&self, entry: &TomlEntry, field: Option<&str>) -> Option<Strategy> {
        let fact = entry.filled_text()?;
        if !self.accounts.contains(&Name::from(fact)) {
            let known: String = choices(fact, self.accounts.iter().map(|k| &**k)).into();
            entry.report(format!("{fact:?} has no rule under [account]"), format!("expected one, as {fact} = [\"crm\"]; {known}"));
            return None;
        }
        let kinds = field.and_then(|field| self.declared.person.get(field)).zip(self.declared.account.get(fact));
        match kinds {
            Some((own, accounts)) if own != accounts && (*own, *accounts) != (FieldType::Number, FieldType::Int) => {
                let said = format!("the company's {fact:?} is {}, and {:?} of a person is {}", accounts.name(), field?, own.name());
                entry.report(said, "expected a field of the same type");
                None
            }
            _ => Some(Strategy::Account(fact.into())),
        }
    }

    /// `otherwise`: an order, or a table with one strategy.
    pub(super) fn otherwise(&self, entry: &TomlEntry, field: Option<&str>) -> Option<Strategy> {
        if !matches!(entry.value, DeValue::Table(_)) {
            return self.order(entry, field).map(Strategy::Order);
        }
        let mut section = entry.table("otherwise", &keys::OTHERWISE)?;
        let one = self.one_of(&mut section, &keys::OTHERWISE, entry, "otherwise");
        section.finish();
        self.strategy(&one?, field)
    }

    fn order(&self, entry: &TomlEntry, field: Option<&str>) -> Option<Vec<Band>> {
        let bands = self.bands(entry)?;
        self.some_reader(entry, field, &names(&bands));
        Some(bands)
    }

    /// Systems in order; those in one inner list rank equal.
    pub(super) fn bands(&self, entry: &TomlEntry) -> Option<Vec<Band>> {
        let mut seen = Vec::new();
        let mut bands = Vec::new();
        for item in entry.list()? {
            let band: Vec<RankedSystem> = match item.value {
                DeValue::Array(_) => item.list().unwrap_or_default().iter().filter_map(|e| self.source(e, &mut seen)).collect(),
                _ => self.source(&item, &mut seen).into_iter().collect(),
            };
            if !band.is_empty() {
                bands.push(Band(band));
            }
        }
        (!bands.is_empty()).then_some(bands)
    }

    /// A system's name, or a table of it and of what counts for it alone.
    fn source(&self, entry: &TomlEntry, seen: &mut Vec<Name>) -> Option<RankedSystem> {
        if !matches!(entry.value, DeValue::Table(_)) {
            return self.once(entry, seen).map(RankedSystem::from);
        }
        let mut section = entry.table(&format!("a system in {:?}", entry.key), &keys::RANKED_SOURCE)?;
        let system = section.need("system", "expected system = \"NAME\"");
        let max_age = section.get("max_age").as_ref().and_then(max_age);
        section.finish();
        Some(RankedSystem { system: self.once(&system?, seen)?, max_age })
    }
}

/// How old a value may be. Whoever means months writes the unit of minutes.
pub(super) fn max_age(entry: &TomlEntry) -> Option<Span> {
    let age = entry.duration()?;
    if age < Span::days(1) && entry.text().is_some_and(|text| text.ends_with('m')) {
        let said = format!("max_age = \"{age}\" is minutes, so that nearly every value is too old; months are counted in days, as \"60d\"");
        entry.sheet.note(&entry.key_at, said);
    }
    Some(age)
}

/// All systems of an order.
pub(super) fn names(bands: &[Band]) -> Vec<Name> {
    bands.iter().flat_map(|b| b.0.iter().map(|s| s.system.clone())).collect()
}
