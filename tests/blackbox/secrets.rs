//! No secret is written anywhere. The harness looks through every output, every answer over HTTP and the state of every test; here is what
//! makes them talk.

use super::harness::{HTTP_TOKEN, SOON, Setup, World, person, wait_until};
use nayose::sandbox::{FaultKind, SandboxSystem};

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
    world.fault_on(SandboxSystem::Ma, FaultKind::Down, "/identity/");
    world.fault_on(SandboxSystem::Crm, FaultKind::Down, "/objects/companies");
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
        for system in SandboxSystem::ALL {
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
    for system in SandboxSystem::ALL {
        world.sandbox.handle.clear_faults(system);
    }
    for args in ["plan", "approve ma", "sync", "status --json", "export journal", "check", "connector list", "connector try support"] {
        talk(args).exits(if args == "plan" { 4 } else { 0 });
    }
}

#[test]
fn the_daemon_tells_no_secret_either() {
    let world = World::new(Setup { http_token: true, ..Setup::default() });
    person(&world.sandbox.handle, "Hanako", "Mori", None);
    world.fault(SandboxSystem::Ma, FaultKind::Reset { rate: 0.5 });
    let daemon = world.daemon();
    wait_until("it is asked", SOON, || {
        let (status, text) = world.http("GET", "/metrics", None, Some(HTTP_TOKEN)).unwrap();
        assert!(status == 200 && !text.contains("sandbox-"), "{text}");
        text.contains("nayose_people 1")
    });
    daemon.stop();
}

/// A system that repeats all it was told: in headers, in errors, in records, and in the address of a redirect.
async fn echoing(request: axum::http::Request<axum::body::Body>) -> axum::response::Response<axum::body::Body> {
    let told = request.headers().get("authorization").map_or("", |v| v.to_str().unwrap()).to_string();
    let asked = request.uri().to_string();
    let (path, query) = (request.uri().path().to_string(), request.uri().query().unwrap_or_default().to_string());
    let text = format!("you said {told} at {asked}");
    let record = serde_json::json!({ "id": "1", "properties": { "lastmodifieddate": text, "hs_lastmodifieddate": text, "amount": { "said": text } } });
    let (status, location, body) = match path.as_str() {
        "/identity/oauth/token" => (400, "", serde_json::json!({ "error": "invalid_client", "error_description": text }).to_string()),
        p if p.contains("contacts") => (200, "", serde_json::json!({ "results": [record], "message": text }).to_string()),
        p if p.contains("deals") => (200, "", format!("oops: {text}")),
        p if p.contains("companies") => (302, &*format!("http://{}.example/?{query}", told.replace("Bearer ", "")), String::new()),
        _ => (401, "", serde_json::json!({ "message": text }).to_string()),
    };
    let response = axum::http::Response::builder().status(status).header("x-echo", &told).header("location", location);
    response.body(body.into()).unwrap()
}

#[test]
fn a_system_that_repeats_our_secrets_is_not_quoted() {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let listener = runtime.block_on(tokio::net::TcpListener::bind("127.0.0.1:0")).unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    runtime.spawn(async { axum::serve(listener, axum::Router::new().fallback(echoing)).await });
    let world = World::new(Setup::default());
    let systems = world.folder().join("systems.toml");
    let text = std::fs::read_to_string(&systems).unwrap();
    std::fs::write(&systems, text.replace(&world.sandbox.crm_url, &url).replace(&world.sandbox.ma_url, &url)).unwrap();
    for args in ["connector try crm", "connector try ma --json", "plan", "sync", "status", "status --json", "export journal"] {
        let mut command = world.command(&args.split(' ').collect::<Vec<_>>());
        command.env("NAYOSE_LOG", "trace").env("RUST_BACKTRACE", "full");
        let ran = world.run_command(args, command);
        if args == "status" {
            // It did speak to us, and we quote it but for that.
            for quoted in ["you said Bearer ***", "redirects to", "client_secret=***"] {
                assert!(ran.out.contains(quoted), "{quoted}: {ran}");
            }
        }
    }
    let daemon = world.daemon();
    wait_until("all was asked", SOON, || world.because().contains("ma."));
    assert_eq!(world.http("GET", "/metrics", None, None).unwrap().0, 200);
    daemon.stop();
}
