//! What the three systems hold when the sandbox starts: the same people, as three departments have typed them in.
//!
//! Awkward cases come by place in the list and not by chance, so that every one of them is there in every world of some size.

use crate::model::{Span, Time};
use crate::sandbox::crm::records::CrmKind;
use crate::sandbox::ma::stored_fields;
use crate::sandbox::people::{Company, InventedPerson, companies, people, wide};
use crate::sandbox::rng::Rng;
use crate::sandbox::wire::iso_millis;
use crate::sandbox::world::SandboxWorld;
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;

/// Records are up to so old.
const OLDEST: Span = Span::days(400);
/// And none younger than this.
const YOUNGEST: Span = Span::days(1);

/// Fills the world with so many people, a fifth as many companies, and about 0.3 deals, 0.4 tickets and 0.85 leads for each.
pub(super) fn fill(world: &mut SandboxWorld, seed: u64, count: usize) {
    let firms = companies(count.div_ceil(5));
    let all = people(seed, count, &firms);
    let now = world.now();
    let mut rng = Rng::new(seed);
    let company_ids: Vec<u64> = firms.iter().enumerate().map(|(i, c)| add_company(world, c, age(now, i, firms.len()))).collect();
    let mut contacts: Vec<(usize, u64)> = Vec::new();
    for (i, person) in all.iter().enumerate() {
        if i % 4 == 3 {
            continue;
        }
        let id = add_contact(world, i, person, &all, &firms, age(now, i, count));
        // Some contacts hang on no company.
        if let Some(company) = company_ids.get(person.company).filter(|_| i % 14 != 7) {
            world.crm.link((CrmKind::Contact, id), (CrmKind::Company, *company));
        }
        contacts.push((i, id));
    }
    let mut staff: BTreeMap<usize, Vec<u64>> = BTreeMap::new();
    for (i, contact) in contacts {
        staff.entry(all[i].company).or_default().push(contact);
    }
    for k in 0..count * 3 / 10 {
        let company = k % company_ids.len().max(1);
        let own = staff.get(&company).map_or(&[][..], Vec::as_slice);
        add_deal(world, k, company_ids.get(company).copied(), own, &mut rng, age(now, k, count * 3 / 10));
    }
    let mut users = Vec::new();
    for (i, person) in all.iter().enumerate().filter(|(i, _)| [0, 2, 4, 6].contains(&(i % 9))) {
        users.push(add_user(world, i, person, age(now, i, count)));
    }
    for t in 0..count * 4 / 10 {
        let requester = if users.is_empty() { 0 } else { users[rng.below(users.len())] };
        add_ticket(world, t, requester, age(now, t, count * 4 / 10));
    }
    for (i, person) in all.iter().enumerate().filter(|(i, _)| ![2, 11, 17].contains(&(i % 20))) {
        add_lead(world, i, person, &all, &firms, &mut rng, age(now, i, count));
    }
}

/// The older, the earlier in the list.
fn age(now: Time, place: usize, count: usize) -> Time {
    let back = (OLDEST.0 - YOUNGEST.0) / count.max(1) as i64 * place as i64;
    now.minus(OLDEST).plus(Span(back))
}

fn texts(pairs: impl IntoIterator<Item = (&'static str, String)>) -> Vec<(String, String)> {
    pairs.into_iter().map(|(n, v)| (n.to_string(), v)).collect()
}

fn add_company(world: &mut SandboxWorld, company: &Company, at: Time) -> u64 {
    let properties = [("name", company.name.clone()), ("domain", company.domain.clone()), ("country", company.country.to_string())];
    world.crm.create(CrmKind::Company, texts(properties), at)
}

/// The same character as another input method writes it.
fn usual_form(name: &str) -> String {
    name.replace('髙', "高").replace('﨑', "崎").replace('邊', "辺")
}

/// The name as one of the departments writes it: kanji, kanji in the usual form, or Latin letters.
fn written(person: &InventedPerson, way: usize) -> (String, String) {
    match way % 3 {
        0 => (person.last.to_string(), person.first.to_string()),
        1 => (usual_form(person.last), person.first.to_string()),
        _ => (person.last_latin.to_string(), person.first_latin.to_string()),
    }
}

/// A person of the same company, if the world is large enough to have one.
fn colleague<'a>(i: usize, all: &'a [InventedPerson], firms: &[Company]) -> &'a InventedPerson {
    all.get(i + firms.len()).or_else(|| all.get(i.saturating_sub(firms.len()))).unwrap_or(&all[i])
}

