//! `nayose backup`

use super::args::Common;
use super::{Exit, open, output};
use crate::daemon::commands::{Command, Reply};
use crate::engine::backup::Made;
use crate::model::counted;
use crate::store::archive;
use std::fs::{self, File, OpenOptions};
use std::io;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

pub async fn backup(common: &Common, file: &Path) -> Exit {
    if file.exists() {
        output::problem(&format!("{} is there already and is not overwritten; choose another name", file.display()));
        return Exit::Refused;
    }
    let bar = output::progress("copying the state");
    let reply = open::ask(common, Command::Backup, open::State::Needed).await;
    bar.finish_and_clear();
    let made = match reply {
        Ok(Reply::Backup(made)) => made,
        other => return open::unexpected(other),
    };
    let taken = take(&made, file);
    if let Err(error) = fs::remove_file(&made.file) {
        output::note(&format!("note: {} is not needed any more and could not be removed ({error})", made.file.display()));
    }
    if let Err(why) = taken {
        output::problem(&why);
        return Exit::Refused;
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

/// Copies it to its place under another name, reads it again to its end, and only then gives it its name.
fn take(made: &Made, file: &Path) -> Result<(), String> {
    let failed = |error: io::Error| format!("cannot write {} ({error}); choose another folder, or free some space", file.display());
    let partial = beside(file);
    let copied = copy(&made.file, &partial).map_err(failed).and_then(|()| {
        let read_again = archive::verify(&partial).map_err(|e| e.to_string())?;
        if read_again != made.manifest {
            return Err(format!("{} is not what was backed up; try again", partial.display()));
        }
        // A link is made only where no file of that name is.
        fs::hard_link(&partial, file).map_err(failed)?;
        let folder = file.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."));
        File::open(folder).and_then(|f| f.sync_all()).map_err(failed)
    });
    let _ = fs::remove_file(&partial);
    copied
}

fn beside(file: &Path) -> PathBuf {
    let mut name = file.file_name().unwrap_or_default().to_os_string();
    name.push(".partial");
    file.with_file_name(name)
}

fn copy(from: &Path, to: &Path) -> io::Result<()> {
    let mut out = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(to)?;
    io::copy(&mut File::open(from)?, &mut out)?;
    out.sync_all()
}
