//! The rules of precedence that histories begin with and are edited to, as tables that the judges read and the product gets as a file.

use super::words::{SETS, WordRules};
use crate::dice::Dice;
use std::fmt::Write;

const DAY_MS: i64 = 86_400_000;

/// A precedence.toml.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Order {
    Shipped,
    /// The CRM and the marketing system count the same.
    Equal,
    /// The newest counts.
    Newest,
    /// The other way round.
    Turned,
    /// Old values count no more.
    Aged,
    /// One system each.
    Narrow,
    /// What people typed in the CRM goes before copies.
    Typed,
    /// Some fields are only filled.
    Fills,
    /// One of the sets that say what the others cannot.
    Words(u8),
}

/// How a field's rule chooses.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum How {
    Ranked,
    Fill,
    Newest,
    Only,
    Union,
}

/// A field's rule.
struct Rule {
    field: &'static str,
    how: How,
    bands: &'static [&'static [&'static str]],
}

const fn rule(field: &'static str, how: How, bands: &'static [&'static [&'static str]]) -> Rule {
    Rule { field, how, bands }
}

const CRM_FIRST: &[&[&str]] = &[&["crm"], &["ma"]];
const MA_FIRST: &[&[&str]] = &[&["ma"], &["crm"]];
const BOTH: &[&[&str]] = &[&["crm", "ma"]];
const ALL_FIELDS: usize = 6;

const SHIPPED: [Rule; ALL_FIELDS] = [
    rule("phone", How::Ranked, &[&["support"], &["crm"], &["ma"]]),
    rule("title", How::Ranked, CRM_FIRST),
    rule("birth", How::Ranked, &[&["crm"], &["support"], &["ma"]]),
    rule("income", How::Ranked, CRM_FIRST),
    rule("sector", How::Ranked, CRM_FIRST),
    rule("tags", How::Union, BOTH),
];
const EQUAL: [Rule; ALL_FIELDS] = [
    rule("phone", How::Ranked, &[&["support"], &["crm", "ma"]]),
    rule("title", How::Ranked, BOTH),
    rule("birth", How::Ranked, &[&["crm", "ma"], &["support"]]),
    rule("income", How::Ranked, BOTH),
    rule("sector", How::Ranked, BOTH),
    rule("tags", How::Union, BOTH),
];
const NEWEST: [Rule; ALL_FIELDS] = [
    rule("phone", How::Newest, &[&["support", "crm", "ma"]]),
    rule("title", How::Newest, &[&["ma", "crm"]]),
    rule("birth", How::Newest, &[&["crm", "ma", "support"]]),
    rule("income", How::Newest, BOTH),
    rule("sector", How::Newest, BOTH),
    rule("tags", How::Union, BOTH),
];
const TURNED: [Rule; ALL_FIELDS] = [
    rule("phone", How::Ranked, &[&["crm"], &["support"], &["ma"]]),
    rule("title", How::Ranked, MA_FIRST),
    rule("birth", How::Ranked, &[&["support"], &["ma"], &["crm"]]),
    rule("income", How::Ranked, MA_FIRST),
    rule("sector", How::Ranked, MA_FIRST),
    rule("tags", How::Union, &[&["ma", "crm"]]),
];
const NARROW: [Rule; ALL_FIELDS] = [
    rule("phone", How::Only, &[&["support"]]),
    rule("title", How::Only, &[&["ma"]]),
    rule("birth", How::Only, &[&["support"]]),
    rule("income", How::Only, &[&["crm"]]),
    rule("sector", How::Only, &[&["crm"]]),
    rule("tags", How::Only, &[&["crm"]]),
];
const TYPED: [Rule; ALL_FIELDS] = [
    rule("phone", How::Newest, &[&["ma", "crm", "support"]]),
    rule("title", How::Ranked, CRM_FIRST),
    rule("birth", How::Ranked, &[&["support"], &["crm", "ma"]]),
    rule("income", How::Ranked, MA_FIRST),
    rule("sector", How::Newest, BOTH),
    rule("tags", How::Union, BOTH),
];

const FILLS: [Rule; ALL_FIELDS] = [
    rule("phone", How::Fill, &[&["support"], &["crm"], &["ma"]]),
    rule("title", How::Fill, CRM_FIRST),
    rule("birth", How::Fill, &[&["crm", "ma"], &["support"]]),
    rule("income", How::Ranked, BOTH),
    rule("sector", How::Ranked, CRM_FIRST),
    rule("tags", How::Union, BOTH),
];

/// What the sets of words say of the other fields.
const WORDS_BESIDE: [Order; 5] = [Order::Shipped, Order::Equal, Order::Newest, Order::Fills, Order::Narrow];

/// Where a system stands in a field's rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rank {
    pub band: usize,
    pub max_age_ms: Option<i64>,
}

impl Order {
    /// Those without words of their own.
    pub const ALL: [Order; 8] =
        [Order::Shipped, Order::Equal, Order::Newest, Order::Turned, Order::Aged, Order::Narrow, Order::Typed, Order::Fills];

    /// Any of those that there are where the words are `spoken`, or not.
    pub fn any(spoken: bool, dice: &mut Dice) -> Order {
        if spoken && !dice.once_in(4) {
            return Order::Words(dice.below(usize::from(SETS)) as u8);
        }
        *dice.pick(&Order::ALL).unwrap_or(&Order::Shipped)
    }

