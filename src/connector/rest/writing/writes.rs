//! Writes a batch of changes and says of each record what came of it.

use super::cells::{Cell, FieldWords, Fields};
use super::halving::Halving;
use super::labels::LabelPlan;
use super::read_back::RecordsById;
use super::results::RowResults;
use super::rows::{MarkWords, Row, TargetWords, WordsOfPart};
use crate::connector::manifest::settings::Settings;
use crate::connector::manifest::{Manifest, Writes};
use crate::connector::map::Mapper;
use crate::connector::port::{Abilities, BackByClearing, Outcome, WordOrder, WriteKind, WriteOp};
use crate::connector::raw::plain::same_name;
use crate::connector::rest::http::failure::RequestFailure;
use crate::connector::rest::http::request::{Call, Fill, ReadyRequest};
use crate::connector::rest::reading::page_reader::PageReader;
use crate::model::{Name, ShortText};
use futures::future::BoxFuture;
use futures::{FutureExt, StreamExt};
use serde_json::Value as Json;
use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::Arc;

/// Records in one call where each is a request of its own: enough to keep several under way.
const SINGLES: usize = 20;
/// Requests under way at once; the system's own limits hold besides.
const AT_ONCE: usize = 4;

/// What can be written to a system.
pub struct TargetWriter {
    stream: Name,
    words: TargetWords,
    update: Option<UpdatePlan>,
    labels: Option<LabelPlan>,
    pub back: RecordsById,
    /// Records are read once more before fields are written to them.
    looks_first: bool,
}

struct UpdatePlan {
    call: Call,
    id_key: Option<String>,
    id_number: bool,
    fields_at: Option<String>,
    batch: usize,
    bytes_max: Option<usize>,
    results: Option<RowResults>,
    confirm: bool,
    back_by_clearing: BTreeMap<String, Vec<String>>,
}

/// One record's row and its place among the ops.
struct RowToSend<'w> {
    at: usize,
    id: &'w ShortText,
    fields: Fields<'w>,
}

impl TargetWriter {
    /// `Ok(None)`: writing names an optional setting that is not given.
    pub fn new(manifest: &Manifest, writes: &Writes, mapper: Arc<Mapper>, settings: &Settings) -> Result<Option<TargetWriter>, String> {
        let record = manifest.streams.get(&writes.stream).and_then(|s| s.record.as_ref()).ok_or("writes.stream has no record")?;
        let words = TargetWords::new(writes, record, settings)?;
        let Some(read) = Call::new("read back".to_string(), &writes.read, settings)? else { return Ok(None) };
        let update = match &writes.update {
            None => None,
            Some(u) => Call::new("update".to_string(), &u.request, settings)?
                .map(|call| {
                    Ok::<_, String>(UpdatePlan {
                        call,
                        id_key: u.id_key.clone(),
                        id_number: u.id_number,
                        fields_at: u.fields_at.clone(),
                        batch: u.batch,
                        bytes_max: u.bytes_max,
                        results: u.results.as_ref().map(RowResults::new).transpose()?,
                        confirm: u.confirm,
                        back_by_clearing: u.back_by_clearing.clone(),
                    })
                })
                .transpose()?,
        };
        let back = RecordsById { mapper, call: read, chunk: writes.read_chunk };
        let labels = match &writes.labels {
            None => None,
            Some(labels) => LabelPlan::new(labels, settings)?,
        };
        Ok(Some(TargetWriter { stream: writes.stream.as_str().into(), words, update, labels, back, looks_first: writes.looks_first() }))
    }

    pub fn abilities(&self) -> Abilities {
        let words = &self.words;
        let (update, labels) = (self.update.as_ref().map_or(0, |u| u.batch), self.labels.as_ref().map_or(0, |l| l.batch));
        Abilities {
            block: words.block.is_some(),
            block_is_own_mark: matches!(words.block, Some(MarkWords::Label { .. })),
            permits: words.permits.keys().cloned().collect(),
            permit_ends: words.permits.values().any(|words| matches!(words, MarkWords::Field { .. })),
            why: words.why.is_some(),
            status: words.status.is_some(),
            fields: words.fields.keys().cloned().collect(),
            labels: words.fields.iter().filter_map(|(name, words)| Some((name.clone(), words.labels()?))).collect(),
            stream: Some(self.stream.clone()),
            batch: update.max(labels).max(SINGLES),
            looks_first: self.looks_first,
            back_by_clearing: self.back_by_clearing(),
            by_hand: None,
        }
    }

