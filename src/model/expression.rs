//! Expressions of policy.toml and precedence.toml: CEL over our own typed records.
//!
//! The `cel` crate parses. What it parsed is checked against the declared fields and made into a small typed tree once, at
//! load; the tree is what is asked of every record. So a wrong name or type is a mistake with a place in the file, never a
//! surprise at run time, and one question costs some tens of nanoseconds.
//!
//! Where this differs from plain CEL:
//! - every declared field exists; absent and empty are null, and an ordered comparison (`<`, `<=`, `>`, `>=`) with null is false;
//! - what cannot be known makes what asks for it unknown: a value that is there and cannot be read, a null where a value is needed, deals that
//!   may not all have been read. `false && unknown` is false and `true || unknown` true, whichever comes first; over a list that may hold
//!   more, an entry at hand can make `exists` true, and `all` false; what would come out by absence is unknown;
//! - a list field that is null is the empty list where a list is wanted (`in`, `size`, `exists` ...), for an empty list *is* `Empty`;
//! - int and number mix in arithmetic as they do in comparisons;
//! - a time is compared with another time or with a literal: `person.seen >= "2026-01-31"` (midnight UTC) or RFC 3339;
//! - macros are not nested in one another's bodies, lists have no index, and there are no maps, bytes, durations or `now`; time is asked
//!   for in whole days (`d.closed_days`, `d.quiet_days`), so that it is known when an answer may be another one.
//!
//! Known: `&& || ! ?: == != < <= > >= in + - * / %`, `has`, `size`, `contains`, `startsWith`, `endsWith`, `matches`,
//! `timestamp`, `exists`, `all`, `exists_one`, `filter`, `map`.

mod check;
mod compiled;
mod datum;
mod days;
mod declared;
mod error;
mod facts;
mod functions;
mod places;
mod sample;
mod scope;
mod tree;
mod types;

pub use days::DaysAsked;
pub use declared::{Declared, FieldType, RELATIONSHIP, is_taken};
pub use error::{EvaluationError, ExpressionError, LIST_MAX};
pub use facts::Facts;
pub use scope::Scope;

use super::Name;
use check::TypeChecker;
use compiled::Compiled;
use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

/// The longest source accepted, in bytes: a rule is a line, and the parser's time grows with it.
const SOURCE_BYTES_MAX: usize = 10_000;

/// The parser eats stack (about 0.4 MB for a trivial rule in a debug build), so it gets a thread of its own.
const PARSER_STACK_BYTES: usize = 32 << 20;

/// Operators, dots and brackets of an expression at most, those within texts included.
const SIGNS_MAX: usize = 2_000;

/// Parts within one another at most.
const DEPTH_MAX: usize = 200;

/// A checked expression that answers yes or no. Cheap to clone.
#[derive(Clone)]
pub struct Expression(Arc<Compiled>);

impl Expression {
    /// Reads and checks an expression; all mistakes found at once, in the order of the source.
    pub fn compile(source: &str, scope: Scope, declared: &Declared) -> Result<Expression, Vec<ExpressionError>> {
        let whole = 0..source.len();
        let one = |message: &str| vec![ExpressionError { message: message.to_string(), at: whole.clone() }];
        if source.trim().is_empty() {
            return Err(one("an expression is expected, as 'true' or 'deal.open'"));
        }
        if source.len() > SOURCE_BYTES_MAX {
            return Err(one("longer than 10,000 bytes"));
        }
        // Parsing recurses with each of these at worst, and a stack that is used up ends the process.
        if source.bytes().filter(|b| b"()[]{}.!?:+-*/%<=&|".contains(b)).count() > SIGNS_MAX {
            return Err(one("more than 2,000 operators, dots and brackets"));
        }
        std::thread::scope(|threads| {
            let thread = std::thread::Builder::new().name("expression".into()).stack_size(PARSER_STACK_BYTES);
            match thread.spawn_scoped(threads, || Self::compile_here(source, scope, declared)) {
                Ok(running) => running.join().unwrap_or_else(|_| Err(one("the parser gave up on this expression"))),
                Err(e) => Err(one(&format!("no thread for the parser: {e}"))),
            }
        })
    }

