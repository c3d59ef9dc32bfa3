//! Asks for the history of fields behind each page: when a value was set, and by whom. Only of records that are new or changed.

use super::history_plan::{HistoryAsked, HistoryPlan};
use super::page_reader::{CHUNKS_AT_ONCE, PageReader};
use crate::connector::port::kept_out::FIELD_HISTORY;
use crate::connector::port::{Error, Observed, PageRead, PassEnd, Quarantined};
use crate::connector::rest::http::answer::HttpAnswer;
use crate::connector::rest::http::request::Fill;
use crate::model::ShortText;
use futures::StreamExt;
use std::collections::BTreeMap;

impl PageReader<'_> {
    /// Lays the history of its fields over the records of a page. What does not come leaves their ages as wide as they are, and is told: no
    /// pass fails for it.
    pub async fn follow_history(&self, page: &mut PageRead, end: &mut PassEnd) {
        let Some(HistoryAsked { plan, since }) = self.history else { return };
        let mut places: BTreeMap<ShortText, Vec<usize>> = BTreeMap::new();
        for (at, observed) in page.observed.iter().enumerate() {
            if let Observed::Record { record, .. } = observed
                && plan.wants(record, since)
            {
                places.entry(record.id.id.clone()).or_default().push(at);
            }
        }
        if places.is_empty() || !plan.is_its_turn((self.http.clock)()) {
            return;
        }
        let ids: Vec<ShortText> = places.keys().cloned().collect();
        let mut asked = Vec::new();
        for ids in ids.chunks(plan.chunk.max(1)) {
            let request = plan.call.prepare(&Fill { fields: &plan.fields, ..Fill::ids(ids) }, &Default::default());
            asked.push(async move { self.http.read(&request, self.lane).await });
        }
        let mut answers = futures::stream::iter(asked).buffered(CHUNKS_AT_ONCE);
        while let Some(answer) = answers.next().await {
            if let Err(error) = answer.and_then(|answer| self.take_history(plan, &answer, &places, page, end)) {
                plan.failed((self.http.clock)());
                page.quarantined.push(Quarantined { record: None, field: FIELD_HISTORY.to_string(), why: error.to_string() });
                return;
            }
        }
        plan.worked();
    }

    fn take_history(
        &self,
        plan: &HistoryPlan,
        answer: &HttpAnswer,
        places: &BTreeMap<ShortText, Vec<usize>>,
        page: &mut PageRead,
        end: &mut PassEnd,
    ) -> Result<(), Error> {
        end.requests += answer.requests;
        end.bytes += answer.bytes;
        for row in self.lists(&plan.call, answer)?.into_iter().flatten() {
            let at = plan.reader.id(row).and_then(|id| places.get(&*id));
            for at in at.into_iter().flatten() {
                if let Some(Observed::Record { record, .. }) = page.observed.get_mut(*at) {
                    plan.reader.tell(row, record);
                }
            }
        }
        Ok(())
    }
}
