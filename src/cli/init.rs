//! `nayose init`

use super::args::{Common, ReaderLanguage};
use super::{Exit, output};
use crate::config;
use crate::connector::file::out::form;
use serde_json::json;
use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

/// Writes the files of an example config; none if one of them is there already.
///
/// `lists`: the form of a marketing tool that imports lists, for a company without a CRM.
pub fn init(common: &Common, folder: &Path, language: ReaderLanguage, lists: Option<&str>) -> Exit {
    if let Some(form) = lists.filter(|form| !form::names().contains(form)) {
        return common.end(Exit::Refused, &format!("there is no form {form:?}; there are {}", form::names().join(", ")));
    }
    let language = match language {
        ReaderLanguage::En => config::Language::English,
        ReaderLanguage::Ja => config::Language::Japanese,
    };
    let of = lists.map_or(config::ExampleOf::Systems, config::ExampleOf::Lists);
    let files = config::example(language, of);
    let there: Vec<String> = files.iter().map(|(name, _)| folder.join(name)).filter(|f| f.symlink_metadata().is_ok()).map(shown).collect();
    if !there.is_empty() {
        return common.end(Exit::Refused, &format!("{} there already, and nothing was written; name another folder", is_or_are(&there)));
    }
    let written = files.iter().map(|(name, text)| write_new(&folder.join(name), text)).collect::<io::Result<_>>();
    let made = config::example_folders(of).iter().try_for_each(|name| fs::create_dir_all(folder.join(name)));
    let written: Vec<PathBuf> = match made.and(written) {
        Ok(written) => written,
        Err(error) => {
            return common.end(Exit::Refused, &format!("the example config cannot be written into {}: {error}", folder.display()));
        }
    };
    if common.json {
        output::json(&json!({ "written": written }));
    } else {
        written.iter().for_each(|file| output::line(&shown(file.clone())));
        output::note(match lists {
            None => "edit them, put the secrets into the environment (or files) that systems.toml names, then run `nayose check`",
            Some(_) => "put your lists and the tool's export into the inbox folder, edit the files, then run `nayose check`",
        });
    }
    Exit::Done
}

/// Never over a file that somebody else made in this very moment.
fn write_new(file: &Path, text: &str) -> io::Result<PathBuf> {
    fs::create_dir_all(file.parent().unwrap_or(file))?;
    File::create_new(file)?.write_all(text.as_bytes())?;
    Ok(file.to_path_buf())
}

fn shown(file: PathBuf) -> String {
    file.display().to_string()
}

fn is_or_are(files: &[String]) -> String {
    format!("{} {}", files.join(", "), if files.len() == 1 { "is" } else { "are" })
}
