//! Footers as somebody wrote them, the newsletters they may stand in, and which of them a reader may get.

use super::slot::MailSlot;
use super::text::FooterText;
use crate::model::{Date, Name};
use std::collections::BTreeMap;

/// A newsletter that footers may stand in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Newsletter {
    pub mails: MailSlot,
    /// Who answers for it that its main purpose is service. `None`: nobody does, so that a footer would make it a campaign.
    pub confirmed_by: Option<String>,
}

/// Who may get a footer; an empty list asks for nothing.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Audience {
    /// The lead status is one of these.
    pub status: Vec<String>,
    /// The person has one of these tags.
    pub tags: Vec<String>,
}

/// One footer with its rules.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WrittenFooter {
    pub text: FooterText,
    pub rules: FooterRules,
}

/// Where, when and for whom a footer stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FooterRules {
    /// The newsletter it stands in.
    pub slot: Name,
    /// The first and the last day.
    pub begins: Option<Date>,
    pub ends: Option<Date>,
    pub audience: Audience,
    /// What it is about, where topics are refused one by one. Each must be allowed.
    pub topics: Vec<String>,
    /// Of several the one with the lowest goes first, then the first by name.
    pub order: usize,
    /// Footers of one test share their readers.
    pub test: Option<Name>,
}

/// All that was written about footers.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct FooterShelf {
    pub newsletters: BTreeMap<Name, Newsletter>,
    /// In the order in which they are tried.
    pub footers: Vec<WrittenFooter>,
    /// A file says that no footer goes out.
    pub is_stopped: bool,
}

/// What matters of whom a mail is for.
#[derive(Debug, Clone, Copy)]
pub struct FooterReader<'r> {
    /// The same for the same person as long as they are known, so that a test shows everybody one footer.
    pub person: &'r str,
    pub status: Option<&'r str>,
    pub tags: &'r [String],
}

/// Why nobody gets a footer of a newsletter, or a reader none.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NoFooter {
    /// A file named STOP lies there.
    Stopped,
    /// consent.toml has no such newsletter.
    SlotUnknown,
    /// Nobody confirmed that the newsletter is service.
    NotConfirmed,
    /// None is written for it, or none for this day.
    NoneToday,
    /// None is for people like this one.
    NotForThem,
    /// Several people read this address, and not all of them may get the same.
    SeveralPeople,
}

impl NoFooter {
    /// A word for logs and answers; it stays as it is.
    pub fn name(self) -> &'static str {
        match self {
            NoFooter::Stopped => "stopped",
            NoFooter::SlotUnknown => "unknown_slot",
            NoFooter::NotConfirmed => "slot_not_confirmed",
            NoFooter::NoneToday => "no_footer_today",
            NoFooter::NotForThem => "not_for_them",
            NoFooter::SeveralPeople => "several_people",
        }
    }
}

impl FooterShelf {
    /// The footers that a reader of a newsletter may get on a day if the gate lets them, the first that goes before the others.
    pub fn for_reader(&self, slot: &str, reader: FooterReader<'_>, today: Date) -> Result<Vec<&WrittenFooter>, NoFooter> {
        if self.is_stopped {
            return Err(NoFooter::Stopped);
        }
        let newsletter = self.newsletters.get(slot).ok_or(NoFooter::SlotUnknown)?;
        if newsletter.confirmed_by.is_none() {
            return Err(NoFooter::NotConfirmed);
        }
        let today: Vec<&WrittenFooter> =
            self.footers.iter().filter(|footer| *footer.rules.slot == *slot && footer.rules.stands_on(today)).collect();
        if today.is_empty() {
            return Err(NoFooter::NoneToday);
        }
        let fitting: Vec<&WrittenFooter> =
            today.iter().filter(|footer| footer.rules.audience.has(reader) && shown_of(&today, footer, reader.person)).copied().collect();
        if fitting.is_empty() { Err(NoFooter::NotForThem) } else { Ok(fitting) }
    }
}

