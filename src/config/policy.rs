//! policy.toml: the status of a person, what holds mail, and what a widening change must wait for.

use crate::config::document::keys::{self, TableKeys};
use crate::config::document::nearest::choices;
use crate::config::document::{ConfigSheet, Section, TextPlace, TomlEntry};
use crate::config::proof::{expression, persons, proofs, unproved};
use crate::config::statuses::{self, Statuses};
use crate::config::systems::offers::{Offers, PassesThatCount};
use crate::decide::rules::{After, ChangeLimits, FillLimits, HoldRule, HoldScope, Policy, Proof, Stale, Widening};
use crate::decide::standing::{REFUSAL_UNREAD, UNREAD};
use crate::model::expression::{Declared, RELATIONSHIP, Scope};
use crate::model::{Entity, MailKind, Span};
use toml::de::{DeTable, DeValue};

/// A deal's account may have more people than one deal should silence; beyond this only the deal's own are held.
const ACCOUNT_CAP: usize = 500;

const PROOF: &str = "expected proof = { \"SYSTEM.STREAM\" = \"15m\" }";

struct PolicyReader<'o> {
    offers: &'o Offers,
    declared: &'o Declared,
}

/// Reads policy.toml.
pub fn read<'a>(sheet: &'a ConfigSheet<'a>, table: &'a DeTable<'a>, offers: &Offers, declared: &Declared) -> Policy {
    let reader = PolicyReader { offers, declared };
    let mut top = Section::top(sheet, table, &keys::POLICY);
    let Statuses { rules: statuses, forward_only } = statuses::read(&mut top, offers, declared);
    // What it says was read before, as others ask for it.
    top.get(RELATIONSHIP);
    let holds = top.table("holds", "[holds]", &keys::HOLDS).map(|mut s| s.entries()).unwrap_or_default();
    let holds = holds.iter().filter_map(|e| reader.hold(e)).collect();
    let refusal_proofs = reader.refusals(&mut top);
    let widening = widening(&mut top).unwrap_or_default();
    let changes = changes(&mut top);
    top.finish();
    let fills = changes.map(FillLimits::from).unwrap_or_default();
    let changes = changes.unwrap_or_default();
    Policy { statuses, forward_only, holds, refusal_proofs, widening, changes, fills, ..Policy::default() }
}

impl PolicyReader<'_> {
    fn hold(&self, entry: &TomlEntry) -> Option<HoldRule> {
        let mut section = entry.table(&format!("[holds.{}]", entry.key), &keys::HOLD)?;
        if [REFUSAL_UNREAD, UNREAD].contains(&entry.key) {
            let said = format!("{:?} is the name of a hold of our own", entry.key);
            entry.sheet.report(entry.key_at.clone(), said, "give the hold another name");
        }
        let when = section.need("when", "expected when = 'deal.open', or another expression over deal or ticket");
        let subject = when.as_ref().and_then(subject);
        let scope = self.scope(&mut section, subject);
        let stops = section.need("stops", &format!("expected stops = [\"campaign\", ..]; the kinds of mail are {}", kinds().join(", ")));
        let stops = stops.map(|e| stops_of(&e)).unwrap_or_default();
        let after = section.get("after").and_then(|e| after(&e, subject)).unwrap_or_default();
        let proof = section.get("proof");
        let at = proof.as_ref().map_or(section.at.clone(), |e| e.key_at.clone());
        let before = entry.sheet.said();
        let proofs = proof.map(|e| e.table("proof", &keys::PROOF).map(|s| proofs(s, self.offers, PassesThatCount::Filtered)));
        let mut proofs = proofs.unwrap_or(Some(Vec::new()));
        // Of a proof with a mistake in it nobody knows what it is of.
        let is_right = entry.sheet.said() == before;
        if let (Some(subject), Some(proofs)) = (subject, &mut proofs) {
            if is_right {
                self.proved(entry, at, subject, proofs);
            }
            proofs.extend(persons(proofs, self.offers, subject.entity()));
        }
        let stale = section.get("stale").map_or(Some(Stale::Hold), |e| stale(&e, proofs.as_deref().unwrap_or_default()));
        section.finish();
        let (subject, stale) = (subject?, stale?);
        let when = expression(&when?, subject.scope(), self.offers, self.declared)?;
        let rule = entry.sheet.rule(&entry.key_at);
        Some(HoldRule { name: entry.key.into(), on: subject.entity(), when, scope, stops, after, proofs: proofs?, stale, rule })
    }

    /// A hold without proofs of what it asks could never notice that it knows nothing.
    fn proved(&self, hold: &TomlEntry, at: TextPlace, subject: HeldSubject, proofs: &[Proof]) {
        if !self.offers.complete() {
            return;
        }
        if self.offers.streams_of(subject.entity()).is_empty() {
            let said = format!("no system reads {}s, so the hold {:?} would never hold", subject.name(), hold.key);
            return hold.sheet.report(hold.key_at.clone(), said, "add such a system to systems.toml, or take the hold out");
        }
        let missing = unproved(proofs, self.offers, subject.streams());
        if !missing.is_empty() {
            let said = format!("the hold {:?} needs proof of {}", hold.key, missing.join(" and "));
            let form: Vec<String> = missing.iter().map(|m| format!("{m:?} = \"15m\"")).collect();
            hold.sheet.report(at, said, format!("without a limit, stale data could never hold; add {} to its proof", form.join(", ")));
        }
    }

    fn scope(&self, section: &mut Section, subject: Option<HeldSubject>) -> HoldScope {
        let scope = section.get("scope");
        let cap = section.get("account_cap");
        let account = scope.as_ref().and_then(|entry| {
            match entry.text()? {
                "person" => return Some(false),
                "account" if subject == Some(HeldSubject::Ticket) => {
                    entry.report("a ticket holds its requesters only, not their account", "expected scope = \"person\"");
                }
                "account" => return Some(true),
                other => entry.report(format!("unknown scope {other:?}"), choices(other, ["person", "account"])),
            }
            None
        });
        if let (Some(cap), Some(false) | None) = (&cap, account)
            && (scope.is_none() || account == Some(false))
        {
            cap.sheet.report(
                cap.key_at.clone(),
                "account_cap without scope = \"account\" has no effect",
                "add the scope, or remove the cap",
            );
        }
        let cap = cap.and_then(|e| e.count()).unwrap_or(ACCOUNT_CAP);
        if account == Some(true) { HoldScope::Account { cap } } else { HoldScope::Person }
    }

    fn refusals(&self, top: &mut Section) -> Vec<Proof> {
        let shown = self.offers.refusal_streams();
        let needed = |section: &Section, proofs: &[Proof]| {
            if self.offers.complete() && !shown.is_empty() && proofs.is_empty() {
                let hint =
                    format!("add [refusals] with proof = {{ {:?} = \"1h\" }}; refusals are read from {}", shown[0], shown.join(", "));
                section.report("refusals need proof: without it, nobody would notice that they are stale", hint);
            }
        };
        let Some(entry) = top.get("refusals") else {
            needed(top, &[]);
            return Vec::new();
        };
        let Some(mut section) = entry.table("[refusals]", &keys::REFUSALS) else { return Vec::new() };
        let found = section
            .need("proof", PROOF)
            .and_then(|e| e.table("proof", &keys::PROOF))
            .map(|s| proofs(s, self.offers, PassesThatCount::Whole));
        section.finish();
        found.unwrap_or_default()
    }
}

