//! The rule of a field as the state keeps it: as text and plain values, with which it compiles again.

use crate::merge::ignored::Ignored;
use crate::merge::rules::{Band, Blank, Case, FieldGroup, FieldRule, Strategy};
use crate::merge::valid::Valid;
use crate::model::expression::{Declared, Expression, FieldType, Scope};
use crate::model::{Name, ShortText, Span};
use serde::{Deserialize, Serialize};
use std::sync::Arc;

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(from = "ReadField")]
pub(super) struct StoredField {
    cases: Vec<StoredCase>,
    /// Where no case holds.
    strategy: Strategy,
    blank: Blank,
    max_age: Option<Span>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    typed: Vec<Name>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    ignored: Vec<ShortText>,
    #[serde(skip_serializing_if = "Option::is_none")]
    valid: Option<StoredValid>,
    #[serde(skip_serializing_if = "Option::is_none")]
    group: Option<FieldGroup>,
    rule: Name,
}

/// What a value must look like, and what the field holds.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct StoredValid {
    test: String,
    kind: FieldType,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct StoredCase {
    when: String,
    strategy: Strategy,
}

/// The same as it may stand there. A rule had one condition at most; then `strategy` was what counts where it holds.
#[derive(Deserialize)]
struct ReadField {
    #[serde(default)]
    cases: Vec<StoredCase>,
    strategy: Strategy,
    blank: Blank,
    max_age: Option<Span>,
    #[serde(default)]
    typed: Vec<Name>,
    #[serde(default)]
    ignored: Vec<ShortText>,
    #[serde(default)]
    valid: Option<StoredValid>,
    #[serde(default)]
    group: Option<FieldGroup>,
    rule: Name,
    #[serde(default)]
    when: Option<String>,
    #[serde(default)]
    otherwise: Vec<Band>,
    #[serde(default)]
    fills_only: bool,
}

impl From<ReadField> for StoredField {
    fn from(read: ReadField) -> StoredField {
        let ReadField { mut cases, strategy, blank, max_age, typed, ignored, valid, group, rule, when, otherwise, fills_only } = read;
        let mut strategy = match strategy {
            Strategy::Order(bands) if fills_only => Strategy::Fill(bands),
            strategy => strategy,
        };
        if let Some(when) = when {
            let rest = if otherwise.is_empty() { Strategy::Never } else { Strategy::Order(otherwise) };
            cases = vec![StoredCase { when, strategy: std::mem::replace(&mut strategy, rest) }];
        }
        StoredField { cases, strategy, blank, max_age, typed, ignored, valid, group, rule }
    }
}

impl StoredField {
    pub(super) fn of(rule: &FieldRule) -> StoredField {
        let FieldRule { cases, strategy, blank, max_age, typed, ignored, valid, group, rule } = rule;
        let case = |case: &Case| StoredCase { when: case.when.source().to_string(), strategy: case.strategy.clone() };
        StoredField {
            cases: cases.iter().map(case).collect(),
            strategy: strategy.clone(),
            blank: *blank,
            max_age: *max_age,
            typed: typed.clone(),
            ignored: ignored.words().to_vec(),
            valid: valid.as_ref().map(Valid::source).map(|(test, kind)| StoredValid { test: test.to_string(), kind }),
            group: group.as_deref().cloned(),
            rule: rule.clone(),
        }
    }

    /// `None`: this version cannot read one of its conditions.
    pub(super) fn restored(&self, declared: &Declared) -> Option<FieldRule> {
        let case = |case: &StoredCase| {
            Some(Case { when: Expression::compile(&case.when, Scope::Person, declared).ok()?, strategy: case.strategy.clone() })
        };
        let cases = self.cases.iter().map(case).collect::<Option<_>>()?;
        let valid = match &self.valid {
            None => None,
            Some(StoredValid { test, kind }) => Some(Valid::compile(test, *kind).ok()?),
        };
        let StoredField { strategy, blank, max_age, typed, ignored, group, rule, .. } = self.clone();
        let (ignored, group, rule) = (Ignored::of(ignored), group.map(Arc::new), before_the_edit(&rule));
        Some(FieldRule { cases, strategy, blank, max_age, typed, ignored, valid, group, rule })
    }

