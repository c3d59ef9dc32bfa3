//! Which footer a mail gets. It has one body for all of its recipients, so that they get the same one or none.

use super::session::MailSeen;
use crate::config::{self, FootersRead};
use crate::daemon::Shell;
use crate::daemon::footers::FooterFor;
use crate::daemon::footers::log::{FooterAction, FooterDoor, FooterMail, FooterRow};
use crate::footer::{EditedMail, MailLimits, MailSlot, Placed, WrittenFooter, place};
use crate::model::Time;
use crate::telemetry::InternalEvent;
use crate::telemetry::mail::FootersUnreadable;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};

/// A footer has a mistake, so that nobody gets any.
const UNREADABLE: &str = "footers_unreadable";

/// Who decides: by the footers that lie in the config folder at that moment.
pub struct FooterDesk {
    pub(super) shell: Shell,
    /// The config folder.
    folder: PathBuf,
    pub(super) limits: MailLimits,
    /// That the footers cannot be read was told.
    told_unreadable: AtomicBool,
}

/// What was decided on a mail.
#[derive(Debug)]
pub(super) struct MailJudged {
    /// `None`: it goes as it came.
    pub(super) edited: Option<EditedMail>,
    pub(super) told: FooterMail,
}

impl MailJudged {
    fn stays(outcome: &'static str, rows: Vec<FooterRow>) -> MailJudged {
        MailJudged { edited: None, told: FooterMail { outcome, rows } }
    }

    /// The footer does not go out, whoever might have had it.
    pub(super) fn after_all(self, outcome: &'static str) -> MailJudged {
        let might = |row: FooterRow| match row.action {
            FooterAction::Set => FooterRow { action: FooterAction::Untouched, reasons: vec![outcome.into()], ..row },
            _ => row,
        };
        MailJudged::stays(outcome, self.told.rows.into_iter().map(might).collect())
    }
}

impl FooterDesk {
    /// With the footers of a config folder.
    pub fn new(shell: Shell, folder: &Path, limits: MailLimits) -> FooterDesk {
        FooterDesk { shell, folder: folder.to_path_buf(), limits, told_unreadable: AtomicBool::new(false) }
    }

    /// The footers as they are now; `None`: they cannot be read, which is told once.
    fn footers(&self) -> Option<FootersRead> {
        let read = config::footers(&self.folder);
        let was_told = self.told_unreadable.swap(read.is_err(), Ordering::Relaxed);
        if let (Err(mistakes), false) = (&read, was_told) {
            FootersUnreadable { mistakes: mistakes.lines().len() }.emit();
        }
        read.ok()
    }

    /// Why a mail passes, by its header alone, as most do; `None`: it is one of a newsletter's.
    pub(super) fn passes(&self, header: &[u8]) -> Option<&'static str> {
        let Some(read) = self.footers() else { return Some(UNREADABLE) };
        read.shelf.newsletter_of(header, &self.limits).err().map(|why| why.name())
    }

    /// The whole mail. Read anew, since a stop or an edit since its header came counts.
    pub(super) fn judged(&self, mail: &MailSeen) -> MailJudged {
        let Some(read) = self.footers() else { return MailJudged::stays(UNREADABLE, Vec::new()) };
        let (slot, newsletter) = match read.shelf.newsletter_of(&mail.bytes, &self.limits) {
            Ok(found) => found,
            Err(why) => return MailJudged::stays(why.name(), Vec::new()),
        };
        let now = self.shell.now();
        let recipients: BTreeSet<&str> = mail.recipients.iter().map(String::as_str).collect();
        let asked = recipients.into_iter().map(|who| (who, self.shell.footer_for(&read, who, slot, now))).collect();
        MailRound { mail, slot, now, asked, limits: &self.limits }.judged(&newsletter.mails)
    }
}

/// All recipients of one mail, and what each may have.
struct MailRound<'r> {
    mail: &'r MailSeen,
    slot: &'r str,
    now: Time,
    asked: Vec<(&'r str, FooterFor<'r>)>,
    limits: &'r MailLimits,
}

impl<'r> MailRound<'r> {
    fn judged(&self, mails: &MailSlot) -> MailJudged {
        let footer = match self.common() {
            Ok(footer) => footer,
            Err(outcome) => return MailJudged::stays(outcome, self.rows(FooterAction::Missed, "co_recipient")),
        };
        match place(&self.mail.bytes, &footer.text, mails, self.limits) {
            Placed::Edited(edited) => {
                let told = FooterMail { outcome: FooterAction::Set.name(), rows: self.rows(FooterAction::Set, "") };
                MailJudged { edited: Some(edited), told }
            }
            Placed::Untouched(why) => MailJudged::stays(why.name(), self.rows(FooterAction::Untouched, why.name())),
        }
    }

