//! A request meets its system: what is asked and answered, and what goes wrong on the way. What no daemon may ask is told here.

use super::outer::{Outer, Place, Since};
use super::spoil::{self, NO_LIST};
use super::switches::{Switch, lists};
use super::traffic::{Chance, Traffic, key};
use crate::dice::Dice;
use crate::fake::answers::ids;
use crate::fake::pattern::Filled;
use crate::fake::rows::text;
use crate::fake::{Asked, Fake, PlayedRequest, Reply, Wanted};
use crate::wire::http_date;
use nayose::connector::manifest::{MarkWrite, Page};
use nayose::connector::transport::{Incoming, Lost, Outgoing};
use nayose::model::{Entity, Time};
use reqwest::StatusCode;
use reqwest::header::{DATE, HeaderMap, HeaderName, HeaderValue};
use serde_json::Value as Json;

/// What a request takes on its way.
const WAY_MS: i64 = 40;
/// How an answer is told that ends in its middle.
const CUT: &str = "cut";
/// The same of one that is no success by its body.
const SAYS_NO: &str = "by its body";
/// The same of a cursor that is known no more: whoever asked begins anew.
const CURSOR: &str = "refuses the cursor";

pub type Answer = Result<Incoming, Lost>;

/// What comes back.
pub enum Delivered {
    Now(Answer),
    /// Later, and then these records were written.
    Late(Answer, Vec<Place>),
}

/// A request as it is answered: the manifest's, what its names stand for, and whether things may go wrong with it.
struct Meeting<'a> {
    fake: &'a Fake,
    meant: &'a PlayedRequest,
    asked: &'a Asked,
    filled: Filled,
    faulty: bool,
}

impl Meeting<'_> {
    fn writes(&self) -> bool {
        matches!(self.meant.wanted, Wanted::Update | Wanted::AddLabel | Wanted::RemoveLabel)
    }

    /// Records that are written to, or asked for.
    fn records(&self) -> Vec<String> {
        let Some(update) =
            self.fake.manifest.writes.as_ref().and_then(|w| w.update.as_ref()).filter(|_| self.meant.wanted == Wanted::Update)
        else {
            return ids(&self.filled);
        };
        match (&update.id_key, self.filled.get("rows").and_then(Json::as_array)) {
            (Some(key), Some(rows)) => rows.iter().map(|row| text(&row[key])).collect(),
            _ => self.filled.get("id").map(text).into_iter().collect(),
        }
    }

    fn param(&self, name: &str) -> Option<String> {
        self.asked.query.get(name).cloned().or_else(|| self.asked.body.get(name).map(text))
    }

    /// It asks for a page behind the first.
    fn goes_on(&self) -> bool {
        let number = |name: &str| self.param(name).and_then(|n| n.parse::<usize>().ok());
        match &self.meant.request.page {
            Page::None => false,
            Page::Offset { param, .. } => number(param).is_some_and(|from| from > 0),
            Page::Number { param, first, .. } => number(param).is_some_and(|page| page > *first),
            Page::Cursor { param, .. } => self.param(param).is_some(),
        }
    }
}

