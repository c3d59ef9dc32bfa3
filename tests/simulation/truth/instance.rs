//! Another account of the marketing system behind the name of the one that was there.

use super::{BlockBy, Table, Truth, text};
use crate::dice::Dice;
use nayose::model::{Mark, Record, Time, Value};
use std::collections::BTreeMap;

impl Truth {
    /// Another account of the marketing system: as many leads, of other people, under the same ids. Its marketers hold every other one.
    pub fn replace_leads(&mut self, humans: &[(&str, &str)], named: fn(&mut Record, &str, Time), dice: &mut Dice) {
        let numbers = self.living(Table::MaPeople);
        self.tables.insert(Table::MaPeople, BTreeMap::new());
        self.account.replace(Table::MaPeople);
        self.said.replace(Table::MaPeople);
        (self.feed, self.epoch) = (Vec::new(), self.epoch + 1);
        let (next, now) = (self.next, self.now);
        for number in numbers {
            self.next = number;
            let human = dice.below(humans.len());
            let (name, local) = humans[human];
            let held = dice.once_in(2);
            self.add(Table::MaPeople, human as u32, dice, |r| {
                text(r, "email", &format!("{local}@acme.example"), now);
                named(r, name, now);
                text(r, "phone", "", now);
                text(r, "title", "", now);
                r.set_mark(Mark::Block, Value::Bool(held));
            });
            if let Some(item) = self.item_mut(Table::MaPeople, number).filter(|_| held) {
                item.block_by = BlockBy::Marketer;
            }
        }
        self.next = next;
    }
}
