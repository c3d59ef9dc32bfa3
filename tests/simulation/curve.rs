//! The curve over the days, and whether it is flat.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::path::Path;

/// Growth beyond the data's own that counts as flat.
const FLAT: f64 = 0.10;
/// The unit of /proc/self/statm.
const MEMORY_PAGE: u64 = 4096;

/// What one day came to.
#[derive(Debug, Clone, Default)]
pub struct Day {
    pub number: u32,
    pub requests: BTreeMap<&'static str, u64>,
    /// Records written to.
    pub writes: u64,
    /// What happened in the systems.
    pub events: u64,
    /// Times that the state waited for the disk.
    pub commits: u64,
    /// Records in the systems, and such as the daemon keeps something of.
    pub records: usize,
    pub known: usize,
    pub memory: u64,
    pub store: u64,
    pub journal: u64,
    pub outbox: usize,
    pub waiting: usize,
    pub tasks: usize,
}

pub fn heading() -> String {
    let columns =
        ["crm", "support", "ma", "news", "writes", "commits", "events", "records", "known", "RSS MB", "sled MB", "journal kB", "outbox"];
    let mut line = format!("{:>3}", "day");
    for column in columns.iter().chain(&["waiting", "tasks"]) {
        let _ = write!(line, " {column:>10}");
    }
    line
}

impl Day {
    pub fn line(&self) -> String {
        let mut line = format!("{:>3}", self.number);
        for system in ["crm", "support", "ma", "news"] {
            let _ = write!(line, " {:>10}", self.requests.get(system).copied().unwrap_or(0));
        }
        for number in [self.writes, self.commits, self.events, self.records as u64, self.known as u64] {
            let _ = write!(line, " {number:>10}");
        }
        let mega = |bytes: u64| bytes as f64 / 1e6;
        let _ = write!(line, " {:>10.1} {:>10.1} {:>10.1}", mega(self.memory), mega(self.store), self.journal as f64 / 1e3);
        for number in [self.outbox, self.waiting, self.tasks] {
            let _ = write!(line, " {number:>10}");
        }
        line
    }

    pub fn all_requests(&self) -> u64 {
        self.requests.values().sum()
    }
}

/// One measure, per record, in the second week and in the last.
#[derive(Debug, Clone)]
pub struct Growth {
    pub what: &'static str,
    pub share: f64,
}

impl Growth {
    pub fn is_flat(&self) -> bool {
        self.share <= FLAT
    }
}

/// A measure of a day.
type Of = fn(&Day) -> f64;

/// The last week against the second, each by its middle day: the store's files grow and shrink in teeth. `None` for fewer than three weeks.
pub fn growth(days: &[Day]) -> Option<Vec<Growth>> {
    if days.len() < 21 {
        return None;
    }
    let (second, last) = (&days[7..14], &days[days.len() - 7..]);
    let middle = |week: &[Day], of: Of| {
        let mut all: Vec<f64> = week.iter().map(of).collect();
        all.sort_by(f64::total_cmp);
        all[all.len() / 2]
    };
    let records = |d: &Day| d.records as f64;
    let data = (middle(last, records) / middle(second, records)).max(1.0);
    let measures: [(&'static str, Of); 3] =
        [("memory", |d| d.memory as f64), ("disk", |d| (d.store + d.journal) as f64), ("requests per day", |d| d.all_requests() as f64)];
    Some(measures.map(|(what, of)| Growth { what, share: middle(last, of) / middle(second, of) / data - 1.0 }).to_vec())
}

/// Bytes of RAM that this process has.
pub fn memory_bytes() -> u64 {
    let text = std::fs::read_to_string("/proc/self/statm").unwrap_or_default();
    text.split_whitespace().nth(1).and_then(|n| n.parse::<u64>().ok()).unwrap_or(0) * MEMORY_PAGE
}

/// How many commits a state folder has seen, as noted beside the store.
pub fn noted_commits(folder: &Path) -> u64 {
    let text = std::fs::read_to_string(folder.join("commits")).unwrap_or_default();
    text.split_whitespace().next().and_then(|n| n.parse().ok()).unwrap_or(0)
}

/// Bytes of a file, or of all files in a folder.
pub fn folder_bytes(path: &Path) -> u64 {
    let Ok(entries) = std::fs::read_dir(path) else { return std::fs::metadata(path).map_or(0, |m| m.len()) };
    entries.flatten().map(|e| folder_bytes(&e.path())).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn days(memory: fn(u64) -> u64, records: fn(u64) -> u64) -> Vec<Day> {
        let requests = || BTreeMap::from([("crm", 5_000), ("ma", 2_000)]);
        let day =
            |n: u64| Day { requests: requests(), memory: memory(n), records: records(n) as usize, store: 1_000_000, ..Day::default() };
        (1..=24).map(day).collect()
    }

    #[test]
    fn what_grows_more_than_the_data_is_not_flat() {
        let flat = |memory, records| growth(&days(memory, records)).map(|g| g.iter().map(Growth::is_flat).collect::<Vec<_>>());
        assert_eq!(flat(|_| 100, |_| 10), Some(vec![true, true, true]));
        assert_eq!(flat(|n| 100 + 2 * n, |_| 100), Some(vec![false, true, true]));
        assert_eq!(flat(|n| 100 + 2 * n, |n| 100 + 2 * n), Some(vec![true, true, true]));
        assert_eq!(
            growth(&days(|_| 1, |_| 1)).map(|g| g.iter().map(|g| g.what).collect()),
            Some(vec!["memory", "disk", "requests per day"])
        );
        // Fewer records are no reason for less to be flat.
        assert_eq!(flat(|_| 100, |n| 1_000 - 30 * n), Some(vec![true, true, true]));
        assert!(growth(&days(|_| 1, |_| 1)[..20]).is_none());
    }
}
