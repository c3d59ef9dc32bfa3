//! `nayose man`

use super::args::{Args, Common};
use super::{Exit, output};
use clap::CommandFactory;
use std::path::Path;

/// The manual page of the program to stdout; with a folder, that of each command into it.
pub fn man(common: &Common, folder: Option<&Path>) -> Exit {
    let made = match folder {
        None => page().map(|text| output::raw(&text)),
        Some(folder) => std::fs::create_dir_all(folder).and_then(|()| clap_mangen::generate_to(Args::command(), folder)),
    };
    match (made, folder) {
        (Ok(()), Some(folder)) if common.json => output::json(&serde_json::json!({ "written": folder })),
        (Ok(()), Some(folder)) => output::line(&format!("the manual pages are in {}; read one with `man {0}/nayose.1`", folder.display())),
        (Ok(()), None) => {}
        (Err(error), _) => {
            let into = folder.map_or("stdout".to_string(), |f| f.display().to_string());
            return common.end(Exit::Refused, &format!("the manual pages cannot be written to {into}: {error}"));
        }
    }
    Exit::Done
}

fn page() -> std::io::Result<String> {
    let mut text = Vec::new();
    clap_mangen::Man::new(Args::command()).render(&mut text)?;
    Ok(String::from_utf8_lossy(&text).into_owned())
}
