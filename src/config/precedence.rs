//! precedence.toml: whose value counts, field by field.

use crate::config::document::keys;
use crate::config::document::nearest::choices;
use crate::config::document::{ConfigSheet, Section, TomlEntry};
use crate::config::proof::expression;
use crate::config::systems::offers::Offers;
use crate::connector::manifest::FieldKind;
use crate::merge::ignored::Ignored;
use crate::merge::rules::{Band, Blank, Condition, FieldRule, Precedence, RankedSystem, Strategy};
use crate::model::expression::{Declared, Scope};
use crate::model::{Name, ShortText, is_blank};
use std::sync::Arc;
use toml::de::{DeTable, DeValue};

struct PrecedenceReader<'o> {
    offers: &'o Offers,
    declared: &'o Declared,
}

/// Reads precedence.toml.
pub fn read<'a>(sheet: &'a ConfigSheet<'a>, table: &'a DeTable<'a>, offers: &Offers, declared: &Declared) -> Precedence {
    let reader = PrecedenceReader { offers, declared };
    let mut top = Section::top(sheet, table, &keys::PRECEDENCE);
    let default_entry = top.get("default");
    let default = default_entry.as_ref().and_then(|e| reader.rule(e, None)).map(Arc::new);
    let mut precedence = Precedence { default, fields: Default::default() };
    let entries = top.table("person", "[person]", &keys::PERSON).map(|mut s| s.entries()).unwrap_or_default();
    for entry in entries.iter().filter(|entry| reader.field(entry)) {
        if let Some(rule) = reader.rule(entry, Some(entry.key)) {
            precedence.fields.insert(entry.key.into(), Arc::new(rule));
        }
    }
    if let Some(circle) = precedence.circle() {
        let entry = entries.iter().find(|entry| circle.iter().any(|name| **name == *entry.key)).or(default_entry.as_ref());
        entry.into_iter().for_each(|entry| report_circle(entry, &circle));
    }
    top.finish();
    precedence
}

fn report_circle(entry: &TomlEntry, circle: &[Name]) {
    let asked = circle.iter().skip(1).chain(circle.first());
    let said: Vec<String> = circle.iter().zip(asked).map(|(name, asked)| format!("{name} asks for {asked}")).collect();
    entry.sheet.report(
        entry.key_at.clone(),
        format!("the conditions go round in a circle: {}", said.join(", ")),
        "let one of them ask for something else; a condition may ask for its own field, which is then the value by its `from`",
    );
}

