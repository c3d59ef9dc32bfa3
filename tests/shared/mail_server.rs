//! A mail server as a milter meets it: it sends mails as Postfix does, and makes the changes that it is asked for.

#![allow(dead_code, reason = "shared, and each binary needs a part of it")]

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

/// What Postfix 3.7 offers.
pub const OFFER: [u32; 3] = [6, 0x1ff, 0x1f_ffff];
/// The oldest that anybody speaks: each step is sent and waited for.
pub const OLD_OFFER: [u32; 3] = [2, 0x3f, 0x7f];
const SOON: Duration = Duration::from_secs(20);

/// One connection to a milter.
pub struct MailServer<S = TcpStream> {
    line: S,
    protocol: u32,
}

/// What became of a mail.
#[derive(Debug, PartialEq, Eq)]
pub struct Filtered {
    /// As it is delivered.
    pub mail: String,
    /// Whether its body was asked for.
    pub was_looked_at: bool,
}

impl MailServer {
    pub fn connect(port: u16, offer: [u32; 3]) -> MailServer {
        let line = TcpStream::connect(("127.0.0.1", port)).unwrap();
        line.set_read_timeout(Some(SOON)).unwrap();
        MailServer::over(line, offer)
    }
}

impl<S: Read + Write> MailServer<S> {
    pub fn over(line: S, offer: [u32; 3]) -> MailServer<S> {
        let mut server = MailServer { line, protocol: 0 };
        server.send(b'O', &offer.map(u32::to_be_bytes).concat());
        let (answer, said) = server.read();
        assert_eq!((answer, said.len()), (b'O', 12));
        server.protocol = u32::from_be_bytes(said[8..].try_into().unwrap());
        server
    }

    pub fn send(&mut self, command: u8, said: &[u8]) {
        let mut bytes = u32::try_from(said.len() + 1).unwrap().to_be_bytes().to_vec();
        bytes.push(command);
        bytes.extend_from_slice(said);
        self.line.write_all(&bytes).unwrap();
    }

    pub fn read(&mut self) -> (u8, Vec<u8>) {
        let mut length = [0; 4];
        self.line.read_exact(&mut length).unwrap();
        let mut said = vec![0; u32::from_be_bytes(length) as usize];
        self.line.read_exact(&mut said).unwrap();
        let answer = said.remove(0);
        (answer, said)
    }

    /// A step, and its answer where one is waited for. `false`: nothing more of this mail is wanted.
    fn step(&mut self, command: u8, not_sent: u32, unanswered: u32, said: &[u8]) -> bool {
        if self.protocol & not_sent != 0 {
            return true;
        }
        self.send(command, said);
        if self.protocol & unanswered != 0 {
            return true;
        }
        match self.read() {
            (b'c', _) => true,
            (b'a', _) => false,
            other => panic!("{}: {other:?}", char::from(command)),
        }
    }

    /// Envelope and header; `false`: the body is not wanted.
    pub fn begin(&mut self, recipients: &[&str], mail: &str) -> bool {
        let (header, _) = mail.split_once("\r\n\r\n").unwrap();
        self.send(b'D', b"Mi\x004QzX1\0");
        self.step(b'M', 0x04, 0x4000, b"<news@support.acme.example>\0");
        for who in recipients {
            self.step(b'R', 0x08, 0x8000, format!("<{who}>\0").as_bytes());
        }
        self.step(b'T', 0x200, 0x1_0000, b"");
        for field in header.replace("\r\n ", "\n ").split("\r\n") {
            let (name, value) = field.split_once(':').unwrap();
            self.step(b'L', 0x20, 0x80, format!("{name}\0{}\0", value.trim_start()).as_bytes());
        }
        self.step(b'N', 0x40, 0x4_0000, b"")
    }

    /// Sends one mail, and makes the changes that are asked for.
    pub fn filter(&mut self, recipients: &[&str], mail: &str) -> Filtered {
        if !self.begin(recipients, mail) {
            return Filtered { mail: mail.into(), was_looked_at: false };
        }
        let (header, body) = mail.split_once("\r\n\r\n").unwrap();
        for piece in body.as_bytes().chunks(65_535) {
            self.step(b'B', 0x10, 0x8_0000, piece);
        }
        self.send(b'E', b"");
        Filtered { mail: self.changed(header, body), was_looked_at: true }
    }

    fn changed(&mut self, header: &str, body: &str) -> String {
        let mut fields: Vec<String> = header.replace("\r\n ", "\n ").split("\r\n").map(str::to_string).collect();
        let (mut replaced, text) = (None::<Vec<u8>>, |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap());
        loop {
            let (answer, said) = self.read();
            let words: Vec<&[u8]> = said.split(|byte| *byte == 0).collect();
            match answer {
                b'b' => replaced.get_or_insert_default().extend(said),
                b'h' => fields.push(format!("{}: {}", text(words[0]), text(words[1]))),
                b'm' => {
                    let rest: Vec<&[u8]> = said[4..].split(|byte| *byte == 0).collect();
                    let name = text(rest[0]);
                    let is_it = |field: &&mut String| field.split(':').next().unwrap().eq_ignore_ascii_case(&name);
                    *fields.iter_mut().find(is_it).unwrap() = format!("{name}: {}", text(rest[1]));
                }
                b'c' | b'a' => break,
                other => panic!("{other}"),
            }
        }
        let body = replaced.map_or_else(|| body.to_string(), |bytes| String::from_utf8(bytes).unwrap());
        format!("{}\r\n\r\n{body}", fields.join("\r\n").replace('\n', "\r\n").replace("\r\r", "\r"))
    }
}
