//! Files that are bent, cut, or gone.

use super::script::Dice;
use super::stage::{Stage, copy, refusals};
use super::{Row, number};
use nayose::sandbox::{FaultKind, SandboxSystem};
use std::fs;
use std::path::Path;

/// What is done to a file of the state folder.
#[derive(Debug, Clone, Copy)]
enum How {
    /// Sixteen bytes are inverted, somewhere.
    Bent,
    /// One bit.
    Flipped,
    /// Cut short, somewhere.
    Cut,
    Gone,
    /// Something else stands there.
    Garbage,
}

struct Kind {
    name: &'static str,
    files: &'static [&'static str],
    how: How,
    times: usize,
    /// What `status` must speak of; `None`: nothing needs to be said if all is right.
    told: Option<&'static str>,
}

const STORE: &str = "could not be used";

/// Each group has people and a state of its own, so that they go side by side; within a group damage follows damage on one state.
const GROUPS: [&[Kind]; 5] = [
    &[
        Kind { name: "store bent", files: &["sled/db"], how: How::Bent, times: 18, told: None },
        Kind { name: "store's log gone", files: &["sled/db"], how: How::Gone, times: 2, told: Some(STORE) },
    ],
    &[
        Kind { name: "store, one bit", files: &["sled/db"], how: How::Flipped, times: 10, told: None },
        Kind { name: "store cut", files: &["sled/db"], how: How::Cut, times: 8, told: None },
        Kind { name: "store gone", files: &["sled"], how: How::Gone, times: 3, told: Some(STORE) },
    ],
    &[
        Kind { name: "store's conf bent", files: &["sled/conf"], how: How::Flipped, times: 4, told: None },
        Kind { name: "store's conf gone", files: &["sled/conf"], how: How::Gone, times: 2, told: None },
        Kind { name: "store and notes gone", files: &["sled", "commits"], how: How::Gone, times: 3, told: Some(STORE) },
        Kind { name: "notes bent", files: &["commits"], how: How::Flipped, times: 8, told: None },
        Kind { name: "notes cut", files: &["commits"], how: How::Cut, times: 2, told: None },
        Kind { name: "notes gone", files: &["commits"], how: How::Gone, times: 1, told: None },
        Kind { name: "lock is garbage", files: &["lock"], how: How::Garbage, times: 1, told: None },
        Kind { name: "leftovers of a crash", files: &["journal.new", "probe"], how: How::Garbage, times: 2, told: None },
    ],
    &[
        Kind { name: "journal bent", files: &["journal.log"], how: How::Bent, times: 10, told: Some("journal") },
        Kind { name: "journal, one bit", files: &["journal.log"], how: How::Flipped, times: 12, told: Some("journal") },
    ],
    &[
        Kind { name: "journal cut", files: &["journal.log"], how: How::Cut, times: 10, told: Some("journal") },
        Kind { name: "journal gone", files: &["journal.log"], how: How::Gone, times: 2, told: Some("journal") },
        Kind { name: "journal and notes gone", files: &["journal.log", "commits"], how: How::Gone, times: 2, told: Some("journal") },
    ],
];

fn damage(path: &Path, how: How, dice: &mut Dice) {
    let garbage = |bytes: usize| (0..bytes).map(|i| (i * 31) as u8).collect::<Vec<_>>();
    let mut bytes = fs::read(path).unwrap_or_default();
    let at = dice.below(bytes.len().max(1) as u64) as usize;
    match how {
        How::Bent => bytes.iter_mut().skip(at).take(16).for_each(|b| *b = !*b),
        How::Flipped => bytes[at] ^= 1 << dice.below(8),
        How::Cut => bytes.truncate(at),
        How::Garbage => bytes = garbage(300),
        How::Gone if path.is_dir() => return fs::remove_dir_all(path).unwrap(),
        How::Gone => return fs::remove_file(path).unwrap(),
    }
    fs::write(path, bytes).unwrap();
}

pub fn rows() -> Vec<Row> {
    let places = number("NAYOSE_PLACES", 100);
    let seed = number("NAYOSE_KILL_SEED", 20_261_121) as u64;
    std::thread::scope(|scope| {
        let groups: Vec<_> =
            GROUPS.into_iter().zip(1..).map(|(kinds, n)| scope.spawn(move || group(kinds, places, Dice(seed + n)))).collect();
        let both = scope.spawn(move || both(&Stage::new(), &mut Dice(seed), (10 * places).div_ceil(100)));
        let mut rows: Vec<Row> = groups.into_iter().flat_map(|g| g.join().expect("a group failed; it says above which")).collect();
        rows.push(both.join().expect("both damaged: it says above what failed"));
        rows
    })
}

