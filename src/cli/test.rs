//! `nayose test`

use super::args::{Common, ReaderLanguage};
use super::explain::Explainer;
use super::{Exit, open, output};
use crate::config::{Aspect, Config, EXAMPLES_FOLDER, WrittenExample};
use crate::daemon::connectors::Wiring;
use crate::engine::answers::explain::Explanation;
use crate::engine::trial::{Difference, Trial, try_example};
use crate::model::Entity;
use serde_json::{Value as Json, json};

pub fn test(common: &Common, name: Option<&str>, language: Option<ReaderLanguage>) -> Exit {
    let config = match open::config_with(crate::config::SecretsWanted::None, common) {
        Ok(config) => config,
        Err(error) => return open::refused(common, &error),
    };
    let examples = match open::examples(common, &config) {
        Ok(examples) => examples,
        Err(error) => return open::refused(common, &error),
    };
    let folder = common.config.join(EXAMPLES_FOLDER);
    if examples.is_empty() {
        let why = format!("there are no examples in {}; `nayose init DIR` writes some to begin with", folder.display());
        return common.end(Exit::Refused, &why);
    }
    let is_asked = |e: &WrittenExample| name.is_none_or(|name| e.name.contains(name) || e.file.contains(name));
    let asked: Vec<WrittenExample> = examples.into_iter().filter(is_asked).collect();
    if let Some(name) = name.filter(|_| asked.is_empty()) {
        let why = format!("no example in {} has {name:?} in its name or its file's", folder.display());
        return common.end(Exit::Refused, &why);
    }
    let trials = match tried(&config, &asked) {
        Ok(trials) => trials,
        Err(why) => return common.end(Exit::Refused, &why),
    };
    let failed = trials.iter().filter(|trial| !trial.differences.is_empty()).count();
    if common.json {
        output::json(&as_json(&asked, &trials));
    } else {
        let page = ResultPage { explainer: Explainer::of(language), words: ResultWords::of(language) };
        asked.iter().zip(&trials).for_each(|(example, trial)| output::data(&output::lines(&page.lines(example, trial))));
        output::data(&(page.words.counts)(trials.len() - failed, failed));
    }
    if failed == 0 { Exit::Done } else { Exit::Failures }
}

/// Each example in an engine of its own, so that none knows of another's records.
fn tried(config: &Config, examples: &[WrittenExample]) -> Result<Vec<Trial>, String> {
    let clock = open::clock();
    let now = clock();
    let wiring = Wiring::without_credentials(&config.rules.systems, &clock).map_err(|why| why.to_string())?;
    let systems = wiring.opened(&config.rules);
    let tried = |example: &WrittenExample| {
        let trial = try_example(&config.rules, systems.clone(), example, now);
        trial.map_err(|why| format!("{}:{}: {:?} could not be decided: {why}", example.file, example.line, example.name))
    };
    examples.iter().map(tried).collect()
}

fn as_json(examples: &[WrittenExample], trials: &[Trial]) -> Json {
    let one = |(example, trial): (&WrittenExample, &Trial)| {
        let passed = trial.differences.is_empty();
        let mut told =
            json!({ "file": example.file, "line": example.line, "name": example.name, "passed": passed, "differences": trial.differences });
        if !passed {
            told["explanation"] = json!(trial.explanation);
        }
        told
    };
    let failed = trials.iter().filter(|trial| !trial.differences.is_empty()).count();
    let told: Vec<Json> = examples.iter().zip(trials).map(one).collect();
    json!({ "examples": told, "passed": trials.len() - failed, "failed": failed })
}

/// What is told beside `explain`'s own words.
struct ResultWords {
    /// As wide as one another.
    passed: &'static str,
    failed: &'static str,
    apart: fn(&str, &str) -> String,
    differs: fn(&Difference) -> String,
    counts: fn(usize, usize) -> String,
}

const ENGLISH: ResultWords = ResultWords {
    passed: "ok    ",
    failed: "FAILED",
    apart: |others, who| format!("{others} is not the same person as {who}: no id or address joins them, or something keeps them apart"),
    differs: |d| format!("{}: expected {}, got {}{}", d.what, d.expected, d.got, because(d, " because ", "")),
    counts: |passed, failed| format!("{passed} passed, {failed} failed"),
};

