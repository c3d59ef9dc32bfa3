//! A disk that is full: told with what to do, nothing lost, and it goes on when there is space. The limit on the size of files stands for
//! the full disk: a write beyond it fails, for any user and without a file system of one's own.

use super::Row;
use super::stage::Stage;
use crate::harness::{Process, SOON, wait_until};
use std::process::{Command, Stdio};

pub fn rows() -> Vec<Row> {
    if !has("prlimit") {
        println!("skipped: no prlimit");
        return Vec::new();
    }
    let mut stage = Stage::new();
    vec![a_command(&mut stage), the_daemon(&mut stage)]
}

fn has(program: &str) -> bool {
    let tried = Command::new(program).arg("--version").stdout(Stdio::null()).stderr(Stdio::null()).status();
    tried.is_ok_and(|status| status.success())
}

/// The binary under a shell that ignores the signal of the limit, as an error is what a full disk gives.
fn limited(stage: &Stage, limit: &str, args: &[&str]) -> Command {
    let plain = stage.world.command(args);
    let mut command = Command::new("sh");
    command.arg("-c").arg(format!("trap '' XFSZ; {limit} exec \"$0\" \"$@\"")).arg(plain.get_program()).args(plain.get_args());
    command.env_clear();
    command.envs(plain.get_envs().map(|(name, value)| (name, value.unwrap_or_default())));
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

fn a_command(stage: &mut Stage) -> Row {
    stage.turn();
    let limit = "ulimit -f 64;";
    for args in [&["status"][..], &["sync"], &["backup", "copy.tar.gz"]] {
        let ran = stage.world.run_command(&args.join(" "), limited(stage, limit, args));
        assert_eq!(ran.code, 2, "{ran}");
        let ran = ran.says("free some space (or raise the limit), nothing is lost");
        assert!(!ran.err.contains("damaged") && !ran.err.contains("panicked"), "{ran}");
    }
    stage.settle("a command on a full disk");
    assert!(stage.world.because().lines().all(|l| !l.contains("journal") && !l.contains("could not be used")), "{}", stage.world.because());
    Row {
        damage: "disk full, commands".into(),
        times: 3,
        seen: "exit 2, says to free space; goes on after it, no rebuild".into(),
        refusals: format!("{} of {0}", stage.journaled.len()),
        approvals: "2 of 2".into(),
        widened: 0,
    }
}

fn the_daemon(stage: &mut Stage) -> Row {
    let mut process = Process::start(&mut limited(stage, "", &["run"]));
    let world = &stage.world;
    let get = |path: &str| world.http("GET", path, None, None).unwrap_or_default();
    wait_until("the daemon answers", SOON, || get("/readyz").0 == 200);
    wait_until("it has read everything", SOON, || world.gate(&stage.others[0].email).0 == "allow");
    let pid = process.id();
    let allow_files = |bytes: &str| {
        let status = Command::new("prlimit").arg(format!("--pid={pid}")).arg(format!("--fsize={bytes}:")).status().unwrap();
        assert!(status.success());
    };
    allow_files("1");
    stage.turn();
    let world = &stage.world;
    let get = |path: &str| world.http("GET", path, None, None).unwrap_or_default();
    wait_until("it notices", SOON, || get("/readyz").0 == 503);
    assert!(get("/readyz").1.contains("free some space"), "{:?}", get("/readyz"));
    assert_eq!(get("/healthz").0, 200);
    let held = [&stage.others[0].email, &stage.others[1].email];
    for who in held {
        assert_eq!(world.gate(who).0, "hold", "the gate lets mail go while nothing can be kept");
    }
    let because = world.because();
    assert!(because.contains("nothing is read or written and the gate holds") && because.contains("free some space"), "{because}");
    assert_eq!(world.status()["protection"], "not_protecting");
    let writes = world.writes().len();
    // It goes on trying, says so, and stays.
    wait_until("it tries again", SOON, || process.told().contains("still nothing is read or written"));
    assert!(process.try_wait().is_none(), "it ended: {:?}", process.output());
    assert_eq!(get("/readyz").0, 503);
    assert_eq!(world.writes().len(), writes, "written while nothing can be kept");
    allow_files("unlimited");
    wait_until("it goes on", SOON, || get("/readyz").0 == 200);
    wait_until("what was due is written", SOON, || stage.blocked() == stage.expected());
    assert!(get("/metrics").1.contains("nayose_people"), "the metrics are of the former state");
    process.signal("TERM");
    let status = process.wait(SOON).expect("SIGTERM does not end it");
    let (_, err) = process.output();
    assert!(status.success(), "{err}");
    assert!(err.contains("still nothing is read or written"), "silent: {err}");
    assert!(err.contains("the state was opened anew"), "{err}");
    stage.settle("the daemon on a full disk");
    Row {
        damage: "disk full, `run`".into(),
        times: 1,
        seen: "stays, gate holds, /readyz 503, says to free space; goes on by itself".into(),
        refusals: format!("{} of {0}", stage.journaled.len()),
        approvals: "2 of 2".into(),
        widened: 0,
    }
}
