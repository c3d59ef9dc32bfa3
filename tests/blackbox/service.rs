//! As a service: what systemd is told, and the unit that is shipped.

use super::harness::{Process, SOON, Setup, World, person, wait_until};
use std::os::unix::net::UnixDatagram;
use std::process::Command;
use std::time::Duration;

/// What arrives at the socket, until it is so.
fn hears(socket: &UnixDatagram, heard: &mut Vec<String>, what: &str, so: impl Fn(&[String]) -> bool) {
    socket.set_read_timeout(Some(SOON)).unwrap();
    let mut bytes = [0; 4096];
    while !so(heard) {
        let got = socket.recv(&mut bytes).unwrap_or_else(|e| panic!("{what}: {e}: {heard:?}"));
        heard.extend(String::from_utf8_lossy(&bytes[..got]).lines().map(String::from));
    }
}

#[test]
fn systemd_is_told_that_it_is_ready_how_it_goes_that_it_lives_and_that_it_ends() {
    let world = World::new(Setup::default());
    let hanako = person(&world.sandbox.handle, "Hanako", "Mori", None);
    world.sandbox.handle.open_deal(&[hanako.contact], None).unwrap();
    let path = world.folder().join("notify");
    let socket = UnixDatagram::bind(&path).unwrap();
    let mut command = world.command(&["run"]);
    command.env("NOTIFY_SOCKET", &path).env("WATCHDOG_USEC", "400000");
    let mut process = Process::start(&mut command);
    let mut heard = Vec::new();
    hears(&socket, &mut heard, "ready", |h| h.iter().any(|l| l == "READY=1"));
    assert_eq!(heard[0], "READY=1", "before anything else");
    assert_eq!(world.http("GET", "/healthz", None, None).map(|a| a.0), Some(200), "who is ready answers");
    world.status();
    hears(&socket, &mut heard, "status", |h| h.iter().any(|l| l.starts_with("STATUS=watching; 1 person, 1 on hold")));
    world.run("approve ma").exits(0);
    hears(&socket, &mut heard, "a better status", |h| h.iter().any(|l| l == "STATUS=protecting; 1 person, 1 on hold, 0 not enforced"));
    let lives = |h: &[String]| h.iter().filter(|l| *l == "WATCHDOG=1").count();
    let before = lives(&heard);
    hears(&socket, &mut heard, "signs of life", |h| lives(h) >= before + 3);
    assert!(!heard.iter().any(|l| l == "STOPPING=1"));
    process.signal("TERM");
    hears(&socket, &mut heard, "the end", |h| h.iter().any(|l| l == "STOPPING=1"));
    assert_eq!(process.wait(Duration::from_secs(20)).and_then(|s| s.code()), Some(0));
}

#[test]
fn without_systemd_it_runs_as_well() {
    let world = World::new(Setup::default());
    for socket in [None, Some(world.folder().join("nobody-listens"))] {
        let mut command = world.command(&["run"]);
        command.envs(socket.map(|path| ("NOTIFY_SOCKET", path)));
        let mut process = Process::start(&mut command);
        wait_until("it answers", SOON, || world.http("GET", "/healthz", None, None).is_some_and(|(status, _)| status == 200));
        process.signal("TERM");
        assert_eq!(process.wait(Duration::from_secs(20)).and_then(|s| s.code()), Some(0));
    }
}

#[test]
fn the_unit_is_right_and_closed() {
    let folder = tempfile::TempDir::new().unwrap();
    let unit = include_str!("../../docs/nayose.service");
    let path = folder.path().join("nayose.service");
    std::fs::write(&path, unit.replace("/usr/local/bin/nayose", env!("CARGO_BIN_EXE_nayose"))).unwrap();
    let analyze = |args: &[&str]| Command::new("systemd-analyze").args(args).arg(&path).output();
    let Ok(verified) = analyze(&["verify", "--man=no", "--recursive-errors=no"]) else {
        return eprintln!("skipped: there is no systemd-analyze");
    };
    let said = String::from_utf8_lossy(&verified.stderr).into_owned();
    assert!(verified.status.success() && !said.contains("nayose.service"), "{said}");
    // Of ten; what a unit without any of this gets is 9.6. Older versions know no --offline.
    let rated = analyze(&["security", "--offline=true", "--threshold=20", "--no-pager"]).unwrap();
    let said = String::from_utf8_lossy(&rated.stderr).into_owned();
    if said.contains("unrecognized option") {
        return eprintln!("skipped: this systemd-analyze cannot rate a file");
    }
    assert!(rated.status.success(), "{}{said}", String::from_utf8_lossy(&rated.stdout));
}
