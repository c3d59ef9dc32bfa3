//! The config folder that `nayose init` writes: the one of `config/`, with comments in English or Japanese.

/// The language of the comments.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Language {
    English,
    Japanese,
}

/// The four files, and examples that the rules in them must pass, each with its name in the folder.
pub fn example(language: Language) -> [(&'static str, &'static str); 6] {
    match language {
        Language::English => [
            (crate::config::files::SYSTEMS, include_str!("../../config/systems.toml")),
            (crate::config::files::PRECEDENCE, include_str!("../../config/precedence.toml")),
            (crate::config::files::POLICY, include_str!("../../config/policy.toml")),
            (crate::config::files::CONSENT, include_str!("../../config/consent.toml")),
            ("tests/mail.toml", include_str!("../../config/tests/mail.toml")),
            ("tests/fields.toml", include_str!("../../config/tests/fields.toml")),
        ],
        Language::Japanese => [
            (crate::config::files::SYSTEMS, include_str!("../../docs/ja/config/systems.toml")),
            (crate::config::files::PRECEDENCE, include_str!("../../docs/ja/config/precedence.toml")),
            (crate::config::files::POLICY, include_str!("../../docs/ja/config/policy.toml")),
            (crate::config::files::CONSENT, include_str!("../../docs/ja/config/consent.toml")),
            ("tests/mail.toml", include_str!("../../docs/ja/config/tests/mail.toml")),
            ("tests/fields.toml", include_str!("../../docs/ja/config/tests/fields.toml")),
        ],
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Connectors;
    use crate::config::load;

    #[test]
    fn the_example_is_right_in_both_languages() {
        for language in [Language::English, Language::Japanese] {
            let folder = tempfile::tempdir().unwrap();
            for (name, text) in example(language) {
                let path = folder.path().join(name);
                std::fs::create_dir_all(path.parent().unwrap()).unwrap();
                std::fs::write(path, text).unwrap();
            }
            let loaded = load(folder.path(), &|_| Some("only for the test".to_string()), &Connectors);
            let read = loaded.and_then(|config| crate::config::examples(folder.path(), &config.rules));
            match read {
                Ok(examples) => assert_eq!(examples.len(), 12),
                Err(mistakes) => panic!("{language:?}: {}", mistakes.drawn()),
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
            for (name, text) in example(language) {
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
        for (english, japanese) in example(Language::English).iter().zip(example(Language::Japanese)) {
            assert_eq!(keys(english.1), keys(japanese.1), "{}", english.0);
        }
    }
}