/// What a hold is asked of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum HeldSubject {
    Deal,
    Ticket,
}

impl HeldSubject {
    fn name(self) -> &'static str {
        self.entity().name()
    }

    fn entity(self) -> Entity {
        match self {
            HeldSubject::Deal => Entity::Deal,
            HeldSubject::Ticket => Entity::Ticket,
        }
    }

    fn scope(self) -> Scope {
        match self {
            HeldSubject::Deal => Scope::Deal,
            HeldSubject::Ticket => Scope::Ticket,
        }
    }

    /// A deal's hold is as fresh as the deal and as who is on it.
    fn streams(self) -> &'static [Entity] {
        match self {
            HeldSubject::Deal => &[Entity::Deal, Entity::DealPerson],
            HeldSubject::Ticket => &[Entity::Ticket],
        }
    }

    /// The ends that its `after` may name.
    fn ends(self) -> &'static [&'static str] {
        match self {
            HeldSubject::Deal => &["won", "lost"],
            HeldSubject::Ticket => &["closed"],
        }
    }
}

/// What a hold's expression is asked of: the variable that it uses.
fn subject(when: &TomlEntry) -> Option<HeldSubject> {
    let names = variables(when.text()?);
    let hint = "expected one of the two: 'deal.open', or 'ticket.open'";
    match (names.contains(&"deal"), names.contains(&"ticket")) {
        (true, false) => return Some(HeldSubject::Deal),
        (false, true) => return Some(HeldSubject::Ticket),
        (true, true) => when.report("a hold is asked of a deal or of a ticket, not of both", hint),
        (false, false) => when.report("this hold asks neither deal nor ticket", hint),
    }
    None
}

/// The words of an expression that stand for variables: not in quotes, not after a dot.
fn variables(source: &str) -> Vec<&str> {
    let mut names = Vec::new();
    let mut rest = source;
    let mut after_dot = false;
    while let Some(first) = rest.chars().next() {
        let word = |c: char| c.is_ascii_alphanumeric() || c == '_';
        let length = if word(first) {
            let length = rest.find(|c| !word(c)).unwrap_or(rest.len());
            if !after_dot {
                names.push(&rest[..length]);
            }
            length
        } else if first == '"' || first == '\'' {
            let mut escaped = false;
            let closing = rest.char_indices().skip(1).find(|(_, c)| {
                let closes = *c == first && !escaped;
                escaped = *c == '\\' && !escaped;
                closes
            });
            closing.map_or(rest.len(), |(i, _)| i + 1)
        } else {
            first.len_utf8()
        };
        if !first.is_whitespace() {
            after_dot = first == '.';
        }
        rest = &rest[length..];
    }
    names
}

fn kinds() -> Vec<&'static str> {
    MailKind::ALL.into_iter().map(MailKind::name).collect()
}

