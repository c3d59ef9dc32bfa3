//! Every metric: what it is called, what tells its series apart, and what it says. docs/operations.md has the same list, held by a test.

use metrics::{Label, SharedString, counter, describe_counter, describe_gauge, gauge};

/// What is known of a metric before anything was counted.
#[derive(Debug, Clone, Copy)]
pub struct Metric {
    pub name: &'static str,
    /// The names of its labels, in the order in which their values are given.
    pub labels: &'static [&'static str],
    pub help: &'static str,
}

const fn about(name: &'static str, labels: &'static [&'static str], help: &'static str) -> Metric {
    Metric { name, labels, help }
}

impl Metric {
    fn labelled(&self, values: &[&str]) -> Vec<Label> {
        debug_assert_eq!(self.labels.len(), values.len(), "{} has the labels {:?}", self.name, self.labels);
        let value = |text: &&str| SharedString::from((*text).to_string());
        self.labels.iter().zip(values).map(|(name, text)| Label::new(*name, value(text))).collect()
    }
}

/// What only grows while the process lives.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Counter {
    Requests,
    RecordsRead,
    Writes,
    Decisions,
    FooterMails,
    Footers,
    LogLinesDropped,
}

impl Counter {
    pub const ALL: [Counter; 7] = [
        Counter::Requests,
        Counter::RecordsRead,
        Counter::Writes,
        Counter::Decisions,
        Counter::FooterMails,
        Counter::Footers,
        Counter::LogLinesDropped,
    ];

    pub const fn about(self) -> Metric {
        let of_stream = &["system", "stream"];
        match self {
            Counter::Requests => about("nayose_requests_total", of_stream, "Requests that reading a stream took"),
            Counter::RecordsRead => about("nayose_records_read_total", of_stream, "Records that were read of a stream"),
            Counter::Writes => {
                let labels = &["system", "op", "outcome"];
                about(
                    "nayose_writes_total",
                    labels,
                    "Writes by what they do (hold, release, update) and how they ended (applied, rejected, unknown)",
                )
            }
            Counter::Decisions => about("nayose_decisions_total", &["decision"], "Answers of the gate over HTTP: allow, hold or deny"),
            Counter::FooterMails => {
                about("nayose_footer_mails_total", &["outcome"], "Mails that passed by the milter: `set`, or why they stayed as they came")
            }
            Counter::Footers => about(
                "nayose_footers_total",
                &["door", "action"],
                "What became of a footer for one recipient (set, given, none, missed, untouched), by where it was asked (milter, http)",
            ),
            Counter::LogLinesDropped => about("nayose_log_lines_dropped_total", &[], "Log lines that nobody took, and that are lost"),
        }
    }

    /// `values`: the labels', in their order.
    pub fn add(self, values: &[&str], by: u64) {
        let about = self.about();
        counter!(about.name, about.labelled(values)).increment(by);
    }

    /// What somebody else counts.
    pub(super) fn set_total(self, total: u64) {
        counter!(self.about().name).absolute(total);
    }
}

/// What is looked at when somebody asks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Gauge {
    Protecting,
    NotEnforced,
    People,
    PeopleHeld,
    StreamAge,
    Queue,
    DeadLetters,
    Parked,
    UnknownCodes,
    PlansWaiting,
    ConfigMistakes,
    RequestsToday,
}

impl Gauge {
    pub const ALL: [Gauge; 12] = [
        Gauge::Protecting,
        Gauge::NotEnforced,
        Gauge::People,
        Gauge::PeopleHeld,
        Gauge::StreamAge,
        Gauge::Queue,
        Gauge::DeadLetters,
        Gauge::Parked,
        Gauge::UnknownCodes,
        Gauge::PlansWaiting,
        Gauge::ConfigMistakes,
        Gauge::RequestsToday,
    ];

    pub const fn about(self) -> Metric {
        let of_system = &["system"];
        match self {
            Gauge::Protecting => {
                about("nayose_protecting", &[], "1 if all that is needed is fresh and every hold is written where it must be, else 0")
            }
            Gauge::NotEnforced => about(
                "nayose_not_enforced",
                &[],
                "People on holds whose record in some marketing system does not show it; NaN while that is not known",
            ),
            Gauge::People => about("nayose_people", &[], "People that are known"),
            Gauge::PeopleHeld => about("nayose_people_held", &[], "People on holds"),
            Gauge::StreamAge => {
                about("nayose_stream_age_seconds", &["system", "stream"], "Age of a stream's last complete pass; none while there was none")
            }
            Gauge::Queue => about("nayose_queue", &["system", "op"], "Records that wait to be written: hold, release, update"),
            Gauge::DeadLetters => about("nayose_dead_letters", of_system, "Writes that a system refused and that are not tried again"),
            Gauge::Parked => {
                about("nayose_parked", of_system, "Fields of records that are left alone as they do not stay or were written too often")
            }
            Gauge::UnknownCodes => about(
                "nayose_unknown_codes",
                of_system,
                "Fields of people's records that hold a code that the connector's map does not know",
            ),
            Gauge::PlansWaiting => about("nayose_plans_waiting", &[], "Plans that wait for `nayose approve`"),
            Gauge::ConfigMistakes => {
                about("nayose_config_mistakes", &[], "Mistakes in the config folder; the rules from before them are in force")
            }
            Gauge::RequestsToday => about("nayose_requests_today", of_system, "Requests to a system since midnight, UTC"),
        }
    }

    /// `values`: the labels', in their order.
    pub fn set(self, values: &[&str], to: f64) {
        let about = self.about();
        gauge!(about.name, about.labelled(values)).set(to);
    }
}

/// Tells the recorder what each metric is for, so that whoever reads the metrics finds it beside them.
pub(super) fn describe() {
    for counter in Counter::ALL.map(Counter::about) {
        describe_counter!(counter.name, counter.help);
    }
    for gauge in Gauge::ALL.map(Gauge::about) {
        describe_gauge!(gauge.name, gauge.help);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The rows of the table in docs/operations.md.
    fn rows() -> Vec<String> {
        let counters = Counter::ALL.map(|c| ("counter", c.about()));
        let gauges = Gauge::ALL.map(|g| ("gauge", g.about()));
        let row = |(kind, about): &(&str, Metric)| {
            let labels: Vec<String> = about.labels.iter().map(|l| format!("`{l}`")).collect();
            format!("| `{}` | {kind} | {} | {} |", about.name, labels.join(", "), about.help)
        };
        gauges.iter().chain(&counters).map(row).collect()
    }

    #[test]
    fn the_operations_page_lists_every_metric_and_no_other() {
        // Not `include_str`, with which each edit of the page would build everything anew.
        let page = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/operations.md")).unwrap();
        let listed: Vec<&str> = page.lines().filter(|l| l.starts_with("| `nayose_")).collect();
        assert_eq!(listed, rows(), "put these rows into the table of docs/operations.md:\n{}\n", rows().join("\n"));
    }

    #[test]
    fn names_are_in_the_form_that_prometheus_asks_for() {
        for about in Counter::ALL.map(Counter::about) {
            assert!(about.name.starts_with("nayose_") && about.name.ends_with("_total"), "{}", about.name);
        }
        for about in Gauge::ALL.map(Gauge::about) {
            assert!(about.name.starts_with("nayose_") && !about.name.ends_with("_total"), "{}", about.name);
        }
    }
}
