//! Looks at records that were written to.

use crate::connector::map::Mapper;
use crate::connector::port::{Error, Observed, PassEnd};
use crate::connector::rest::http::request::Call;
use crate::connector::rest::reading::page_reader::PageReader;
use crate::model::{Record, ShortText};
use std::sync::Arc;

/// How target records are read by id.
pub struct RecordsById {
    pub mapper: Arc<Mapper>,
    pub call: Call,
    /// Ids in one request.
    pub chunk: usize,
}

impl RecordsById {
    /// Those of the records that are there.
    pub async fn read(&self, reader: &PageReader<'_>, ids: &[ShortText]) -> Result<Vec<Record>, Error> {
        let mut end = PassEnd::default();
        let page = reader.by_ids(&self.call, &self.mapper, ids, self.chunk, &mut end).await?;
        let records = page.observed.into_iter().filter_map(|o| match o {
            Observed::Record { record, .. } => Some(*record),
            Observed::Deleted(_) | Observed::DealPeople { .. } | Observed::NotFound(_) | Observed::Merged { .. } => None,
        });
        Ok(records.collect())
    }
}
