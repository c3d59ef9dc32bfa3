use super::*;
use crate::connector::PassKind;
use crate::decide::ratchet::Kept;
use crate::decide::rules::{After, HoldRule, HoldScope, Stale};
use crate::decide::standing::By;
use crate::engine::proofs::reading::PassFailure;
use crate::model::expression::{Declared, Expression, Scope};
use crate::model::{Mark, Reason, Value};
use crate::store::{BlockPart, Blocks, Entry, WriteOutcome};

fn info(reads: Reads, sweeps: bool, sound: bool, carried_by: Option<&str>) -> StreamInfo {
    StreamInfo {
        name: "people".into(),
        entity: Entity::Person,
        every: None,
        sweep_every: None,
        lag: Span::ZERO,
        reads,
        sweeps,
        tells_missing: true,
        overlaps: false,
        sound,
        open: false,
        carried_by: carried_by.map(Into::into),
        for_each: None,
        sweep_carries_people: false,
        changes_carry_people: false,
        open_carries_people: false,
        chunk: 1,
        fields: Vec::new(),
        watched: Vec::new(),
        by_id: 0,
    }
}

fn failed(state: StreamState) -> StreamState {
    let failure = PassFailure { why: "down".into(), since: Time(1), times: 1, retry_at: Time(2), credential: false, asked_to_wait: false };
    StreamState { failures: [(PassKind::Resume, failure)].into(), ..state }
}

#[test]
fn a_stream_was_read_once_it_was_read_to_an_end() {
    let nothing = StreamState::default();
    let (swept, proved) =
        (StreamState { swept_at: Some(Time(5)), ..nothing.clone() }, StreamState { proved_at: Some(Time(5)), ..nothing.clone() });
    let goes_on = StreamState { cursor: Some("c".into()), ..nothing.clone() };
    let (feed, sound_feed, swept_feed) =
        (info(Reads::Cursor, false, false, None), info(Reads::Cursor, false, true, None), info(Reads::Cursor, true, false, None));
    let filter = info(Reads::ModifiedSince, true, false, None);
    for (what, state, info, read) in [
        ("nothing", &nothing, &filter, false),
        ("swept", &swept, &filter, true),
        ("swept, and failed since", &failed(swept.clone()), &filter, true),
        ("proved", &proved, &filter, true),
        ("a cursor where there are none", &goes_on, &filter, false),
        ("a feed that was not begun", &nothing, &feed, false),
        ("a feed that goes on", &goes_on, &feed, true),
        ("a feed that fails", &failed(goes_on.clone()), &feed, false),
        ("a feed that is to prove", &goes_on, &sound_feed, false),
        ("a feed that is to be swept", &goes_on, &swept_feed, false),
    ] {
        assert_eq!(was_read_once(state, info), read, "{what}");
    }
}

#[test]
fn the_people_of_deals_were_read_when_they_were_asked_of_all_deals() {
    let state = |proved: Option<i64>, swept: Option<i64>| StreamState {
        proved_at: proved.map(Time),
        swept_at: swept.map(Time),
        ..StreamState::default()
    };
    for (people, deals, lag, read) in [
        (state(Some(50), None), Some(state(None, Some(50))), 0, true),
        (state(Some(49), None), Some(state(None, Some(50))), 0, false),
        (state(Some(49), None), Some(state(None, Some(50))), 1, true),
        (state(Some(50), None), Some(state(Some(50), None)), 0, true),
        (state(Some(49), None), Some(state(Some(50), None)), 1, false),
        (state(Some(50), None), Some(state(None, None)), 0, false),
        (state(Some(50), None), None, 0, false),
        (state(None, Some(90)), Some(state(None, Some(50))), 0, false),
        (failed(state(Some(50), None)), Some(state(None, Some(50))), 0, false),
    ] {
        assert_eq!(people_were_read(&people, deals.as_ref(), Span(lag)), read, "{people:?} {deals:?} {lag}");
    }
}

#[test]
fn what_has_a_listing_of_its_own_is_swept() {
    for (reads, sweeps, carried_by, swept) in [
        (Reads::SweepOnly, true, None, true),
        (Reads::ModifiedSince, true, None, true),
        (Reads::SweepOnly, true, Some("deals"), false),
        (Reads::Cursor, true, None, true),
        (Reads::Cursor, false, None, false),
        (Reads::Associations, true, None, false),
    ] {
        assert_eq!(is_swept(&info(reads, sweeps, false, carried_by)), swept, "{reads:?} {sweeps} {carried_by:?}");
    }
}

fn cause(hold: &str) -> Cause {
    Cause { hold: hold.into(), cause: "crm:deal:1".parse().unwrap() }
}

