//! The types of an expression's parts.

use super::declared::{FieldSource, FieldType, Of};
use super::tree::Node;
use crate::model::Name;

/// What an expression's part is.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct PartType {
    pub kind: PartKind,
    pub nullable: bool,
    /// Texts that it may be, as a deal's states; empty: any text.
    pub words: Vec<Name>,
    /// There may be others than `words`.
    pub has_others: bool,
}

#[derive(Debug, Clone, PartialEq)]
pub(super) enum PartKind {
    Null,
    Bool,
    Int,
    Number,
    Text,
    Time,
    Record(Of),
    List(Box<PartType>),
    /// A mistake, told already: fits everywhere.
    Wrong,
}

pub(super) type Checked = (Node, PartType);

impl PartType {
    pub(super) fn sure(kind: PartKind) -> PartType {
        PartType { kind, nullable: false, words: Vec::new(), has_others: false }
    }

    pub(super) fn list(of: PartType) -> PartType {
        PartType::sure(PartKind::List(Box::new(of)))
    }

    pub(super) fn of_slot(of: Of, slot: &FieldSource) -> PartType {
        match slot {
            FieldSource::Open | FieldSource::Won | FieldSource::Lost | FieldSource::Closed | FieldSource::Gone => {
                PartType::sure(PartKind::Bool)
            }
            FieldSource::ClosedDays | FieldSource::QuietDays => PartType { nullable: true, ..PartType::sure(PartKind::Int) },
            // Its words are those of the rules.
            FieldSource::Relationship => PartType { nullable: true, ..PartType::sure(PartKind::Text) },
            FieldSource::State => {
                PartType { words: states(of).iter().map(|state| Name::from(*state)).collect(), ..PartType::sure(PartKind::Text) }
            }
            FieldSource::Declared(_, FieldType::List) => PartType { nullable: true, ..PartType::list(PartType::sure(PartKind::Text)) },
            FieldSource::Declared(_, kind) => PartType {
                kind: match kind {
                    FieldType::Int => PartKind::Int,
                    FieldType::Number => PartKind::Number,
                    FieldType::Bool => PartKind::Bool,
                    FieldType::Time => PartKind::Time,
                    FieldType::Text | FieldType::List => PartKind::Text,
                },
                nullable: true,
                words: Vec::new(),
                has_others: false,
            },
        }
    }

    /// As said in messages.
    pub(super) fn name(&self) -> &'static str {
        match &self.kind {
            PartKind::Null => "null",
            PartKind::Bool => "a bool",
            PartKind::Int => "an int",
            PartKind::Number => "a number",
            PartKind::Text => "text",
            PartKind::Time => "a time",
            PartKind::Record(Of::Person) => "a person",
            PartKind::Record(Of::Deal) => "a deal",
            PartKind::Record(Of::Ticket) => "a ticket",
            PartKind::Record(Of::Account) => "an account",
            PartKind::List(_) => "a list",
            PartKind::Wrong => "unknown",
        }
    }

    pub(super) fn is_numeric(&self) -> bool {
        matches!(self.kind, PartKind::Int | PartKind::Number)
    }
}

fn states(of: Of) -> &'static [&'static str] {
    if of == Of::Ticket { &["open", "closed", "unknown"] } else { &["open", "won", "lost", "unknown"] }
}

/// Whether values of these types can be equal.
pub(super) fn fits(a: &PartType, b: &PartType) -> bool {
    match (&a.kind, &b.kind) {
        (PartKind::Wrong | PartKind::Null, _) | (_, PartKind::Wrong | PartKind::Null) => true,
        (PartKind::List(a), PartKind::List(b)) => fits(a, b),
        (a_kind, b_kind) => a_kind == b_kind || (a.is_numeric() && b.is_numeric()),
    }
}
