//! Reading a source, and where in it a part stands.

use super::error::ExpressionError;
use cel::common::ast::{Expr, IdedExpr, SourceInfo, operators};
use std::ops::Range;

/// Reads a source without expanding macros, so that every node keeps its own place. Of a source that is no expression the first place is
/// told: what a parser says of the rest follows from it.
pub(super) fn parse(source: &str) -> Result<(IdedExpr, SourceInfo), ExpressionError> {
    let env = cel::Env::default().with_optional_support(false);
    env.parser().parse_with_source_info(source).map_err(|errors| {
        let first = errors.errors.into_iter().min_by_key(|e| e.pos);
        let (said, at) = first.map_or((String::new(), (1, 1)), |e| (e.msg, e.pos));
        let at = place(source, at);
        let before =
            source.get(..at.start).and_then(|before| before.split_whitespace().last()).filter(|word| word.eq_ignore_ascii_case("not"));
        let meant = before.or_else(|| source.get(at.start..)).and_then(meant).map(|meant| format!("; {meant}")).unwrap_or_default();
        ExpressionError { message: plainly(&said) + &meant, at }
    })
}

/// What somebody means who goes on as elsewhere.
fn meant(rest: &str) -> Option<&'static str> {
    let word = rest.split([' ', '(', '\n']).next().unwrap_or_default();
    Some(match word.to_ascii_lowercase().as_str() {
        "=" => "what is equal is written `==`",
        "<>" => "what is not equal is written `!=`",
        "and" | "&" => "write `&&` for and",
        "or" | "|" => "write `||` for or",
        "not" => "write `!` for not, as `!deal.open`",
        "is" => "write `== null` or `!= null`",
        quoted if quoted.starts_with(['“', '”', '「', '＂']) => "texts stand in \"..\", not in 全角 marks",
        blank if blank.starts_with('\u{3000}') => "there is a full-width blank (全角)",
        _ => return None,
    })
}

/// What a parser says, for who writes rules.
fn plainly(said: &str) -> String {
    let said = said.trim_start_matches("Syntax error: ");
    let words = ["token recognition error at: ", "extraneous input ", "mismatched input ", "no viable alternative at input ", "missing "];
    let quoted = words.iter().find_map(|w| said.strip_prefix(w)).and_then(|rest| rest.split(" expecting ").next());
    match quoted {
        Some("'<EOF>'" | "<EOF>") => "not readable: it ends too early".into(),
        Some(_) if said.starts_with("missing ") => format!("not readable here: {}", said.split(" expecting ").next().unwrap_or(said)),
        Some(input) => format!("not readable here: {input} is not expected"),
        None => format!("not readable here: {}", said.split(" expecting {").next().unwrap_or(said)),
    }
}

/// How many parts lie within one another at most.
pub(super) fn depth(e: &IdedExpr) -> usize {
    let within = match &e.expr {
        Expr::Select(select) => depth(&select.operand),
        Expr::Call(call) => call.target.iter().map(|t| &**t).chain(&call.args).map(depth).max().unwrap_or(0),
        Expr::List(list) => list.elements.iter().map(depth).max().unwrap_or(0),
        _ => 0,
    };
    1 + within
}

/// The byte range of the word at a line and column (both from 1, columns in characters); the end of the source where it lies beyond.
fn place(source: &str, (line, column): (isize, isize)) -> Range<usize> {
    let line = usize::try_from(line - 1).unwrap_or(0);
    let column = usize::try_from(column - 1).unwrap_or(0);
    let line_start: usize = source.split_inclusive('\n').take(line).map(str::len).sum();
    let rest = &source[line_start.min(source.len())..];
    let start = line_start + rest.char_indices().nth(column).map_or(rest.trim_end().len(), |(i, _)| i);
    let word = source[start..].find(|c: char| c.is_whitespace()).unwrap_or(source.len() - start);
    start..start + word
}

/// The places of a source's parts.
pub(super) struct SourcePlaces<'s> {
    pub(super) source: &'s str,
    pub(super) positions: &'s SourceInfo,
}

impl SourcePlaces<'_> {
    /// The bytes of the source that a part takes up.
    pub(super) fn range(&self, e: &IdedExpr) -> Range<usize> {
        let mut range = match self.positions.offset_for(e.id) {
            Some((start, last)) => self.bytes(start as usize, last as usize),
            None => 0..self.source.len(),
        };
        let mut widen = |inner: Range<usize>| range = range.start.min(inner.start)..range.end.max(inner.end);
        match &e.expr {
            Expr::Select(select) => {
                widen(self.range(&select.operand));
                widen(self.field_range(e, &select.field));
            }
            Expr::Call(call) => call.target.iter().map(|t| &**t).chain(&call.args).for_each(|inner| widen(self.range(inner))),
            Expr::List(list) => list.elements.iter().for_each(|inner| widen(self.range(inner))),
            _ => {}
        }
        // A call or list ends with the bracket behind its last argument, which has no place of its own.
        let bracket = match &e.expr {
            Expr::Call(call) if call.target.is_some() || !call.func_name.contains(['_', '@', '!']) => Some(')'),
            Expr::Call(call) if call.func_name == operators::INDEX => Some(']'),
            Expr::List(_) => Some(']'),
            _ => None,
        };
        let rest = &self.source[range.end..];
        if let Some(bracket) = bracket
            && rest.trim_start().starts_with(bracket)
        {
            range.end += rest.len() - rest.trim_start().len() + 1;
        }
        range
    }

    /// Where the field's name stands behind the dot that is the selection's own place.
    pub(super) fn field_range(&self, e: &IdedExpr, field: &str) -> Range<usize> {
        let dot = self.positions.offset_for(e.id).map_or(0..0, |(start, last)| self.bytes(start as usize, last as usize));
        let rest = &self.source[dot.end..];
        let start = dot.end + rest.len() - rest.trim_start().len();
        start..(start + field.len()).min(self.source.len())
    }

    /// A token's place: the parser gives its first and its last byte, and that last one may be the first of a longer character.
    fn bytes(&self, first: usize, last: usize) -> Range<usize> {
        let start = self.source.floor_char_boundary(first);
        start..self.source.ceil_char_boundary(last + 1).max(start)
    }
}
