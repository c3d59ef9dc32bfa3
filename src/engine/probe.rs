//! The inside of an engine, for tests and benches: what a test compares, and what it sets up by hand. The product goes through the engine's
//! own questions and ways.

use crate::engine::assess::person::Person;
use crate::engine::engine::Engine;
use crate::engine::gate::decision_table::Table;
use crate::engine::ledger::changes::Ledger;
use crate::engine::memory::places::Places;
use crate::engine::memory::refusals::Refusals;
use crate::engine::memory::segments::Shelf;
use crate::engine::memory::world::World;
use crate::engine::proofs::clocks::Clocks;
use crate::engine::recovery::journaled::Recovery;
use crate::engine::system::SystemState;
use crate::engine::target::targets::Targets;
use crate::model::ByName;

/// To be looked at.
pub struct Probe<'e> {
    pub world: &'e World,
    pub targets: &'e Targets,
    pub people: &'e Shelf<Person>,
    pub refusals: &'e Refusals,
    pub table: &'e Table,
    pub clocks: &'e Clocks,
    pub dirty: &'e Places,
    pub recovery: &'e Recovery,
    pub ledger: &'e Ledger,
}

/// To be set up.
pub struct Arrangement<'e> {
    pub targets: &'e mut Targets,
    pub systems: &'e mut ByName<SystemState>,
    pub clocks: &'e mut Clocks,
    pub dirty: &'e mut Places,
    pub ledger: &'e mut Ledger,
}

impl Engine {
    /// The inside, to be looked at.
    pub fn probe(&self) -> Probe<'_> {
        Probe {
            world: &self.world,
            targets: &self.targets,
            people: &self.people,
            refusals: &self.refusals,
            table: &self.table,
            clocks: &self.clocks,
            dirty: &self.dirty,
            recovery: &self.recovery,
            ledger: &self.ledger,
        }
    }

    /// The inside, to be set up as a test needs it.
    pub fn arrange(&mut self) -> Arrangement<'_> {
        Arrangement {
            targets: &mut self.targets,
            systems: &mut self.systems,
            clocks: &mut self.clocks,
            dirty: &mut self.dirty,
            ledger: &mut self.ledger,
        }
    }
}
