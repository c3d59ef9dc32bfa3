//! Exit codes.

use super::args::Common;
use super::output;
use std::process::ExitCode;

/// How a command ended. The numbers are relied on by scripts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exit {
    Done,
    /// Done, with failures that were listed. `status`: watching or not protecting; `gate`: somebody is not allowed.
    Failures,
    /// Not done: config, arguments, or an approval is missing.
    Refused,
    NoState,
    /// `plan` only: there is something to write.
    SomethingToWrite,
}

impl Exit {
    /// The process's exit code.
    pub fn code(self) -> u8 {
        match self {
            Exit::Done => 0,
            Exit::Failures => 1,
            Exit::Refused => 2,
            Exit::NoState => 3,
            Exit::SomethingToWrite => 4,
        }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> ExitCode {
        ExitCode::from(exit.code())
    }
}

impl Common {
    /// Tells why a command ends without an answer: on stderr, and with `--json` as an answer too, so that who asked for JSON always gets it.
    pub fn end(&self, exit: Exit, why: &str) -> Exit {
        if self.json {
            output::json(&serde_json::json!({ "error": why, "exit": exit.code() }));
        }
        output::problem(why);
        exit
    }
}
