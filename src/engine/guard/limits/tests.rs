use super::*;
use crate::engine::guard::intents::short_hash;
use proptest::prelude::*;

const LIMITS: GuardLimits = GuardLimits { records: 3, same: 2, within: Span(100) };

pub(super) fn intent(what: u64, replaces: &[(&str, Option<u64>)]) -> Option<Intent> {
    let replaces = replaces.iter().map(|(field, by)| Replaced { field: (*field).into(), by: *by }).collect();
    Some(Intent { what: what.to_le_bytes().into(), replaces, of_fields: true })
}

/// Of intents with these numbers, in order.
fn digests(of: impl Iterator<Item = u64>) -> Vec<u64> {
    let mut digests: Vec<u64> = of.map(|what| short_hash(&what.to_le_bytes())).collect();
    digests.sort_unstable();
    digests
}

fn line_up(guard: &mut Guard, places: std::ops::Range<u32>) {
    places.for_each(|i| guard.due(i, intent(u64::from(i), &[])));
}

fn ask(guard: &mut Guard) -> bool {
    guard.ask(&LIMITS)
}

/// The whole of one round: ask, then send what may go.
fn round(guard: &mut Guard, places: std::ops::Range<u32>, now: i64) -> usize {
    guard.expire(Time(now).minus(LIMITS.within));
    line_up(guard, places.clone());
    ask(guard);
    let go: Vec<u32> = places.filter(|i| guard.may_go(*i)).collect();
    for idx in &go {
        guard.went(*idx, Time(now));
    }
    go.len()
}

#[test]
fn up_to_the_limit_goes_and_beyond_it_all_wait() {
    for (due, goes) in [(0, 0), (3, 3), (4, 0), (100, 0)] {
        let mut guard = Guard::default();
        assert_eq!(round(&mut guard, 0..due, 0), goes, "{due}");
        assert_eq!(guard.waiting(), due as usize - goes, "{due}");
    }
}

#[test]
fn a_trickle_is_counted_as_what_it_comes_to() {
    let mut guard = Guard::default();
    assert_eq!([round(&mut guard, 0..2, 0), round(&mut guard, 2..3, 10), round(&mut guard, 3..4, 20)], [2, 1, 0]);
    assert_eq!(guard.waiting(), 1);
    // When the first ones are long enough ago, the rest fits again.
    assert_eq!(round(&mut guard, 3..4, 90), 0);
    assert_eq!(round(&mut guard, 3..4, 100), 1);
}

#[test]
fn a_record_that_is_written_again_and_again_counts_once() {
    let mut guard = Guard::default();
    for now in 0..50 {
        guard.due(7, intent(now, &[]));
        ask(&mut guard);
        assert!(guard.may_go(7), "{now}");
        guard.went(7, Time(now as i64));
    }
    assert_eq!(guard.recent(), 1);
    assert_eq!(guard.expire(Time(48)), [] as [u32; 0]);
    assert_eq!(guard.expire(Time(49)), [7]);
    assert_eq!(guard.counted(), 0);
}

#[test]
fn beside_a_mass_that_waits_the_ordinary_goes_on() {
    let mut guard = Guard::default();
    assert_eq!(round(&mut guard, 0..50, 0), 0);
    let shown = guard.asked();
    assert_eq!(round(&mut guard, 60..62, 1), 2);
    assert_eq!(guard.asked(), shown, "what goes by itself does not change the plan that waits");
    assert_eq!(round(&mut guard, 62..70, 2), 0);
    assert_ne!(guard.asked(), shown, "what waits too makes it another plan");
}

