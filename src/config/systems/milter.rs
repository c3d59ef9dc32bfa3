//! `[milter]` of systems.toml: where a mail server asks about mails under way.

use super::settings::Outside;
use crate::config::document::keys;
use crate::config::document::{Section, TomlEntry};
use crate::model::Span;
use std::net::SocketAddr;
use std::path::PathBuf;

/// Sendmail waits 10 s for an answer before it goes on without us, Postfix 30 s.
const WITHIN_MAX: Span = Span::seconds(8);
const WITHIN_MIN: Span = Span(50);
const WITHIN: Span = Span::seconds(3);
/// Newsletters are smaller by far.
const MAIL_BYTES: usize = 10 << 20;
const MAIL_BYTES_MAX: usize = 35 << 20;
/// A Postfix has a hundred processes that take mail in, and each may keep one open.
const CONNECTIONS: usize = 200;
const CONNECTIONS_MAX: usize = 2_000;
/// Linux has 107 bytes for the address of a Unix socket, others have 103.
const SOCKET_BYTES_MAX: usize = 103;

/// What `[milter]` says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MilterSettings {
    pub listen: MilterListen,
    /// A mail that takes longer to decide on goes as it came.
    pub within: Span,
    /// A larger mail goes as it came.
    pub mail_bytes: usize,
    pub connections: usize,
}

/// Where the mail server finds us: never beyond this machine, since the protocol knows no password.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum MilterListen {
    Inet(SocketAddr),
    Unix(PathBuf),
}

impl std::fmt::Display for MilterListen {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            MilterListen::Inet(address) => write!(f, "{address}"),
            MilterListen::Unix(path) => write!(f, "unix:{}", path.display()),
        }
    }
}

/// `None`: there is none, or something in it is wrong, which is told.
pub fn read(top: &mut Section, outside: &Outside) -> Option<MilterSettings> {
    let mut section = top.table("milter", "[milter]", &keys::MILTER)?;
    let listen = section.need("listen", "expected listen = \"127.0.0.1:8643\", or \"unix:PATH\" for a socket");
    let (within, bytes, connections) = (section.get("within"), section.get("mail_bytes"), section.get("connections"));
    section.finish();
    let listen = listen.and_then(|e| self::listen(&e, outside));
    let within = within.map_or(Some(WITHIN), |e| self::within(&e));
    let mail_bytes = bytes.map_or(Some(MAIL_BYTES), |e| at_most(&e, MAIL_BYTES_MAX));
    let connections = connections.map_or(Some(CONNECTIONS), |e| at_most(&e, CONNECTIONS_MAX));
    Some(MilterSettings { listen: listen?, within: within?, mail_bytes: mail_bytes?, connections: connections? })
}

fn listen(entry: &TomlEntry, outside: &Outside) -> Option<MilterListen> {
    const FORM: &str = "expected IP:PORT of this machine, as \"127.0.0.1:8643\", or \"unix:PATH\"";
    let text = entry.filled_text()?;
    if let Some(path) = text.strip_prefix("unix:").filter(|path| !path.is_empty()) {
        let path = outside.folder.join(path);
        if path.as_os_str().len() > SOCKET_BYTES_MAX {
            entry.report(
                format!("the socket's path is longer than {SOCKET_BYTES_MAX} bytes"),
                "expected a shorter one, as \"unix:/run/nayose/milter\"",
            );
            return None;
        }
        return Some(MilterListen::Unix(path));
    }
    match text.parse::<SocketAddr>() {
        Ok(address) if address.ip().is_loopback() => Some(MilterListen::Inet(address)),
        Ok(_) => {
            entry.report("other machines could ask who gets which footer: the protocol of milters knows no password", FORM);
            None
        }
        Err(_) => {
            entry.report(format!("{text:?} is no address to listen on"), FORM);
            None
        }
    }
}

fn within(entry: &TomlEntry) -> Option<Span> {
    let span = entry.duration()?;
    if !(WITHIN_MIN..=WITHIN_MAX).contains(&span) {
        entry.report(
            format!("a mail can wait {WITHIN_MIN} to {WITHIN_MAX} for its footer"),
            "expected a time that the mail server waits too, as \"3s\"",
        );
        return None;
    }
    Some(span)
}

fn at_most(entry: &TomlEntry, most: usize) -> Option<usize> {
    let count = entry.count()?;
    if count > most {
        entry.report(format!("{:?} is more than {most}", entry.key), format!("expected {most} or less"));
        return None;
    }
    Some(count)
}
