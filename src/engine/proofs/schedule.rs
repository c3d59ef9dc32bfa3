//! Which pass a stream needs next. Pure: the stream's state, what it offers, and the clock.

use super::reading::StreamState;
use crate::connector::{Pass, READ_EVERY, Reads, SWEEP_EVERY, StreamInfo};
use crate::model::{Span, Time};

/// How far in the future the time lies that a filter is tested with.
const FILTER_TEST_AHEAD: Span = Span::days(365);

/// How often a stream is read.
pub fn every(configured: Option<Span>, info: &StreamInfo) -> Span {
    configured.or(info.every).unwrap_or(READ_EVERY)
}

/// The passes that a stream needs, in order, whether they wait for something or not. `now_there` is now by the system's clock.
pub fn passes(info: &StreamInfo, state: &StreamState, sweep_every: Option<Span>, now: Time, now_there: Time) -> Vec<Pass> {
    let sweep_every = sweep_every.or(info.sweep_every).unwrap_or(SWEEP_EVERY);
    let broken_off = state.sweep.as_ref().and_then(|s| s.place.clone());
    let sweep_due = broken_off.is_some() || state.swept_at.is_none_or(|at| now.since(at) >= sweep_every);
    let test_due = state.filter_tested_at.is_none_or(|at| now.since(at) >= FILTER_TEST_EVERY);
    let test = || Pass::FilterTest(now.plus(FILTER_TEST_AHEAD));
    let sweep = broken_off.clone().map_or(Pass::Sweep, Pass::SweepFrom);
    // A kept time that lies in the future, by whatever clock, would hide what comes until then. Before the first sweep has ended, what
    // came since its begin.
    let swept_since = state.sweep.as_ref().map(|s| s.began_there);
    let since = state.since.or(swept_since).map(|at| at.min(now_there));
    let mut passes = Vec::new();
    match info.reads {
        Reads::Associations => {}
        Reads::SweepOnly => {
            if info.open && (!sweep_due || broken_off.is_some()) {
                passes.push(Pass::Open);
            }
            if sweep_due || !info.open {
                passes.push(sweep);
            }
        }
        Reads::ModifiedSince => {
            let sweeps = sweep_due || state.filter_broken;
            // A sweep that begins now shows what the others would. One that goes on was begun long ago.
            if !sweeps || broken_off.is_some() {
                passes.extend(since.filter(|_| !state.filter_broken).map(Pass::Changes));
                if info.open {
                    passes.push(Pass::Open);
                }
            }
            if sweeps {
                passes.push(sweep);
            }
            if test_due {
                passes.insert(if sweeps { passes.len() } else { 0 }, test());
            }
        }
        Reads::Cursor => {
            let resume = Pass::Resume { cursor: state.cursor.clone(), since: state.feed_begins(now_there) };
            let sweeps = sweep_due && info.sweeps;
            let known = state.cursor.is_some() || since.is_some();
            passes.push(resume);
            if sweeps {
                passes.insert(usize::from(known), sweep);
            }
        }
    }
    // What failed the last time must not delay what did not.
    passes.sort_by_key(|p| state.failures.contains_key(&p.kind()));
    passes
}