    /// What goes back by clearing, by our names. The order is of the system's words: of a field with codes of its own nothing is known.
    fn back_by_clearing(&self) -> BackByClearing {
        let Some(plan) = &self.update else { return BackByClearing::default() };
        let order = |theirs: &str| plan.back_by_clearing.iter().find(|(name, _)| same_name(name, theirs)).map(|(_, order)| order);
        let of_field = |words: &FieldWords| {
            let order = order(&words.field)?;
            Some(WordOrder::new(if words.has_codes() { &[] } else { order }))
        };
        BackByClearing {
            fields: self.words.fields.iter().filter_map(|(name, words)| Some((name.clone(), of_field(words)?))).collect(),
            status: self.words.status_field().and_then(order).map(|order| WordOrder::new(order)),
        }
    }

    /// The fixed words of these parts.
    pub fn words_of(&self, parts: &[Name], statuses: &[Name]) -> Vec<WordsOfPart> {
        parts.iter().filter_map(|part| self.words.of_part(part, statuses)).collect()
    }

    pub fn status_word(&self, status: &str) -> Box<str> {
        self.words.status(status).into()
    }

    /// One outcome for each op, in order.
    pub async fn write(&self, reader: &PageReader<'_>, ops: &[WriteOp]) -> Vec<Outcome> {
        let mut parts: Vec<Vec<Outcome>> = vec![Vec::new(); ops.len()];
        let mut rows: Vec<Option<Row<'_>>> = Vec::with_capacity(ops.len());
        for (op, told) in ops.iter().zip(&mut parts) {
            rows.push(match self.words.row(&op.change) {
                Ok(row) => Some(row),
                Err(why) => {
                    told.push(Outcome::Rejected(why));
                    None
                }
            });
        }
        if let Some(update) = &self.update {
            self.update(reader, update, ops, &mut rows, &mut parts).await;
        }
        if let Some(labels) = &self.labels {
            labels.write(reader, &self.back, ops, &rows, &mut parts).await;
        }
        parts.into_iter().map(|told| together(told).map_text(|text| reader.http.told(&text))).collect()
    }

    /// Writes the rows' fields, and takes them out.
    async fn update<'w>(
        &self,
        reader: &PageReader<'_>,
        plan: &'w UpdatePlan,
        ops: &'w [WriteOp],
        rows: &mut [Option<Row<'w>>],
        parts: &mut [Vec<Outcome>],
    ) {
        let mut sent = Vec::with_capacity(ops.len());
        for (at, (op, row)) in ops.iter().zip(rows).enumerate() {
            let Some(row) = row.as_mut().filter(|r| !r.fields.is_empty()) else { continue };
            match plan.row(&op.record.id, std::mem::take(&mut row.fields)) {
                Ok(fields) => sent.push(RowToSend { at, id: &op.record.id, fields }),
                Err(why) => parts[at].push(Outcome::Rejected(why)),
            }
        }
        let (batches, what) = (plan.cut(&sent), ops.iter().map(|op| op.change.kind()).max().map_or("update", WriteKind::name));
        let mut sending: Vec<BoxFuture<'_, Vec<(usize, Outcome)>>> = Vec::with_capacity(batches.len());
        for batch in batches {
            sending.push(plan.send(reader, batch, what).boxed());
        }
        let done = futures::stream::iter(sending).buffered(AT_ONCE);
        let mut outcomes: Vec<(usize, Outcome)> = done.collect::<Vec<_>>().await.into_iter().flatten().collect();
        if plan.confirm {
            self.confirm(reader, ops, &mut outcomes).await;
        }
        for (at, outcome) in outcomes {
            parts[at].push(outcome);
        }
    }

    /// Reads back what is said to be applied, and compares.
    async fn confirm(&self, reader: &PageReader<'_>, ops: &[WriteOp], outcomes: &mut [(usize, Outcome)]) {
        let ids: Vec<ShortText> =
            outcomes.iter().filter(|(_, o)| *o == Outcome::Applied).map(|(at, _)| ops[*at].record.id.clone()).collect();
        if ids.is_empty() {
            return;
        }
        let back = self.back.read(reader, &ids).await;
        for (at, outcome) in outcomes.iter_mut().filter(|(_, o)| *o == Outcome::Applied) {
            let op = &ops[*at];
            *outcome = match &back {
                Err(error) => Outcome::Unknown(format!("sent, and not read back: {error}")),
                Ok(records) => match records.iter().find(|r| r.id.id == op.record.id) {
                    None => Outcome::Rejected("not found".to_string()),
                    Some(record) => match self.words.missing(record, &op.change) {
                        None => Outcome::Applied,
                        Some(field) => Outcome::Rejected(format!("the system answered as if done, and {field} is as before")),
                    },
                },
            };
        }
    }
}

