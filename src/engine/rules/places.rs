//! Where in the files it stands what an edit changes.

use super::merging::Merging;
use crate::config::Rules;
use crate::decide::rules::StatusRule;
use crate::model::Name;

impl Merging {
    /// File and line of the rule of a field.
    pub fn place_of_rule(&self, field: &Name) -> String {
        let Some(rule) = self.rules.precedence.rule(field) else { return "precedence.toml (the rule was taken out)".to_string() };
        let of_account = rule.account_fields().filter_map(|name| Some((name, self.rules.precedence.accounts.get(name)?)));
        let mut told = rule.rule.to_string();
        of_account.for_each(|(name, rule)| told.push_str(&format!(" (account.{name}: {})", rule.rule)));
        told
    }

    /// File and line of the first status that has another rule than before, or another place; where none has, of the first.
    pub fn place_of_statuses(&self, before: &Rules) -> String {
        let (statuses, former) = (&self.rules.policy.statuses, &before.policy.statuses);
        let is_same = |a: &StatusRule, b: &StatusRule| a.name == b.name && a.when.source() == b.when.source();
        let edited = statuses.iter().find(|status| !former.iter().any(|old| is_same(old, status)));
        if let (None, Some(gone)) = (edited, former.iter().find(|old| !statuses.iter().any(|status| status.name == old.name))) {
            return format!("policy.toml ({:?} was taken out)", &*gone.name);
        }
        let moved = || statuses.iter().zip(former).find(|(status, old)| !is_same(status, old)).map(|(status, _)| status);
        edited.or_else(moved).or(statuses.first()).map_or("policy.toml", |status| &*status.rule).to_string()
    }
}

#[cfg(test)]
mod tests {
    use crate::engine::rules::merging::Merging;
    use crate::engine::rules::merging::tests::merging;

    /// It was always the line of the first.
    #[test]
    fn of_statuses_the_line_of_the_one_that_is_another_is_told() {
        let (a, b, c) = (("a", "person.title == 'x'"), ("b", "person.phone == 'x'"), ("c", "true"));
        let before = merging("a", &[], &[a, b, c]);
        for (statuses, line) in [
            (&[a, ("b", "person.phone == 'y'"), c][..], "policy.toml:3"),
            (&[a, b, ("new", "false"), c], "policy.toml:4"),
            (&[a, c, b], "policy.toml:3"),
            (&[a, b, c], "policy.toml:2"),
            (&[a, c], "policy.toml (\"b\" was taken out)"),
            (&[], "policy.toml (\"a\" was taken out)"),
        ] {
            assert_eq!(Merging::of(merging("b", &[], statuses)).place_of_statuses(&before), line, "{statuses:?}");
        }
    }
}
