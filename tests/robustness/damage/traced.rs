//! By strace: journal and store are on disk before a write leaves or an approval is acknowledged.

use crate::harness::{Setup, World, person};
use std::fs;
use std::process::{Command, Stdio};

/// What has been written and not synced at some moment.
#[derive(Default)]
struct Dirty {
    journal: bool,
    store: bool,
    /// Syncs so far, to show that there were any.
    syncs: [usize; 2],
}

impl Dirty {
    fn see(&mut self, call: &str) {
        let syncs = call.starts_with("fdatasync(") || call.starts_with("fsync(");
        let writes = ["write(", "pwrite64(", "writev(", "pwritev("].iter().any(|c| call.starts_with(c));
        for (file, dirty, count) in [("/journal.log>", &mut self.journal, 0), ("/sled/db>", &mut self.store, 1)] {
            if call.contains(file) && writes {
                *dirty = true;
            }
            if call.contains(file) && syncs {
                self.syncs[count] += usize::from(*dirty);
                *dirty = false;
            }
        }
    }

    fn assert_clean(&self, what: &str) {
        assert!(!self.journal, "{what} before the journal was on disk");
        assert!(!self.store, "{what} before the store was on disk");
    }
}

/// The calls of a run, in order; one that another thread's call interrupted counts where it began.
fn calls(world: &World, args: &[&str], code: i32) -> Vec<String> {
    let log = world.folder().join("trace");
    let plain = world.command(args);
    let mut command = Command::new("strace");
    command.args(["-f", "-y", "-s", "64", "-e", "trace=write,writev,pwrite64,pwritev,sendto,sendmsg,fdatasync,fsync", "-o"]).arg(&log);
    command.arg(plain.get_program()).args(plain.get_args()).env_clear();
    command.envs(plain.get_envs().map(|(name, value)| (name, value.unwrap_or_default())));
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    world.run_command(&args.join(" "), command).exits(code);
    let text = fs::read_to_string(&log).unwrap();
    text.lines().filter_map(|line| Some(line.split_once(' ')?.1.trim_start().to_string())).collect()
}

#[test]
fn on_disk_before_it_is_acknowledged() {
    if Command::new("strace").arg("-V").stdout(Stdio::null()).status().is_err() {
        return println!("skipped: no strace");
    }
    let world = World::new(Setup::default());
    let handle = &world.sandbox.handle;
    let held = person(handle, "Hanako", "Mori", None);
    handle.open_deal(&[held.contact], None).unwrap();
    let refused = person(handle, "Ken", "Abe", None);
    handle.unsubscribe(refused.lead).unwrap();

    // A refusal is first in the journal, then in the store.
    let mut dirty = Dirty::default();
    for call in calls(&world, &["plan"], 4).into_iter().filter(|c| !c.starts_with("<...")) {
        dirty.see(&call);
        if call.starts_with("pwrite64(") && call.contains("/sled/db>") {
            assert!(!dirty.journal, "the store was written before the journal was on disk");
        }
    }
    assert!(dirty.syncs[0] >= 1 && dirty.syncs[1] >= 1, "{:?}", dirty.syncs);

    let mut dirty = Dirty::default();
    let mut answered = 0;
    for call in calls(&world, &["approve", "ma"], 0) {
        dirty.see(&call);
        if call.starts_with("write(1<") {
            dirty.assert_clean("the approval was acknowledged");
            answered += 1;
        }
    }
    assert!(answered > 0 && dirty.syncs[0] >= 1 && dirty.syncs[1] >= 1, "{answered} {:?}", dirty.syncs);

    let mut dirty = Dirty::default();
    let mut sent = 0;
    for call in calls(&world, &["sync"], 0) {
        dirty.see(&call);
        if call.contains("\"POST /rest/v1/leads.json") {
            sent += 1;
            // The next batch may be on its way to the disk while this one leaves; its own commit was there before.
            assert!(dirty.syncs[1] >= sent, "write {sent} left and the store was synced {} times before", dirty.syncs[1]);
        }
    }
    assert!(sent > 0, "no write was seen");
    assert!(dirty.syncs[0] >= 1, "the outcome is in the journal");
    assert!(!dirty.journal && !dirty.store, "it ended with something not on disk");
    assert!(world.blocked(held.lead));
    println!("| strace: approve, plan, sync | 3 | {} writes, each after fdatasync of journal and store | - | - | 0 |", sent);
}
