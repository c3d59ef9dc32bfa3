//! Changes at random, the same for a seed in two worlds, and what is compared of them.

use crate::harness::{World, object, person};
use nayose::sandbox::Handle;
use serde_json::{Value, json};

/// A small generator of its own, so that a seed means the same for ever.
pub struct Dice(pub u64);

impl Dice {
    pub fn below(&mut self, n: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % n
    }
}

/// What salespeople and others do, step by step; the same in both worlds, as ids are given out in order.
///
/// Only changes whose end does not hang on who looked in between: nothing vanishes, and no field is emptied.
pub struct Script {
    dice: Dice,
    contacts: Vec<u64>,
    pub leads: Vec<u64>,
    deals: Vec<u64>,
    users: Vec<u64>,
    tickets: Vec<u64>,
}

impl Script {
    pub fn begin(seed: u64, handle: &Handle) -> Script {
        let mut script = Script { dice: Dice(seed), contacts: vec![], leads: vec![], deals: vec![], users: vec![], tickets: vec![] };
        let company = handle.create_company("Acme", "acme.example");
        for i in 0..40 {
            script.someone(handle, &format!("P{i}"), (i % 5 == 0).then_some(company));
        }
        for lead in script.leads.iter().step_by(9) {
            handle.marketer_suspends(*lead, true).unwrap();
        }
        script.deals.push(handle.open_deal(&script.contacts[..3], Some(company)).unwrap());
        script
    }

    fn someone(&mut self, handle: &Handle, first: &str, company: Option<u64>) {
        let person = person(handle, first, "Mori", company);
        self.contacts.push(person.contact);
        self.leads.push(person.lead);
        self.users.push(handle.create_user(&format!("{first} Mori"), Some(&person.email)));
    }

    fn pick(&mut self, of: fn(&Script) -> &Vec<u64>) -> Option<u64> {
        let len = of(self).len() as u64;
        if len == 0 {
            return None;
        }
        let place = self.dice.below(len) as usize;
        Some(of(self)[place])
    }

    pub fn step(&mut self, handle: &Handle, step: usize) {
        for _ in 0..4 {
            match self.dice.below(9) {
                0 | 1 => {
                    let contact = self.pick(|s| &s.contacts).unwrap();
                    self.deals.push(handle.open_deal(&[contact], None).unwrap());
                }
                2 | 3 => {
                    let stage = ["won", "lost", "open"][self.dice.below(3) as usize];
                    let deal = self.pick(|s| &s.deals).unwrap();
                    handle.set_deal_stage(deal, stage).unwrap();
                }
                4 => {
                    let contact = self.pick(|s| &s.contacts).unwrap();
                    let (phone, title) = (format!("+81 3 0000 {step:04}"), format!("課長 {step}"));
                    handle.edit_contact(contact, &[("phone", &phone), ("jobtitle", &title)]).unwrap();
                }
                5 => self.someone(handle, &format!("N{step}x{}", self.leads.len()), None),
                6 => {
                    let user = self.pick(|s| &s.users).unwrap();
                    self.tickets.push(handle.create_ticket(user, "open", Some("urgent")).unwrap());
                }
                7 => {
                    if let Some(ticket) = self.pick(|s| &s.tickets) {
                        handle.set_ticket_status(ticket, "solved").unwrap();
                    }
                }
                _ => {
                    let lead = self.pick(|s| &s.leads).unwrap();
                    if self.dice.below(3) == 0 {
                        handle.unsubscribe(lead).unwrap();
                    } else {
                        handle.edit_lead(lead, &object(json!({"leadScore": self.dice.below(200)}))).unwrap();
                    }
                }
            }
        }
    }
}

/// All leads; a flag that was set and lifted is one that was never set.
pub fn leads(world: &World) -> Value {
    let mut leads = world.sandbox.handle.dump()["ma"]["leads"].clone();
    for lead in leads.as_object_mut().unwrap().values_mut() {
        lead.as_object_mut().unwrap().retain(|_, v| *v != json!(false));
    }
    leads
}