#[test]
fn what_was_granted_goes_once_and_as_it_was_shown() {
    let mut guard = Guard::default();
    line_up(&mut guard, 0..10);
    assert!(ask(&mut guard));
    assert_eq!(guard.grant_asked(), 10);
    line_up(&mut guard, 10..20);
    assert!(ask(&mut guard), "what joins later asks again");
    assert_eq!((0..20).filter(|i| guard.may_go(*i)).collect::<Vec<u32>>(), (0..10).collect::<Vec<u32>>());
    assert!(guard.went(0, Time(0)).is_none(), "what was granted does not count");
    guard.due(1, intent(1001, &[]));
    guard.due(2, None);
    let [granted, asked, _] = guard.to_keep();
    assert_eq!(granted, digests(3..10), "gone out, changed, not due any more: the word is used up");
    assert_eq!(asked, digests(10..20));
}

#[test]
fn a_write_that_waits_does_not_slip_out_by_changing() {
    let mut guard = Guard::default();
    line_up(&mut guard, 0..10);
    ask(&mut guard);
    guard.due(4, intent(1004, &[]));
    ask(&mut guard);
    assert!(!guard.may_go(4));
}

#[test]
fn granted_and_asked_survive_a_restart() {
    let mut before = Guard::default();
    line_up(&mut before, 0..10);
    ask(&mut before);
    before.grant_asked();
    line_up(&mut before, 10..20);
    ask(&mut before);
    let mut after = Guard::default();
    after.restore(before.to_keep());
    after.restore_went(30, Time(5), Box::default());
    line_up(&mut after, 0..21);
    assert_eq!(after.asked(), before.asked());
    assert_eq!((after.counted(), after.recent()), (2, 1));
    assert!(!ask(&mut after));
}

/// The answer was lost, the process died, and a look shows the next one that it went.
#[test]
fn what_a_former_process_was_granted_and_sent_is_granted_once() {
    let mut before = Guard::default();
    line_up(&mut before, 0..10);
    ask(&mut before);
    before.grant_asked();
    let mut after = Guard::default();
    after.restore(before.to_keep());
    let digest = |what| move || intent(what, &[]).unwrap().digest();
    line_up(&mut after, 1..2);
    let spent = [(0, 0), (0, 0), (1, 1), (11, 11)].map(|(idx, what)| after.is_spent(idx, digest(what)));
    assert_eq!(spent, [true, false, false, false], "once; what is due is booked as such; and nobody granted the last");
    line_up(&mut after, 0..1);
    assert_eq!(after.counted(), 1, "the same again is counted");
}

#[test]
fn what_is_due_when_the_state_was_made_anew_waits_however_little_it_is_also_over_a_restart() {
    let mut guard = Guard::default();
    line_up(&mut guard, 0..2);
    guard.due(9, intent(9, &[]).map(|i| Intent { of_fields: false, ..i }));
    assert_eq!(guard.ask_anew(), 2, "a status rests on what is known now");
    assert!(!ask(&mut guard) && guard.waits_anew(), "few, and they wait all the same");
    guard.due(1, intent(1001, &[]));
    line_up(&mut guard, 5..6);
    assert!(!ask(&mut guard));
    let may_go = |guard: &Guard| [0, 1, 5].map(|i| guard.may_go(i));
    assert_eq!(may_go(&guard), [false, false, true], "another value waits on; what joins later is the ordinary");
    let mut opened = Guard::default();
    opened.restore(guard.to_keep());
    for (idx, what) in [(0, 0), (1, 1001), (5, 5)] {
        opened.due(idx, intent(what, &[]));
    }
    assert!(!ask(&mut opened) && opened.waits_anew());
    assert_eq!(may_go(&opened), [false, false, true]);
    assert_eq!(opened.grant_asked(), 2);
    assert!(may_go(&opened) == [true; 3] && !opened.waits_anew());
    assert_eq!(Guard::default().ask_anew(), 0);
}

