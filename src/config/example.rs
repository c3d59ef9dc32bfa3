//! The config folder that `nayose init` writes: the one of `config/`, with comments in English or Japanese.

/// The language of the comments.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Language {
    English,
    Japanese,
}

/// What the config is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ExampleOf<'f> {
    /// Three systems with an API.
    Systems,
    /// Lists in place of a CRM, and a marketing tool that imports lists, of this form.
    Lists(&'f str),
}

/// A file of a language's example.
macro_rules! in_language {
    ($language:expr, $english:literal, $japanese:literal, $name:literal) => {
        match $language {
            Language::English => include_str!(concat!("../../", $english, $name)),
            Language::Japanese => include_str!(concat!("../../", $japanese, $name)),
        }
    };
}

/// The line of `systems.toml` that names the form of lists.
const FORM: &str = "form = \"plain\"";

/// The four files, and examples that the rules in them must pass, each with its name in the folder.
pub fn example(language: Language, of: ExampleOf<'_>) -> Vec<(&'static str, String)> {
    use crate::config::files::{CONSENT, POLICY, PRECEDENCE, SYSTEMS};
    match of {
        ExampleOf::Systems => vec![
            (SYSTEMS, in_language!(language, "config/", "docs/ja/config/", "systems.toml").to_string()),
            (PRECEDENCE, in_language!(language, "config/", "docs/ja/config/", "precedence.toml").to_string()),
            (POLICY, in_language!(language, "config/", "docs/ja/config/", "policy.toml").to_string()),
            (CONSENT, in_language!(language, "config/", "docs/ja/config/", "consent.toml").to_string()),
            ("tests/mail.toml", in_language!(language, "config/", "docs/ja/config/", "tests/mail.toml").to_string()),
            ("tests/fields.toml", in_language!(language, "config/", "docs/ja/config/", "tests/fields.toml").to_string()),
        ],
        ExampleOf::Lists(form) => {
            let systems = in_language!(language, "docs/lists-config/", "docs/ja/lists-config/", "systems.toml");
            vec![
                (SYSTEMS, systems.replace(FORM, &format!("form = {form:?}"))),
                (PRECEDENCE, in_language!(language, "docs/lists-config/", "docs/ja/lists-config/", "precedence.toml").to_string()),
                (POLICY, in_language!(language, "docs/lists-config/", "docs/ja/lists-config/", "policy.toml").to_string()),
                (CONSENT, in_language!(language, "docs/lists-config/", "docs/ja/lists-config/", "consent.toml").to_string()),
                ("tests/mail.toml", in_language!(language, "docs/lists-config/", "docs/ja/lists-config/", "tests/mail.toml").to_string()),
            ]
        }
    }
}

/// The folders that an example's lists lie in, below its own.
pub fn folders(of: ExampleOf<'_>) -> &'static [&'static str] {
    match of {
        ExampleOf::Systems => &[],
        ExampleOf::Lists(_) => &["inbox", "outbox/ma"],
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Connectors;
    use crate::config::load;

    #[test]
    fn the_example_is_right_in_both_languages() {
        let forms = crate::connector::file::out::form::names();
        let kinds = forms.into_iter().map(|form| (ExampleOf::Lists(form), 1)).chain([(ExampleOf::Systems, 12)]);
        for (of, count) in kinds {
            for language in [Language::English, Language::Japanese] {
                let folder = tempfile::tempdir().unwrap();
                for (name, text) in example(language, of) {
                    let path = folder.path().join(name);
                    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
                    std::fs::write(path, text).unwrap();
                }
                let loaded = load(folder.path(), &|_| Some("only for the test".to_string()), &Connectors);
                let read = loaded.and_then(|config| crate::config::examples(folder.path(), &config.rules));
                match read {
                    Ok(examples) => assert_eq!(examples.len(), count),
                    Err(mistakes) => panic!("{language:?} {of:?}: {}", mistakes.drawn()),
                }
            }
        }
    }

    /// One that stood behind another table's head became a key of that table.
    #[test]
    fn each_example_in_the_comments_is_right_where_it_stands() {
        let is_example = |line: &str| line.parse::<toml::Table>().is_ok_and(|table| !table.is_empty());
        for language in [Language::English, Language::Japanese] {
            let folder = tempfile::tempdir().unwrap();
            std::fs::create_dir(folder.path().join("tests")).unwrap();
            let mut count = 0;
            for (name, text) in example(language, ExampleOf::Systems) {
                let said = |line: &str| match line.strip_prefix("# ").filter(|said| is_example(said)) {
                    Some(said) => {
                        count += 1;
                        format!("{said}\n")
                    }
                    None => format!("{line}\n"),
                };
                std::fs::write(folder.path().join(name), text.lines().map(said).collect::<String>()).unwrap();
            }
            assert!(count >= 15, "{language:?}: {count}");
            let loaded = load(folder.path(), &|_| Some("https://chat.acme.example/hook".to_string()), &Connectors);
            let mistakes = loaded.map(|_| ()).expect_err("the demo's systems read no tags");
            // Fields that the demo's systems do not read, and a file that is not here.
            let is_meant = |m: &&crate::config::Mistake| m.text.contains("no system reads") || m.text == "there is no such file";
            let others: Vec<_> = mistakes.list().iter().filter(|m| !is_meant(m)).collect();
            assert!(others.is_empty(), "{language:?}: {others:#?}");
        }
    }

    /// The tables and keys are the same, so that what a page says of one file is true of the other.
    #[test]
    fn both_languages_say_the_same() {
        let keys = |text: &str| {
            let mut table: toml::Table = text.parse().unwrap();
            table.remove("link");
            for system in table.get_mut("systems").and_then(toml::Value::as_table_mut).into_iter().flatten() {
                system.1.as_table_mut().unwrap().remove("time_zone");
            }
            let title = table.get_mut("person").and_then(|p| p.get_mut("title")).and_then(toml::Value::as_table_mut);
            title.and_then(|t| t.remove("because"));
            for example in table.get_mut("example").and_then(toml::Value::as_array_mut).into_iter().flatten() {
                example.as_table_mut().unwrap().remove("name");
            }
            table
        };
        for of in [ExampleOf::Systems, ExampleOf::Lists("plain")] {
            for (english, japanese) in example(Language::English, of).iter().zip(example(Language::Japanese, of)) {
                assert_eq!(keys(&english.1), keys(&japanese.1), "{}", english.0);
            }
        }
    }
}
