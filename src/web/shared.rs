//! What the handlers share.

use crate::daemon::Shell;
use metrics_exporter_prometheus::PrometheusHandle;

/// The daemon that is asked, and its numbers.
#[derive(Clone)]
pub struct Web {
    pub shell: Shell,
    pub metrics: PrometheusHandle,
}
