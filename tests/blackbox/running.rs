//! One `run` holds the state; everybody else asks it, over the socket or over HTTP.

use super::harness::{HTTP_TOKEN, Person, Process, Setup, World, person};
use serde_json::{Value, json};
use std::os::unix::fs::{FileTypeExt, PermissionsExt};
use std::time::Duration;

fn scene(setup: Setup) -> (World, Person, Person) {
    let mut someone = None;
    let world = World::running_with(setup, |handle| {
        let hanako = person(handle, "Hanako", "Mori", None);
        handle.open_deal(&[hanako.contact], None).unwrap();
        someone = Some((hanako, person(handle, "Ken", "Abe", None)));
    });
    let (hanako, ken) = someone.unwrap();
    (world, hanako, ken)
}

#[test]
fn a_second_run_is_refused() {
    let (world, ..) = scene(Setup::default());
    let daemon = world.daemon();
    let mut second = Process::start(&mut world.command(&["run"]));
    let status = second.wait(Duration::from_secs(20)).expect("a second run goes on");
    let (_, err) = second.output();
    assert_eq!(status.code(), Some(2), "{err}");
    assert!(err.contains("held by another"), "it does not say why: {err}");
    // And on another port: the state is what is held, not the port.
    world.configure(&Setup::default());
    let systems = std::fs::read_to_string(world.folder().join("systems.toml")).unwrap();
    let other = systems.replace(&format!("127.0.0.1:{}", world.port), &format!("127.0.0.1:{}", super::harness::free_port()));
    std::fs::write(world.folder().join("systems.toml"), other).unwrap();
    let mut third = Process::start(&mut world.command(&["run"]));
    let status = third.wait(Duration::from_secs(20)).expect("a second run goes on");
    assert_eq!(status.code(), Some(2), "{:?}", third.output());
    std::fs::write(world.folder().join("systems.toml"), systems).unwrap();
    assert_eq!(world.http("GET", "/healthz", None, None).map(|a| a.0), Some(200), "the first one goes on");
    daemon.stop();
}

#[test]
fn questions_are_answered_by_the_daemon_that_holds_the_state() {
    let (world, hanako, ken) = scene(Setup::default());
    let daemon = world.daemon();
    let socket = world.state_folder().join("socket");
    let kind = std::fs::metadata(&socket).unwrap();
    assert!(kind.file_type().is_socket());
    assert_eq!(kind.permissions().mode() & 0o777, 0o600);

    super::harness::wait_until("it protects", super::harness::SOON, || world.status()["protection"] == "protecting");
    assert_eq!(world.gate(&hanako.email).0, "hold");
    assert_eq!(world.gate(&ken.email).0, "allow");
    world.run("plan").exits(0);
    world.run(&format!("explain {}", hanako.email)).exits(0);
    world.run("sync").exits(0);
    world.run("deadletters list").exits(0);
    world.run("approve no-such-thing").exits(2);
    world.run("approve ma --holds").exits(0);
    let links = world.run_text("export links --format csv").exits(0);
    assert!(links.out.starts_with("system,entity,id,person\n"), "{links}");
    assert!(links.out.contains(&format!("\nma,person,{},p_", hanako.lead)), "{links}");
    for table in ["people", "links", "decisions", "journal"] {
        let rows = world.run_text(&format!("export {table} --format json")).exits(0).json();
        assert!(!rows.as_array().unwrap().is_empty(), "{table}");
    }
    daemon.stop();
    assert!(!socket.exists(), "a socket that nobody answers on would mislead");
    world.run("status").exits(1);
}

fn ask(world: &World, body: Value, token: Option<&str>) -> (u16, Value) {
    let (status, text) = world.http("POST", "/v1/decisions", Some(body.to_string()), token).expect("an answer");
    (status, serde_json::from_str(&text).unwrap_or(Value::String(text)))
}

