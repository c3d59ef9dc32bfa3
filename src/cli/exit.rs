//! Exit codes.

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

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> ExitCode {
        ExitCode::from(match exit {
            Exit::Done => 0,
            Exit::Failures => 1,
            Exit::Refused => 2,
            Exit::NoState => 3,
            Exit::SomethingToWrite => 4,
        })
    }
}
