//! What a target record is to show of who must get no mail: the block with its reasons, and the permits.

use crate::decide::standing::{Brief, Kinds, Standing, UNREAD};
use crate::engine::target::{PermitWish, Wanted};
use crate::model::{Mail, MailKind, OwnPermit, PermitFor, Record, RefusalScope, Time, Verdict};

/// What is wanted of a record's block and of its `permits`. `end`: when a permit ends that is given on what is proved now.
pub(super) fn stops(
    standing: &Standing,
    record: &Record,
    permits: &[PermitFor],
    end: impl Fn(&PermitFor) -> Option<Time>,
    now: Time,
) -> Wanted {
    let reasons = against(standing, record, now);
    let blocking = match permits.iter().any(|p| matches!(p, PermitFor::Own(_))) {
        true => against(&without_carried(standing, record, permits, now), record, now),
        false => reasons.clone(),
    };
    let own_stops = OwnStops { standing, record, permits, now };
    // It may be the address of someone who is held or said no: nobody can know.
    let unread = record.has_unread_address;
    let refused_all = standing.refused_all || record.refusals.contains(&RefusalScope::All);
    let wish = |what_for: &PermitFor| {
        let stopped = match what_for {
            PermitFor::Marketing => !reasons.is_empty() || !record.refusals.is_empty(),
            PermitFor::Own(own) => own_stops.stops(own),
        };
        if stopped || refused_all || unread { PermitWish::Withdraw } else { end(what_for).map_or(PermitWish::Leave, PermitWish::Until) }
    };
    let permits = permits.iter().map(|what_for| (what_for.clone(), wish(what_for))).collect();
    Wanted { block: !blocking.is_empty(), why: blocking.join(","), unread, permits, ..Wanted::default() }
}

/// Of a record that cannot be read nothing is widened.
pub(super) fn widens_nothing(wanted: &mut Wanted, record: &Record) {
    wanted.permits.iter_mut().for_each(|(_, wish)| *wish = PermitWish::Withdraw);
    if record.is_blocked() {
        (wanted.block, wanted.why) = (true, UNREAD.into());
    }
}

/// What speaks against marketing mail from this record, whatever is stale: the reasons behind its block.
///
/// A refusal that the record itself shows needs no block there: the MA keeps it by itself.
fn against(standing: &Standing, record: &Record, now: Time) -> Vec<String> {
    let shown = record.refusals.contains(&RefusalScope::All);
    // The MA knows its topics by itself; another system's topic cannot be told to it by a block.
    let standing = Standing { refused_all: standing.refused_all && !shown, refused_topics: None, ..standing.clone() };
    let mut reasons: Vec<String> = Vec::new();
    for kind in MailKind::ALL.into_iter().filter(|k| k.sent_by_ma()) {
        let decision = standing.decide(&Mail::of(kind), &[], now);
        if decision.verdict != Verdict::Allow {
            for reason in decision.reasons {
                let code = reason.to_string();
                if !reasons.contains(&code) {
                    reasons.push(code);
                }
            }
        }
    }
    reasons
}

/// A person's standing without the holds that the record shows by permits of their own.
///
/// A hold is shown so if each kind that it stops has a permit of its own in this record. Where such holds stop newsletters and campaigns,
/// no marketing mail is left, and the block says so.
fn without_carried(standing: &Standing, record: &Record, permits: &[PermitFor], now: Time) -> Standing {
    let Some(holds) = &standing.holds else { return standing.clone() };
    let has_own = |kind: MailKind| {
        let own = PermitFor::Own(OwnPermit::Kind(kind));
        // A record that does not show the field may be of a system that has none, where nothing would be stopped.
        record.mark(own.mark()).is_some() && permits.contains(&own)
    };
    let is_carried = |hold: &&Brief| MailKind::ALL.into_iter().filter(|kind| hold.stops.contains(*kind)).all(has_own);
    let in_force = |hold: &&Brief| hold.until.is_none_or(|until| until > now);
    let stopped = holds.iter().filter(in_force).filter(is_carried).fold(Kinds::default(), |all, hold| all.union(hold.stops));
    if MailKind::ALL.into_iter().filter(|kind| kind.sent_by_ma()).all(|kind| stopped.contains(kind)) {
        return standing.clone();
    }
    let left: Box<[Brief]> = holds.iter().filter(|hold| !is_carried(hold)).cloned().collect();
    Standing { holds: Some(left), ..standing.clone() }
}

/// Which permits of their own a record must not have.
struct OwnStops<'s> {
    standing: &'s Standing,
    record: &'s Record,
    permits: &'s [PermitFor],
    now: Time,
}