#[test]
fn decisions_are_told_over_http() {
    let (world, hanako, ken) = scene(Setup { http_token: true, ..Setup::default() });
    let daemon = world.daemon();
    super::harness::wait_until("it protects", super::harness::SOON, || world.status()["protection"] == "protecting");
    let subjects = json!([{"email": hanako.email}, {"email": ken.email}, {"record": format!("ma:person:{}", hanako.lead)}, {"email": "nobody@nowhere.example"}]);
    let (status, answer) = ask(&world, json!({"subjects": subjects, "mail": {"kind": "campaign", "campaign": "spring"}}), Some(HTTP_TOKEN));
    assert_eq!(status, 200, "{answer:#}");
    let verdicts: Vec<&str> = answer["decisions"].as_array().unwrap().iter().map(|d| d["decision"].as_str().unwrap()).collect();
    assert_eq!(verdicts, ["hold", "allow", "hold", "hold"]);
    assert_eq!(answer["decisions"][3]["reasons"], json!(["unknown_person"]));

    let id = answer["decisions"][0]["decision_id"].as_str().unwrap();
    let (status, text) = world.http("GET", &format!("/v1/decisions/{id}"), None, Some(HTTP_TOKEN)).unwrap();
    assert_eq!((status, serde_json::from_str::<Value>(&text).unwrap()), (200, answer["decisions"][0].clone()));
    assert_eq!(world.http("GET", "/v1/decisions/d_none", None, Some(HTTP_TOKEN)).unwrap().0, 404);

    for who in [hanako.email.clone(), format!("crm:person:{}", hanako.contact)] {
        let (status, text) = world.http("GET", &format!("/v1/people/{who}"), None, Some(HTTP_TOKEN)).unwrap();
        assert_eq!(status, 200, "{text}");
        let person: Value = serde_json::from_str(&text).unwrap();
        assert_eq!(person["decision"]["decision"], "hold", "{person:#}");
        assert_eq!(person["holds"][0]["hold"], "open_deal");
    }
    assert_eq!(world.http("GET", "/v1/people/nobody@nowhere.example", None, Some(HTTP_TOKEN)).unwrap().0, 404);
    daemon.stop();
}

#[test]
fn what_the_gate_does_not_understand_it_refuses_with_help() {
    let (world, ..) = scene(Setup::default());
    let daemon = world.daemon();
    let many: Vec<Value> = (0..5_001).map(|i| json!({"email": format!("p{i}@acme.example")})).collect();
    let (status, answer) = ask(&world, json!({"subjects": many[..5_000], "mail": {"kind": "newsletter"}}), None);
    assert_eq!((status, answer["decisions"].as_array().map(Vec::len)), (200, Some(5_000)));
    let (status, answer) = ask(&world, json!({"subjects": many, "mail": {"kind": "newsletter"}}), None);
    assert!((400..500).contains(&status) && answer.to_string().contains("5000"), "{status} {answer:#}");
    for (body, help) in [
        ("{", "subjects"),
        ("{\"subjects\": []}", "mail"),
        ("{\"subjects\": [{}], \"mail\": {\"kind\": \"campaign\"}}", "email"),
        ("{\"subjects\": [{\"email\": \"a@b.example\"}], \"mail\": {\"kind\": \"spam\"}}", "newsletter"),
        ("{\"subjects\": [\"a@b.example\"], \"mail\": {\"kind\": \"campaign\"}}", "expected an object with email or record"),
        ("{\"subjects\": [], \"mail\": \"campaign\"}", "expected an object with kind"),
        ("{\"subjects\": [{\"emial\": \"a@b.example\"}], \"mail\": {\"kind\": \"campaign\"}}", "email"),
        ("{\"subjects\": [{\"email\": \"a@b.example\"}], \"mail\": {\"kind\": \"campaign\"}, \"force\": true}", "force"),
    ] {
        let (status, text) = world.http("POST", "/v1/decisions", Some(body.to_string()), None).unwrap();
        assert!((400..500).contains(&status), "{body}: {status} {text}");
        assert!(text.contains(help), "{body}: no help: {text}");
        assert!(!text.contains("struct ") && !text.contains("target type"), "{body}: {text}");
    }
    let (status, _) = ask(&world, json!({"subjects": [], "mail": {"kind": "campaign"}}), None);
    assert_eq!(status, 200);
    daemon.stop();
}

#[test]
fn health_and_metrics_are_told() {
    let (world, ..) = scene(Setup::default());
    let daemon = world.daemon();
    super::harness::wait_until("it protects", super::harness::SOON, || world.status()["protection"] == "protecting");
    let (status, ready) = world.http("GET", "/readyz", None, None).unwrap();
    assert_eq!(status, 200, "{ready}");
    let (status, metrics) = world.http("GET", "/metrics", None, None).unwrap();
    assert_eq!(status, 200);
    for line in ["nayose_people 2", "nayose_people_held 1", "nayose_not_enforced 0", "nayose_protecting 1"] {
        assert!(metrics.lines().any(|l| l == line), "{line:?} is not in\n{metrics}");
    }
    assert!(metrics.contains("nayose_stream_age_seconds{system=\"crm\",stream=\"deals\"}"), "{metrics}");
    daemon.stop();
}

