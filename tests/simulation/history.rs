//! A history: steps thrown from a seed before anything runs, each with dice of its own, so that one can be left out without changing the rest.

use super::dice::Dice;
use super::setup::Shape;
use super::setup::orders::Order;
use super::truth::OwnForm;
use super::wire::Switch;
use std::collections::BTreeSet;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Something happens in the systems.
    World,
    /// One request of one stream's reading.
    Read,
    /// One batch goes out to a mailer or the CRM.
    Send,
    /// An answer to a batch arrives.
    Answer,
    Wait,
    /// The mailers send a campaign to everyone they may, and the gate is asked.
    Mail,
    /// Everything is read, decided and sent, as `sync` does.
    Round,
    /// An administrator approves what there is to approve.
    Admin,
    Kill,
    KillAtCommit,
    Trouble,
    Mend,
    /// Our clock jumps.
    Clock,
    /// policy.toml is edited, and the daemon reads it.
    Rules,
    /// precedence.toml is.
    Order,
}

const WEIGHTS: [(Kind, usize); 15] = [
    (Kind::World, 60),
    (Kind::Read, 120),
    (Kind::Send, 30),
    (Kind::Answer, 30),
    (Kind::Wait, 22),
    (Kind::Mail, 24),
    (Kind::Round, 8),
    (Kind::Admin, 8),
    (Kind::Kill, 2),
    (Kind::KillAtCommit, 3),
    (Kind::Trouble, 4),
    (Kind::Mend, 6),
    (Kind::Clock, 1),
    (Kind::Rules, 1),
    (Kind::Order, 2),
];

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Step {
    pub kind: Kind,
    pub dice: u64,
}

/// What a seed becomes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct History {
    pub seed: u64,
    pub timed_permits: bool,
    pub told_apart: bool,
    pub own_form: Option<OwnForm>,
    /// The CRM is written fields, too.
    pub both: bool,
    /// Its rules know all words, and its systems the fields that they speak of.
    pub spoken: bool,
    /// The precedence that it begins with.
    pub order: Order,
    /// Once in so many requests something goes wrong; 0: never.
    pub faults: usize,
    /// What else goes wrong in the world.
    pub switches: BTreeSet<Switch>,
    pub steps: Vec<Step>,
}

impl History {
    /// The config that it is played under.
    pub fn shape(&self) -> Shape {
        let on = |switch| self.switches.contains(&switch);
        Shape {
            timed_permits: self.timed_permits,
            told_apart: self.told_apart,
            large: on(Switch::AmountWritten),
            inverted: self.switches.iter().any(|s| s.needs_inverted_block()),
            capped: on(Switch::ResultsCapped),
            overlaps: on(Switch::IdsOverlap),
            both: self.both,
            relays: on(Switch::JobIsRelay),
            spoken: self.spoken,
        }
    }
}

pub const STEPS: usize = 400;
/// One history in so many, by dice of their own.
const SPOKEN_ONE_IN: usize = 3;
const SPOKEN: u64 = 0x0f_0bd5;
/// The same: half of those with permits that end tell kinds of mail apart.
const TOLD_APART: u64 = 0x0a_9a27;

impl History {
    pub fn of(seed: u64) -> History {
        let mut dice = Dice::new(seed);
        let timed_permits = dice.once_in(2);
        let own_form = dice.once_in(2).then(|| OwnForm::of(seed));
        let faults = dice.weighed(&[(0, 1), (8, 1), (25, 2), (80, 2)]);
        let count = dice.weighed(&[(0, 1), (1, 3), (2, 3), (4, 3), (7, 1)]);
        let switches: BTreeSet<Switch> = (0..count).filter_map(|_| dice.pick(&Switch::ALL).copied()).collect();
        let both = dice.once_in(2);
        let spoken = Dice::new(seed ^ SPOKEN).once_in(SPOKEN_ONE_IN);
        let told_apart = timed_permits && Dice::new(seed ^ TOLD_APART).once_in(2);
        let order = Order::any(spoken, &mut dice);
        let switches = if dice.once_in(4) { with_job(switches, &mut dice) } else { switches };
        let steps = (0..STEPS).map(|_| Step { kind: dice.weighed(&WEIGHTS), dice: dice.next() }).collect();
        History { seed, timed_permits, told_apart, own_form, both, spoken, order, faults, switches, steps }
    }
}

/// Beside all else a job copies values, and the history of the CRM's fields may say so.
fn with_job(mut switches: BTreeSet<Switch>, dice: &mut Dice) -> BTreeSet<Switch> {
    switches.insert(if dice.once_in(3) { Switch::JobCopies } else { Switch::JobIsRelay });
    switches
}
