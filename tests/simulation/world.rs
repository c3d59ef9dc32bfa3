//! What people do in the systems: the events of a history.

use super::dice::Dice;
use super::precedence::{hands, spoken};
use super::truth::{BlockBy, Table, Truth, Way, refuse, text};
use nayose::model::{DealState, Mark, Record, ShortText, TicketState, Time, Value};

/// People whose names and addresses nobody shares, and two mailboxes that several share.
pub const HUMANS: [(&str, &str); 10] = [
    ("山田 太郎", "taro.yamada"),
    ("佐藤 花子", "hanako.sato"),
    ("Mei Tanaka", "mei.tanaka"),
    ("鈴木 一郎", "ichiro.suzuki"),
    ("髙橋 美咲", "misaki.takahashi"),
    ("渡邉 健", "ken.watanabe"),
    ("Lena Kobayashi", "lena.kobayashi"),
    ("伊藤 翔", "sho.ito"),
    ("Noah Weiss", "noah.weiss"),
    ("中村 さくら", "sakura.nakamura"),
];
/// Addresses that several people use.
pub const SHARED: [&str; 2] = ["info@acme.example", "kazoku@home.example"];
const ACCOUNTS: u32 = 3;

/// Kinds of events, each with how often it comes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Event {
    NewContact,
    NewLead,
    NewSubscriber,
    NewRequester,
    DealOpened,
    DealEnded,
    DealReopened,
    DealDeleted,
    DealMoved,
    Attached,
    Detached,
    AddressChanged,
    Recycled,
    ContactsMerged,
    Unsubscribed,
    UnsubscribedInBulk,
    Resubscribed,
    Suspended,
    BlockTaken,
    Imported,
    FieldEdited,
    TicketOpened,
    TicketChanged,
    RecordDeleted,
    AccountChanged,
}

const WEIGHTS: [(Event, usize); 25] = [
    (Event::NewContact, 8),
    (Event::NewLead, 8),
    (Event::NewSubscriber, 5),
    (Event::NewRequester, 3),
    (Event::DealOpened, 12),
    (Event::DealEnded, 12),
    (Event::DealReopened, 4),
    (Event::DealDeleted, 3),
    (Event::DealMoved, 3),
    (Event::Attached, 6),
    (Event::Detached, 5),
    (Event::AddressChanged, 5),
    (Event::Recycled, 2),
    (Event::ContactsMerged, 2),
    (Event::Unsubscribed, 2),
    (Event::UnsubscribedInBulk, 1),
    (Event::Resubscribed, 1),
    (Event::Suspended, 2),
    (Event::BlockTaken, 2),
    (Event::Imported, 1),
    (Event::FieldEdited, 30),
    (Event::TicketOpened, 5),
    (Event::TicketChanged, 6),
    (Event::RecordDeleted, 2),
    (Event::AccountChanged, 2),
];

/// Something happens in the systems. Tells what, for the history that a person reads.
pub fn happen(truth: &mut Truth, dice: &mut Dice) -> String {
    let event = dice.weighed(&WEIGHTS);
    let what = act(truth, event, dice);
    match what {
        Some(what) => format!("{event:?}: {what}"),
        None => format!("{event:?}: nothing to do it to"),
    }
}

fn address(human: u32, dice: &mut Dice) -> String {
    let local = HUMANS[human as usize % HUMANS.len()].1;
    match dice.below(12) {
        0 => SHARED[dice.below(SHARED.len())].to_string(),
        1 => format!("{local}@old.example"),
        2 => format!(" {}@Acme.Example ", local.to_uppercase()),
        _ => format!("{local}@acme.example"),
    }
}

pub fn person(truth: &mut Truth, table: Table, human: u32, dice: &mut Dice) -> u32 {
    let (name, now) = (HUMANS[human as usize].0, truth.now);
    let email = address(human, dice);
    let account = dice.below(ACCOUNTS as usize + 2) as u32;
    let mut typed = hands::fill(truth, table, dice);
    if truth.spoken {
        typed.extend(spoken::fill(truth, table, dice));
    }
    truth.add(table, human, dice, |r| {
        text(r, "email", &email, now);
        named(r, name, now);
        typed.into_iter().for_each(|(field, value)| hands::set(r, field, value, now));
        if table == Table::CrmPeople {
            r.account = (account < ACCOUNTS).then(|| account.to_string().into());
        }
    })
}

/// Gives a record a name, as its system has it: in one field or in two.
pub fn named(record: &mut Record, name: &str, now: Time) {
    match (&*record.id.system, name.split_once(' ')) {
        ("crm" | "ma", Some((last, first))) => {
            text(record, "last_name", last, now);
            text(record, "first_name", first, now);
        }
        _ => text(record, "name", name, now),
    }
}

fn human(dice: &mut Dice) -> u32 {
    dice.below(HUMANS.len()) as u32
}

