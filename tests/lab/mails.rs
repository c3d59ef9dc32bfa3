//! Footers into mails that pass a real Postfix, and OpenDKIM after us: what is delivered, and that its signature holds.

use super::footer_scene::{MAIL, scene_with, write};
use super::harness::{Person, SOON, Setup, World};
use super::postfix::{Delivered, Postfix};
use nayose::footer::MARK_HEADER;
use std::sync::atomic::{AtomicUsize, Ordering};

/// The scene of the footers, behind a Postfix that asks us.
fn scene(signs: bool) -> Option<(Postfix, World, [Person; 3])> {
    let postfix = Postfix::of_the_lab(signs)?;
    let setup = Setup { top: format!("milter = {{ listen = \"127.0.0.1:{}\" }}\n", postfix.milter), ..Setup::default() };
    let (world, people) = scene_with(setup, "slot = \"monthly\"\n");
    Some((postfix, world, people))
}

fn send(postfix: &Postfix, world: &World, to: &[&str], mail: &[u8]) -> Delivered {
    postfix.next(|postfix| world.runtime.block_on(postfix.send(to, mail)))
}

fn mail(kind: &str, body: &[u8]) -> Vec<u8> {
    let head = "From: news@support.acme.example\r\nTo: all@acme.example\r\nList-Id: <monthly.support.acme.example>\r\nSubject: Monthly\r\n\
                List-Unsubscribe: <https://acme.example/stop>\r\nList-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n\
                Date: Tue, 01 Dec 2026 09:00:00 +0900\r\nMessage-ID: <monthly-1@support.acme.example>\r\nMIME-Version: 1.0\r\n";
    [head.as_bytes(), kind.as_bytes(), b"\r\n\r\n", body].concat()
}

#[test]
fn each_recipient_gets_the_right_mail_and_all_signatures_hold() {
    let Some((postfix, world, [hanako, ken, mei])) = scene(true) else { return };
    let daemon = world.daemon();
    let newsletter = mail("Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit", "今月のお知らせ\r\n".as_bytes());
    for who in [&hanako, &ken, &mei] {
        send(&postfix, &world, &[&who.email], &newsletter);
    }
    // One transaction for all three: one body, so that none gets a footer.
    send(&postfix, &world, &[&hanako.email, &ken.email, &mei.email], &newsletter);
    let delivered = postfix.delivered();
    let has_footer: Vec<bool> = delivered.iter().map(|mail| mail.field(MARK_HEADER).is_some()).collect();
    assert_eq!(has_footer, [true, false, false, false], "{delivered:#?}");
    println!("{}", delivered[0].data);
    assert!(delivered[0].body().starts_with("今月のお知らせ\r\n\r\n-- \r\nセミナーのご案内\r\n"), "{}", delivered[0].body());
    assert!(delivered[1..].iter().all(|mail| mail.body() == "今月のお知らせ\r\n"), "as they came");
    for verified in postfix.verified() {
        println!("{:?}: DKIM holds: {}", verified.to, verified.holds);
        assert!(verified.holds, "{verified:?}");
        assert!(["list-unsubscribe", "list-unsubscribe-post"].iter().all(|name| verified.signs.iter().any(|s| s == name)), "{verified:?}");
    }
    let rows = world.run("export decisions").json();
    let footers: Vec<_> = rows.as_array().unwrap().iter().filter(|row| !row["action"].is_null()).collect();
    for row in &footers {
        println!("{} {} {} {}", row["record"], row["footer"], row["action"], row["reasons"]);
    }
    let of = |who: &str| footers.iter().filter(|row| row["record"] == who).map(|row| row["action"].clone()).collect::<Vec<_>>();
    assert_eq!(of(&hanako.email), ["set", "missed"]);
    assert_eq!((of(&ken.email), of(&mei.email)), (vec!["none".into(); 2], vec!["none".into(); 2]));
    assert!(footers.iter().all(|row| postfix.log().contains(row["mail"].as_str().unwrap())), "Postfix's own name for the mail");
    daemon.stop();
}

