//! A person as expressions see it: fields as the merge makes them, each by its own condition.

use crate::decide::rules::StatusRule;
use crate::engine::rules::needs::Needs;
use crate::merge::rules::{FieldRule, Precedence, Strategy};
use crate::merge::{Leader, RulePart, Unknown, Winner};
use crate::model::expression::{Declared, EvaluationError, Expression, Facts};
use crate::model::{Name, Record, Time, Value};
use std::cell::RefCell;

/// What the merge makes of a field once it is known which part of its rule counts, and what became of the field that it follows. Of one system,
/// where that is named, nothing counts but what its records hold.
pub type JudgeField<'a, 'w> = dyn Fn(&FieldRule, &Name, RulePart, Leader<'w>, Option<&Name>) -> Result<Option<Winner<'w>>, Unknown> + 'a;

/// What a field of the person's account comes to.
pub type AccountFact<'a, 'w> = dyn Fn(&Name) -> Result<Option<Winner<'w>>, Unknown> + 'a;

/// Each condition is asked once, and only where something asks for its field: conditions ask for fields with conditions.
pub struct AskedPerson<'a, 'w> {
    precedence: &'a Precedence,
    needs: &'a Needs,
    /// The person's own, and whether there may be more.
    deals: (&'a [&'a Record], bool),
    tickets: (&'a [&'a Record], bool),
    /// Days are counted up to then.
    now: Time,
    judge: &'a JudgeField<'a, 'w>,
    account: &'a AccountFact<'a, 'w>,
    parts: RefCell<Vec<(Name, Asked)>>,
}

/// A rule whose conditions are being asked, or were.
#[derive(Clone)]
enum Asked {
    Asking,
    Said(Result<RulePart, EvaluationError>),
}

impl<'a, 'w> AskedPerson<'a, 'w> {
    pub fn new(
        precedence: &'a Precedence,
        needs: &'a Needs,
        deals: (&'a [&'a Record], bool),
        tickets: (&'a [&'a Record], bool),
        now: Time,
        judge: &'a JudgeField<'a, 'w>,
        account: &'a AccountFact<'a, 'w>,
    ) -> AskedPerson<'a, 'w> {
        AskedPerson { precedence, needs, deals, tickets, now, judge, account, parts: RefCell::default() }
    }

    /// The facts for expressions that ask for no more person fields than these.
    pub fn facts<'f>(&'f self, declared: &'f Declared) -> Facts<'f> {
        let facts = Facts::person(declared, &|name| self.field(name, None), self.deals.0, self.tickets.0, self.now);
        let facts = facts.with_account(declared, &|name| self.account_field(name));
        facts.with_more(self.deals.1, self.tickets.1)
    }

    /// Whether an expression is true of what one system alone holds of the person.
    pub fn is_true_by(&self, by: &Name, when: &Expression, declared: &Declared) -> Result<bool, EvaluationError> {
        let of = |all: &[&'a Record]| all.iter().copied().filter(|record| record.id.system == *by).collect::<Vec<_>>();
        let (deals, tickets) = (of(self.deals.0), of(self.tickets.0));
        let facts = Facts::person(declared, &|name| self.field(name, Some(by)), &deals, &tickets, self.now);
        when.test(&facts.with_more(self.deals.1, self.tickets.1))
    }

    /// The deals and tickets for each of which alone a status would be true, where it is not without any.
    pub fn witnesses<'f>(&'f self, rule: &'f StatusRule, declared: &'f Declared) -> impl Iterator<Item = &'a Record> + use<'f, 'a, 'w> {
        let by = rule.by.as_ref();
        let holds = move |deals: &[&Record], tickets: &[&Record]| {
            let facts = Facts::person(declared, &|name| self.field(name, by), deals, tickets, self.now);
            rule.when.test(&facts.with_account(declared, &|name| self.account_field(name))) == Ok(true)
        };
        let asks = (rule.when.needs_deals() || rule.when.needs_tickets()) && !holds(&[], &[]);
        let counts = move |record: &&Record| asks && by.is_none_or(|by| record.id.system == *by);
        let deals = self.deals.0.iter().copied().filter(counts).filter(move |deal| holds(&[deal], &[]));
        deals.chain(self.tickets.0.iter().copied().filter(counts).filter(move |ticket| holds(&[], &[ticket])))
    }

    /// Which part of a field's rule counts.
    pub fn part(&self, rule: &FieldRule, name: &Name) -> Result<RulePart, EvaluationError> {
        if rule.cases.is_empty() {
            return Ok(RulePart::Otherwise);
        }
        let name = rule.standing_for(name);
        let known = self.parts.borrow().iter().position(|(known, _)| known == name);
        if let Some(at) = known {
            return match &self.parts.borrow()[at].1 {
                // It asks for its own field: that is the value by the rule's first part.
                Asked::Asking => Ok(rule.first_part()),
                Asked::Said(said) => said.clone(),
            };
        }
        let at = self.parts.borrow().len();
        self.parts.borrow_mut().push((name.clone(), Asked::Asking));
        let said = self.first_that_holds(rule, name);
        self.parts.borrow_mut()[at].1 = Asked::Said(said.clone());
        said
    }

    /// A case that cannot be told hides those behind it: it might have been the one.
    fn first_that_holds(&self, rule: &FieldRule, name: &Name) -> Result<RulePart, EvaluationError> {
        let facts = self.facts(self.needs.of_condition(name));
        for (place, case) in rule.cases.iter().enumerate() {
            if case.when.test(&facts)? {
                return Ok(RulePart::Case(place));
            }
        }
        Ok(RulePart::Otherwise)
    }

    /// What became of the field that this part of a rule follows, or of the account's that it is.
    pub fn leader(&self, rule: &FieldRule, part: RulePart) -> Leader<'w> {
        let leading = match rule.strategy_of(part) {
            Some(Strategy::Other(leading)) => leading,
            Some(Strategy::Account(field)) => return Leader::of_account((self.account)(field)),
            _ => return Leader::Nothing,
        };
        let Some(rule) = self.precedence.rule(leading) else { return Leader::Nothing };
        match self.part(rule, leading) {
            // What is followed follows nothing itself: config refuses it.
            Ok(part) => Leader::of((self.judge)(rule, leading, part, Leader::Nothing, None)),
            Err(_) => Leader::Unknown(Unknown::Condition),
        }
    }

    /// `by`: only what this system's records hold counts.
    fn field(&self, name: &Name, by: Option<&Name>) -> Result<Option<Value>, EvaluationError> {
        let Some(rule) = self.precedence.rule(name) else { return Ok(None) };
        let part = self.part(rule, name)?;
        let judged = (self.judge)(rule, name, part, self.leader(rule, part), by);
        held(judged, || name.clone())
    }

    fn account_field(&self, name: &Name) -> Result<Option<Value>, EvaluationError> {
        held((self.account)(name), || format!("account.{name}").as_str().into())
    }
}

