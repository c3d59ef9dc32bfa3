//! A system as it is connected: its table in force, what its connector is able to do, and so what we may write there.

use super::connection::{reads_the_same, same_connection};
use super::taken_words::TakenWords;
use crate::config::System;
use crate::connector::{Abilities, Change};
use crate::engine::target::{Allowed, Due, Target, Wanted, due};
use crate::model::{Name, PermitFor, Record, Span, Time};
use std::collections::BTreeMap;
use std::sync::Arc;

/// What a system calls each lead status.
pub type WordsByStatus = BTreeMap<Name, Box<str>>;

/// Our statuses in a system's own words.
#[derive(Debug, Clone, Default)]
pub struct SystemWords(WordsByStatus);

impl From<WordsByStatus> for SystemWords {
    fn from(words: WordsByStatus) -> SystemWords {
        SystemWords(words)
    }
}

impl SystemWords {
    /// Adds those for further statuses. A system's word for a status hangs on its connector alone, so that it is never another.
    fn learn(&mut self, words: WordsByStatus) {
        self.0.extend(words);
    }

    /// The system's word for a status; where it has none, ours.
    pub fn of<'w>(&'w self, status: &'w Name) -> &'w str {
        self.0.get(status).map_or(&**status, |word| word)
    }
}

/// A system and the connector to it.
#[derive(Debug)]
pub struct Connected {
    /// Its table in systems.toml, as it is in force.
    config: Arc<System>,
    /// The table that its connector was made of: the one above may follow an edit before the connector does.
    made_of: Arc<System>,
    abilities: Abilities,
    allowed: Allowed,
    words: SystemWords,
    taken: TakenWords,
}

/// What another connector changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reconnected {
    /// The same answers become other records.
    pub reads_otherwise: bool,
    /// Another instance may answer.
    pub goes_elsewhere: bool,
}

impl Connected {
    pub fn new(config: Arc<System>, abilities: Abilities, words: WordsByStatus) -> Connected {
        let allowed = Allowed::by(&config, &abilities);
        Connected { made_of: config.clone(), config, abilities, allowed, words: words.into(), taken: TakenWords::default() }
    }

    /// Takes the table as it is in force, with the same connector.
    pub fn follow(&mut self, config: Arc<System>) {
        self.allowed = Allowed::by(&config, &self.abilities);
        self.config = config;
        self.taken.ask_anew();
    }

    /// Takes the system's words for statuses of other rules than those it was opened with.
    pub fn learn_words(&mut self, words: WordsByStatus) {
        self.words.learn(words);
    }

    /// Takes another table, and the connector that was made of it.
    pub fn reconnect(&mut self, config: Arc<System>, abilities: Abilities, words: WordsByStatus) -> Reconnected {
        let changed = Reconnected {
            reads_otherwise: !reads_the_same(&self.made_of, &config),
            goes_elsewhere: !same_connection(&self.made_of, &config),
        };
        *self = Connected::new(config, abilities, words);
        changed
    }

    pub fn config(&self) -> &System {
        &self.config
    }

    pub fn abilities(&self) -> &Abilities {
        &self.abilities
    }

    pub fn allowed(&self) -> &Allowed {
        &self.allowed
    }

    pub fn words(&self) -> &SystemWords {
        &self.words
    }

    /// Whether records of a stream are written to.
    pub fn writes_to(&self, stream: &Name) -> bool {
        self.abilities.writes_to(stream)
    }

    /// Whether a field may be written.
    pub fn may_write(&self, field: &Name) -> bool {
        self.config.writes.fields.contains(field)
    }

    /// Whether a hold can be shown there, as a block or by a permit that is not given.
    pub fn takes_holds(&self) -> bool {
        self.allowed.block || self.allowed.permits.contains(&PermitFor::Marketing)
    }

    /// For how long permits are given, where mail needs some.
    pub fn permit_lease(&self) -> Option<Span> {
        (!self.allowed.permits.is_empty()).then_some(self.allowed.lease)
    }