#[test]
fn one_value_for_many_records_waits_and_the_others_go() {
    for (by, name) in [(None, "emptied"), (Some(9), "the same")] {
        let mut guard = Guard::default();
        for i in 0..3 {
            guard.due(i, intent(u64::from(i), &[("phone", by), ("title", Some(u64::from(i)))]));
        }
        let limits = GuardLimits { records: 1000, ..LIMITS };
        guard.due(3, intent(3, &[("phone", Some(77))]));
        assert!(guard.ask(&limits), "{name}");
        assert_eq!(guard.asked().len(), 3, "{name}");
        assert!(guard.may_go(3), "{name}");
        assert_eq!(guard.losses(&limits), [(Replaced { field: "phone".into(), by }, 3)], "{name}");
        guard.grant_asked();
        assert!(guard.losses(&limits).is_empty(), "{name}");
        assert!((0..4).all(|i| guard.may_go(i)), "{name}");
    }
}

#[test]
fn a_field_emptied_little_by_little_is_noticed() {
    let mut guard = Guard::default();
    let limits = GuardLimits { records: 1000, ..LIMITS };
    for i in 0..3 {
        guard.due(i, intent(u64::from(i), &[("phone", None)]));
        guard.ask(&limits);
        assert_eq!(guard.may_go(i), i < 2, "{i}");
        if guard.may_go(i) {
            guard.went(i, Time(0));
        }
    }
}

#[derive(Debug, Clone)]
enum Step {
    Due(u32, Option<u64>),
    Went(u32),
    Ask,
    Grant,
    Pass(i64),
    Reopen,
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        4 => (0..12u32, proptest::option::of(0..3u64)).prop_map(|(i, v)| Step::Due(i, v)),
        3 => (0..12u32).prop_map(Step::Went),
        3 => Just(Step::Ask),
        1 => Just(Step::Grant),
        1 => (1..120i64).prop_map(Step::Pass),
        1 => Just(Step::Reopen),
    ]
}

proptest! {
    /// Whatever happens, no more than the limit goes within the window without a word.
    #[test]
    fn never_more_than_the_limit_goes_unasked(steps in proptest::collection::vec(step(), 0..200)) {
        let mut guard = Guard::default();
        let mut due: std::collections::BTreeMap<u32, u64> = Default::default();
        let mut granted: std::collections::BTreeSet<(u32, u64)> = Default::default();
        let mut unasked: Vec<(i64, u32)> = Vec::new();
        let mut now = 0;
        for step in steps {
            match step {
                Step::Due(idx, value) => {
                    guard.due(idx, value.and_then(|v| intent(u64::from(idx) * 10 + v, &[])));
                    match value { Some(v) => due.insert(idx, v), None => due.remove(&idx) };
                    granted.retain(|(i, v)| *i != idx || Some(*v) == value);
                }
                Step::Went(idx) => {
                    guard.expire(Time(now).minus(LIMITS.within));
                    ask(&mut guard);
                    if let Some(value) = due.get(&idx).copied().filter(|_| guard.may_go(idx)) {
                        guard.went(idx, Time(now));
                        due.remove(&idx);
                        if !granted.remove(&(idx, value)) {
                            unasked.push((now, idx));
                        }
                    }
                }
                Step::Ask => {
                    ask(&mut guard);
                }
                Step::Grant => {
                    granted.extend(guard.asked().iter().map(|(i, _)| (*i, due[i])));
                    guard.grant_asked();
                }
                Step::Pass(ms) => now += ms,
                Step::Reopen => {
                    let mut opened = Guard::default();
                    opened.restore(guard.to_keep());
                    let went: Vec<_> = guard.records.iter().filter_map(|(i, e)| e.went.as_ref().map(|(t, _)| (*i, *t))).collect();
                    went.into_iter().for_each(|(i, t)| opened.restore_went(i, t, Box::default()));
                    due.iter().for_each(|(i, v)| opened.due(*i, intent(u64::from(*i) * 10 + v, &[])));
                    guard = opened;
                }
            }
            let recent: std::collections::BTreeSet<u32> =
                unasked.iter().filter(|(at, _)| *at > now - LIMITS.within.0).map(|(_, i)| *i).collect();
            prop_assert!(recent.len() <= LIMITS.records, "{recent:?}");
        }
    }
}
