//! What systems.toml says of what a system shows: words in opt-out fields, fields that an account has not, blanks at ends.

use super::good::{good, load_with};
use nayose::connector::RefusalWord;

/// systems.toml with lines more in the table of the marketing system.
fn with(lines: &str) -> String {
    good("systems.toml").replace("[systems.ma]\n", &format!("[systems.ma]\n{lines}\n"))
}

fn mistakes(lines: &str) -> Vec<String> {
    let mistakes = load_with(&[("systems.toml", &with(lines))]).expect_err(lines);
    mistakes.list().iter().map(|m| m.text.clone()).collect()
}

#[test]
fn words_and_lacking_fields_are_read() {
    let text = with("refusal_words = { \"希望する\" = \"fine\", \"希望しない\" = \"no\" }\nlacks = [\"unsubscribed\"]");
    let config = load_with(&[("systems.toml", &text)]).unwrap_or_else(|m| panic!("{}", m.drawn()));
    let settings = &config.rules.system("ma").unwrap().settings;
    let words: Vec<(&str, RefusalWord)> = settings.refusal_words.iter().map(|(word, means)| (word.as_str(), *means)).collect();
    assert_eq!(words, [("希望しない", RefusalWord::No), ("希望する", RefusalWord::Fine)]);
    assert_eq!(settings.lacks, ["unsubscribed"]);
}

#[test]
fn what_cannot_be_meant_is_told() {
    for (lines, said) in [
        ("refusal_words = { \"?\" = \"maybe\" }", "\"maybe\" says neither no nor fine"),
        // Nobody makes a refusal harmless by a word that is known.
        ("refusal_words = { \"Yes\" = \"fine\" }", "\"Yes\" is known as yes, and stays it"),
        ("refusal_words = { \"a\" = \"no\", \"A \" = \"fine\" }", "\"A \" stands twice: case and blanks make no other word"),
        ("refusal_words = [\"a\"]", "\"refusal_words\" is a list"),
        ("lacks = [\"unsubscribd\"]", "nothing is looked out for in"),
        ("lacks = \"unsubscribed\"", "\"lacks\" is text"),
    ] {
        let told = mistakes(lines);
        assert!(told.len() == 1 && told[0].contains(said), "{lines}: {told:?}");
    }
    let support = good("systems.toml").replace("[systems.support]\n", "[systems.support]\nrefusal_words = { \"?\" = \"no\" }\n");
    let told = load_with(&[("systems.toml", &support)]).expect_err("it shows no refusals");
    assert!(told.list()[0].text.contains("shows no refusals"), "{}", told.drawn());
}

/// A label with a blank at its end is another label to the system, or none.
#[test]
fn blanks_at_the_ends_of_what_an_admin_writes_are_left_out_and_told() {
    let text = good("systems.toml").replace("permit = \"nayose_ok_until\"", "permit = \" nayose_ok_until\u{3000}\"");
    let config = load_with(&[("systems.toml", &text)]).unwrap_or_else(|m| panic!("{}", m.drawn()));
    assert_eq!(config.rules.system("ma").unwrap().permit.as_deref(), Some("nayose_ok_until"));
    let line = 1 + text[..text.find("permit = ").unwrap()].matches('\n').count();
    assert_eq!(config.notes, [format!("systems.toml:{line}: \"permit\" has blanks at its ends, which are left out")]);
}
