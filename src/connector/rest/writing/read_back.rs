//! Looks at records that were written to.

use crate::connector::map::Mapper;
use crate::connector::port::{Error, Observed, PageRead, PassEnd};
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
        if let Some(why) = unsure(ids, &page) {
            return Err(reader.refused(&self.call, why));
        }
        let records = page.observed.into_iter().filter_map(|o| match o {
            Observed::Record { record, .. } => Some(*record),
            Observed::Deleted(_) | Observed::DealPeople { .. } | Observed::NotFound(_) | Observed::Merged { .. } => None,
        });
        Ok(records.collect())
    }
}

/// Why nobody can say whether those who are not shown are there; `None`: they are not.
fn unsure(asked: &[ShortText], page: &PageRead) -> Option<String> {
    let shown = |id: &ShortText| page.observed.iter().any(|o| o.id().id == *id);
    let may_be = |id: &ShortText| page.unread.iter().find(|row| row.id.as_ref().is_none_or(|known| known.id == *id));
    let (id, row) = asked.iter().filter(|id| !shown(id)).find_map(|id| Some((id, may_be(id)?)))?;
    Some(format!("whether {id} is there nobody can say, as a row cannot be read: {}", row.why))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::connector::port::Unread;
    use crate::model::{Entity, RecordId};

    #[test]
    fn who_is_not_shown_is_gone_only_where_each_row_can_be_read() {
        let id = |id: &str| RecordId::new("ma", Entity::Person, id);
        for (shown, unread, want) in [
            (&["1", "2"][..], &[][..], None),
            (&["1"], &[], None),
            (&["1", "2"], &[None], None),
            (&["1"], &[None], Some("2")),
            (&["1"], &[Some("9")], None),
            (&["1"], &[Some("9"), Some("2")], Some("2")),
            (&[], &[None], Some("1")),
        ] {
            let record = |id: RecordId| Observed::Record { record: Box::new(Record::new(id)), people_told: true, accounts_told: true };
            let row = |known: &Option<&str>| Unread {
                row: "q_1".into(),
                entity: Entity::Person,
                id: known.map(id),
                people: vec![],
                accounts: vec![],
                names_companies: false,
                addresses: vec![],
                names_all: true,
                why: "it has no id".into(),
            };
            let observed = shown.iter().map(|shown| record(id(shown))).collect();
            let page = PageRead { observed, unread: unread.iter().map(row).collect(), ..PageRead::default() };
            let told = want.map(|want| format!("whether {want} is there nobody can say, as a row cannot be read: it has no id"));
            assert_eq!(unsure(&["1".into(), "2".into()], &page), told, "{shown:?} {unread:?}");
        }
    }
}
