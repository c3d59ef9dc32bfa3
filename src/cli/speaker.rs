//! Who gives a word that the journal keeps.

use crate::config::written::user_named;
use std::os::unix::fs::MetadataExt;

/// The one named on the command line, else who runs the command: whoever became root for it, else the process's own user.
pub fn speaker(named: Option<String>) -> String {
    let said = |name: &String| !name.trim().is_empty();
    named.filter(said).or_else(|| std::env::var("SUDO_USER").ok().filter(said)).unwrap_or_else(own_user)
}

fn own_user() -> String {
    match std::fs::metadata("/proc/self") {
        Ok(own) => user_named(own.uid()),
        Err(_) => std::env::var("USER").unwrap_or_else(|_| "someone".to_string()),
    }
}
