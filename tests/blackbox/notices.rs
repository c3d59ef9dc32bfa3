//! What needs a person is told once, by webhook and by mail, and once when it is over.

use super::harness::{Person, SOON, Setup, World, person, wait_until};
use nayose::sandbox::{FaultKind, SandboxSystem};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

/// Takes what it is sent and keeps it. Its thread ends with the process.
struct Sink {
    port: u16,
    got: Arc<Mutex<Vec<String>>>,
}

impl Sink {
    fn start(answer: fn(TcpStream, &Mutex<Vec<String>>) -> std::io::Result<()>) -> Sink {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let sink = Sink { port: listener.local_addr().unwrap().port(), got: Arc::default() };
        let got = sink.got.clone();
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                // Who breaks off tells nothing.
                let _ = answer(stream, &got);
            }
        });
        sink
    }

    fn got(&self) -> Vec<String> {
        self.got.lock().unwrap().clone()
    }

    /// How many notices hold this text.
    fn count(&self, part: &str) -> usize {
        self.got().iter().filter(|text| text.contains(part)).count()
    }
}

fn webhook(stream: TcpStream, got: &Mutex<Vec<String>>) -> std::io::Result<()> {
    let mut reader = BufReader::new(stream.try_clone()?);
    let (mut first, mut length) = (String::new(), 0);
    reader.read_line(&mut first)?;
    loop {
        let mut line = String::new();
        reader.read_line(&mut line)?;
        if let Some(value) = line.to_lowercase().strip_prefix("content-length:") {
            length = value.trim().parse().unwrap_or(0);
        }
        if line.trim().is_empty() {
            break;
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body)?;
    let json: serde_json::Value = serde_json::from_slice(&body).unwrap();
    assert!(first.starts_with("POST /only-for-the-tests-hook "), "{first}");
    got.lock().unwrap().push(json["text"].as_str().unwrap().to_string());
    (&stream).write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\nconnection: close\r\n\r\nok")
}

fn smtp(stream: TcpStream, got: &Mutex<Vec<String>>) -> std::io::Result<()> {
    let mut say = &stream;
    let mut lines = BufReader::new(stream.try_clone()?).lines();
    say.write_all(b"220 sink\r\n")?;
    let mut envelope = String::new();
    while let Some(line) = lines.next().transpose()? {
        let verb = line.split([' ', ':']).next().unwrap_or("").to_uppercase();
        match verb.as_str() {
            "EHLO" => say.write_all(b"250-sink\r\n250 AUTH PLAIN\r\n")?,
            "AUTH" => say.write_all(b"235 welcome\r\n")?,
            "MAIL" | "RCPT" => {
                envelope += &format!("{line}\n");
                say.write_all(b"250 ok\r\n")?;
            }
            "DATA" => {
                say.write_all(b"354 go on\r\n")?;
                let mut mail = std::mem::take(&mut envelope);
                for line in lines.by_ref() {
                    let line = line?;
                    if line == "." {
                        break;
                    }
                    mail += &format!("{line}\n");
                }
                // Long lines are folded for the way.
                got.lock().unwrap().push(mail.replace("=\n", ""));
                say.write_all(b"250 taken\r\n")?;
            }
            "QUIT" => return say.write_all(b"221 bye\r\n"),
            _ => say.write_all(b"250 ok\r\n")?,
        }
    }
    Ok(())
}

fn world(hook: &Sink, mail: &Sink) -> (World, Person, Person) {
    let notify = format!(
        "[notify]\nafter = \"1s\"\nwebhook = {{ url = {{ file = \"hook.secret\" }} }}\n\
         mail = {{ smtp = \"smtp://127.0.0.1:{}\", user = \"nayose\", password = {{ file = \"mail.secret\" }}, \
         from = \"nayose@acme.example\", to = [\"it@acme.example\", \"crm@acme.example\"] }}\n",
        mail.port
    );
    let world = World::new(Setup { more_systems: notify, ..Setup::default() });
    std::fs::write(world.folder().join("hook.secret"), format!("http://127.0.0.1:{}/only-for-the-tests-hook", hook.port)).unwrap();
    std::fs::write(world.folder().join("mail.secret"), "only-for-the-tests-mail-password").unwrap();
    let hanako = person(&world.sandbox.handle, "Hanako", "Mori", None);
    let ken = person(&world.sandbox.handle, "Ken", "Abe", None);
    world.sandbox.handle.open_deal(&[hanako.contact], None).unwrap();
    world.run("plan");
    world.run("approve ma").exits(0);
    world.sync_until("it settles", |w| w.run("plan").code == 0);
    (world, hanako, ken)
}

#[test]
fn each_event_is_told_once_by_each_way_and_once_when_it_is_over_also_over_a_restart() {
    let (hook, mail) = (Sink::start(webhook), Sink::start(smtp));
    let (world, hanako, ken) = world(&hook, &mail);
    let daemon = world.daemon();
    wait_until("it protects", SOON, || world.status()["protection"] == "protecting");

    world.fault(SandboxSystem::Ma, FaultKind::Revoked { status: 401 });
    world.sandbox.handle.open_deal(&[ken.contact], None).unwrap();
    let (lost, refused) = ("nayose is not protecting", "ma does not accept the credential any more");
    for part in [lost, refused] {
        wait_until(part, SOON, || hook.count(part) == 1 && mail.count(part) == 1);
    }
    let first = daemon.stop();
    let daemon = world.daemon();
    // Another event shows that the restarted daemon looks and tells.
    let policy = std::fs::read_to_string(world.folder().join("policy.toml")).unwrap();
    std::fs::write(world.folder().join("policy.toml"), policy.replace("rep_sender", "rep_sendr")).unwrap();
    wait_until("the mistake is told", SOON, || hook.count("The config has mistakes (1)") == 1);
    std::fs::write(world.folder().join("policy.toml"), &policy).unwrap();
    wait_until("that it is mended is told", SOON, || hook.count("The config has no mistakes any more") == 1);
    assert_eq!((hook.count(lost), hook.count(refused)), (1, 1), "a restart told it again: {:?}", hook.got());

    world.sandbox.handle.clear_faults(SandboxSystem::Ma);
    for part in ["nayose is protecting again", "ma accepts the credential again"] {
        wait_until(part, SOON, || hook.count(part) == 1 && mail.count(part) == 1);
    }
    std::fs::write(world.folder().join("policy.toml"), policy.replace("\"campaign\", \"newsletter\", \"rep_sender\"", "\"rep_sender\""))
        .unwrap();
    let waits = "Something waits for `nayose approve w_";
    wait_until("the widening edit is told", SOON, || hook.count(waits) == 1 && mail.count(waits) == 1);
    let second = daemon.stop();

    for text in hook.got().iter().chain(&mail.got()) {
        assert!(!text.contains(&hanako.email) && !text.contains("Hanako") && !text.contains("person:"), "{text}");
    }
    let one = mail.got().into_iter().find(|m| m.contains(lost)).unwrap();
    for part in ["MAIL FROM:<nayose@acme.example>", "RCPT TO:<it@acme.example>", "RCPT TO:<crm@acme.example>", "Subject: nayose: nayose is"]
    {
        assert!(one.contains(part), "{part:?} is not in\n{one}");
    }
    for told in [first.err, second.err] {
        assert!(!told.contains("only-for-the-tests-"), "a secret was printed");
    }
}

#[test]
fn who_cannot_be_told_holds_up_nothing_and_the_address_stays_secret() {
    let (hook, mail) = (Sink::start(webhook), Sink::start(smtp));
    let (world, hanako, ken) = world(&hook, &mail);
    // Nobody listens there.
    let nowhere = format!("http://127.0.0.1:{}/only-for-the-tests-hook", super::harness::free_port());
    std::fs::write(world.folder().join("hook.secret"), nowhere).unwrap();
    let daemon = world.daemon();
    wait_until("it protects", SOON, || world.status()["protection"] == "protecting");
    world.fault(SandboxSystem::Ma, FaultKind::Revoked { status: 401 });
    wait_until("the mail comes", SOON, || mail.count("ma does not accept") == 1);
    world.sandbox.handle.open_deal(&[ken.contact], None).unwrap();
    wait_until("the gate holds Ken", SOON, || world.gate(&ken.email).0 == "hold");
    world.assert_held(hanako.lead);
    world.sandbox.handle.clear_faults(SandboxSystem::Ma);
    wait_until("it protects again", SOON, || world.status()["protection"] == "protecting");
    world.assert_held(ken.lead);
    let told = daemon.stop().err;
    assert!(told.contains("a notice could not be sent"), "{told}");
    assert!(!told.contains("only-for-the-tests-"), "a secret was printed: {told}");
}
