//! Values that named people pin, and take back: how sure it is that one counts, and for whom.

use super::kin::Kin;
use crate::checks::Violation;
use crate::dice::Dice;
use crate::driver::Died;
use crate::sim::Sim;
use crate::truth::Table;
use crate::world::SHARED;
use nayose::engine::answers::pin::PinRefused;
use nayose::model::{Address, Time, Value};

/// Fields that people pin.
const FIELDS: [&str; 10] = ["plan", "offer", "street", "city", "points", "note", "grade", "branch", "ward", "origin"];

/// What a pin hangs on.
#[derive(Debug, Clone, PartialEq)]
enum HangsOn {
    Record(Table, u32),
    Address(Address),
}

#[derive(Debug)]
struct PinPut {
    on: HangsOn,
    field: &'static str,
    value: Value,
    /// By the clock of whoever took it.
    at: Time,
    /// Whose it was then.
    human: u32,
    /// It was taken, and was not taken back.
    is_sure: bool,
}

/// All pins of a history, those that were taken back among them.
#[derive(Debug, Default)]
pub struct Pins(Vec<PinPut>);

impl Pins {
    fn touching<'p>(&'p self, kin: &Kin<'_>, field: &str) -> impl Iterator<Item = &'p PinPut> {
        let touches = move |pin: &&PinPut| {
            let hangs = match &pin.on {
                HangsOn::Record(table, number) => kin.has(*table, *number),
                HangsOn::Address(address) => kin.bore(address),
            };
            pin.field == field && (pin.human == kin.item.human || hangs)
        };
        self.0.iter().filter(touches)
    }

    /// Whether a pin may count, or may have counted, for somebody.
    pub fn touch(&self, kin: &Kin<'_>, field: &str) -> bool {
        self.touching(kin, field).next().is_some()
    }

    /// Whether a value was pinned for somebody, or for anybody.
    pub fn is_pinned(&self, kin: &Kin<'_>, field: &str, value: &Value) -> (bool, bool) {
        // Of an address that somebody else bears by now it is theirs.
        let is_theirs = |pin: &&PinPut| match &pin.on {
            HangsOn::Address(address) => pin.human == kin.item.human || !kin.is_anothers(address),
            HangsOn::Record(..) => true,
        };
        let of_them = self.touching(kin, field).filter(is_theirs).any(|pin| pin.value == *value);
        (of_them, self.0.iter().any(|pin| pin.field == field && pin.value == *value))
    }

    /// What is surely pinned for whoever a record is of: the last word, if that was taken and hangs on something that is surely theirs.
    pub fn surely(&self, kin: &Kin<'_>, field: &str) -> Option<&Value> {
        let all: Vec<&PinPut> = self.touching(kin, field).collect();
        // One that hangs on the same takes the former's place, whatever a clock that went back since says (seed 91002733).
        let stands = all.iter().enumerate().filter(|(i, pin)| !all[i + 1..].iter().any(|later| later.on == pin.on));
        let standing: Vec<&PinPut> = stands.map(|(_, pin)| *pin).collect();
        let last = standing.iter().max_by_key(|pin| pin.at)?;
        let is_alone = standing.iter().filter(|pin| pin.at == last.at).count() == 1;
        let hangs = match &last.on {
            HangsOn::Record(table, number) => kin.is_surely(*table, *number),
            HangsOn::Address(address) => kin.bears_alone(address),
        };
        (last.is_sure && is_alone && hangs).then_some(&last.value)
    }

    /// The records of a system are others, and what hung on them is theirs no more.
    pub fn set_aside(&mut self, table: Table) {
        for pin in self.0.iter_mut().filter(|pin| matches!(pin.on, HangsOn::Record(of, _) if of == table)) {
            pin.is_sure = false;
        }
    }
}

impl Sim<'_> {
    /// A named person pins a value of somebody's, or takes one back.
    pub fn pin_something(&mut self, dice: &mut Dice) -> Result<(), Violation> {
        let table = *dice.pick(&[Table::CrmPeople, Table::SupportPeople, Table::MaPeople]).unwrap_or(&Table::CrmPeople);
        let Some((number, human, addresses)) = self.truth.any(table, dice).and_then(|number| {
            let item = self.truth.item(table, number)?;
            Some((number, item.human, self.truth.addresses(item.record())))
        }) else {
            return Ok(());
        };
        let field = *dice.pick(&FIELDS).unwrap_or(&FIELDS[0]);
        let on = match &addresses[..] {
            [one] if dice.once_in(2) && !SHARED.contains(&one.as_str()) => HangsOn::Address(one.clone()),
            _ => HangsOn::Record(table, number),
        };
        let who = match &on {
            HangsOn::Record(table, number) => table.id(*number).to_string(),
            HangsOn::Address(address) => address.to_string(),
        };
        if dice.once_in(5) {
            return self.unpin(&who, field);
        }
        let n = self.truth.account.fresh();
        let (text, value) = match field {
            "points" => (n.to_string(), Value::Int(n.into())),
            _ => (format!("pin {n} of theirs"), Value::text(&format!("pin {n} of theirs"))),
        };
        let now = self.daemon.as_mut().map_or(self.truth.now, |daemon| daemon.now(&self.truth));
        // Who dies meanwhile may have taken it.
        self.pins.0.push(PinPut { on, field, value, at: now, human, is_sure: false });
        let told = format!("pin {who} {field} {text:?}");
        let done = self.with(|daemon, _, _| match daemon.engine.pin(&who, field, &text, "tests", "because", now) {
            Err(PinRefused::State(_)) => Err(Died),
            other => Ok(other.is_ok()),
        })?;
        match done {
            Some(true) => self.pins.0.iter_mut().rev().take(1).for_each(|pin| pin.is_sure = true),
            Some(false) => drop(self.pins.0.pop()),
            None => {}
        }
        self.note(|| format!("{told}: {done:?}"));
        Ok(())
    }

    fn unpin(&mut self, who: &str, field: &'static str) -> Result<(), Violation> {
        let now = self.daemon.as_mut().map_or(self.truth.now, |daemon| daemon.now(&self.truth));
        let done = self.with(|daemon, _, _| match daemon.engine.unpin(who, field, "tests", now) {
            Err(PinRefused::State(_)) => Err(Died),
            other => Ok(other.is_ok()),
        })?;
        if done != Some(false) {
            // Whom a record is joined with the product knows by what it read of it last: it may be anybody's pin.
            self.pins.0.iter_mut().filter(|pin| pin.field == field).for_each(|pin| pin.is_sure = false);
        }
        self.note(|| format!("unpin {who} {field}: {done:?}"));
        Ok(())
    }
}
