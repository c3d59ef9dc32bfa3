//! Systems, a config folder and the binary. Nothing here sleeps to be in time: what takes time is asked for until it is so.

#![allow(clippy::disallowed_methods, reason = "real processes go by the wall clock")]

mod process;
mod secrets;
mod setup;
mod world;

pub use setup::Setup;
pub use world::World;
#[allow(unused_imports, reason = "each binary that stands on this takes a part of it")]
pub use {
    process::{Process, Ran},
    secrets::*,
};

use nayose::sandbox::Handle;
use serde_json::{Map, Value, json};
use std::net::TcpListener;
use std::sync::atomic::{AtomicU16, Ordering};
use std::time::{Duration, Instant};

/// Ports below 32768 are not given out by Linux by itself.
const PORTS_FROM: u16 = 12_000;
const PORTS: u16 = 20_000;

/// How long a condition is waited for.
pub const SOON: Duration = Duration::from_secs(45);
const POLL: Duration = Duration::from_millis(50);

/// A port that nobody listens on, and that nobody is handed before it is used: below those that the system gives out by itself, each once.
pub fn free_port() -> u16 {
    static NEXT: AtomicU16 = AtomicU16::new(0);
    // Other test processes begin elsewhere.
    let begin = u32::from(std::process::id() as u16) * 7;
    loop {
        let port = PORTS_FROM + ((begin + u32::from(NEXT.fetch_add(1, Ordering::Relaxed))) % u32::from(PORTS)) as u16;
        if TcpListener::bind(("127.0.0.1", port)).is_ok() {
            return port;
        }
    }
}

/// Systems tell times to the second: what is done in the second of our last write is not told from what was there before it.
///
/// Not in the first moments of the next one: two whose ages touch there are not told apart.
pub fn in_the_next_second() {
    let now = || jiff::Timestamp::now().as_millisecond();
    let over = (now() / 1_000 + 1) * 1_000;
    wait_until("the second is over", SOON, || now() > over + 1);
}

/// Asks again and again until it is so.
#[track_caller]
pub fn wait_until(what: &str, within: Duration, mut so: impl FnMut() -> bool) {
    let begun = Instant::now();
    while !so() {
        assert!(begun.elapsed() < within, "still not so after {within:?}: {what}");
        std::thread::sleep(POLL);
    }
}

pub fn object(value: Value) -> Map<String, Value> {
    value.as_object().cloned().unwrap()
}

/// What a test's people are called: their contact and their lead have the same name and address.
pub struct Person {
    pub email: String,
    pub contact: u64,
    pub lead: u64,
}

/// Someone whom CRM and marketing system know.
pub fn person(handle: &Handle, first: &str, last: &str, company: Option<u64>) -> Person {
    let email = format!("{}.{}@acme.example", first.to_lowercase(), last.to_lowercase());
    let contact = handle.create_contact(&[("email", &email), ("firstname", first), ("lastname", last)], company);
    let lead = handle.add_lead(&object(json!({"email": email, "firstName": first, "lastName": last}))).unwrap();
    Person { email, contact, lead }
}