/// Answers a request of one system, or loses it or its answer.
pub fn answer(outer: &mut Outer, traffic: &mut Traffic, system: &'static str, request: &Outgoing, dice: &mut Dice) -> Delivered {
    outer.now = Time(outer.now.0 + WAY_MS);
    let (asked, key) = (asked(request), key(system, request));
    traffic.asked(&key, outer.now);
    before(outer, traffic, system, &asked, dice);
    let fake = &outer.fakes[system];
    fake.state().now = outer.now;
    let is_played = system == outer.played;
    if fake.is_sign_in(&asked) {
        return Delivered::Now(Ok(incoming(fake.answer(&asked), outer.now)));
    }
    let meant = fake.meant(&asked);
    let Some(meant) = meant.first() else {
        traffic.breaks(8, format!("{system} is asked what its manifest does not say: {} {}", asked.method, request.url));
        return Delivered::Now(Ok(incoming(Reply(404, Vec::new(), "{}".into()), outer.now)));
    };
    let Some((_, filled)) = meant.pattern.meets(&asked) else { return Delivered::Now(Err(Lost::TimedOut)) };
    let met = Meeting { fake, meant, asked: &asked, filled, faulty: is_played };
    let written: Vec<Place> = if met.writes() { met.records().into_iter().map(|id| (system, id)).collect() } else { Vec::new() };
    // Fields and labels of one batch are several requests; none of them is sent twice.
    let of_one_batch = |known: &(u64, String)| known.0 == traffic.batch && known.1 != key;
    let twice = written.iter().find(|place| outer.unsure.get(place).is_some_and(|known| !of_one_batch(known)));
    if let Some((system, id)) = twice {
        traffic.breaks(6, format!("double: {system}:{id} is written to, and nobody knows what became of its last write"));
    }
    let unsure: Vec<_> = written.iter().map(|place| (place.clone(), (traffic.batch, key.clone()))).collect();
    traffic.writes += written.len() as u64;
    let before: Vec<Option<bool>> = written.iter().map(|(_, id)| outer.is_blocked(system, id)).collect();
    let (answered, how) = meet(&met, &mut Chance { faults: &mut outer.faults, traffic: &mut *traffic, dice: &mut *dice, now: outer.now });
    traffic.told.push(format!("{system} {} {}: {how}", meant.name, met.records().join(",")));
    let asked_for = if meant.wanted == Wanted::ByIds { met.records() } else { Vec::new() };
    let shown = shown(&met, &answered, how.contains(CUT));
    let is_sound = matches!(&answered, Ok(Reply(status, ..)) if *status < 300) && !how.contains(CUT) && !how.contains(SAYS_NO);
    hear(&met, traffic, &key, &how, is_sound);
    judge_marks(outer, traffic, system, &asked, &written, &before);
    let is_refused = how.contains(SAYS_NO) || matches!(&answered, Ok(Reply(status, ..)) if (300..500).contains(status));
    if !is_sound && !is_refused {
        // It may have been carried out.
        outer.unsure.extend(unsure.iter().cloned());
    }
    if written.is_empty() && (is_sound || matches!(&answered, Ok(Reply(404, ..)))) {
        shown.into_iter().chain(asked_for).for_each(|id| drop(outer.unsure.remove(&(system, id))));
    }
    traffic.answered(key, &answered, outer.now);
    let late = !written.is_empty() && is_sound && is_played && outer.faults.meets(Switch::AnsweredLate, 3, dice);
    let date = if is_played { outer.faults.clock(outer.now) } else { outer.now };
    let answer = answered.map(|reply| incoming(reply, date));
    if late {
        outer.unsure.extend(unsure);
        return Delivered::Late(answer, written);
    }
    Delivered::Now(answer)
}

/// What the connector has heard: whether it was answered, and what the system took.
fn hear(met: &Meeting<'_>, traffic: &mut Traffic, key: &str, how: &str, is_sound: bool) {
    if !met.faulty {
        return;
    }
    if !met.meant.name.starts_with("writes.") {
        let failed = (!is_sound && how.contains(|c: char| c.is_alphabetic()) || how.contains(NO_LIST)).then_some(how);
        traffic.heard.answered(key, failed.filter(|how| !how.contains(CURSOR)));
    }
    // Where each write is looked after, what is there counts, whoever put it there.
    let is_looked_after = met.fake.manifest.writes.as_ref().and_then(|writes| writes.update.as_ref()).is_some_and(|update| update.confirm);
    for id in met.records().iter().filter(|_| met.writes() && !is_looked_after) {
        let took = is_sound && !traffic.locked.contains_key(id);
        traffic.heard.wrote(traffic.batch, &met.meant.name, id, took);
    }
}

/// Ids of the records that an answer shows whole.
fn shown(met: &Meeting<'_>, answered: &Result<Reply, Lost>, is_cut: bool) -> Vec<String> {
    match answered {
        Ok(Reply(200, _, body)) if lists(met.meant) && !is_cut => spoil::ids_in(met.fake, met.meant, body),
        _ => Vec::new(),
    }
}

