use super::*;
use crate::model::{DealState, Entity, Presence, Record, RecordId, TicketState, Time, Value};
use proptest::prelude::*;

mod in_days;
mod relationship;
mod unknown;
mod words;

fn declared() -> Declared {
    let fields = |all: &[(&str, FieldType)]| all.iter().map(|(n, k)| (Name::from(*n), *k)).collect();
    use FieldType::*;
    Declared {
        person: fields(&[
            ("lead_status", Text),
            ("title", Text),
            ("score", Int),
            ("rate", Number),
            ("vip", Bool),
            ("seen", Time),
            ("born", Time),
            ("tags", List),
        ]),
        deal: fields(&[("stage", Text), ("amount", Number), ("count", Int), ("close_date", Time), ("tags", List)]),
        ticket: fields(&[("priority", Text), ("vip", Bool)]),
        account: fields(&[("industry", Text), ("employees", Int), ("listed", Bool), ("torn", Text)]),
        ..Declared::default()
    }
}

fn person(scope_source: &str) -> Result<Expression, Vec<ExpressionError>> {
    Expression::compile(scope_source, Scope::Person, &declared())
}

fn deal(id: &str, state: Option<DealState>, fields: &[(&str, Value)]) -> Record {
    let mut record = Record::new(RecordId::new("crm", Entity::Deal, id));
    record.deal = state;
    fields.iter().for_each(|(n, v)| record.set(&Name::from(*n), v.clone(), Time(1)));
    record
}

fn ticket(state: TicketState, priority: &str) -> Record {
    let mut record = Record::new(RecordId::new("support", Entity::Ticket, "1"));
    record.ticket = Some(state);
    record.set(&"priority".into(), Value::text(priority), Time(1));
    record
}

/// Asks about 部長 山田 with an open deal of 600, a lost one of which nothing is known, and an urgent open ticket.
fn ask(source: &str) -> Result<bool, EvaluationError> {
    let expression = person(source).unwrap_or_else(|e| panic!("{source}: {e:?}"));
    let fields = |name: &Name| {
        Ok(Some(match &**name {
            "title" => Value::text("営業部長 Sales"),
            "score" => Value::Int(99),
            "rate" => Value::Number(99.5),
            "vip" => Value::Empty,
            "seen" => Value::Time("2026-01-31T00:00:00Z".parse::<jiff::Timestamp>().map(|t| Time(t.as_millisecond())).unwrap()),
            "born" => Value::Date(crate::model::Date::parse("1980-04-01").unwrap()),
            "tags" => Value::list(["展示会", "vip"]),
            _ => return Ok(None),
        }))
    };
    let open =
        deal("1", Some(DealState::Open), &[("stage", Value::text("提案")), ("amount", Value::Number(600.0)), ("count", Value::Int(3))]);
    let lost = deal("2", Some(DealState::Lost), &[]);
    let urgent = ticket(TicketState::Open, "urgent");
    let account = |name: &Name| match &**name {
        "industry" => Ok(Some(Value::text("製造業"))),
        "employees" => Ok(Some(Value::Int(1200))),
        "torn" => Err(EvaluationError::NotRead("account.torn".into())),
        _ => Ok(None),
    };
    let declared = declared();
    let (deals, tickets) = ([&open, &lost], [&urgent]);
    let facts = Facts::person(&declared, &fields, &deals, &tickets, Time(0)).with_account(&declared, &account);
    expression.test(&facts)
}

