//! What the handlers share.

use crate::daemon::Shell;
use crate::telemetry::Exporter;
use std::path::Path;
use std::sync::Arc;

/// The daemon that is asked, and its numbers.
#[derive(Clone)]
pub struct Web {
    pub shell: Shell,
    pub metrics: Exporter,
    /// The config folder, whose footers are asked for.
    pub folder: Arc<Path>,
}
