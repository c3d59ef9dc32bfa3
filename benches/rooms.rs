//! What one person costs in each room: connector, link, merge, decide, and the store. `cargo bench --bench rooms`; a word after `--` picks some.

use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};
use nayose::connector::raw::json::Document;
use nayose::decide::phase::phase;
use nayose::decide::rules::{After, HoldRule, HoldScope};
use nayose::decide::standing::{Brief, Kinds, Standing};
use nayose::link::{Key, LinkRules, component, keys};
use nayose::merge::rules::{Band, FieldRule, Strategy};
use nayose::merge::valid::Valid;
use nayose::merge::{Candidate, Circumstances, Leader, RulePart, UnreadSystems, judge};
use nayose::model::expression::{Declared, FieldType, Scope};
use nayose::model::{Age, Basis, DealState, Entity, Expression, Mail, MailKind, Reason, Record, RecordId, Span, Time, Value};
use nayose::store::{PendingChanges, State, StateInfo, StateUrl};
use std::collections::HashMap;
use std::hint::black_box;
use std::time::Duration;

const NOW: Time = Time(1_795_212_000_000);

fn person(system: &str, n: usize, name: &str) -> Record {
    let mut record = Record::new(RecordId::new(system, Entity::Person, n.to_string()));
    for (field, text) in [("email", format!("taro{n}@acme.example")), ("name", name.to_string()), ("phone", format!("+81 3 {n:08}"))] {
        record.set(&field.into(), Value::text(&text), NOW);
    }
    record
}

/// A page as CRMs give it: a hundred records of twenty-four fields, some with escapes.
fn connector(c: &mut Criterion) {
    let record = |n: usize| {
        let field = |i: usize| {
            format!("\"field_number_{i}\":\"value {} of {n}\"", if i.is_multiple_of(8) { "\\u5c71\\u7530 太郎" } else { "plain" })
        };
        let fields: Vec<String> = (0..24).map(field).collect();
        format!("{{\"id\":\"{n}\",\"properties\":{{{}}},\"updatedAt\":\"2026-11-20T22:00:00Z\",\"archived\":false}}", fields.join(","))
    };
    let page =
        format!("{{\"results\":[{}],\"paging\":{{\"next\":{{\"after\":\"100\"}}}}}}", (0..100).map(record).collect::<Vec<_>>().join(","));
    let mut group = c.benchmark_group("connector");
    group.throughput(Throughput::Bytes(page.len() as u64));
    group.bench_function("a page of 100 records parsed", |b| {
        b.iter(|| Document::parse(black_box(page.as_bytes())).expect("it is JSON"));
    });
    group.finish();
}

/// A contact and a lead with one address, among ten thousand people.
fn link(c: &mut Criterion) {
    let records: Vec<Record> =
        (0..20_000).map(|n| if n % 2 == 0 { person("crm", n / 2, "山田 太郎") } else { person("ma", n / 2, "山田太郎") }).collect();
    let mut bearers: HashMap<Key, Vec<usize>> = HashMap::new();
    for (i, record) in records.iter().enumerate() {
        keys(record).into_iter().for_each(|key| bearers.entry(key).or_default().push(i));
    }
    let rules = LinkRules::usual();
    let mut start = 0;
    c.bench_function("link/two records of one person", |b| {
        b.iter(|| {
            start = (start + 7919) % records.len();
            component(start, |i| &records[i], |i| keys(&records[i]), |_, key| bearers.get(key).cloned().unwrap_or_default(), &rules)
        });
    });
}

fn merge(c: &mut Criterion) {
    let bands = [&["support"][..], &["crm", "cards"], &["ma"]];
    let bands = bands.iter().map(|b| Band(b.iter().map(|s| nayose::model::Name::from(*s).into()).collect())).collect();
    let rule = FieldRule { max_age: Some(Span::days(730)), ..FieldRule::of(Strategy::Order(bands), "precedence.toml:4".into()) };
    let ids = ["ma", "crm", "cards", "support"].map(|s| RecordId::new(s, Entity::Person, "1"));
    let values = [Value::text("03-1111-1111"), Value::text("03-2222-2222"), Value::text("03-3333-3333"), Value::Empty];
    let candidates: Vec<Candidate<'_>> =
        ids.iter().zip(&values).zip(0..).map(|((from, value), n)| Candidate::new(from, value, Age::until(Time(NOW.0 - n)))).collect();
    let by = Circumstances { part: RulePart::Otherwise, unread: UnreadSystems::default(), leader: Leader::Nothing, now: NOW };
    c.bench_function("merge/four candidates of a field", |b| {
        b.iter(|| judge(black_box(&rule), black_box(&by), black_box(&candidates)).winner().map(|w| w.value.is_empty()));
    });
}