    /// The footer that all may have.
    fn common(&self) -> Result<&'r WrittenFooter, &'static str> {
        let mut footers = self.asked.iter().map(|(_, got)| got.footer);
        let first = footers.next().ok_or("no_recipients")?;
        let ids: BTreeSet<Option<&str>> = self.asked.iter().map(|(_, got)| got.footer.map(|footer| footer.text.id())).collect();
        match first {
            Some(footer) if ids.len() == 1 => Ok(footer),
            None if ids.len() == 1 => Err("nobody_may"),
            _ if ids.contains(&None) => Err("not_all_may"),
            _ => Err("several_footers"),
        }
    }

    /// Each recipient; `action` and `reason` for those who may have one.
    fn rows(&self, action: FooterAction, reason: &str) -> Vec<FooterRow> {
        let row = |(who, got): &(&str, FooterFor<'_>)| {
            let may = got.footer.is_some();
            let reasons = if may { Vec::from_iter((!reason.is_empty()).then(|| reason.to_string())) } else { got.reasons.clone() };
            FooterRow {
                at: self.now,
                door: FooterDoor::Milter,
                mail: self.mail.queue_id.clone(),
                who: (*who).to_string(),
                slot: self.slot.to_string(),
                footer: got.footer.map(|footer| footer.text.id().to_string()),
                action: if may { action } else { FooterAction::None },
                reasons,
                decision_id: got.decision_id.clone(),
            }
        };
        self.asked.iter().map(row).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::footer::{FooterRules, FooterText};

    fn footer(id: &str) -> WrittenFooter {
        let rules = FooterRules {
            slot: "monthly".into(),
            begins: None,
            ends: None,
            audience: Default::default(),
            topics: Vec::new(),
            order: 1,
            test: None,
        };
        WrittenFooter { text: FooterText::new(id, "<p>Spring</p>", "Spring").unwrap(), rules }
    }

    fn judged(body: &str, asked: Vec<(&str, Option<&WrittenFooter>)>) -> (MailJudged, Vec<(String, &'static str, String)>) {
        let mail = MailSeen { bytes: format!("From: news@a.example\r\n\r\n{body}").into_bytes(), ..MailSeen::default() };
        let none = ["refused_all".to_string()];
        let got =
            |footer: Option<_>| FooterFor { footer, reasons: if footer.is_some() { Vec::new() } else { none.to_vec() }, decision_id: None };
        let asked = asked.into_iter().map(|(who, footer)| (who, got(footer))).collect();
        let limits = MailLimits::default();
        let slot = MailSlot { senders: vec!["@a.example".into()], ..MailSlot::default() };
        let judged = MailRound { mail: &mail, slot: "monthly", now: Time(0), asked, limits: &limits }.judged(&slot);
        let rows = judged.told.rows.iter().map(|row| (row.who.clone(), row.action.name(), row.reasons.join(" "))).collect();
        (judged, rows)
    }

    #[test]
    fn all_recipients_get_the_same_footer_or_none() {
        let (spring, autumn) = (footer("spring"), footer("autumn"));
        let row = |who: &str, action, reason: &str| (who.to_string(), action, reason.to_string());
        let (set, rows) = judged("Hello\r\n", vec![("h@b", Some(&spring)), ("k@b", Some(&spring))]);
        assert!(set.edited.is_some_and(|edited| edited.bytes.ends_with(b"-- \r\nSpring\r\n")));
        assert_eq!((set.told.outcome, rows), ("set", vec![row("h@b", "set", ""), row("k@b", "set", "")]));
        let (mixed, rows) = judged("Hello\r\n", vec![("h@b", Some(&spring)), ("k@b", None)]);
        assert_eq!((mixed.edited, mixed.told.outcome), (None, "not_all_may"));
        assert_eq!(rows, [row("h@b", "missed", "co_recipient"), row("k@b", "none", "refused_all")]);
        let (two, rows) = judged("Hello\r\n", vec![("h@b", Some(&spring)), ("k@b", Some(&autumn))]);
        assert_eq!((two.edited, two.told.outcome, rows[1].1), (None, "several_footers", "missed"));
        assert_eq!(judged("Hello\r\n", vec![("k@b", None)]).0.told.outcome, "nobody_may");
        assert_eq!(judged("Hello\r\n", Vec::new()).0.told.outcome, "no_recipients");
    }

    #[test]
    fn a_mail_that_takes_no_footer_says_why_for_each() {
        let spring = footer("spring");
        let (stays, rows) = judged("-----BEGIN PGP SIGNED MESSAGE-----\r\n", vec![("h@b", Some(&spring)), ("k@b", Some(&spring))]);
        assert_eq!((stays.edited, stays.told.outcome), (None, "armoured_text"));
        assert!(rows.iter().all(|(_, action, reason)| *action == "untouched" && reason == "armoured_text"), "{rows:?}");
    }
}