/// How long a test of a filter counts.
pub const FILTER_TEST_EVERY: Span = Span::days(1);

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::connector::PassKind;
    use crate::engine::proofs::reading::{PassFailure, SweepUnderWay};
    use crate::model::Entity;

    /// A stream that offers nothing beside how it is read.
    pub(in crate::engine::proofs) fn info(entity: Entity, reads: Reads) -> StreamInfo {
        StreamInfo {
            name: "deals".into(),
            entity,
            every: None,
            sweep_every: None,
            lag: Span::ZERO,
            reads,
            sweeps: true,
            tells_missing: true,
            overlaps: false,
            sound: false,
            open: false,
            carried_by: None,
            for_each: None,
            sweep_carries_people: false,
            changes_carry_people: false,
            open_carries_people: false,
            chunk: 0,
            fields: Vec::new(),
            watched: Vec::new(),
            by_id: 0,
        }
    }

    const NOW: Time = Time(1_000_000_000);

    fn swept() -> StreamState {
        let at = Some(NOW.minus(Span::minutes(5)));
        StreamState { swept_at: at, filter_tested_at: at, since: at, ..StreamState::default() }
    }

    fn broken_off(state: StreamState) -> StreamState {
        let (began, place) = (NOW.minus(Span::minutes(9)), Some("p2".into()));
        let sweep = SweepUnderWay { began, began_there: began, epoch: 1, place, read: 9, newest: None, shown: Default::default() };
        StreamState { sweep: Some(sweep), ..state }
    }

    fn kinds(info: &StreamInfo, state: &StreamState) -> Vec<PassKind> {
        passes(info, state, None, NOW, NOW).iter().map(Pass::kind).collect()
    }

    #[test]
    fn the_passes_of_each_kind_of_stream_in_their_order() {
        use PassKind::{Changes, FilterTest, Open, Resume, Sweep};
        let open = |reads| StreamInfo { open: true, ..info(Entity::Deal, reads) };
        let (lists, filters, feeds) = (Reads::SweepOnly, Reads::ModifiedSince, Reads::Cursor);
        let new = StreamState::default();
        let untested = StreamState { filter_tested_at: None, ..swept() };
        let broken = StreamState { filter_broken: true, ..swept() };
        for (info, state, want) in [
            (info(Entity::DealPerson, Reads::Associations), &new, vec![]),
            (info(Entity::Deal, lists), &new, vec![Sweep]),
            (info(Entity::Deal, lists), &swept(), vec![Sweep]),
            (open(lists), &new, vec![Sweep]),
            (open(lists), &swept(), vec![Open]),
            (open(lists), &broken_off(swept()), vec![Open, Sweep]),
            (open(filters), &new, vec![Sweep, FilterTest]),
            (open(filters), &swept(), vec![Changes, Open]),
            (open(filters), &untested, vec![FilterTest, Changes, Open]),
            (open(filters), &broken, vec![Sweep]),
            (open(filters), &broken_off(swept()), vec![Changes, Open, Sweep]),
            (info(Entity::Deal, feeds), &new, vec![Sweep, Resume]),
            (info(Entity::Deal, feeds), &swept(), vec![Resume]),
            (info(Entity::Deal, feeds), &StreamState { swept_at: None, ..swept() }, vec![Resume, Sweep]),
            (StreamInfo { sweeps: false, ..info(Entity::Deal, feeds) }, &new, vec![Resume]),
        ] {
            assert_eq!(kinds(&info, state), want, "{info:?} {state:?}");
        }
    }

    #[test]
    fn what_failed_the_last_time_delays_nothing_else() {
        let why = || PassFailure { why: "400".into(), since: NOW, times: 1, retry_at: NOW, credential: false, asked_to_wait: false };
        let mut state = swept();
        state.failures.insert(PassKind::Changes, why());
        let info = StreamInfo { open: true, ..info(Entity::Deal, Reads::ModifiedSince) };
        assert_eq!(kinds(&info, &state), [PassKind::Open, PassKind::Changes]);
    }

    #[test]
    fn a_sweep_is_due_by_the_config_then_the_manifest_then_once_a_day() {
        let info = StreamInfo { sweep_every: Some(Span::minutes(30)), open: true, ..info(Entity::Deal, Reads::SweepOnly) };
        for (configured, minutes, want) in [(None, 29, false), (None, 30, true), (Some(10), 10, true), (Some(90), 60, false)] {
            let state = StreamState { swept_at: Some(NOW.minus(Span::minutes(minutes))), ..StreamState::default() };
            let passes = passes(&info, &state, configured.map(Span::minutes), NOW, NOW);
            assert_eq!(passes.contains(&Pass::Sweep), want, "{configured:?} {minutes}");
        }
        let unsaid = StreamInfo { sweep_every: None, ..info };
        let state = |ago| StreamState { swept_at: Some(NOW.minus(ago)), ..StreamState::default() };
        assert_eq!(kinds(&unsaid, &state(Span::minutes(1_439))), [PassKind::Open]);
        assert_eq!(kinds(&unsaid, &state(Span::days(1))), [PassKind::Sweep]);
    }

    #[test]
    fn a_filter_never_begins_in_the_future_of_the_systems_clock_and_is_tested_far_in_it() {
        let info = info(Entity::Deal, Reads::ModifiedSince);
        let ahead = StreamState { since: Some(NOW.plus(Span::days(9))), filter_tested_at: None, ..swept() };
        let there = NOW.minus(Span::minutes(3));
        let passes = |state: &StreamState| passes(&info, state, None, NOW, there);
        assert_eq!(passes(&ahead), [Pass::FilterTest(NOW.plus(FILTER_TEST_AHEAD)), Pass::Changes(there)]);
        let first = broken_off(StreamState { filter_tested_at: Some(NOW), ..StreamState::default() });
        let began = first.sweep.as_ref().unwrap().began_there;
        assert_eq!(passes(&first), [Pass::Changes(began), Pass::SweepFrom("p2".into())], "what came since its first sweep began");
    }

    #[test]
    fn the_config_says_how_often_a_stream_is_read_before_the_manifest_does() {
        let mut info = info(Entity::Deal, Reads::SweepOnly);
        assert_eq!(every(None, &info), READ_EVERY);
        info.every = Some(Span::minutes(7));
        assert_eq!((every(None, &info), every(Some(Span::minutes(2)), &info)), (Span::minutes(7), Span::minutes(2)));
    }
}