    /// The same wherever it stands in its file.
    pub(super) fn says(&self) -> StoredField {
        StoredField { rule: "".into(), ..self.clone() }
    }

    #[cfg(test)]
    pub(super) fn asks_instead(&mut self, when: &str) {
        self.cases.iter_mut().for_each(|case| case.when = when.into());
    }
}

/// What stands behind the name of a rule of former files.
pub(in crate::engine) const BEFORE_THE_EDIT: &str = " before the edit";

/// How a former rule is named beside those of the files. One may have been named so before.
pub(super) fn before_the_edit(rule: &Name) -> Name {
    if rule.ends_with(BEFORE_THE_EDIT) { rule.clone() } else { format!("{rule}{BEFORE_THE_EDIT}").as_str().into() }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Stored by former versions: they must stay readable, and be the same rule.
    #[test]
    fn a_rule_of_before_is_read_as_what_it_said() {
        let declared = Declared { person: [("title".into(), FieldType::Text)].into(), ..Declared::default() };
        for (text, says) in [
            (
                r#"{"strategy":{"Only":"crm"},"blank":"Skipped","max_age":null,"when":null,"otherwise":[],"rule":"p:1"}"#,
                r#"{ only = "crm" }"#,
            ),
            (
                r#"{"strategy":{"Order":[[{"system":"crm","max_age":86400000}]]},"blank":"Wins","max_age":null,
                    "when":"person.title == 'x'","otherwise":[[{"system":"ma","max_age":null}]],"rule":"p:1"}"#,
                r#"{ from = [{ system = "crm", max_age = "1d" }], blank = "wins", when = 'person.title == 'x'', otherwise = ["ma"] }"#,
            ),
            (
                r#"{"strategy":{"Order":[[{"system":"crm","max_age":null}]]},"blank":"Skipped","max_age":null,"when":null,"otherwise":[],
                    "fills_only":true,"rule":"p:1"}"#,
                r#"{ fill = ["crm"] }"#,
            ),
            (
                r#"{"strategy":{"Only":"crm"},"blank":"Skipped","max_age":null,"when":"person.title == 'x'","otherwise":[],"rule":"p:1"}"#,
                r#"{ only = "crm", when = 'person.title == 'x'' }"#,
            ),
        ] {
            let stored: StoredField = serde_json::from_str(text).unwrap();
            let rule = stored.restored(&declared).unwrap();
            assert_eq!((rule.to_string().as_str(), &*rule.rule), (says, "p:1 before the edit"));
            let again: StoredField = serde_json::from_str(&serde_json::to_string(&stored).unwrap()).unwrap();
            assert_eq!(again, stored);
            assert_eq!(StoredField::of(&rule).says(), stored.says());
        }
    }

    #[test]
    fn what_a_value_must_look_like_is_kept() {
        let valid = Valid::compile("value >= 0", FieldType::Int).unwrap();
        let rule = FieldRule { valid: Some(valid), ..FieldRule::of(Strategy::Only("crm".into()), "p:1".into()) };
        let stored = StoredField::of(&rule);
        let again: StoredField = serde_json::from_str(&serde_json::to_string(&stored).unwrap()).unwrap();
        let restored = again.restored(&Declared::default()).unwrap();
        assert_eq!(restored.valid.as_ref().map(Valid::source), Some(("value >= 0", FieldType::Int)));
        assert_ne!(StoredField::of(&FieldRule { valid: None, ..rule }).says(), stored.says());
    }

    #[test]
    fn the_fields_that_go_with_it_are_kept() {
        let group = FieldGroup { name: "address".into(), fields: vec!["street".into(), "city".into()] };
        let rule = FieldRule { group: Some(group.clone().into()), ..FieldRule::of(Strategy::Only("crm".into()), "p:1".into()) };
        let stored = StoredField::of(&rule);
        let again: StoredField = serde_json::from_str(&serde_json::to_string(&stored).unwrap()).unwrap();
        assert_eq!(again.restored(&Declared::default()).unwrap().group.as_deref(), Some(&group));
        assert_ne!(StoredField::of(&FieldRule { group: None, ..rule }).says(), stored.says());
    }
}
