//! Footers in service newsletters: whom the real binary gives one, by its commands and over HTTP.

use super::footer_scene::{HTML, MAIL, TEXT, scene_with, write};
use super::harness::{Person, Setup, World};
use serde_json::Value;

fn scene(rules: &str) -> (World, [Person; 3]) {
    scene_with(Setup::default(), rules)
}

fn preview(world: &World, who: &str) -> Value {
    world.run(&format!("footer preview {who}")).json()
}

#[test]
fn who_refused_and_who_has_an_urgent_ticket_get_none_and_why_is_said() {
    let (world, [hanako, ken, mei]) = scene("slot = \"monthly\"\n");
    world.run_text("footer check").exits(0).says("the footers in").says("Tanaka");
    let got = preview(&world, &hanako.email);
    assert_eq!((&got["footer"], &got["reasons"]), (&"webinar".into(), &Value::Array(vec![])), "{got:#}");
    assert!(got["html"].as_str().unwrap().contains("株式会社アクメ<br>"), "{got:#}");
    for (who, reason) in [(&*ken.email, "refused_all"), (&*mei.email, "critical_ticket"), ("nobody@nowhere.example", "unknown_person")] {
        let got = preview(&world, who);
        assert_eq!((&got["footer"], &got["html"]), (&Value::Null, &"".into()), "{got:#}");
        assert!(got["reasons"].to_string().contains(reason), "{who}: {got:#}");
    }
    world.run_text(&format!("footer preview {}", hanako.email)).exits(0).says("gets the footer webinar");
    world.run_text(&format!("footer preview {}", ken.email)).exits(1).says("gets no footer in monthly: refused_all");
}

#[test]
fn a_mail_is_written_with_the_footer_or_as_it_came() {
    let (world, [hanako, ken, _]) = scene("slot = \"monthly\"\n");
    let (mail, out) = (world.folder().join("mail.eml"), world.folder().join("out"));
    std::fs::write(&mail, MAIL).unwrap();
    let asked = |who: &str| world.run(&format!("footer preview {who} --mail {} --out {}", mail.display(), out.display())).json();
    let written = || std::fs::read_to_string(out.join("mail.eml")).unwrap();
    assert_eq!(asked(&hanako.email)["mail"], "with the footer");
    let edited = written();
    assert!(edited.contains("X-Nayose-Footer: webinar") && edited.contains("配信停止: https://acme.example/stop"), "{edited}");
    assert!(edited.contains("今月のお知らせ\r\n"), "{edited}");
    asked(&ken.email);
    assert_eq!(written(), MAIL);
    // One of another sender is no mail of this newsletter.
    std::fs::write(&mail, MAIL.replace("news@support", "sales@support")).unwrap();
    assert!(asked(&hanako.email)["mail"].as_str().unwrap().contains("no_slot"));
    assert_eq!(written(), MAIL.replace("news@support", "sales@support"));
}

/// In place of a browser: it notes how it was called, and what it was to show.
const BROWSER: &str = r#"#!/bin/sh
for last; do :; done
printf '%s\n' "$@" > "$(dirname "$0")/asked"
cat "$last" > "$(dirname "$0")/shown"
for word; do case $word in --screenshot=*) echo picture > "${word#--screenshot=}";; esac; done
"#;

#[test]
fn a_browser_takes_a_picture_of_what_they_get_and_reaches_nobody() {
    use std::os::unix::fs::PermissionsExt;
    let (world, [hanako, ..]) = scene("slot = \"monthly\"\n");
    let (mail, out, tools) = (world.folder().join("mail.eml"), world.folder().join("out"), world.folder().join("tools"));
    std::fs::create_dir_all(&tools).unwrap();
    std::fs::write(&mail, MAIL).unwrap();
    let browser = |script: &str| {
        let file = tools.join("browser");
        std::fs::write(&file, script).unwrap();
        std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o755)).unwrap();
        file
    };
    let read = |name: &str| std::fs::read_to_string(tools.join(name)).unwrap();
    let asked = format!("footer preview {} --out {} --browser {}", hanako.email, out.display(), browser(BROWSER).display());
    let told = world.run(&asked).json();
    assert_eq!(told["picture"], out.join("footer.png").display().to_string(), "{told:#}");
    assert!(read("shown").starts_with("\u{feff}<p>セミナーのご案内<br>"), "{}", read("shown"));
    for word in ["--headless", "--blink-settings=scriptEnabled=false", "--host-resolver-rules=MAP * ~NOTFOUND"] {
        assert!(read("asked").lines().any(|asked| asked == word), "{word}: {}", read("asked"));
    }
    let told = world.run(&format!("{asked} --mail {}", mail.display())).json();
    assert_eq!(told["picture"], out.join("mail.png").display().to_string(), "{told:#}");
    assert!(read("shown").contains("今月のお知らせ") && read("shown").contains("配信停止"), "{}", read("shown"));
    assert_eq!(std::fs::read_to_string(out.join("mail.png")).unwrap(), "picture\n");
    // One that takes none is told, and what is written is there all the same.
    browser("#!/bin/sh\necho 'no sandbox here' >&2\nexit 1\n");
    world.run_text(&asked).exits(0).says("no picture: ").says("no sandbox here");
    assert!(!out.join("footer.png").exists() && out.join("footer.html").exists());
}

