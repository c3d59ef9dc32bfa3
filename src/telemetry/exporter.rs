//! The metrics as Prometheus reads them.

use super::metric;
use metrics_exporter_prometheus::{PrometheusBuilder, PrometheusHandle};
use std::sync::OnceLock;

/// Where what was counted is read. Cheap to clone.
#[derive(Clone)]
pub struct Exporter(PrometheusHandle);

impl Exporter {
    /// Takes in what the process counts from now on. There is one for the process: a second daemon in it, as in tests, tells the same numbers.
    pub fn install() -> Exporter {
        static INSTALLED: OnceLock<PrometheusHandle> = OnceLock::new();
        let install = || {
            let recorder = PrometheusBuilder::new().build_recorder();
            let handle = recorder.handle();
            // It fails where there is one already, and this is the only place that makes one.
            let _ = metrics::set_global_recorder(recorder);
            metric::describe();
            handle
        };
        Exporter(INSTALLED.get_or_init(install).clone())
    }

    /// Prometheus' text form.
    pub fn text(&self) -> String {
        self.0.render()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::telemetry::metric::{Counter, Gauge};

    #[test]
    fn each_metric_says_what_it_is_for() {
        let recorder = PrometheusBuilder::new().build_recorder();
        let exporter = Exporter(recorder.handle());
        metrics::with_local_recorder(&recorder, || {
            metric::describe();
            Counter::Writes.add(&["ma", "hold", "applied"], 3);
            Gauge::People.set(&[], 2.0);
        });
        let text = exporter.text();
        assert!(text.contains(&format!("# HELP nayose_writes_total {}\n", Counter::Writes.about().help)), "{text}");
        assert!(text.contains("nayose_writes_total{system=\"ma\",op=\"hold\",outcome=\"applied\"} 3\n"), "{text}");
        assert!(text.contains("# HELP nayose_people People that are known\n# TYPE nayose_people gauge\nnayose_people 2\n"), "{text}");
    }
}
