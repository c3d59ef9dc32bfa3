//! Small texts: addresses, record ids, durations, expressions.

use super::change::{Tape, text};
use nayose::model::expression::{Declared, Facts, Scope};
use nayose::model::{Address, Entity, Expression, Record, RecordId, Span, Time, visible_line};

#[test]
fn addresses() {
    let seeds =
        ["hanako.mori@acme.example", "\"a b\"@xn--r8jz45g.example", "Ｈ@例え.テスト", "a@[127.0.0.1]", "<Mori> mori+x@sub.acme.example"];
    fuzz!(|tape: &mut Tape<'_>| {
        let seed = *tape.pick(&seeds);
        if let Some(address) = Address::parse(&text(seed, tape)) {
            assert_eq!(Address::parse(address.as_str()), Some(address.clone()), "its normal form has another");
            assert!(!address.local().is_empty());
        }
    });
}

#[test]
fn record_ids() {
    let seeds = ["crm:person:5", "ma:deal_person:a:b:c", "support:ticket:名"];
    fuzz!(|tape: &mut Tape<'_>| {
        let seed = *tape.pick(&seeds);
        if let Ok(id) = text(seed, tape).parse::<RecordId>() {
            let shown = id.to_string();
            assert!(shown.ends_with(&*visible_line(&id.id)), "it does something to a terminal");
            // What acts on one is not shown as it is.
            if visible_line(&id.id) == *id.id {
                assert_eq!(shown.parse::<RecordId>().ok(), Some(id));
            }
        }
    });
}

#[test]
fn durations() {
    let seeds = ["500ms", "60s", "15m", "2h", "30d", "106751991167d"];
    fuzz!(|tape: &mut Tape<'_>| {
        let seed = *tape.pick(&seeds);
        if let Ok(span) = text(seed, tape).parse::<Span>() {
            assert_eq!(span.to_string().parse::<Span>().ok(), Some(span));
        }
    });
}

/// An expression of each scope, over the fields that the shipped example knows.
#[test]
fn expressions() {
    let declared = super::config::shipped().rules.declared.clone();
    let seeds = [
        (Scope::Person, "deals.exists(d, d.open && d.amount > 1000000) || person.score >= 100"),
        (Scope::Person, "person.email != null && person.email.endsWith(\"@acme.example\") ? size(deals) > 2 : false"),
        (Scope::Deal, "deal.open && deal.stage in [\"proposal\", \"negotiation\"] && deal.amount - 1.5 > 0.0"),
        (Scope::Ticket, "ticket.open && (ticket.priority == \"urgent\" || !ticket.closed)"),
    ];
    fuzz!(|tape: &mut Tape<'_>| {
        let (scope, seed) = *tape.pick(&seeds);
        let source = text(seed, tape);
        match Expression::compile(&source, scope, &declared) {
            Ok(expression) => answers(&expression, &declared),
            Err(errors) => {
                assert!(!errors.is_empty());
                for error in errors {
                    assert!(error.at.start <= error.at.end && error.at.end <= source.len(), "{error:?} lies outside of {source:?}");
                }
            }
        }
    });
}

/// What was accepted can be asked; it may say that it has no answer.
fn answers(expression: &Expression, declared: &Declared) {
    let empty = |entity| Record::new(RecordId::new("crm", entity, "1"));
    let _ = match expression.scope() {
        Scope::Person => expression.test(&Facts::person(declared, &|_| Ok(None), &[], &[], Time(0))),
        Scope::Deal => expression.test(&Facts::deal(&empty(Entity::Deal))),
        Scope::Ticket => expression.test(&Facts::ticket(&empty(Entity::Ticket))),
        Scope::Candidate => expression.test(&Facts::candidate(&nayose::model::Value::text("a"), "crm")),
    };
}
