//! `nayose export`

use super::args::{Common, Format};
use super::spreadsheet::csv;
use super::{Exit, open, output};
use crate::daemon::commands::{Command, Reply};
use crate::engine::answers::export::ExportTable;

pub async fn export(common: &Common, what: ExportTable, format: Format, raw: bool) -> Exit {
    match open::ask(common, Command::Export { what }, open::StateNeed::Needed).await {
        Ok(Reply::Export(sheet)) => {
            match format {
                _ if common.json => output::json(&sheet.objects()),
                Format::Json => output::json(&sheet.objects()),
                Format::Csv => match csv(&sheet, raw) {
                    Ok((text, _)) if raw => output::raw(&text),
                    Ok((text, changed)) => {
                        output::data(text.strip_suffix('\n').unwrap_or(&text));
                        changed.told("--raw").iter().for_each(|told| output::note(told));
                    }
                    Err(error) => {
                        return common.end(Exit::Refused, &format!("the table is no CSV: {error}"));
                    }
                },
            }
            Exit::Done
        }
        other => open::unexpected(common, other),
    }
}
