//! The files whose schema can be asked for.

use clap::ValueEnum;

/// The files that have a schema.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum SchemaFile {
    Systems,
    Precedence,
    Policy,
    Consent,
    Tests,
    Footer,
    Manifest,
}
