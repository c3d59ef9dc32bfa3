//! The state under fire: the binary is killed, its files are bent, cut and taken away, the disk is full, the format is another. Refusals and
//! approvals are kept, nothing is released before everything was read anew, and the end is that of an undamaged twin.
//!
//! `cargo test --test robustness damage -- --nocapture` prints the table. `NAYOSE_KILLS` (200), `NAYOSE_PLACES` (100) and `NAYOSE_KILL_SEED` change how
//! much is done, `NAYOSE_DAMAGE` (kills, files, formats, full) does one part only.

#![allow(clippy::disallowed_methods, reason = "real processes go by the wall clock")]

mod backup;
mod files;
mod formats;
mod full;
mod kills;
mod modes;
mod script;
mod stage;
mod traced;

/// A line of the table.
pub struct Row {
    pub damage: String,
    pub times: usize,
    pub seen: String,
    pub refusals: String,
    pub approvals: String,
    pub widened: usize,
}

type Part = fn() -> Vec<Row>;

/// So many, or what the environment says.
pub fn number(name: &str, usual: usize) -> usize {
    std::env::var(name).ok().and_then(|n| n.parse().ok()).unwrap_or(usual)
}

/// Each part asserts what it shows; the table is for people.
#[test]
fn the_state_damage_table() {
    let parts: [(&str, Part); 4] = [("kills", kills::rows), ("files", files::rows), ("formats", formats::rows), ("full", full::rows)];
    let only = std::env::var("NAYOSE_DAMAGE").ok();
    let rows: Vec<Row> = std::thread::scope(|scope| {
        let chosen = parts.iter().filter(|(name, _)| only.as_ref().is_none_or(|o| o == name));
        let running: Vec<_> = chosen.map(|(_, part)| scope.spawn(part)).collect();
        let ended: Vec<_> = running.into_iter().map(|part| part.join()).collect();
        ended.into_iter().flat_map(|rows| rows.expect("a part failed; it says above which")).collect()
    });
    println!("| damage | times | seen | refusals kept | approvals kept | widened |\n| --- | --- | --- | --- | --- | --- |");
    for row in &rows {
        println!("| {} | {} | {} | {} | {} | {} |", row.damage, row.times, row.seen, row.refusals, row.approvals, row.widened);
    }
    assert!(rows.iter().all(|row| row.widened == 0));
}
