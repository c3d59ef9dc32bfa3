//! How much longer a mail takes through Postfix with nayose beside it, and that none is lost: 60 mails of each sort, with
//! NAYOSE_MARKED=1 two thousand.

#![allow(clippy::disallowed_methods, reason = "real processes go by the wall clock")]

use super::footer_scene::{MAIL, scene_with};
use super::harness::Setup;
use super::postfix::Postfix;
use nayose::footer::MARK_HEADER;
use std::io::{BufRead, BufReader, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

const BYTES: usize = 50_000;

/// One client that keeps its connection; the mail counts as taken with the answer to its last line, before which milters are asked.
struct SmtpClient {
    line: BufReader<TcpStream>,
}

impl SmtpClient {
    fn connect(port: u16) -> SmtpClient {
        let line = TcpStream::connect(("127.0.0.1", port)).unwrap();
        line.set_nodelay(true).unwrap();
        let mut client = SmtpClient { line: BufReader::new(line) };
        client.expect("220");
        client.say("EHLO test.example\r\n", "250");
        client
    }

    fn expect(&mut self, code: &str) {
        loop {
            let mut answer = String::new();
            self.line.read_line(&mut answer).unwrap();
            assert!(answer.starts_with(code), "{answer}");
            if answer.as_bytes().get(3) == Some(&b' ') {
                break;
            }
        }
    }

    fn say(&mut self, text: &str, code: &str) {
        self.line.get_mut().write_all(text.as_bytes()).unwrap();
        self.expect(code);
    }

    fn send(&mut self, to: &str, mail: &str) -> Duration {
        let began = Instant::now();
        self.say("MAIL FROM:<news@support.acme.example> BODY=8BITMIME\r\n", "250");
        self.say(&format!("RCPT TO:<{to}>\r\n"), "250");
        self.say("DATA\r\n", "354");
        self.say(&format!("{mail}.\r\n"), "250");
        began.elapsed()
    }
}

fn percentile(times: &mut [Duration], share: usize) -> f64 {
    times.sort_unstable();
    times[(times.len() - 1) * share / 100].as_secs_f64() * 1000.0
}

#[test]
fn many_mails_pass_and_none_is_lost() {
    let Some(postfix) = Postfix::of_the_lab(false) else { return };
    let count = if std::env::var("NAYOSE_MARKED").is_ok() { 2_000 } else { 60 };
    let setup = Setup { top: format!("milter = {{ listen = \"127.0.0.1:{}\" }}\n", postfix.milter), ..Setup::default() };
    let (world, [hanako, ..]) = scene_with(setup, "slot = \"monthly\"\n");
    let line = "今月のお知らせの一行です。\r\n";
    let newsletter = format!("{MAIL}{}", line.repeat(BYTES / line.len()));
    let other = newsletter.replace("news@support", "desk@support");
    let daemon = world.daemon();
    let mut sent = 0;
    let mut series = |what: &str, mail: &str| {
        let mut client = SmtpClient::connect(postfix.port);
        let mut times: Vec<Duration> = (0..count).map(|_| client.send(&hanako.email, mail)).collect();
        sent += count;
        println!("{count} mails, {what}: p50 {:.1} ms, p99 {:.1} ms", percentile(&mut times, 50), percentile(&mut times, 99));
        sent
    };
    series("with a footer each", &newsletter);
    series("of no newsletter", &other);
    postfix.ask_no_milter();
    let sent = series("without nayose", &newsletter);
    let delivered = postfix.wait_for(sent, Duration::from_secs(120));
    let footers = delivered.iter().filter(|mail| mail.field(MARK_HEADER).is_some()).count();
    println!("{sent} mails sent, {} delivered, {footers} with a footer", delivered.len());
    assert_eq!((delivered.len(), footers), (sent, count));
    assert!(delivered.iter().all(|mail| mail.body().contains(&line.repeat(BYTES / line.len()))), "each whole");
    let report = world.run("report footers").json();
    assert_eq!((&report["set"], &report["stayed"]["no_slot"]), (&count.into(), &count.into()), "{report:#}");
    daemon.stop();
}