#[test]
fn a_tool_that_asks_over_http_gets_a_footer_or_nothing_and_a_stop_counts_at_once() {
    let (world, [hanako, ken, _]) = scene("slot = \"monthly\"\naudience = { status = [\"lead\"] }\n");
    let daemon = world.daemon();
    let get = |query: &str| world.http("GET", &format!("/v1/footer?{query}"), None, None).unwrap();
    let of = |who: &str, form: &str| get(&format!("slot=monthly&email={who}&form={form}"));
    let (status, html) = of(&hanako.email, "html");
    assert_eq!((status, html.contains("<a href=\"https://acme.example/stop\">")), (200, true), "{html}");
    assert_eq!(of(&ken.email, "html"), (200, String::new()), "nothing to merge");
    assert_eq!(of(&ken.email, "text"), (200, String::new()));
    let (_, told) = of(&ken.email, "json");
    assert!(told.contains("refused_all"), "{told}");
    for wrong in ["slot=monthly", "email=a@b.example", "slot=monthly&email=a@b.example&form=pdf", "slot=monthly&email=a@b.example&to=1"] {
        let (status, told) = get(wrong);
        assert!((400..500).contains(&status) && told.contains("error"), "{wrong}: {status} {told}");
    }
    world.run("footer stop").exits(0);
    assert_eq!(of(&hanako.email, "html"), (200, String::new()), "stopped");
    world.run("footer resume").exits(0);
    assert!(of(&hanako.email, "html").1.contains("セミナー"));
    // A footer with a mistake is none.
    write(world.folder(), "webinar.html", "<p>{{ sender }} {{ opt_uot }}</p>");
    let (status, told) = of(&hanako.email, "json");
    assert!(status == 200 && told.contains("footers_unreadable") && told.contains("webinar.html:1"), "{told}");
    daemon.stop();
}

/// Each is a way to break the law or a mail.
#[test]
fn what_is_wrong_with_a_footer_is_told_with_its_file() {
    let (world, _) = scene("slot = \"monthly\"\n");
    let check = |says: &str| world.run_text("footer check").exits(2).says(says);
    for (file, text, says) in [
        ("webinar.toml", "slot = \"montly\"\n", "[footers.slots.montly]"),
        ("webinar.toml", "slot = \"monthly\"\nbegins = 2026-12-31\nends = 2026-12-01\n", "it ends before it begins"),
        ("webinar.toml", "slot = \"monthly\"\nlimits = { characters = 5 }\n", "and 5 are the most"),
        ("webinar.html", "<p>{{ opt_out }}</p>", "it does not show {{ sender }}"),
        ("webinar.html", "<p>{{ sender }} {{ opt_out }}<img src=\"https://acme.example/a.gif\"></p>", "<img> is neither text nor a link"),
        ("webinar.txt", "{{ sender }}\n{{ opt_uot }}", "webinar.txt:2"),
    ] {
        write(world.folder(), file, text);
        check(says);
        let sound = match file {
            "webinar.toml" => "slot = \"monthly\"\n",
            "webinar.html" => HTML,
            _ => TEXT,
        };
        write(world.folder(), file, sound);
        world.run_text("footer check").exits(0);
    }
    std::fs::remove_file(world.folder().join("footers/webinar.txt")).unwrap();
    check("there is no such file");
}
