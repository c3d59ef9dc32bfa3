//! Puts labels on records and takes them off, by the labels' own ids. Those are looked up, made where they are missing, and looked up anew
//! when they are old, when a label is to be set again, and when the system takes a request that changes nothing: people rename and delete
//! labels, and an id of old then names another one or none.

use super::halving::Halving;
use super::read_back::RecordsById;
use super::rows::{LabelStep, Row};
use crate::connector::manifest::settings::Settings;
use crate::connector::manifest::{LabelNames, Labels};
use crate::connector::port::{Error, Outcome, WriteOp};
use crate::connector::raw::json::Json;
use crate::connector::raw::paths::Path;
use crate::connector::raw::scalars::{id_of, int_of, text_of};
use crate::connector::rest::http::failure::{FailureKind, RequestFailure};
use crate::connector::rest::http::request::{Call, Fill};
use crate::connector::rest::reading::page_reader::PageReader;
use crate::connector::rest::reading::paging::{PageStep, Pager, Rows, fingerprint};
use crate::model::{ShortText, Span, Time};
use std::collections::{BTreeMap, BTreeSet};
use tokio::sync::Mutex;

/// A label's id counts for so long: until then a label that is renamed is put on more records under its new name.
const ID_COUNTS_FOR: Span = Span::minutes(5);

/// A label that could not be made is not tried again for so long: each record that wants it would be one more request.
const FAILURE_COUNTS_FOR: Span = Span::seconds(5);

/// What was learnt of a label, and when.
struct KnownLabel {
    told: LabelLookup,
    at: Time,
}

/// Its id, or why it has none and could not be made.
#[derive(Clone)]
enum LabelLookup {
    Id(String),
    Failed(Outcome),
}

/// A manifest's `labels`, made ready.
pub struct LabelPlan {
    find: Call,
    find_name: Path,
    find_id: Path,
    create: Call,
    created_id: Path,
    add: Call,
    remove: Call,
    succeeded: Option<Path>,
    names: LabelNames,
    pub batch: usize,
    /// By name. Held while it is filled, so that a label is looked up and made once.
    known: Mutex<BTreeMap<String, KnownLabel>>,
}

impl LabelPlan {
    pub fn new(labels: &Labels, settings: &Settings) -> Result<Option<LabelPlan>, String> {
        let call = |what: &str, request| Call::new(what.to_string(), request, settings);
        let path = |text: &str| Path::parse(text).map_err(|e| e.to_string());
        let (find, create) = (call("labels", &labels.find)?, call("new label", &labels.create)?);
        let (add, remove) = (call("add label", &labels.add)?, call("remove label", &labels.remove)?);
        let (Some(find), Some(create), Some(add), Some(remove)) = (find, create, add, remove) else { return Ok(None) };
        Ok(Some(LabelPlan {
            find,
            find_name: path(&labels.find_name)?,
            find_id: path(&labels.find_id)?,
            create,
            created_id: path(&labels.created_id)?,
            add,
            remove,
            succeeded: labels.succeeded.as_deref().map(path).transpose()?,
            names: labels.names(),
            batch: labels.batch,
            known: Mutex::new(BTreeMap::new()),
        }))
    }