fn group(kinds: &[Kind], places: usize, mut dice: Dice) -> Vec<Row> {
    let mut stage = Stage::new();
    let mut rows = Vec::new();
    for kind in kinds {
        let times = (kind.times * places).div_ceil(100);
        let (mut told, mut rebuilt) = (0, 0);
        for time in 0..times {
            let case = format!("{} ({time})", kind.name);
            stage.turn();
            for file in kind.files {
                damage(&stage.world.state_folder().join(file), kind.how, &mut dice);
            }
            let because = stage.world.because();
            let this_rebuilt = because.contains(STORE);
            if let Some(part) = kind.told {
                assert!(because.contains(part), "{case}: {part:?} is not told:\n{because}");
            }
            told += usize::from(this_rebuilt || because.contains("journal"));
            stage.assert_safe(&case);
            if this_rebuilt {
                rebuilt += 1;
                nothing_widens_before_all_is_read(&stage, &case);
            }
            stage.settle(&case);
            let after = stage.world.because();
            assert!(!after.contains(STORE), "{case}: caught up, and still told\n{after}");
            assert!(kind.told != Some("journal") || after.contains("journal"), "{case}: silent after the first time\n{after}");
        }
        rows.push(Row {
            damage: kind.name.into(),
            times,
            seen: format!("told {told}, rebuilt {rebuilt}, harmless {}; same end as undamaged", times - told),
            refusals: format!("{} of {0}", stage.journaled.len()),
            approvals: "2 of 2".into(),
            widened: 0,
        });
    }
    rows
}

/// A stream that holds and refusals do not name cannot be read: what is proved without it counts for nothing yet.
fn nothing_widens_before_all_is_read(stage: &Stage, case: &str) {
    let before = stage.blocked();
    stage.world.fault_on(SandboxSystem::Crm, FaultKind::NoScope, "objects/contacts");
    let ran = stage.world.sync();
    assert_eq!(ran.code, 1, "{case}: {ran}");
    assert!(before.is_subset(&stage.blocked()), "{case}: released {before:?} -> {:?} before all was read", stage.blocked());
    let because = stage.world.because();
    assert!(because.contains("Left to read: crm.people"), "{case}: {because}");
    for person in &stage.others {
        assert_eq!(stage.world.gate(&person.email).0, "hold", "{case}: the gate lets mail go though not all was read");
    }
    stage.world.sandbox.handle.clear_faults(SandboxSystem::Crm);
}

/// A line of the journal is bent, and the store is lost too: what the line said is lost unless a system tells it again.
fn both(stage: &Stage, dice: &mut Dice, times: usize) -> Row {
    let (folder, good) = (stage.world.state_folder(), stage.world.folder().join("good"));
    copy(&folder, &good);
    let (mut kept, mut stayed) = (0, 0);
    let before = stage.blocked();
    for time in 0..times {
        let case = format!("journal bent and store gone ({time})");
        fs::remove_dir_all(&folder).unwrap();
        copy(&good, &folder);
        damage(&folder.join("sled"), How::Gone, dice);
        damage(&folder.join("journal.log"), How::Flipped, dice);
        let because = stage.world.because();
        assert!(because.contains(STORE) && because.contains("journal is damaged"), "{case}: {because}");
        stage.world.sync();
        stage.world.sync();
        stage.assert_safe(&case);
        assert!(before.is_subset(&stage.blocked()), "{case}: released");
        stayed += 1;
        let missing = stage.journaled.difference(&refusals(&stage.world)).count();
        assert_eq!(missing, 0, "{case}: a refusal that the marketing system shows was not taken up again");
        kept += 1;
        assert!(stage.world.because().contains("journal is damaged"), "{case}: silent");
    }
    Row {
        damage: "journal bent and store gone".into(),
        times,
        seen: format!("told {times}, rebuilt {times}; every block stayed {stayed} times"),
        refusals: format!("all, {kept} times (polled again)"),
        approvals: "kept, or asked for again".into(),
        widened: 0,
    }
}
