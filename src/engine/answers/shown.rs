//! Fields that something rests on and that a whole pass showed in none of its records.
//!
//! A scope that was taken away, or a property that was renamed, leaves such a field out of every answer without an error.

use crate::connector::{Pass, RestsOn, Shown, WatchedField, last_name};
use crate::decide::rules::HoldRule;
use crate::engine::engine::Engine;
use crate::engine::proofs::pass_run::PassRun;
use crate::engine::target::Allowed;
use crate::model::record::field;
use crate::model::{Entity, Mark, Name, PermitFor};

/// What a pass showed too little of.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Missing {
    /// Why the pass proves nothing.
    pub doubt: Option<String>,
    /// The paths of opt-out fields that are only told: those that may be left out of an answer.
    pub told: Vec<Box<str>>,
}

/// What counts here of a stream's fields.
struct Counts<'c> {
    entity: Entity,
    allowed: &'c Allowed,
    holds: &'c [HoldRule],
}

impl Counts<'_> {
    /// Whether a refusal, a hold, or a mark that is written here, rests on the field.
    fn matter(&self, field: &WatchedField) -> bool {
        field.rests.iter().any(|rests| match rests {
            RestsOn::Refusal | RestsOn::State | RestsOn::Link => true,
            RestsOn::Mark(Mark::Block) => self.allowed.block,
            RestsOn::Mark(Mark::Permit) => self.allowed.permits.contains(&PermitFor::Marketing),
            RestsOn::Mark(Mark::OwnPermit(own)) => self.allowed.permits.iter().any(|p| matches!(p, PermitFor::Own(known) if known == own)),
            RestsOn::Mark(Mark::Why) => self.allowed.why,
            RestsOn::Mark(Mark::Status) => false,
            // Holds and refusals reach a person's other records by the address.
            RestsOn::Field(name) if self.entity == Entity::Person => &**name == field::EMAIL,
            RestsOn::Field(name) => self.holds.iter().any(|rule| rule.on == self.entity && names(rule.when.source(), name)),
        })
    }
}

/// Whether an expression names a field: the whole word.
fn names(expression: &str, field: &str) -> bool {
    expression.split(|c: char| !c.is_alphanumeric() && c != '_').any(|word| word == field)
}

fn missing(system: &Name, shown: Shown, watched: &[WatchedField], counts: &Counts<'_>) -> Missing {
    let mut out = Missing::default();
    let rows = shown.rows;
    let absent: Vec<&WatchedField> = shown.missing(watched).filter(|f| !f.lacked).collect();
    let doubted: Vec<&str> = absent.iter().filter(|f| f.always && counts.matter(f)).map(|f| f.name()).collect();
    if !doubted.is_empty() {
        let rests = if absent.iter().any(|f| f.always && f.shows_refusals()) {
            "whoever said no there cannot be seen"
        } else {
            "what rests on it cannot be seen"
        };
        out.doubt = Some(format!(
            "none of {rows} records shows {}, which the system always shows: {rests}. Has the token lost a scope, or was the field renamed? \
             If this account has none, say so in [systems.{system}] of systems.toml: lacks = {doubted:?}",
            doubted.join(", ")
        ));
    }
    out.told.extend(absent.iter().filter(|f| !f.always && f.shows_refusals()).map(|f| f.path.clone()));
    out
}

impl Engine {
    /// What a pass that was read to its end showed too little of.
    pub fn missing_fields(&self, run: &PassRun) -> Missing {
        let Some(state) = self.systems.get(&run.system) else { return Missing::default() };
        let Some(info) = state.streams.info(&run.stream) else { return Missing::default() };
        if matches!(run.pass, Pass::ForEach(_) | Pass::FilterTest(_)) {
            return Missing::default();
        }
        let counts = Counts { entity: info.entity, allowed: state.connected.allowed(), holds: &self.rules.rules().policy.holds };
        missing(&run.system, run.shown, &info.watched, &counts)
    }

    /// What the whole listings showed nothing of, and what systems.toml says that accounts have not: for `status`.
    pub fn fields_not_seen(&self) -> Vec<String> {
        let mut lines = Vec::new();
        for (system, state) in self.systems.iter() {
            for (stream, path) in state.streams.known().flat_map(|(name, s)| s.not_shown.iter().map(move |path| (name, path))) {
                lines.push(format!(
                    "{system}.{stream}: none of its records shows {path}, by which people say no: a refusal there cannot be seen. Has the token \
                     all scopes, is the field's name right? lacks = [{:?}] in [systems.{system}] of systems.toml says that this account has none",
                    last_name(path)
                ));
            }
            let watched = state.streams.infos().flat_map(|info| &info.watched);
            let mut lacked: Vec<&str> = watched.filter(|f| f.lacked).map(|f| f.name()).collect();
            lacked.sort_unstable();
            lacked.dedup();
            for field in lacked {
                lines.push(format!("{system}: systems.toml says that this account has no {field}: what it would show is not looked for"));
            }
        }
        lines
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn watched(path: &str, rests: RestsOn, always: bool, lacked: bool) -> WatchedField {
        WatchedField { path: path.into(), rests: vec![rests], always, lacked }
    }

    fn of(watched: &[WatchedField], rows: u64, allowed: &Allowed) -> Missing {
        let counts = Counts { entity: Entity::Person, allowed, holds: &[] };
        let shown = Shown { rows, ..Shown::default() };
        missing(&"crm".into(), shown, watched, &counts)
    }

    #[test]
    fn an_optout_property_in_none_of_the_answers_is_doubt_and_without_rows_it_is_not() {
        let fields = [watched("properties.optout", RestsOn::Refusal, true, false)];
        let none = Allowed::default();
        let doubt = of(&fields, 30, &none).doubt.unwrap();
        assert!(doubt.contains("none of 30 records shows optout") && doubt.contains("lacks = [\"optout\"]"), "{doubt}");
        assert_eq!(of(&fields, 0, &none), Missing::default());
        assert_eq!(
            of(&[watched("properties.optout", RestsOn::Refusal, true, true)], 30, &none),
            Missing::default(),
            "the account has none"
        );
    }

    #[test]
    fn one_that_may_be_left_out_is_only_told() {
        let told = of(&[watched("suppression.reason", RestsOn::Refusal, false, false)], 3, &Allowed::default());
        assert!(told.doubt.is_none() && *told.told[0] == *"suppression.reason", "{told:?}");
    }

    #[test]
    fn of_marks_only_those_that_hold_uses_count() {
        let fields = [
            watched("suspended", RestsOn::Mark(Mark::Block), true, false),
            watched("ok_until", RestsOn::Mark(Mark::Permit), true, false),
            watched("lead_status", RestsOn::Mark(Mark::Status), true, false),
        ];
        assert_eq!(of(&fields, 3, &Allowed::default()), Missing::default());
        let doubt = of(&fields, 3, &Allowed { permits: vec![PermitFor::Marketing], ..Allowed::default() }).doubt.unwrap();
        assert!(doubt.contains("ok_until") && !doubt.contains("suspended") && !doubt.contains("lead_status"), "{doubt}");
    }

    #[test]
    fn a_deals_field_counts_where_a_hold_asks_for_it() {
        assert!(names("deal.open && deal.amount > 1000", "amount"));
        assert!(!names("deal.open && deal.amount_due > 1000", "amount"));
    }
}
