//! Reads records of a stream by their ids: those that something names and no listing showed.

use super::page_reader::PageReader;
use super::streams::ByIdPlan;
use crate::connector::map::Mapper;
use crate::connector::port::{Error, Observed, PageRead, PageSink, PassEnd};
use crate::model::{Entity, RecordId, ShortText};

impl PageReader<'_> {
    /// Those that are not there are told as such. Where one is asked for and another comes, it was merged into that.
    pub async fn look_up(
        &self,
        plan: &ByIdPlan,
        mapper: &Mapper,
        entity: Entity,
        ids: &[ShortText],
        sink: &mut PageSink<'_>,
    ) -> Result<PassEnd, Error> {
        let mut end = PassEnd { complete: true, ..PassEnd::default() };
        let mut refused = None;
        for asked in ids.chunks(plan.chunk.max(1)) {
            match self.by_ids(&plan.call, mapper, asked, plan.chunk, &mut end).await {
                Ok(page) => self.show(plan, entity, asked, page, sink).await?,
                // It may mean one of them.
                Err(Error::NotFound { .. }) if asked.len() > 1 => {
                    for one in asked.chunks(1) {
                        let page = self.one_or_none(plan, mapper, one, &mut end).await?;
                        self.show(plan, entity, one, page, sink).await?;
                    }
                }
                Err(Error::NotFound { .. }) => self.show(plan, entity, asked, PageRead::default(), sink).await?,
                // It may be refused for these alone: the others are asked for all the same.
                Err(error @ (Error::Refused { .. } | Error::NotUnderstood { .. })) => drop(refused.get_or_insert(error)),
                Err(error) => return Err(error),
            }
        }
        refused.map_or(Ok(end), Err)
    }

    async fn one_or_none(&self, plan: &ByIdPlan, mapper: &Mapper, one: &[ShortText], end: &mut PassEnd) -> Result<PageRead, Error> {
        match self.by_ids(&plan.call, mapper, one, plan.chunk, end).await {
            Err(Error::NotFound { .. }) => Ok(PageRead::default()),
            page => page,
        }
    }

    /// Gives on what was shown, with what became of those who were asked for and are not.
    async fn show(
        &self,
        plan: &ByIdPlan,
        entity: Entity,
        asked: &[ShortText],
        mut page: PageRead,
        sink: &mut PageSink<'_>,
    ) -> Result<(), Error> {
        let of = |id: &ShortText| RecordId::new(self.http.system.clone(), entity, id.clone());
        missing(&asked.iter().map(of).collect::<Vec<_>>(), &mut page);
        sink(page).await.map_err(|why| self.not_kept(&plan.call, why))
    }
}

/// Adds what became of those that were asked for and not shown.
fn missing(asked: &[RecordId], page: &mut PageRead) {
    let shown: Vec<RecordId> =
        page.observed.iter().map(|o| o.id().clone()).chain(page.unread.iter().filter_map(|u| u.id.clone())).collect();
    let not_shown: Vec<&RecordId> = asked.iter().filter(|id| !shown.contains(id)).collect();
    let others: Vec<&RecordId> = shown.iter().filter(|id| !asked.contains(id)).collect();
    if page.unread.iter().any(|row| row.id.is_none()) {
        // It may be any of them.
    } else if let ([from], [into]) = (&not_shown[..], &others[..]) {
        page.observed.push(Observed::Merged { from: (*from).clone(), into: into.id.clone() });
    } else {
        page.observed.extend(not_shown.into_iter().map(|id| Observed::NotFound(id.clone())));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::connector::port::Unread;
    use crate::model::Record;

    fn nameless() -> Unread {
        let (entity, why) = (Entity::Person, "it has no id".into());
        Unread { row: "q_1".into(), entity, id: None, people: vec![], accounts: vec![], addresses: vec![], why }
    }

    fn ids(numbers: &[&str]) -> Vec<RecordId> {
        numbers.iter().map(|n| RecordId::new("crm", Entity::Person, *n)).collect()
    }

    #[test]
    fn who_is_not_shown_is_nobody_or_was_merged_into_who_is() {
        for (asked, shown, want) in [
            (&["1"][..], &["1"][..], vec![]),
            (&["1"], &[], vec![Observed::NotFound(ids(&["1"])[0].clone())]),
            (&["1"], &["9"], vec![Observed::Merged { from: ids(&["1"])[0].clone(), into: "9".into() }]),
            (&["1", "2"], &["2", "9"], vec![Observed::Merged { from: ids(&["1"])[0].clone(), into: "9".into() }]),
            // Which of two became the other nobody can say.
            (&["1", "2"], &["9"], ids(&["1", "2"]).into_iter().map(Observed::NotFound).collect()),
        ] {
            let mut page = PageRead::default();
            let record = |id: RecordId| Observed::Record { record: Box::new(Record::new(id)), people_told: true, accounts_told: true };
            page.observed = ids(shown).into_iter().map(record).collect();
            missing(&ids(asked), &mut page);
            assert_eq!(page.observed[shown.len()..], want[..], "{asked:?} {shown:?}");
            // Beside a row of nobody knows whom, nobody is known not to be there.
            let mut page = PageRead { unread: vec![nameless()], ..PageRead::default() };
            missing(&ids(asked), &mut page);
            assert_eq!(page.observed, []);
        }
    }
}