    /// What it says of the words' fields; `None`: nothing.
    pub fn words(self) -> Option<WordRules> {
        if let Order::Words(number) = self { Some(WordRules::of(number)) } else { None }
    }

    fn rules(self) -> &'static [Rule; ALL_FIELDS] {
        match self {
            Order::Words(number) => WORDS_BESIDE[usize::from(number) % WORDS_BESIDE.len()].rules(),
            Order::Shipped | Order::Aged => &SHIPPED,
            Order::Equal => &EQUAL,
            Order::Newest => &NEWEST,
            Order::Turned => &TURNED,
            Order::Narrow => &NARROW,
            Order::Typed => &TYPED,
            Order::Fills => &FILLS,
        }
    }

    /// After how many days a system's values of a field count no more.
    fn max_age_days(self, field: &str, system: &str) -> Option<i64> {
        match (self, field, system) {
            (Order::Aged, "phone", "support") => Some(2),
            (Order::Aged, "title", _) => Some(3),
            _ => None,
        }
    }

    /// A system as the file names it in an order.
    fn named(self, field: &str, system: &str) -> String {
        match self.max_age_days(field, system) {
            Some(days) => format!("{{ system = {system:?}, max_age = \"{days}d\" }}"),
            None => format!("{system:?}"),
        }
    }

    /// Where a system stands; `None`: it is not asked.
    pub fn rank(self, field: &str, system: &str) -> Option<Rank> {
        let rule = self.rules().iter().find(|rule| rule.field == field)?;
        let band = rule.bands.iter().position(|band| band.contains(&system))?;
        Some(Rank { band, max_age_ms: self.max_age_days(field, system).map(|days| days * DAY_MS) })
    }

    /// Whether the field is put together of what all have.
    pub fn unites(self, field: &str) -> bool {
        self.rules().iter().any(|rule| rule.field == field && matches!(rule.how, How::Union))
    }

    /// Whether a field is written only where it is empty.
    pub fn fills(self, field: &str) -> bool {
        self.rules().iter().any(|rule| rule.field == field && matches!(rule.how, How::Fill))
    }

    /// The system whose values of a field come before all others', wherever they stand; `None`: of several the newest do, or no other counts,
    /// or what is there stays.
    pub fn first(self, field: &str) -> Option<&'static str> {
        let rule = self.rules().iter().find(|rule| rule.field == field).filter(|rule| rule.bands.len() > 1 && !self.fills(field))?;
        if let [first] = rule.bands[0] { Some(first) } else { None }
    }

    /// Whether the CRM is asked for the history of a field. `relays`: it is asked who edits, whatever the rule.
    pub fn asks_history(self, field: &str, relays: bool) -> bool {
        let rule = self.rules().iter().find(|rule| rule.field == field && self.rank(field, "crm").is_some());
        let among_equals = |rule: &Rule| rule.bands.iter().any(|band| band.len() > 1 && band.contains(&"crm"));
        let by_age = |rule: &Rule| !matches!(rule.how, How::Union) && (among_equals(rule) || self.max_age_days(field, "crm").is_some());
        rule.is_some_and(|rule| relays || self.passes_copies() || by_age(rule))
    }

    /// The newest of several systems that count the same: which ones, where they are all that count.
    pub fn newest_of(self, field: &str) -> Option<&'static [&'static str]> {
        let rule = self.rules().iter().find(|rule| rule.field == field)?;
        let is_it = matches!(rule.how, How::Newest) || matches!(rule.how, How::Ranked) && rule.bands.len() == 1 && rule.bands[0].len() > 1;
        is_it.then_some(rule.bands[0])
    }

    /// Whether copies do not count beside what a person typed in the CRM.
    pub fn passes_copies(self) -> bool {
        self == Order::Typed
    }

    /// The lowest status but one that people have by their deals counts before the others, or after them.
    pub fn turns_statuses(self) -> bool {
        self == Order::Turned
    }

    /// precedence.toml.
    pub fn toml(self) -> String {
        let mut text = "default = [\"crm\", \"support\", \"ma\"]\n\n[person]\nscore = { only = \"ma\" }\n".to_string();
        for rule in self.rules() {
            let named = |system: &&str| self.named(rule.field, system);
            let band = |band: &&[&str]| {
                let all: Vec<String> = band.iter().map(named).collect();
                if let [one] = &all[..] { one.clone() } else { format!("[{}]", all.join(", ")) }
            };
            let bands: Vec<String> = rule.bands.iter().map(band).collect();
            let typed = if self.passes_copies() { ", typed = [\"crm\"]" } else { "" };
            let said = match rule.how {
                How::Fill => format!("{{ fill = [{}] }}", bands.join(", ")),
                How::Ranked if typed.is_empty() => format!("[{}]", bands.join(", ")),
                How::Ranked => format!("{{ from = [{}]{typed} }}", bands.join(", ")),
                How::Newest => format!("{{ newest = {:?}{typed} }}", rule.bands[0]),
                How::Union => format!("{{ union = {:?} }}", rule.bands[0]),
                How::Only => format!("{{ only = {:?} }}", rule.bands[0][0]),
            };
            // A text takes everything.
            let _ = writeln!(text, "{} = {said}", rule.field);
        }
        text.extend(self.words().map(|words| words.toml()));
        text
    }
}
