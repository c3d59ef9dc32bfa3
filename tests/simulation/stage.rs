//! A config folder with its state, and engines that are opened on it: for tests that put records and pages into an engine by hand.

use crate::config_files::ConfigFiles;
use nayose::config::load;
use nayose::config::{Config, Connectors};
use nayose::connector::Clock;
use nayose::daemon::connectors::Wiring;
use nayose::engine::Engine;
use nayose::engine::open;
use nayose::engine::rules::in_force;
use nayose::engine::rules::rule_sets;
use nayose::model::Time;
use nayose::store::State;
use std::path::PathBuf;
use std::sync::Arc;
use tempfile::TempDir;

pub struct Stage {
    folder: TempDir,
}

impl Stage {
    /// A folder with these files, and the token that they name.
    pub fn new(files: &ConfigFiles) -> Stage {
        let stage = Stage { folder: TempDir::new().unwrap() };
        files.write(stage.folder.path());
        stage.write("token", "only-for-tests");
        stage
    }

    pub fn path(&self, file: &str) -> PathBuf {
        self.folder.path().join(file)
    }

    pub fn write(&self, file: &str, text: &str) {
        let path = self.path(file);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }

    /// Changes what stands once in a file.
    pub fn edit(&self, file: &str, old: &str, new: &str) {
        let text = std::fs::read_to_string(self.path(file)).unwrap();
        assert_eq!(text.matches(old).count(), 1, "{file} has {old:?} not once:\n{text}");
        self.write(file, &text.replace(old, new));
    }

    pub fn config(&self) -> Arc<Config> {
        Arc::new(load(self.folder.path(), &|_| None, &Connectors).unwrap_or_else(|m| panic!("{}", m.drawn())))
    }

    /// Opens the state as a start does.
    pub fn open(&self, now: Time) -> Engine {
        let config = self.config();
        let opened = State::open(&config.state, open::info(&config.rules)).unwrap();
        let systems = rule_sets::systems_in_force(&config.rules, &in_force::stored(&opened.0).unwrap());
        let wiring = Wiring::default().rewired(&systems, &clock(now)).unwrap();
        open::open_on(config.rules.clone(), wiring.opened(&config.rules), now, "r_1".into(), opened).unwrap().engine
    }

    /// Takes the folder as it is now, as the running daemon does.
    pub fn take(&self, engine: &mut Engine, now: Time) {
        let config = self.config();
        let systems = rule_sets::systems_in_force(&config.rules, &engine.rules().rule_sets());
        let wiring = Wiring::default().rewired(&systems, &clock(now)).unwrap();
        engine.take_rules(config.rules.clone(), wiring.opened(&config.rules), now);
    }
}

fn clock(now: Time) -> Clock {
    Arc::new(move || now)
}
