//! What footer somebody gets in a newsletter: the folder's footers, the gate's word for each, and what is known of the person.
//!
//! `got`: what somebody gets; `log`: what was decided and became of it, for `export decisions` and `report footers`.

mod got;
pub mod log;

pub use got::FooterGot;

use crate::config::{self, FootersRead};
use crate::daemon::shell::Shell;
use crate::engine::answers::explain::Explanation;
use crate::engine::gate::answer::Answer;
use crate::footer::{FooterReader, WrittenFooter};
use crate::model::{Date, Mail, MailKind, Time, Verdict};
use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde_json::Value as Json;
use std::path::Path;

/// The footer that one reader may have now, or why there is none.
#[derive(Debug, Clone)]
pub struct FooterFor<'r> {
    pub footer: Option<&'r WrittenFooter>,
    pub reasons: Vec<String>,
    /// As in [`FooterGot`].
    pub decision_id: Option<String>,
}

/// The field that an audience's tags are looked for in.
const TAGS: &str = "tags";

impl Shell {
    /// The footer of a newsletter for one address or record, by the footers that lie in a config folder now. Doubt is none.
    pub(super) fn footer(&self, folder: &Path, who: &str, slot: &str, now: Time) -> FooterGot {
        let (subject, slot) = (who.to_string(), slot.to_string());
        let none = FooterGot {
            subject,
            slot,
            footer: None,
            html: String::new(),
            text: String::new(),
            reasons: Vec::new(),
            decision_id: None,
            mistakes: Vec::new(),
        };
        let read = match config::footers(folder) {
            Ok(read) => read,
            Err(mistakes) => return FooterGot { reasons: vec!["footers_unreadable".into()], mistakes: mistakes.lines(), ..none },
        };
        let FooterFor { footer, reasons, decision_id } = self.footer_for(&read, who, &none.slot, now);
        let said = FooterGot { reasons, decision_id, ..none };
        match footer.map(|footer| &footer.text) {
            Some(text) => {
                FooterGot { footer: Some(text.id().into()), html: text.html().to_string(), text: text.text().to_string(), ..said }
            }
            None => said,
        }
    }

    /// The same, by footers that were read before: for a door that asks for several readers of one mail.
    pub fn footer_for<'r>(&self, read: &'r FootersRead, who: &str, slot: &str, now: Time) -> FooterFor<'r> {
        let none = |reason: &str| FooterFor { footer: None, reasons: vec![reason.into()], decision_id: None };
        let Some(today) = day(now, &read.zone) else { return none("no_clock") };
        let people = if read.shelf.looks_at_readers(slot, today) {
            let gate = self.gate.clone();
            self.ask(|engine| engine.explain(who, &gate, now))
        } else {
            Vec::new()
        };
        let all_tags: Vec<Vec<String>> = people.iter().map(tags).collect();
        let readers: Vec<FooterReader<'_>> = people.iter().zip(&all_tags).map(|(person, tags)| reader(person, tags)).collect();
        let footers = match read.shelf.for_readers(slot, &readers, today) {
            Ok(footers) => footers,
            Err(why) => return none(why.name()),
        };
        let mut first_no: Option<Answer> = None;
        for footer in footers {
            let answer = self.said_of(who, footer, now);
            if answer.decision == Verdict::Allow.name() {
                return FooterFor { footer: Some(footer), reasons: Vec::new(), decision_id: Some(answer.decision_id) };
            }
            first_no = first_no.or(Some(answer));
        }
        let (reasons, decision_id) = first_no.map(|no| (no.reasons, Some(no.decision_id))).unwrap_or_default();
        FooterFor { footer: None, reasons, decision_id }
    }

    /// What the gate says of a footer: for each of its topics, until it says no.
    fn said_of(&self, who: &str, footer: &WrittenFooter, now: Time) -> Answer {
        let ask = |topic: Option<&String>| {
            let mail = Mail { topic: topic.cloned(), ..Mail::of(MailKind::ServiceFooter) };
            self.gate.decide(&[who.to_string()], &mail, now).remove(0)
        };
        let mut topics = footer.rules.topics.iter();
        let mut answer = ask(topics.next());
        while answer.decision == Verdict::Allow.name() {
            let Some(topic) = topics.next() else { break };
            answer = ask(Some(topic));
        }
        answer
    }
}

fn day(now: Time, zone: &TimeZone) -> Option<Date> {
    let at = Timestamp::from_millisecond(now.0).ok()?;
    Date::parse(&at.to_zoned(zone.clone()).date().to_string())
}

fn reader<'r>(person: &'r Explanation, tags: &'r [String]) -> FooterReader<'r> {
    FooterReader { person: &person.person, status: person.status.value.as_deref(), tags }
}

fn tags(person: &Explanation) -> Vec<String> {
    match person.fields.get(TAGS).map(|field| &field.value) {
        Some(Json::Array(tags)) => tags.iter().filter_map(Json::as_str).map(ToString::to_string).collect(),
        Some(Json::String(tag)) => vec![tag.clone()],
        _ => Vec::new(),
    }
}