impl PrecedenceReader<'_> {
    /// Whether a field may have a rule.
    fn field(&self, entry: &TomlEntry) -> bool {
        let field = entry.key;
        if let Some(system) = self.offers.consent_in(field) {
            let said = format!("{field:?} is the person's own consent in {system}: it has no precedence, the strictest always counts");
            entry.sheet.report(entry.key_at.clone(), said, "take this rule out; consent.toml says what a system's records prove");
            return false;
        }
        if self.offers.complete() && self.offers.readers(field).is_empty() {
            let known = choices(field, self.declared.person.keys().map(|k| &**k));
            entry.sheet.report(entry.key_at.clone(), format!("no system reads {field:?} of a person"), known);
            return false;
        }
        true
    }

    /// One rule: a list of systems, or a table. `field` is `None` for the default.
    fn rule(&self, entry: &TomlEntry, field: Option<&str>) -> Option<FieldRule> {
        let rule = entry.sheet.rule(&entry.key_at);
        match entry.value {
            DeValue::Array(_) => {
                let bands = self.bands(entry)?;
                self.some_reader(entry, field, &names(&bands));
                Some(FieldRule::of(Strategy::Order(bands), rule))
            }
            DeValue::Table(_) => self.table(entry, field, rule),
            _ => {
                entry.wrong_kind("a list of systems, as [\"crm\", \"ma\"], or a table, as { only = \"ma\" }");
                None
            }
        }
    }

    fn table(&self, entry: &TomlEntry, field: Option<&str>, rule: Name) -> Option<FieldRule> {
        let mut section = entry.table(&format!("the rule of {:?}", entry.key), &keys::RULE)?;
        // They say how the value is found; a rule has exactly one of them.
        let strategies = keys::RULE.one_of;
        let given: Vec<TomlEntry> = strategies.iter().filter_map(|key| section.get(key)).collect();
        let max_age = section.get("max_age").and_then(|e| e.duration());
        let blank = section.get("blank").and_then(|e| blank(&e)).unwrap_or(Blank::Skipped);
        let (when, otherwise, typed) = (section.get("when"), section.get("otherwise"), section.get("typed"));
        let ignore = section.get("ignore");
        if let Some(because) = section.get("because") {
            because.text();
        }
        section.finish();
        if let (None, Some(otherwise)) = (&when, &otherwise) {
            let hint = "expected when = 'EXPRESSION' beside it";
            otherwise.sheet.report(otherwise.key_at.clone(), "otherwise without when never counts", hint);
        }
        let when = when.map(|e| self.condition(&e, otherwise.as_ref()));
        let strategy = match &given[..] {
            [one] => self.strategy(one, field),
            [] => {
                entry.report(
                    format!("the rule of {:?} does not say whose value counts", entry.key),
                    format!("expected one of {}", strategies.join(", ")),
                );
                None
            }
            [first, others @ ..] => {
                for other in others {
                    let said = format!("{:?} has both {} and {}", entry.key, first.key, other.key);
                    other.sheet.report(other.key_at.clone(), said, "a field has one rule; keep one of the two");
                }
                None
            }
        };
        let when = when.map_or(Some(None), |w| w.map(Some))?;
        let fills_only = given.first().is_some_and(|one| one.key == "fill");
        let mut rule = FieldRule { blank, max_age, when, fills_only, ..FieldRule::of(strategy?, rule) };
        rule.ignored = ignore.map(|e| ignored(&e, &rule.strategy)).unwrap_or_default();
        rule.typed = typed.map(|e| self.typed(&e, &rule)).unwrap_or_default();
        Some(rule)
    }

    /// Systems of a rule whose values may be known to be typed by people.
    fn typed(&self, entry: &TomlEntry, rule: &FieldRule) -> Vec<Name> {
        if matches!(rule.strategy, Strategy::Union(_) | Strategy::Max(_) | Strategy::Min(_)) {
            let hint = "expected it beside from, only, newest or oldest; a union goes by its entries, of which a copy is none, and max and min by size";
            entry.sheet.report(entry.key_at.clone(), "typed has no meaning here", hint);
            return Vec::new();
        }
        let mut seen = Vec::new();
        for named in entry.list().unwrap_or_default() {
            let Some(system) = self.once(&named, &mut seen) else { continue };
            let manifest = self.offers.system(&system).and_then(|offer| offer.manifest.as_ref());
            if !rule.may_ask(&system) {
                named.report(format!("{system} is no source of this rule"), "expected a system that the rule takes values from");
            } else if manifest.is_some_and(|manifest| !manifest.tells_typists()) {
                let hint =
                    "take it out: nobody can know whether a person typed a value there; `nayose connector try SYSTEM` says who tells it";
                named.report(format!("{system} does not tell which people edit its records"), hint);
            }
        }
        seen
    }

    fn strategy(&self, entry: &TomlEntry, field: Option<&str>) -> Option<Strategy> {
        if matches!(entry.key, "from" | "fill") {
            let bands = self.bands(entry)?;
            self.some_reader(entry, field, &names(&bands));
            return Some(Strategy::Order(bands));
        }
        if entry.key == "only" {
            let name = self.system(entry)?;
            self.some_reader(entry, field, std::slice::from_ref(&name));
            return Some(Strategy::Only(name));
        }
        let mut seen = Vec::new();
        let systems: Vec<Name> = entry.list()?.iter().filter_map(|e| self.once(e, &mut seen)).collect();
        self.some_reader(entry, field, &systems);
        let wanted: (&[FieldKind], &str) = match entry.key {
            "union" => (&[FieldKind::List], "a list"),
            "max" | "min" => (&[FieldKind::Int, FieldKind::Number, FieldKind::Time, FieldKind::Date], "a number or time"),
            _ => (&[], ""),
        };
        self.right_type(entry, field, &systems, wanted);
        Some(match entry.key {
            "union" => Strategy::Union(systems),
            "oldest" => Strategy::Oldest(systems),
            "newest" => Strategy::Newest(systems),
            "max" => Strategy::Max(systems),
            _ => Strategy::Min(systems),
        })
    }

    fn condition(&self, when: &TomlEntry, otherwise: Option<&TomlEntry>) -> Option<Condition> {
        let expression = expression(when, Scope::Person, self.offers, self.declared);
        let otherwise = otherwise.map_or(Some(Vec::new()), |e| self.bands(e));
        Some(Condition { when: expression?, otherwise: otherwise? })
    }

    /// Systems in order; those in one inner list rank equal.
    fn bands(&self, entry: &TomlEntry) -> Option<Vec<Band>> {
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
        let max_age = section.get("max_age").and_then(|e| e.duration());
        section.finish();
        Some(RankedSystem { system: self.once(&system?, seen)?, max_age })
    }

    fn once(&self, entry: &TomlEntry, seen: &mut Vec<Name>) -> Option<Name> {
        let name = self.system(entry)?;
        if seen.contains(&name) {
            entry.report(format!("{name:?} stands twice in {:?}", entry.key), "a system has one rank; remove one of the two");
            return None;
        }
        seen.push(name.clone());
        Some(name)
    }

    fn system(&self, entry: &TomlEntry) -> Option<Name> {
        match entry.value {
            DeValue::String(name) => self.offers.named(entry, name).map(|s| s.name.clone()),
            _ => {
                entry.wrong_kind("a system's name in quotes");
                None
            }
        }
    }

    /// A rule that names only systems that do not read the field would empty it everywhere.
    fn some_reader(&self, entry: &TomlEntry, field: Option<&str>, systems: &[Name]) {
        let Some(field) = field else { return };
        let readers = self.offers.readers(field);
        if self.offers.complete() && !systems.is_empty() && !systems.iter().any(|s| readers.iter().any(|(r, _)| **r == **s)) {
            let readers: Vec<&str> = readers.iter().map(|(r, _)| *r).collect();
            let said = format!("{} does not read {field:?}", systems.iter().map(|s| &**s).collect::<Vec<_>>().join(" or "));
            entry.report(said, format!("it is read by {}", readers.join(", ")));
        }
    }

    fn right_type(&self, entry: &TomlEntry, field: Option<&str>, systems: &[Name], (kinds, said): (&[FieldKind], &str)) {
        let Some(field) = field.filter(|_| !kinds.is_empty()) else { return };
        let readers = self.offers.readers(field);
        let wrong = readers.iter().find(|(system, kind)| systems.iter().any(|s| **s == **system) && !kinds.contains(kind));
        if let Some((system, kind)) = wrong {
            let found = kind.word();
            entry.sheet.report(
                entry.key_at.clone(),
                format!("{} needs {said}, and {system} reads {field:?} as {found}", entry.key),
                "expected from = [..]",
            );
        }
    }
}

