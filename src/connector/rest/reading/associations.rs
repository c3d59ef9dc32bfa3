//! Reads lists by the ids of those whose they are, each to its own end: the people of deals, all accounts of records.

use super::page_reader::{CHUNKS_AT_ONCE, PageReader};
use super::paging::{Circle, PageStep, Pager, Rows};
use super::streams::ListPlan;
use crate::connector::map::Mapper;
use crate::connector::port::{Error, Observed, PageRead, PageSink, PassEnd};
use crate::connector::raw::json::Json;
use crate::connector::raw::scalars::{ends, id_of, text_of};
use crate::connector::rest::http::answer::HttpAnswer;
use crate::connector::rest::http::request::{Ask, Fill};
use crate::model::{Entity, RecordId, ShortText};
use futures::future::BoxFuture;
use futures::stream::BoxStream;
use futures::{FutureExt, StreamExt};
use serde_json::json;
use std::borrow::Cow;
use std::collections::BTreeMap;

/// Parts of one list at most: a hundred ids each, and more than a hundred thousand make no sense.
const PARTS_MAX: usize = 1_000;

/// What is known of one list.
struct ListRead {
    ids: Vec<ShortText>,
    /// It goes on behind this.
    more: Option<String>,
    /// A part of it cannot be read, or the manifest has no way to ask for the rest.
    broken: bool,
}

/// The lists of some records, and what reading them took.
struct Chunk<'o> {
    owners: &'o [ShortText],
    told: Vec<ListRead>,
    requests: u64,
    bytes: u64,
    clock_skew_ms: Option<i64>,
}

/// Records of a page whose rows show a part of their accounts only: their places on the page, by the ids to ask with.
#[derive(Debug, Default)]
pub struct CutAccounts(BTreeMap<ShortText, Vec<usize>>);

impl CutAccounts {
    /// Takes note of the record that a row became, if it became one. `before`: how many were on the page before it.
    pub fn note(&mut self, mapper: &Mapper, row: &Json<'_>, before: usize, page: &PageRead) {
        if page.observed.len() > before
            && let Some(id) = mapper.id_to_follow(row)
        {
            self.0.entry(id.into()).or_default().push(before);
        }
    }
}