fn mixed_case(email: &str) -> String {
    let mut start = true;
    let up = |c: char| {
        let out = if start { c.to_ascii_uppercase() } else { c };
        start = !c.is_ascii_alphanumeric();
        out
    };
    email.chars().map(up).collect()
}

fn add_contact(world: &mut SandboxWorld, i: usize, person: &InventedPerson, all: &[InventedPerson], firms: &[Company], at: Time) -> u64 {
    let (last, first) = written(person, i);
    let firm = firms.get(person.company);
    let email = match i {
        // Two colleagues behind one mailbox.
        _ if person.company == 2 && i < 2 * firms.len() => format!("info@{}", firm.map_or("alone.example", |f| f.domain.as_str())),
        _ if i % 50 == 4 => "なし".to_string(),
        _ if i % 17 == 3 => String::new(),
        _ if i % 11 == 1 => mixed_case(&person.work_email),
        _ if i % 13 == 2 => format!("  {} ", person.work_email),
        _ if i % 23 == 5 => wide(&person.work_email),
        _ if i % 29 == 6 => person.private_email.clone(),
        // Left over from a predecessor: the address of one under the name of another.
        _ if i % 61 == 40 => colleague(i, all, firms).work_email.clone(),
        _ => person.work_email.clone(),
    };
    let company = match (firm, i % 14) {
        (None, _) | (_, 7) => String::new(),
        (Some(f), 8) => wide(&f.name.replace("株式会社", "(株)")),
        (Some(f), _) => f.name.clone(),
    };
    let phone = if i % 6 == 5 { String::new() } else { person.phone.clone() };
    let lifecycle = ["lead", "marketingqualifiedlead", "salesqualifiedlead", "customer"][i % 4];
    let properties = [
        ("email", email),
        ("lastname", last),
        ("firstname", first),
        ("company", company),
        ("jobtitle", person.title.to_string()),
        ("phone", phone),
        ("country", person.country.to_string()),
        ("lifecyclestage", lifecycle.to_string()),
    ];
    let id = world.crm.create(CrmKind::Contact, texts(properties), at);
    world.truth.insert(format!("crm:person:{id}"), i);
    id
}

fn add_deal(world: &mut SandboxWorld, k: usize, company: Option<u64>, own: &[u64], rng: &mut Rng, at: Time) {
    let stage = match k % 10 {
        5 | 6 => "closedwon",
        7 | 8 => "closedlost",
        // A pipeline of their own, whose stages nobody has mapped.
        9 if k % 20 == 9 => "1093847261",
        n => ["appointmentscheduled", "qualifiedtobuy", "presentationscheduled", "decisionmakerboughtin", "contractsent"][n % 5],
    };
    let properties = [
        ("dealname", format!("案件 {:04}", k + 1)),
        ("dealstage", stage.to_string()),
        ("pipeline", if stage == "1093847261" { "88112".to_string() } else { "default".to_string() }),
        ("amount", (50_000 * (1 + rng.below(200))).to_string()),
        // Of an open deal it is the day it is expected to close: a date in the future, which says nothing about an end.
        ("closedate", if k % 10 < 5 && k.is_multiple_of(2) { iso_millis(world.now().plus(Span::days(30))) } else { String::new() }),
    ];
    let deal = world.crm.create(CrmKind::Deal, texts(properties), at);
    let (people, account) = match k {
        _ if k % 30 == 11 => (0, false),
        _ if k % 15 == 3 => (0, true),
        _ => (1 + rng.below(3), k % 12 != 10),
    };
    for contact in own.iter().take(people) {
        world.crm.link((CrmKind::Deal, deal), (CrmKind::Contact, *contact));
    }
    if let Some(company) = company.filter(|_| account) {
        world.crm.link((CrmKind::Deal, deal), (CrmKind::Company, company));
    }
}

