//! Faults that several systems have in common, as their rows and writes show them.

use super::site::Site;
use super::switches::Switch;
use crate::truth::Table;
use serde_json::{Value as Json, json};

/// What stands in a text for a character that is none; [`Site::spoil`] puts it in.
const HALF: &str = "\u{e000}HALF\u{e000}";
/// How far a record that is dated in the future is ahead.
const AHEAD_MS: i64 = 40 * 86_400_000;

impl Site<'_> {
    /// Whether a switch that is on concerns this record: always the same ones, one in `n`.
    pub fn hits(&mut self, switch: Switch, table: Table, id: u32, n: u32) -> bool {
        self.switches.concerns(switch, table, id, n) && self.switches.meet(switch)
    }

    /// How far the time of a record's last change is ahead, in milliseconds.
    pub fn ahead(&mut self, table: Table, id: u32) -> i64 {
        if self.hits(Switch::DatedAhead, table, id, 6) { AHEAD_MS } else { 0 }
    }

    /// The token may not see this table, and the system says so by an empty list.
    pub fn hides(&mut self, table: Table) -> bool {
        let hides = self.trouble.empty.contains(&table);
        self.switches.lied |= hides;
        hides
    }

    /// Nothing that is written is carried out.
    pub fn writes_broken(&mut self) -> bool {
        let broken = self.switches.is_on(Switch::WritesBroken) && self.switches.meet(Switch::WritesBroken);
        if broken {
            self.switches.disturb(self.system, self.truth.now);
        }
        broken
    }

    /// A row of a write is refused for no reason of its own.
    pub fn refuses_row(&mut self) -> bool {
        let refused = self.faults > 0 && self.dice.once_in(self.faults * 3);
        if refused {
            self.switches.refused = true;
            self.switches.disturb(self.system, self.truth.now);
        }
        refused
    }

    /// A record that shows a refusal cannot be edited.
    pub fn locked(&mut self, table: Table, id: u32) -> bool {
        let refuses = self.truth.item(table, id).is_some_and(|i| i.refused());
        refuses && self.switches.is_on(Switch::RefusingLocked) && self.switches.meet(Switch::RefusingLocked)
    }

    /// Puts half a character into a text.
    pub fn odd(&mut self, table: Table, id: u32, row: &mut Json, at: &str) {
        if self.hits(Switch::OddCharacters, table, id, 5)
            && let Some(text) = row.pointer_mut(at)
        {
            *text = json!(format!("{}{HALF}", text.as_str().unwrap_or_default()));
        }
    }

    /// The body as it leaves: with half characters, and now and then a byte order mark.
    pub fn spoil(&mut self, body: &mut Vec<u8>) {
        if !self.switches.is_on(Switch::OddCharacters) {
            return;
        }
        let text = String::from_utf8_lossy(body);
        if text.contains(HALF) {
            // Half a surrogate pair, as programs that cut texts by their length write it.
            *body = text.replace(HALF, "\\ud83d").into_bytes();
        }
    }
}
