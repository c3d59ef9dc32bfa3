//! What a raw answer is made of: JSON, paths into it, scalars, conditions, templates. Knows the vocabulary of manifests and no HTTP.

pub mod conditions;
pub mod from_toml;
pub mod json;
pub mod numbers;
pub mod paths;
pub mod plain;
pub mod scalars;
pub mod templates;