fn names(bands: &[Band]) -> Vec<Name> {
    bands.iter().flat_map(|b| b.0.iter().map(|s| s.system.clone())).collect()
}

/// Values that count for nothing.
fn ignored(entry: &TomlEntry, strategy: &Strategy) -> Ignored {
    if matches!(strategy, Strategy::Union(_)) {
        let hint =
            "expected it beside from, fill, only, newest, oldest, max or min; an entry that is taken out of one list is taken out of all";
        entry.sheet.report(entry.key_at.clone(), "ignore has no meaning here", hint);
        return Ignored::default();
    }
    let mut words: Vec<ShortText> = Vec::new();
    for word in entry.list().unwrap_or_default() {
        match word.text() {
            Some(text) if is_blank(text) => word.report("an empty text is no value", "take it out: what is empty counts by `blank`"),
            Some(text) => words.push(text.into()),
            None => {}
        }
    }
    Ignored::of(words)
}

fn blank(entry: &TomlEntry) -> Option<Blank> {
    match entry.text()? {
        "wins" => Some(Blank::Wins),
        "clears" => Some(Blank::Clears),
        "skipped" => Some(Blank::Skipped),
        other => {
            let hint = "expected \"wins\" (what somebody emptied counts), \"clears\" (whatever is empty counts, also what was never set) \
                        or \"skipped\" (it is passed over, as without this key)";
            entry.report(format!("blank cannot be {other:?}"), hint);
            None
        }
    }
}
