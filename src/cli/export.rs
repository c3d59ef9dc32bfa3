//! `nayose export`

use super::args::{Common, Format};
use super::spreadsheet::csv;
use super::{Exit, open, output};
use crate::daemon::commands::{Command, Reply};
use crate::engine::export::What;

pub async fn export(common: &Common, what: What, format: Format, raw: bool) -> Exit {
    match open::ask(common, Command::Export { what }, open::State::Needed).await {
        Ok(Reply::Export(sheet)) => {
            match format {
                _ if common.json => output::json(&sheet.objects()),
                Format::Json => output::json(&sheet.objects()),
                Format::Csv => match csv(&sheet, raw) {
                    Ok((text, changed)) => {
                        output::data(text.trim_end());
                        if changed > 0 {
                            let (cells, get) = if changed == 1 { ("cell", "gets") } else { ("cells", "get") };
                            output::note(&format!(
                                "{changed} {cells} that a spreadsheet would take for a formula {get} an apostrophe in front; \
                                 --raw leaves them as they are, for other tools"
                            ));
                        }
                    }
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
