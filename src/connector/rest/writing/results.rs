//! Reads the outcome of each row out of a batch's answer.

use crate::connector::manifest;
use crate::connector::port::Outcome;
use crate::connector::raw::conditions::RowTest;
use crate::connector::raw::json::Json;
use crate::connector::raw::paths::Path;
use crate::connector::raw::scalars::{id_of, text_of};
use std::collections::BTreeMap;

/// A manifest's `results`, made ready.
#[derive(Debug)]
pub struct RowResults {
    path: Path,
    id: Option<Path>,
    applied: Option<RowTest>,
    reason: Option<Path>,
    errors: Option<Path>,
    error_ids: Option<Path>,
    error_reason: Option<Path>,
}

impl RowResults {
    pub fn new(said: &manifest::Results) -> Result<RowResults, String> {
        let path = |text: &String| Path::parse(text).map_err(|e| e.to_string());
        Ok(RowResults {
            path: path(&said.path)?,
            id: said.id.as_ref().map(path).transpose()?,
            applied: said.applied.as_ref().map(RowTest::new).transpose()?,
            reason: said.reason.as_ref().map(path).transpose()?,
            errors: said.errors.as_ref().map(path).transpose()?,
            error_ids: said.error_ids.as_ref().map(path).transpose()?,
            error_reason: said.error_reason.as_ref().map(path).transpose()?,
        })
    }

    /// One outcome for each id. A row of which the answer says nothing is `Unknown`.
    pub fn outcomes(&self, ids: &[&str], answer: &Json<'_>) -> Vec<Outcome> {
        let results: Vec<&Json<'_>> = self.path.first(answer).and_then(Json::as_array).map(|r| r.iter().collect()).unwrap_or_default();
        let untold = || Outcome::Unknown("the answer does not say what became of it".to_string());
        let Some(id) = &self.id else {
            if results.len() != ids.len() {
                return ids.iter().map(|_| untold()).collect();
            }
            return results.into_iter().map(|r| self.outcome(r)).collect();
        };
        let mut told: BTreeMap<String, Outcome> = BTreeMap::new();
        for result in results {
            if let Some(id) = id.first(result).and_then(id_of) {
                told.insert(id.into_owned(), self.outcome(result));
            }
        }
        let errors = self.errors.as_ref().and_then(|p| p.first(answer)).and_then(Json::as_array).into_iter().flatten();
        for error in errors {
            let reason = text_at(&self.error_reason, error).unwrap_or_else(|| "refused without a reason".to_string());
            if let Some(path) = &self.error_ids {
                path.entries(error, &mut |v| {
                    if let Some(id) = id_of(v) {
                        told.insert(id.into_owned(), Outcome::Rejected(reason.clone()));
                    }
                });
            }
        }
        ids.iter().map(|id| told.remove(*id).unwrap_or_else(untold)).collect()
    }

    fn outcome(&self, result: &Json<'_>) -> Outcome {
        match self.applied.as_ref().map_or(Ok(true), |c| c.holds(result)) {
            Ok(true) => Outcome::Applied,
            Ok(false) => Outcome::Rejected(text_at(&self.reason, result).unwrap_or_else(|| "refused without a reason".to_string())),
            Err(why) => Outcome::Unknown(why.0),
        }
    }
}

fn text_at(path: &Option<Path>, value: &Json<'_>) -> Option<String> {
    path.as_ref().and_then(|p| p.first(value)).and_then(text_of).map(|t| t.into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn results(text: &str) -> RowResults {
        RowResults::new(&toml::from_str(text).unwrap()).unwrap()
    }

    #[test]
    fn by_place() {
        let r = results("path = 'result'\napplied = { path = 'status', equals = 'updated' }\nreason = 'reasons[].message'");
        let answer = json!({"result": [{"status": "updated"}, {"status": "skipped", "reasons": [{"message": "Lead not found"}]}]});
        assert_eq!(r.outcomes(&["1", "2"], &Json::from(&answer)), [Outcome::Applied, Outcome::Rejected("Lead not found".into())]);
        assert!(r.outcomes(&["1", "2", "3"], &Json::from(&answer)).iter().all(|o| matches!(o, Outcome::Unknown(_))));
    }

    #[test]
    fn by_id_with_errors_beside() {
        let r = results("path = 'results'\nid = 'id'\nerrors = 'errors'\nerror_ids = 'context.ids[]'\nerror_reason = 'message'");
        let answer = json!({"results": [{"id": "3"}, {"id": 1}], "errors": [{"message": "gone", "context": {"ids": ["2"]}}]});
        let outcomes = r.outcomes(&["1", "2", "3", "4"], &Json::from(&answer));
        assert_eq!(outcomes[..3], [Outcome::Applied, Outcome::Rejected("gone".into()), Outcome::Applied]);
        assert!(matches!(outcomes[3], Outcome::Unknown(_)));
    }
}