fn act(truth: &mut Truth, event: Event, dice: &mut Dice) -> Option<String> {
    let now = truth.now;
    let way = if dice.once_in(3) { Way::Silent } else { Way::Usual };
    let new = |truth: &mut Truth, table: Table, dice: &mut Dice| {
        let human = human(dice);
        let id = person(truth, table, human, dice);
        Some(told(truth, table, id))
    };
    match event {
        Event::NewContact => new(truth, Table::CrmPeople, dice),
        Event::NewLead => new(truth, Table::MaPeople, dice),
        Event::NewSubscriber => new(truth, Table::NewsPeople, dice),
        Event::NewRequester => new(truth, Table::SupportPeople, dice),
        Event::Imported => {
            let count = 2 + dice.below(5);
            for _ in 0..count {
                let human = human(dice);
                person(truth, Table::MaPeople, human, dice);
            }
            Some(format!("{count} leads into ma"))
        }
        Event::DealOpened => {
            let people = some_people(truth, dice);
            let account = dice.below(ACCOUNTS as usize * 3) as u32;
            let amount = dice.below(1000) as f64;
            let id = truth.add(Table::CrmDeals, 0, dice, |r| {
                r.people = people;
                r.account = (account < ACCOUNTS).then(|| account.to_string().into());
                r.set(&"amount".into(), Value::Number(amount), now);
                text(r, "stage", "proposal", now);
            });
            Some(told(truth, Table::CrmDeals, id))
        }
        Event::DealEnded => {
            let state = if dice.once_in(2) { DealState::Won } else { DealState::Lost };
            deal(truth, dice, |r| {
                r.deal = Some(state);
                r.memory.ended_at = Some(now);
            })
        }
        Event::DealReopened => deal(truth, dice, |r| {
            r.deal = Some(DealState::Open);
            r.memory.ended_at = None;
        }),
        Event::DealMoved => {
            let state = if dice.once_in(2) { DealState::Unknown } else { DealState::Open };
            deal(truth, dice, |r| {
                if r.deal.is_some_and(|d| d.is_open()) {
                    r.deal = Some(state);
                    text(r, "pipeline", "partner", now);
                }
            })
        }
        Event::DealDeleted => {
            let id = truth.any(Table::CrmDeals, dice)?;
            truth.delete(Table::CrmDeals, id, dice);
            Some(Table::CrmDeals.id(id).to_string())
        }
        Event::Attached | Event::Detached => {
            let id = truth.any(Table::CrmDeals, dice)?;
            let whom: Option<ShortText> = truth.any(Table::CrmPeople, dice).map(|p| p.to_string().into());
            let drop = dice.next() as usize;
            // HubSpot moves no time when an association comes or goes.
            truth.change(Table::CrmDeals, id, Way::Silent, false, dice, |r| {
                if event == Event::Attached {
                    r.people.extend(whom);
                } else if !r.people.is_empty() {
                    r.people.remove(drop % r.people.len());
                }
                r.people.sort();
                r.people.dedup();
            });
            Some(told(truth, Table::CrmDeals, id))
        }
        Event::AddressChanged => {
            let table = *dice.pick(&Table::PEOPLE)?;
            let id = truth.any(table, dice)?;
            let human = truth.item(table, id)?.human;
            let email = address(human, dice);
            truth.change(table, id, way, false, dice, |r| text(r, "email", &email, now));
            Some(told(truth, table, id))
        }
        Event::Recycled => {
            let table = *dice.pick(&Table::PEOPLE)?;
            let id = truth.any(table, dice)?;
            let other = human(dice);
            let email = address(other, dice);
            truth.change(table, id, way, false, dice, |r| {
                text(r, "email", &email, now);
                named(r, HUMANS[other as usize].0, now);
            });
            truth.item_mut(table, id)?.human = other;
            Some(told(truth, table, id))
        }
        Event::ContactsMerged => {
            let (kept, lost) = (truth.any(Table::CrmPeople, dice)?, truth.any(Table::CrmPeople, dice)?);
            if kept == lost {
                return None;
            }
            for number in truth.living(Table::CrmDeals) {
                let (from, to) = (lost.to_string(), kept.to_string());
                truth.change(Table::CrmDeals, number, Way::Silent, false, dice, |r| {
                    if r.people.iter().any(|p| **p == *from) {
                        r.people.retain(|p| **p != *from);
                        r.people.push(to.into());
                        r.people.sort();
                        r.people.dedup();
                    }
                });
            }
            truth.delete(Table::CrmPeople, lost, dice);
            truth.merged.insert(lost, kept);
            Some(format!("{lost} into {}", told(truth, Table::CrmPeople, kept)))
        }
        Event::Unsubscribed | Event::Resubscribed => {
            let table = *dice.pick(&Table::MAILERS)?;
            let id = truth.any(table, dice)?;
            truth.change(table, id, Way::Usual, false, dice, |r| refuse(r, event == Event::Unsubscribed));
            Some(told(truth, table, id))
        }
        Event::UnsubscribedInBulk => {
            let table = *dice.pick(&Table::MAILERS)?;
            let count = 1 + dice.below(3);
            for _ in 0..count {
                let id = truth.any(table, dice)?;
                truth.change(table, id, Way::Silent, false, dice, |r| refuse(r, true));
            }
            Some(format!("up to {count} of {}", table.system()))
        }
        Event::Suspended => {
            let id = truth.any(Table::MaPeople, dice)?;
            if truth.item(Table::MaPeople, id)?.record().is_blocked() {
                return None;
            }
            truth.change(Table::MaPeople, id, way, false, dice, |r| r.set_mark(Mark::Block, Value::Bool(true)));
            truth.item_mut(Table::MaPeople, id)?.block_by = BlockBy::Marketer;
            Some(told(truth, Table::MaPeople, id))
        }
        Event::BlockTaken => {
            let id = truth.any(Table::MaPeople, dice)?;
            truth.change(Table::MaPeople, id, way, false, dice, |r| r.set_mark(Mark::Block, Value::Bool(false)));
            truth.item_mut(Table::MaPeople, id)?.block_by = BlockBy::Nobody;
            Some(format!("{} {way:?}", told(truth, Table::MaPeople, id)))
        }
        Event::FieldEdited => {
            if dice.once_in(5) {
                let (id, score) = (truth.any(Table::MaPeople, dice)?, dice.below(150) as i64);
                truth.change(Table::MaPeople, id, way, false, dice, |r| r.set(&"score".into(), Value::Int(score), now));
                return Some(format!("{} score {score}", Table::MaPeople.id(id)));
            }
            hands::edit(truth, way, dice)
        }
        Event::TicketOpened => {
            let people: Vec<ShortText> = truth.any(Table::SupportPeople, dice).map(|p| p.to_string().into()).into_iter().collect();
            let urgent = dice.once_in(2);
            let id = truth.add(Table::SupportTickets, 0, dice, |r| {
                r.people = people;
                text(r, "priority", if urgent { "urgent" } else { "normal" }, now);
                text(r, "status", "open", now);
            });
            Some(told(truth, Table::SupportTickets, id))
        }
        Event::TicketChanged => {
            let id = truth.any(Table::SupportTickets, dice)?;
            let throw = dice.below(6);
            if throw == 0 {
                truth.delete(Table::SupportTickets, id, dice);
                return Some(format!("{} deleted", Table::SupportTickets.id(id)));
            }
            truth.change(Table::SupportTickets, id, Way::Usual, false, dice, |r| match throw {
                1 => text(r, "priority", "urgent", now),
                2 => text(r, "priority", "normal", now),
                3 => {
                    r.ticket = Some(TicketState::Open);
                    r.memory.ended_at = None;
                }
                _ => {
                    r.ticket = Some(TicketState::Closed);
                    r.memory.ended_at = Some(now);
                }
            });
            Some(told(truth, Table::SupportTickets, id))
        }
        Event::RecordDeleted => {
            let table = *dice.pick(&Table::PEOPLE)?;
            let id = truth.any(table, dice)?;
            truth.delete(table, id, dice);
            Some(table.id(id).to_string())
        }
        Event::AccountChanged => {
            let id = truth.any(Table::CrmPeople, dice)?;
            let account = dice.below(ACCOUNTS as usize + 1) as u32;
            truth.change(Table::CrmPeople, id, way, false, dice, |r| r.account = (account < ACCOUNTS).then(|| account.to_string().into()));
            Some(told(truth, Table::CrmPeople, id))
        }
    }
}