/// Rows come and go between two pages.
fn before(outer: &mut Outer, traffic: &mut Traffic, system: &'static str, asked: &Asked, dice: &mut Dice) {
    if system != outer.played {
        return;
    }
    let fake = &outer.fakes[system];
    let meant = fake.meant(asked);
    let Some(meant) = meant.first().filter(|meant| lists(meant)) else { return };
    let met = Meeting { fake, meant, asked, filled: Filled::new(), faulty: true };
    if !met.goes_on() || !fake.molds.contains_key(&meant.stream) {
        return;
    }
    let (stream, counted) = (meant.stream.clone(), !matches!(meant.request.page, Page::Cursor { .. }));
    let entity = fake.manifest.streams[&stream].entity;
    if outer.faults.meets(Switch::RowsLeave, 6, dice) {
        let ids: Vec<String> =
            outer.fakes[system].state().rows.iter().filter(|row| row.stream == stream).map(|row| row.id.clone()).collect();
        if let Some(id) = dice.pick(&ids) {
            traffic.told.push(format!("{system}.{stream} {id} goes between two pages"));
            outer.delete(system, &stream, id);
            outer.notice();
            traffic.heard.drifts(false);
        }
    }
    if counted && entity == Entity::Person && outer.faults.meets(Switch::RowTwice, 6, dice) {
        let address = outer.nobody_yet();
        let id = outer.add_in_front(system, &stream, &address);
        traffic.heard.drifts(true);
        traffic.told.push(format!("{system}.{stream} {id} {address} comes in front of all between two pages"));
    }
}

/// An answer, and how it came about.
type Met = (Result<Reply, Lost>, String);

/// The system answers, or something goes wrong.
fn meet(met: &Meeting<'_>, chance: &mut Chance<'_>) -> Met {
    if !met.faulty {
        let reply = met.fake.answer(met.asked);
        let told = reply.0.to_string();
        return (Ok(reply), told);
    }
    if let Some(instead) = not_carried_out(met, chance) {
        return instead;
    }
    let mut reply = under_faults(met, chance);
    let told = reply.0.to_string();
    if chance.meets(Switch::Fails, 24) {
        return (Ok(Reply(502, Vec::new(), "{}".into())), format!("{told}, and fails then"));
    }
    if chance.meets(Switch::TimesOut, 24) {
        return (Err(Lost::TimedOut), format!("{told}, and the answer is lost"));
    }
    if reply.0 < 300 && reply.2.len() > 2 && chance.meets(Switch::BodyCut, 14) {
        reply.2 = reply.2.chars().take(reply.2.chars().count() / 2).collect();
        return (Ok(reply), format!("{told}, {CUT}"));
    }
    let spoilt = if reply.0 < 300 { spoil::spoil(met.fake, met.meant, met.goes_on(), &mut reply, chance) } else { Vec::new() };
    (Ok(reply), format!("{told} {}", spoilt.join(", ")))
}