impl OwnStops<'_> {
    fn stops(&self, own: &OwnPermit) -> bool {
        let mut standing = self.standing.clone();
        if let OwnPermit::Kind(_) = own {
            // The MA knows its topics by itself, and another system's topic has a permit of its own or cannot be told.
            standing.refused_topics = None;
            // As the permit for all marketing mail, unless topics have theirs.
            if self.record.refusals.iter().any(|refusal| !self.has_permit_for(refusal)) {
                return true;
            }
        }
        own.mails().iter().any(|mail| standing.decide(mail, &[], self.now).verdict != Verdict::Allow)
    }

    fn has_permit_for(&self, refusal: &RefusalScope) -> bool {
        let RefusalScope::Topic(topic) = refusal else { return false };
        self.permits.iter().any(|p| matches!(p, PermitFor::Own(OwnPermit::Topic(own)) if **own == **topic))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Basis, Mark, Reason, Value};

    fn record(id: &str) -> Record {
        Record::new(id.parse().unwrap())
    }

    fn free() -> Standing {
        Standing { basis: Some(Basis::ExplicitConsent), ..Standing::default() }
    }

    fn held(stops: &[&[MailKind]]) -> Standing {
        let holds = stops.iter().map(|stops| Brief { reason: Reason::OpenDealPerson, stops: Kinds::of(stops), until: Some(Time(50)) });
        Standing { holds: Some(holds.collect()), ..free() }
    }

    fn own(kind: MailKind) -> PermitFor {
        PermitFor::Own(OwnPermit::Kind(kind))
    }

    fn topic(topic: &str) -> PermitFor {
        PermitFor::Own(OwnPermit::Topic(topic.into()))
    }

    #[test]
    fn a_block_says_each_reason_once_and_not_the_no_that_the_target_shows_itself() {
        let hold =
            |stops: &[MailKind]| Some([Brief { reason: Reason::CriticalTicket, stops: Kinds::of(stops), until: Some(Time(9)) }].into());
        let marketing: Vec<MailKind> = MailKind::ALL.into_iter().filter(|k| k.sent_by_ma()).collect();
        let others: Vec<MailKind> = MailKind::ALL.into_iter().filter(|k| !k.sent_by_ma()).collect();
        let ticket = Reason::CriticalTicket.to_string();
        let all = Reason::RefusedAll.to_string();
        for (what, standing, shows, at, expected) in [
            ("nothing against", free(), false, 1, vec![]),
            ("held", Standing { holds: hold(&marketing), ..free() }, false, 1, vec![ticket]),
            ("the hold is over", Standing { holds: hold(&marketing), ..free() }, false, 9, vec![]),
            ("mail that no marketing system sends", Standing { holds: hold(&others), ..free() }, false, 1, vec![]),
            ("refused elsewhere", Standing { refused_all: true, ..free() }, false, 1, vec![all]),
            ("refused here", Standing { refused_all: true, ..free() }, true, 1, vec![]),
            ("a topic", Standing { refused_topics: Some(["news".into()].into()), ..free() }, false, 1, vec![]),
            ("no basis", Standing::default(), false, 1, vec![Reason::NoBasis.to_string()]),
        ] {
            let mut target = record("ma:person:1");
            target.refusals = if shows { vec![RefusalScope::All] } else { Vec::new() };
            assert_eq!(against(&standing, &target, Time(at)), expected, "{what}");
        }
    }

    #[test]
    fn a_permit_is_withdrawn_from_whom_mail_must_not_reach_and_left_alone_while_nothing_is_proved() {
        let shown = |unread: bool, refusals: Vec<RefusalScope>| Record { has_unread_address: unread, refusals, ..record("ma:person:1") };
        let held = held(&[&[MailKind::Campaign]]);
        let refused = Standing { refused_all: true, ..free() };
        let (until, withdraw) = (PermitWish::Until(Time(90)), PermitWish::Withdraw);
        for (standing, record, end, block, permit) in [
            (free(), shown(false, vec![]), Some(90), false, until),
            (free(), shown(false, vec![]), None, false, PermitWish::Leave),
            (free(), shown(true, vec![]), Some(90), false, withdraw),
            (free(), shown(false, vec![RefusalScope::All]), Some(90), false, withdraw),
            (refused, shown(false, vec![RefusalScope::All]), Some(90), false, withdraw),
            (held, shown(false, vec![]), Some(90), true, withdraw),
        ] {
            let wanted = stops(&standing, &record, &[PermitFor::Marketing], |_| end.map(Time), Time(9));
            let permits = vec![(PermitFor::Marketing, permit)];
            assert_eq!((wanted.block, wanted.why.is_empty(), wanted.permits), (block, !block, permits), "{standing:?} {record:?} {end:?}");
        }
    }

    /// The sales rep's own sender is stopped for whoever talks with the rep, and the newsletter goes on.
    #[test]
    fn a_hold_whose_kinds_have_permits_of_their_own_needs_no_block_unless_it_stops_all_marketing() {
        use MailKind::{Campaign, Newsletter, OneToOne, RepSender};
        let permits = [PermitFor::Marketing, own(Newsletter), own(Campaign), own(RepSender)];
        for (stops_by, shown, block, withdrawn) in [
            (vec![&[RepSender][..]], true, false, vec![own(RepSender)]),
            (vec![&[RepSender]], false, false, vec![own(RepSender)]),
            (vec![&[Newsletter]], true, false, vec![PermitFor::Marketing, own(Newsletter)]),
            // The field is not in the record: perhaps the system has none.
            (vec![&[Newsletter]], false, true, vec![PermitFor::Marketing, own(Newsletter)]),
            (vec![&[Newsletter, Campaign]], true, true, vec![PermitFor::Marketing, own(Newsletter), own(Campaign)]),
            (vec![&[Newsletter], &[Campaign, RepSender]], true, true, permits.to_vec()),
            // One of its kinds has no permit here.
            (vec![&[Newsletter, OneToOne]], true, true, vec![PermitFor::Marketing, own(Newsletter)]),
            (vec![], true, false, vec![]),
        ] {
            let mut record = record("ma:person:1");
            permits.iter().filter(|_| shown).for_each(|permit| record.set_mark(permit.mark(), Value::Empty));
            let wanted = stops(&held(&stops_by), &record, &permits, |_| Some(Time(90)), Time(9));
            let stopped: Vec<PermitFor> =
                wanted.permits.iter().filter(|(_, wish)| *wish == PermitWish::Withdraw).map(|(what_for, _)| what_for.clone()).collect();
            assert_eq!((wanted.block, stopped), (block, withdrawn), "{stops_by:?} {shown}");
            assert!(wanted.permits.len() == permits.len(), "each permit is decided on");
        }
        // A hold that is over.
        let wanted = stops(&held(&[&[RepSender]]), &record("ma:person:1"), &permits, |_| Some(Time(90)), Time(50));
        assert!(wanted.permits.iter().all(|(_, wish)| *wish == PermitWish::Until(Time(90))));
    }

    #[test]
    fn a_refused_topic_takes_its_own_permit_and_leaves_the_rest() {
        let permits = [own(MailKind::Newsletter), topic("products"), topic("seminars")];
        let elsewhere = Standing { refused_topics: Some(["seminars".into()].into()), ..free() };
        let here = |refused: &str| Record { refusals: vec![RefusalScope::Topic(refused.into())], ..record("ma:person:1") };
        let without_basis = Standing::default();
        for (standing, record, withdrawn) in [
            (elsewhere.clone(), record("ma:person:1"), vec![topic("seminars")]),
            (elsewhere, here("seminars"), vec![topic("seminars")]),
            // A topic that has no permit here: no newsletter is known not to be about it.
            (free(), here("events"), vec![own(MailKind::Newsletter)]),
            (without_basis, record("ma:person:1"), permits.to_vec()),
            (held(&[&[MailKind::Campaign]]), record("ma:person:1"), vec![topic("products"), topic("seminars")]),
        ] {
            let wanted = stops(&standing, &record, &permits, |_| Some(Time(90)), Time(9));
            let stopped = wanted.permits.into_iter().filter(|(_, wish)| *wish == PermitWish::Withdraw).map(|(what_for, _)| what_for);
            assert_eq!(stopped.collect::<Vec<_>>(), withdrawn, "{standing:?}");
        }
    }

    #[test]
    fn a_record_that_cannot_be_read_keeps_its_block_and_loses_its_permit() {
        for blocked in [false, true] {
            let mut record = record("ma:person:1");
            record.set_mark(Mark::Block, Value::Bool(blocked));
            let permits = [PermitFor::Marketing, own(MailKind::RepSender)].map(|what_for| (what_for, PermitWish::Until(Time(90))));
            let mut wanted = Wanted { permits: permits.to_vec(), ..Wanted::default() };
            widens_nothing(&mut wanted, &record);
            assert!(wanted.permits.iter().all(|(_, wish)| *wish == PermitWish::Withdraw));
            assert_eq!((wanted.block, &*wanted.why), (blocked, if blocked { UNREAD } else { "" }));
        }
    }
}
