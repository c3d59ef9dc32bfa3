//! Comparisons, arithmetic, functions and macros, checked.

use super::check::{TypeChecker, hint};
use super::tree::{Node, Sum, TextTest};
use super::types::{Checked, PartKind, PartType, fits};
use crate::model::Time;
use cel::common::ast::{Expr, IdedExpr, LiteralValue};
use regex::Regex;

const METHODS: [&str; 10] = ["size", "contains", "startsWith", "endsWith", "matches", "exists", "all", "exists_one", "filter", "map"];
const FUNCTIONS: [&str; 3] = ["has", "size", "timestamp"];

impl TypeChecker<'_> {
    /// Two parts that are compared with one another.
    pub(super) fn comparable(&mut self, e: &IdedExpr, a: &IdedExpr, b: &IdedExpr) -> (Checked, Checked) {
        let (mut left, mut right) = (self.part(a), self.part(b));
        self.read_time(a, &mut left, &right.1);
        self.read_time(b, &mut right, &left.1);
        if !fits(&left.1, &right.1) {
            self.wrong(e, &format!("{} is compared with {}", left.1.name(), right.1.name()));
        }
        self.known_word(b, &right.0, &left.1);
        self.known_word(a, &left.0, &right.1);
        (left, right)
    }

    pub(super) fn member(&mut self, e: &IdedExpr, a: &IdedExpr, b: &IdedExpr) -> (Node, Node) {
        let (left, mut right) = (self.part(a), self.part(b));
        if let (Expr::List(list), Node::List(nodes), PartKind::List(of)) = (&b.expr, &mut right.0, &mut right.1.kind) {
            for (entry, node) in list.elements.iter().zip(nodes) {
                let mut checked = (std::mem::replace(node, Node::Null), (**of).clone());
                self.read_time(entry, &mut checked, &left.1);
                *node = checked.0;
                self.known_word(entry, node, &left.1);
            }
            if left.1.kind == PartKind::Time && of.kind == PartKind::Text {
                of.kind = PartKind::Time;
            }
        }
        match &right.1.kind {
            PartKind::Wrong => {}
            PartKind::List(of) if fits(&left.1, of) => {}
            PartKind::List(of) => {
                let message = format!("{} is looked for in a list of {}", left.1.name(), plural(of));
                self.wrong(e, &message);
            }
            PartKind::Text => {
                self.wrong(e, "behind `in` stands a list; for texts write `a.contains(b)`");
            }
            _ => {
                let message = format!("behind `in` stands a list, this is {}", right.1.name());
                self.wrong(b, &message);
            }
        }
        (left.0, right.0)
    }

    /// A literal text beside a time is read as one.
    fn read_time(&mut self, e: &IdedExpr, checked: &mut Checked, other: &PartType) {
        if other.kind != PartKind::Time {
            return;
        }
        if let Node::Text(text) = &checked.0 {
            let read = self.time(e, text);
            *checked = read;
        }
    }

    fn time(&mut self, e: &IdedExpr, text: &str) -> Checked {
        let midnight = || Some(text.parse::<jiff::civil::Date>().ok()?.to_zoned(jiff::tz::TimeZone::UTC).ok()?.timestamp());
        match text.parse::<jiff::Timestamp>().ok().or_else(midnight) {
            Some(at) => (Node::Time(Time(at.as_millisecond()).0), PartType::sure(PartKind::Time)),
            None => self.wrong(e, "a time is written \"2026-01-31\" or \"2026-01-31T09:00:00+09:00\""),
        }
    }

    /// A literal that is compared with one of a set of words must be one of them. Where there may be others, one that is hardly meant is told.
    fn known_word(&mut self, e: &IdedExpr, node: &Node, other: &PartType) {
        let Node::Text(text) = node else { return };
        let is_literal = matches!(e.expr, Expr::Literal(_));
        if text.is_empty() && is_literal && other.kind == PartKind::Text && other.nullable {
            self.doubt(e, "never \"\": what is empty is null, as `x == null`".to_string());
        }
        if other.words.is_empty() || other.words.iter().any(|word| **word == **text) {
            return;
        }
        let hint = hint(text, other.words.iter().map(|word| &**word));
        let known = other.words.iter().map(|word| &**word).collect::<Vec<_>>().join(", ");
        if other.has_others && hint.is_empty() {
            self.doubt(e, format!("\"{text}\" is none of the words that are known here: {known}"));
        } else {
            self.wrong(e, &format!("never \"{text}\"{hint}; known: {known}"));
        }
    }

    pub(super) fn sum(&mut self, e: &IdedExpr, sum: Sum, a: &IdedExpr, b: &IdedExpr) -> Checked {
        let (left, right) = (self.part(a), self.part(b));
        if left.1.kind == PartKind::Text && right.1.kind == PartKind::Text && sum == Sum::Add {
            let [left, right] = [(a, left), (b, right)].map(|(e, part)| Box::new(self.want(e, part, &[PartKind::Text], "")));
            return (Node::Arithmetic(sum, left, right), PartType::sure(PartKind::Text));
        }
        if left.1.kind == PartKind::Time || right.1.kind == PartKind::Time {
            return self.wrong(e, "times are only compared, not reckoned with");
        }
        let kind = match (&left.1.kind, &right.1.kind) {
            (PartKind::Int, PartKind::Int) => PartKind::Int,
            _ => PartKind::Number,
        };
        let rule = if sum == Sum::Add { "`+` adds numbers or joins two texts" } else { "numbers are expected" };
        let [left, right] = [(a, left), (b, right)].map(|(e, part)| Box::new(self.want(e, part, &[PartKind::Int, PartKind::Number], rule)));
        (Node::Arithmetic(sum, left, right), PartType::sure(kind))
    }

    pub(super) fn function(&mut self, e: &IdedExpr, name: &str, args: &[IdedExpr]) -> Checked {
        match (name, args) {
            ("has", [arg]) => match &arg.expr {
                Expr::Select(_) => {
                    let (node, _) = self.part(arg);
                    (Node::Not(Box::new(Node::Equal(Box::new(node), Box::new(Node::Null)))), PartType::sure(PartKind::Bool))
                }
                _ => self.wrong(e, "`has` asks for a field, as in `has(person.title)`"),
            },
            ("size", [arg]) => self.size(arg),
            ("timestamp", [arg]) => match &arg.expr {
                Expr::Literal(LiteralValue::String(text)) => self.time(arg, text.inner()),
                _ => self.wrong(e, "`timestamp` reads a literal, as in `timestamp(\"2026-01-31T09:00:00Z\")`"),
            },
            _ if FUNCTIONS.contains(&name) => self.wrong(e, &format!("`{name}` takes one argument")),
            _ => self.unknown(e, name, &FUNCTIONS),
        }
    }

    pub(super) fn method(&mut self, e: &IdedExpr, target: &IdedExpr, name: &str, args: &[IdedExpr]) -> Checked {
        let test = match name {
            "contains" => Some(TextTest::Contains),
            "startsWith" => Some(TextTest::StartsWith),
            "endsWith" => Some(TextTest::EndsWith),
            _ => None,
        };
        match (name, args) {
            ("size", []) => self.size(target),
            ("matches", [pattern]) => {
                let subject = self.part(target);
                let subject = self.want(target, subject, &[PartKind::Text], "`matches` asks of text");
                let Expr::Literal(LiteralValue::String(pattern_text)) = &pattern.expr else {
                    return self.wrong(pattern, "the pattern must be a literal");
                };
                match Regex::new(pattern_text.inner()) {
                    Ok(pattern) => (Node::Matches(Box::new(subject), pattern), PartType::sure(PartKind::Bool)),
                    Err(error) => {
                        let said = error.to_string();
                        let last = said.lines().last().unwrap_or_default().trim_start_matches("error: ").to_string();
                        self.wrong(pattern, &format!("not a regular expression: {last}"))
                    }
                }
            }
            (_, [arg]) if test.is_some() => {
                let subject = self.part(target);
                if matches!(subject.1.kind, PartKind::List(_)) && test == Some(TextTest::Contains) {
                    return self.wrong(e, "for lists write `x in list`");
                }
                let rule = format!("`{name}` asks of text");
                let subject = Box::new(self.want(target, subject, &[PartKind::Text], &rule));
                let part = self.part(arg);
                let part = Box::new(self.want(arg, part, &[PartKind::Text], &rule));
                (Node::TextTest(test.unwrap_or(TextTest::Contains), subject, part), PartType::sure(PartKind::Bool))
            }
            ("exists" | "all" | "exists_one" | "existsOne" | "filter", [variable, body]) => {
                self.over_list(e, name, target, variable, None, body)
            }
            ("map", [variable, to]) => self.over_list(e, name, target, variable, None, to),
            ("map", [variable, only, to]) => self.over_list(e, name, target, variable, Some(only), to),
            _ if METHODS.contains(&name) => {
                self.part(target);
                self.wrong(e, &format!("`{name}` has another number of arguments"))
            }
            _ => {
                self.part(target);
                self.unknown(e, name, &METHODS)
            }
        }
    }

    fn unknown(&mut self, e: &IdedExpr, name: &str, known: &[&str]) -> Checked {
        let hint = hint(name, known.iter().copied());
        self.wrong(e, &format!("there is no function `{name}`{hint}"))
    }

    fn size(&mut self, e: &IdedExpr) -> Checked {
        let (node, kind) = self.part(e);
        let node = match kind.kind {
            PartKind::List(_) | PartKind::Wrong => node,
            _ => self.want(e, (node, kind), &[PartKind::Text], "`size` counts a list or a text"),
        };
        (Node::Size(Box::new(node)), PartType::sure(PartKind::Int))
    }

    /// `list.exists(x, body)` and its kin.
    fn over_list(
        &mut self,
        e: &IdedExpr,
        name: &str,
        over: &IdedExpr,
        variable: &IdedExpr,
        only: Option<&IdedExpr>,
        body: &IdedExpr,
    ) -> Checked {
        if self.item.is_some() {
            return self.wrong(e, &format!("`{name}` inside another macro is not allowed: its cost grows with the product of the lists"));
        }
        let (over_node, list) = self.part(over);
        let of = match list.kind {
            PartKind::List(of) => *of,
            PartKind::Wrong => PartType { nullable: true, ..PartType::sure(PartKind::Wrong) },
            _ => return self.wrong(over, &format!("`{name}` asks of a list, this is {}", list.name())),
        };
        let Expr::Ident(variable_name) = &variable.expr else {
            return self.wrong(variable, "a name for the entry is expected, as `d` in `exists(d, d.open)`");
        };
        self.item = Some((variable_name.clone(), of.clone()));
        let only = only.map(|e| {
            let checked = self.part(e);
            Box::new(self.want(e, checked, &[PartKind::Bool], "the condition of `map` is a bool"))
        });
        let (body_node, kind) = self.part(body);
        let result = kind.clone();
        let over = Box::new(over_node);
        let checked = if name == "map" {
            (Node::Map { over, only, to: Box::new(body_node) }, PartType::list(result))
        } else {
            let rule = format!("`{name}` asks a bool of each entry");
            let body = Box::new(self.want(body, (body_node, kind), &[PartKind::Bool], &rule));
            match name {
                "exists" => (Node::Exists(over, body), PartType::sure(PartKind::Bool)),
                "all" => (Node::All(over, body), PartType::sure(PartKind::Bool)),
                "filter" => (Node::Filter(over, body), PartType::list(of)),
                _ => (Node::ExistsOne(over, body), PartType::sure(PartKind::Bool)),
            }
        };
        self.item = None;
        checked
    }
}

fn plural(kind: &PartType) -> &'static str {
    match kind.kind {
        PartKind::Bool => "bools",
        PartKind::Int | PartKind::Number => "numbers",
        PartKind::Text => "texts",
        PartKind::Time => "times",
        PartKind::List(_) => "lists",
        _ => "records",
    }
}