    fn compile_here(source: &str, scope: Scope, declared: &Declared) -> Result<Expression, Vec<ExpressionError>> {
        let (ast, positions) = places::parse(source).map_err(|e| vec![e])?;
        // Answers are worked out on smaller stacks than this thread's.
        if places::depth(&ast) > DEPTH_MAX {
            let message = "more than 200 parts within one another; a list and `in` may say the same".to_string();
            return Err(vec![ExpressionError { message, at: 0..source.len() }]);
        }
        let mut checker = TypeChecker::new(source, scope, declared, &positions);
        let node = checker.whole(&ast);
        let (mut errors, doubts, needs) = checker.finish();
        if !errors.is_empty() {
            errors.sort_by_key(|e| (e.at.start, e.at.end));
            errors.dedup();
            return Err(errors);
        }
        let hangs_on_nothing = needs.person.is_empty() && needs.account.is_empty() && !needs.deals && !needs.tickets && !needs.record;
        let constant = match hangs_on_nothing {
            true => match node.truth(&Facts::none(), None) {
                Ok(answer) => Some(answer),
                Err(e) => return Err(vec![ExpressionError { message: e.to_string(), at: 0..source.len() }]),
            },
            false => None,
        };
        let compiled = Compiled { source: source.into(), scope, node, constant, needs, doubts };
        sample::try_out(&compiled, declared)?;
        Ok(Expression(Arc::new(compiled)))
    }

    /// The answer for these facts. The facts must be of the expression's scope.
    pub fn test(&self, facts: &Facts) -> Result<bool, EvaluationError> {
        self.0.test(facts)
    }

    /// The answer, where it hangs on no fact at all (`true`).
    pub fn constant(&self) -> Option<bool> {
        self.0.constant
    }

    /// What is right and hardly meant, with its place in the source: a note to whoever wrote it.
    pub fn doubts(&self) -> &[ExpressionError] {
        &self.0.doubts
    }

    pub fn source(&self) -> &str {
        &self.0.source
    }

    pub fn scope(&self) -> Scope {
        self.0.scope
    }

    /// Whether any field of `person` is read.
    pub fn needs_person(&self) -> bool {
        !self.0.needs.person.is_empty()
    }

    /// The fields of `person` that are read, sorted.
    pub fn person_fields(&self) -> &[Name] {
        &self.0.needs.person
    }

    /// The fields of the person's `account` that are read, sorted.
    pub fn account_fields(&self) -> &[Name] {
        &self.0.needs.account
    }

    pub fn needs_deals(&self) -> bool {
        self.0.needs.deals
    }

    pub fn needs_tickets(&self) -> bool {
        self.0.needs.tickets
    }

    /// Whether `person.relationship` is read.
    pub fn asks_relationship(&self) -> bool {
        self.0.needs.relationship
    }

    /// The numbers of days that are read: by these alone the answer may change with time.
    pub fn days_asked(&self) -> DaysAsked {
        self.0.needs.days
    }
}

impl Declared {
    /// Without the fields of persons and accounts that none of these expressions reads: what [`Facts::person`] need collect.
    pub fn narrowed<'e>(&self, expressions: impl IntoIterator<Item = &'e Expression>) -> Declared {
        let (mut person, mut account) = (BTreeMap::new(), BTreeMap::new());
        for expression in expressions {
            let own = expression.person_fields().iter().filter_map(|name| self.person.get_key_value(name));
            person.extend(own.map(|(name, kind)| (name.clone(), *kind)));
            let of_account = expression.account_fields().iter().filter_map(|name| self.account.get_key_value(name));
            account.extend(of_account.map(|(name, kind)| (name.clone(), *kind)));
        }
        Declared { person, account, ..self.clone() }
    }
}

impl fmt::Debug for Expression {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Expression({:?})", &*self.0.source)
    }
}

impl fmt::Display for Expression {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.source)
    }
}

#[cfg(test)]
mod tests;