#[test]
fn where_a_token_is_configured_everything_but_health_needs_it() {
    let (world, hanako, _) = scene(Setup { http_token: true, ..Setup::default() });
    let daemon = world.daemon();
    let body = json!({"subjects": [{"email": hanako.email}], "mail": {"kind": "campaign"}});
    assert_eq!(world.http("GET", "/healthz", None, None).unwrap().0, 200);
    for (token, want) in [(None, 401), (Some("wrong"), 401), (Some(""), 401), (Some(HTTP_TOKEN), 200)] {
        assert_eq!(ask(&world, body.clone(), token).0, want, "{token:?}");
        for path in ["/readyz", "/metrics", "/v1/people/hanako.mori@acme.example"] {
            assert_eq!(world.http("GET", path, None, token).unwrap().0, want, "{path} {token:?}");
        }
        if want == 401 {
            assert_eq!(world.http("GET", "/v1/decisions/d_none", None, token).unwrap().0, 401);
        }
    }
    daemon.stop();
}

/// Whoever fills in a form on the web can write what a spreadsheet would carry out.
#[test]
fn a_table_for_spreadsheets_holds_no_formula_and_says_so() {
    let world = World::running_with(Setup::default(), |handle| {
        for email in ["=cmd|calc@acme.example", "+x@acme.example", "plain@acme.example"] {
            handle.create_contact(&[("email", email), ("lastname", "Mori")], None);
        }
    });
    let ran = world.run_text("export people").exits(0).says("2 cells that a spreadsheet would take for a formula");
    assert!(
        ran.out.contains(",'=cmd|calc@acme.example,") && ran.out.contains(",'+x@acme.example,") && ran.out.contains(",plain@acme.example,"),
        "{ran}"
    );
    let raw = world.run_text("export people --raw").exits(0);
    assert!(raw.out.contains(",=cmd|calc@acme.example,") && raw.err.is_empty(), "{raw}");
    let json = world.run_text("export people --format json").exits(0);
    assert!(json.out.contains("\"=cmd|calc@acme.example\"") && json.err.is_empty(), "{json}");
    world.run_text("export links").exits(0);
}

#[test]
fn an_edited_policy_is_in_force_after_a_restart_and_a_wider_one_asks() {
    let (world, hanako, _) = scene(Setup::default());
    let policy = world.folder().join("policy.toml");
    let text = std::fs::read_to_string(&policy).unwrap();
    std::fs::write(&policy, text.replace("when = 'deal.open'", "when = 'deal.open && deal.amount > 99999999'")).unwrap();
    for _ in 0..2 {
        world.sync();
    }
    assert!(world.blocked(hanako.lead), "an edit that widens went by itself");
    assert_eq!(world.gate(&hanako.email).0, "hold");
    let waiting = world.run("plan").json()["waiting"].clone();
    assert_eq!(waiting.as_array().map(Vec::len), Some(1), "{waiting:#}");
    world.run(&format!("approve {}", waiting[0]["plan"].as_str().unwrap())).exits(0);
    world.sync_until("released", |w| !w.blocked(hanako.lead));
}

#[test]
fn an_approval_lets_the_running_daemon_write() {
    let world = World::new(Setup::default());
    let hanako = person(&world.sandbox.handle, "Hanako", "Mori", None);
    world.sandbox.handle.open_deal(&[hanako.contact], None).unwrap();
    let daemon = world.daemon();
    super::harness::wait_until("it knows", super::harness::SOON, || world.gate(&hanako.email).1 == ["open_deal_person"]);
    assert_eq!(world.status()["protection"], "watching");
    assert!(world.writes().is_empty(), "{:?}", world.writes());
    world.run("approve ma --holds").exits(0);
    super::harness::wait_until("blocked", super::harness::SOON, || world.blocked(hanako.lead));
    assert_eq!(world.lead(hanako.lead).text("leadStatus"), None);
    world.run("approve ma").exits(0);
    super::harness::wait_until("the status", super::harness::SOON, || world.lead(hanako.lead).text("leadStatus") == Some("opportunity"));
    super::harness::wait_until("it protects", super::harness::SOON, || world.status()["protection"] == "protecting");
    daemon.stop();
}

#[test]
fn two_commands_never_hold_one_state_at_the_same_time() {
    let (world, hanako, _) = scene(Setup::default());
    world.fault(nayose::sandbox::SandboxSystem::Crm, nayose::sandbox::FaultKind::Slow { ms: 1500 });
    let requests = |w: &World| w.sandbox.handle.requests().values().sum::<u64>();
    let before = requests(&world);
    let mut first = Process::start(&mut world.command(&["sync", "--json"]));
    super::harness::wait_until("the first reads", super::harness::SOON, || requests(&world) > before);
    world.run("sync").exits(2).says("held by another");
    world.run(&format!("gate {}", hanako.email)).exits(2).says("held by another");
    let status = first.wait(Duration::from_secs(60)).expect("the first sync does not end");
    assert_eq!(status.code(), Some(0), "{:?}", first.output());
    world.run("status").exits(0);
}
