//! `nayose explain`

use super::args::{Common, ReaderLanguage};
use super::{Exit, open, output};
use crate::config::choices;
use crate::daemon::commands::{Command, Reply};
use crate::engine::answers::explain::{Explanation, HoldExplained};
use crate::engine::answers::explain_fields::FieldExplained;
use crate::engine::answers::left_alone::LeftAlone;
use crate::merge::judgment::{UNREADABLE, WAITS};
use crate::model::expression::RELATIONSHIP;
use crate::model::{Name, Value};
use jiff::{Timestamp, tz::TimeZone};
use std::collections::BTreeSet;
use words::Words;

pub async fn explain(common: &Common, who: String, field: Option<String>, language: Option<ReaderLanguage>) -> Exit {
    match open::ask(common, Command::Explain { who: who.clone(), field: field.clone() }, open::StateNeed::Needed).await {
        Ok(Reply::Explain(people)) if people.is_empty() => common.end(
            Exit::Refused,
            &format!("nobody is known by {who:?}; an e-mail address or SYSTEM:ENTITY:ID is expected. The gate answers hold for them"),
        ),
        Ok(Reply::Explain(people)) => {
            let known: BTreeSet<String> = people.iter().flat_map(known_parts).collect();
            if let Some(field) = field.as_ref().filter(|field| !known.contains(field.as_str())) {
                let known = String::from(choices(field, known.iter().map(String::as_str)));
                return common.end(Exit::Refused, &format!("no record of {who} carries a field {field:?}; {known}"));
            }
            let explainer = Explainer::of(language);
            let told = |e: &Explanation| match &field {
                Some(field) => output::lines(&explainer.part_alone(e, field)),
                None => explainer.text(e),
            };
            match (common.json, people.as_slice()) {
                (true, [one]) => output::json(one),
                // An address that several people bear.
                (true, several) => output::json(&several),
                (false, _) => output::data(&people.iter().map(told).collect::<Vec<_>>().join("\n\n")),
            }
            Exit::Done
        }
        other => open::unexpected(common, other),
    }
}

/// What can be asked for alone: fields, the status, and what else is told of a person.
fn known_parts(e: &Explanation) -> Vec<String> {
    let mut parts: Vec<String> = e.fields.keys().map(ToString::to_string).collect();
    parts.push(STATUS.into());
    parts.extend(e.relationship.iter().map(|_| RELATIONSHIP.to_string()));
    parts.extend(e.account.keys().map(|name| format!("{OF_ACCOUNT}{name}")));
    parts
}

const STATUS: &str = "status";
/// Before the name of a field of the person's company.
const OF_ACCOUNT: &str = "account.";

/// Who reads, in a language and a time zone.
pub(super) struct Explainer {
    words: Words,
    zone: TimeZone,
}

impl Explainer {
    /// Who reads here, in the language of the locale if none is given.
    pub(super) fn of(language: Option<ReaderLanguage>) -> Explainer {
        Explainer { words: Words(language.unwrap_or_else(ReaderLanguage::of_the_locale)), zone: TimeZone::system() }
    }

    /// One person: the decision and its reasons first, then what has an effect.
    fn text(&self, e: &Explanation) -> String {
        let w = self.words;
        let mut lines = vec![w.decision(&e.decision.subject, &e.decision.decision, &e.decision.reasons)];
        lines.extend(self.person(e));
        lines.extend(self.status(e));
        lines.extend(self.relationship(e));
        lines.extend(self.standing(e));
        let (told, quiet): (Vec<_>, Vec<_>) = e.fields.iter().partition(|(_, field)| field.has_effect);
        told.into_iter().for_each(|(name, field)| lines.extend(self.field(name, field)));
        let of_account = e.account.iter().filter(|(_, field)| field.has_effect);
        of_account.for_each(|(name, _)| lines.extend(self.of_account(e, name)));
        if !quiet.is_empty() {
            lines.push(w.without_effect(&quiet.iter().map(|(name, _)| &***name).collect::<Vec<_>>()));
        }
        lines.extend(e.left_alone.iter().map(|left| self.left_alone(left)));
        for write in &e.writes {
            lines.push(w.to_write().to_string());
            lines.extend(super::plan::write_lines(write));
        }
        lines.extend(e.in_lists.iter().map(|listed| w.in_list(&listed.record, &self.local(&listed.since))));
        output::lines(&lines)
    }

