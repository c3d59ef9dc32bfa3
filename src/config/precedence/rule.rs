//! One rule of precedence.toml.

use super::reader::PrecedenceReader;
use super::strategies::{max_age, names};
use crate::config::document::{Section, TomlEntry, keys};
use crate::config::proof::expression;
use crate::connector::manifest::FieldKind;
use crate::merge::ignored::Ignored;
use crate::merge::rules::{Blank, Case, FieldRule, Strategy};
use crate::merge::valid::Valid;
use crate::model::expression::{Declared, FieldType, Scope};
use crate::model::normal::entry_key;
use crate::model::{Expression, Name, ShortText, is_blank};
use toml::de::DeValue;

/// The parts of a rule: its cases, and what counts where none of them holds.
type Parts = (Vec<Case>, Strategy);

impl PrecedenceReader<'_> {
    /// One rule: a list of systems, or a table. `field` is `None` for the default.
    pub(super) fn rule(&self, entry: &TomlEntry, field: Option<&str>) -> Option<FieldRule> {
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
        let whose = format!("the rule of {:?}", entry.key);
        let mut section = entry.table(&whose, &keys::RULE)?;
        let one = self.one_of(&mut section, &keys::RULE, entry, &whose);
        let (max_age_at, blank_at) = (section.get("max_age"), section.get("blank"));
        let max_age = max_age_at.as_ref().and_then(max_age);
        let blank = blank_at.as_ref().and_then(blank).unwrap_or(Blank::Skipped);
        let (when, otherwise, typed) = (section.get("when"), section.get("otherwise"), section.get("typed"));
        let (ignore, group) = (section.get("ignore"), section.get("group"));
        if let Some(because) = section.get("because") {
            because.text();
        }
        section.finish();
        let (cases, strategy) = self.parts(one.as_ref(), when.as_ref(), otherwise.as_ref(), field)?;
        if let Some(group) = &group {
            if !cases.iter().map(|case| &case.strategy).chain([&strategy]).all(|strategy| self.finds_a_record(entry, strategy)) {
                return None;
            }
            if blank_at.is_none() {
                let said = "what the record that wins does not hold stays elsewhere as it is: blank = \"clears\" empties it there, \
                            blank = \"skipped\" says that it stays";
                group.sheet.note(&group.key_at, said);
            }
        }
        if let (Strategy::Account(_), true) = (&strategy, cases.is_empty()) {
            self.of_account_alone(entry);
        }
        if cases.iter().map(|case| &case.strategy).chain([&strategy]).any(Strategy::keeps_first) {
            max_age_at.iter().for_each(|at| stays_first(at, "the first value is never too old"));
            blank_at.iter().for_each(|at| stays_first(at, "the first value is one that is not empty"));
        }
        let mut rule = FieldRule { cases, blank, max_age, ..FieldRule::of(strategy, rule) };
        if let Some(said) = blank_at.filter(|_| rule.strategies().all(passes_over_blanks)) {
            said.sheet.note(&said.key_at, "blank has no meaning in this rule: nothing is no value to be compared, counted or added");
        }
        self.sees_nothing(field, &rule, when.as_ref().or(one.as_ref()));
        rule.ignored = ignore.map(|e| self.ignored(&e, field, &rule)).unwrap_or_default();
        rule.typed = typed.map(|e| self.typed(&e, &rule)).unwrap_or_default();
        Some(rule)
    }

    fn parts(
        &self,
        one: Option<&TomlEntry>,
        when: Option<&TomlEntry>,
        otherwise: Option<&TomlEntry>,
        field: Option<&str>,
    ) -> Option<Parts> {
        let has_cases = one.is_some_and(|one| one.key == "cases");
        if let (None, Some(otherwise), false) = (when, otherwise, has_cases) {
            let hint = "expected when = 'EXPRESSION' beside it";
            otherwise.sheet.report(otherwise.key_at.clone(), "otherwise without when never counts", hint);
        }
        if let (Some(when), true) = (when, has_cases) {
            when.sheet.report(
                when.key_at.clone(),
                "when stands beside cases",
                "expected it in each case: cases = [{ when = '..', from = [..] }]",
            );
        }
        let condition = when.map(|entry| self.condition(entry));
        let rest = otherwise.map_or(Some(Strategy::Never), |entry| self.otherwise(entry, field));
        if has_cases {
            let entries = one?.list()?;
            let cases: Vec<Option<Case>> = entries.iter().map(|case| self.case(case, field)).collect();
            let cases: Vec<Case> = cases.into_iter().collect::<Option<_>>()?;
            note_hidden(&entries, &cases, otherwise);
            return Some((cases, rest?));
        }
        let strategy = one.and_then(|one| self.strategy(one, field));
        match condition {
            None => Some((Vec::new(), strategy?)),
            Some(when) => Some((vec![Case { when: when?, strategy: strategy? }], rest?)),
        }
    }

    /// A condition sees its own field by the rule's first part: where that is nothing, no question about it has an answer worth asking for.
    fn sees_nothing(&self, field: Option<&str>, rule: &FieldRule, conditions: Option<&TomlEntry>) {
        let first_is_nothing = matches!(rule.strategy_of(rule.first_part()), Some(Strategy::Never));
        let asks_itself = |case: &Case| case.when.person_fields().iter().any(|asked| field == Some(&**asked));
        let (Some(entry), Some(place)) = (conditions, rule.cases.iter().position(asks_itself)) else { return };
        if !first_is_nothing {
            return;
        }
        let at = if entry.key == "cases" { entry.list().and_then(|cases| cases.get(place).map(|case| case.at.clone())) } else { None };
        entry.sheet.report(
            at.unwrap_or(entry.at.clone()),
            "the condition asks for its own field, which it sees by the rule's first part: with `never` that is always nothing",
            "turn it round: { from = [..], when = '!(..)' }; where that is false, and there is no `otherwise`, the field is left alone. \
             What no system's value may be says `valid` under [fields.NAME]",
        );
    }

    fn case(&self, entry: &TomlEntry, field: Option<&str>) -> Option<Case> {
        if !matches!(entry.value, DeValue::Table(_)) {
            entry.wrong_kind("a case in braces, as { when = 'deals.exists(d, d.open)', from = [\"crm\"] }");
            return None;
        }
        let whose = "a case";
        let mut section: Section = entry.table(whose, &keys::CASE)?;
        let when = section.need("when", "expected when = 'EXPRESSION'; what counts in all other cases stands in `otherwise`");
        let one = self.one_of(&mut section, &keys::CASE, entry, whose);
        section.finish();
        let (when, strategy) = (when.map(|when| self.condition(&when)), one.map(|one| self.strategy(&one, field)));
        Some(Case { when: when??, strategy: strategy?? })
    }

    fn condition(&self, when: &TomlEntry) -> Option<Expression> {
        expression(when, Scope::Person, self.offers, self.declared)
    }

    /// `[fields.NAME]`: what a value must look like.
    pub(super) fn valid(&self, entry: &TomlEntry) -> Option<Valid> {
        let mut section = entry.table(&format!("[fields.{}]", entry.key), &keys::FIELD)?;
        let valid = section.need("valid", "expected valid = 'EXPRESSION' over value and system, as 'value.size() >= 10'");
        section.finish();
        let kind = self.declared.person.get(entry.key).copied().unwrap_or(FieldType::Text);
        let systems = if self.offers.whole { self.offers.names().into_iter().map(Name::from).collect() } else { Vec::new() };
        let declared = Declared { systems, ..Valid::declared(kind) };
        let test = expression(&valid?, Scope::Candidate, self.offers, &declared)?;
        Some(Valid::of(test, kind, entry.sheet.rule(&entry.key_at)))
    }

    /// Systems of a rule whose values may be known to be typed by people.
    fn typed(&self, entry: &TomlEntry, rule: &FieldRule) -> Vec<Name> {
        if rule.strategies().any(goes_by_value) {
            let hint = "expected it beside from, fill, only, newest or oldest; the others go by what the values say, not by who typed them";
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
}

/// Says what never counts, as a case before it is always true.
fn note_hidden(entries: &[TomlEntry], cases: &[Case], otherwise: Option<&TomlEntry>) {
    let Some(place) = cases.iter().position(|case| case.when.constant() == Some(true)) else { return };
    let behind = cases.len() - place - 1;
    let hidden = match (behind, otherwise) {
        (0, None) => return,
        (0, Some(_)) => "`otherwise` never counts".to_string(),
        (_, None) => format!("the {behind} behind it never count"),
        (_, Some(_)) => format!("the {behind} behind it and `otherwise` never count"),
    };
    let entry = &entries[place];
    entry.sheet.note(&entry.at, format!("the case {:?} is always true, so {hidden}", cases[place].when.source()));
}

/// A key that says what the first value is not.
fn stays_first(at: &TomlEntry, why: &str) {
    at.sheet.report(
        at.key_at.clone(),
        format!("{} has no meaning beside first: {why}", at.key),
        "take it out, or take oldest instead of first",
    );
}

/// Whether it matters what the values are, and not whose.
fn goes_by_value(strategy: &Strategy) -> bool {
    match strategy {
        Strategy::Max(_) | Strategy::Min(_) | Strategy::Any(_) | Strategy::All(_) => true,
        Strategy::Most(_) | Strategy::Sum(_) | Strategy::Union(_) | Strategy::Other(_) | Strategy::Account(_) => true,
        Strategy::Order(_) | Strategy::Fill(_) | Strategy::Only(_) | Strategy::Newest(_) | Strategy::Oldest(_) | Strategy::Never => false,
        // Copies go behind what is none whoever set it.
        Strategy::First(_) => true,
    }
}

impl PrecedenceReader<'_> {
    /// Values that count for nothing.
    pub(super) fn ignored(&self, entry: &TomlEntry, field: Option<&str>, rule: &FieldRule) -> Ignored {
        if rule.strategies().any(|strategy| matches!(strategy, Strategy::Union(_))) {
            let hint = "expected it beside from, fill, only, newest, oldest, max or min; an entry that is taken out of one list is taken \
                        out of all";
            entry.sheet.report(entry.key_at.clone(), "ignore has no meaning here", hint);
            return Ignored::default();
        }
        let kinds = self.kinds(field);
        let mut words: Vec<ShortText> = Vec::new();
        for word in entry.list().unwrap_or_default() {
            match word.text() {
                Some(text) if is_blank(text) => word.report("an empty text is no value", "take it out: what is empty counts by `blank`"),
                Some(text) if !kinds.is_empty() && !kinds.iter().any(|kind| may_be(*kind, text)) => {
                    let said = format!("{:?} holds {}, and {text:?} is none", field.unwrap_or_default(), plural(kinds[0]));
                    word.report(said, "take it out: what cannot be read as a value of the field counts for nothing anyway");
                }
                Some(text) => words.push(text.into()),
                None => {}
            }
        }
        Ignored::of(words)
    }
}

