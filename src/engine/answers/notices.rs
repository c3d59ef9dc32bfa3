//! What needs a person: told once when it begins, once when it is over. Pure: what was told, the status and the clock in, notices out.
//!
//! A notice names systems, streams and plans, and counts people; it never names one.

use super::status::{Protection, Status, SystemStatus};
use crate::engine::engine::Engine;
use crate::engine::error::Error;
use crate::engine::guard::waiting::Waiting;
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
    present.extend(not_protecting(status));
    present.extend(wrong_config(status));
    for (name, system) in &status.systems {
        present.extend(credential_refused(name, system));
        present.extend(ends_soon(name, system, now));
        present.extend(dead_letters(name, system));
    }
    present.extend(status.refused_at_once.iter().map(many_refusals));
    present.extend(status.waiting.iter().map(waits));
    present
}

fn not_protecting(status: &Status) -> Option<Now> {
    if status.protection != Protection::NotProtecting {
        return None;
    }
    let streams = status.systems.iter().flat_map(|(name, s)| s.streams.iter().map(move |(stream, t)| (name, stream, t)));
    let failing: Vec<String> = streams.filter(|(.., t)| t.error.is_some()).map(|(name, stream, _)| format!("{name}.{stream}")).collect();
    let streams = if failing.is_empty() { String::new() } else { format!("; cannot be read: {}", failing.join(", ")) };
    let not_enforced = status.not_enforced.map_or("not known".to_string(), |n| n.to_string());
    Some(Now {
        event: "protection".into(),
        text: format!("nayose is not protecting (people on hold and not blocked: {not_enforced}{streams}). `nayose status` says why."),
        over: "nayose is protecting again.".into(),
        count: 0,
    })
}

fn wrong_config(status: &Status) -> Option<Now> {
    let mistakes = status.config.mistakes.len();
    (mistakes > 0).then(|| Now {
        event: "config".into(),
        text: format!("The config has mistakes ({mistakes}); the rules from before the edit are in force. `nayose check` shows them."),
        over: "The config has no mistakes any more.".into(),
        count: 0,
    })
}

fn credential_refused(name: &str, system: &SystemStatus) -> Option<Now> {
    if system.credential_refused.is_empty() {
        return None;
    }
    let streams = system.credential_refused.iter().map(|s| format!("{name}.{s}")).collect::<Vec<_>>().join(", ");
    Some(Now {
        event: format!("credential:{name}"),
        text: format!("{name} does not accept the credential any more ({streams}): renew the token named in systems.toml."),
        over: format!("{name} accepts the credential again."),
        count: 0,
    })
}

/// Its token, and the version of its API.
fn ends_soon(name: &str, system: &SystemStatus, now: Time) -> Vec<Now> {
    let api = "the API version that its connector was written for";
    let ends = [
        ("token_ends", &system.token_ends, TOKEN_ENDS_WITHIN, "the token", "renew it"),
        ("api_ends", &system.api_ends, API_ENDS_WITHIN, api, "look for a newer nayose or manifest"),
    ];
    let mut soon = Vec::new();
    for (kind, at, within, what, act) in ends {
        let Some(text) = at else { continue };
        let Ok(at) = text.parse::<jiff::Timestamp>().map(|t| Time(t.as_millisecond())) else { continue };
        if at.0 - now.0 <= within.0 {
            let verb = if at <= now { "ended" } else { "ends" };
            soon.push(Now {
                event: format!("{kind}:{name}"),
                text: format!("{name}: {what} {verb} on {text}: {act}."),
                over: format!("{name}: the end of {what} is not near any more."),
                count: 0,
            });
        }
    }
    soon
}

fn dead_letters(name: &str, system: &SystemStatus) -> Option<Now> {
    (system.dead_letters > 0).then(|| Now {
        event: format!("dead_letters:{name}"),
        text: format!("{name} refused writes for good ({}): `nayose deadletters list` shows them.", system.dead_letters),
        over: format!("{name} has no dead letters any more."),
        count: system.dead_letters,
    })
}

fn many_refusals(mass: &RefusedAtOnce) -> Now {
    let RefusedAtOnce { system, stream, count, .. } = mass;
    Now {
        event: format!("refusals:{system}.{stream}"),
        text: format!("{}.", mass.told()),
        over: format!("The many refusals from {system}.{stream} are not told any more; they count on."),
        count: *count,
    }
}

fn waits(plan: &Waiting) -> Now {
    let (_, counted) = plan.about.counts();
    Now {
        // With every record that joins or leaves it is another plan, told with other numbers.
        event: format!("{WAITS}{}", plan.about.key()),
        text: format!("Something waits for `nayose approve {}` ({counted}: {}): {}.", plan.plan, plan.count, plan.why),
        over: format!("Nothing waits any more because of: {}.", plan.about.cause()),
        count: plan.count,
    }
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