/// Golden scenario 9.
#[test]
fn iso_2022_jp_stays_and_what_is_doubtful_is_delivered_as_it_came() {
    let Some((postfix, world, [hanako, ..])) = scene(true) else { return };
    let daemon = world.daemon();
    let jis = "Content-Type: text/plain; charset=iso-2022-jp\r\nContent-Transfer-Encoding: 7bit";
    // こんにちは。 with a row of a vendor, and half-width kana.
    let body = b"\x1b$B$3$s$K$A$O!#-!-j|b\x1b(B\r\n\x1b(I6E6E\x1b(B abc\r\n";
    let stays = send(&postfix, &world, &[&hanako.email], &mail(jis, body));
    println!("{:?}", stays.data);
    assert_eq!(stays.field("Content-Type"), Some("text/plain; charset=iso-2022-jp"));
    assert!(stays.body().as_bytes().starts_with(body) && stays.body().is_ascii(), "{:?}", stays.body());
    // セミナー in the same charset.
    assert!(stays.body().contains("\x1b$B%;%_%J!<"), "{:?}", stays.body());

    write(world.folder(), "webinar.txt", "春のセミナー 🌸\n{{ sender }}\n{{ opt_out }}\n");
    let body = b"\x1b$B$3$s$K$A$O!#\x1b(B\r\n";
    let grows = send(&postfix, &world, &[&hanako.email], &mail(jis, body));
    println!("{:?}", grows.data);
    assert_eq!(grows.field("Content-Type"), Some("text/plain; charset=utf-8"));
    assert!(grows.field(MARK_HEADER).is_some(), "{grows:?}");

    let untouched: [(&str, &str, &[u8]); 4] = [
        ("charset_broken", jis, b"\x1b$B$3$s$K$A$O!#$\x1b(B\r\n"),
        ("smime", "Content-Type: application/pkcs7-mime; smime-type=signed-data\r\nContent-Transfer-Encoding: base64", b"TUlJQg==\r\n"),
        (
            "calendar",
            "Content-Type: multipart/alternative; boundary=\"b\"",
            b"--b\r\nContent-Type: text/plain\r\n\r\nMeet\r\n--b\r\nContent-Type: text/calendar; method=REQUEST\r\n\r\nBEGIN:VCALENDAR\r\nEND:VCALENDAR\r\n--b--\r\n",
        ),
        (
            "report",
            "Content-Type: multipart/report; report-type=delivery-status; boundary=\"b\"",
            b"--b\r\nContent-Type: text/plain\r\n\r\nNo\r\n--b\r\nContent-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; a.example\r\n--b--\r\n",
        ),
    ];
    for (why, kind, body) in untouched {
        let came = send(&postfix, &world, &[&hanako.email], &mail(kind, body));
        assert_eq!((came.body().as_bytes(), came.field(MARK_HEADER)), (body, None), "{why}");
    }
    let stayed = &world.run("report footers").json()["stayed"];
    assert!(untouched.iter().all(|(why, ..)| stayed[why] == 1), "{stayed:#}");
    let verified = postfix.verified();
    assert_eq!((verified.len(), verified.iter().filter(|mail| mail.holds).count()), (6, 6), "{verified:#?}");
    daemon.stop();
}

#[test]
fn mail_by_sendmail_gets_its_footer_too() {
    let Some((postfix, world, [hanako, ken, _])) = scene(true) else { return };
    let daemon = world.daemon();
    let set = postfix.next(|postfix| postfix.sendmail(&[&hanako.email], MAIL.as_bytes()));
    assert!(set.field(MARK_HEADER).is_some() && set.body().contains("セミナー"), "{set:?}");
    let both = postfix.next(|postfix| postfix.sendmail(&[&hanako.email, &ken.email], MAIL.as_bytes()));
    assert_eq!((both.field(MARK_HEADER), both.body()), (None, "今月のお知らせ\r\n"));
    // `-t`: the recipients stand in the mail alone.
    let by_header = postfix.next(|postfix| postfix.sendmail(&["-t"], MAIL.as_bytes()));
    assert!(by_header.field(MARK_HEADER).is_some(), "{by_header:?}");
    assert!(postfix.verified().iter().all(|mail| mail.holds));
    daemon.stop();
}

#[test]
fn without_nayose_mail_flows_and_a_kill_in_the_middle_loses_nothing() {
    const MAILS: usize = 120;
    const SENDERS: usize = 4;
    let Some((postfix, world, [hanako, ..])) = scene(false) else { return };
    let down = send(&postfix, &world, &[&hanako.email], MAIL.as_bytes());
    assert_eq!((down.field(MARK_HEADER), down.body()), (None, "今月のお知らせ\r\n"), "nayose is not there yet");
    let mut daemon = world.daemon();
    // Large enough that an answer is many of the kernel's pieces.
    let text = "お知らせの一行です。\r\n".repeat(9_000);
    let next = AtomicUsize::new(0);
    std::thread::scope(|threads| {
        for _ in 0..SENDERS {
            threads.spawn(|| {
                let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
                loop {
                    let number = next.fetch_add(1, Ordering::SeqCst);
                    if number >= MAILS {
                        break;
                    }
                    let mail = format!("{}{text}", MAIL.replace("Subject: Monthly", &format!("Subject: Number {number}")));
                    runtime.block_on(postfix.send(&[&hanako.email], mail.as_bytes()));
                }
            });
        }
        let with_footer = || postfix.delivered().iter().any(|mail| mail.field(MARK_HEADER).is_some());
        super::harness::wait_until("the first footers", SOON, || with_footer() && next.load(Ordering::SeqCst) > MAILS / 4);
        daemon.process.kill();
    });
    let delivered = postfix.wait_for(1 + MAILS, SOON);
    let mut numbers: Vec<&str> = delivered[1..].iter().map(|mail| mail.field("Subject").unwrap()).collect();
    numbers.sort_unstable();
    numbers.dedup();
    let footers = delivered.iter().filter(|mail| mail.field(MARK_HEADER).is_some()).count();
    println!(
        "{MAILS} mails, killed in the middle: {} delivered, {footers} of them with a footer, {} broken",
        numbers.len(),
        postfix.corrupt()
    );
    assert_eq!((delivered.len(), numbers.len(), postfix.corrupt()), (1 + MAILS, MAILS, 0), "each once");
    assert!(footers > 0 && footers < MAILS, "{footers}");
    let whole = |mail: &Delivered| mail.body().contains(&text) && (mail.field(MARK_HEADER).is_some() == mail.body().contains("配信停止"));
    assert!(delivered[1..].iter().all(whole), "each whole");
}
