//! What a raw answer is made of. Knows the vocabulary of manifests and no HTTP.
//!
//! - `json`: an answer as a tree; `paths`: places in it
//! - `scalars`, `numbers`, `plain`: single values, in the forms that people write them
//! - `conditions`: tests of them; `templates`: texts made of them; `from_toml`: values that a manifest gives

pub mod conditions;
pub mod from_toml;
pub mod json;
pub mod numbers;
pub mod paths;
pub mod plain;
pub mod scalars;
pub mod templates;
