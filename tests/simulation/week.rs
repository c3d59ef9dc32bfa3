//! What a week brings to the offices: so much of each kind, spread over the working hours.

use super::dice::Dice;
use super::offices::Offices;
use super::truth::{Table, refuse, text};
use nayose::model::{DealState, TicketState, Time, Value};

const HOUR_MS: i64 = 3_600_000;
const DAY_MS: i64 = 24 * HOUR_MS;
/// How often something may happen, while people work.
pub const STEP_MS: i64 = HOUR_MS / 4;
const WORK: std::ops::Range<i64> = 9..18;
/// Working steps of a week.
const STEPS_A_WEEK: f64 = 5.0 * 9.0 * 4.0;
/// Monday, the first of June 2026.
pub const BEGIN: Time = Time(1_780_272_000_000);
/// Leads in one import, for so many people.
const IMPORT_ONE_IN: usize = 25;
/// People of one account.
const PEOPLE_PER_ACCOUNT: u32 = 10;

#[derive(Debug, Clone, Copy)]
enum Kind {
    DealOpened,
    DealEnded,
    NewLead,
    AddressChanged,
    Unsubscribed,
    Deleted,
    TicketOpened,
    TicketClosed,
    PhoneEdited,
}

/// How many of each kind a week brings, as a share of the people (deals are a fifth of them).
const SHARES: [(Kind, f64); 9] = [
    (Kind::DealOpened, 0.02 / 5.0),
    (Kind::DealEnded, 0.02 / 5.0),
    (Kind::NewLead, 0.01),
    (Kind::AddressChanged, 0.005),
    (Kind::Unsubscribed, 0.002),
    (Kind::Deleted, 0.002),
    (Kind::TicketOpened, 0.01),
    (Kind::TicketClosed, 0.01),
    (Kind::PhoneEdited, 0.02),
];

/// The people and their habits.
pub struct Week {
    /// At the beginning.
    people: usize,
    /// Humans so far: each has an address of their own.
    humans: u32,
    /// What of each kind is still to happen.
    due: [f64; SHARES.len()],
    dice: Dice,
    /// What happened since the beginning.
    pub events: u64,
}

impl Week {
    pub fn new(people: usize, seed: u64) -> Week {
        Week { people, humans: 0, due: [0.0; SHARES.len()], dice: Dice::new(seed), events: 0 }
    }

    /// What is there before the daemon comes, of the last year.
    pub fn begin(&mut self, offices: &mut Offices) {
        self.fill(offices);
        offices.now = BEGIN;
        self.events = 0;
    }

    fn fill(&mut self, offices: &mut Offices) {
        for _ in 0..self.people {
            self.some_time_ago(offices);
            let human = self.human();
            for (table, out_of_ten) in [(Table::CrmPeople, 6), (Table::MaPeople, 8), (Table::NewsPeople, 2), (Table::SupportPeople, 2)] {
                if self.dice.below(10) < out_of_ten {
                    person(offices, table, human);
                }
            }
        }
        for n in 0..self.people / 5 {
            self.some_time_ago(offices);
            self.happen(Kind::DealOpened, offices);
            if n % 2 == 0 {
                self.happen(Kind::DealEnded, offices);
            }
        }
        for _ in 0..self.people / 50 {
            self.some_time_ago(offices);
            self.happen(Kind::TicketOpened, offices);
        }
    }

    fn some_time_ago(&mut self, offices: &mut Offices) {
        offices.now = Time(BEGIN.0 - self.dice.range(1, 365 * DAY_MS));
    }

    fn human(&mut self) -> u32 {
        self.humans += 1;
        self.humans
    }

    /// A quarter of an hour has gone by.
    pub fn step(&mut self, offices: &mut Offices) {
        let since = offices.now.0 - BEGIN.0;
        let (weekday, hour) = (since / DAY_MS % 7, since % DAY_MS / HOUR_MS);
        if weekday >= 5 || !WORK.contains(&hour) {
            return;
        }
        for (i, (kind, share)) in SHARES.into_iter().enumerate() {
            self.due[i] += share * self.people as f64 / STEPS_A_WEEK;
            while self.due[i] >= 1.0 {
                self.due[i] -= 1.0;
                self.happen(kind, offices);
            }
        }
        if weekday == 0 && hour == 10 && since % HOUR_MS < STEP_MS {
            self.import(offices);
        }
    }

