//! Footers into mails under way: what the real binary asks a mail server to change, and what it counts.

use super::footer_scene::{MAIL, scene_with, write};
use super::harness::{Person, Setup, World, free_port};
use super::mail_server::{MailServer, OFFER, OLD_OFFER};
use serde_json::Value;

/// The scene of the footers, with a milter beside it.
fn scene(more: &str) -> (World, [Person; 3], u16) {
    let port = free_port();
    let setup = Setup { top: format!("milter = {{ listen = \"127.0.0.1:{port}\"{more} }}\n"), ..Setup::default() };
    let (world, people) = scene_with(setup, "slot = \"monthly\"\n");
    (world, people, port)
}

fn decisions(world: &World) -> Vec<Value> {
    let all = world.run("export decisions").json();
    all.as_array().unwrap().iter().filter(|row| !row["action"].is_null()).cloned().collect()
}

#[test]
fn each_recipient_gets_the_footer_only_if_all_may_and_who_got_what_is_told() {
    let (world, [hanako, ken, mei], port) = scene("");
    let daemon = world.daemon();
    let mut server = MailServer::connect(port, OFFER);
    let got = server.filter(&[&hanako.email], MAIL);
    assert!(got.mail.contains("X-Nayose-Footer: webinar") && got.mail.contains("配信停止: https://acme.example/stop"), "{got:?}");
    assert!(got.mail.contains("\r\n\r\n今月のお知らせ\r\n"), "{got:?}");
    // Of one that refused, or whom nobody knows, all go without; the connection is the same.
    for others in [vec![&*ken.email], vec![&*hanako.email, &*ken.email, &*mei.email], vec!["nobody@nowhere.example"]] {
        assert_eq!(server.filter(&others, MAIL).mail, MAIL, "{others:?}");
    }
    let of_others = MAIL.replace("news@support", "sales@support");
    let passed = server.filter(&[&hanako.email], &of_others);
    assert_eq!((passed.mail, passed.was_looked_at), (of_others, false), "its body need not be sent");
    // One that speaks the oldest protocol gets the same.
    let old = MailServer::connect(port, OLD_OFFER).filter(&[&hanako.email], MAIL);
    assert_eq!(old.mail, got.mail);

    let report = world.run("report footers").exits(0).json();
    assert_eq!((&report["mails"], &report["set"]), (&6.into(), &2.into()), "{report:#}");
    assert_eq!(report["stayed"], serde_json::json!({ "no_slot": 1, "nobody_may": 2, "not_all_may": 1 }));
    assert_eq!((&report["recipients"]["missed"], &report["footers"]["webinar"]), (&1.into(), &2.into()), "{report:#}");
    world.run_text("report footers").exits(0).says("6 mails passed by, 2 with a footer").says("critical_ticket: 1");
    let rows = decisions(&world);
    let told: Vec<(&str, &str, &str)> =
        rows.iter().skip(2).take(3).map(|row| ["record", "action", "reasons"].map(|name| row[name].as_str().unwrap()).into()).collect();
    let mut expected =
        vec![(&*hanako.email, "missed", "co_recipient"), (&*ken.email, "none", "refused_all"), (&*mei.email, "none", "critical_ticket")];
    expected.sort_unstable();
    assert_eq!(told, expected);
    assert!(rows.iter().all(|row| row["mail"] == "4QzX1" && row["slot"] == "monthly" && row["door"] == "milter"), "{rows:#?}");
    assert!(rows[0]["person"].as_str().is_some_and(|person| person.starts_with("p_")), "{:#}", rows[0]);
    let (_, metrics) = world.http("GET", "/metrics", None, None).unwrap();
    assert!(metrics.contains("nayose_footer_mails_total{outcome=\"set\"} 2"), "{metrics}");
    daemon.stop();
}

#[test]
fn a_stop_a_mistake_and_an_edit_count_from_the_next_mail_on() {
    let (world, [hanako, ..], port) = scene("");
    let daemon = world.daemon();
    let mut server = MailServer::connect(port, OFFER);
    let mut gets = || server.filter(&[&hanako.email], MAIL).mail != MAIL;
    assert!(gets());
    world.run("footer stop").exits(0);
    assert!(!gets(), "stopped");
    world.run("footer resume").exits(0);
    assert!(gets());
    write(world.folder(), "webinar.html", "<p>{{ sender }} {{ opt_uot }}</p>");
    assert!(!gets(), "a footer with a mistake is none");
    let report = world.run("report footers").json();
    assert_eq!((&report["reasons"]["stopped"], &report["stayed"]["footers_unreadable"]), (&1.into(), &1.into()), "{report:#}");
    daemon.stop();
}

#[test]
fn a_mail_beyond_the_limits_goes_as_it_came_and_places_are_bounded() {
    let (world, [hanako, ..], port) = scene(", mail_bytes = 2000, connections = 1");
    let daemon = world.daemon();
    let mut server = MailServer::connect(port, OFFER);
    let large = format!("{MAIL}{}", "a line of text\r\n".repeat(200));
    assert_eq!(server.filter(&[&hanako.email], &large).mail, large);
    assert_ne!(server.filter(&[&hanako.email], MAIL).mail, MAIL);
    // A second connection is closed, and a mail server goes on without us.
    let mut turned_away = std::net::TcpStream::connect(("127.0.0.1", port)).unwrap();
    turned_away.set_read_timeout(Some(std::time::Duration::from_secs(20))).unwrap();
    assert!(matches!(std::io::Read::read(&mut turned_away, &mut [0; 1]), Ok(0) | Err(_)));
    assert_eq!(world.run("report footers").json()["stayed"]["too_large"], 1);
    daemon.stop();
}

#[test]
fn what_a_milter_cannot_be_is_told_with_its_line() {
    let world = World::new(Setup::default());
    let check = |milter: &str, says: &str| {
        world.configure(&Setup { top: format!("milter = {{ {milter} }}\n"), ..Setup::default() });
        world.run_text("check").exits(2).says("systems.toml:").says(says);
    };
    check("listen = \"0.0.0.0:8643\"", "other machines could ask who gets which footer");
    check("listen = \"milter\"", "is no address to listen on");
    check("within = \"3s\"", "listen");
    check("listen = \"127.0.0.1:8643\", within = \"20s\"", "a mail can wait");
    check("listen = \"127.0.0.1:8643\", mail_bytes = 90000000", "is more than");
    world.configure(&Setup { top: "milter = { listen = \"unix:milter\" }\n".into(), ..Setup::default() });
    world.run_text("check").exits(0);
}