    /// Whom it is about, and what joins the records.
    pub(super) fn person(&self, e: &Explanation) -> Vec<String> {
        let w = self.words;
        let mut lines = vec![w.person(&e.person)];
        lines.extend(e.records.iter().map(|r| w.record(&r.record, &r.link.proof, &r.link.value, r.gone == Some(true))));
        lines.extend(e.doubts.iter().map(|doubt| self.doubt(doubt)));
        lines
    }

    /// What keeps records apart that share something.
    pub(super) fn doubt(&self, doubt: &str) -> String {
        self.words.doubt(doubt)
    }

    pub(super) fn relationship(&self, e: &Explanation) -> Vec<String> {
        let told = e.relationship.iter();
        told.map(|r| self.words.relationship(r.value.as_deref(), r.rule.as_deref(), r.error.as_deref())).collect()
    }

    /// A field of the person's company.
    pub(super) fn of_account(&self, e: &Explanation, name: &Name) -> Vec<String> {
        let told = |field| self.field(&format!("{OF_ACCOUNT}{name}").as_str().into(), field);
        e.account.get(name).map(told).unwrap_or_default()
    }

    pub(super) fn status(&self, e: &Explanation) -> Vec<String> {
        let w = self.words;
        let mut lines = vec![match (&e.status.value, &e.status.rule, &e.status.error) {
            (Some(value), Some(rule), _) => w.status(value, rule, e.status.by.as_deref()),
            (_, _, Some(error)) => w.status_unknown(error),
            _ => w.no_status().to_string(),
        }];
        lines.extend(e.status.waits.iter().map(|waits| format!("    {waits}")));
        lines.extend(e.status.history.iter().map(|past| {
            let (from, to) = (past.from.as_deref(), past.to.as_deref());
            format!("    {}", w.past_status(&self.local(&past.at), (from, to), past.rule.as_deref(), &past.because))
        }));
        lines
    }

    /// What stands against mail.
    pub(super) fn standing(&self, e: &Explanation) -> Vec<String> {
        let holds = e.holds.iter().map(|hold| self.hold(hold));
        holds.chain(e.refusals.iter().map(|r| self.words.refusal(&r.scope, &r.on, &r.from, &self.local(&r.seen_at)))).collect()
    }

    /// One field, or what else is told of a person.
    fn part_alone(&self, e: &Explanation, part: &str) -> Vec<String> {
        let told = match part {
            field if e.fields.contains_key(field) => return self.field_alone(e, &field.into()),
            STATUS => {
                let left = e.left_alone.iter().filter(|left| left.field == STATUS);
                self.status(e).into_iter().chain(left.map(|left| self.left_alone(left))).collect()
            }
            RELATIONSHIP => self.relationship(e),
            part => part.strip_prefix(OF_ACCOUNT).map(|name| self.of_account(e, &name.into())).unwrap_or_default(),
        };
        if told.is_empty() { told } else { [vec![self.words.person(&e.person)], told].concat() }
    }

