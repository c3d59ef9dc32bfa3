//! `nayose schema`

use super::args::SchemaFile;
use super::{Exit, output};
use crate::config;
use clap::ValueEnum;

pub fn schema(file: Option<SchemaFile>) -> Exit {
    let name = file.and_then(|f| f.to_possible_value().map(|v| v.get_name().to_string()));
    match name {
        Some(name) => output::json(&config::schema(&name)),
        None => {
            let all: serde_json::Map<_, _> =
                config::SCHEMAS.into_iter().filter_map(|name| Some((name.to_string(), config::schema(name)?))).collect();
            output::json(&all);
        }
    }
    Exit::Done
}
