//! What footer somebody gets in a newsletter: the folder's footers, the gate's word for each, and what is known of the person.

use crate::config;
use crate::daemon::shell::Shell;
use crate::engine::answers::explain::Explanation;
use crate::engine::gate::answer::Answer;
use crate::footer::{FooterReader, WrittenFooter};
use crate::model::{Date, Mail, MailKind, Time, Verdict};
use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};
use serde_json::Value as Json;
use std::path::Path;

/// What somebody gets. Without a footer both texts are empty, and `reasons` say why.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct FooterGot {
    pub subject: String,
    pub slot: String,
    /// Its name in the folder `footers`.
    pub footer: Option<String>,
    pub html: String,
    pub text: String,
    pub reasons: Vec<String>,
    /// Of the gate, for the footer that is got or for the first that was held back.
    pub decision_id: Option<String>,
    /// What is wrong with the footers; then there are none.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub mistakes: Vec<String>,
}

/// The field that an audience's tags are looked for in.
const TAGS: &str = "tags";

impl Shell {
    /// The footer of a newsletter for one address or record, by the footers that lie in a config folder now. Doubt is none.
    pub(super) fn footer(&self, folder: &Path, who: &str, slot: &str, now: Time) -> FooterGot {
        let none = |reasons: Vec<String>, mistakes| {
            let (subject, slot) = (who.to_string(), slot.to_string());
            FooterGot { subject, slot, footer: None, html: String::new(), text: String::new(), reasons, decision_id: None, mistakes }
        };
        let read = match config::footers(folder) {
            Ok(read) => read,
            Err(mistakes) => return none(vec!["footers_unreadable".into()], mistakes.lines()),
        };
        let gate = self.gate.clone();
        let people = self.ask(|engine| engine.explain(who, &gate, now));
        let Some(today) = day(now, &read.zone) else { return none(vec!["no_clock".into()], Vec::new()) };
        let all_tags: Vec<Vec<String>> = people.iter().map(tags).collect();
        let readers: Vec<FooterReader<'_>> = people.iter().zip(&all_tags).map(|(person, tags)| reader(person, tags)).collect();
        let found = read.shelf.for_readers(slot, &readers, today);
        let footers = match found {
            Ok(footers) => footers,
            Err(why) => return none(vec![why.name().into()], Vec::new()),
        };
        let mut first_no: Option<Answer> = None;
        for footer in footers {
            let answer = self.said_of(who, footer, now);
            if answer.decision == Verdict::Allow.name() {
                let (footer, decision_id) = (&footer.text, Some(answer.decision_id));
                let (html, text) = (footer.html().to_string(), footer.text().to_string());
                let got = FooterGot { footer: Some(footer.id().into()), html, text, decision_id, ..none(Vec::new(), Vec::new()) };
                return got;
            }
            first_no = first_no.or(Some(answer));
        }
        let (reasons, decision_id) = first_no.map(|no| (no.reasons, Some(no.decision_id))).unwrap_or_default();
        FooterGot { decision_id, ..none(reasons, Vec::new()) }
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