#[test]
fn answers() {
    for (source, want) in [
        ("true", true),
        ("1 + 2 * 3 == 7 && !false", true),
        ("deals.exists(d, d.open)", true),
        ("deals.exists(d, d.won)", false),
        ("deals.all(d, d.open || d.lost)", true),
        ("deals.exists_one(d, d.lost)", true),
        ("deals.filter(d, d.open && d.stage in ['提案', '見積']).size() == 1", true),
        ("size(deals.map(d, d.open, d.stage)) == 1", true),
        ("'提案' in deals.map(d, d.stage)", true),
        ("deals.exists(d, d.state == 'lost') && tickets.exists(t, t.open && t.priority == \"urgent\")", true),
        ("deals.exists(d, d.amount > 500)", true),
        ("deals.exists(d, d.amount * 2 > 1199 && d.amount != null)", true),
        ("person.title.contains('部長')", true),
        ("person.title.startsWith('営業') && person.title.endsWith('Sales')", true),
        ("person.title.matches('(?i)sales|ceo')", true),
        ("person.title.size() == 10", true),
        ("person.score >= 99 && person.score < 99.5 && person.rate > person.score", true),
        ("person.score + 0.5 == person.rate", true),
        ("person.lead_status == 'qualified'", false),
        ("person.lead_status != 'qualified'", true),
        ("has(person.title) && !has(person.lead_status)", true),
        ("person['title'] != null", true),
        ("'vip' in person.tags && size(person.tags) == 2", true),
        ("person.tags.exists(t, t.startsWith('展'))", true),
        ("person.seen >= '2026-01-31' && person.seen < \"2026-01-31T09:00:01+09:00\"", true),
        ("person.seen in ['2026-01-31']", true),
        ("person.born == '1980-04-01' && person.born < timestamp('1980-04-01T00:00:01Z')", true),
        ("person.seen == timestamp('2026-01-31T00:00:00Z')", true),
        ("account.industry == '製造業' && account.employees >= 1000 && account['employees'] < 2000", true),
        ("has(account.industry) && !has(account.listed) && account.listed == null", true),
        ("account.industry == 'x' && account.torn == 'x'", false),
        ("(person.score > 50 ? 'hot' : 'cold') == 'hot'", true),
        ("person.score in [98, 99.0]", true),
        ("7 / 2 == 3 && 7 % 2 == 1 && -7 < 0", true),
        ("'a' + 'b' == 'ab'", true),
    ] {
        // What may be null is guarded here only where the check asks for it.
        let guarded = source
            .replace("person.title.", "person.title != null && person.title.")
            .replace("person.score + ", "person.score != null && person.score + ")
            .replace("d.amount * 2", "d.amount != null && d.amount * 2");
        assert_eq!(ask(&guarded), Ok(want), "{source}");
    }
}

#[test]
fn an_ordered_comparison_with_null_is_false() {
    for op in ["<", "<=", ">", ">="] {
        for (a, b) in [("person.lead_status", "'a'"), ("'a'", "person.lead_status"), ("person.lead_status", "person.title")] {
            assert_eq!(ask(&format!("{a} {op} {b}")), Ok(false), "{a} {op} {b}");
            assert_eq!(ask(&format!("!({a} {op} {b})")), Ok(true), "!({a} {op} {b})");
        }
        assert_eq!(ask(&format!("deals.all(d, d.amount {op} 1)")), Ok(false), "{op}: one deal has no amount");
    }
    for (source, want) in [
        ("person.lead_status == null", true),
        ("null == person.lead_status", true),
        ("person.vip == true", false),
        ("person.vip != true", true),
        ("person.vip == false", false),
    ] {
        assert_eq!(ask(source), Ok(want), "{source}");
    }
}

