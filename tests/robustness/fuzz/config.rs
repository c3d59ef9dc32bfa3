//! The four files of the config folder, and manifests.

use super::change::{Tape, text};
use nayose::config::examples as examples_of;
use nayose::config::load as load_config;
use nayose::config::{Config, Connectors, EXAMPLES_FOLDER, FILES};
use nayose::connector::examples;
use nayose::connector::manifest::load;
use nayose::connector::{LoadedManifest, RestConnector};
use nayose::model::Time;
use std::path::Path;
use std::sync::{Arc, OnceLock};

const SECRET: &str = "only-a-secret-could-be-so-long";

/// The shipped example, with more in it that it only shows in comments.
fn files() -> [String; 4] {
    let more = "[network]\nproxy = \"http://proxy.example:3128\"\nproxy_user = \"svc\"\nproxy_password = { env = \"P\" }\ninsecure_http = true\nno_proxy = [\"10.0.0.7\"]\n";
    FILES.map(|file| {
        let text = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("config").join(file)).unwrap();
        if file == "systems.toml" { format!("{text}{more}") } else { text }
    })
}

fn env(_: &str) -> Option<String> {
    Some(SECRET.to_string())
}

/// Read once: compiling its expressions takes a while in a debug build.
pub fn shipped() -> Config {
    static SHIPPED: OnceLock<Config> = OnceLock::new();
    let load = || load_config(&Path::new(env!("CARGO_MANIFEST_DIR")).join("config"), &env, &Connectors).unwrap();
    SHIPPED.get_or_init(load).clone()
}

#[test]
fn config_folders() {
    let (folder, good) = (tempfile::tempdir().unwrap(), files());
    let write = |i: usize, text: &str| std::fs::write(folder.path().join(FILES[i]), text).unwrap();
    (0..4).for_each(|i| write(i, &good[i]));
    load_config(folder.path(), &env, &Connectors).unwrap_or_else(|e| panic!("{}", e.drawn()));
    fuzz!(|tape: &mut Tape<'_>| {
        let i = tape.below(4);
        let changed = text(&good[i], tape);
        write(i, &changed);
        if let Err(mistakes) = load_config(folder.path(), &env, &Connectors) {
            assert!(!mistakes.list().is_empty());
            let texts: Vec<String> = (0..4).map(|n| if n == i { changed.clone() } else { good[n].clone() }).collect();
            for mistake in mistakes.list() {
                let text = &texts[FILES.iter().position(|f| *f == mistake.file).unwrap()];
                let place = mistake.span.clone().unwrap_or_else(|| panic!("no place: {mistake}"));
                assert!(text.get(place).is_some() && (1..=1 + text.matches('\n').count()).contains(&mistake.line), "{mistake}");
            }
            assert!(!format!("{}{}", mistakes.drawn(), mistakes.to_json()).contains(SECRET));
        }
        write(i, &good[i]);
    });
}

#[test]
fn files_of_examples() {
    let shipped = Path::new(env!("CARGO_MANIFEST_DIR")).join("config/tests");
    let good = ["mail.toml", "fields.toml"].map(|file| std::fs::read_to_string(shipped.join(file)).unwrap());
    let (folder, rules) = (tempfile::tempdir().unwrap(), self::shipped().rules);
    std::fs::create_dir(folder.path().join(EXAMPLES_FOLDER)).unwrap();
    fuzz!(|tape: &mut Tape<'_>| {
        let changed = text(&good[tape.below(2)], tape);
        std::fs::write(folder.path().join(EXAMPLES_FOLDER).join("own.toml"), &changed).unwrap();
        if let Err(mistakes) = examples_of(folder.path(), &rules) {
            assert!(!mistakes.list().is_empty());
            for mistake in mistakes.list().iter().filter(|mistake| mistake.span.is_some()) {
                assert!(changed.get(mistake.span.clone().unwrap()).is_some(), "{mistake}");
                assert!((1..=1 + changed.matches('\n').count()).contains(&mistake.line), "{mistake}");
            }
            assert!(!mistakes.drawn().is_empty());
        }
    });
}

/// All shipped manifests, as text and read.
pub fn manifests() -> Vec<(String, String, LoadedManifest)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("connectors");
    let read = |name: String| {
        let text = std::fs::read_to_string(folder.join(&name).join(load::FILE)).unwrap();
        let loaded = load::load(&name, None).unwrap();
        (name, text, loaded)
    };
    load::names(None).into_iter().map(read).collect()
}

#[test]
fn manifest_files() {
    let all = manifests();
    fuzz!(|tape: &mut Tape<'_>| {
        let (name, good, loaded) = tape.pick(&all);
        let changed = text(good, tape);
        match load::parse(name, "manifest.toml", &changed) {
            Err(errors) => {
                assert!(!errors.is_empty());
                let lines = 1 + changed.matches('\n').count();
                assert!(errors.iter().all(|e| (1..=lines).contains(&e.line)), "{errors:?}");
            }
            // What is right can be used; settings and examples may not fit it any more, which is then said.
            Ok(manifest) => {
                let _ = RestConnector::new(&manifest, &examples::example_settings(&manifest), Arc::new(|| Time(0)));
                let _ = examples::run(&LoadedManifest { manifest, hash: String::new(), examples: loaded.examples.clone() });
            }
        }
    });
}
