//! What people and programs do to the systems' data while a switch of the world is on.

use super::dice::Dice;
use super::truth::{BlockBy, Table, Truth, Way, labels, text};
use super::wire::{Switch, Switches};
use super::world;
use nayose::model::{Address, DealState, Mark, Time, Value};

/// Once in so many happenings.
const RARELY: usize = 5;

/// Something that only happens while a switch is on. Tells what, for the history that a person reads.
pub fn happen(truth: &mut Truth, switches: &mut Switches, dice: &mut Dice) -> Option<String> {
    let on: Vec<Switch> = KINDS.into_iter().filter(|s| switches.is_on(*s)).collect();
    if on.is_empty() || !dice.once_in(RARELY) {
        return None;
    }
    // What cannot happen now leaves its turn to another.
    let first = dice.below(on.len());
    let (switch, what) = (0..on.len()).map(|n| on[(first + n) % on.len()]).find_map(|s| Some((s, act(truth, s, dice)?)))?;
    switches.meet(switch);
    Some(format!("{switch:?}: {what}"))
}

const KINDS: [Switch; 11] = [
    Switch::LabelRenamed,
    Switch::LabelDeleted,
    Switch::CursorRefused,
    Switch::AddressUnreadable,
    Switch::AddressWritten,
    Switch::ClosedBackdated,
    Switch::SeveralAddresses,
    Switch::SeveralCompanies,
    Switch::BlockTakenAway,
    Switch::ThirdValue,
    Switch::PermitWritten,
];

fn act(truth: &mut Truth, switch: Switch, dice: &mut Dice) -> Option<String> {
    let now = truth.now;
    match switch {
        Switch::LabelRenamed | Switch::LabelDeleted => {
            let label = *dice.pick(&[labels::HOLD, labels::PERMIT])?;
            let name = format!("spring {}", dice.below(9));
            let to = (switch == Switch::LabelRenamed).then_some(name.as_str());
            truth.rename_label(label, to, dice).then(|| format!("the label {label} becomes {to:?}"))
        }
        Switch::CursorRefused => {
            truth.epoch += 1;
            Some("cursors given out before are not taken any more".to_string())
        }
        Switch::AddressUnreadable => {
            let table = *dice.pick(&[Table::CrmPeople, Table::MaPeople])?;
            let id = truth.any(table, dice)?;
            truth.change(table, id, Way::Usual, false, dice, |r| text(r, "email", "see the card, second line", now));
            Some(table.id(id).to_string())
        }
        Switch::AddressWritten => {
            let table = *dice.pick(&Table::PEOPLE)?;
            let id = truth.any(table, dice)?;
            let address = truth.addresses(truth.item(table, id)?.record()).into_iter().next()?;
            let (written, means) = written(&address, dice);
            truth.meanings.insert(written.clone(), means);
            truth.change(table, id, Way::Usual, false, dice, |r| text(r, "email", &written, now));
            Some(format!("{} {written:?}", table.id(id)))
        }
        Switch::ClosedBackdated => {
            let id = truth.any(Table::CrmDeals, dice)?;
            truth.item(Table::CrmDeals, id)?.record().deal.filter(|d| d.is_open())?;
            let ended = Time(now.0 - 40 * 86_400_000);
            truth.change(Table::CrmDeals, id, Way::Usual, false, dice, |r| {
                r.deal = Some(DealState::Lost);
                r.memory.ended_at = Some(ended);
            });
            Some(format!("{} lost", Table::CrmDeals.id(id)))
        }
        Switch::SeveralAddresses => {
            let id = truth.any(Table::CrmPeople, dice)?;
            let human = truth.item(Table::CrmPeople, id)?.human;
            let further = Address::parse(&format!("second.{human}@home.example"))?;
            let lead = further.to_string();
            truth.change(Table::CrmPeople, id, Way::Usual, false, dice, |r| r.addresses = vec![further]);
            // Under which they are known where mail is sent from.
            let number = truth.add(Table::MaPeople, human, dice, |r| {
                text(r, "email", &lead, now);
                world::named(r, world::HUMANS[human as usize].0, now);
            });
            Some(format!("{} is also {lead}, {}", Table::CrmPeople.id(id), Table::MaPeople.id(number)))
        }
        Switch::SeveralCompanies => {
            let id = truth.any(Table::CrmPeople, dice)?;
            let (first, account) = (truth.item(Table::CrmPeople, id)?.record().account.clone()?, dice.below(3) as u32);
            if *first == *account.to_string() || truth.more_accounts.contains_key(&id) {
                return None;
            }
            truth.more_accounts.insert(id, vec![account]);
            truth.change(Table::CrmPeople, id, Way::Usual, false, dice, |r| text(r, "phone", "moved", now));
            let item = truth.item_mut(Table::CrmPeople, id)?;
            // Only the whole listing shows it.
            (item.account_since, item.account_silent) = (now, true);
            Some(format!("{} is also at {account}", Table::CrmPeople.id(id)))
        }
        Switch::BlockTakenAway => {
            let id = truth.any(Table::MaPeople, dice)?;
            truth.change(Table::MaPeople, id, Way::Usual, false, dice, |r| r.set_mark(Mark::Block, Value::Bool(false)));
            truth.item_mut(Table::MaPeople, id)?.block_by = BlockBy::Nobody;
            Some(Table::MaPeople.id(id).to_string())
        }
        Switch::ThirdValue => {
            let id = truth.any(Table::NewsPeople, dice)?;
            if truth.item(Table::NewsPeople, id)?.record().is_blocked() {
                return None;
            }
            truth.change(Table::NewsPeople, id, Way::Usual, false, dice, |r| r.set_mark(Mark::Block, Value::Bool(true)));
            truth.item_mut(Table::NewsPeople, id)?.block_by = BlockBy::Marketer;
            Some(Table::NewsPeople.id(id).to_string())
        }
        Switch::PermitWritten => {
            let id = truth.any(Table::MaPeople, dice)?;
            truth.change(Table::MaPeople, id, Way::Usual, false, dice, |r| r.set_mark(Mark::Permit, Value::text("for ever")));
            Some(Table::MaPeople.id(id).to_string())
        }
        _ => None,
    }
}

/// An address as people and programs write it, and whom it means.
fn written(address: &Address, dice: &mut Dice) -> (String, Vec<Address>) {
    let plain = address.to_string();
    let also = Address::parse("office@acme.example");
    match dice.below(7) {
        0 => (format!("\u{feff}{plain}"), vec![address.clone()]),
        1 => (plain.replacen('@', "\u{200b}@", 1), vec![address.clone()]),
        2 => (format!("{plain}\u{2060}"), vec![address.clone()]),
        3 => (format!("Somebody <{plain}>"), vec![address.clone()]),
        4 => (format!("mailto:{plain}"), vec![address.clone()]),
        5 => (format!("{plain};"), vec![address.clone()]),
        _ => (format!("{plain}; office@acme.example"), std::iter::once(address.clone()).chain(also).collect()),
    }
}
