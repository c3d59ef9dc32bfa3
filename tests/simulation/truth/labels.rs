//! The newsletter's labels. A member wears them by id; what a label is called, and whether there is one, is another matter.

use super::{BlockBy, Table, Truth, Way};
use crate::dice::Dice;
use nayose::model::{Mark, Record, Value};

pub const HOLD: &str = "nayose-hold";
pub const PERMIT: &str = "nayose-ok";
pub const STATUS: &str = "nayose-status-";

impl Truth {
    pub fn new_label(&mut self, name: &str) -> u32 {
        let id = self.next;
        self.next += 1;
        self.labels.insert(id, name.to_string());
        id
    }

    /// The labels that a member shows: an id without a label shows nothing.
    pub fn labels_of(&self, member: u32) -> Vec<(u32, String)> {
        let worn = self.worn.get(&member).map_or(&[][..], Vec::as_slice);
        worn.iter().filter_map(|id| Some((*id, self.labels.get(id)?.clone()))).collect()
    }

    pub fn wears(&self, member: u32, label: u32) -> bool {
        self.worn.get(&member).is_some_and(|worn| worn.contains(&label))
    }

    /// Puts a label on a member, or takes all of it off.
    pub fn wear(&mut self, member: u32, label: u32, on: bool, dice: &mut Dice) {
        let worn = self.worn.entry(member).or_default();
        if on {
            worn.push(label);
        } else {
            worn.retain(|id| *id != label);
        }
        self.show_labels(member, true, dice);
    }

    /// Gives a label another name, or none at all.
    pub fn rename_label(&mut self, from: &str, to: Option<&str>, dice: &mut Dice) -> bool {
        let Some(id) = self.labels.iter().find(|(_, name)| *name == from).map(|(id, _)| *id) else { return false };
        match to {
            Some(to) => drop(self.labels.insert(id, to.to_string())),
            None => {
                self.labels.remove(&id);
                self.worn.values_mut().for_each(|worn| worn.retain(|w| *w != id));
            }
        }
        for member in self.living(Table::NewsPeople) {
            self.show_labels(member, false, dice);
        }
        true
    }

    /// Copies of a label that a member wears at most.
    pub fn copies_of_labels(&self) -> usize {
        let copies = |worn: &Vec<u32>| worn.iter().map(|id| worn.iter().filter(|w| *w == id).count()).max().unwrap_or(0);
        self.worn.values().map(copies).max().unwrap_or(0)
    }

    /// The marks of a member's record, as its labels make them. No time moves.
    fn show_labels(&mut self, member: u32, ours: bool, dice: &mut Dice) {
        let shown: Vec<String> = self.labels_of(member).into_iter().map(|(_, name)| name).collect();
        let has = |label: &str| shown.iter().any(|n| n == label);
        let mut statuses: Vec<&str> = shown.iter().map(String::as_str).filter(|n| n.starts_with(STATUS)).collect();
        statuses.sort_unstable();
        let put = |record: &mut Record| {
            record.set_mark(Mark::Block, Value::Bool(has(HOLD)));
            record.set_mark(Mark::Permit, Value::Bool(has(PERMIT)));
            record.set_mark(Mark::Status, Value::text(&statuses.join("\n")));
        };
        self.change(Table::NewsPeople, member, Way::Silent, ours, dice, put);
        let blocked = has(HOLD);
        if let Some(item) = self.item_mut(Table::NewsPeople, member) {
            item.block_by = if blocked { BlockBy::Us } else { BlockBy::Nobody };
        }
    }
}
