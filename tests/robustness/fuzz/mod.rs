//! Everything that reads what others wrote, fed with what nobody would write: a target for each parser. CONTRIBUTING.md says how to run one
//! for longer, or under a fuzzer.
//!
//! Random bytes get past no parser's first step. So what is fed is valid input (the shipped config, manifests, examples), changed: the
//! fuzzer's bytes say where and how (`change`).

use std::time::Duration;

/// So long each target runs within the tests.
const TIME: Duration = Duration::from_secs(2);

/// Bytes of the fuzzer that one input is made of.
const TAPE_BYTES_MAX: usize = 200;

/// Calls `test` with changed input again and again. A macro, because a target is found by the place where it stands.
macro_rules! fuzz {
    ($test:expr) => {{
        let test = std::panic::AssertUnwindSafe($test);
        bolero::check!().with_max_len(crate::fuzz::TAPE_BYTES_MAX).with_test_time(crate::fuzz::TIME).for_each(move |bytes: &[u8]| {
            // The whole of it, not what it wraps.
            let test = &test;
            (test.0)(&mut crate::fuzz::change::Tape::new(bytes));
        });
    }};
}

mod answers;
mod change;
mod config;
mod credentials;
mod daemon;
mod milter;
mod questions;
mod server;
mod state;
mod texts;
