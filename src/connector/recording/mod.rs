//! What a system answered, kept so that it can be handed on: people, addresses, ids, texts and tokens are replaced, their shapes and links stay.
//!
//! - [`taken`]: listens on the way out, while [`asked`] asks in each way; [`words`]: what may stay as it is, by the manifest
//! - [`stand_ins`]: what takes the place of a word, a number or an address; [`texts`], [`dates`]: what a text is made of; [`shown`]: whole exchanges
//! - [`kept`]: the files, and the search that lets none out with something of a person in it; [`replay`]: played through the mapping again

pub mod asked;
pub mod dates;
pub mod kept;
pub mod replay;
pub mod shown;
pub mod stand_ins;
pub mod taken;
pub mod texts;
pub mod words;