    /// Leads of a fair: half of them are known by another record.
    fn import(&mut self, offices: &mut Offices) {
        for n in 0..self.people / IMPORT_ONE_IN {
            let human = if n % 2 == 0 { self.human() } else { 1 + self.dice.below(self.humans as usize) as u32 };
            person(offices, Table::MaPeople, human);
            self.events += 1;
        }
    }

    fn happen(&mut self, kind: Kind, offices: &mut Offices) {
        self.events += 1;
        let now = offices.now;
        match kind {
            Kind::DealOpened => {
                let Some(person) = offices.any(Table::CrmPeople, &mut self.dice, |_| true) else { return };
                let account = offices.record(Table::CrmPeople, person).and_then(|r| r.account.clone());
                let with_account = self.dice.once_in(3);
                offices.add(Table::CrmDeals, |r| {
                    r.deal = Some(DealState::Open);
                    r.people = vec![person.to_string().into()];
                    r.account = account.filter(|_| with_account);
                    r.set(&"amount".into(), Value::Number(100.0), now);
                    text(r, "stage", "proposal", now);
                });
            }
            Kind::DealEnded => {
                let state = if self.dice.once_in(2) { DealState::Won } else { DealState::Lost };
                let open = offices.any(Table::CrmDeals, &mut self.dice, |r| r.deal == Some(DealState::Open));
                let end = |id| {
                    offices.change(Table::CrmDeals, id, |r| {
                        r.deal = Some(state);
                        r.memory.ended_at = Some(now);
                    })
                };
                open.map(end);
            }
            Kind::NewLead => {
                let human = self.human();
                person(offices, Table::MaPeople, human);
            }
            Kind::AddressChanged | Kind::Deleted | Kind::PhoneEdited => self.edit(kind, offices),
            Kind::Unsubscribed => {
                let table = Table::MAILERS[self.dice.below(2)];
                let here = offices.any(table, &mut self.dice, |r| r.refusals.is_empty());
                here.map(|id| offices.change(table, id, |r| refuse(r, true)));
            }
            Kind::TicketOpened => {
                let Some(person) = offices.any(Table::SupportPeople, &mut self.dice, |_| true) else { return };
                let priority = if self.dice.once_in(2) { "urgent" } else { "normal" };
                offices.add(Table::SupportTickets, |r| {
                    r.ticket = Some(TicketState::Open);
                    r.people = vec![person.to_string().into()];
                    text(r, "priority", priority, now);
                });
            }
            Kind::TicketClosed => {
                let open = offices.any(Table::SupportTickets, &mut self.dice, |r| r.ticket == Some(TicketState::Open));
                let close = |id| {
                    offices.change(Table::SupportTickets, id, |r| {
                        r.ticket = Some(TicketState::Closed);
                        r.memory.ended_at = Some(now);
                    })
                };
                open.map(close);
            }
        }
    }

    /// Something is done to anyone's record.
    fn edit(&mut self, kind: Kind, offices: &mut Offices) {
        let (table, now) = (Table::PEOPLE[self.dice.below(4)], offices.now);
        let Some(id) = offices.any(table, &mut self.dice, |_| true) else { return };
        let number = self.dice.below(10_000);
        match kind {
            Kind::Deleted => offices.delete(table, id),
            Kind::AddressChanged => {
                let human = self.human();
                offices.change(table, id, |r| text(r, "email", &address(human), now));
            }
            _ => {
                offices.change(table, id, |r| text(r, "phone", &format!("+81-3-{number:04}"), now));
            }
        }
    }
}

fn address(human: u32) -> String {
    format!("p{human}@home-{}.example", human % 97)
}

fn person(offices: &mut Offices, table: Table, human: u32) {
    let now = offices.now;
    offices.add(table, |r| {
        text(r, "email", &address(human), now);
        text(r, "name", &format!("山田 {human}"), now);
        if table != Table::NewsPeople {
            text(r, "phone", &format!("+81-6-{human:06}"), now);
        }
        if table == Table::CrmPeople {
            text(r, "title", "部長", now);
            r.account = Some((human / PEOPLE_PER_ACCOUNT).to_string().into());
        }
    });
}
