//! Rule sets with the words that the other orders lack, thrown from their number: cases and `otherwise`, `other`, `group`, `first`, `sum`,
//! `any`, `all`, `most`, `ignore`, `valid`, `never` and what the account has. Each speaks of fields of its own. And a status with `by`.

use crate::dice::Dice;
use std::fmt::Write;

/// So many sets there are.
pub const SETS: u8 = 12;
/// How a value begins that `valid` keeps out.
pub const INVALID: &str = "#";
/// Values that `ignore` names.
pub const IGNORED: [&str; 2] = ["N/A", "不明"];
/// Sets are thrown from these numbers on.
const FIRST_THROW: u64 = 0xa5_0000;

/// What a field holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Holds {
    Text,
    Int,
    YesNo,
}

/// A field of its own, by one name in all systems that show it.
#[derive(Debug)]
pub struct WordField {
    pub name: &'static str,
    pub holds: Holds,
    pub systems: &'static [&'static str],
}

const fn field(name: &'static str, holds: Holds, systems: &'static [&'static str]) -> WordField {
    WordField { name, holds, systems }
}

const THREE: &[&str] = &["crm", "support", "ma"];
const WRITTEN: &[&str] = &["crm", "ma"];

pub const FIELDS: [WordField; 15] = [
    field("level", Holds::Int, &["crm"]),
    field("plan", Holds::Text, THREE),
    field("offer", Holds::Text, THREE),
    field("street", Holds::Text, THREE),
    field("city", Holds::Text, THREE),
    field("points", Holds::Int, THREE),
    field("vip", Holds::YesNo, THREE),
    field("grade", Holds::Text, THREE),
    field("note", Holds::Text, THREE),
    field("secret", Holds::Text, WRITTEN),
    field("branch", Holds::Text, WRITTEN),
    field("lane", Holds::Text, THREE),
    field("ward", Holds::Text, THREE),
    field("code", Holds::Text, THREE),
    field("origin", Holds::Text, THREE),
];
/// More points make a customer, by some sets: half of what there may be of them in one record. No system is written those that it counts.
pub const CUSTOMERS_POINTS: i64 = 1 << 35;
/// The fields that come from one record.
pub const PLACE: [&str; 3] = ["lane", "ward", "code"];
/// What the cases of `offer` ask for: the clock, other people's work, the company, and other fields.
const ASKED: [&str; 8] = [
    "deals.exists(d, d.open)",
    "deals.exists(d, d.lost && d.closed_days < 2)",
    "tickets.exists(t, t.open && t.priority == \"urgent\")",
    "account.industry != null",
    "person.vip == true",
    "person.grade == \"A\"",
    "person.points > 0",
    "person.city != null",
];
/// Of companies.
pub const INDUSTRY: &str = "industry";

/// The field of that name, if it is one of these.
pub fn field_of(name: &str) -> Option<&'static WordField> {
    FIELDS.iter().find(|field| field.name == name)
}

/// Systems, the first before the others.
pub type Ranked = Vec<&'static str>;

/// A case: it counts from this level on.
#[derive(Debug, Clone)]
pub struct Case {
    pub from_level: i64,
    pub systems: Ranked,
}

/// How `points` come about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Counted {
    Sum,
    Largest,
}

