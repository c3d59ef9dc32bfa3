//! The `nayose` binary: arguments in, exit code out.

use std::process::ExitCode;

/// The store and the decoding of records allocate much and in many sizes. Measured on job J with 100,000 people: less than two thirds of
/// the CPU time that the system's allocator takes, and memory is given back. It takes a minute and more to build: only what is shipped has it.
#[cfg(feature = "dist")]
#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

fn main() -> ExitCode {
    nayose::cli::main()
}
