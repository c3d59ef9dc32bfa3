//! Config folders as people write them: what a right one says, how every mistake in one is told, and what somebody made to do harm.

mod good;
mod hostile;
mod mistakes;
mod schemas;
mod shown;
mod without_secrets;