/// The value of a field, or why it cannot be told.
fn held(judged: Result<Option<Winner<'_>>, Unknown>, name: impl Fn() -> Name) -> Result<Option<Value>, EvaluationError> {
    judged.map(|winner| winner.map(|winner| winner.value.into_owned())).map_err(|unknown| match unknown {
        Unknown::Unreadable | Unknown::TooLarge => EvaluationError::Unreadable(name()),
        Unknown::NotRead | Unknown::Condition => EvaluationError::NotRead(name()),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Rules;
    use crate::engine::rules::in_force::tests::rules;
    use crate::merge::rules::Case;
    use crate::model::DealState;
    use crate::model::expression::{Expression, FieldType, Scope};
    use std::borrow::Cow;
    use std::cell::Cell;
    use std::collections::BTreeMap;

    /// Rules for text fields, each with conditions, `; ` between them, or none.
    fn rules_of(fields: &[(&str, Option<&str>)]) -> Rules {
        let mut all = Rules::clone(&rules("a", &[]));
        all.declared =
            Declared { person: fields.iter().map(|(name, _)| ((*name).into(), FieldType::Text)).collect(), ..Declared::default() };
        let declared = all.declared.clone();
        let rule = |whens: &Option<&str>| {
            let case = |when: &str| Case { when: Expression::compile(when, Scope::Person, &declared).unwrap(), strategy: Strategy::Never };
            let cases = whens.iter().flat_map(|whens| whens.split("; ")).map(case).collect();
            FieldRule { cases, ..FieldRule::of(Strategy::Only("crm".into()), "precedence.toml:2".into()) }
        };
        all.precedence.fields = fields.iter().map(|(name, when)| ((*name).into(), rule(when).into())).collect();
        all
    }

    /// How each field's condition comes out. `yes`: fields that are "yes" where their condition holds or they have none; all others, and
    /// where it does not hold, are "no".
    fn asked(rules: &Rules, yes: &[&str], names: &[&str]) -> (Vec<Option<RulePart>>, usize) {
        let (needs, judged) = (Needs::of(rules), Cell::new(0));
        let judge = |_: &FieldRule, name: &Name, part: RulePart, _: Leader<'static>, _: Option<&Name>| {
            judged.set(judged.get() + 1);
            if &**name == "torn" {
                return Err(Unknown::Unreadable);
            }
            let is_plain = rules.precedence.rule(name).is_some_and(|rule| rule.cases.is_empty());
            let holds = (part != RulePart::Otherwise || is_plain) && yes.contains(&&**name);
            let value = Cow::Owned(Value::text(if holds { "yes" } else { "no" }));
            Ok(Some(Winner { value, from: None, rivals: Vec::new() }))
        };
        let person = AskedPerson::new(&rules.precedence, &needs, (&[], false), (&[], false), Time(0), &judge, &|_| Ok(None));
        let told = names.iter().map(|name| person.part(rules.precedence.rule(&(*name).into()).unwrap(), &(*name).into()).ok());
        (told.collect(), judged.get())
    }

    #[test]
    fn a_condition_sees_what_other_conditions_lead_to_however_deep() {
        const TRUE: Option<RulePart> = Some(RulePart::Case(0));
        const FALSE: Option<RulePart> = Some(RulePart::Otherwise);
        let fields = [
            ("plain", None),
            ("one", Some("person.plain == 'yes'")),
            ("two", Some("person.one == 'yes'")),
            ("three", Some("person.two == 'yes' && person.one == 'yes'")),
            ("own", Some("person.own == 'yes'")),
            ("torn", None),
            ("lost", Some("person.torn == 'yes'")),
        ];
        let rules = rules_of(&fields);
        let names = ["plain", "one", "two", "three", "own", "lost"];
        let all = ["plain", "one", "two", "three", "own"];
        assert_eq!(asked(&rules, &all, &names).0, [FALSE, TRUE, TRUE, TRUE, TRUE, None]);
        // The first is no: then none of those that hang on it.
        assert_eq!(asked(&rules, &all[1..], &names).0, [FALSE, FALSE, FALSE, FALSE, TRUE, None]);
        let backwards: Vec<&str> = names.into_iter().rev().collect();
        assert_eq!(asked(&rules, &all[1..], &backwards).0, [None, TRUE, FALSE, FALSE, FALSE, FALSE]);
    }

    /// Twelve fields of which each asks for all before it: asked one by one by each other they would be asked thousands of times.
    #[test]
    fn each_condition_is_asked_once() {
        let names: Vec<String> = (0..12).map(|n| format!("f{n:02}")).collect();
        let whens: BTreeMap<&str, String> = names
            .iter()
            .enumerate()
            .skip(1)
            .map(|(n, name)| {
                (name.as_str(), names[..n].iter().map(|other| format!("person.{other} == 'yes'")).collect::<Vec<_>>().join(" || "))
            })
            .collect();
        let fields: Vec<(&str, Option<&str>)> =
            names.iter().map(|name| (name.as_str(), whens.get(name.as_str()).map(String::as_str))).collect();
        let (told, judged) = asked(&rules_of(&fields), &["f00"], &["f11"]);
        assert_eq!(told, [Some(RulePart::Case(0))]);
        assert_eq!(judged, (1..12).sum::<usize>(), "each pair once");
    }

    #[test]
    fn what_the_account_has_is_asked_for_by_rules_and_expressions() {
        let mut rules = rules_of(&[]);
        let own = FieldRule::of(Strategy::Account("size".into()), "precedence.toml:2".into());
        rules.precedence.fields = [("size".into(), own.clone().into())].into_iter().collect();
        let (size, industry) = (("size".into(), FieldType::Int), ("industry".into(), FieldType::Text));
        let declared = Declared { person: [size.clone()].into(), account: [size, industry].into(), ..Declared::default() };
        let needs = Needs::of(&rules);
        let judge = |_: &FieldRule, _: &Name, _: RulePart, leader: Leader<'static>, _: Option<&Name>| match leader {
            Leader::Account(winner) => Ok(Some(winner)),
            Leader::Unknown(unknown) => Err(unknown),
            _ => Ok(None),
        };
        for (fact, person, account) in [
            (Ok(Some(50)), Ok(true), Ok(true)),
            (Ok(Some(3)), Ok(false), Ok(false)),
            (Ok(None), Ok(false), Ok(false)),
            (Err(Unknown::NotRead), Err("size"), Err("account.size")),
        ] {
            let value = |size: i64| Winner { value: Cow::Owned(Value::Int(size)), from: None, rivals: Vec::new() };
            let fact = |name: &Name| if &**name == "size" { fact.map(|size| size.map(value)) } else { Ok(None) };
            let asked = AskedPerson::new(&rules.precedence, &needs, (&[], false), (&[], false), Time(0), &judge, &fact);
            for (when, want) in [("person.size > 9", person), ("account.size > 9", account), ("account.industry != null", Ok(false))] {
                let said = Expression::compile(when, Scope::Person, &declared).unwrap().test(&asked.facts(&declared));
                assert_eq!(said, want.map_err(|field| EvaluationError::NotRead(field.into())), "{when}");
            }
        }
    }

    /// The CRM holds a score of 120 and a deal that is open, the MA a score of 10 and a won deal.
    #[test]
    fn by_one_system_only_what_it_holds_counts_and_what_alone_is_enough_is_told() {
        let deal = |id: &str, state| {
            let mut deal = Record::new(id.parse().unwrap());
            deal.deal = Some(state);
            deal
        };
        let (open, won) = (deal("crm:deal:1", DealState::Open), deal("ma:deal:2", DealState::Won));
        let deals = [&open, &won];
        let rules = rules_of(&[("score", None)]);
        let needs = Needs::of(&rules);
        let judge = |_: &FieldRule, _: &Name, _: RulePart, _: Leader<'static>, by: Option<&Name>| {
            let score = if by.is_some_and(|by| **by == *"ma") { 10 } else { 120 };
            Ok(Some(Winner { value: Cow::Owned(Value::Int(score)), from: None, rivals: Vec::new() }))
        };
        let asked = AskedPerson::new(&rules.precedence, &needs, (&deals, false), (&[], false), Time(0), &judge, &|_| Ok(None));
        let declared = Declared { person: [("score".into(), FieldType::Int)].into(), ..Declared::default() };
        for (when, by, holds, witnesses) in [
            ("deals.exists(d, d.open)", None, true, &["crm:deal:1"][..]),
            ("deals.exists(d, d.open)", Some("crm"), true, &["crm:deal:1"]),
            ("deals.exists(d, d.open)", Some("ma"), false, &[]),
            ("deals.exists(d, d.open || d.won)", None, true, &["crm:deal:1", "ma:deal:2"]),
            ("deals.exists(d, d.open || d.won)", Some("ma"), true, &["ma:deal:2"]),
            ("person.score >= 100", None, true, &[]),
            ("person.score >= 100", Some("crm"), true, &[]),
            ("person.score >= 100", Some("ma"), false, &[]),
            ("size(deals) > 1", None, true, &[]),
            ("person.score >= 100 || deals.exists(d, d.won)", None, true, &[]),
        ] {
            let when = Expression::compile(when, Scope::Person, &declared).unwrap();
            let rule = StatusRule { name: "x".into(), when: when.clone(), by: by.map(Name::from), rule: "policy.toml:2".into() };
            let said = match &rule.by {
                None => when.test(&asked.facts(&declared)),
                Some(by) => asked.is_true_by(by, &when, &declared),
            };
            let told: Vec<String> = asked.witnesses(&rule, &declared).map(|deal| deal.id.to_string()).collect();
            assert_eq!((said, told), (Ok(holds), witnesses.iter().map(ToString::to_string).collect()), "{when} by {by:?}");
        }
    }

    /// Such rules are refused at load; those that an older version took end all the same.
    #[test]
    fn conditions_that_ask_for_each_other_end() {
        let rules = rules_of(&[("a", Some("person.b == 'yes'")), ("b", Some("person.a == 'yes'"))]);
        assert_eq!(asked(&rules, &["a", "b"], &["a"]).0, [Some(RulePart::Case(0))]);
    }

    #[test]
    fn the_first_case_that_holds_counts_and_one_that_cannot_be_told_hides_the_rest() {
        let rules = rules_of(&[
            ("plain", None),
            ("torn", None),
            ("second", Some("person.plain == 'no'; person.plain == 'yes'; person.torn == 'yes'")),
            ("none", Some("person.plain == 'no'; person.plain == 'x'")),
            ("hidden", Some("person.torn == 'yes'; person.plain == 'yes'")),
        ]);
        let told = asked(&rules, &["plain"], &["second", "none", "hidden"]).0;
        assert_eq!(told, [Some(RulePart::Case(1)), Some(RulePart::Otherwise), None]);
    }
}