/// Whether an empty value is passed over, whatever `blank` says.
fn passes_over_blanks(strategy: &Strategy) -> bool {
    use Strategy::{All, Any, Max, Min, Most, Never, Sum};
    matches!(strategy, Max(_) | Min(_) | Any(_) | All(_) | Most(_) | Sum(_) | Never)
}

/// Whether a value of this kind may be the one that is written so.
fn may_be(kind: FieldKind, text: &str) -> bool {
    let is = |text: &str| match kind {
        FieldKind::Text | FieldKind::List => true,
        FieldKind::Int => text.parse::<i64>().is_ok(),
        FieldKind::Number => text.parse::<f64>().is_ok(),
        FieldKind::Bool => text.parse::<bool>().is_ok(),
        FieldKind::Time | FieldKind::Date => text.starts_with(|c: char| c.is_ascii_digit()),
    };
    is(text.trim()) || is(&entry_key(text))
}

fn plural(kind: FieldKind) -> &'static str {
    match kind {
        FieldKind::Text | FieldKind::List => "texts",
        FieldKind::Int => "whole numbers",
        FieldKind::Number => "numbers",
        FieldKind::Bool => "true or false",
        FieldKind::Time | FieldKind::Date => "days and times",
    }
}

pub(super) fn blank(entry: &TomlEntry) -> Option<Blank> {
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
