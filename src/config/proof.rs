//! What two files share: proofs of streams, and expressions checked at load.

use crate::config::document::nearest::choices;
use crate::config::document::{Section, TomlEntry};
use crate::config::systems::offers::{Offer, Offers, PassesThatCount};
use crate::connector::manifest::Role;
use crate::decide::rules::Proof;
use crate::model::expression::{Declared, Expression, Scope};
use crate::model::{Entity, Name, Span};
use toml::de::DeValue;

/// How old a persons' stream may be that a hold rests on without saying so.
const PERSONS_LIMIT: Span = Span::minutes(60);

/// The persons' streams that a hold rests on beside those it names: where a deal or ticket names somebody, their address is known from there; and
/// where mail is sent from, who is new. A stream that is read too rarely for the usual limit gets one of its own.
pub fn persons(named: &[Proof], offers: &Offers, of: Entity) -> Vec<Proof> {
    let asked: Vec<&Name> = offers.streams_of(of).into_iter().map(|(offer, _)| &offer.name).collect();
    let sends = |offer: &Offer| offer.manifest.as_ref().is_some_and(|m| m.role == Role::Ma);
    let streams = offers.streams_of(Entity::Person).into_iter().filter(|(offer, _)| asked.contains(&&offer.name) || sends(offer));
    let missing = streams.filter(|(offer, stream)| !named.iter().any(|p| p.system == offer.name && &*p.stream == *stream));
    let limit = |offer: &Offer, stream: &str| match offer.proof_age(stream, PassesThatCount::Filtered) {
        Some(age) => PERSONS_LIMIT.max(Span(age.0.saturating_mul(2))),
        None => PERSONS_LIMIT,
    };
    missing.map(|(offer, stream)| Proof { system: offer.name.clone(), stream: stream.into(), limit: limit(offer, stream) }).collect()
}

/// `proof = { "crm.deals" = "15m", .. }`: the streams that must have been read within a limit.
///
/// `crm.deals` without quotes means the same to TOML's reader as to ours.
pub fn proofs(mut section: Section, offers: &Offers, counts: PassesThatCount) -> Vec<Proof> {
    let mut proofs = Vec::new();
    for entry in section.entries() {
        if let DeValue::Table(_) = entry.value {
            let streams =
                entry.table(entry.key, &crate::config::document::keys::PROOF_OF_SYSTEM).map(|mut s| s.entries()).unwrap_or_default();
            proofs.extend(streams.iter().filter_map(|s| proof(s, entry.key, s.key, offers, counts)));
        } else if let Some((system, stream)) = entry.key.split_once('.') {
            proofs.extend(proof(&entry, system, stream, offers, counts));
        } else {
            let hint = "expected \"SYSTEM.STREAM\" = \"15m\", as \"crm.deals\"";
            entry.sheet.report(entry.key_at.clone(), format!("{:?} names no stream", entry.key), hint);
        }
    }
    proofs
}

fn proof(entry: &TomlEntry, system: &str, stream: &str, offers: &Offers, counts: PassesThatCount) -> Option<Proof> {
    let limit = entry.duration();
    let at_key = TomlEntry { at: entry.key_at.clone(), ..entry.clone() };
    let offer = offers.named(&at_key, system)?;
    if let Some(manifest) = &offer.manifest
        && !manifest.streams.contains_key(stream)
    {
        let names: Vec<String> = manifest.streams.keys().map(|s| format!("{system}.{s}")).collect();
        let wrong = format!("{system}.{stream}");
        at_key.report(format!("unknown stream {wrong:?}"), choices(&wrong, names.iter().map(String::as_str)));
        return None;
    }
    let limit = limit?;
    if let Some(age) = offer.proof_age(stream, counts).filter(|age| limit < *age) {
        let said = format!("{system}.{stream} is proved every {age} (its own lag counted), so {limit} would never be enough");
        entry.report(said, format!("expected a longer limit, or a shorter `every` or `sweep` of {system}"));
    }
    Some(Proof { system: offer.name.clone(), stream: stream.into(), limit })
}

/// The streams of these entities that no proof names, as `crm.deals`.
pub fn unproved(proofs: &[Proof], offers: &Offers, entities: &[Entity]) -> Vec<String> {
    let proved = |offer: &Offer, stream: &str| proofs.iter().any(|p| p.system == offer.name && &*p.stream == stream);
    let streams = entities.iter().flat_map(|e| offers.streams_of(*e));
    streams.filter(|(offer, stream)| !proved(offer, stream)).map(|(offer, stream)| format!("{}.{stream}", offer.name)).collect()
}

/// An expression, checked; its mistakes are reported at their places inside the text.
pub fn expression(entry: &TomlEntry, scope: Scope, offers: &Offers, declared: &Declared) -> Option<Expression> {
    let source = entry.text()?;
    let errors = match Expression::compile(source, scope, declared) {
        Ok(expression) => {
            for doubt in expression.doubts() {
                let part = source.get(doubt.at.clone()).unwrap_or_default();
                entry.sheet.note(&entry.at, format!("{part} in {:?}: {}", entry.key, doubt.message));
            }
            return Some(expression);
        }
        Err(errors) => errors,
    };
    let variables = match scope {
        Scope::Person => "expected CEL over person, account, deals and tickets, as 'deals.exists(d, d.open)'",
        Scope::Deal => "expected CEL over deal, as 'deal.open'",
        Scope::Candidate => "expected CEL over value and system, as 'value.size() >= 10'",
        Scope::Ticket => "expected CEL over ticket, as 'ticket.open && ticket.priority == \"urgent\"'",
    };
    for error in errors {
        let part = source.get(error.at.clone()).unwrap_or("");
        // A field of a system whose connector is not known is that mistake's consequence, and told with it.
        if offers.complete() || !may_be_field(part) {
            entry.report_within(error.at, error.message, variables);
        }
    }
    None
}

/// `person.x`, `d.x` or `x`.
fn may_be_field(part: &str) -> bool {
    let word = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '.';
    !part.is_empty() && part.chars().all(word)
}
