//! The config folder in, a [`Config`] or all its mistakes out.

use crate::config::consent;
use crate::config::consequences::unlikely;
use crate::config::document::mistake::{Mistake, Mistakes};
use crate::config::document::redact;
use crate::config::document::{ConfigSheet, Section};
use crate::config::edits;
use crate::config::file_text::text_of;
use crate::config::files::{CONSENT, FILES, POLICY, PRECEDENCE, SYSTEMS};
use crate::config::policy;
use crate::config::precedence;
use crate::config::status_circle;
use crate::config::statuses;
use crate::config::systems;
use crate::config::systems::settings::{Outside, SecretsWanted};
use crate::config::systems::status_words;
use crate::config::written;
use crate::config::{Config, ManifestSource, Rules};
use crate::decide::rules::Policy;
use crate::store::StateUrl;
use std::path::Path;
use std::sync::Arc;

/// What a missing file is for.
const PURPOSES: [&str; 4] = [
    "it says what is read, and what may be written, where",
    "it says whose value counts, field by field; default = [\"SYSTEM\", ..] is enough to begin with",
    "it says what holds marketing mail, and how lead statuses are told",
    "it says what the records of a system prove about consent; [sources] without a line proves nothing",
];

/// What stands in a file that is meant to say nothing. One without any key may be in the middle of being written.
const SAYS_NOTHING: [&str; 4] = ["", "; if it is to say nothing, write [person]", "; if it is to say nothing, write [status]", ""];

/// Reads the config folder.
///
/// `env` answers for environment variables; `manifests` has the connectors. Of the folder, the files that secrets are in, and
/// `manifests` nothing is kept open. Every mistake of all four files is in the error.
pub fn load(dir: &Path, env: &dyn Fn(&str) -> Option<String>, manifests: &dyn ManifestSource) -> Result<Config, Mistakes> {
    load_with(SecretsWanted::All, dir, env, manifests)
}

/// Reads the config folder with these secrets alone; others are not asked for, and something else stands in their place.
pub fn load_with(
    secrets: SecretsWanted<'_>,
    dir: &Path,
    env: &dyn Fn(&str) -> Option<String>,
    manifests: &dyn ManifestSource,
) -> Result<Config, Mistakes> {
    if !dir.is_dir() {
        return Err(no_folder(dir));
    }
    let (texts, mut found) = texts(dir);
    let present = texts.each_ref().map(Option::is_some);
    let texts = texts.map(Option::unwrap_or_default);
    let sheets: Vec<ConfigSheet> = FILES.iter().zip(&texts).map(|(file, text)| ConfigSheet::new(file, text)).collect();
    let tables: Vec<_> = sheets.iter().map(ConfigSheet::parse).collect();

    let says_nothing = |file: &str| present[at(file)] && tables[at(file)].1 && tables[at(file)].0.is_empty();
    FILES.iter().zip(&sheets).filter(|(file, _)| says_nothing(file)).for_each(|(file, sheet)| report_empty(file, sheet));
    let outside = Outside { folder: dir, env, looks_up: true };
    // Of a missing or empty file nothing more is said than that.
    let (table, whole) = &tables[at(SYSTEMS)];
    let there = *whole && present[at(SYSTEMS)] && !says_nothing(SYSTEMS);
    let mut read = systems::read(&sheets[at(SYSTEMS)], table, there, &outside, secrets, manifests);
    let mut declared = precedence::declared(&read.offers, &tables[at(PRECEDENCE)].0);
    let relationships = statuses::relationships(&sheets[at(POLICY)], &tables[at(POLICY)].0, &read.offers, &mut declared);
    let precedence = precedence::read(&sheets[at(PRECEDENCE)], &tables[at(PRECEDENCE)].0, &read.offers, &declared, &read.systems);
    edits::ask(&mut read.systems, &precedence);
    let policy = Policy { relationships, ..policy::read(&sheets[at(POLICY)], &tables[at(POLICY)].0, &read.offers, &declared) };
    if tables[at(POLICY)].1 {
        status_words::report(&sheets[at(SYSTEMS)], &tables[at(SYSTEMS)].0, &tables[at(POLICY)].0);
        status_words::report_ambiguous(&sheets[at(POLICY)], &tables[at(POLICY)].0, &policy, &read.systems);
    }
    status_circle::report(&sheets[at(POLICY)], &tables[at(POLICY)].0, &policy, &precedence, &read.systems, &declared);
    let consent = consent::read(&sheets[at(CONSENT)], &tables[at(CONSENT)].0, &read.offers);

    let shown = FILES.map(|file| match file {
        SYSTEMS => (file.into(), redact::redacted(&texts[at(file)], table, *whole, &read.offers)),
        _ => (file.into(), texts[at(file)].clone()),
    });
    drop(tables);
    let unlikely = unlikely(&read.systems, &policy, &precedence, &consent);
    let notes = sheets.iter().flat_map(ConfigSheet::notes).chain(unlikely).collect();
    let more = mistakes_of(FILES.iter().zip(sheets).filter(|(file, _)| present[at(file)]).map(|(_, sheet)| sheet), &mut found);
    match (found.is_empty(), read.state, read.http, read.network) {
        (true, Some(state), Some(http), Some(network)) => Ok(Config {
            folder: dir.to_path_buf(),
            state,
            http,
            milter: read.milter,
            network,
            notify: read.notify,
            rules: Arc::new(Rules {
                systems: read.systems,
                shared_mailboxes: read.shared_mailboxes,
                precedence,
                policy,
                consent,
                declared,
                version: version(&texts),
                files: FILES.into_iter().filter_map(|file| written::rules_file(dir, file)).collect(),
            }),
            notes,
        }),
        _ => Err(Mistakes::new(found, more, shown.into())),
    }
}

