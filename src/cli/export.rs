//! `nayose export`

use super::args::{Common, Format};
use super::{Exit, open, output};
use crate::daemon::commands::{Command, Reply};
use crate::engine::export::{Sheet, What};
use serde_json::Value as Json;

pub async fn export(common: &Common, what: What, format: Format) -> Exit {
    match open::ask(common, Command::Export { what }, open::State::Needed).await {
        Ok(Reply::Export(sheet)) => {
            match format {
                _ if common.json => output::json(&sheet.objects()),
                Format::Json => output::json(&sheet.objects()),
                Format::Csv => match csv(&sheet) {
                    Ok(text) => output::data(text.trim_end()),
                    Err(error) => {
                        output::problem(&format!("the table is no CSV: {error}"));
                        return Exit::Refused;
                    }
                },
            }
            Exit::Done
        }
        other => open::unexpected(other),
    }
}

fn csv(sheet: &Sheet) -> anyhow::Result<String> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    writer.write_record(&sheet.columns)?;
    for row in &sheet.rows {
        writer.write_record(row.iter().map(|cell| match cell {
            Json::Null => String::new(),
            Json::String(text) => text.clone(),
            other => other.to_string(),
        }))?;
    }
    Ok(String::from_utf8(writer.into_inner()?)?)
}