impl FooterShelf {
    /// Whether it matters who reads: else each of a newsletter's footers is for everyone, and nobody need be looked up.
    pub fn looks_at_readers(&self, slot: &str, today: Date) -> bool {
        let standing = self.footers.iter().filter(|footer| *footer.rules.slot == *slot && footer.rules.stands_on(today));
        standing.into_iter().any(|footer| footer.rules.audience != Audience::default() || footer.rules.test.is_some())
    }

    /// What all people of one address may get, if it is the same for each. Nobody is somebody of whom nothing is known.
    pub fn for_readers(&self, slot: &str, readers: &[FooterReader<'_>], today: Date) -> Result<Vec<&WrittenFooter>, NoFooter> {
        let (first, others) = readers.split_first().unwrap_or((&UNKNOWN, &[]));
        let found = self.for_reader(slot, *first, today);
        match others.iter().all(|other| self.for_reader(slot, *other, today) == found) {
            true => found,
            false => Err(NoFooter::SeveralPeople),
        }
    }
}

const UNKNOWN: FooterReader<'static> = FooterReader { person: "", status: None, tags: &[] };

impl FooterRules {
    fn stands_on(&self, day: Date) -> bool {
        self.begins.is_none_or(|begins| begins <= day) && self.ends.is_none_or(|ends| day <= ends)
    }
}

impl Audience {
    fn has(&self, reader: FooterReader<'_>) -> bool {
        let of_status = self.status.is_empty() || reader.status.is_some_and(|status| self.status.iter().any(|other| other == status));
        of_status && (self.tags.is_empty() || reader.tags.iter().any(|tag| self.tags.contains(tag)))
    }
}

/// Whether of the footers of one test a person gets this one. A hash of who they are decides, so that they get it each time.
fn shown_of(all: &[&WrittenFooter], footer: &WrittenFooter, person: &str) -> bool {
    let Some(test) = &footer.rules.test else { return true };
    let of_test: Vec<&WrittenFooter> = all.iter().filter(|other| other.rules.test.as_ref() == Some(test)).copied().collect();
    let hash = blake3::hash(format!("{test}\n{person}").as_bytes());
    let thrown = u64::from_le_bytes(hash.as_bytes()[..8].try_into().unwrap_or_default());
    let place = (thrown % of_test.len().max(1) as u64) as usize;
    of_test.get(place).is_some_and(|chosen| chosen.text.id() == footer.text.id())
}

#[cfg(test)]
mod tests {
    use super::*;

    const TODAY: Date = Date(20_000);

    fn footer(id: &str, order: usize) -> WrittenFooter {
        ruled(id, |rules| rules.order = order)
    }

    fn ruled(id: &str, say: impl Fn(&mut FooterRules)) -> WrittenFooter {
        let mut rules = FooterRules {
            slot: "monthly".into(),
            begins: None,
            ends: None,
            audience: Audience::default(),
            topics: Vec::new(),
            order: 1,
            test: None,
        };
        say(&mut rules);
        WrittenFooter { text: FooterText::new(id, "<p>Webinar</p>", "Webinar").unwrap(), rules }
    }

    fn shelf(footers: Vec<WrittenFooter>) -> FooterShelf {
        let newsletter = Newsletter { mails: MailSlot::default(), confirmed_by: Some("Tanaka".into()) };
        FooterShelf { newsletters: [("monthly".into(), newsletter)].into(), footers, is_stopped: false }
    }

    fn ids(shelf: &FooterShelf, reader: FooterReader<'_>, day: Date) -> Result<Vec<String>, NoFooter> {
        shelf.for_reader("monthly", reader, day).map(|all| all.iter().map(|footer| footer.text.id().to_string()).collect())
    }

