//! Records that a whole listing did not show: the first time they are missed, the second time they are gone, or asked for by their ids.

use super::pass_run::PassRun;
use crate::connector::StreamInfo;
use crate::engine::engine::Engine;
use crate::model::{Presence, RecordId, Span, Time};
use crate::telemetry::InternalEvent;
use crate::telemetry::reading::RecordNotListed;

impl Engine {
    /// Records that a complete sweep did not see: the first time they are missed, the second time they are gone. Where we write, a listing is
    /// not believed in this: it may be a list that somebody keeps, or the part of all that a token shows. Nor is one that leaves out what
    /// changed last: who is edited every minute is never on it. There the second time they are read by their ids, and only who is not found
    /// is gone.
    pub(super) fn miss(&mut self, run: &PassRun, now: Time) {
        let is_written_to = self.systems.get(&run.system).is_some_and(|s| s.connected.writes_to(&run.stream));
        let Some(info) = self.stream_info(&run.system, &run.stream) else { return };
        let (lag, believed) = (info.lag, Believed::of(info, is_written_to));
        let Some(stream) = self.stream_mut(&run.system, &run.stream) else { return };
        let is_another = is_another_look(run.began, lag, stream.missed_at.replace(now));
        for idx in self.world.unseen(&run.system, &run.stream, run.epoch) {
            let mut record = self.world.record(idx);
            match Unseen::of(record.presence, believed, is_another) {
                Unseen::IsMissed => record.presence = Presence::MissedOnce,
                Unseen::IsGone => {
                    record.presence = Presence::Gone(now);
                    RecordNotListed { record: &record.id }.emit();
                }
                Unseen::IsReadBack => {
                    if let Some(system) = self.systems.get_mut(&run.system) {
                        system.channel.is_unlisted(idx);
                    }
                    continue;
                }
                Unseen::IsAskedFor => {
                    self.look_for_missed(&record.id);
                    continue;
                }
                Unseen::SaysNothingNew => continue,
            }
            self.mark(idx, &record);
            self.keep_record(run.stream.clone(), &record);
        }
    }

    /// Who was asked for by their id is not there: whom the listings missed is gone.
    pub(in crate::engine) fn is_not_there(&mut self, run: &PassRun, id: &RecordId, now: Time) {
        let Some(idx) = self.world.find(id).filter(|_| self.ends_look_for(id)) else { return };
        let mut record = self.world.record(idx);
        if record.presence == Presence::MissedOnce {
            record.presence = Presence::Gone(now);
            RecordNotListed { record: &record.id }.emit();
            self.mark(idx, &record);
            self.keep_record(run.stream.clone(), &record);
        }
    }
}

/// How far two listings are believed that do not show a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Believed {
    Wholly,
    /// It is written to: it is read as it is before a write.
    NotWhereWeWrite,
    /// They leave out what changed last, and records can be asked for by their ids.
    NotOfTheLatest,
}

impl Believed {
    fn of(info: &StreamInfo, is_written_to: bool) -> Believed {
        match is_written_to {
            true => Believed::NotWhereWeWrite,
            false if info.lag > Span::ZERO && info.by_id > 0 => Believed::NotOfTheLatest,
            false => Believed::Wholly,
        }
    }
}

/// Whether a listing that began then looked again. One that leaves out the last minute misses what changed a moment before it began; so does
/// the next one, if it begins within that minute of the end of the last.
fn is_another_look(began: Time, lag: Span, last_ended: Option<Time>) -> bool {
    lag == Span::ZERO || last_ended.is_none_or(|ended| began.minus(lag) >= ended)
}

/// What a whole listing says of a record that it did not show.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Unseen {
    IsMissed,
    IsGone,
    /// It is read as it is before a write.
    IsReadBack,
    /// It is looked up by its id.
    IsAskedFor,
    SaysNothingNew,
}

impl Unseen {
    fn of(before: Presence, believed: Believed, is_another: bool) -> Unseen {
        match (before, believed) {
            (Presence::Listed, _) => Unseen::IsMissed,
            (Presence::MissedOnce, Believed::NotWhereWeWrite) => Unseen::IsReadBack,
            (Presence::MissedOnce, Believed::NotOfTheLatest) => Unseen::IsAskedFor,
            (Presence::MissedOnce, Believed::Wholly) if is_another => Unseen::IsGone,
            (Presence::MissedOnce, Believed::Wholly) | (Presence::Gone(_), _) => Unseen::SaysNothingNew,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::connector::Reads;
    use crate::engine::proofs::schedule::tests::info;
    use crate::model::Entity;

    const NOW: Time = Time(1_000_000_000);

    #[test]
    fn a_record_is_gone_when_it_was_missed_twice_and_by_its_id_where_that_says_too_little() {
        let (once, gone) = (Presence::MissedOnce, Presence::Gone(Time(1)));
        for (before, believed, is_another, want) in [
            (Presence::Listed, Believed::Wholly, true, Unseen::IsMissed),
            (Presence::Listed, Believed::Wholly, false, Unseen::IsMissed),
            (Presence::Listed, Believed::NotWhereWeWrite, true, Unseen::IsMissed),
            (Presence::Listed, Believed::NotOfTheLatest, true, Unseen::IsMissed),
            (once, Believed::Wholly, true, Unseen::IsGone),
            (once, Believed::Wholly, false, Unseen::SaysNothingNew),
            (once, Believed::NotWhereWeWrite, false, Unseen::IsReadBack),
            (once, Believed::NotOfTheLatest, false, Unseen::IsAskedFor),
            (gone, Believed::Wholly, true, Unseen::SaysNothingNew),
            (gone, Believed::NotWhereWeWrite, true, Unseen::SaysNothingNew),
            (gone, Believed::NotOfTheLatest, true, Unseen::SaysNothingNew),
        ] {
            assert_eq!(Unseen::of(before, believed, is_another), want, "{before:?} {believed:?}");
        }
    }

    #[test]
    fn a_listing_that_trails_is_not_believed_where_there_is_another_way_to_ask() {
        let minute = Span::minutes(1);
        for (lag, by_id, is_written_to, want) in [
            (Span::ZERO, 1, false, Believed::Wholly),
            (minute, 0, false, Believed::Wholly),
            (minute, 1, false, Believed::NotOfTheLatest),
            (minute, 1, true, Believed::NotWhereWeWrite),
            (Span::ZERO, 0, true, Believed::NotWhereWeWrite),
        ] {
            let info = StreamInfo { lag, by_id, ..info(Entity::Person, Reads::SweepOnly) };
            assert_eq!(Believed::of(&info, is_written_to), want, "{lag:?} {by_id} {is_written_to}");
        }
    }

    #[test]
    fn two_listings_within_the_minute_that_they_leave_out_are_one_look() {
        let minute = Span::minutes(1);
        for (seconds, lag, want) in
            [(59, minute, false), (60, minute, true), (-5, minute, false), (0, Span::ZERO, true), (-5, Span::ZERO, true)]
        {
            assert_eq!(is_another_look(NOW.plus(Span::seconds(seconds)), lag, Some(NOW)), want, "{seconds} s after the end of the last");
            assert!(is_another_look(NOW, lag, None), "nobody was missed before");
        }
    }
}
