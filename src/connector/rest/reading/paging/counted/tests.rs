//! Counted pages over lists that stand still and lists that move.

use super::*;
use std::collections::BTreeSet;

const UNTOLD: TotalSaid = TotalSaid { moved: true, all: false, now: None };

/// A list of rows, and what happens to it before each of the requests.
struct List {
    rows: Vec<u64>,
    tells_total: bool,
    size: usize,
    /// This page has one row.
    short: Option<usize>,
}

/// Reads the list to its end; `happens` changes it before the request of this number. Answers what was seen, how it ended, and the requests.
fn read(mut list: List, by: CountedBy, mut happens: impl FnMut(usize, &mut Vec<u64>)) -> (BTreeSet<u64>, Counting, usize) {
    let mut counted = Counted::going_on(by, 0, Vec::new());
    let (mut seen, mut total, mut most) = (BTreeSet::new(), None, 0);
    let (mut least, mut fell) = (usize::MAX, false);
    for request in 0..1_000 {
        happens(request, &mut list.rows);
        let begin = if by == CountedBy::Rows { counted.next() } else { counted.next() * list.size };
        let size = if list.short == Some(request) { 1 } else { list.size };
        let page: Vec<u64> = list.rows.iter().copied().skip(begin).take(size).collect();
        seen.extend(&page);
        let now = list.tells_total.then_some(list.rows.len());
        let moved = now.is_none() || total.is_some() && total != now;
        fell |= now < total;
        total = now;
        (least, most) = (least.min(list.rows.len()), most.max(list.rows.len()));
        let all = list.tells_total && seen.len() >= most;
        let longest = page.len();
        match counted.turn(vec![page], longest, TotalSaid { moved, all, now }) {
            Counting::More => {}
            // As the pager says then.
            Counting::End if list.tells_total && seen.len() < if counted.has_gap() && fell { most } else { least } => {
                return (seen, Counting::Moved, request + 1);
            }
            ended => return (seen, ended, request + 1),
        }
    }
    panic!("no end: {counted:?}");
}

fn list(rows: u64, size: usize, tells_total: bool) -> List {
    List { rows: (1..=rows).collect(), tells_total, size, short: None }
}

#[test]
fn a_list_that_stands_still_is_read_once() {
    for (by, rows, size, tells_total, requests) in [
        (CountedBy::Rows, 7, 3, true, 3),
        // The last but one begins with the last row, and holds nothing else; the last is empty.
        (CountedBy::Rows, 7, 3, false, 5),
        (CountedBy::Rows, 0, 3, false, 1),
        (CountedBy::Rows, 3, 1, false, 4),
        (CountedBy::Pages, 7, 3, true, 3),
        (CountedBy::Pages, 6, 3, true, 2),
        (CountedBy::Pages, 0, 3, false, 1),
        // Nothing tells whether the list moved: each page is read again after the one behind it.
        (CountedBy::Pages, 7, 3, false, 6),
    ] {
        let (seen, ended, asked) = read(list(rows, size, tells_total), by, |_, _| {});
        assert_eq!((seen.len() as u64, ended, asked), (rows, Counting::End, requests), "{by:?} {rows} {size} {tells_total}");
    }
}

#[test]
fn a_row_deleted_between_two_pages_hides_no_other() {
    for (by, tells_total) in [(CountedBy::Rows, true), (CountedBy::Rows, false), (CountedBy::Pages, true), (CountedBy::Pages, false)] {
        for (deleted, before) in [(1, 1), (3, 1), (2, 2), (6, 2), (7, 2), (9, 1)] {
            let (seen, ended, _) =
                read(list(9, 3, tells_total), by, |request, rows| rows.retain(|row| request < before || *row != deleted));
            let missing: Vec<u64> = (1..=9).filter(|row| *row != deleted && !seen.contains(row)).collect();
            assert!(missing.is_empty() && ended == Counting::End, "{by:?} {tells_total} {deleted}: {missing:?} {ended:?}");
        }
    }
}

