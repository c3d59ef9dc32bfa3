//! Systems that are not well, and that are mended.

use super::Sim;
use crate::dice::Dice;
use crate::driver::FEW;
use crate::truth::Table;
use crate::wire::Trouble;

impl Sim<'_> {
    pub(super) fn trouble(&mut self, dice: &mut Dice) {
        self.counts.other += 1;
        let table = *dice.pick(&Table::ALL).unwrap_or(&Table::CrmDeals);
        let known = self.daemon.as_ref().map_or(0, |d| d.engine.probe().world.listed(&table.system().into(), &table.stream().into()));
        let reading = self.daemon.as_ref().is_some_and(|d| d.keys().iter().any(|k| k.0 == table.system() && d.is_reading(k)));
        let Some(trouble) = self.troubles.get_mut(table.system()) else { return };
        let what = match dice.below(4) {
            0 => {
                trouble.down = true;
                "is down"
            }
            1 => {
                trouble.no_scope.insert(table);
                "lost a scope"
            }
            // Of a few records an empty list can be the truth; and a list that ends in its middle looks like a whole one.
            // So does an export of changes that has nothing new.
            2 if known >= FEW && !reading && table.system() != "support" => {
                trouble.empty.insert(table);
                "lists nothing any more"
            }
            _ => {
                trouble.no_filter = true;
                "ignores the filter for changes"
            }
        };
        self.note(|| format!("{}.{} {what}", table.system(), table.stream()));
    }

    pub(super) fn mend(&mut self) {
        for (system, trouble) in &mut self.troubles {
            // What came to nothing waits a little longer.
            if trouble.down || !trouble.no_scope.is_empty() {
                self.switches.disturb(system, self.truth.now);
            }
            *trouble = Trouble::default();
        }
        self.note(|| "all systems are well again".into());
    }
}