fn no_folder(dir: &Path) -> Mistakes {
    let text = match dir.exists() {
        true => format!("{} is a file, not a folder", dir.display()),
        false => format!("there is no folder {}", dir.display()),
    };
    let expected =
        format!("expected a folder with {}; `nayose init` writes one to begin with, --config DIR names another", FILES.join(", "));
    let mistake = Mistake { file: SYSTEMS.into(), line: 1, column: 1, span: None, text, expected };
    Mistakes::new(vec![mistake], 0, Vec::new())
}

/// Adds what is wrong with the files; how much more there is than is told.
fn mistakes_of<'s>(sheets: impl Iterator<Item = ConfigSheet<'s>>, found: &mut Vec<Mistake>) -> usize {
    let mut more = 0;
    for sheet in sheets {
        let (told, not_told) = sheet.mistakes();
        found.extend(told);
        more += not_told;
    }
    more
}

/// The texts of the files that can be read, and what is wrong with the others.
fn texts(dir: &Path) -> ([Option<String>; FILES.len()], Vec<Mistake>) {
    let mut found = Vec::new();
    let texts = FILES.map(|file| match text_of(dir, file, PURPOSES[at(file)]) {
        Ok(text) => Some(text),
        Err(mistake) => {
            found.push(mistake);
            None
        }
    });
    (texts, found)
}

/// Tells of a file without any key, and what it is for.
fn report_empty(file: &str, sheet: &ConfigSheet) {
    let expected = format!("{}{}", PURPOSES[at(file)], SAYS_NOTHING[at(file)]);
    sheet.report(0..0, format!("{file} has no key at all"), expected);
}

/// Where a folder's state lies, whatever else is wrong with the folder; `None` if that cannot be told.
pub fn state_of(dir: &Path) -> Option<StateUrl> {
    let text = text_of(dir, SYSTEMS, PURPOSES[at(SYSTEMS)]).ok()?;
    let sheet = ConfigSheet::new(SYSTEMS, &text);
    let (table, _) = sheet.parse();
    systems::state(
        &mut Section::top(&sheet, &table, &crate::config::document::keys::SYSTEMS),
        &Outside { folder: dir, env: &|_| None, looks_up: false },
    )
}

fn at(file: &str) -> usize {
    FILES.iter().position(|f| *f == file).unwrap_or(0)
}