    /// Which fixed words the system takes, by its own lists.
    pub fn taken(&self) -> &TakenWords {
        &self.taken
    }

    pub fn taken_mut(&mut self) -> &mut TakenWords {
        &mut self.taken
    }

    /// Compares what is wanted, and the system takes, with what a record shows.
    pub fn due(&self, target: Option<&Target>, record: &Record, wanted: &Wanted, now: Time) -> Due {
        let taken = self.taken.taken_of(wanted);
        let wanted = taken.as_ref().unwrap_or(wanted);
        due(target, record, wanted, &self.allowed, &self.abilities, now)
    }

    /// What of a change is cleared and looked at before it is set, as the record is known: names of fields, and "status".
    pub fn cleared_first<'c>(&self, target: Option<&Target>, record: &Record, change: &'c Change) -> Vec<&'c str> {
        let back = &self.abilities.back_by_clearing;
        if !back.touches(change) {
            return Vec::new();
        }
        let word = change.status.as_ref().map_or("", |status| self.words.of(&status.to));
        back.cleared_first(change, record, word, target.map_or(0, Target::times_ignored))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::rules::connection::tests::system;

    fn able() -> Abilities {
        Abilities { block: true, ..Abilities::default() }
    }

    fn with(token: &str, block: bool) -> Arc<System> {
        let mut system = system(token);
        (system.writes.hold, system.block) = (block, block);
        Arc::new(system)
    }

    #[test]
    fn what_may_be_written_follows_the_table_at_once() {
        let mut connected = Connected::new(with("a", false), able(), WordsByStatus::new());
        assert!(!connected.takes_holds() && connected.permit_lease().is_none());
        connected.follow(with("a", true));
        assert!(connected.takes_holds());
        let wanted = Wanted { block: true, ..Wanted::default() };
        let record = Record::new("crm:person:1".parse().unwrap());
        assert!(connected.due(None, &record, &wanted, Time(1)).protective.is_some());
        connected.reconnect(with("a", true), Abilities::default(), WordsByStatus::new());
        assert!(!connected.takes_holds(), "the connector cannot");
    }

    #[test]
    fn a_status_of_rules_that_count_beside_the_files_has_the_systems_word_too() {
        let words = |status: &str, word: &str| WordsByStatus::from([(status.into(), word.into())]);
        let mut connected = Connected::new(with("a", false), able(), words("lead", "L"));
        assert_eq!(connected.words().of(&"mql".into()), "mql");
        connected.learn_words(words("mql", "M"));
        assert_eq!([connected.words().of(&"lead".into()), connected.words().of(&"mql".into())], ["L", "M"]);
    }

    #[test]
    fn another_connection_is_told_by_what_the_connector_was_made_of() {
        let mut connected = Connected::new(with("a", true), able(), WordsByStatus::new());
        // The table was followed before the connector was made anew.
        connected.follow(with("b", true));
        let reconnect = |connected: &mut Connected, table| connected.reconnect(table, able(), WordsByStatus::new());
        let changed = reconnect(&mut connected, with("b", true));
        assert_eq!(changed, Reconnected { reads_otherwise: false, goes_elsewhere: true });
        assert_eq!(reconnect(&mut connected, with("b", false)), Reconnected { reads_otherwise: false, goes_elsewhere: false });
        let mut lacking = (*with("b", true)).clone();
        lacking.settings.lacks = vec!["fax".into()];
        let changed = reconnect(&mut connected, Arc::new(lacking));
        assert_eq!(changed, Reconnected { reads_otherwise: true, goes_elsewhere: true });
    }

    #[test]
    fn a_status_without_a_word_of_the_systems_is_called_as_we_call_it() {
        let words = SystemWords::from(WordsByStatus::from([("customer".into(), "Kunde".into())]));
        assert_eq!((words.of(&"customer".into()), words.of(&"lead".into())), ("Kunde", "lead"));
    }
}
