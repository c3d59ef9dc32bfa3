//! What can go wrong with an outer system, switchable while it runs.
//!
//! A fault is only a rule here; `door` carries it out. Chances come from a seed.

pub(in crate::sandbox) mod door;
pub(in crate::sandbox) mod line;

use crate::model::Time;
use crate::sandbox::rng::Rng;
use crate::sandbox::systems::SandboxSystem;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::{BTreeMap, VecDeque};

/// A kind of failure. As JSON: `{"fault": "rate_limited", "retry_after_s": 1}`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "fault", rename_all = "snake_case")]
pub enum FaultKind {
    /// Every connection is broken off without an answer.
    Down,
    /// A share of requests is broken off without an answer, before anything is done.
    Reset { rate: f64 },
    /// A share of requests is answered with this status (500, 503, 404 ...) before anything is done.
    Errors { status: u16, rate: f64 },
    /// The credential is not accepted: told by status 401 or 403, or by 200 and a body that says so.
    Revoked { status: u16 },
    /// The credential is good, but not for this; combine with `on`, as in `on = "deals"`.
    NoScope,
    /// A page of HTML with status 200, as from a proxy or a sign-in page.
    Html,
    /// 429 (or the vendor's own code) with a wait.
    RateLimited { retry_after_s: u64 },
    /// The same, once more than so many requests came within that time.
    Limit { requests: usize, per_ms: i64 },
    /// Every answer comes so much later.
    Slow { ms: u64 },
    /// Lists name their first entry twice.
    DuplicateEntries,
    /// Lists leave out their last entry; counts and cursors are as if it were there.
    MissingEntries,
    /// The first page seen is answered again and again, always with more to come.
    RepeatPage,
    /// This field of every record is of another type.
    FieldType { field: String },
    /// The `Date` header is wrong by so much.
    DateSkew { ms: i64 },
    /// Every second row of a batch fails.
    HalfFail,
    /// Writes are done, but their answer is lost: `reset` breaks the connection off, `500` answers so, `hang` never answers.
    LostAnswer { how: AnswerLost },
    /// Writes are answered as if they had been done, and change nothing.
    RefuseSilently,
}

/// How an answer is lost.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum AnswerLost {
    #[serde(rename = "reset")]
    Reset,
    #[serde(rename = "500")]
    Status500,
    #[serde(rename = "hang")]
    Hang,
}

/// A fault in force.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Fault {
    #[serde(flatten)]
    pub kind: FaultKind,
    /// Only for requests with this in their path or query.
    #[serde(default)]
    pub on: Option<String>,
    /// So many times, then it is over; without it until it is cleared.
    #[serde(default)]
    pub times: Option<u64>,
}

impl Fault {
    pub fn of(kind: FaultKind) -> Fault {
        Fault { kind, on: None, times: None }
    }

    pub fn on(self, part: &str) -> Fault {
        Fault { on: Some(part.to_string()), ..self }
    }

    pub fn times(self, times: u64) -> Fault {
        Fault { times: Some(times), ..self }
    }
}

/// What is done with the rows of a write.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum WriteMode {
    #[default]
    Commit,
    /// Answer as if, change nothing.
    Pretend,
    /// Every second row fails.
    HalfFail,
}

/// A request, as faults look at it.
#[derive(Debug)]
pub struct AskedRequest<'a> {
    pub system: SandboxSystem,
    pub path_and_query: &'a str,
    pub write: bool,
    pub at: Time,
}

/// What is to happen to one request.
#[derive(Debug, Default)]
pub struct FaultPlan {
    pub delay_ms: u64,
    /// Ends the request before the system sees it.
    pub instead: Option<FaultKind>,
    pub mode: WriteMode,
    pub lost: Option<AnswerLost>,
    /// Changes to the JSON of the answer.
    pub touches: Vec<FaultKind>,
    pub skew_ms: i64,
}

/// All faults in force.
#[derive(Debug)]
pub struct Faults {
    rng: Rng,
    active: BTreeMap<SandboxSystem, Vec<Fault>>,
    recent: BTreeMap<SandboxSystem, VecDeque<Time>>,
    /// The pages that repeat, by path.
    pub repeated: BTreeMap<(SandboxSystem, String), Value>,
}