fn version(texts: &[String]) -> String {
    let mut hasher = blake3::Hasher::new();
    for text in texts {
        hasher.update(&(text.len() as u64).to_le_bytes());
        hasher.update(text.as_bytes());
    }
    hasher.finalize().to_hex()[..12].to_string()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::connector::manifest::load;
    use crate::connector::{Manifest, SettingValue};
    use secrecy::ExposeSecret;
    use std::sync::Arc;
    use tempfile::TempDir;

    /// A single connector, made for these tests.
    struct Made;

    impl ManifestSource for Made {
        fn names(&self, _: Option<&Path>) -> Vec<String> {
            vec!["made".to_string()]
        }

        fn manifest(&self, _: Option<&Path>, name: &str) -> Result<Option<Arc<Manifest>>, String> {
            let text = "name = 'made'\ntitle = 'Made'\nrole = 'crm'\napi_version = '1'\nbase_url = 'https://made.example'
                auth = { kind = 'bearer', token = '{settings.token}' }\nsettings = { token = { title = 'Token', where = 'there', secret = true } }
                [streams.people]\nentity = 'person'\nsweep = { path = '/' }\nrecord = { id = 'id' }\n";
            Ok((name == "made").then(|| Arc::new(load::parse("made", "made.toml", text).unwrap())))
        }
    }

    const GOOD: [(&str, &str); 4] = [
        (SYSTEMS, "[systems.crm]\nconnector = \"made\"\ntoken = { env = \"TOKEN\" }\n"),
        (PRECEDENCE, "[person]\n"),
        (POLICY, "[status]\nlead = 'true'\n[refusals]\nproof = { \"crm.people\" = \"2d\" }\n"),
        (CONSENT, "[sources]\n"),
    ];

    fn folder(text: impl Fn(&str, &str) -> String) -> TempDir {
        let folder = tempfile::tempdir().unwrap();
        GOOD.iter().for_each(|(file, good)| std::fs::write(folder.path().join(file), text(file, good)).unwrap());
        folder
    }

    fn loaded(folder: &TempDir, token: &str) -> Config {
        load(folder.path(), &|_| Some(token.to_string()), &Made).unwrap_or_else(|m| panic!("{}", m.drawn()))
    }

    fn token(config: &Config) -> &str {
        match &config.rules.systems[0].settings.settings["token"] {
            SettingValue::Secret(secret) => secret.expose_secret(),
            SettingValue::Plain(text) => panic!("{text} is no secret"),
        }
    }

    /// A deploy writes in place: for a moment each file is empty, or has nothing but its first comment.
    #[test]
    fn a_file_without_any_key_is_a_mistake_of_that_file_alone() {
        loaded(&folder(|_, good| good.to_string()), "only-for-tests");
        for emptied in FILES {
            for text in ["", "\n\n", "# who may be mailed\n"] {
                let folder = folder(|file, good| if file == emptied { text } else { good }.to_string());
                let mistakes = load(folder.path(), &|_| Some("only-for-tests".into()), &Made).map(|_| ()).expect_err(emptied);
                let told = mistakes.list().iter().find(|m| m.text.contains("no key at all"));
                assert_eq!(told.map(|m| &*m.file), Some(emptied), "{}", mistakes.drawn());
            }
        }
    }

    /// Some editors begin each file with a byte order mark. Nobody sees it, and it is no edit.
    #[test]
    fn a_byte_order_mark_before_a_file_is_no_part_of_it() {
        let plain = loaded(&folder(|_, good| good.to_string()), "only-for-tests");
        let marked = loaded(&folder(|_, good| format!("\u{FEFF}{good}")), "only-for-tests");
        assert_eq!(marked.rules.version, plain.rules.version);
        assert_eq!((marked.rules.systems.len(), &**marked.rules.systems[0].name()), (1, "crm"));
        let wrong = folder(|file, good| if file == POLICY { "\u{FEFF}[statsu]\n".to_string() } else { good.to_string() });
        let mistakes = load(wrong.path(), &|_| Some("only-for-tests".into()), &Made).map(|_| ()).unwrap_err();
        let places: Vec<(&str, usize, usize)> = mistakes.list().iter().map(|m| (&*m.file, m.line, m.column)).collect();
        assert!(places.contains(&(POLICY, 1, 2)), "{}", mistakes.drawn());
    }

    #[test]
    fn a_secret_is_freed_of_byte_order_marks_and_blanks_at_its_ends() {
        let plain = folder(|_, good| good.to_string());
        for text in ["only-for-tests", "\u{FEFF}only-for-tests", " only-for-tests\r\n", "\u{FEFF} \tonly-for-tests\n\u{FEFF}"] {
            assert_eq!(token(&loaded(&plain, text)), "only-for-tests", "{text:?} in the environment");
            let by_file = folder(|_, good| good.replace("{ env = \"TOKEN\" }", "{ file = \"token\" }"));
            std::fs::write(by_file.path().join("token"), text).unwrap();
            assert_eq!(token(&loaded(&by_file, "another")), "only-for-tests", "{text:?} in a file");
        }
        // What is within it is its own.
        assert_eq!(token(&loaded(&plain, "\u{FEFF}a \u{FEFF}b")), "a \u{FEFF}b");
        for nothing in ["\u{FEFF}", "\u{FEFF}\r\n"] {
            let mistakes = load(plain.path(), &|_| Some(nothing.to_string()), &Made).map(|_| ()).unwrap_err();
            assert!(mistakes.drawn().contains("what \"token\" points to is empty"), "{}", mistakes.drawn());
        }
    }
}