/// Source, the text that the mistake is at, and what its message says.
#[test]
fn mistakes_have_a_place_and_a_hint() {
    for (source, at, says) in [
        ("person.lead_statsu == 'x'", "lead_statsu", "did you mean `lead_status`?"),
        ("account.industri == 'x'", "industri", "did you mean `industry`?; it needs a rule under [account]"),
        ("account", "account", "`account.FIELD`"),
        ("acount.industry == 'x'", "acount", "did you mean `account`?"),
        ("account.employees == 'x'", "account.employees == 'x'", "an int is compared with text"),
        ("persn.title == 'x'", "persn", "did you mean `person`?"),
        ("deal.open", "deal", "there is no `deal` here"),
        ("'日本語' == person.titel", "titel", "did you mean `title`?"),
        ("deals.exists(d, d.opne)", "opne", "did you mean `open`?"),
        ("deals.exists(d, d.closed)", "closed", "a deal has no field `closed`"),
        ("tickets.exists(t, t.won)", "won", "a ticket has no field `won`"),
        ("deals.exists(d, x.open)", "x", "there is no `x` here"),
        ("deals.exist(d, d.open)", "deals.exist(d, d.open)", "did you mean `exists`?"),
        ("deals.open", "open", "exists(x, x.open"),
        ("person", "person", "`person.FIELD`"),
        ("person.score", "person.score", "must be a bool, this is an int"),
        ("person.score == 'x'", "person.score == 'x'", "an int is compared with text"),
        ("true || person.title > 5", "person.title > 5", "text is compared with an int"),
        ("person.score && true", "person.score", "join bools, this is an int"),
        ("person.title + 1 == 'x'", "person.title", "adds numbers or joins two texts"),
        ("person.vip", "person.vip", "may be null; ask first"),
        ("person.title.contains('x')", "person.title", "may be null; ask first"),
        ("person.score + 1 > 5", "person.score", "may be null; ask first"),
        ("tickets.exists(t, t.open && t.vip)", "t.vip", "`t.vip == true`"),
        ("deals.exists(d, d.state == 'closed')", "'closed'", "known: open, won, lost, unknown"),
        ("deals.exists(d, d.state in ['won', 'lots'])", "'lots'", "did you mean `lost`?"),
        ("person.seen > 'yesterday'", "'yesterday'", "a time is written \"2026-01-31\""),
        ("person.seen > 5", "person.seen > 5", "a time is compared with an int"),
        ("person.title in person.title", "person.title in person.title", "a.contains(b)"),
        ("5 in person.tags", "5 in person.tags", "an int is looked for in a list of texts"),
        ("person.tags.contains('x')", "person.tags.contains('x')", "write `x in list`"),
        ("deals[0].open", "deals[0]", "no order to count by"),
        ("deals.exists(d, tickets.exists(t, t.open))", "tickets.exists(t, t.open)", "inside another macro"),
        ("person.title != null && person.title.matches('(')", "'('", "not a regular expression"),
        ("{'a': 1} == null", "{", "maps are not known"),
        ("deals.exists(d.open)", "deals.exists(d.open)", "another number of arguments"),
        ("person.score < null", "person.score < null", "no order"),
        ("[1, 'a'] == null", "'a'", "text in a list of int"),
        ("person.score >", "", "not readable"),
        ("person.title == '日本語' ) ", ")", "not readable"),
        ("person.title == '日本語' && person.titel == '山田'", "titel", "did you mean"),
        ("person.title == '日本語\u{20bb7}' && persn.title == '山田'", "persn", "did you mean"),
        ("true ||\n  person.title == '日本' !! true", "!!", "not readable"),
        ("person.score > 1 &&& true", "&", "not readable"),
        ("", "", "an expression is expected"),
    ] {
        let errors = person(source).expect_err(source);
        let first = &errors[0];
        assert!(first.message.contains(says), "{source}: {}", first.message);
        let found = &source[first.at.clone()];
        assert!(found == at || (says == "not readable" && (found.starts_with(at))), "{source}: at {found:?}, {}", first.message);
    }
}

#[test]
fn every_mistake_is_told_at_once() {
    let errors = person("person.a == 1 || person.b == 2 || deals.exists(d, d.c)").unwrap_err();
    assert_eq!(errors.len(), 3, "{errors:?}");
}

#[test]
fn other_scopes() {
    let compile = |source, scope| Expression::compile(source, scope, &declared());
    let open = deal("1", Some(DealState::Open), &[("amount", Value::Int(700))]);
    let when = compile("deal.open && deal.amount > 600 && deal['stage'] == null", Scope::Deal).unwrap();
    assert_eq!(when.test(&Facts::deal(&open)), Ok(true));
    assert_eq!(when.test(&Facts::ticket(&open)), Err(EvaluationError::OtherScope));
    let urgent = compile("ticket.open && ticket.priority == \"urgent\"", Scope::Ticket).unwrap();
    assert_eq!(urgent.test(&Facts::ticket(&ticket(TicketState::Unknown, "urgent"))), Ok(true));
    assert_eq!(urgent.test(&Facts::ticket(&ticket(TicketState::Closed, "urgent"))), Ok(false));
    assert!(compile("person.score > 1", Scope::Deal).is_err() && compile("deals.exists(d, d.open)", Scope::Ticket).is_err());
}