    fn reader<'r>(person: &'r str, status: Option<&'r str>, tags: &'r [String]) -> FooterReader<'r> {
        FooterReader { person, status, tags }
    }

    #[test]
    fn a_footer_stands_from_its_first_day_to_its_last() {
        let shelf = shelf(vec![ruled("a", |rules| (rules.begins, rules.ends) = (Some(Date(20_000)), Some(Date(20_001))))]);
        for (day, is_there) in [(19_999, false), (20_000, true), (20_001, true), (20_002, false)] {
            let found = ids(&shelf, reader("p_1", None, &[]), Date(day));
            assert_eq!(found, if is_there { Ok(vec!["a".to_string()]) } else { Err(NoFooter::NoneToday) }, "{day}");
        }
    }

    #[test]
    fn without_a_known_newsletter_that_somebody_answers_for_nobody_gets_one() {
        let mut shelf = shelf(vec![footer("a", 1)]);
        let asked = |shelf: &FooterShelf, slot| shelf.for_reader(slot, reader("p_1", None, &[]), TODAY).map(|all| all.len());
        assert_eq!((asked(&shelf, "monthly"), asked(&shelf, "other")), (Ok(1), Err(NoFooter::SlotUnknown)));
        shelf.newsletters.values_mut().for_each(|newsletter| newsletter.confirmed_by = None);
        assert_eq!(asked(&shelf, "monthly"), Err(NoFooter::NotConfirmed));
        shelf.is_stopped = true;
        assert_eq!(asked(&shelf, "monthly"), Err(NoFooter::Stopped), "it goes before all else");
    }

    #[test]
    fn an_audience_asks_for_one_of_its_statuses_and_one_of_its_tags() {
        let audience = Audience { status: vec!["customer".into(), "lead".into()], tags: vec!["user".into()] };
        let shelf = shelf(vec![ruled("a", |rules| rules.audience = audience.clone())]);
        let (user, others) = (["user".to_string()], ["buyer".to_string()]);
        for (status, tags, gets) in [
            (Some("customer"), &user, true),
            (Some("lead"), &user, true),
            (Some("opportunity"), &user, false),
            (None, &user, false),
            (Some("customer"), &others, false),
        ] {
            let found = ids(&shelf, reader("p_1", status, tags), TODAY);
            assert_eq!(found, if gets { Ok(vec!["a".to_string()]) } else { Err(NoFooter::NotForThem) }, "{status:?} {tags:?}");
        }
    }

    #[test]
    fn who_shares_an_address_gets_what_all_of_them_may_have() {
        let customers = Audience { status: vec!["customer".into()], tags: Vec::new() };
        let shelf = shelf(vec![ruled("a", |rules| rules.audience = customers.clone())]);
        let customer = |person| reader(person, Some("customer"), &[]);
        let found = |readers: &[FooterReader<'_>]| shelf.for_readers("monthly", readers, TODAY).map(|all| all.len());
        assert_eq!(found(&[customer("p_1"), customer("p_2")]), Ok(1));
        assert_eq!(found(&[customer("p_1"), reader("p_2", Some("lead"), &[])]), Err(NoFooter::SeveralPeople));
        assert_eq!(found(&[reader("p_2", None, &[]), reader("p_3", None, &[])]), Err(NoFooter::NotForThem));
        assert_eq!(found(&[]), Err(NoFooter::NotForThem), "of whom nothing is known");
    }

    #[test]
    fn two_footers_of_a_test_share_their_readers_and_each_keeps_theirs() {
        let of_test = |id| ruled(id, |rules| rules.test = Some("words".into()));
        let shelf = shelf(vec![of_test("a"), of_test("b"), footer("c", 2)]);
        let of = |n: usize| ids(&shelf, reader(&format!("p_{n}"), None, &[]), TODAY).unwrap();
        let firsts: Vec<String> = (0..1000).map(|n| of(n).swap_remove(0)).collect();
        let a = firsts.iter().filter(|id| *id == "a").count();
        assert!((400..600).contains(&a) && firsts.iter().all(|id| id == "a" || id == "b"), "{a}");
        assert!((0..1000).all(|n| of(n).len() == 2 && of(n)[0] == firsts[n]));
    }
}