const JAPANESE: ResultWords = ResultWords {
    passed: "成功",
    failed: "失敗",
    apart: |others, who| format!("{others} は {who} と同じ人ではない（共通の ID やメールアドレスがないか、別人とみなす理由がある）"),
    differs: |d| format!("{}: 期待した値 {}、実際の値 {}{}", d.what, d.expected, d.got, because(d, "（理由: ", "）")),
    counts: |passed, failed| format!("成功 {passed} 件、失敗 {failed} 件"),
};

/// Why the gate answers so, between two words.
fn because(difference: &Difference, before: &str, after: &str) -> String {
    match &difference.because[..] {
        [] => String::new(),
        some => format!("{before}{}{after}", some.join(", ")),
    }
}

impl ResultWords {
    fn of(language: Option<ReaderLanguage>) -> ResultWords {
        match language.unwrap_or_else(ReaderLanguage::of_the_locale) {
            ReaderLanguage::En => ENGLISH,
            ReaderLanguage::Ja => JAPANESE,
        }
    }
}

struct ResultPage {
    explainer: Explainer,
    words: ResultWords,
}

impl ResultPage {
    /// A line for an example, and below it all that is not as it was expected, each with why.
    fn lines(&self, example: &WrittenExample, trial: &Trial) -> Vec<String> {
        let word = if trial.differences.is_empty() { self.words.passed } else { self.words.failed };
        let mut lines = vec![format!("{word}  {}  ({}:{})", example.name, example.file, example.line)];
        let apart = trial.explanation.as_ref().filter(|_| !trial.differences.is_empty()).map(|e| self.apart(example, e));
        lines.extend(apart.into_iter().flatten());
        let mut told: Vec<Vec<String>> = Vec::new();
        for difference in &trial.differences {
            lines.push(format!("    {}:{}: {}", example.file, difference.line, (self.words.differs)(difference)));
            let why = trial.explanation.as_ref().map(|e| self.why(e, &difference.aspect)).unwrap_or_default();
            // One reason often stands behind several.
            if !told.contains(&why) {
                lines.extend(why.iter().map(|line| format!("        {line}")));
                told.push(why);
            }
        }
        lines
    }

    /// Records of people that are none of the person's. An example that asks of them is asked of somebody else.
    fn apart(&self, example: &WrittenExample, e: &Explanation) -> Vec<String> {
        let persons = example.records.iter().map(|r| &r.record.id).filter(|id| id.entity == Entity::Person);
        let others: Vec<String> = persons.map(ToString::to_string).filter(|id| !e.records.iter().any(|r| r.record == *id)).collect();
        if others.is_empty() {
            return Vec::new();
        }
        let mut lines = vec![format!("    {}", (self.words.apart)(&others.join(", "), &example.who.to_string()))];
        lines.extend(e.doubts.iter().map(|doubt| format!("    {}", self.explainer.doubt(doubt))));
        lines
    }

    /// In the words of `explain`.
    fn why(&self, e: &Explanation, aspect: &Aspect) -> Vec<String> {
        let of_field = |name| e.fields.get(name).map(|field| self.explainer.field(name, field)).unwrap_or_default();
        match aspect {
            Aspect::OnePerson => self.explainer.person(e),
            Aspect::Status => self.explainer.status(e),
            Aspect::Relationship => self.explainer.relationship(e),
            Aspect::Account(name) => self.explainer.of_account(e, name),
            Aspect::Gate(_) | Aspect::Reasons => self.explainer.standing(e),
            Aspect::Field(name) | Aspect::From(name) => of_field(name),
            Aspect::After(record, name) => {
                let mut lines = match &**name {
                    "status" => self.explainer.status(e),
                    "block" | "permit" => self.explainer.standing(e),
                    _ => of_field(name),
                };
                let left = e.left_alone.iter().filter(|left| left.field == **name && left.record == record.to_string());
                lines.extend(left.map(|left| self.explainer.left_alone(left)));
                lines
            }
        }
    }
}
