//! What the handlers share.

use crate::daemon::Shell;
use crate::telemetry::Exporter;

/// The daemon that is asked, and its numbers.
#[derive(Clone)]
pub struct Web {
    pub shell: Shell,
    pub metrics: Exporter,
}
