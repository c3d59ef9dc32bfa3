//! No secret is printed. The harness looks through the output of every process; here is what makes them talk.

use super::harness::{HTTP_TOKEN, SOON, Setup, World, person, wait_until};
use nayose::sandbox::{FaultKind, System};

#[test]
fn no_secret_is_told_however_much_is_logged_and_whatever_fails() {
    let world = World::new(Setup { http_token: true, ..Setup::default() });
    person(&world.sandbox.handle, "Hanako", "Mori", None);
    let talk = &|args: &str| {
        let mut command = world.command(&args.split(' ').collect::<Vec<_>>());
        command.env("NAYOSE_LOG", "trace").env("RUST_BACKTRACE", "full");
        world.run_command(args, command)
    };
    // A system that cannot be reached is tried again for a minute: side by side.
    world.fault_on(System::Ma, FaultKind::Down, "/identity/");
    world.fault_on(System::Crm, FaultKind::Down, "/objects/companies");
    std::thread::scope(|threads| {
        for args in ["connector try ma", "connector try crm"] {
            threads.spawn(move || talk(args).exits(1));
        }
    });
    let faults = [
        FaultKind::Html,
        FaultKind::Revoked { status: 401 },
        FaultKind::Revoked { status: 200 },
        FaultKind::Errors { status: 404, rate: 1.0 },
        FaultKind::NoScope,
    ];
    for kind in faults {
        for system in System::ALL {
            world.sandbox.handle.clear_faults(system);
            world.fault(system, kind.clone());
        }
        let ran = talk("plan");
        assert!(ran.err.contains("crm"), "nothing was logged: {ran}");
        talk("connector try ma");
        talk("connector try crm --json");
        talk("status");
        // Its access token was asked for with the client's secret in the address: this must not show in an error either.
        world.sandbox.handle.expire_ma_token();
    }
    for system in System::ALL {
        world.sandbox.handle.clear_faults(system);
    }
    for args in ["plan", "approve ma", "sync", "status --json", "export journal", "check", "connector list", "connector try support"] {
        talk(args).exits(if args == "plan" { 4 } else { 0 });
    }
    let state = std::fs::read_dir(world.state_folder()).unwrap().flatten().filter(|e| e.path().is_file());
    for file in state {
        let bytes = std::fs::read(file.path()).unwrap();
        for secret in [&world.sandbox.keys.crm_token, &world.sandbox.keys.ma_client_secret, HTTP_TOKEN] {
            let found = bytes.windows(secret.len()).any(|w| w == secret.as_bytes());
            assert!(!found, "a secret lies in {}", file.path().display());
        }
    }
}

#[test]
fn the_daemon_tells_no_secret_either() {
    let world = World::new(Setup { http_token: true, ..Setup::default() });
    person(&world.sandbox.handle, "Hanako", "Mori", None);
    world.fault(System::Ma, FaultKind::Reset { rate: 0.5 });
    let daemon = world.daemon();
    wait_until("it is asked", SOON, || {
        let (status, text) = world.http("GET", "/metrics", None, Some(HTTP_TOKEN)).unwrap();
        assert!(status == 200 && !text.contains("sandbox-"), "{text}");
        text.contains("nayose_people 1")
    });
    daemon.stop();
}
