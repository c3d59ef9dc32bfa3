//! Reads records of a stream by their ids: those that something names and no listing showed.

use super::page_reader::PageReader;
use super::streams::ByIdPlan;
use crate::connector::map::Mapper;
use crate::connector::port::{Error, Observed, PageRead, PageSink, PassEnd};
use crate::model::{Entity, RecordId, ShortText};

/// Whoever is refused hides nobody behind, but where so many are, with nobody between, it is the request that is refused.
const REFUSED_IN_A_ROW_MAX: usize = 10;

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
        let (mut refused, mut refused_in_a_row) = (None, 0);
        let mut left: Vec<&[ShortText]> = ids.chunks(plan.chunk.max(1)).rev().collect();
        while let Some(asked) = left.pop() {
            let mut page = match self.by_ids(&plan.call, mapper, asked, plan.chunk, &mut end).await {
                Ok(page) => page,
                Err(Error::NotFound { .. }) if asked.len() == 1 => PageRead::default(),
                Err(error @ (Error::NotFound { .. } | Error::Refused { .. } | Error::NotUnderstood { .. })) => {
                    refused_in_a_row += 1;
                    if refused_in_a_row >= REFUSED_IN_A_ROW_MAX {
                        return Err(error);
                    }
                    match asked {
                        [_] => drop(refused.get_or_insert(error)),
                        // It may mean one of them.
                        several => left.extend(several.chunks(1).rev()),
                    }
                    continue;
                }
                Err(error) => return Err(error),
            };
            refused_in_a_row = 0;
            let of = |id: &ShortText| RecordId::new(self.http.system.clone(), entity, id.clone());
            missing(&asked.iter().map(of).collect::<Vec<_>>(), &mut page);
            sink(page).await.map_err(|why| self.not_kept(&plan.call, why))?;
        }
        refused.map_or(Ok(end), Err)
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
        Unread {
            row: "q_1".into(),
            entity,
            id: None,
            people: vec![],
            accounts: vec![],
            names_companies: false,
            addresses: vec![],
            names_all: true,
            why,
        }
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
