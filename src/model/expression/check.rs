//! From the parser's tree to the checked one: names, types and places of mistakes.

use super::declared::{Declared, FieldSource, FieldType, Of, RELATIONSHIP, SYSTEM};
use super::error::ExpressionError;
use super::places::{self, SourcePlaces};
use super::scope::{NeededFacts, Scope};
use super::tree::{Node, Order, Sum};
use super::types::{Checked, PartKind, PartType, fits};
use crate::model::Name;
use cel::common::ast::{Expr, IdedExpr, LiteralValue, SelectExpr, SourceInfo, operators};
use std::ops::Range;

pub(super) struct TypeChecker<'s> {
    pub(super) places: SourcePlaces<'s>,
    scope: Scope,
    declared: &'s Declared,
    errors: Vec<ExpressionError>,
    /// What is right and hardly meant.
    doubts: Vec<ExpressionError>,
    needs: NeededFacts,
    /// The variable of the macro whose body this is.
    pub(super) item: Option<(String, PartType)>,
}

impl<'s> TypeChecker<'s> {
    pub(super) fn new(source: &'s str, scope: Scope, declared: &'s Declared, positions: &'s SourceInfo) -> TypeChecker<'s> {
        TypeChecker {
            places: SourcePlaces { source, positions },
            scope,
            declared,
            errors: Vec::new(),
            doubts: Vec::new(),
            needs: NeededFacts::default(),
            item: None,
        }
    }

    /// The mistakes, what is hardly meant, and what is asked for.
    pub(super) fn finish(mut self) -> (Vec<ExpressionError>, Vec<ExpressionError>, NeededFacts) {
        self.needs.person.sort();
        self.needs.person.dedup();
        self.needs.account.sort();
        self.needs.account.dedup();
        (self.errors, self.doubts, self.needs)
    }

    /// The whole expression, which answers yes or no.
    pub(super) fn whole(&mut self, e: &IdedExpr) -> Node {
        let checked = self.part(e);
        self.want(e, checked, &[PartKind::Bool], "the answer of an expression must be a bool")
    }

    pub(super) fn part(&mut self, e: &IdedExpr) -> Checked {
        match &e.expr {
            Expr::Literal(literal) => self.literal(e, literal),
            Expr::Ident(name) => self.variable(e, name),
            Expr::Select(select) => self.select(e, select),
            Expr::List(list) => self.list(&list.elements),
            Expr::Call(call) => match &call.target {
                Some(target) => self.method(e, target, &call.func_name, &call.args),
                None => self.operator(e, &call.func_name, &call.args),
            },
            Expr::Map(_) => self.wrong(e, "maps are not known here"),
            Expr::Struct(_) => self.wrong(e, "messages are not known here"),
            Expr::Comprehension(_) | Expr::Unspecified => self.wrong(e, "not known here"),
        }
    }

    fn literal(&mut self, e: &IdedExpr, literal: &LiteralValue) -> Checked {
        match literal {
            LiteralValue::Boolean(b) => (Node::Bool(*b.inner()), PartType::sure(PartKind::Bool)),
            LiteralValue::Int(i) => (Node::Int(*i.inner()), PartType::sure(PartKind::Int)),
            LiteralValue::UInt(u) => match i64::try_from(*u.inner()) {
                Ok(i) => (Node::Int(i), PartType::sure(PartKind::Int)),
                Err(_) => self.wrong(e, "too big a number"),
            },
            LiteralValue::Double(n) => (Node::Number(*n.inner()), PartType::sure(PartKind::Number)),
            LiteralValue::String(t) => (Node::Text(t.inner().into()), PartType::sure(PartKind::Text)),
            LiteralValue::Null => (Node::Null, PartType { nullable: true, ..PartType::sure(PartKind::Null) }),
            LiteralValue::Bytes(_) => self.wrong(e, "bytes are not known here"),
        }
    }

    fn variable(&mut self, e: &IdedExpr, name: &str) -> Checked {
        if let Some((item, kind)) = &self.item
            && item == name
        {
            return (Node::Item, kind.clone());
        }
        match (self.scope, name) {
            (Scope::Person, "deals") => {
                self.needs.deals = true;
                (Node::Deals, PartType::list(PartType::sure(PartKind::Record(Of::Deal))))
            }
            (Scope::Person, "tickets") => {
                self.needs.tickets = true;
                (Node::Tickets, PartType::list(PartType::sure(PartKind::Record(Of::Ticket))))
            }
            (Scope::Candidate, "value" | SYSTEM) => self.of_candidate(name),
            (Scope::Person, "person" | "account") | (Scope::Deal, "deal") | (Scope::Ticket, "ticket") => {
                self.wrong(e, &format!("a field is expected, as in `{name}.FIELD`"))
            }
            _ => {
                let known: &[&str] = match self.scope {
                    Scope::Person => &["person", "account", "deals", "tickets"],
                    Scope::Deal => &["deal"],
                    Scope::Ticket => &["ticket"],
                    Scope::Candidate => &["value", SYSTEM],
                };
                let item = self.item.iter().map(|(n, _)| n.as_str());
                let hint = hint(name, known.iter().copied().chain(item));
                self.wrong(e, &format!("there is no `{name}` here{hint}; known: {}", known.join(", ")))
            }
        }
    }

    /// What a record holds, which is never null: what is empty is not asked about.
    fn of_candidate(&mut self, name: &str) -> Checked {
        let (name, kind) = match self.declared.person.get_key_value(name) {
            Some((name, kind)) => (name.clone(), *kind),
            None => (Name::from(name), FieldType::Text),
        };
        let part = PartType::of_slot(Of::Person, &FieldSource::Declared(name.clone(), kind));
        self.needs.person.push(name.clone());
        let words = if &*name == SYSTEM { self.declared.systems.clone() } else { Vec::new() };
        (Node::PersonField(name, kind), PartType { nullable: false, words, ..part })
    }

    /// Of what kind of record a name is, if it is one.
    fn record(&self, e: &IdedExpr) -> Option<Of> {
        let Expr::Ident(name) = &e.expr else { return None };
        if let Some((item, kind)) = &self.item
            && item == name
        {
            return if let PartKind::Record(of) = kind.kind { Some(of) } else { None };
        }
        match (self.scope, name.as_str()) {
            (Scope::Person, "person") => Some(Of::Person),
            (Scope::Person, "account") => Some(Of::Account),
            (Scope::Deal, "deal") => Some(Of::Deal),
            (Scope::Ticket, "ticket") => Some(Of::Ticket),
            _ => None,
        }
    }

    fn select(&mut self, e: &IdedExpr, select: &SelectExpr) -> Checked {
        let at = self.places.field_range(e, &select.field);
        self.field(&select.operand, &select.field, at)
    }

    pub(super) fn field(&mut self, operand: &IdedExpr, field: &str, at: Range<usize>) -> Checked {
        let Some(of) = self.record(operand) else {
            let (_, kind) = self.part(operand);
            return match &kind.kind {
                PartKind::Wrong => (Node::Null, kind),
                PartKind::List(_) => self.wrong_at(at, &format!("a list has no fields; ask of its entries: `exists(x, x.{field} ...)`")),
                _ => self.wrong_at(at, &format!("{} has no fields", kind.name())),
            };
        };
        let Some(slot) = self.declared.slot(of, field) else {
            let what = PartType::sure(PartKind::Record(of)).name();
            let hint = match (of, field) {
                (Of::Person, RELATIONSHIP) => {
                    " here; [relationship] of policy.toml makes it, and its own rules cannot ask for it".to_string()
                }
                (Of::Account, _) => {
                    format!("{}; it needs a rule under [account] of precedence.toml", hint(field, self.declared.names(of)))
                }
                _ => hint(field, self.declared.names(of)),
            };
            return self.wrong_at(at, &format!("{what} has no field `{field}`{hint}"));
        };
        if matches!(slot, FieldSource::ClosedDays | FieldSource::QuietDays) {
            if self.scope != Scope::Person {
                return self.wrong_at(at, in_holds(&slot));
            }
            self.needs.days.note(of, &slot);
        }
        if slot == FieldSource::Relationship {
            return self.relationship(at);
        }
        let mut kind = PartType::of_slot(of, &slot);
        if let (Of::Ticket, FieldSource::Declared(name, FieldType::Text)) = (of, &slot) {
            kind.words = self.declared.ticket_words.get(name).cloned().unwrap_or_default();
            kind.has_others = true;
        }
        let is_item = matches!((&operand.expr, &self.item), (Expr::Ident(name), Some((item, _))) if item == name);
        let node = match (of, slot) {
            (Of::Person, FieldSource::Declared(name, kind)) => {
                self.needs.person.push(Name::clone(&name));
                Node::PersonField(name, kind)
            }
            (Of::Account, FieldSource::Declared(name, kind)) => {
                self.needs.account.push(Name::clone(&name));
                Node::AccountField(name, kind)
            }
            (_, slot) if is_item => Node::ItemField(slot),
            (_, slot) => {
                self.needs.record = true;
                Node::RecordField(slot)
            }
        };
        (node, kind)
    }

    /// The rules stand in the place of the name.
    fn relationship(&mut self, at: Range<usize>) -> Checked {
        if self.item.is_some() {
            let message =
                "the relationship is the person's, whatever the entry; ask for it outside of the macro: `person.relationship == .. && ..`";
            return self.wrong_at(at, message);
        }
        let declared = Declared { relationships: Vec::new(), ..self.declared.clone() };
        let mut rules = Vec::new();
        for (name, source) in &self.declared.relationships {
            let Ok((ast, positions)) = places::parse(source) else { continue };
            let mut checker = TypeChecker::new(source, Scope::Person, &declared, &positions);
            rules.push((checker.whole(&ast), Box::from(&**name)));
            // What is wrong with them is told where they stand.
            let (_, _, needs) = checker.finish();
            self.needs.take(&needs);
        }
        self.needs.relationship = true;
        let words = self.declared.relationships.iter().map(|(name, _)| name.clone()).collect();
        let kind = PartType::of_slot(Of::Person, &FieldSource::Relationship);
        (Node::FirstTrue(rules), PartType { words, ..kind })
    }

    fn list(&mut self, elements: &[IdedExpr]) -> Checked {
        let (mut nodes, mut all) = (Vec::new(), PartType::sure(PartKind::Null));
        for e in elements {
            let (node, kind) = self.part(e);
            match (&all.kind, &kind.kind) {
                (_, PartKind::Null | PartKind::Wrong) => {}
                (PartKind::Null, _) => all.kind = kind.kind.clone(),
                (PartKind::Int, PartKind::Number) => all.kind = PartKind::Number,
                _ if fits(&all, &kind) => {}
                _ => {
                    let message = format!("{} in a list of {}", kind.name(), all.name().trim_start_matches("a ").trim_start_matches("an "));
                    self.wrong(e, &message);
                }
            }
            all.nullable |= kind.nullable;
            nodes.push(node);
        }
        (Node::List(nodes), PartType::list(all))
    }

    fn operator(&mut self, e: &IdedExpr, name: &str, args: &[IdedExpr]) -> Checked {
        let yes_no = PartType::sure(PartKind::Bool);
        match (name, args) {
            (operators::LOGICAL_AND | operators::LOGICAL_OR, [a, b]) => {
                let [a, b] = [a, b].map(|x| {
                    let checked = self.part(x);
                    Box::new(self.want(x, checked, &[PartKind::Bool], "`&&` and `||` join bools"))
                });
                (if name == operators::LOGICAL_AND { Node::And(a, b) } else { Node::Or(a, b) }, yes_no)
            }
            (operators::LOGICAL_NOT, [a]) => {
                let checked = self.part(a);
                (Node::Not(Box::new(self.want(a, checked, &[PartKind::Bool], "`!` turns a bool"))), yes_no)
            }
            (operators::CONDITIONAL, [test, yes, no]) => {
                let checked = self.part(test);
                let test = self.want(test, checked, &[PartKind::Bool], "before `?` stands a bool");
                let ((yes_node, a), (no_node, b)) = (self.part(yes), self.part(no));
                if !fits(&a, &b) {
                    self.wrong(e, &format!("one side of `:` is {}, the other {}", a.name(), b.name()));
                }
                let kind = match (&a.kind, &b.kind) {
                    (PartKind::Null | PartKind::Wrong, _) | (PartKind::Int, PartKind::Number) => b.kind.clone(),
                    _ => a.kind.clone(),
                };
                let kind = PartType { nullable: a.nullable || b.nullable, ..PartType::sure(kind) };
                (Node::If(Box::new(test), Box::new(yes_node), Box::new(no_node)), kind)
            }
            (operators::EQUALS | operators::NOT_EQUALS, [a, b]) => {
                let (a, b) = self.comparable(e, a, b);
                let equal = Node::Equal(Box::new(a.0), Box::new(b.0));
                (if name == operators::EQUALS { equal } else { Node::Not(Box::new(equal)) }, yes_no)
            }
            (operators::LESS | operators::LESS_EQUALS | operators::GREATER | operators::GREATER_EQUALS, [a, b]) => {
                let (a, b) = self.comparable(e, a, b);
                if [&a.1, &b.1].iter().any(|t| matches!(t.kind, PartKind::Null | PartKind::List(_) | PartKind::Record(_))) {
                    self.wrong(e, &format!("{} and {} have no order", a.1.name(), b.1.name()));
                }
                let order = match name {
                    operators::LESS => Order::Less,
                    operators::LESS_EQUALS => Order::LessEqual,
                    operators::GREATER => Order::Greater,
                    _ => Order::GreaterEqual,
                };
                (Node::Ordered(order, Box::new(a.0), Box::new(b.0)), yes_no)
            }
            (operators::IN, [a, b]) => {
                let (a, b) = self.member(e, a, b);
                (Node::In(Box::new(a), Box::new(b)), yes_no)
            }
            (operators::ADD, [a, b]) => self.sum(e, Sum::Add, a, b),
            (operators::SUBSTRACT, [a, b]) => self.sum(e, Sum::Subtract, a, b),
            (operators::MULTIPLY, [a, b]) => self.sum(e, Sum::Multiply, a, b),
            (operators::DIVIDE, [a, b]) => self.sum(e, Sum::Divide, a, b),
            (operators::MODULO, [a, b]) => self.sum(e, Sum::Modulo, a, b),
            (operators::NEGATE, [a]) => {
                let (node, kind) = self.part(a);
                let numeric = if kind.is_numeric() { kind.kind.clone() } else { PartKind::Number };
                let node = self.want(a, (node, kind), &[PartKind::Int, PartKind::Number], "`-` turns a number");
                (Node::Negate(Box::new(node)), PartType::sure(numeric))
            }
            (operators::INDEX, [of, key]) => match (&key.expr, self.record(of)) {
                (Expr::Literal(LiteralValue::String(field)), Some(_)) => self.field(of, field.inner(), self.places.range(key)),
                _ => self.wrong(e, "a list has no order to count by; ask of its entries with `exists`, `all`, `filter`"),
            },
            _ => self.function(e, name, args),
        }
    }

    /// A part that must be of one of these kinds and not null when it is asked for.
    pub(super) fn want(&mut self, e: &IdedExpr, (node, kind): Checked, kinds: &[PartKind], rule: &str) -> Node {
        if kind.kind == PartKind::Wrong {
            return node;
        }
        if !kinds.contains(&kind.kind) {
            self.wrong(e, &format!("{rule}, this is {}", kind.name()));
            return node;
        }
        match kind.nullable {
            true => Node::NotNull(Box::new(node), self.places.source[self.places.range(e)].into()),
            false => node,
        }
    }

    pub(super) fn wrong(&mut self, e: &IdedExpr, message: &str) -> Checked {
        let at = self.places.range(e);
        self.wrong_at(at, message)
    }

    /// It is right, and hardly meant.
    pub(super) fn doubt(&mut self, e: &IdedExpr, message: String) {
        let at = self.places.range(e);
        self.doubts.push(ExpressionError { message, at });
    }

    pub(super) fn wrong_at(&mut self, at: Range<usize>, message: &str) -> Checked {
        self.errors.push(ExpressionError { message: message.to_string(), at });
        (Node::Null, PartType { nullable: true, ..PartType::sure(PartKind::Wrong) })
    }
}

/// Why a hold cannot ask for a number of days: time alone would end it, or begin it anew.
fn in_holds(days: &FieldSource) -> &'static str {
    match days {
        FieldSource::ClosedDays => {
            "a hold counts no days; how long it goes on after the end is said by `after`, as `after = { lost = \"30d\" }`"
        }
        _ => "a hold counts no days: that nothing changed is no end, and a hold ends only when the end is seen",
    }
}

/// "; did you mean `x`?" where one of the known names is near.
pub(super) fn hint<'n>(name: &str, known: impl Iterator<Item = &'n str>) -> String {
    let near = known.map(|k| (strsim::damerau_levenshtein(&name.to_lowercase(), k), k)).min();
    match near {
        Some((distance, k)) if distance <= 1 + k.chars().count() / 4 => format!("; did you mean `{k}`?"),
        _ => String::new(),
    }
}
