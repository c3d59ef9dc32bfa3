//! `nayose report`

use super::args::{Common, ReportOrder};
use super::{Exit, open, output};
use crate::daemon::commands::{Command, Reply};
use crate::daemon::footers::log::FooterReport;
use crate::model::counted;
use std::collections::BTreeMap;

pub async fn report(common: &Common, order: ReportOrder) -> Exit {
    let ReportOrder::Footers = order;
    match open::ask(common, Command::ReportFooters, open::StateNeed::Needed).await {
        Ok(Reply::FooterReport(report)) => {
            if common.json {
                output::json(&report);
            } else {
                output::data(&text(&report));
            }
            Exit::Done
        }
        other => open::unexpected(common, other),
    }
}

fn text(report: &FooterReport) -> String {
    let mails = counted(report.mails as usize, "mail", "mails");
    let mut lines = vec![format!("since {}: {mails} passed by, {} with a footer", report.since, report.set)];
    let parts: [(&str, &BTreeMap<String, u64>); 4] = [
        ("mails that stayed as they came", &report.stayed),
        ("recipients of newsletters, and those who were asked for over HTTP", &report.recipients),
        ("why some may have none", &report.reasons),
        ("who got each footer", &report.footers),
    ];
    for (title, counts) in parts.iter().filter(|(_, counts)| !counts.is_empty()) {
        lines.extend([String::new(), format!("{title}:")]);
        lines.extend(counts.iter().map(|(name, count)| format!("  {name}: {count}")));
    }
    output::lines(&lines)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_never_met_is_not_told() {
        let counts = |of: &[(&str, u64)]| of.iter().map(|(name, count)| (name.to_string(), *count)).collect();
        let report = FooterReport {
            since: "2026-12-01T00:00:00Z".into(),
            mails: 3,
            set: 1,
            stayed: counts(&[("no_slot", 1), ("not_all_may", 1)]),
            recipients: counts(&[("missed", 1), ("none", 1), ("set", 1)]),
            reasons: counts(&[("refused_all", 1)]),
            footers: counts(&[("webinar", 1)]),
        };
        insta::assert_snapshot!(text(&report));
        let quiet = FooterReport { since: "2026-12-01T00:00:00Z".into(), ..FooterReport::default() };
        assert_eq!(text(&quiet), "since 2026-12-01T00:00:00Z: 0 mails passed by, 0 with a footer");
    }
}