/// What a system answers that has not done what was asked; `None`: it does it.
fn not_carried_out(met: &Meeting<'_>, chance: &mut Chance<'_>) -> Option<Met> {
    let errors = &met.fake.manifest.errors;
    let plain =
        |status: u16, headers: Vec<(&'static str, String)>, how: &str| Some((Ok(Reply(status, headers, "{}".into())), how.to_string()));
    let by_body = |reply: Reply, how: &str| Some((Ok(reply), format!("{how}, {SAYS_NO}")));
    if chance.meets(Switch::AskedToWait, 9) {
        let wait = (1 + chance.dice.below(90)).to_string();
        return match spoil::error(met.fake, &errors.retry_codes).filter(|_| chance.dice.once_in(2)) {
            Some(reply) => by_body(reply, "asks to wait"),
            None => plain(429, vec![("retry-after", wait)], "asks to wait"),
        };
    }
    if chance.meets(Switch::Fails, 24) {
        return plain(500, Vec::new(), "fails");
    }
    if chance.meets(Switch::TimesOut, 24) {
        return Some((Err(Lost::TimedOut), "is lost".to_string()));
    }
    let stream = met.meant.stream.clone();
    let until = chance.traffic.forbidden.get(&stream).copied().filter(|until| *until > chance.now);
    if until.is_some() || chance.meets(Switch::Forbidden, 40) {
        let until = until.unwrap_or_else(|| chance.a_while());
        chance.traffic.forbidden.insert(stream, until);
        return match spoil::error(met.fake, &errors.auth_codes).filter(|_| chance.dice.once_in(2)) {
            Some(reply) => by_body(reply, "is forbidden"),
            None => plain(403, Vec::new(), "is forbidden"),
        };
    }
    if matches!(met.meant.request.page, Page::Cursor { .. }) && met.goes_on() && chance.meets(Switch::CursorRefused, 12) {
        return by_body(spoil::cursor_lost(met.fake), CURSOR);
    }
    if met.writes() && met.records().len() > 1 && chance.meets(Switch::BatchRefused, 5) {
        return plain(400, Vec::new(), "refuses the batch");
    }
    None
}

/// The answer of a system that gives short pages, knows no filter, and takes no writes to some records.
fn under_faults(met: &Meeting<'_>, chance: &mut Chance<'_>) -> Reply {
    if met.writes()
        && let Some(id) = chance.dice.pick(&met.records()).cloned()
        && chance.meets(Switch::RowRefused, 6)
    {
        let until = chance.a_while();
        chance.traffic.locked.insert(id, until);
    }
    let now = chance.now;
    chance.traffic.locked.retain(|_, until| *until >= now);
    let is_counted = matches!(met.meant.request.page, Page::Number { .. } | Page::None);
    let short = lists(met.meant) && !is_counted && chance.meets(Switch::ShortPages, 4);
    let ignores = met.meant.wanted == Wanted::Changes && chance.meets(Switch::FilterIgnored, 4);
    {
        let mut state = met.fake.state();
        state.short = short.then(|| 1 + chance.dice.below(3));
        state.ignores_filter = ignores;
        state.refused = chance.traffic.locked.keys().cloned().collect();
    }
    let reply = met.fake.answer(met.asked);
    let mut state = met.fake.state();
    (state.short, state.ignores_filter) = (None, false);
    state.refused.clear();
    reply
}

/// What became of the marks of records that were written to, and whether that may be.
fn judge_marks(outer: &mut Outer, traffic: &mut Traffic, system: &'static str, asked: &Asked, written: &[Place], before: &[Option<bool>]) {
    let Some(writes) = outer.fakes[system].manifest.writes.clone() else { return };
    let speaks_of_it = match &writes.block {
        Some(MarkWrite::Field { field, .. }) => asked.body.to_string().contains(field.as_str()),
        // Labels are told by ids.
        Some(MarkWrite::Label { .. }) => true,
        None => false,
    };
    for (place, before) in written.iter().zip(before) {
        let now = outer.is_blocked(system, &place.1);
        if now == Some(true) && speaks_of_it {
            // Whose it is nobody can tell from now on.
            outer.by_hand.remove(place);
        }
        if *before != Some(true) || now != Some(false) {
            continue;
        }
        if outer.by_hand.remove(place) {
            traffic.breaks(3, format!("{system}:{}: the mark that somebody set by hand is lifted", place.1));
        }
        let who = outer.people_of(system).into_iter().find(|someone| someone.stream == writes.stream && someone.id == place.1);
        if let Some(cause) = who.and_then(|who| outer.marked_for(system, &who, Since::LongAgo).cloned()) {
            traffic.breaks(1, format!("missed: {system}:{}: its mark is lifted, and {cause} for long", place.1));
        }
    }
}

fn asked(request: &Outgoing) -> Asked {
    Asked {
        method: request.method.to_string(),
        path: request.url.path().to_string(),
        query: request.url.query_pairs().map(|(name, value)| (name.into_owned(), value.into_owned())).collect(),
        authorization: String::new(),
        body: request.body.as_deref().and_then(|body| serde_json::from_slice(body).ok()).unwrap_or(Json::Null),
    }
}

fn incoming(reply: Reply, date: Time) -> Incoming {
    let Reply(status, given, body) = reply;
    let mut headers = HeaderMap::new();
    headers.extend(HeaderValue::from_str(&http_date(date)).ok().map(|value| (DATE, value)));
    for (name, value) in given {
        if let (Ok(name), Ok(value)) = (name.parse::<HeaderName>(), HeaderValue::from_str(&value)) {
            headers.insert(name, value);
        }
    }
    Incoming { status: StatusCode::from_u16(status).unwrap_or(StatusCode::OK), headers, body: body.into_bytes() }
}
