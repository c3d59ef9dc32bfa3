//! `nayose sync`

use super::args::Common;
use super::plan::waiting_text;
use super::{Exit, open, output};
use crate::daemon::commands::{Command, Reply};
use crate::model::counted;

pub async fn sync(common: &Common, system: Option<String>) -> Exit {
    let bar = output::progress("reading, deciding, writing");
    let reply = open::ask_and_watch(common, Command::Sync { system }, open::StateNeed::Made, &bar).await;
    bar.finish_and_clear();
    let synced = match reply {
        Ok(Reply::Sync(synced)) => synced,
        other => return open::unexpected(common, other),
    };
    if common.json {
        output::json(&synced);
    } else {
        let mut table = output::table(&["stream", "requests", "read", "changed", "error"]);
        for s in &synced.streams {
            table.add_row(vec![
                format!("{}.{}", s.system, s.stream),
                s.requests.to_string(),
                s.read.to_string(),
                s.changed.to_string(),
                s.error.as_deref().map(output::shortened).unwrap_or_default(),
            ]);
        }
        output::data(&format!("run {}\n{table}", synced.run));
        let mut table = output::table(&["written to", "op", "applied", "rejected", "unknown"]);
        for (system, tally) in &synced.writes {
            for (op, counts) in [("hold", tally.hold), ("release", tally.release), ("update", tally.update)] {
                table.add_row(vec![
                    system.to_string(),
                    op.into(),
                    counts.applied.to_string(),
                    counts.rejected.to_string(),
                    counts.unknown.to_string(),
                ]);
            }
        }
        output::data(&table.to_string());
    }
    for (system, tally) in synced.writes.iter().filter(|(_, tally)| tally.listed > 0) {
        let writes = counted(tally.listed, "change", "changes");
        output::note(&format!("{writes} for {system} to be imported from lists by a person: `nayose status` says where"));
    }
    for s in &synced.streams {
        if let Some(error) = &s.error {
            output::problem(&format!("{}.{}: {error}", s.system, s.stream));
        }
    }
    for (system, why) in &synced.no_list {
        output::problem(&format!("{system}: not all that is due is in a list: {why}"));
    }
    for note in &synced.quarantine {
        output::note_line(note);
    }
    for (system, count) in &synced.unwritten {
        let holds = counted(*count, "hold is", "holds are");
        output::note(&format!("{holds} not written to {system} yet: `nayose status` says why"));
    }
    for waiting in &synced.waiting {
        // By their ids: what `sync` says is kept in the logs of whoever runs it.
        output::note_line(&waiting_text(waiting, &waiting.samples.join(", ")));
    }
    for system in &synced.not_approved {
        output::note(&format!(
            "nothing was written to {system}: first contact only looks. `nayose plan` shows what would be; `nayose approve {system}` lets it go"
        ));
    }
    if synced.failed() { Exit::Failures } else { Exit::Done }
}