#[test]
fn what_is_not_known_of_a_deal_counts_as_open() {
    let open = Expression::compile("deal.open", Scope::Deal, &declared()).unwrap();
    let unknown = Expression::compile("deal.state == 'unknown'", Scope::Deal, &declared()).unwrap();
    let gone = Expression::compile("deal.gone", Scope::Deal, &declared()).unwrap();
    let mut record = deal("1", None, &[]);
    for state in [None, Some(DealState::Unknown)] {
        record.deal = state;
        assert_eq!((open.test(&Facts::deal(&record)), unknown.test(&Facts::deal(&record))), (Ok(true), Ok(true)));
    }
    record.presence = Presence::Gone(Time(5));
    assert_eq!((open.test(&Facts::deal(&record)), gone.test(&Facts::deal(&record))), (Ok(true), Ok(true)));
}

#[test]
fn failures_at_run_time_say_what_and_where() {
    let count = Expression::compile("deal.count != null && 10 / deal.count > 1", Scope::Deal, &declared()).unwrap();
    let zero = deal("1", None, &[("count", Value::Int(0))]);
    assert!(matches!(count.test(&Facts::deal(&zero)), Err(EvaluationError::Arithmetic(_))));
    let wrong = deal("1", None, &[("count", Value::text("三"))]);
    let error = count.test(&Facts::deal(&wrong)).unwrap_err();
    assert_eq!(error.to_string(), "field `count` holds text where an int was declared");
    // As in CEL, what decides by itself decides beside an error too.
    let either = Expression::compile("deal.count != null && 10 / deal.count > 1 || deal.open", Scope::Deal, &declared());
    assert_eq!(either.map(|e| e.test(&Facts::deal(&zero))).ok(), Some(Ok(true)));
}

#[test]
fn long_lists_are_held() {
    let one = deal("1", Some(DealState::Lost), &[]);
    let many = vec![&one; LIST_MAX + 1];
    let none = |_: &Name| Ok(None);
    let declared = declared();
    let facts = |deals| Facts::person(&declared, &none, deals, &[], Time(0));
    let open = person("deals.exists(d, d.open)").unwrap();
    assert_eq!(open.test(&facts(&many[..LIST_MAX])), Ok(false));
    assert!(matches!(open.test(&facts(&many)), Err(EvaluationError::TooMany { what: "deals", .. })));
    assert_eq!(person("tickets.exists(t, t.open)").unwrap().test(&facts(&many)), Ok(false), "deals are not asked about");
}

#[test]
fn says_what_it_reads() {
    let all = person("person.score > 1 || person.title == 'x' || person.score < -5 || deals.exists(d, d.open)").unwrap();
    assert_eq!(all.person_fields().iter().map(|n| &**n).collect::<Vec<_>>(), ["score", "title"]);
    assert_eq!((all.needs_person(), all.needs_deals(), all.needs_tickets(), all.constant()), (true, true, false, None));
    let lead = person("true").unwrap();
    assert_eq!((lead.needs_person(), lead.needs_deals(), lead.constant()), (false, false, Some(true)));
    assert_eq!(declared().narrowed([&all, &lead]).person.len(), 2);
    assert_eq!(format!("{lead:?}"), "Expression(\"true\")");
    fn is_shared<T: Send + Sync + Clone + 'static>(_: &T) {}
    is_shared(&lead);
}

#[test]
fn hostile_sources_end() {
    for source in [
        "(".repeat(5000),
        format!("{}true", "!".repeat(4001)),
        "[".repeat(500),
        format!("true{}", " || true".repeat(1000)),
        "a.".repeat(3000),
    ] {
        // Either answer will do; it must come.
        let _ = person(&source);
    }
    assert!(person(&" ".repeat(20_000)).is_err());
}

