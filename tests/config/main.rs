//! Config folders as people write them: what a right one says, how every mistake in one is told, and what somebody made to do harm.

mod broken;
#[allow(dead_code, reason = "shared, and each binary needs a part of it")]
#[path = "../shared/config_files.rs"]
mod config_files;
mod folders;
mod good;
mod hostile;
mod mistakes;
mod notify;
mod own_fields;
mod right;
mod schemas;
mod shown;
mod without_secrets;