/// A page of one row has none to share with the next one: of ten rows one was passed over, and as many came as were announced.
#[test]
fn a_row_deleted_behind_a_page_of_one_row_hides_no_other() {
    for (short, deleted, before) in [(0, 1, 1), (1, 1, 2), (1, 4, 2), (1, 9, 2), (2, 5, 3), (3, 2, 4)] {
        let list = List { short: Some(short), ..list(10, 4, true) };
        let (seen, ended, _) = read(list, CountedBy::Rows, |request, rows| rows.retain(|row| request < before || *row != deleted));
        let missing: Vec<u64> = (1..=10).filter(|row| *row != deleted && !seen.contains(row)).collect();
        assert!(missing.is_empty() || ended == Counting::Moved, "{short} {deleted} {before}: {missing:?} {ended:?}");
    }
}

/// Whatever is there all the time is seen, or the listing says that it moved.
#[test]
fn whatever_is_there_all_the_time_is_seen() {
    let mut dice = 88_172_645_463_325_252u64;
    let mut roll = move |below: u64| {
        dice ^= dice << 13;
        dice ^= dice >> 7;
        dice ^= dice << 17;
        dice % below
    };
    let (mut whole, mut moved) = (0, 0);
    for _ in 0..4_000 {
        let (rows, size) = (1 + roll(30), 2 + roll(5) as usize);
        let (by, tells_total) = (if roll(2) == 0 { CountedBy::Rows } else { CountedBy::Pages }, roll(2) == 0);
        let (mut deleted, mut new, often) = (BTreeSet::new(), rows, 1 + roll(4));
        let short = (by == CountedBy::Rows && tells_total && roll(2) == 0).then(|| roll(3) as usize);
        let (seen, ended, _) = read(List { short, ..list(rows, size, tells_total) }, by, |_, list| {
            if !list.is_empty() && roll(often + 1) == 0 {
                deleted.insert(list.remove(roll(list.len() as u64) as usize));
            } else if roll(6) == 0 {
                new += 1;
                list.push(new);
            }
        });
        match ended {
            Counting::End => {
                whole += 1;
                // By pages, and behind a page of one row, a row that is new and one that is deleted at the same moment leave the total as it is; nothing tells that.
                let missing: Vec<u64> = (1..=rows).filter(|row| !deleted.contains(row) && !seen.contains(row)).collect();
                let goes_by_total = by == CountedBy::Pages || short.is_some();
                assert!(missing.is_empty() || goes_by_total && tells_total && new > rows, "{by:?} {tells_total}: {missing:?}");
            }
            Counting::Moved => moved += 1,
            Counting::Circle => {}
            Counting::More => unreachable!("it was read to its end"),
        }
    }
    assert!(whole > 2_000 && moved > 0, "{whole} {moved}");
}

#[test]
fn a_list_goes_on_behind_its_last_rows() {
    let mut counted = Counted::going_on(CountedBy::Rows, 2, vec![3]);
    assert_eq!(counted.turn(vec![vec![3, 4, 5]], 3, TotalSaid::default()), Counting::More);
    assert_eq!((counted.next(), counted.last()), (4, vec![5]));
    // Row 1 is gone meanwhile: the list is found again a page before.
    let mut counted = Counted::going_on(CountedBy::Rows, 2, vec![3]);
    assert_eq!(counted.turn(vec![vec![4, 5, 6]], 3, TotalSaid::default()), Counting::More);
    assert_eq!(counted.next(), 0);
}

#[test]
fn a_server_that_ignores_the_offset_is_found_out() {
    let mut counted = Counted::going_on(CountedBy::Rows, 0, Vec::new());
    let page = || vec![vec![1, 2, 3]];
    let ends: Vec<Counting> = (0..3).map(|_| counted.turn(page(), 3, UNTOLD)).collect();
    assert_eq!(ends, [Counting::More, Counting::More, Counting::Circle]);
}

/// Rows that may not be seen were taken out after the page was cut, so that a page held nothing but the row it began with.
#[test]
fn rows_behind_hidden_ones_are_read() {
    let places = [Some(1), None, Some(2), None, Some(3), None, None, Some(4)];
    let mut counted = Counted::going_on(CountedBy::Rows, 0, Vec::new());
    let mut seen = BTreeSet::new();
    for _ in 0..20 {
        let page: Vec<u64> = places.iter().skip(counted.next()).take(3).flatten().copied().collect();
        seen.extend(&page);
        let longest = page.len();
        if counted.turn(vec![page], longest, UNTOLD) != Counting::More {
            break;
        }
    }
    assert_eq!(seen, BTreeSet::from([1, 2, 3, 4]));
}