/// The same with a pattern that each value is held against.
fn merge_valid(c: &mut Criterion) {
    let bands = [&["support"][..], &["crm", "ma"]];
    let bands = bands.iter().map(|b| Band(b.iter().map(|s| nayose::model::Name::from(*s).into()).collect())).collect();
    let valid = Valid::compile("value.matches('([0-9０-９].*){7}')", FieldType::Text).expect("a rule of the shipped example");
    let rule = FieldRule { valid: Some(valid), ..FieldRule::of(Strategy::Order(bands), "precedence.toml:4".into()) };
    let ids = ["ma", "crm", "support"].map(|s| RecordId::new(s, Entity::Person, "1"));
    let values = [Value::text("03-1111-1111"), Value::text("03-2222-2222"), Value::text("内線 12")];
    let candidates: Vec<Candidate<'_>> =
        ids.iter().zip(&values).zip(0..).map(|((from, value), n)| Candidate::new(from, value, Age::until(Time(NOW.0 - n)))).collect();
    let by = Circumstances { part: RulePart::Otherwise, unread: UnreadSystems::default(), leader: Leader::Nothing, now: NOW };
    c.bench_function("merge/three candidates of a field with a pattern", |b| {
        b.iter(|| judge(black_box(&rule), black_box(&by), black_box(&candidates)).winner().map(|w| w.value.is_empty()));
    });
}

fn decide(c: &mut Criterion) {
    let when = Expression::compile("deal.open", Scope::Deal, &Declared::default()).expect("a rule of the shipped example");
    let rule = HoldRule {
        name: "open_deal".into(),
        on: Entity::Deal,
        when,
        scope: HoldScope::Person,
        stops: vec![MailKind::Campaign, MailKind::Newsletter],
        after: After { won: Span::ZERO, lost: Span::days(30), closed: Span::ZERO },
        proofs: Vec::new(),
        stale: Default::default(),
        rule: "policy.toml:11".into(),
    };
    let mut deal = Record::new(RecordId::new("crm", Entity::Deal, "8"));
    deal.deal = Some(DealState::Lost);
    deal.memory.ended_at = Some(NOW);
    c.bench_function("decide/the phase of a lost deal", |b| b.iter(|| phase(black_box(&rule), black_box(&deal), NOW)));
    let held = Brief { reason: Reason::OpenDealPerson, stops: Kinds::of(&rule.stops), until: None };
    let standing = Standing { basis: Some(Basis::ExplicitConsent), holds: Some([held].into()), ..Standing::default() };
    let mail = Mail::of(MailKind::Campaign);
    c.bench_function("decide/one mail to a held person", |b| b.iter(|| black_box(&standing).decide(&mail, &[], NOW)));
}

/// Commits to sled, each durable when it returns.
fn store(c: &mut Criterion) {
    let folder = tempfile::tempdir().expect("a folder for the store");
    let info = StateInfo { format_version: 1, fingerprint: [0; 32] };
    let (state, _) = State::open(&StateUrl::Sled(folder.path().join("data")), info).expect("a new store opens");
    let mut n = 0u64;
    let mut group = c.benchmark_group("store");
    for items in [30, 3_000] {
        group.throughput(Throughput::Elements(items));
        group.bench_function(format!("a commit of {items} records"), |b| {
            let commit = |_: ()| {
                n += items;
                let item = |i| (b'r', format!("crm:person:{}", (n + i) % 50_000).into_bytes(), vec![b'x'; 150]);
                PendingChanges { put: (0..items).map(item).collect(), delete: Vec::new() }
            };
            let mut commit = commit;
            b.iter_batched(|| commit(()), |changes| state.commit(changes).expect("the disk has room"), BatchSize::PerIteration);
        });
    }
    group.finish();
}

criterion_group! {
    name = rooms;
    config = Criterion::default().warm_up_time(Duration::from_millis(500)).measurement_time(Duration::from_secs(2)).sample_size(20);
    targets = connector, link, merge, merge_valid, decide, store
}
criterion_main!(rooms);
