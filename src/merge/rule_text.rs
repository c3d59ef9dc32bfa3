//! A rule as it stands in precedence.toml, for who is told why.

use super::rules::{Band, Blank, Case, FieldRule, RankedSystem, Strategy};
use crate::model::Name;
use std::fmt;

impl fmt::Display for FieldRule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let is_plain = self.blank == Blank::Skipped && self.ignored.words().is_empty() && self.typed.is_empty() && self.group.is_none();
        if let Strategy::Order(bands) = &self.strategy
            && is_plain
            && self.max_age.is_none()
            && self.cases.is_empty()
        {
            return f.write_str(&order(bands));
        }
        f.write_str("{ ")?;
        if let Some(group) = &self.group {
            write!(f, "group = {}, ", list(&group.fields))?;
        }
        match &self.cases[..] {
            [] => f.write_str(&said(&self.strategy))?,
            [one] => f.write_str(&said(&one.strategy))?,
            several => {
                let case = |case: &Case| format!("{{ when = '{}', {} }}", case.when.source(), said(&case.strategy));
                write!(f, "cases = [{}]", several.iter().map(case).collect::<Vec<_>>().join(", "))?;
            }
        }
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
        if let [one] = &self.cases[..] {
            write!(f, ", when = '{}'", one.when.source())?;
        }
        match &self.strategy {
            _ if self.cases.is_empty() => {}
            Strategy::Never => {}
            Strategy::Order(bands) => write!(f, ", otherwise = {}", order(bands))?,
            other => write!(f, ", otherwise = {{ {} }}", said(other))?,
        }
        f.write_str(" }")
    }
}

/// `from = ["crm", "ma"]`
fn said(strategy: &Strategy) -> String {
    match strategy {
        Strategy::Order(bands) => format!("from = {}", order(bands)),
        Strategy::Fill(bands) => format!("fill = {}", order(bands)),
        Strategy::Only(name) => format!("only = {:?}", &**name),
        Strategy::Newest(names) => format!("newest = {}", list(names)),
        Strategy::Oldest(names) => format!("oldest = {}", list(names)),
        Strategy::First(names) => format!("first = {}", list(names)),
        Strategy::Max(names) => format!("max = {}", list(names)),
        Strategy::Min(names) => format!("min = {}", list(names)),
        Strategy::Any(names) => format!("any = {}", list(names)),
        Strategy::All(names) => format!("all = {}", list(names)),
        Strategy::Most(names) => format!("most = {}", list(names)),
        Strategy::Sum(names) => format!("sum = {}", list(names)),
        Strategy::Union(names) => format!("union = {}", list(names)),
        Strategy::Other(field) => format!("other = {:?}", &**field),
        Strategy::Never => "never = true".to_string(),
        Strategy::Account(field) => format!("account = {:?}", &**field),
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
    use crate::merge::rules::FieldGroup;
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
        let compiled = |when: &str| Expression::compile(when, Scope::Person, &Declared::default()).unwrap();
        let case = |when: &str, strategy| Case { when: compiled(when), strategy };
        let open = |strategy| case("deals.exists(d, d.open)", strategy);
        let with = |cases, strategy| FieldRule { cases, ..rule(strategy) };
        let only = |name: &str| Strategy::Only(name.into());
        let group = || FieldGroup { name: "address".into(), fields: names(&["street", "city"]) }.into();
        for (rule, text) in [
            (rule(order()), r#"["support", ["crm", "ma"]]"#),
            (rule(Strategy::Order(vec![Band(vec![young]), band(&["crm"])])), r#"[{ system = "support", max_age = "730d" }, "crm"]"#),
            (FieldRule { max_age: Some(Span::days(30)), ..rule(order()) }, r#"{ from = ["support", ["crm", "ma"]], max_age = "30d" }"#),
            (rule(Strategy::Fill(vec![band(&["support"]), band(&["crm", "ma"])])), r#"{ fill = ["support", ["crm", "ma"]] }"#),
            (rule(Strategy::Most(names(&["crm", "ma"]))), r#"{ most = ["crm", "ma"] }"#),
            (rule(Strategy::First(names(&["crm", "ma"]))), r#"{ first = ["crm", "ma"] }"#),
            (
                FieldRule { group: Some(group()), blank: Blank::Clears, ..rule(order()) },
                r#"{ group = ["street", "city"], from = ["support", ["crm", "ma"]], blank = "clears" }"#,
            ),
            (FieldRule { group: Some(group()), ..rule(order()) }, r#"{ group = ["street", "city"], from = ["support", ["crm", "ma"]] }"#),
            (rule(Strategy::Other("street".into())), r#"{ other = "street" }"#),
            (rule(Strategy::Never), "{ never = true }"),
            (rule(Strategy::Account("industry".into())), r#"{ account = "industry" }"#),
            (
                FieldRule { ignored: ignored(&["不明", "N/A"]), ..rule(order()) },
                r#"{ from = ["support", ["crm", "ma"]], ignore = ["不明", "N/A"] }"#,
            ),
            (FieldRule { typed: names(&["crm"]), ..rule(order()) }, r#"{ from = ["support", ["crm", "ma"]], typed = ["crm"] }"#),
            (FieldRule { blank: Blank::Wins, ..rule(Strategy::Only("ma".into())) }, r#"{ only = "ma", blank = "wins" }"#),
            (rule(Strategy::Union(names(&["crm", "ma"]))), r#"{ union = ["crm", "ma"] }"#),
            (
                with(vec![open(only("crm"))], Strategy::Order(vec![band(&["ma"])])),
                r#"{ only = "crm", when = 'deals.exists(d, d.open)', otherwise = ["ma"] }"#,
            ),
            (with(vec![open(only("crm"))], Strategy::Never), r#"{ only = "crm", when = 'deals.exists(d, d.open)' }"#),
            (
                with(vec![open(only("crm")), case("tickets.exists(t, t.open)", Strategy::Never)], Strategy::Newest(names(&["crm", "ma"]))),
                r#"{ cases = [{ when = 'deals.exists(d, d.open)', only = "crm" }, { when = 'tickets.exists(t, t.open)', never = true }], otherwise = { newest = ["crm", "ma"] } }"#,
            ),
        ] {
            assert_eq!(rule.to_string(), text);
        }
    }
}
