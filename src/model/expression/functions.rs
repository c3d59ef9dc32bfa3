//! Comparisons, arithmetic, functions and macros, checked.

use super::check::{Checker, hint};
use super::tree::{Node, Sum, TextTest};
use super::types::{Checked, Kind, Type, fits};
use crate::model::Time;
use cel::common::ast::{Expr, IdedExpr, LiteralValue};
use regex::Regex;

const METHODS: [&str; 10] = ["size", "contains", "startsWith", "endsWith", "matches", "exists", "all", "exists_one", "filter", "map"];
const FUNCTIONS: [&str; 3] = ["has", "size", "timestamp"];

impl Checker<'_> {
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
        if let (Expr::List(list), Node::List(nodes), Kind::List(of)) = (&b.expr, &mut right.0, &mut right.1.kind) {
            for (entry, node) in list.elements.iter().zip(nodes) {
                let mut checked = (std::mem::replace(node, Node::Null), (**of).clone());
                self.read_time(entry, &mut checked, &left.1);
                *node = checked.0;
                self.known_word(entry, node, &left.1);
            }
            if left.1.kind == Kind::Time && of.kind == Kind::Text {
                of.kind = Kind::Time;
            }
        }
        match &right.1.kind {
            Kind::Wrong => {}
            Kind::List(of) if fits(&left.1, of) => {}
            Kind::List(of) => {
                let message = format!("{} is looked for in a list of {}", left.1.name(), plural(of));
                self.wrong(e, &message);
            }
            Kind::Text => {
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
    fn read_time(&mut self, e: &IdedExpr, checked: &mut Checked, other: &Type) {
        if other.kind != Kind::Time {
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
            Some(at) => (Node::Time(Time(at.as_millisecond()).0), Type::sure(Kind::Time)),
            None => self.wrong(e, "a time is written \"2026-01-31\" or \"2026-01-31T09:00:00+09:00\""),
        }
    }

    /// A literal that is compared with one of a closed set of words must be one of them.
    fn known_word(&mut self, e: &IdedExpr, node: &Node, other: &Type) {
        if let Node::Text(text) = node
            && !other.words.is_empty()
            && !other.words.contains(&&**text)
        {
            let hint = hint(text, other.words.iter().copied());
            self.wrong(e, &format!("never \"{text}\"{hint}; known: {}", other.words.join(", ")));
        }
    }

    pub(super) fn sum(&mut self, e: &IdedExpr, sum: Sum, a: &IdedExpr, b: &IdedExpr) -> Checked {
        let (left, right) = (self.part(a), self.part(b));
        if left.1.kind == Kind::Text && right.1.kind == Kind::Text && sum == Sum::Add {
            let [left, right] = [(a, left), (b, right)].map(|(e, part)| Box::new(self.want(e, part, &[Kind::Text], "")));
            return (Node::Arithmetic(sum, left, right), Type::sure(Kind::Text));
        }
        if left.1.kind == Kind::Time || right.1.kind == Kind::Time {
            return self.wrong(e, "times are only compared, not reckoned with");
        }
        let kind = match (&left.1.kind, &right.1.kind) {
            (Kind::Int, Kind::Int) => Kind::Int,
            _ => Kind::Number,
        };
        let rule = if sum == Sum::Add { "`+` adds numbers or joins two texts" } else { "numbers are expected" };
        let [left, right] = [(a, left), (b, right)].map(|(e, part)| Box::new(self.want(e, part, &[Kind::Int, Kind::Number], rule)));
        (Node::Arithmetic(sum, left, right), Type::sure(kind))
    }

    pub(super) fn function(&mut self, e: &IdedExpr, name: &str, args: &[IdedExpr]) -> Checked {
        match (name, args) {
            ("has", [arg]) => match &arg.expr {
                Expr::Select(_) => {
                    let (node, _) = self.part(arg);
                    (Node::Not(Box::new(Node::Equal(Box::new(node), Box::new(Node::Null)))), Type::sure(Kind::Bool))
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
                let subject = self.want(target, subject, &[Kind::Text], "`matches` asks of text");
                let Expr::Literal(LiteralValue::String(pattern_text)) = &pattern.expr else {
                    return self.wrong(pattern, "the pattern must be a literal");
                };
                match Regex::new(pattern_text.inner()) {
                    Ok(pattern) => (Node::Matches(Box::new(subject), pattern), Type::sure(Kind::Bool)),
                    Err(error) => {
                        let said = error.to_string();
                        let last = said.lines().last().unwrap_or_default().trim_start_matches("error: ").to_string();
                        self.wrong(pattern, &format!("not a regular expression: {last}"))
                    }
                }
            }
            (_, [arg]) if test.is_some() => {
                let subject = self.part(target);
                if matches!(subject.1.kind, Kind::List(_)) && test == Some(TextTest::Contains) {
                    return self.wrong(e, "for lists write `x in list`");
                }
                let rule = format!("`{name}` asks of text");
                let subject = Box::new(self.want(target, subject, &[Kind::Text], &rule));
                let part = self.part(arg);
                let part = Box::new(self.want(arg, part, &[Kind::Text], &rule));
                (Node::TextTest(test.unwrap_or(TextTest::Contains), subject, part), Type::sure(Kind::Bool))
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
            Kind::List(_) | Kind::Wrong => node,
            _ => self.want(e, (node, kind), &[Kind::Text], "`size` counts a list or a text"),
        };
        (Node::Size(Box::new(node)), Type::sure(Kind::Int))
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
            Kind::List(of) => *of,
            Kind::Wrong => Type { kind: Kind::Wrong, nullable: true, words: &[] },
            _ => return self.wrong(over, &format!("`{name}` asks of a list, this is {}", list.name())),
        };
        let Expr::Ident(variable_name) = &variable.expr else {
            return self.wrong(variable, "a name for the entry is expected, as `d` in `exists(d, d.open)`");
        };
        self.item = Some((variable_name.clone(), of.clone()));
        let only = only.map(|e| {
            let checked = self.part(e);
            Box::new(self.want(e, checked, &[Kind::Bool], "the condition of `map` is a bool"))
        });
        let (body_node, kind) = self.part(body);
        let result = kind.clone();
        let over = Box::new(over_node);
        let checked = if name == "map" {
            (Node::Map { over, only, to: Box::new(body_node) }, Type::list(result))
        } else {
            let rule = format!("`{name}` asks a bool of each entry");
            let body = Box::new(self.want(body, (body_node, kind), &[Kind::Bool], &rule));
            match name {
                "exists" => (Node::Exists(over, body), Type::sure(Kind::Bool)),
                "all" => (Node::All(over, body), Type::sure(Kind::Bool)),
                "filter" => (Node::Filter(over, body), Type::list(of)),
                _ => (Node::ExistsOne(over, body), Type::sure(Kind::Bool)),
            }
        };
        self.item = None;
        checked
    }
}

fn plural(kind: &Type) -> &'static str {
    match kind.kind {
        Kind::Bool => "bools",
        Kind::Int | Kind::Number => "numbers",
        Kind::Text => "texts",
        Kind::Time => "times",
        Kind::List(_) => "lists",
        _ => "records",
    }
}