impl Faults {
    pub fn new(seed: u64) -> Faults {
        Faults { rng: Rng::new(seed), active: BTreeMap::new(), recent: BTreeMap::new(), repeated: BTreeMap::new() }
    }

    pub fn add(&mut self, system: SandboxSystem, fault: Fault) {
        self.active.entry(system).or_default().push(fault);
    }

    pub fn clear(&mut self, system: SandboxSystem) {
        self.active.remove(&system);
        self.recent.remove(&system);
        self.repeated.retain(|(s, _), _| *s != system);
    }

    pub fn active(&self) -> &BTreeMap<SandboxSystem, Vec<Fault>> {
        &self.active
    }

    /// Decides what happens to a request, and counts down the faults that it met.
    pub fn plan(&mut self, asked: &AskedRequest<'_>) -> FaultPlan {
        let mut plan = FaultPlan::default();
        let Faults { rng, active, recent, .. } = self;
        let Some(faults) = active.get_mut(&asked.system) else { return plan };
        for fault in faults.iter_mut() {
            if fault.times == Some(0) || fault.on.as_ref().is_some_and(|part| !asked.path_and_query.contains(part.as_str())) {
                continue;
            }
            if meets(&fault.kind, asked, rng, recent.entry(asked.system).or_default(), &mut plan) {
                fault.times = fault.times.map(|t| t - 1);
            }
        }
        faults.retain(|f| f.times != Some(0));
        plan
    }
}

/// Puts a fault into the plan; false if it does not concern this request.
fn meets(kind: &FaultKind, asked: &AskedRequest<'_>, rng: &mut Rng, recent: &mut VecDeque<Time>, plan: &mut FaultPlan) -> bool {
    match kind {
        FaultKind::Slow { ms } => plan.delay_ms += ms,
        FaultKind::DateSkew { ms } => plan.skew_ms += ms,
        _ if plan.instead.is_some() => return false,
        FaultKind::Reset { rate } | FaultKind::Errors { rate, .. } => {
            if !rng.chance(*rate) {
                return false;
            }
            plan.instead = Some(kind.clone());
        }
        FaultKind::Limit { requests, per_ms } => {
            recent.retain(|at| asked.at.0 - at.0 < *per_ms);
            if recent.len() < *requests {
                recent.push_back(asked.at);
                return false;
            }
            plan.instead = Some(FaultKind::RateLimited { retry_after_s: (*per_ms as u64).div_ceil(1000) });
        }
        FaultKind::Down | FaultKind::Revoked { .. } | FaultKind::NoScope | FaultKind::Html | FaultKind::RateLimited { .. } => {
            plan.instead = Some(kind.clone());
        }
        FaultKind::DuplicateEntries | FaultKind::MissingEntries | FaultKind::RepeatPage | FaultKind::FieldType { .. } => {
            if asked.write {
                return false;
            }
            plan.touches.push(kind.clone());
        }
        FaultKind::HalfFail | FaultKind::RefuseSilently | FaultKind::LostAnswer { .. } if !asked.write => return false,
        FaultKind::HalfFail => plan.mode = WriteMode::HalfFail,
        FaultKind::RefuseSilently => plan.mode = WriteMode::Pretend,
        FaultKind::LostAnswer { how } => plan.lost = Some(*how),
    }
    true
}

/// The lists that hold records in an answer.
const LISTS: [&str; 4] = ["results", "tickets", "users", "result"];

/// Carries out one change to an answer's JSON; of a page that is to repeat, a copy goes to `repeated`, and `door` answers it from then on.
pub fn touch(kind: &FaultKind, body: &mut Value, repeated: &mut Option<Value>) {
    let lists = |body: &mut Value, change: &dyn Fn(&mut Vec<Value>)| {
        for name in LISTS {
            if let Some(list) = body.get_mut(name).and_then(Value::as_array_mut) {
                change(list);
            }
        }
    };
    match kind {
        FaultKind::DuplicateEntries => lists(body, &|list| list.extend(list.first().cloned())),
        FaultKind::MissingEntries => lists(body, &|list| {
            list.pop();
        }),
        FaultKind::FieldType { field } => retype(body, field),
        FaultKind::RepeatPage if LISTS.iter().any(|l| body.get(l).is_some()) => {
            more_to_come(body);
            *repeated = Some(body.clone());
        }
        _ => {}
    }
}

