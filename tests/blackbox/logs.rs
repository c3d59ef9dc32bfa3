//! Whoever reads the log may stand still, go away, or have a full disk. Nothing waits for that, and nothing ends by it.

use super::harness::{Person, Process, SOON, Setup, World, person, wait_until};
use std::fs::{self, File};
use std::io::{PipeReader, Write, pipe};
use std::process::{Command, Stdio};
use std::time::Duration;

#[derive(Debug, Clone, Copy)]
enum Reader {
    StandsStill,
    WentAway,
    FullDisk,
}

/// What a pipe takes before who writes to it waits (pipe(7)).
const PIPE_BYTES: usize = 64 << 10;

impl Reader {
    const ALL: [Reader; 3] = [Reader::StandsStill, Reader::WentAway, Reader::FullDisk];

    /// Gives a command this reader for its stderr. What comes back is to be kept until the end.
    fn take_stderr(self, command: &mut Command) -> Option<PipeReader> {
        let (reader, mut writer) = pipe().unwrap();
        match self {
            Reader::StandsStill => {
                writer.write_all(&[b'.'; PIPE_BYTES]).unwrap();
                command.stderr(writer);
                Some(reader)
            }
            Reader::WentAway => {
                command.stderr(writer);
                None
            }
            Reader::FullDisk => {
                command.stderr(Stdio::from(File::options().write(true).open("/dev/full").unwrap()));
                None
            }
        }
    }
}

fn two_people() -> (World, Person) {
    let mut ken = None;
    let world = World::running_with(Setup::default(), |handle| {
        let hanako = person(handle, "Hanako", "Mori", None);
        handle.open_deal(&[hanako.contact], None).unwrap();
        ken = Some(person(handle, "Ken", "Abe", None));
    });
    (world, ken.unwrap())
}

#[test]
fn protection_goes_on_whatever_becomes_of_who_reads_the_log() {
    for reader in Reader::ALL {
        let (world, ken) = two_people();
        let mut command = world.command(&["run"]);
        command.env("NAYOSE_LOG", "nayose=debug");
        let kept = reader.take_stderr(&mut command);
        let mut process = Process::start(&mut command);
        let alive = |process: &mut Process| assert!(process.try_wait().is_none(), "{reader:?}: it ended: {:?}", process.output());
        wait_until(&format!("{reader:?}: it answers"), SOON, || {
            alive(&mut process);
            world.http("GET", "/healthz", None, None).is_some_and(|(status, _)| status == 200)
        });
        world.sandbox.handle.open_deal(&[ken.contact], None).unwrap();
        wait_until(&format!("{reader:?}: a deal opened meanwhile is held"), SOON, || {
            alive(&mut process);
            world.blocked(ken.lead)
        });
        assert_eq!(world.gate(&ken.email).0, "hold", "{reader:?}");
        process.signal("TERM");
        let ended = process.wait(Duration::from_secs(10)).unwrap_or_else(|| panic!("{reader:?}: SIGTERM does not end it"));
        assert_eq!(ended.code(), Some(0), "{reader:?}");
        drop(kept);
    }
}

/// Commands keep their exit codes, whoever does not hear why.
#[test]
fn a_command_that_nobody_hears_ends_as_any_other() {
    let world = World::new(Setup::default());
    for reader in [Reader::WentAway, Reader::FullDisk] {
        for (args, code) in [("schema nothing", 2), ("explain nobody@b.example", 3)] {
            let mut command = world.command(&args.split(' ').collect::<Vec<_>>());
            let _kept = reader.take_stderr(&mut command);
            let mut process = Process::start(&mut command);
            let ended = process.wait(Duration::from_secs(20)).unwrap_or_else(|| panic!("{reader:?}: {args} goes on and on"));
            assert_eq!(ended.code(), Some(code), "{reader:?}: {args}");
        }
    }
}

/// A SIGHUP that comes while it starts asks for what it does anyway: it is listened for before the state is opened.
#[test]
fn a_hangup_does_not_end_who_starts() {
    const STARTS: usize = 20;
    let world = World::new(Setup::default());
    let early = (0..STARTS).any(|_| {
        let mut process = Process::start(&mut world.command(&["run"]));
        let status = format!("/proc/{}/status", process.id());
        let caught = || {
            let status = fs::read_to_string(&status).unwrap();
            let mask = status.lines().find_map(|l| l.strip_prefix("SigCgt:")).unwrap().trim().to_string();
            // SIGHUP is signal 1.
            u64::from_str_radix(&mask, 16).unwrap() & 1 == 1
        };
        while !caught() {
            assert!(process.try_wait().is_none(), "it ended: {:?}", process.output());
        }
        // Seen before it had its socket, or this test was too slow.
        let early = !world.state_folder().join("socket").exists();
        process.signal("HUP");
        wait_until("it answers", SOON, || {
            assert!(process.try_wait().is_none(), "a SIGHUP ended it: {:?}", process.output());
            world.http("GET", "/healthz", None, None).is_some_and(|(status, _)| status == 200)
        });
        process.signal("TERM");
        assert_eq!(process.wait(Duration::from_secs(10)).and_then(|s| s.code()), Some(0));
        early
    });
    assert!(early, "in {STARTS} starts SIGHUP was never listened for before the state was open");
}
