//! What the daemon sends: batches and looks back, each on its way until it is answered.

use super::{Daemon, Died, World};
use crate::dice::Dice;
use crate::truth::Table;
use crate::wire::{Letter, Switch};
use futures::future::BoxFuture;
use nayose::connector::{Error as SystemError, Outcome};
use nayose::engine::delivery::acts::{Act, ReadBack};
use nayose::engine::delivery::deliver::Batch;
use nayose::model::{Entity, Name, Record, RecordId, ShortText};

/// A batch on its way.
pub struct UnderWay {
    pub batch: Batch,
    going: BoxFuture<'static, Vec<Outcome>>,
    letters: Vec<Letter>,
    pub outcomes: Vec<Outcome>,
}

/// A look back on its way.
pub struct Look {
    asked: ReadBack,
    going: BoxFuture<'static, Result<Vec<Record>, SystemError>>,
    letters: Vec<Letter>,
}

/// What a look back came to.
pub struct Looked {
    pub ids: Vec<ShortText>,
    pub answer: Result<Vec<Record>, SystemError>,
}

/// What an answer to a batch came to.
pub enum Answered {
    InPart,
    Looked(Looked),
    Done(UnderWay),
}

/// What sending came to.
pub enum Sent {
    Nothing,
    Batch(Batch),
    /// A look back is on its way, or was answered at once.
    Look,
    Looked(Looked),
}

impl Daemon {
    /// Carries out the next act of a delivery, if there is one: a look ends at once, a batch is answered later.
    pub fn send(&mut self, table: Table, world: &mut World<'_>, dice: &mut Dice) -> Result<Sent, Died> {
        let (system, now) = (Name::from(table.system()), self.now(world.truth));
        match self.engine.next_act(&system, now) {
            None => Ok(Sent::Nothing),
            Some(Act::ReadBack(asked)) => {
                let (connector, ids, lane) = (self.line.connector(table.system()), asked.ids().to_vec(), asked.lane());
                let going = Box::pin(async move { connector.read_back(&ids, lane).await });
                let mut look = Look { asked, going, letters: Vec::new() };
                let done = self.line.leave(table.system(), &mut look.going, &mut look.letters, world, dice, &mut self.requests);
                match done {
                    Some(found) => self.looked(table, &look.asked, found, world).map(Sent::Looked),
                    None => {
                        self.looks.entry(table.system()).or_default().push(look);
                        Ok(Sent::Look)
                    }
                }
            }
            Some(Act::Write(batch)) => {
                self.engine.commit().map_err(|_| Died)?;
                Ok(Sent::Batch(batch))
            }
            Some(Act::HandOver(list)) => panic!("{} is written to over HTTP", list.system),
        }
    }

    /// A look back was answered.
    fn looked(
        &mut self,
        table: Table,
        asked: &ReadBack,
        answer: Result<Vec<Record>, SystemError>,
        world: &mut World<'_>,
    ) -> Result<Looked, Died> {
        let (now, system) = (self.now(world.truth), Name::from(table.system()));
        let commits = self.disk.commits();
        let booked = self.engine.book_read_back(asked, answer.clone(), now);
        // The commit that kills may have reached the disk.
        if answer.is_ok() && !asked.is_first() && (booked.is_ok() || self.disk.commits() > commits) {
            self.read_back.extend(asked.ids().iter().map(|id| RecordId::new(system.clone(), Entity::Person, id.clone())));
        }
        self.looked_first |= asked.is_first() && answer.is_ok();
        booked.map_err(|_| Died)?;
        // Who answers in the place of one that was merged is known from a listing, and only before a write something to go by.
        let world = self.engine.probe().world;
        let counts = |record: &Record| asked.ids().contains(&record.id.id) || asked.is_first() && world.find(&record.id).is_some();
        let answer = answer.map(|found| found.into_iter().filter(counts).collect());
        Ok(Looked { ids: asked.ids().to_vec(), answer })
    }

    /// The batch leaves. Its first request reaches the system at once or with the next answer; its answers come later.
    pub fn leave(&mut self, table: Table, batch: Batch, world: &mut World<'_>, dice: &mut Dice) {
        let (connector, ops, lane) = (self.line.connector(table.system()), batch.ops.clone(), batch.lane);
        let going = Box::pin(async move { connector.write(&ops, lane).await });
        let mut leaving = UnderWay { batch, going, letters: Vec::new(), outcomes: Vec::new() };
        let done = self.line.leave(table.system(), &mut leaving.going, &mut leaving.letters, world, dice, &mut self.requests);
        leaving.outcomes = done.unwrap_or_default();
        self.under_way.entry(table.system()).or_default().push(leaving);
    }

    /// An answer arrives (or its absence is noticed). `None`: nothing is under way; a batch without outcomes: more is asked for.
    pub fn answer(&mut self, table: Table, at: usize, world: &mut World<'_>, dice: &mut Dice) -> Result<Option<Answered>, Died> {
        let hangs = world.switches.is_on(Switch::LooksHang) && !at.is_multiple_of(8);
        if let Some(looks) = self.looks.get_mut(table.system()).filter(|l| !l.is_empty() && at.is_multiple_of(2) && !hangs) {
            if world.switches.is_on(Switch::LooksHang) {
                world.switches.meet(Switch::LooksHang);
            }
            let mut look = looks.remove(0);
            let done = self.line.go_on(table.system(), &mut look.going, &mut look.letters, world, dice, &mut self.requests);
            return Ok(Some(match done {
                Some(found) => Answered::Looked(self.looked(table, &look.asked, found, world)?),
                None => {
                    looks.push(look);
                    Answered::InPart
                }
            }));
        }
        let Some(waiting) = self.under_way.get_mut(table.system()).filter(|w| !w.is_empty()) else {
            let looks = self.looks.get(table.system()).is_some_and(|l| !l.is_empty());
            return Ok(looks.then_some(Answered::InPart));
        };
        // Each has its turn, also while a look back is on its way.
        let at = (at / 2) % waiting.len();
        let one = &mut waiting[at];
        if one.outcomes.is_empty() {
            let done = self.line.go_on(table.system(), &mut one.going, &mut one.letters, world, dice, &mut self.requests);
            match done {
                None => return Ok(Some(Answered::InPart)),
                Some(outcomes) => one.outcomes = outcomes,
            }
        }
        let mut done = waiting.remove(at);
        let now = self.now(world.truth);
        self.engine.book(&mut done.batch, &done.outcomes, now).map_err(|_| Died)?;
        self.engine.reconcile(now);
        Ok(Some(Answered::Done(done)))
    }

    /// The end of a delivery.
    pub fn settle(&mut self, table: Table) -> Result<(), Died> {
        self.engine.keep_guards(&Name::from(table.system()));
        self.engine.commit().map_err(|_| Died)
    }
}