impl PageReader<'_> {
    /// Reads the people of these deals. A deal that is missing from the answer has none; one whose list cannot be read to its end is not
    /// told.
    pub async fn for_each(&self, plan: &ListPlan, deals: &[ShortText], sink: &mut PageSink<'_>) -> Result<PassEnd, Error> {
        let mut end = PassEnd { complete: true, ..PassEnd::default() };
        let mut chunks = self.chunks(plan, deals);
        while let Some(chunk) = chunks.next().await {
            let chunk = chunk?;
            end.requests += chunk.requests;
            end.bytes += chunk.bytes;
            let mut page = PageRead { clock_skew_ms: chunk.clock_skew_ms, ..PageRead::default() };
            for (deal, ListRead { ids: mut people, broken, .. }) in chunk.owners.iter().zip(chunk.told) {
                if broken {
                    end.complete = false;
                    end.incomplete_because = Some(format!("the people of deal {deal} are not told whole"));
                    continue;
                }
                people.sort();
                people.dedup();
                let deal = RecordId::new(self.http.system.clone(), Entity::Deal, deal.clone());
                page.observed.push(Observed::DealPeople { deal, people });
            }
            sink(page).await.map_err(|why| self.not_kept(&plan.call, why))?;
        }
        Ok(end)
    }

    /// Asks for all accounts of those records of a page that show a part of theirs. The part counts in any case; one whose list does not come,
    /// or cannot be read to its end, is not told, and cuts the page short.
    pub async fn follow_accounts(&self, cut: CutAccounts, page: &mut PageRead, end: &mut PassEnd) -> Result<(), Error> {
        let Some(plan) = self.all_accounts else { return Ok(()) };
        let CutAccounts(places) = cut;
        let owners: Vec<ShortText> = places.keys().cloned().collect();
        let mut chunks = self.chunks(plan, &owners);
        while let Some(chunk) = chunks.next().await {
            let chunk = chunk?;
            end.requests += chunk.requests;
            end.bytes += chunk.bytes;
            for (owner, ListRead { ids, broken, .. }) in chunk.owners.iter().zip(chunk.told) {
                let is_whole = !broken && !ids.is_empty();
                if !is_whole {
                    page.cut_short.get_or_insert_with(|| format!("the accounts of {owner} are not told whole"));
                }
                for at in places.get(owner).into_iter().flatten() {
                    let Some(Observed::Record { record, accounts_told, .. }) = page.observed.get_mut(*at) else { continue };
                    record.set_more_accounts(record.more_accounts.iter().chain(&ids).cloned().collect());
                    // What of its own accounts cannot be read stays as it was known.
                    let is_odd = page.quarantined.iter().any(|q| q.field == "account" && q.record.as_ref() == Some(&record.id));
                    *accounts_told = is_whole && !is_odd;
                }
            }
        }
        Ok(())
    }

    fn chunks<'c>(&'c self, plan: &'c ListPlan, owners: &'c [ShortText]) -> BoxStream<'c, Result<Chunk<'c>, Error>> {
        let mut chunks: Vec<BoxFuture<'c, Result<Chunk<'c>, Error>>> = Vec::new();
        for owners in owners.chunks(plan.chunk.max(1)) {
            chunks.push(self.chunk(plan, owners).boxed());
        }
        futures::stream::iter(chunks).buffered(CHUNKS_AT_ONCE).boxed()
    }

    async fn chunk<'o>(&self, plan: &ListPlan, owners: &'o [ShortText]) -> Result<Chunk<'o>, Error> {
        let told = owners.iter().map(|_| ListRead { ids: Vec::new(), more: None, broken: false }).collect();
        let mut chunk = Chunk { owners, told, requests: 0, bytes: 0, clock_skew_ms: None };
        let mut pager = Pager::new(&plan.call, None);
        loop {
            let answer = self.http.read(&plan.call.prepare(&Fill::ids(owners), &pager.ask()), self.lane).await?;
            let rows = self.take_ids(plan, owners, &answer, &mut chunk)?;
            match pager
                .turn(answer.json.root(), Rows { longest: rows, all: rows, ids: Vec::new() })
                .map_err(|c| self.circle(&plan.call, c))?
            {
                PageStep::More => {}
                PageStep::End => break,
                PageStep::Short(_) => {
                    chunk.told.iter_mut().for_each(|told| told.broken = true);
                    return Ok(chunk);
                }
            }
        }
        self.rest_of_lists(plan, &mut chunk).await?;
        Ok(chunk)
    }

    /// Asks on for the lists that go on, until none does.
    async fn rest_of_lists(&self, plan: &ListPlan, chunk: &mut Chunk<'_>) -> Result<(), Error> {
        let at_once = if plan.call.names_id_rows() { plan.chunk.max(1) } else { 1 };
        for _ in 0..PARTS_MAX {
            let going_on = chunk.told.iter_mut().zip(chunk.owners).filter(|(told, _)| !told.broken);
            let (owners, after): (Vec<ShortText>, Vec<String>) =
                going_on.filter_map(|(told, owner)| Some((owner.clone(), told.more.take()?))).take(at_once).unzip();
            let Some(param) = plan.more_param.as_ref().filter(|_| !owners.is_empty()) else { return Ok(()) };
            let fill = Fill { ids: &owners, after: Some((param, &after)), ..Fill::default() };
            let ask = if plan.call.names_id_rows() {
                Ask::default()
            } else {
                let params = after.iter().map(|after| (param.clone(), json!(after))).collect();
                Ask { params, in_body: plan.call.has_body(), ..Ask::default() }
            };
            let answer = self.http.read(&plan.call.prepare(&fill, &ask), self.lane).await?;
            let before = after.clone();
            self.take_ids(plan, &owners, &answer, chunk)?;
            let same = owners.iter().zip(&before).find(|(owner, before)| {
                let at = chunk.owners.iter().position(|o| o == *owner);
                at.is_some_and(|at| chunk.told[at].more.as_ref() == Some(before))
            });
            if let Some((owner, _)) = same {
                return Err(self.circle(&plan.call, Circle(format!("the list of {owner} does not go on behind its cursor"))));
            }
        }
        Err(self.circle(&plan.call, Circle(format!("{PARTS_MAX} parts of lists and no end"))))
    }

    /// Takes an answer's rows; says how many there were. A list whose rest cannot be asked for is broken.
    fn take_ids(&self, plan: &ListPlan, asked: &[ShortText], answer: &HttpAnswer, chunk: &mut Chunk<'_>) -> Result<usize, Error> {
        chunk.requests += answer.requests;
        chunk.bytes += answer.bytes;
        chunk.clock_skew_ms = answer.clock_skew_ms.or(chunk.clock_skew_ms);
        let mut rows = 0;
        for row in self.lists(&plan.call, answer)?.iter().flatten() {
            rows += 1;
            let owner = match &plan.owner {
                None => asked.first().map(|id| Cow::Borrowed(&**id)),
                Some(path) => path.first(row).and_then(id_of),
            };
            let Some(at) = owner.and_then(|owner| chunk.owners.iter().position(|id| **id == *owner)) else { continue };
            let told = &mut chunk.told[at];
            plan.ids.entries(row, &mut |v| match id_of(v) {
                Some(id) => told.ids.push(id.into()),
                None => told.broken |= !v.is_null(),
            });
            let more = plan.more.as_ref().and_then(|p| p.first(row)).filter(|v| !ends(v));
            if let Some(more) = more {
                told.more = text_of(more).map(Cow::into_owned);
                told.broken |= told.more.is_none() || plan.more_param.is_none();
            }
        }
        Ok(rows)
    }
}
