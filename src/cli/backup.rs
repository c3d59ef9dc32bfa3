//! `nayose backup`

use super::args::Common;
use super::{Exit, open, output};
use crate::daemon::commands::{Command, Reply};
use crate::engine::answers::backup::Made;
use crate::model::counted;
use crate::store::state::archive;
use std::fs::{self, File};
use std::io;
use std::path::Path;

pub async fn backup(common: &Common, file: &Path) -> Exit {
    // A link that leads nowhere is there too.
    if file.symlink_metadata().is_ok() {
        return common.end(Exit::Refused, &there_already(file));
    }
    let bar = output::progress("copying the state");
    let reply = open::ask(common, Command::Backup, open::StateNeed::Needed).await;
    bar.finish_and_clear();
    let made = match reply {
        Ok(Reply::Backup(made)) => made,
        other => return open::unexpected(common, other),
    };
    let taken = take(&made, file);
    if let Err(error) = fs::remove_file(&made.file) {
        output::note(&format!("note: {} is not needed any more and could not be removed ({error})", made.file.display()));
    }
    if let Err(why) = taken {
        return common.end(Exit::Refused, &why);
    }
    if common.json {
        output::json(&serde_json::json!({ "file": file, "manifest": made.manifest }));
    } else {
        let m = &made.manifest;
        output::data(&format!(
            "{}: {} and {} of journal, as of {}",
            file.display(),
            counted(m.items, "item", "items"),
            counted(m.journal_bytes, "byte", "bytes"),
            m.made_at
        ));
        output::note(
            "the config and its secrets are not in it; it holds names and addresses of everyone: keep it as you keep the CRM's own backups",
        );
    }
    Exit::Done
}

/// Copies it to its place under another name, reads it again to its end, and only then gives it its name. The other name is random, and
/// the file is made by us, for us alone: in a folder that others may write to, nobody can put one of theirs in its way.
fn take(made: &Made, file: &Path) -> Result<(), String> {
    let failed = |error: io::Error| format!("cannot write {} ({error}); choose another folder, or free some space", file.display());
    let folder = file.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let mut name = file.file_name().unwrap_or_default().to_os_string();
    name.push(".");
    // Taken away when it is dropped.
    let mut partial = tempfile::Builder::new().prefix(&name).suffix(".partial").tempfile_in(folder).map_err(failed)?;
    let mut from = archive::open(&made.file).map_err(|e| e.to_string())?;
    io::copy(&mut from, partial.as_file_mut()).and_then(|_| partial.as_file().sync_all()).map_err(failed)?;
    let read_again = archive::verify(partial.as_file(), partial.path()).map_err(|e| e.to_string())?;
    if read_again != made.manifest {
        return Err(format!("{} is not what was backed up; try again", partial.path().display()));
    }
    partial.persist_noclobber(file).map_err(|e| match e.error.kind() {
        io::ErrorKind::AlreadyExists => there_already(file),
        _ => failed(e.error),
    })?;
    File::open(folder).and_then(|f| f.sync_all()).map_err(failed)
}

fn there_already(file: &Path) -> String {
    format!("{} is there already and is not overwritten; choose another name", file.display())
}
