//! The types of an expression's parts.

use super::declared::{FieldType, Of, Slot};
use super::tree::Node;

/// What an expression's part is.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Type {
    pub kind: Kind,
    pub nullable: bool,
    /// Texts of a closed set, as a deal's states; empty: any text.
    pub words: &'static [&'static str],
}

#[derive(Debug, Clone, PartialEq)]
pub(super) enum Kind {
    Null,
    Bool,
    Int,
    Number,
    Text,
    Time,
    Record(Of),
    List(Box<Type>),
    /// A mistake, told already: fits everywhere.
    Wrong,
}

pub(super) type Checked = (Node, Type);

impl Type {
    pub(super) fn sure(kind: Kind) -> Type {
        Type { kind, nullable: false, words: &[] }
    }

    pub(super) fn list(of: Type) -> Type {
        Type::sure(Kind::List(Box::new(of)))
    }

    pub(super) fn of_slot(of: Of, slot: &Slot) -> Type {
        match slot {
            Slot::Open | Slot::Won | Slot::Lost | Slot::Closed | Slot::Gone => Type::sure(Kind::Bool),
            Slot::State => Type {
                kind: Kind::Text,
                nullable: false,
                words: if of == Of::Ticket { &["open", "closed", "unknown"] } else { &["open", "won", "lost", "unknown"] },
            },
            Slot::Declared(_, FieldType::List) => Type { nullable: true, ..Type::list(Type::sure(Kind::Text)) },
            Slot::Declared(_, kind) => Type {
                kind: match kind {
                    FieldType::Int => Kind::Int,
                    FieldType::Number => Kind::Number,
                    FieldType::Bool => Kind::Bool,
                    FieldType::Time => Kind::Time,
                    FieldType::Text | FieldType::List => Kind::Text,
                },
                nullable: true,
                words: &[],
            },
        }
    }

    /// As said in messages.
    pub(super) fn name(&self) -> &'static str {
        match &self.kind {
            Kind::Null => "null",
            Kind::Bool => "a bool",
            Kind::Int => "an int",
            Kind::Number => "a number",
            Kind::Text => "text",
            Kind::Time => "a time",
            Kind::Record(Of::Person) => "a person",
            Kind::Record(Of::Deal) => "a deal",
            Kind::Record(Of::Ticket) => "a ticket",
            Kind::List(_) => "a list",
            Kind::Wrong => "unknown",
        }
    }

    pub(super) fn is_numeric(&self) -> bool {
        matches!(self.kind, Kind::Int | Kind::Number)
    }
}

/// Whether values of these types can be equal.
pub(super) fn fits(a: &Type, b: &Type) -> bool {
    match (&a.kind, &b.kind) {
        (Kind::Wrong | Kind::Null, _) | (_, Kind::Wrong | Kind::Null) => true,
        (Kind::List(a), Kind::List(b)) => fits(a, b),
        (a_kind, b_kind) => a_kind == b_kind || (a.is_numeric() && b.is_numeric()),
    }
}