fn add_user(world: &mut SandboxWorld, i: usize, person: &InventedPerson, at: Time) -> u64 {
    let (last, first) = written(person, i + 1);
    let name = if i % 3 == 1 { format!("{first} {last}") } else { format!("{last}\u{3000}{first}") };
    let email = match i % 16 {
        4 => None,
        13 => Some(person.private_email.as_str()),
        _ => Some(person.work_email.as_str()),
    };
    let phone = matches!(i % 3, 1 | 2).then_some(person.phone.as_str());
    let id = world.support.create_user(&name, email, phone, at);
    world.truth.insert(format!("support:person:{id}"), i);
    id
}

fn add_ticket(world: &mut SandboxWorld, t: usize, requester: u64, at: Time) {
    let status = ["open", "solved", "pending", "closed", "new", "hold", "closed", "solved"][t % 8];
    let priority = match t % 10 {
        0 => Some("urgent"),
        1 | 2 => Some("high"),
        3..=5 => Some("normal"),
        6 | 7 => Some("low"),
        _ => None,
    };
    let subject = ["ログインできません", "Invoice is wrong", "印刷がずれる", "エクスポートが終わらない", "How do I add a user?"][t % 5];
    world.support.create_ticket(requester, subject, status, priority, at);
}

fn add_lead(
    world: &mut SandboxWorld,
    i: usize,
    person: &InventedPerson,
    all: &[InventedPerson],
    firms: &[Company],
    rng: &mut Rng,
    at: Time,
) {
    // One address under two names: a successor took over the mailbox, and the marketing system still knows the other one.
    let named = if i % 40 == 9 { colleague(i, all, firms) } else { person };
    let (last, first) = written(named, i + 2);
    let email = if i % 9 == 4 { &person.private_email } else { &person.work_email };
    let mut fields = Map::new();
    let mut set = |name: &str, value: Value| {
        fields.insert(name.to_string(), value);
    };
    set("email", json!(email));
    set("lastName", json!(last));
    set("firstName", json!(first));
    set("country", json!(person.country));
    set("leadScore", json!(rng.below(150)));
    if i % 5 != 1 {
        set("company", json!(firms.get(person.company).map_or("", |f| f.name.as_str())));
    }
    if i.is_multiple_of(4) {
        set("phone", json!(person.phone.replace('-', "")));
    }
    if i.is_multiple_of(3) {
        set("title", json!(person.title));
    }
    if i % 12 == 7 {
        set("unsubscribed", json!(true));
    }
    if i % 60 == 13 {
        set("marketingSuspended", json!(true));
    }
    // These values are all of the right type.
    let Ok(fields) = stored_fields(&fields) else { return };
    let id = world.ma.create(fields, at);
    world.truth.insert(format!("ma:person:{id}"), i);
    if let Some(twin) = (i % 30 == 5).then(|| world.ma.twin(id, at)).flatten() {
        world.truth.insert(format!("ma:person:{twin}"), i);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Address;
    use crate::sandbox::world::SandboxKeys;
    use std::sync::Arc;

    /// Each kind of awkward data that links and decisions must survive is there, in about the share that real systems have.
    #[test]
    fn the_world_of_200_holds_every_awkward_case() {
        let clock = Arc::new(|| Time(1_795_219_200_000));
        let mut world = SandboxWorld::new(clock, 1, SandboxKeys::default(), "1001".into(), Span::days(1));
        fill(&mut world, 1, 200);
        let text = |o: &crate::sandbox::CrmObject, name: &str| o.properties.get(name).cloned().unwrap_or_default();
        let contacts: Vec<_> = world.crm.all(CrmKind::Contact).cloned().collect();
        let deals: Vec<_> = world.crm.all(CrmKind::Deal).cloned().collect();
        let leads: Vec<_> = world.ma.all().cloned().collect();
        let emails: Vec<String> = contacts.iter().map(|c| text(c, "email")).collect();
        let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
        let mut note = |name: &'static str, count: usize| counts.insert(name, count);
        note("no e-mail", emails.iter().filter(|e| e.is_empty()).count());
        note("none said", emails.iter().filter(|e| *e == "なし").count());
        note("blanks", emails.iter().filter(|e| e.trim() != *e).count());
        note("capitals", emails.iter().filter(|e| e.bytes().any(|b| b.is_ascii_uppercase())).count());
        note("full width", emails.iter().filter(|e| e.contains('＠')).count());
        note("private", emails.iter().filter(|e| e.ends_with("@mail.example")).count());
        note("blank company", contacts.iter().filter(|c| text(c, "company").is_empty()).count());
        note("old kanji", contacts.iter().filter(|c| text(c, "lastname").contains(['髙', '﨑', '邊'])).count());
        note("usual kanji", contacts.iter().filter(|c| text(c, "lastname").contains(['高', '崎', '辺'])).count());
        note("latin", contacts.iter().filter(|c| text(c, "lastname").is_ascii()).count());
        let shared = emails.iter().filter(|e| e.starts_with("info@")).count();
        note("shared mailbox", if shared >= 2 { shared } else { 0 });
        let people = |d: &crate::sandbox::CrmObject| world.crm.linked(CrmKind::Deal, d.id, CrmKind::Contact).len();
        let firms = |d: &crate::sandbox::CrmObject| world.crm.linked(CrmKind::Deal, d.id, CrmKind::Company).len();
        note("deals of an account only", deals.iter().filter(|d| people(d) == 0 && firms(d) > 0).count());
        note("deals of nobody", deals.iter().filter(|d| people(d) == 0 && firms(d) == 0).count());
        note("unknown stage", deals.iter().filter(|d| text(d, "dealstage").parse::<u64>().is_ok()).count());
        note("won", deals.iter().filter(|d| text(d, "hs_is_closed_won") == "true").count());
        note("suspended", leads.iter().filter(|l| l.flag("marketingSuspended")).count());
        note("twins", leads.iter().filter(|l| world.ma.with_email(l.text("email").unwrap_or_default()).len() > 1).count());
        note("urgent and open", world.support.tickets().filter(|t| t.priority.as_deref() == Some("urgent") && t.status == "open").count());
        note("users without e-mail", world.support.users().filter(|u| u.email.is_none()).count());
        let name_at = |l: &crate::sandbox::Lead| world.truth.get(&format!("ma:person:{}", l.id)).copied();
        let all = people_of(200);
        let other = |l: &crate::sandbox::Lead| {
            let own = |p: &InventedPerson| [p.last.to_string(), usual_form(p.last), p.last_latin.to_string()];
            name_at(l).is_some_and(|i| l.text("lastName").is_some_and(|n| !own(&all[i]).iter().any(|o| o == n)))
        };
        note("address under another name", leads.iter().filter(|l| other(l)).count());
        assert!(counts.values().all(|n| *n > 0), "{counts:?}");

        let refused = leads.iter().filter(|l| l.flag("unsubscribed")).count();
        assert!((150..=190).contains(&leads.len()) && (10..=18).contains(&refused), "{} leads, {refused} refused", leads.len());
        assert_eq!((deals.len(), world.support.tickets().count(), world.crm.all(CrmKind::Company).count()), (60, 80, 40));
        assert!(emails.iter().filter(|e| Address::parse(e).is_some()).count() > 120);
    }

    fn people_of(count: usize) -> Vec<InventedPerson> {
        people(1, count, &companies(count.div_ceil(5)))
    }
}