/// What the journal says of `ma:person:1`.
fn block(of: What) -> Block {
    let mut blocks = Blocks::default();
    blocks.take(&Entry { at: Time(7), what: of });
    let (_, block) = blocks.records().next().unwrap();
    block.clone()
}

fn written(block: Option<BlockPart>, reasons: &[&str], causes: Vec<Cause>) -> What {
    What::Outcome {
        record: "ma:person:1".parse().unwrap(),
        op: "hold".into(),
        outcome: WriteOutcome::Applied,
        said: None,
        reasons: reasons.iter().map(ToString::to_string).collect(),
        run: "r".into(),
        block,
        causes,
    }
}

#[test]
fn a_block_is_ours_again_by_the_journals_word_and_its_holds_with_it() {
    let set = Some(BlockPart::Set);
    let named = || block(written(set, &["open_deal_person"], vec![cause("open_deal")]));
    let unnamed = |reasons: &[&str]| block(written(None, reasons, Vec::new()));
    let held = || block(What::Held { record: "ma:person:1".parse().unwrap(), causes: vec![cause("vip")] });
    for (what, block, blocked, permits, ours, holds) in [
        ("a block of ours", named(), true, false, true, &["open_deal"][..]),
        ("the same beside permits", named(), true, true, true, &["open_deal"]),
        ("one that was taken away", named(), false, false, false, &["open_deal"]),
        ("only held", held(), true, false, false, &["vip"]),
        ("of a former age", unnamed(&["open_deal_person"]), true, false, true, &[UNNAMED]),
        ("of a former age, for what stays", unnamed(&["refused_all", "no_basis"]), true, false, true, &[]),
        ("of a former age, also for a hold", unnamed(&["refused_all", "cooldown"]), true, false, true, &[UNNAMED]),
        ("of a former age, maybe a permit", unnamed(&["open_deal_person"]), true, true, false, &[]),
        ("of a former age, taken away", unnamed(&["open_deal_person"]), false, false, false, &[]),
    ] {
        let mut record = Record::new("ma:person:1".parse().unwrap());
        record.marks = vec![(Mark::Block, Value::Bool(blocked))];
        let (is_ours, causes) = counts_again(&block, &record, permits);
        let found: Vec<&str> = causes.iter().map(|c| c.hold.as_str()).collect();
        assert_eq!((is_ours, found.as_slice()), (ours, holds), "{what}");
    }
}

#[test]
fn a_hold_comes_back_with_what_its_rule_stops_and_without_a_rule_with_all_that_a_marketing_system_sends() {
    let mut policy = Policy::default();
    let unknown = held_again(&cause("open_deal"), Time(7), &policy);
    for kind in MailKind::ALL {
        assert_eq!(Kinds(unknown.stops).contains(kind), kind.sent_by_ma(), "{kind:?}");
    }
    let when = Expression::compile("deal.open", Scope::Deal, &Declared::default()).unwrap();
    policy.holds.push(HoldRule {
        name: "open_deal".into(),
        on: Entity::Deal,
        when,
        scope: HoldScope::Person,
        stops: vec![MailKind::Campaign],
        after: After::default(),
        proofs: Vec::new(),
        stale: Stale::Hold,
        rule: "policy.toml:4".into(),
    });
    let known = held_again(&cause("open_deal"), Time(7), &policy);
    assert_eq!((Kinds(known.stops), known.since, known.reach), (Kinds::of(&[MailKind::Campaign]), Time(7), Reach::Person));
    assert_ne!(Kinds(held_again(&cause("vip"), Time(7), &policy).stops), Kinds(known.stops), "another hold's rule says nothing of it");
}

#[test]
fn the_journal_is_told_of_holds_that_no_poll_may_bring_back_and_of_each_once() {
    let record: RecordId = "ma:person:1".parse().unwrap();
    let hold = |name: &str, kept: Option<Kept>| HoldNow {
        hold: name.into(),
        cause: cause(name).cause,
        reach: Reach::Person,
        reason: Reason::CriticalTicket,
        stops: Kinds::default(),
        since: Time(1),
        until: None,
        kept,
        by: By::Files,
    };
    let holds = [hold("open_deal", None), hold("vip", Some(Kept::CauseGone)), hold("old", Some(Kept::LinkLost))];
    let mut journaled = Journaled::default();
    journaled.add(&record, &[cause("old")]);
    for (blocked, told) in [(false, vec![cause("vip")]), (true, vec![cause("open_deal"), cause("vip")])] {
        assert_eq!(causes_to_journal(&record, &holds, blocked, &journaled), told, "blocked: {blocked}");
    }
    assert_eq!(
        causes_to_journal(&"ma:person:2".parse().unwrap(), &holds, false, &journaled).len(),
        2,
        "another record is told of by itself"
    );
}