    /// Carries out the label steps of all rows, the protecting ones of all rows first.
    pub async fn write(
        &self,
        reader: &PageReader<'_>,
        back: &RecordsById,
        ops: &[WriteOp],
        rows: &[Option<Row<'_>>],
        parts: &mut [Vec<Outcome>],
    ) {
        let mut groups: BTreeMap<&LabelStep, Vec<usize>> = BTreeMap::new();
        let mut again: BTreeSet<&str> = BTreeSet::new();
        for (at, row) in rows.iter().enumerate() {
            for step in row.iter().flat_map(|r| &r.labels) {
                groups.entry(step).or_default().push(at);
                again.extend(ops[at].again.then_some(step.label.as_str()));
            }
        }
        if !again.is_empty() {
            self.known.lock().await.retain(|label, known| matches!(known.told, LabelLookup::Failed(_)) || !again.contains(label.as_str()));
        }
        for (step, members) in groups {
            for batch in members.chunks(self.batch.max(1)) {
                let ids: Vec<ShortText> = batch.iter().map(|at| ops[*at].record.id.clone()).collect();
                let outcomes = self.step(reader, back, step, &ids).await;
                for (at, outcome) in batch.iter().zip(outcomes) {
                    parts[*at].push(outcome);
                }
            }
        }
    }

    /// Carries out one step for some records, in parts where they are refused together.
    async fn step(&self, reader: &PageReader<'_>, back: &RecordsById, step: &LabelStep, ids: &[ShortText]) -> Vec<Outcome> {
        let mut may_look_anew = true;
        let mut halving = Halving::new(ids, reader.lane);
        while let Some(part) = halving.next_part() {
            let answer = self.send(reader, back, step, part, &mut may_look_anew).await;
            halving.book(part, answer);
        }
        halving.into_outcomes()
    }

    /// Sends one request. `may_look_anew`: the label was not looked up anew for this step yet.
    async fn send(
        &self,
        reader: &PageReader<'_>,
        back: &RecordsById,
        step: &LabelStep,
        ids: &[ShortText],
        may_look_anew: &mut bool,
    ) -> Result<Vec<Outcome>, RequestFailure> {
        let all = |outcome: Outcome| Ok(vec![outcome; ids.len()]);
        loop {
            let label_id = match self.label_id(reader, &step.label, step.add).await {
                Ok(Some(id)) => id,
                // What does not exist is on nobody.
                Ok(None) => return all(Outcome::Applied),
                Err(untouched) => return all(untouched),
            };
            let fill = Fill { ids, label: Some(&step.label), label_id: Some(&label_id), ..Fill::default() };
            let call = if step.add { &self.add } else { &self.remove };
            let (outcomes, in_vain) = match reader.http.write(&call.prepare(&fill, &Default::default()), reader.lane).await {
                Ok(answer) => {
                    let (outcomes, in_vain) = self.outcomes(reader, back, step, ids, answer.json.root()).await;
                    (Ok(outcomes), in_vain)
                }
                Err(failure) => {
                    let in_vain = matches!(failure.kind, FailureKind::NotFound | FailureKind::Refused);
                    (Err(failure), in_vain)
                }
            };
            if !in_vain || !*may_look_anew {
                return outcomes;
            }
            // The label we knew may have been deleted and made anew by hand: look it up once more.
            *may_look_anew = false;
            self.known.lock().await.remove(&step.label);
        }
    }

    /// What an accepted request did to each record, and whether some record is as before though the system took the request.
    async fn outcomes(
        &self,
        reader: &PageReader<'_>,
        back: &RecordsById,
        step: &LabelStep,
        ids: &[ShortText],
        answer: &Json<'_>,
    ) -> (Vec<Outcome>, bool) {
        let all = |outcome: Outcome| (vec![outcome; ids.len()], false);
        let Some(path) = &self.succeeded else { return all(Outcome::Applied) };
        if path.first(answer).and_then(int_of).is_some_and(|count| count >= ids.len() as i64) {
            return all(Outcome::Applied);
        }
        // Fewer were changed: some had it already, or are not there.
        let records = match back.read(reader, ids).await {
            Ok(records) => records,
            Err(error) => return all(Outcome::Unknown(format!("changed in part, and not read back: {error}"))),
        };
        let mut in_vain = false;
        let mut outcomes = Vec::with_capacity(ids.len());
        for id in ids {
            let shown = records.iter().find(|r| r.id.id == *id).map(|r| step.shown(r));
            in_vain |= shown == Some(Some(false));
            outcomes.push(match shown {
                None => Outcome::Rejected("not found".to_string()),
                Some(Some(true)) => Outcome::Applied,
                Some(Some(false)) => Outcome::Rejected("the system answered as if done, and the label is as before".to_string()),
                Some(None) => Outcome::Unknown("changed in part, and no mark tells whose".to_string()),
            });
        }
        (outcomes, in_vain)
    }

    /// The id of a label; `None` where there is none and none is to be made.
    async fn label_id(&self, reader: &PageReader<'_>, label: &str, make: bool) -> Result<Option<String>, Outcome> {
        let (mut known, now) = (self.known.lock().await, reader.http.now());
        match known.get(label) {
            Some(KnownLabel { told: LabelLookup::Id(id), at }) if now.since(*at) < ID_COUNTS_FOR => return Ok(Some(id.clone())),
            Some(KnownLabel { told: LabelLookup::Failed(outcome), at }) if make && now.since(*at) < FAILURE_COUNTS_FOR => {
                return Err(outcome.clone());
            }
            _ => {}
        }
        let told = match self.look_up(reader, label, make).await {
            Ok(None) => return Ok(None),
            Ok(Some(id)) => LabelLookup::Id(id),
            Err(failure) => match failure.outcome() {
                Outcome::Rejected(why) => {
                    LabelLookup::Failed(Outcome::Rejected(format!("there is no label {label:?}, and none can be made: {why}")))
                }
                // That is for all that goes to the system.
                later @ Outcome::Later { .. } => return Err(later),
                Outcome::Applied | Outcome::Unknown(_) | Outcome::NotSent(_) => {
                    LabelLookup::Failed(Outcome::NotSent(failure.error.to_string()))
                }
            },
        };
        known.insert(label.to_string(), KnownLabel { told: told.clone(), at: now });
        match told {
            LabelLookup::Id(id) => Ok(Some(id)),
            LabelLookup::Failed(outcome) => Err(outcome),
        }
    }

    /// A label's id as the system tells it now.
    async fn look_up(&self, reader: &PageReader<'_>, label: &str, make: bool) -> Result<Option<String>, RequestFailure> {
        let found = self.find(reader, label).await.map_err(|error| RequestFailure::new(kind(&error), error))?;
        if found.is_some() || !make {
            return Ok(found);
        }
        let fill = Fill { label: Some(label), ..Fill::default() };
        let answer = reader.http.write(&self.create.prepare(&fill, &Default::default()), reader.lane).await?;
        if let Some(id) = self.created_id.first(answer.json.root()).and_then(id_of) {
            return Ok(Some(id.into_owned()));
        }
        let (why, begins) = (format!("there is no id at {}", self.created_id), reader.http.begins(answer.json.root()));
        let what = reader.http.what(&self.create.what);
        let error = Error::NotUnderstood { system: reader.http.system.clone(), what, why, begins };
        Err(RequestFailure::new(FailureKind::NotUnderstood, error))
    }

    async fn find(&self, reader: &PageReader<'_>, label: &str) -> Result<Option<String>, Error> {
        let fill = Fill { label: Some(label), ..Fill::default() };
        let mut pager = Pager::new(&self.find, None);
        // Where case makes no other label, the one that is written as ours comes first all the same.
        let mut in_another_case = None;
        loop {
            let answer = reader.http.read(&self.find.prepare(&fill, &pager.ask()), reader.lane).await?;
            let rows: Vec<_> = reader.lists(&self.find, &answer)?.into_iter().flatten().collect();
            for row in &rows {
                let name = self.find_name.first(row).and_then(text_of);
                let Some(name) = name.filter(|n| self.names.same(n, label)) else { continue };
                let id = self.find_id.first(row).and_then(id_of).map(|id| id.into_owned());
                if name == label {
                    return Ok(id);
                }
                in_another_case = in_another_case.or(id);
            }
            let ids: Vec<u64> = rows.iter().filter_map(|row| self.find_id.first(row).and_then(id_of)).map(|id| fingerprint(&*id)).collect();
            let rows = Rows { longest: rows.len(), all: rows.len(), ids: vec![ids] };
            match pager.turn(answer.json.root(), rows).map_err(|c| reader.circle(&self.find, c))? {
                PageStep::More => {}
                PageStep::End | PageStep::Short(_) => return Ok(in_another_case),
            }
        }
    }
}

/// What a failed look-up means for the step: nothing was written.
fn kind(error: &Error) -> FailureKind {
    match error {
        Error::Credential { .. } => FailureKind::Credential,
        Error::Later { wait, .. } => FailureKind::Later(Some(*wait)),
        Error::Budget { .. } => FailureKind::Budget,
        _ => FailureKind::NotConnected,
    }
}