    /// One field, and what would have made another value win.
    fn field_alone(&self, e: &Explanation, name: &Name) -> Vec<String> {
        let Some(field) = e.fields.get(name) else { return Vec::new() };
        let mut lines = vec![self.words.person(&e.person)];
        lines.extend(self.field(name, field));
        let foremost = foremost(field).map(|from| from.split(':').next().unwrap_or_default());
        // What cannot be read never wins.
        let unread = Value::Unreadable.to_json();
        for c in field.candidates.iter().filter(|c| !c.won && !c.value.is_null() && c.value != unread && c.value != field.value) {
            let system = c.from.split(':').next().unwrap_or_default();
            lines.extend(self.words.would_have_won(&c.from, &c.value, system, foremost, &c.why));
        }
        lines.extend(field.history.iter().map(|past| {
            let (at, standing) = (self.local(&past.at), &past.old);
            self.words.was_written(&at, (&past.record, standing, &past.new), &past.rule, &past.run)
        }));
        let left = e.left_alone.iter().filter(|left| left.field == **name);
        lines.extend(left.map(|left| self.left_alone(left)));
        lines
    }

    pub(super) fn left_alone(&self, left: &LeftAlone) -> String {
        let until = left.until.as_deref().map(|until| self.local(until));
        self.words.left_alone(&left.field, &left.record, &left.not_written, &left.why, until.as_deref())
    }

    pub(super) fn field(&self, name: &Name, field: &FieldExplained) -> Vec<String> {
        let w = self.words;
        let mut lines = vec![w.field(name, &field.value, field.from.as_deref(), field.rule.as_deref(), field.rule_says.as_deref())];
        lines.extend(field.pinned.as_ref().map(|pin| format!("    {}", w.pinned(&pin.by, &pin.because, &self.local(&pin.at)))));
        lines.extend(field.condition.as_ref().map(|condition| format!("    {}", w.condition(condition, field.no_otherwise))));
        lines.extend(field.group.as_ref().map(|group| format!("    {}", w.group(name, &group.name, &group.fields, group.from.as_deref()))));
        lines.extend(field.unknown.iter().map(|why| format!("    {}", w.unknown(why))));
        for c in &field.candidates {
            let mark = if c.won { w.won() } else { w.not_won() };
            let (by, after) = (self.local(&c.observed_at), c.changed_after.as_ref().map(|after| self.local(after)));
            let system = c.from.split(':').next().unwrap_or_default();
            let age = if c.dated_by_system { w.dated(&by, system) } else { w.age(&by, after.as_deref()) };
            let editor =
                w.editor(c.copied_by.as_deref(), c.file.as_deref(), c.typed).map(|editor| format!("  {editor}")).unwrap_or_default();
            let first = c.first.as_ref().map(|first| format!("  {}", w.first(&first.value, &self.local(&first.since)))).unwrap_or_default();
            lines.push(format!("    {mark} {} {}  {age}{editor}{first}  {}", c.from, c.value, w.why(&c.why)));
        }
        lines.extend(field.unknown_codes.iter().map(|shown| format!("    {}", w.unknown_code(&shown.record, &shown.code))));
        lines.extend(field.in_targets.iter().map(|t| format!("    {}", w.in_target(&t.record, &t.shows, t.state))));
        lines
    }

    fn hold(&self, hold: &HoldExplained) -> String {
        let until = hold.until.as_ref().map(|until| self.local(until));
        let end = self.words.end(until.as_deref(), hold.over);
        self.words.hold(&hold.hold, &hold.cause, &hold.reason, &self.local(&hold.since), &end, hold.kept.as_deref())
    }

    /// In the reader's own time.
    fn local(&self, time: &str) -> String {
        match time.parse::<Timestamp>() {
            Ok(at) => at.to_zoned(self.zone.clone()).strftime("%Y-%m-%d %H:%M:%S %:z").to_string(),
            Err(_) => time.to_string(),
        }
    }
}

/// The record whose value goes before all others. What cannot be read, or waits, stands in their way without winning.
fn foremost(field: &FieldExplained) -> Option<&str> {
    let in_the_way = || field.candidates.iter().find(|c| [UNREADABLE, WAITS].contains(&&*c.why)).map(|c| &*c.from);
    field.from.as_deref().or_else(in_the_way)
}

mod why;
mod words;

#[cfg(test)]
mod tests;
