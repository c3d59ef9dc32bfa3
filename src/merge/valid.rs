//! What a value of a field must look like to count: `[fields.phone] valid = '..'`.

use crate::model::expression::{Declared, ExpressionError, Facts, FieldType, Scope};
use crate::model::{Expression, Name, Value};

/// An expression over `value` and `system`.
#[derive(Debug, Clone)]
pub struct Valid {
    test: Expression,
    kind: FieldType,
    /// Where it stands, as `precedence.toml:LINE`; none of a rule that the state kept.
    rule: Option<Name>,
}

impl Valid {
    /// `kind`: what the field holds.
    pub fn compile(source: &str, kind: FieldType) -> Result<Valid, Vec<ExpressionError>> {
        Expression::compile(source, Scope::Candidate, &Valid::declared(kind)).map(|test| Valid { test, kind, rule: None })
    }

    pub fn of(test: Expression, kind: FieldType, rule: Name) -> Valid {
        Valid { test, kind, rule: Some(rule) }
    }

    pub fn rule(&self) -> Option<&Name> {
        self.rule.as_ref()
    }

    /// The variables that there are, for a field that holds such values.
    pub fn declared(kind: FieldType) -> Declared {
        Declared { person: [("value".into(), kind), ("system".into(), FieldType::Text)].into(), ..Declared::default() }
    }

    /// As it stands in the file, and what the field holds.
    pub fn source(&self) -> (&str, FieldType) {
        (self.test.source(), self.kind)
    }

    /// Whether a value counts for nothing: of what is empty or cannot be read other rules speak, and a value of which the question cannot be
    /// answered cannot be true.
    pub fn keeps_out(&self, value: &Value, system: &str) -> bool {
        match value {
            Value::Empty | Value::Unreadable => false,
            value => !self.test.test(&Facts::candidate(value, system)).unwrap_or(false),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_that_cannot_be_true_is_kept_out() {
        for (source, kind, value, system, is_kept_out) in [
            ("value.matches('^[0-9+ -]{10,}$')", FieldType::Text, Value::text("03-1111-1111"), "crm", false),
            ("value.matches('^[0-9+ -]{10,}$')", FieldType::Text, Value::text("内線 12"), "crm", true),
            ("value.matches('^[0-9+ -]{10,}$')", FieldType::Text, Value::Empty, "crm", false),
            ("value.matches('^[0-9+ -]{10,}$')", FieldType::Text, Value::Unreadable, "crm", false),
            ("system != 'ma' || value.size() > 3", FieldType::Text, Value::text("abc"), "ma", true),
            ("system != 'ma' || value.size() > 3", FieldType::Text, Value::text("abc"), "crm", false),
            ("value >= 0 && value <= 100", FieldType::Int, Value::Int(101), "crm", true),
            ("value >= 0 && value <= 100", FieldType::Int, Value::Int(100), "crm", false),
            ("value >= 0", FieldType::Int, Value::text("many"), "crm", true),
            ("value > \"1900-01-02\"", FieldType::Time, Value::Date(crate::model::Date::parse("1900-01-01").unwrap()), "crm", true),
            ("!('test' in value)", FieldType::List, Value::list(["test", "a"]), "crm", true),
        ] {
            let valid = Valid::compile(source, kind).unwrap_or_else(|e| panic!("{source}: {e:?}"));
            assert_eq!(valid.keeps_out(&value, system), is_kept_out, "{source} {value:?} {system}");
            assert_eq!(valid.source(), (source, kind));
        }
        for (source, says) in [
            ("valu.size() > 3", "did you mean `value`?"),
            ("value > 3", "is compared with"),
            ("person.title != null", "there is no `person` here"),
            ("value.size()", "the answer of an expression must be a bool"),
        ] {
            let told = Valid::compile(source, FieldType::Text).map(drop).unwrap_err();
            assert!(told.iter().any(|e| e.message.contains(says)), "{source}: {told:?}");
        }
    }
}