/// Our answers are CEL's, wherever CEL has one.
#[test]
fn agrees_with_the_interpreter_of_cel() {
    let d = deal("1", Some(DealState::Open), &[("stage", Value::text("提案")), ("amount", Value::Number(2.5)), ("count", Value::Int(3))]);
    let atoms = [
        "deal.open",
        "deal.won",
        "deal.count > 2",
        "deal.amount <= 2.5",
        "deal.count == 3.0",
        "deal.stage == '提案'",
        "1 / 0 > 1",
        "deal.stage.startsWith('提')",
        "deal.count in [1, 3]",
        "deal.count * 2 - 7 == -1",
        "deal.count % 2 == 1",
        "deal.stage.size() == 2",
        "[1, 2, 3].exists_one(x, x > deal.count - 1)",
        "[1, 2].map(x, x * 2) == [2, 4]",
        "['a'].all(x, x in ['a', 'b'])",
        "[1, 2, 3].filter(x, x % 2 == 1).size() == 2",
        "deal.stage.matches('^提')",
        "'a' < 'b'",
    ];
    let mut context = cel::Context::default();
    let map = std::collections::HashMap::from([
        ("open", cel::Value::from(true)),
        ("won", cel::Value::from(false)),
        ("count", cel::Value::Int(3)),
        ("amount", cel::Value::Float(2.5)),
        ("stage", cel::Value::from("提案")),
    ]);
    context.add_variable_from_value("deal", map);
    // The guard lets through what is refused for possible nulls only.
    let guard = "deal.stage != null && deal.count != null && ";
    for (a, b) in atoms.iter().flat_map(|a| atoms.iter().map(move |b| (a, b))) {
        for source in [format!("{a} && {b}"), format!("{a} || !({b})"), format!("({a}) ? ({b}) : !({a})")] {
            let source = format!("{guard}({source})");
            let ours = Expression::compile_here(&source, Scope::Deal, &declared())
                .unwrap_or_else(|e| panic!("{source}: {e:?}"))
                .test(&Facts::deal(&d));
            let theirs = cel::Program::compile(&source).unwrap().execute(&context);
            match theirs {
                Ok(cel::Value::Bool(theirs)) => assert_eq!(ours, Ok(theirs), "{source}"),
                other => assert!(ours.is_err(), "{source}: {ours:?} {other:?}"),
            }
        }
    }
}

proptest! {
    #[test]
    fn numbers_compare_exactly(a in any::<i64>(), b in any::<f64>()) {
        let exact = if b.is_nan() { None } else if b >= 9.3e18 { Some(std::cmp::Ordering::Less) } else if b <= -9.3e18 { Some(std::cmp::Ordering::Greater) }
            else { Some((a as i128 * 1_000).cmp(&((b.trunc() as i128) * 1_000 + (b.fract().signum() * f64::from(b.fract() != 0.0)) as i128))) };
        prop_assert_eq!(crate::model::value::compare_int(a, b), exact);
    }

    #[test]
    fn any_text_is_read_or_refused(source in "[a-z.()!&|<>=' 0-9,日本]{0,40}") {
        if let Err(errors) = Expression::compile_here(&source, Scope::Person, &declared()) {
            prop_assert!(errors.iter().all(|e| source.get(e.at.clone()).is_some()), "{:?}", errors);
        }
    }
}

#[test]
fn nesting_without_end_is_a_mistake_and_no_end_of_the_process() {
    let declared = declared();
    for part in ["-1", "+ 1 ", ".a", "[0]", "!", "(", "[", "? true : ", "== ", "&& deal.open ", "|| deal.open ", "#", "{"] {
        for times in [150, 950, 3_000] {
            let source = format!("deal.open {}", part.repeat(times));
            let made = Expression::compile(&source[..source.len().min(SOURCE_BYTES_MAX)], Scope::Deal, &declared);
            if let Ok(expression) = made {
                assert_eq!(
                    expression.test(&Facts::deal(&deal("1", Some(DealState::Open), &[]))),
                    Ok(part == "|| deal.open " || part == "&& deal.open ")
                );
            }
        }
    }
    let many = vec!["deal.stage == \"won\""; 190].join(" || ");
    assert!(Expression::compile(&many, Scope::Deal, &declared).is_ok(), "a long list of alternatives is one that people write");
}
