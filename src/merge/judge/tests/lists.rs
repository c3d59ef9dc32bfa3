//! Lists put together, and what was taken out of them.

use super::*;

/// `a` is there as read first, `a=5` by our write, `a+5` put in on that day, `a-5` taken out.
fn listed(system: &str, entries: &str, read: i64) -> Row {
    let mut row = row(system, "1", "@|", read);
    let mut shown = Vec::new();
    let mut fates = Vec::new();
    for entry in entries.split(' ').filter(|e| !e.is_empty()) {
        let at = entry.find(['=', '+', '-']).unwrap_or(entry.len());
        let (name, fate) = entry.split_at(at);
        let day = fate.get(1..).and_then(|day| day.parse().ok()).unwrap_or_default();
        match fate.chars().next() {
            Some('=') => fates.push((name.into(), EntryFate::Ours(Time(day * DAY)))),
            Some('+') => fates.push((name.into(), EntryFate::Added(on(day)))),
            Some(_) => fates.push((name.into(), EntryFate::Removed(on(day)))),
            None => {}
        }
        if !fate.starts_with('-') {
            shown.push(name);
        }
    }
    (row.value, row.entries) = (Value::list(shown), Some(Entries::of(fates)));
    row
}

#[test]
fn unions_know_what_was_removed() {
    let r = rule(Strategy::Union(names(&["crm", "ma"])));
    for (what, crm, ma, want) in [
        ("first meeting", "a b", "c", Some("a, b, c")),
        ("settled", "a b", "a=2 b=2", Some("a, b")),
        ("removed in one that is only read, and ours elsewhere", "a b-5", "a=2 b=2 c", Some("a, c")),
        ("removed before anything was written", "a b-5", "a b", Some("a")),
        ("added and removed in one, and ours elsewhere", "a c=3", "a c-5", Some("a")),
        ("set in one, removed in the other", "z+3", "z-5", Some("(empty)")),
        ("removed, then set in the other", "z+7", "z-5", Some("z")),
        ("removed in one and set in the other on the same day", "z+5", "z-5", Some("z")),
        ("removed while our write was under way", "z=6", "z-5", Some("(empty)")),
        ("whose source is gone", "", "a=2", Some("a")),
        ("spelled in its own way", "VIP+3", "vip=4", Some("VIP")),
        ("spelled in its own way and removed", "VIP+3", "vip-5", Some("(empty)")),
        ("spelled by the first in the order", "VIP", "Vip", Some("VIP")),
        ("nothing anywhere", "", "", None),
    ] {
        let rows = [listed("crm", crm, 1), listed("ma", ma, 1), listed("erp", "x a-9", 1)];
        assert_eq!(told(&r, RulePart::Otherwise, &rows).0.as_deref(), want, "{what}");
    }
    let rows = [listed("crm", "", 1), listed("ma", "a-5", 1), listed("crm", "a=6", 1)];
    assert_eq!(told(&r, RulePart::Otherwise, &rows).2, ["empty", "empty", "removed elsewhere"]);
}
