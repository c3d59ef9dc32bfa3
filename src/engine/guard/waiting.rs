//! Something that waits for a person's word.

use crate::engine::guard::about::About;
use crate::model::counted;
use serde::{Deserialize, Serialize};

/// Something that only goes on after `approve`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Waiting {
    pub plan: String,
    pub kind: String,
    pub count: usize,
    pub limit: usize,
    pub why: String,
    /// The same as long as it waits, whatever the numbers in `why` are.
    pub about: About,
    /// A few of those it is about.
    pub samples: Vec<String>,
    /// A few people whom a release is about, by name and address.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub people: Vec<String>,
}

impl Waiting {
    /// Those it is about, as far as they are named, and how many more there are.
    pub fn who(&self) -> String {
        let named = if self.people.is_empty() { &self.samples } else { &self.people };
        let more = self.count.saturating_sub(named.len());
        let rest = (!self.people.is_empty() && more > 0).then(|| format!(" and {more} more"));
        format!("{}{}", named.join(", "), rest.unwrap_or_default())
    }

    /// `count` with what it counts.
    pub fn counted(&self) -> String {
        let (one, many) = self.about.counts();
        counted(self.count, one, many)
    }
}

/// Samples named with a waiting plan.
pub const SAMPLES: usize = 5;
/// People named with a waiting release.
pub const PEOPLE_NAMED: usize = 3;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn people_are_named_before_records_and_only_of_people_the_rest_is_counted() {
        let waiting = |count, samples: &[&str], people: &[&str], about: About| {
            let words = |of: &[&str]| of.iter().map(ToString::to_string).collect::<Vec<String>>();
            let (samples, people) = (words(samples), words(people));
            let plan = Waiting { plan: "w_1".into(), kind: "k".into(), count, limit: 1, why: String::new(), about, samples, people };
            (plan.who(), plan.counted())
        };
        let (releases, updates) = (About::Releases { system: "ma".into() }, About::Updates { system: "ma".into() });
        let said = |who: &str, counted: &str| (who.to_string(), counted.to_string());
        assert_eq!(waiting(3, &["ma:person:1"], &["Taro", "Hana"], releases.clone()), said("Taro, Hana and 1 more", "3 people"));
        assert_eq!(waiting(1, &["ma:person:1"], &["Taro"], releases), said("Taro", "1 person"));
        assert_eq!(waiting(9, &["ma:person:1", "ma:person:2"], &[], updates), said("ma:person:1, ma:person:2", "9 records"));
    }
}
