//! `nayose connector try`: whether a system takes the fixed words that are to be written to it.

use crate::config::{Rules, System, nearest};
use crate::connector::{Connector, Error, PickList, WrittenWord};
use crate::engine::rules::taken_words;
use crate::model::Name;
use serde_json::{Value as Json, json};

/// What a system's own lists say of the words that are to be written.
#[derive(Default)]
pub struct PickListsTold {
    pub lines: Vec<String>,
    pub json: Vec<Json>,
    /// A word is not taken.
    pub failed: bool,
}

/// Asks a system for its lists.
pub async fn pick_lists(connector: &dyn Connector, system: &System, rules: &Rules) -> PickListsTold {
    let statuses: Vec<Name> = rules.policy.statuses.iter().map(|status| status.name.clone()).collect();
    told(system, &connector.pick_lists(&system.written_parts(), &statuses).await)
}

fn told(system: &System, lists: &[Result<PickList, Error>]) -> PickListsTold {
    let mut told = PickListsTold::default();
    for list in lists {
        match list {
            // Such a credential may read and write what is needed all the same.
            Err(error) => {
                told.lines.push(format!("{}: which words it takes could not be asked: {error}", system.name()));
                told.json.push(json!({ "error": error.to_string() }));
            }
            Ok(list) => {
                let words = || list.words.iter().map(|word| &**word);
                let lacking: Vec<&WrittenWord> = list.lacking().collect();
                told.failed |= !lacking.is_empty();
                told.lines.extend(lacking.iter().map(|lacking| taken_words::told(system.name(), list, lacking)));
                let lacks = lacking.iter().map(|l| json!({ "ours": l.ours, "word": l.word, "nearest": nearest(&l.word, words()) }));
                let lacks: Vec<Json> = lacks.collect();
                told.json.push(json!({ "part": list.part, "field": list.field, "words": list.words.len(), "lacks": lacks, "error": null }));
            }
        }
    }
    told
}
