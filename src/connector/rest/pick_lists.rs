//! How a system is asked for its own list of the words that a field takes.

use super::http::client::HttpClient;
use super::http::request::{Call, Fill};
use super::writing::rows::WordsOfPart;
use crate::connector::manifest::Writes;
use crate::connector::manifest::settings::Settings;
use crate::connector::port::{Error, Lane, PickList};
use crate::connector::raw::paths::Path;
use crate::connector::raw::scalars::text_of;
use crate::model::ShortText;

/// The request that a manifest names, bound to the system's settings.
pub struct PickListPlan {
    call: Call,
    words: Path,
}

impl PickListPlan {
    /// `None`: the manifest names no request, or one that needs a setting which is not given.
    pub fn new(writes: Option<&Writes>, settings: &Settings) -> Result<Option<PickListPlan>, String> {
        let Some(lists) = writes.and_then(|writes| writes.pick_lists.as_ref()) else { return Ok(None) };
        let words = Path::parse(&lists.words).map_err(|e| e.to_string())?;
        Ok(Call::new("pick list".to_string(), &lists.request, settings)?.map(|call| PickListPlan { call, words }))
    }

    /// Asks once: whoever needs it asks again.
    pub async fn ask(&self, http: &HttpClient, of: WordsOfPart) -> Result<PickList, Error> {
        let WordsOfPart { part, field, written } = of;
        let fields = [ShortText::from(&field)];
        let call = self.call.prepare(&Fill { fields: &fields, ..Fill::default() }, &Default::default());
        let answer = http.write(&call, Lane::Read).await.map_err(|failure| failure.error)?;
        let mut words = Vec::new();
        self.words.each(answer.json.root(), &mut |word| words.extend(text_of(word).map(|word| ShortText::from(&*word))));
        Ok(PickList { part, field, words, written })
    }
}