/// Makes a last page say that more is to come.
fn more_to_come(body: &mut Value) {
    if body.get("end_of_stream").is_some() {
        body["end_of_stream"] = Value::Bool(false);
    } else if body.get("success").is_some() {
        if body.get("moreResult").is_some() {
            body["moreResult"] = Value::Bool(true);
        } else if body.get("nextPageToken").is_none() {
            body["nextPageToken"] = Value::from("bm8gZW5k");
        }
    } else if body.get("paging").is_none() {
        body["paging"] = serde_json::json!({"next": {"after": "1"}});
    }
}

fn retype(value: &mut Value, field: &str) {
    match value {
        Value::Array(items) => items.iter_mut().for_each(|i| retype(i, field)),
        Value::Object(map) => {
            for (name, value) in map.iter_mut() {
                if name != field {
                    retype(value, field);
                    continue;
                }
                *value = match value.take() {
                    Value::Number(n) => Value::from(format!("no. {n}")),
                    Value::Bool(b) => Value::from(if b { "yes" } else { "no" }),
                    Value::Null => Value::from(0),
                    other => serde_json::json!({ "value": other }),
                };
            }
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn ask(path: &str, write: bool) -> AskedRequest<'_> {
        AskedRequest { system: SandboxSystem::Crm, path_and_query: path, write, at: Time(0) }
    }

    #[test]
    fn a_fault_concerns_its_paths_and_ends_after_its_times() {
        let mut faults = Faults::new(1);
        faults.add(SandboxSystem::Crm, Fault::of(FaultKind::NoScope).on("deals").times(2));
        let hit = |f: &mut Faults, path| f.plan(&ask(path, false)).instead.is_some();
        assert!(!hit(&mut faults, "/contacts"));
        assert!(hit(&mut faults, "/deals"));
        assert!(hit(&mut faults, "/deals"));
        assert!(!hit(&mut faults, "/deals"));
    }

    #[test]
    fn faults_of_writes_leave_reads_alone() {
        let mut faults = Faults::new(1);
        faults.add(SandboxSystem::Crm, Fault::of(FaultKind::LostAnswer { how: AnswerLost::Reset }).times(1));
        assert!(faults.plan(&ask("/x", false)).lost.is_none());
        assert_eq!(faults.plan(&ask("/x", true)).lost, Some(AnswerLost::Reset));
        assert!(faults.plan(&ask("/x", true)).lost.is_none());
    }

    #[test]
    fn answers_are_touched() {
        let mut page = json!({"results": [{"id": "1", "n": 3}, {"id": "2", "n": null}], "total": 2});
        touch(&FaultKind::DuplicateEntries, &mut page, &mut None);
        assert_eq!(page["results"].as_array().map(Vec::len), Some(3));
        touch(&FaultKind::FieldType { field: "n".into() }, &mut page, &mut None);
        assert_eq!(page["results"][0]["n"], json!("no. 3"));
        let mut kept = None;
        touch(&FaultKind::RepeatPage, &mut page, &mut kept);
        assert_eq!(page["paging"]["next"]["after"], json!("1"));
        assert_eq!(kept, Some(page));
    }

    #[test]
    fn a_fault_reads_from_json() {
        let fault: Fault = serde_json::from_value(json!({"fault": "lost_answer", "how": "500", "times": 3})).unwrap();
        assert_eq!(fault, Fault::of(FaultKind::LostAnswer { how: AnswerLost::Status500 }).times(3));
        let fault: Fault = serde_json::from_value(json!({"fault": "no_scope", "on": "deals"})).unwrap();
        assert_eq!(fault, Fault::of(FaultKind::NoScope).on("deals"));
    }
}
