//! What needs a person: told once when it begins, once when it is over. Pure: what was told, the status and the clock in, notices out.
//!
//! A notice names systems, streams and plans, and counts people; it never names one.

use super::status::{Protection, Status};
use crate::engine::engine::Engine;
use crate::engine::error::Error;
use crate::engine::history::told::TOLD;
use crate::engine::history::told::{Event, Notice, ToldNotices};
use crate::engine::history::told_before;
use crate::engine::intake::refused_at_once::RefusedAtOnce;
use crate::engine::ledger::changes::Ledger;
use crate::engine::ledger::changes::LedgerError;
use crate::model::{Span, Time};

/// A token's or an API version's end is told so long before it.
const TOKEN_ENDS_WITHIN: Span = Span::days(14);
const API_ENDS_WITHIN: Span = Span::days(60);
/// A number that grows is told again, but not more often than this.
const GROWN_EVERY: Span = Span::minutes(60);
/// How the name of an event begins that is a waiting plan.
const WAITS: &str = "waiting:";

/// Something that is so now.
struct Now {
    event: String,
    text: String,
    over: String,
    count: usize,
}

/// What is to be told now, and what will have been told then. What has not lasted for `after` is not told, nor that it is over.
pub fn notices(before: &ToldNotices, status: &Status, after: Span, now: Time) -> (Vec<Notice>, ToldNotices) {
    let mut told = before.clone();
    let mut notices = Vec::new();
    let present = present(status, now);
    for is in &present {
        let event = told.events.entry(is.event.clone()).or_insert_with(|| Event {
            over: String::new(),
            since: now,
            told_at: None,
            count: 0,
            gone_since: None,
        });
        event.over = is.over.clone();
        event.gone_since = None;
        let begins = event.told_at.is_none() && now.since(event.since) >= after;
        let grew = is.count > event.count && event.told_at.is_some_and(|at| now.since(at) >= GROWN_EVERY);
        if begins || grew {
            (event.told_at, event.count) = (Some(now), is.count);
            notices.push(Notice { event: is.event.clone(), since: Some(event.since), over: false, text: is.text.clone() });
        }
    }
    told.events.retain(|name, event| {
        if present.iter().any(|is| is.event == *name) {
            return true;
        }
        let gone_since = *event.gone_since.get_or_insert(now);
        let over = event.told_at.is_none() || now.since(gone_since) >= after;
        if over && event.told_at.is_some() {
            notices.push(Notice { event: name.clone(), since: Some(event.since), over: true, text: event.over.clone() });
        }
        !over
    });
    (notices, told)
}

fn present(status: &Status, now: Time) -> Vec<Now> {
    let mut present = Vec::new();
    let mut add = |event: String, text: String, over: String, count: usize| present.push(Now { event, text, over, count });
    if status.protection == Protection::NotProtecting {
        let failing: Vec<String> = status
            .systems
            .iter()
            .flat_map(|(name, s)| s.streams.iter().filter(|(_, t)| t.error.is_some()).map(move |(stream, _)| format!("{name}.{stream}")))
            .collect();
        let streams = if failing.is_empty() { String::new() } else { format!("; cannot be read: {}", failing.join(", ")) };
        add(
            "protection".into(),
            format!(
                "nayose is not protecting (people on hold and not blocked: {}{streams}). `nayose status` says why.",
                status.not_enforced.map_or("not known".to_string(), |n| n.to_string())
            ),
            "nayose is protecting again.".into(),
            0,
        );
    }
    if !status.config.mistakes.is_empty() {
        add(
            "config".into(),
            format!(
                "The config has mistakes ({}); the rules from before the edit are in force. `nayose check` shows them.",
                status.config.mistakes.len()
            ),
            "The config has no mistakes any more.".into(),
            0,
        );
    }
    for (name, system) in &status.systems {
        if !system.credential_refused.is_empty() {
            let streams = system.credential_refused.iter().map(|s| format!("{name}.{s}")).collect::<Vec<_>>().join(", ");
            add(
                format!("credential:{name}"),
                format!("{name} does not accept the credential any more ({streams}): renew the token named in systems.toml."),
                format!("{name} accepts the credential again."),
                0,
            );
        }
        let ends = [
            ("token_ends", &system.token_ends, TOKEN_ENDS_WITHIN, "the token", "renew it"),
            (
                "api_ends",
                &system.api_ends,
                API_ENDS_WITHIN,
                "the API version that its connector was written for",
                "look for a newer nayose or manifest",
            ),
        ];
        for (kind, at, within, what, act) in ends {
            let Some(text) = at else { continue };
            let Ok(at) = text.parse::<jiff::Timestamp>().map(|t| Time(t.as_millisecond())) else { continue };
            if at.0 - now.0 <= within.0 {
                let verb = if at <= now { "ended" } else { "ends" };
                add(
                    format!("{kind}:{name}"),
                    format!("{name}: {what} {verb} on {text}: {act}."),
                    format!("{name}: the end of {what} is not near any more."),
                    0,
                );
            }
        }
        if system.dead_letters > 0 {
            add(
                format!("dead_letters:{name}"),
                format!("{name} refused writes for good ({}): `nayose deadletters list` shows them.", system.dead_letters),
                format!("{name} has no dead letters any more."),
                system.dead_letters,
            );
        }
    }
    for mass in &status.refused_at_once {
        let RefusedAtOnce { system, stream, count, .. } = mass;
        let over = format!("The many refusals from {system}.{stream} are not told any more; they count on.");
        add(format!("refusals:{system}.{stream}"), format!("{}.", mass.told()), over, *count);
    }
    for plan in &status.waiting {
        // With every record that joins or leaves it is another plan, told with other numbers.
        let event = format!("{WAITS}{}", plan.about.key());
        let (_, counted) = plan.about.counts();
        let text = format!("Something waits for `nayose approve {}` ({counted}: {}): {}.", plan.plan, plan.count, plan.why);
        add(event, text, format!("Nothing waits any more because of: {}.", plan.about.cause()), plan.count);
    }
    present
}

/// What the state says was told. What cannot be read is told once more.
pub(in crate::engine) fn stored(ledger: &Ledger) -> Result<ToldNotices, LedgerError> {
    Ok(match ledger.single_if_readable(TOLD)? {
        Some(told) => told,
        None => ledger.single_if_readable(told_before::TOLD)?.map(told_before::in_todays_form).unwrap_or_default(),
    })
}

impl Engine {
    /// Keeps what was told: a restart tells nothing twice.
    pub fn keep_told(&mut self, told: ToldNotices) -> Result<(), Error> {
        if self.told == told {
            return Ok(());
        }
        self.ledger.set(TOLD, &told);
        self.told = told;
        self.commit()
    }
}

#[cfg(test)]
mod tests;