fn deal(truth: &mut Truth, dice: &mut Dice, edit: impl FnOnce(&mut Record)) -> Option<String> {
    let id = truth.any(Table::CrmDeals, dice)?;
    truth.change(Table::CrmDeals, id, Way::Usual, false, dice, edit);
    Some(told(truth, Table::CrmDeals, id))
}

fn some_people(truth: &mut Truth, dice: &mut Dice) -> Vec<ShortText> {
    let count = dice.weighed(&[(0, 1), (1, 6), (2, 2)]);
    let mut people: Vec<ShortText> = (0..count).filter_map(|_| truth.any(Table::CrmPeople, dice)).map(|p| p.to_string().into()).collect();
    people.sort();
    people.dedup();
    people
}

/// A record as a person reads it in a printed history.
fn told(truth: &Truth, table: Table, id: u32) -> String {
    let Some(item) = truth.item(table, id) else { return String::new() };
    let r = item.record();
    let mut said = r.id.to_string();
    for part in [r.text("email"), r.text("last_name").or(r.text("name")), r.text("priority")].into_iter().flatten() {
        said.push_str(&format!(" {:?}", part.trim()));
    }
    if let Some(state) = r.deal {
        said.push_str(&format!(" {}", state.name()));
    }
    if let Some(state) = r.ticket {
        said.push_str(&format!(" {}", state.name()));
    }
    if !r.people.is_empty() {
        said.push_str(&format!(" people [{}]", r.people.join(", ")));
    }
    if let Some(account) = &r.account {
        said.push_str(&format!(" account {account}"));
    }
    if item.refused() {
        said.push_str(" refused");
    }
    if r.is_blocked() {
        said.push_str(" blocked");
    }
    said
}
