//! `nayose completions`

use super::args::Args;
use super::{Exit, output};
use clap::CommandFactory;
use clap_complete::Shell;

/// The completions of one shell, to stdout.
pub fn completions(shell: Shell) -> Exit {
    let mut text = Vec::new();
    clap_complete::generate(shell, &mut Args::command(), "nayose", &mut text);
    output::raw(&String::from_utf8_lossy(&text));
    Exit::Done
}
