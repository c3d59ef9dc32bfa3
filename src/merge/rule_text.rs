//! A rule as it stands in precedence.toml, for who is told why.

use super::rules::{Band, Blank, FieldRule, RankedSystem, Strategy};
use crate::model::Name;
use std::fmt;

impl fmt::Display for FieldRule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (key, systems) = match &self.strategy {
            Strategy::Order(bands) => (if self.fills_only { "fill" } else { "from" }, order(bands)),
            Strategy::Only(name) => ("only", format!("{:?}", &**name)),
            Strategy::Newest(names) => ("newest", list(names)),
            Strategy::Oldest(names) => ("oldest", list(names)),
            Strategy::Max(names) => ("max", list(names)),
            Strategy::Min(names) => ("min", list(names)),
            Strategy::Union(names) => ("union", list(names)),
        };
        let is_plain = self.blank == Blank::Skipped && self.ignored.words().is_empty() && self.typed.is_empty();
        if key == "from" && is_plain && self.max_age.is_none() && self.when.is_none() {
            return f.write_str(&systems);
        }
        write!(f, "{{ {key} = {systems}")?;
        if let Some(limit) = self.max_age {
            write!(f, ", max_age = \"{limit}\"")?;
        }
        match self.blank {
            Blank::Skipped => {}
            Blank::Wins => f.write_str(", blank = \"wins\"")?,
            Blank::Clears => f.write_str(", blank = \"clears\"")?,
        }
        if !self.ignored.words().is_empty() {
            write!(f, ", ignore = {:?}", self.ignored.words())?;
        }
        if !self.typed.is_empty() {
            write!(f, ", typed = {}", list(&self.typed))?;
        }
        if let Some(condition) = &self.when {
            write!(f, ", when = '{}', otherwise = {}", condition.when.source(), order(&condition.otherwise))?;
        }
        f.write_str(" }")
    }
}

fn list(names: &[Name]) -> String {
    format!("[{}]", names.iter().map(|name| format!("{:?}", &**name)).collect::<Vec<_>>().join(", "))
}

fn order(bands: &[Band]) -> String {
    let system = |ranked: &RankedSystem| match ranked.max_age {
        Some(limit) => format!("{{ system = {:?}, max_age = \"{limit}\" }}", &*ranked.system),
        None => format!("{:?}", &*ranked.system),
    };
    let band = |band: &Band| match &band.0[..] {
        [one] => system(one),
        several => format!("[{}]", several.iter().map(system).collect::<Vec<_>>().join(", ")),
    };
    format!("[{}]", bands.iter().map(band).collect::<Vec<_>>().join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::merge::ignored::Ignored;
    use crate::merge::rules::Condition;
    use crate::model::expression::{Declared, Scope};
    use crate::model::{Expression, Span};

    #[test]
    fn a_rule_is_told_as_it_is_written() {
        let names = |all: &[&str]| all.iter().map(|name| Name::from(*name)).collect::<Vec<_>>();
        let band = |all: &[&str]| Band(names(all).into_iter().map(RankedSystem::from).collect());
        let rule = |strategy| FieldRule::of(strategy, "precedence.toml:5".into());
        let ignored = |words: &[&str]| Ignored::of(words.iter().map(|word| (*word).into()).collect());
        let young = RankedSystem { system: "support".into(), max_age: Some(Span::days(730)) };
        let order = || Strategy::Order(vec![band(&["support"]), band(&["crm", "ma"])]);
        let when = Expression::compile("deals.exists(d, d.open)", Scope::Person, &Declared::default()).unwrap();
        for (rule, text) in [
            (rule(order()), r#"["support", ["crm", "ma"]]"#),
            (rule(Strategy::Order(vec![Band(vec![young]), band(&["crm"])])), r#"[{ system = "support", max_age = "730d" }, "crm"]"#),
            (FieldRule { max_age: Some(Span::days(30)), ..rule(order()) }, r#"{ from = ["support", ["crm", "ma"]], max_age = "30d" }"#),
            (FieldRule { fills_only: true, ..rule(order()) }, r#"{ fill = ["support", ["crm", "ma"]] }"#),
            (
                FieldRule { ignored: ignored(&["不明", "N/A"]), ..rule(order()) },
                r#"{ from = ["support", ["crm", "ma"]], ignore = ["不明", "N/A"] }"#,
            ),
            (FieldRule { typed: names(&["crm"]), ..rule(order()) }, r#"{ from = ["support", ["crm", "ma"]], typed = ["crm"] }"#),
            (FieldRule { blank: Blank::Wins, ..rule(Strategy::Only("ma".into())) }, r#"{ only = "ma", blank = "wins" }"#),
            (rule(Strategy::Union(names(&["crm", "ma"]))), r#"{ union = ["crm", "ma"] }"#),
            (
                FieldRule { when: Some(Condition { when, otherwise: vec![band(&["ma"])] }), ..rule(Strategy::Only("crm".into())) },
                r#"{ only = "crm", when = 'deals.exists(d, d.open)', otherwise = ["ma"] }"#,
            ),
        ] {
            assert_eq!(rule.to_string(), text);
        }
    }
}
