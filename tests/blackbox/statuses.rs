//! What `[status]` says of people, and what of it targets are told.

use super::harness::{SOON, Setup, World, person, wait_until};
use nayose::model::Span;
use nayose::sandbox::crm::history::SALESPERSON;
use nayose::sandbox::{CrmKind, Handle};

/// Lost a day ago but for so many seconds, and never seen open.
fn lost_nearly_a_day_ago(handle: &Handle, deal: u64, left: i64) {
    handle.set_deal_stage(deal, "lost").unwrap();
    handle.with(|w| {
        let now = w.now();
        let ended = now.minus(Span::days(1)).plus(Span::seconds(left)).rfc3339();
        assert!(w.crm.edit(CrmKind::Deal, deal, vec![("closedate".to_string(), ended)], now, SALESPERSON));
    });
}

/// Nothing else changes: a day is over since the deal was lost, while the daemon runs.
#[test]
fn a_number_of_days_that_turns_is_noticed_while_the_daemon_runs() {
    let by_days = "lost = 'deals.exists(d, d.lost && d.closed_days < 1)'\nrecycled = 'deals.exists(d, d.lost)'\nlead = 'true'";
    let mut lead = 0;
    let world = World::running_with(Setup { statuses: Some(by_days), ..Setup::default() }, |handle| {
        let someone = person(handle, "Hanako", "Mori", None);
        let deal = handle.open_deal(&[someone.contact], None).unwrap();
        lost_nearly_a_day_ago(handle, deal, 20);
        lead = someone.lead;
    });
    assert_eq!(world.lead(lead).text("leadStatus"), Some("lost"));
    let daemon = world.daemon();
    wait_until("a day is over", SOON, || world.lead(lead).text("leadStatus") == Some("recycled"));
    daemon.stop();
}