impl UpdatePlan {
    /// A record's row: its id, and the fields beside it or under a name.
    fn row<'w>(&'w self, id: &'w str, fields: Fields<'w>) -> Result<Fields<'w>, String> {
        let mut row = match &self.fields_at {
            None => fields,
            Some(at) => {
                let mut row = Fields::default();
                row.set(at, Cell::Fields(fields));
                row
            }
        };
        if let Some(key) = &self.id_key {
            let id = if self.id_number {
                let number: i64 = id.parse().map_err(|_| format!("{id:?} is no number, as ids there are"))?;
                Cell::Json(Cow::Owned(Json::from(number)))
            } else {
                Cell::Text(Cow::Borrowed(id))
            };
            row.begin_with(key, id);
        }
        Ok(row)
    }

    /// Batches of at most so many rows and bytes, in order.
    fn cut<'s, 'w>(&self, rows: &'s [RowToSend<'w>]) -> Vec<&'s [RowToSend<'w>]> {
        let mut batches = Vec::new();
        let (mut from, mut bytes) = (0, 0);
        for (i, row) in rows.iter().enumerate() {
            let its = self.bytes_max.map_or(0, |_| serde_json::to_vec(&row.fields).map_or(0, |json| json.len()) + 1);
            if i > from && (i - from >= self.batch || self.bytes_max.is_some_and(|max| bytes + its > max)) {
                batches.push(&rows[from..i]);
                (from, bytes) = (i, 0);
            }
            bytes += its;
        }
        if from < rows.len() {
            batches.push(&rows[from..]);
        }
        batches
    }

    /// Sends a batch, in parts where it is refused whole.
    async fn send(&self, reader: &PageReader<'_>, batch: &[RowToSend<'_>], what: &str) -> Vec<(usize, Outcome)> {
        let mut halving = Halving::new(batch, reader.lane);
        while let Some(rows) = halving.next_part() {
            let answer = self.send_once(reader, rows, what).await;
            halving.book(rows, answer);
        }
        batch.iter().map(|r| r.at).zip(halving.into_outcomes()).collect()
    }

    async fn send_once(&self, reader: &PageReader<'_>, rows: &[RowToSend<'_>], what: &str) -> Result<Vec<Outcome>, RequestFailure> {
        let ids: Vec<ShortText> = rows.iter().map(|r| r.id.clone()).collect();
        let fields: Vec<&Fields<'_>> = rows.iter().map(|r| &r.fields).collect();
        let fill = Fill { ids: &ids, rows: Some(&fields), ..Fill::default() };
        let request = ReadyRequest { what: what.to_string(), ..self.call.prepare(&fill, &Default::default()) };
        let answer = reader.http.write(&request, reader.lane).await?;
        let Some(results) = &self.results else { return Ok(vec![Outcome::Applied; rows.len()]) };
        let ids: Vec<&str> = rows.iter().map(|r| r.id.as_str()).collect();
        Ok(results.outcomes(&ids, answer.json.root()))
    }
}

/// The outcome of an op that took several requests. Part of it done and part not is `Unknown`: it is read back.
fn together(parts: Vec<Outcome>) -> Outcome {
    let mut parts = parts.into_iter();
    let Some(mut all) = parts.next() else { return Outcome::Applied };
    for part in parts {
        all = match (all, part) {
            (Outcome::Applied, Outcome::Applied) => Outcome::Applied,
            (Outcome::Unknown(why), _) | (_, Outcome::Unknown(why)) => Outcome::Unknown(why),
            (Outcome::Rejected(why), Outcome::Rejected(_)) => Outcome::Rejected(why),
            (Outcome::NotSent(why), Outcome::NotSent(_)) => Outcome::NotSent(why),
            (Outcome::Applied, Outcome::Rejected(why) | Outcome::NotSent(why) | Outcome::Later { why, .. })
            | (Outcome::Rejected(why) | Outcome::NotSent(why) | Outcome::Later { why, .. }, Outcome::Applied) => {
                Outcome::Unknown(format!("done in part: {why}"))
            }
            (Outcome::Rejected(why), _) | (_, Outcome::Rejected(why)) => Outcome::Rejected(why),
            (later @ Outcome::Later { .. }, _) | (_, later @ Outcome::Later { .. }) => later,
        };
    }
    all
}
