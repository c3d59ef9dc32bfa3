//! What a system's own lists say of the fixed words that are to be written there. A status or code that it does not take is not sent, and told
//! once, where it would be refused record by record. Pure.

use crate::config::choices;
use crate::connector::{Error, PickList, WrittenWord};
use crate::engine::target::Wanted;
use crate::model::{Name, ShortText, Span, Time, Value};

/// Lists are edited seldom.
const ASK_EVERY: Span = Span::days(1);
/// Who was told that one lacks a word mends it, and waits; and what could not be asked may be asked soon.
const ASK_SOON: Span = Span::minutes(15);

/// The words that a system does not take.
#[derive(Debug, Clone, Default)]
pub struct TakenWords {
    ask_at: Time,
    lacking: Vec<PickList>,
}

impl TakenWords {
    pub fn is_to_ask(&self, now: Time) -> bool {
        self.ask_at <= now
    }

    /// What is written may be something else from now on.
    pub fn ask_anew(&mut self) {
        self.ask_at = Time::default();
    }

    /// Takes in what the system told. Of what could not be asked it stays as it was known. Returns whether other words are lacking than before.
    pub fn book(&mut self, told: Vec<Result<PickList, Error>>, now: Time) -> bool {
        let before = std::mem::take(&mut self.lacking);
        let could_ask = told.iter().all(Result::is_ok);
        let told: Vec<PickList> = told.into_iter().flatten().collect();
        if !could_ask {
            self.lacking.extend(before.iter().filter(|list| told.iter().all(|t| t.part != list.part)).cloned());
        }
        self.lacking.extend(told.into_iter().filter(|list| list.lacking().next().is_some()));
        let waits = if could_ask && self.lacking.is_empty() { ASK_EVERY } else { ASK_SOON };
        self.ask_at = now.plus(waits);
        before != self.lacking
    }

    /// Of what is wanted all that the system takes, unless that is all of it.
    pub fn taken_of(&self, wanted: &Wanted) -> Option<Wanted> {
        // It is asked of every record, and mostly nothing is lacking.
        if self.lacking.is_empty() {
            return None;
        }
        let status = wanted.status.as_ref().is_some_and(|(status, _)| self.lacks("status", status));
        let is_lacking = |(name, value): &(Name, Value)| match value {
            Value::List(labels) => labels.iter().any(|label| self.lacks(name, label)),
            Value::Empty => false,
            other => self.lacks(name, &ShortText::from(other.to_string())),
        };
        if !status && !wanted.fields.iter().any(is_lacking) {
            return None;
        }
        let mut taken = wanted.clone();
        taken.status.take_if(|_| status);
        taken.fields.retain(|field| !is_lacking(field));
        Some(taken)
    }

    fn lacks(&self, part: &str, ours: &str) -> bool {
        let of_part = self.lacking.iter().filter(|list| *list.part == *part);
        of_part.flat_map(PickList::lacking).any(|lacking| lacking.ours == ours)
    }

    /// For people: each word that is not taken, what becomes of it, and what to do.
    pub fn told(&self, system: &Name) -> Vec<String> {
        let line = |list: &PickList, lacking| {
            let then = if &*list.part == "block" { "each such write is refused" } else { "it is not written meanwhile" };
            format!("{}; {then}", told(system, list, lacking))
        };
        self.lacking.iter().flat_map(|list| list.lacking().map(|lacking| line(list, lacking)).collect::<Vec<_>>()).collect()
    }
}

/// What is wrong with one word, and what to do about it.
pub fn told(system: &Name, list: &PickList, lacking: &WrittenWord) -> String {
    let WrittenWord { ours, word } = lacking;
    let choices = String::from(choices(word, list.words.iter().map(|word| &**word)));
    let mend = match &*list.part {
        "status" => format!("say its word for {ours} in [systems.{system}.status]"),
        "block" => "say other words in on and off of writes.block, in the connector's manifest".to_string(),
        field => format!("say its code for {ours:?} in the map of {field}"),
    };
    format!("{system}: {} is written to {}, whose own list has no {word:?}: {choices}; {mend}, or add it there", list.part, list.field)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn list(part: &str, words: &[&str], written: &[(&str, &str)]) -> PickList {
        let word = |(ours, word): &(&str, &str)| WrittenWord { ours: (*ours).into(), word: (*word).into() };
        PickList {
            part: part.into(),
            field: format!("their_{part}"),
            words: words.iter().map(|word| (*word).into()).collect(),
            written: written.iter().map(word).collect(),
        }
    }

    fn down() -> Result<PickList, Error> {
        Err(Error::Unreachable { system: "crm".into(), what: "pick list".into(), why: "timed out".into() })
    }

    fn wanted(status: &str, industry: Value) -> Wanted {
        let fields = vec![("title".into(), Value::text("Chief")), ("industry".into(), industry)];
        Wanted { status: Some((status.into(), "word".into())), fields, ..Wanted::default() }
    }

    #[test]
    fn what_a_list_lacks_is_not_wanted_and_all_else_is() {
        let mut words = TakenWords::default();
        let status = list("status", &["lead"], &[("lead", "lead"), ("mql", "MQL2")]);
        assert!(words.book(vec![Ok(status), Ok(list("industry", &["10"], &[("made", "10"), ("sold", "20")]))], Time(5)));
        for (status, industry, kept) in [
            ("lead", Value::text("made"), None),
            ("lead", Value::Empty, None),
            ("mql", Value::text("made"), Some((false, 2))),
            ("lead", Value::text("sold"), Some((true, 1))),
            ("mql", Value::list(["made", "sold"]), Some((false, 1))),
        ] {
            let taken = words.taken_of(&wanted(status, industry.clone()));
            assert_eq!(taken.map(|w| (w.status.is_some(), w.fields.len())), kept, "{status} {industry}");
        }
    }

    #[test]
    fn what_could_not_be_asked_stays_as_it_was_known_and_is_asked_soon() {
        let mut words = TakenWords::default();
        let lacking = || Ok(list("status", &["lead"], &[("mql", "MQL2")]));
        let fine = || Ok(list("status", &["lead", "MQL2"], &[("mql", "MQL2")]));
        assert!(words.is_to_ask(Time(0)), "at the start");
        let soon = |from: Time, words: &TakenWords| (words.is_to_ask(from.plus(ASK_SOON)), words.is_to_ask(from.plus(ASK_EVERY)));
        assert!(words.book(vec![lacking()], Time(5)));
        assert_eq!((soon(Time(5), &words), words.is_to_ask(Time(6))), ((true, true), false));
        assert!(!words.book(vec![down()], Time(7)) && words.lacks("status", "mql"));
        assert!(words.book(vec![fine()], Time(9)) && !words.lacks("status", "mql"));
        assert_eq!(soon(Time(9), &words), (false, true));
        words.ask_anew();
        assert!(words.is_to_ask(Time(10)));
        assert!(!words.book(vec![down()], Time(10)) && soon(Time(10), &words).0);
    }

    #[test]
    fn each_word_is_told_with_what_becomes_of_it() {
        let mut words = TakenWords::default();
        let block = list("block", &["Yes", "No"], &[("on", "true"), ("off", "No")]);
        words.book(vec![Ok(list("status", &["lead", "MQL"], &[("mql", "MQL2")])), Ok(block)], Time(5));
        insta::assert_snapshot!(words.told(&"crm".into()).join("\n"));
    }
}
