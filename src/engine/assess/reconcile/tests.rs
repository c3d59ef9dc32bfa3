use super::*;
use crate::decide::standing::Kinds;
use crate::model::{MailKind, Presence, Reason};

fn record(id: &str) -> Record {
    Record::new(id.parse().unwrap())
}

fn refusal(scope: RefusalScope) -> Refusal {
    Refusal { scope, from: "ma:person:1".parse().unwrap(), seen_at: Time(1), address: None }
}

fn topic(topic: &str) -> RefusalScope {
    RefusalScope::Topic(topic.into())
}

#[test]
fn many_people_are_sketched_in_quarters_that_fit_into_memory() {
    for (people, some) in [(0, 256), (1_023, 256), (2_000, 500), (4_096, 1_024), (1_000_000, 1_024)] {
        assert_eq!(at_once(people), some, "{people}");
    }
}

#[test]
fn a_refusal_on_one_record_is_the_persons_and_each_scope_is_there_once() {
    let mut refusals = Refusals::default();
    let records = [record("crm:person:1"), record("ma:person:1"), record("desk:person:1")];
    for (on, scope) in [
        ("crm:person:1", topic("news")),
        ("ma:person:1", RefusalScope::All),
        ("ma:person:1", topic("news")),
        ("desk:person:1", topic("events")),
        ("crm:person:2", topic("someone else's")),
    ] {
        refusals.add(On::Record(&on.parse().unwrap()), &refusal(scope));
    }
    let scopes: Vec<RefusalScope> = seen_on(&records, &refusals).into_iter().map(|r| r.scope).collect();
    assert_eq!(scopes, [topic("news"), RefusalScope::All, topic("events")]);
    assert!(seen_on(&[record("desk:person:2")], &refusals).is_empty());
}

/// Of a person's records the best counts, of the rules the weakest, and what is not listed any more proves nothing.
#[test]
fn a_basis_rests_on_what_is_listed_and_on_rules_that_all_agree() {
    use Basis::{ExplicitConsent, NotifiedAny, SoftOptIn};
    let rules = |sources: &[(&str, Basis)]| ConsentRules { sources: sources.iter().map(|(s, b)| ((*s).into(), *b)).collect() };
    let files = rules(&[("crm", NotifiedAny), ("ma", ExplicitConsent)]);
    let (weaker, stronger, silent) = (rules(&[("ma", SoftOptIn)]), rules(&[("crm", ExplicitConsent)]), rules(&[]));
    let mut gone = record("ma:person:1");
    gone.presence = Presence::Gone(Time(2));
    let (crm, ma) = (record("crm:person:1"), record("ma:person:1"));
    for (records, former, all, by_files) in [
        (vec![crm.clone(), ma.clone()], vec![], Some(ExplicitConsent), Some(ExplicitConsent)),
        (vec![ma.clone(), crm.clone()], vec![], Some(ExplicitConsent), Some(ExplicitConsent)),
        (vec![crm.clone(), gone.clone()], vec![], Some(NotifiedAny), Some(NotifiedAny)),
        (vec![gone], vec![], None, None),
        (vec![ma.clone()], vec![&weaker], Some(SoftOptIn), Some(ExplicitConsent)),
        (vec![crm.clone()], vec![&stronger], Some(NotifiedAny), Some(NotifiedAny)),
        (vec![crm, ma], vec![&weaker, &silent], None, Some(ExplicitConsent)),
        (vec![record("desk:person:1")], vec![&stronger], None, None),
    ] {
        assert_eq!(basis_of(&records, &files, former.iter().copied()), (all, by_files), "{records:?} {former:?}");
    }
}

#[test]
fn a_standing_is_all_that_speaks_for_and_against() {
    assert_eq!(standing_of(None, [].into_iter(), &[]), Standing::default());
    let hold = HoldNow {
        hold: "critical_ticket".into(),
        cause: "desk:ticket:1".parse().unwrap(),
        reach: Reach::Person,
        reason: Reason::CriticalTicket,
        stops: Kinds::of(&[MailKind::Campaign]),
        since: Time(1),
        until: Some(Time(9)),
        kept: None,
        by: By::Files,
    };
    let refused = [topic("news"), topic("events"), topic("news")].map(refusal);
    let standing = standing_of(Some(Basis::SoftOptIn), refused.iter(), &[hold]);
    let topics: Vec<&str> = standing.refused_topics.iter().flatten().map(|t| &**t).collect();
    assert_eq!((standing.refused_all, topics), (false, vec!["events", "news"]));
    let brief = Brief { reason: Reason::CriticalTicket, stops: Kinds::of(&[MailKind::Campaign]), until: Some(Time(9)) };
    assert_eq!((standing.basis, standing.holds.as_deref()), (Some(Basis::SoftOptIn), Some(&[brief][..])));
    let all = [refusal(RefusalScope::All)];
    let standing = standing_of(None, all.iter(), &[]);
    assert!(standing.refused_all && standing.refused_topics.is_none());
}

#[test]
fn far_ahead_people_are_woken_by_the_hour_and_soon_to_the_second_never_too_early() {
    let hour = 3_600_000;
    for (at, now, woken) in [
        (5_000, 0, 5_000),
        (5_001, 0, 6_000),
        (24 * hour, 0, 24 * hour),
        (24 * hour + 1, 0, 25 * hour),
        (24 * hour + 1, 1, 24 * hour + 1_000),
        (i64::MAX, 0, i64::MAX),
    ] {
        assert_eq!(woken_at(Time(at), Time(now)), Time(woken), "{at} {now}");
        assert!(woken_at(Time(at), Time(now)) >= Time(at));
    }
}
