//! Rules of `[account]`: what a person's company has. Nothing is written there, and no condition knows whose company it is.

use super::reader::PrecedenceReader;
use super::rule::blank;
use super::strategies::{max_age, names};
use crate::config::document::{TomlEntry, keys};
use crate::merge::rules::{Blank, FieldRule, Strategy};
use toml::de::DeValue;

/// Keys of persons' rules that accounts' rules have not, with why, and what to do.
const UNFIT: [(&[&str], &str, &str); 5] = [
    (
        &["when", "cases", "otherwise"],
        "asks of a person, and a company's fact is the same for all its people",
        "expected it in a rule of [person], as { account = \"industry\", when = '..' }",
    ),
    (
        &["fill", "never"],
        "says what is written, and nothing is written to companies",
        "expected it in a rule of [person]; here from, only, newest, oldest, max, min, most, any or all",
    ),
    (&["first"], "is what a person had first, and a company's people may change", "expected oldest, or first in a rule of [person]"),
    (
        &["sum", "union"],
        "would put together what two systems say of one company",
        "expected from, only, newest, oldest, max, min, most, any or all",
    ),
    (&["other", "account", "typed"], "has no meaning for a company", "expected from, only, newest, oldest, max, min, most, any or all"),
];

impl PrecedenceReader<'_> {
    /// One rule of `[account]`: a list of systems, or a table.
    pub(super) fn account_rule(&self, entry: &TomlEntry) -> Option<FieldRule> {
        let (field, rule) = (Some(entry.key), entry.sheet.rule(&entry.key_at));
        let table = match entry.value {
            DeValue::Array(_) => {
                let bands = self.bands(entry)?;
                self.some_reader(entry, field, &names(&bands));
                return Some(FieldRule::of(Strategy::Order(bands), rule));
            }
            DeValue::Table(table) => table,
            _ => {
                entry.wrong_kind("a list of systems, as [\"crm\"], or a table, as { only = \"crm\" }");
                return None;
            }
        };
        let unfit = |key: &str| UNFIT.iter().find(|(keys, ..)| keys.contains(&key));
        let mut found = false;
        for (key, why, hint) in table.iter().filter_map(|(key, _)| unfit(key.get_ref()).map(|(_, why, hint)| (key, why, hint))) {
            entry.sheet.report(key.span(), format!("{} {why}", key.get_ref()), *hint);
            found = true;
        }
        if found {
            return None;
        }
        let whose = format!("the rule of {:?}", entry.key);
        let mut section = entry.table(&whose, &keys::ACCOUNT_RULE)?;
        let one = self.one_of(&mut section, &keys::ACCOUNT_RULE, entry, &whose);
        let max_age = section.get("max_age").as_ref().and_then(max_age);
        let blank = section.get("blank").and_then(|e| blank(&e)).unwrap_or(Blank::Skipped);
        let ignore = section.get("ignore");
        if let Some(because) = section.get("because") {
            because.text();
        }
        section.finish();
        let mut rule = FieldRule { blank, max_age, ..FieldRule::of(self.strategy(&one?, field)?, rule) };
        rule.ignored = ignore.map(|e| self.ignored(&e, field, &rule)).unwrap_or_default();
        Some(rule)
    }

    /// Of a rule of `[person]` that is the account's and no more: which of the account's values count is said there.
    pub(super) fn of_account_alone(&self, entry: &TomlEntry) {
        let DeValue::Table(table) = entry.value else { return };
        for (key, _) in table.iter().filter(|(key, _)| ["max_age", "blank", "ignore"].contains(&&**key.get_ref())) {
            let said = format!("{} beside account counts for nothing", key.get_ref());
            entry.sheet.report(key.span(), said, "expected it in the field's rule under [account]");
        }
    }
}
