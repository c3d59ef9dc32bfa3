//! Which fields may be taken from a system that they are written to: their values can go round.

use crate::config::Rules;
use crate::model::Name;
use std::collections::BTreeSet;

/// The fields that some system is written and is asked for, beside another one: alone it is never written what it did not hold.
pub(super) fn two_way(rules: &Rules) -> BTreeSet<Name> {
    let written = rules.systems.iter().flat_map(|system| system.writes.fields.iter().map(move |field| (system.name(), field)));
    let systems: Vec<&Name> = rules.systems.iter().map(|system| system.name()).collect();
    let takes = |field: &Name, system: &Name| rules.precedence.may_ask(field, system);
    let taken =
        written.filter(|(system, field)| takes(field, system) && systems.iter().any(|other| other != system && takes(field, other)));
    taken.map(|(_, field)| field.clone()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::rules::connection::tests::system;
    use crate::engine::rules::in_force::tests::rules;
    use crate::merge::rules::{Band, Case, FieldRule, Strategy};
    use crate::model::expression::{Declared, Expression, Scope};

    #[test]
    fn a_field_goes_two_ways_where_a_system_that_it_is_written_to_is_asked_for_it() {
        let rule = |strategy: Strategy, otherwise: Option<&str>| {
            let band = |system: &str| Band(vec![Name::from(system).into()]);
            let when = Expression::compile("true", Scope::Person, &Declared::default()).unwrap();
            let line = "precedence.toml:2".into();
            match otherwise {
                None => FieldRule::of(strategy, line),
                Some(system) => {
                    FieldRule { cases: vec![Case { when, strategy }], ..FieldRule::of(Strategy::Order(vec![band(system)]), line) }
                }
            }
        };
        let all = |systems: &[&str]| systems.iter().map(|s| Name::from(*s)).collect::<Vec<_>>();
        for (written_to, strategy, otherwise, two_ways) in [
            (&["crm"][..], Strategy::Newest(all(&["crm", "ma"])), None, true),
            // Points of the MA, written to both: a real change was held back after a few corrections.
            (&["crm"], Strategy::Only("crm".into()), None, false),
            (&["crm", "ma"], Strategy::Only("ma".into()), None, false),
            (&["crm"], Strategy::Only("ma".into()), None, false),
            (&["crm"], Strategy::Only("ma".into()), Some("crm"), true),
            (&["crm", "ma"], Strategy::Union(all(&["ma", "crm"])), None, true),
            (&[], Strategy::Newest(all(&["crm", "ma"])), None, false),
        ] {
            for by_default in [false, true] {
                let mut rules = Rules::clone(&rules("a", &[]));
                for name in ["crm", "ma"] {
                    let mut system = system("secret");
                    system.settings.name = name.into();
                    system.writes.fields = if written_to.contains(&name) { vec!["title".into()] } else { Vec::new() };
                    rules.systems.push(system);
                }
                let rule = rule(strategy.clone(), otherwise).into();
                match by_default {
                    true => rules.precedence.default = Some(rule),
                    false => rules.precedence.fields = [("title".into(), rule)].into_iter().collect(),
                }
                assert_eq!(two_way(&rules).contains(&Name::from("title")), two_ways, "{written_to:?} {strategy:?} {by_default}");
            }
        }
    }
}