/// One set.
#[derive(Debug, Clone)]
pub struct WordRules {
    /// Of `plan`, the highest level first; and whoever reaches none. Empty: the field is left alone.
    pub cases: Vec<Case>,
    pub otherwise: Ranked,
    /// Of `offer`, with what each asks for.
    pub offers: Vec<(&'static str, Ranked)>,
    pub street: Ranked,
    pub points: Counted,
    /// One yes is enough, or one no.
    pub any: bool,
    pub vip: Ranked,
    pub grade: Ranked,
    pub note: Ranked,
    pub ignores: bool,
    pub validates: bool,
    /// Whose place counts: the newest, or the first of them.
    pub place: Ranked,
    pub newest_place: bool,
    /// What the record that wins does not hold of its place is emptied.
    pub clears_place: bool,
    pub origin: Ranked,
    /// In which system alone so many points make a customer. `None`: won deals do.
    pub customer_by: Option<&'static str>,
}

/// Some of the systems, in any order.
fn some(dice: &mut Dice, of: &[&'static str]) -> Ranked {
    let mut left: Vec<&'static str> = of.to_vec();
    let mut ranked = Vec::new();
    let count = 1 + dice.below(left.len());
    while ranked.len() < count {
        ranked.push(left.remove(dice.below(left.len())));
    }
    ranked
}

impl WordRules {
    pub fn of(number: u8) -> WordRules {
        let mut dice = Dice::new(FIRST_THROW + u64::from(number));
        let levels: &[i64] = if dice.once_in(3) { &[5] } else { &[7, 4] };
        let cases = levels.iter().map(|level| Case { from_level: *level, systems: some(&mut dice, THREE) }).collect();
        WordRules {
            cases,
            otherwise: if dice.once_in(4) { Vec::new() } else { some(&mut dice, THREE) },
            offers: (0..1 + dice.below(3)).map(|_| (ASKED[dice.below(ASKED.len())], some(&mut dice, THREE))).collect(),
            street: some(&mut dice, THREE),
            points: if dice.once_in(4) { Counted::Largest } else { Counted::Sum },
            any: dice.once_in(2),
            vip: some(&mut dice, THREE),
            grade: some(&mut dice, THREE),
            note: some(&mut dice, THREE),
            ignores: !dice.once_in(4),
            validates: !dice.once_in(4),
            place: some(&mut dice, THREE),
            newest_place: dice.once_in(3),
            clears_place: dice.once_in(2),
            origin: some(&mut dice, THREE),
            customer_by: *dice.pick(&[None, Some("crm"), Some("support")]).unwrap_or(&None),
        }
    }

    /// Where the value of `plan` comes from for whoever is of a level.
    pub fn plan(&self, level: Option<i64>) -> &Ranked {
        let case = self.cases.iter().find(|case| level.is_some_and(|level| level >= case.from_level));
        case.map_or(&self.otherwise, |case| &case.systems)
    }

    /// Whether a note counts for nothing, however it is written.
    pub fn takes_for_nothing(&self, note: &str) -> bool {
        let plain = |text: &str| text.trim().to_lowercase().replace('ｎ', "n").replace('／', "/").replace('ａ', "a");
        let is_ignored = self.ignores && IGNORED.iter().any(|word| plain(word) == plain(note));
        is_ignored || self.validates && note.starts_with(INVALID)
    }

    /// Their lines of [person], and the tables behind it.
    pub fn toml(&self) -> String {
        let when = |case: &Case| format!("when = 'person.level >= {}'", case.from_level);
        let from = |systems: &Ranked| if let [one] = systems[..] { format!("only = {one:?}") } else { format!("from = {systems:?}") };
        let otherwise = if self.otherwise.is_empty() { String::new() } else { format!(", otherwise = {:?}", self.otherwise) };
        let plan = match &self.cases[..] {
            [one] => format!("{}, {}", when(one), from(&one.systems)),
            several => {
                let said: Vec<String> = several.iter().map(|case| format!("{{ {}, {} }}", when(case), from(&case.systems))).collect();
                format!("cases = [{}]", said.join(", "))
            }
        };
        let offer = |(when, systems): &(&str, Ranked)| format!("{{ when = '{when}', {} }}", from(systems));
        let offers: Vec<String> = self.offers.iter().map(offer).collect();
        let counted = if self.points == Counted::Sum { "sum" } else { "max" };
        let yes_no = if self.any { "any" } else { "all" };
        let ignore = if self.ignores { format!(", ignore = {IGNORED:?}") } else { String::new() };
        let mut text = format!("level = {{ only = \"crm\" }}\nplan = {{ {plan}{otherwise} }}\nstreet = {:?}\n", self.street);
        // A text takes everything.
        let _ = writeln!(text, "offer = {{ cases = [{}]{otherwise} }}", offers.join(", "));
        let _ = write!(text, "city = {{ other = \"street\" }}\npoints = {{ {counted} = [\"crm\", \"support\"] }}\n");
        let _ = write!(text, "vip = {{ {yes_no} = {:?} }}\ngrade = {{ most = {:?} }}\n", self.vip, self.grade);
        let _ = write!(text, "note = {{ from = {:?}{ignore} }}\nsecret = {{ never = true }}\n", self.note);
        let found = if self.newest_place { "newest" } else { "from" };
        let blank = if self.clears_place { "clears" } else { "skipped" };
        let _ = writeln!(text, "place = {{ group = {PLACE:?}, {found} = {:?}, blank = \"{blank}\" }}", self.place);
        let _ = writeln!(text, "origin = {{ first = {:?} }}", self.origin);
        let _ = write!(text, "branch = {{ account = \"{INDUSTRY}\" }}\n\n[account]\n{INDUSTRY} = [\"crm\"]\n");
        if self.validates {
            let _ = write!(text, "\n[fields.note]\nvalid = '!value.startsWith(\"{INVALID}\")'\n");
        }
        text
    }
}

/// Lines of a manifest's `record.fields` for a system. `path`: what stands before a field's name there.
pub fn read_lines(system: &str, path: &str) -> String {
    let line = |field: &WordField| match field.holds {
        Holds::Text => format!("\n{0} = \"{path}{0}\"", field.name),
        Holds::Int => format!("\n{0} = {{ path = \"{path}{0}\", type = \"int\" }}", field.name),
        Holds::YesNo => format!("\n{0} = {{ path = \"{path}{0}\", type = \"bool\" }}", field.name),
    };
    FIELDS.iter().filter(|field| field.systems.contains(&system)).map(line).collect()
}

/// The same within braces.
pub fn read_inline(system: &str) -> String {
    read_lines(system, "").replace('\n', ", ")
}

/// Lines of its `writes.fields`.
pub fn write_lines(system: &str) -> String {
    FIELDS.iter().filter(|field| is_written(field, system)).map(|field| format!("\n{0} = \"{0}\"", field.name)).collect()
}

/// Whether it is written there: what is added up in it, and what the rules of others ask for alone, is not.
pub fn is_written(field: &WordField, system: &str) -> bool {
    let is_kept = field.name == "level" || field.name == "points" && system != "ma";
    WRITTEN.contains(&system) && field.systems.contains(&system) && !is_kept
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sets_say_each_word_in_several_ways() {
        let all: Vec<WordRules> = (0..SETS).map(WordRules::of).collect();
        let both = |says: fn(&WordRules) -> bool| all.iter().any(says) && !all.iter().all(says);
        let ways: [fn(&WordRules) -> bool; 11] = [
            |rules| rules.cases.len() > 1,
            |rules| rules.otherwise.is_empty(),
            |rules| rules.points == Counted::Sum,
            |rules| rules.any,
            |rules| rules.grade.len() == 3,
            |rules| rules.ignores,
            |rules| rules.validates,
            |rules| rules.newest_place,
            |rules| rules.clears_place,
            |rules| rules.origin.len() == 3,
            |rules| rules.customer_by == Some("support"),
        ];
        for says in ways {
            assert!(both(says), "{all:#?}");
        }
    }

    #[test]
    fn a_case_counts_from_its_level_on() {
        let case = |from_level, system| Case { from_level, systems: vec![system] };
        let rules = WordRules { cases: vec![case(7, "crm"), case(4, "support")], otherwise: vec!["ma"], ..WordRules::of(0) };
        for (level, system) in [(Some(9), "crm"), (Some(7), "crm"), (Some(6), "support"), (Some(3), "ma"), (None, "ma")] {
            assert_eq!(rules.plan(level), &[system], "{level:?}");
        }
    }
}
