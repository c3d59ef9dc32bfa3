//! What the simulated systems have in common: requests read, answers written, and the faults of networks.

use super::switches::{Switch, Switches};
use super::{ghost, herald, hubspot, marketo, zendesk};
use crate::dice::Dice;
use crate::truth::{Table, Truth};
use nayose::connector::transport::{Incoming, Lost, Outgoing};
use nayose::model::Time;
use reqwest::StatusCode;
use reqwest::header::{DATE, HeaderMap, HeaderName, HeaderValue};
use serde_json::{Value as Json, json};
use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

/// What is wrong with a system for a while.
#[derive(Debug, Clone, Default)]
pub struct Trouble {
    /// No answer at all.
    pub down: bool,
    /// The token has lost the right to this stream.
    pub no_scope: BTreeSet<Table>,
    /// The same, but the system says so by an empty list.
    pub empty: BTreeSet<Table>,
    /// The filter for changes is ignored.
    pub no_filter: bool,
}

/// The systems' troubles, by name.
pub type Troubles = BTreeMap<&'static str, Trouble>;

/// The outer world as a request meets it.
pub struct Site<'a> {
    pub system: &'static str,
    pub truth: &'a mut Truth,
    pub trouble: &'a Trouble,
    pub switches: &'a mut Switches,
    pub dice: &'a mut Dice,
    /// Once in so many requests something goes wrong; 0: never.
    pub faults: usize,
}

/// A request, taken apart.
pub struct Ask {
    pub method: String,
    pub path: String,
    pub query: Vec<(String, String)>,
    pub body: Json,
}

impl Ask {
    pub fn of(request: &Outgoing) -> Ask {
        let body = request.body.as_deref().and_then(|b| serde_json::from_slice(b).ok()).unwrap_or(Json::Null);
        Ask {
            method: request.method.to_string(),
            path: request.url.path().to_string(),
            query: request.url.query_pairs().map(|(name, value)| (name.into_owned(), value.into_owned())).collect(),
            body,
        }
    }

    pub fn param(&self, name: &str) -> Option<&str> {
        self.query.iter().find(|(n, _)| n == name).map(|(_, v)| v.as_str())
    }

    pub fn number(&self, name: &str) -> Option<usize> {
        self.param(name).and_then(|v| v.parse().ok())
    }

    pub fn writes(&self) -> bool {
        let reads = self.path.ends_with("/search") || self.path.ends_with("/read") || self.path.ends_with("/token");
        self.method != "GET" && !reads
    }
}

/// An answer.
pub struct Reply {
    pub status: u16,
    pub headers: Vec<(&'static str, String)>,
    pub body: Cow<'static, [u8]>,
}

impl Reply {
    pub fn json(value: &Json) -> Reply {
        Reply::of(200, value)
    }

    pub fn of(status: u16, value: &Json) -> Reply {
        Reply { status, headers: Vec::new(), body: Cow::Owned(value.to_string().into_bytes()) }
    }

    pub fn no_such_path() -> Reply {
        Reply::of(404, &json!({"message": "no such path"}))
    }

    fn incoming(self, date: Time) -> Incoming {
        let mut headers = HeaderMap::new();
        if let Ok(value) = HeaderValue::from_str(&http_date(date)) {
            headers.insert(DATE, value);
        }
        for (name, value) in self.headers {
            if let (Ok(name), Ok(value)) = (name.parse::<HeaderName>(), HeaderValue::from_str(&value)) {
                headers.insert(name, value);
            }
        }
        Incoming { status: StatusCode::from_u16(self.status).unwrap_or(StatusCode::OK), headers, body: self.body.into_owned() }
    }
}

/// A time as `Date` tells it.
pub fn http_date(at: Time) -> String {
    const DAYS: [&str; 7] = ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"];
    const MONTHS: [&str; 12] = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
    let text = at.rfc3339();
    let day = DAYS[at.0.div_euclid(86_400_000).rem_euclid(7) as usize];
    let month = text[5..7].parse().ok().and_then(|m: usize| MONTHS.get(m.wrapping_sub(1))).unwrap_or(&"Jan");
    format!("{day}, {} {month} {} {} GMT", &text[8..10], &text[..4], &text[11..19])
}

impl Site<'_> {
    pub fn now(&self) -> Time {
        self.truth.now
    }

    /// Answers a request to a system, or loses it or its answer on the way.
    pub fn answer(&mut self, request: &Outgoing) -> Result<Incoming, Lost> {
        let system = self.system;
        if self.trouble.down {
            self.switches.disturb(system, self.truth.now);
            return Err(Lost::NotConnected("connection refused".to_string()));
        }
        let ask = Ask::of(request);
        if ask.writes() {
            self.switches.ask(system, request, self.truth.now);
        }
        let fault = self.faults > 0 && self.dice.once_in(self.faults);
        if fault || !self.trouble.no_scope.is_empty() {
            self.switches.disturb(system, self.truth.now);
        }
        let throw = if fault { self.dice.below(6) } else { 6 };
        let date = self.date(system);
        match throw {
            0 => return Err(Lost::TimedOut),
            1 => return Ok(Reply { headers: vec![("retry-after", "5".to_string())], ..Reply::of(429, &json!({})) }.incoming(date)),
            2 => return Ok(Reply::of(500, &json!({"message": "internal error"})).incoming(date)),
            3 => return Err(Lost::NotConnected("connection refused".to_string())),
            _ => {}
        }
        if ask.writes() && self.meets(Switch::AskedLater, 3) {
            self.switches.disturb(system, self.truth.now);
            return Ok(Reply { headers: vec![("retry-after", "30".to_string())], ..Reply::of(423, &json!({})) }.incoming(date));
        }
        let mut reply = self.route(system, &ask);
        self.truth.past.answered(!fault);
        self.truth.heard_at = self.truth.now;
        match throw {
            // Carried out, and nobody hears of it.
            4 => return Err(Lost::TimedOut),
            5 => {
                let half = reply.body.len() / 2;
                reply.body.to_mut().truncate(half);
            }
            _ => {}
        }
        self.spoil(reply.body.to_mut());
        Ok(reply.incoming(date))
    }

    fn date(&mut self, system: &str) -> Time {
        let ahead = self.switches.clock_of(system);
        Time(self.truth.now.0 + ahead)
    }

    fn route(&mut self, system: &str, ask: &Ask) -> Reply {
        match system {
            "crm" => hubspot::answer(self, ask),
            "support" => zendesk::answer(self, ask),
            "ma" => marketo::answer(self, ask),
            _ if self.switches.is_on(Switch::InvertedBlock) => herald::answer(self, ask),
            _ => ghost::answer(self, ask),
        }
    }

    /// Rows of a page where the server decides.
    pub fn page_size(&mut self) -> usize {
        1 + self.dice.below(6)
    }

    /// Whether a switch that is on shows this time: met once in `n` chances.
    pub fn meets(&mut self, switch: Switch, n: usize) -> bool {
        self.switches.is_on(switch) && self.dice.once_in(n) && self.switches.meet(switch)
    }

    /// Numbers of records as a search shows them now, in order of id, each with the version that shows.
    pub fn searchable(&self, table: Table) -> Vec<(Time, u32)> {
        let now = self.truth.now;
        let items = self.truth.table(table).iter();
        items.filter_map(|(id, i)| i.visible(now).filter(|v| !v.deleted).map(|v| (v.stamped, *id))).collect()
    }
}