fn stops_of(entry: &TomlEntry) -> Vec<MailKind> {
    let mut stops = Vec::new();
    for (entry, name) in entry.texts() {
        match MailKind::parse(name) {
            Some(kind) => stops.push(kind),
            None => entry.report(format!("unknown kind of mail {name:?}"), choices(name, kinds())),
        }
    }
    stops
}

/// `stale = "hold"`, or `stale = { last_known = "24h" }`.
fn stale(entry: &TomlEntry, proofs: &[Proof]) -> Option<Stale> {
    const HINT: &str = "expected stale = \"hold\", or stale = { last_known = \"24h\" }";
    match entry.value {
        DeValue::String(text) if text == "hold" => return Some(Stale::Hold),
        DeValue::String(text) => entry.report(format!("unknown word {text:?} for a hold that is stale"), HINT),
        _ => {
            let mut section = entry.table("stale", &keys::STALE)?;
            let last_known = section.need("last_known", HINT);
            section.finish();
            let last_known = last_known?;
            let limit = last_known.duration()?;
            match proofs.iter().find(|p| p.limit >= limit) {
                None => return Some(Stale::LastKnown(limit)),
                Some(p) => last_known.report(
                    format!("{limit} is no longer than the limit of {}.{}, {}", p.system, p.stream, p.limit),
                    "expected the age at which even what was known last does not count any more, as \"24h\"",
                ),
            }
        }
    }
    None
}

fn after(entry: &TomlEntry, subject: Option<HeldSubject>) -> Option<After> {
    let mut section = entry.table("after", &keys::AFTER)?;
    let mut read = |key: &str| {
        let entry = section.get(key)?;
        if let Some(subject) = subject.filter(|s| !s.ends().contains(&key)) {
            let hint = format!("expected {}", subject.ends().join(" or "));
            entry.sheet.report(entry.key_at.clone(), format!("a {} is never {key}", subject.name()), hint);
        }
        entry.duration()
    };
    let mut after = After::default();
    let mut unsaid = Vec::new();
    for (key, slot) in [("won", &mut after.won), ("lost", &mut after.lost), ("closed", &mut after.closed)] {
        let said = read(key);
        let is_end = subject.is_some_and(|subject| subject.ends().contains(&key));
        unsaid.extend((said.is_none() && is_end).then_some(key));
        *slot = said.unwrap_or(Span::ZERO);
    }
    section.finish();
    for end in unsaid {
        entry.sheet.note(&entry.key_at, format!("after does not say {end}: then mail goes again at once, as with {end} = \"0d\""));
    }
    Some(after)
}

fn widening(top: &mut Section) -> Option<Widening> {
    let mut section = ask_above(top, "widening", &keys::WIDENING, &keys::ASK_ABOVE)?;
    let mut widening = Widening::default();
    if let Some(people) = section.get("people").and_then(|e| e.count()) {
        widening.people = people;
    }
    if let Some(share) = section.get("share").and_then(|e| share(&e)) {
        widening.share = share;
    }
    if let Some(within) = section.get("within").and_then(|e| e.duration()) {
        widening.within = within;
    }
    section.finish();
    Some(widening)
}

fn changes(top: &mut Section) -> Option<ChangeLimits> {
    let mut section = ask_above(top, "changes", &keys::CHANGES, &keys::CHANGES_ABOVE)?;
    let mut changes = ChangeLimits::default();
    if let Some(records) = section.get("records").and_then(|e| e.count()) {
        changes = changes.above(records);
    }
    if let Some(share) = section.get("share").and_then(|e| share(&e)) {
        changes.share = share;
    }
    if let Some(within) = section.get("within").and_then(|e| e.duration()) {
        changes.within = within;
    }
    section.finish();
    Some(changes)
}

fn ask_above<'a>(top: &mut Section<'a>, key: &str, keys: &'static TableKeys, above: &'static TableKeys) -> Option<Section<'a>> {
    let mut section = top.table(key, &format!("[{key}]"), keys)?;
    let ask_above = section.get("ask_above");
    section.finish();
    ask_above?.table("ask_above", above)
}

/// `"1%"` as 0.01.
fn share(entry: &TomlEntry) -> Option<f64> {
    let number = match entry.value {
        toml::de::DeValue::String(text) => text.strip_suffix('%').and_then(|n| n.trim().parse::<f64>().ok()),
        _ => None,
    };
    let share = number.filter(|n| *n > 0.0 && *n <= 100.0).map(|n| n / 100.0);
    if share.is_none() {
        entry.report("\"share\" is no share of all people", "expected a number from above 0 to 100 with % in quotes: \"1%\"");
    }
    share
}

#[cfg(test)]
mod tests {
    use crate::config::policy::variables;

    #[test]
    fn variables_are_not_texts_nor_fields() {
        for (source, want) in [
            ("deal.open", vec!["deal"]),
            ("x.deal && 'ticket' == \"ti\\\"cket\"", vec!["x"]),
            ("ticket . deal", vec!["ticket"]),
            ("'open", vec![]),
        ] {
            assert_eq!(variables(source), want, "{source}");
        }
    }
}
