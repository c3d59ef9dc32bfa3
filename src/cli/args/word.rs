//! What a named person says, which goes into the journal with their name, and what waits for such a word.

use super::ToldIn;
use clap::Args;

#[derive(Debug, Args)]
pub struct AcceptArgs {
    /// The row, as `status` names it (q_...)
    #[arg(value_name = "ROW")]
    pub row: String,
    /// Why it concerns nobody
    #[arg(long, value_name = "TEXT")]
    pub because: String,
    /// Who says so; else the user who runs the command
    #[arg(long, value_name = "NAME")]
    pub by: Option<String>,
}

#[derive(Debug, Args)]
pub struct PinArgs {
    /// An e-mail address, or SYSTEM:ENTITY:ID
    #[arg(value_name = "WHO")]
    pub who: String,
    /// The field, as precedence.toml names it
    #[arg(value_name = "FIELD")]
    pub field: String,
    /// The value; entries of a list with commas between them
    #[arg(value_name = "VALUE", allow_hyphen_values = true)]
    pub value: String,
    /// Why it counts
    #[arg(long, value_name = "TEXT")]
    pub because: String,
    /// Who says so; else the user who runs the command
    #[arg(long, value_name = "NAME")]
    pub by: Option<String>,
    #[command(flatten)]
    pub told: ToldIn,
}

#[derive(Debug, Args)]
pub struct UnpinArgs {
    /// An e-mail address, or SYSTEM:ENTITY:ID
    #[arg(value_name = "WHO")]
    pub who: String,
    /// The field
    #[arg(value_name = "FIELD")]
    pub field: String,
    /// Who says so; else the user who runs the command
    #[arg(long, value_name = "NAME")]
    pub by: Option<String>,
    #[command(flatten)]
    pub told: ToldIn,
}

#[derive(Debug, Args)]
pub struct ConflictsArgs {
    /// Only of this field
    #[arg(value_name = "FIELD")]
    pub field: Option<String>,
    /// So many are told one by one; the others are counted
    #[arg(long, default_value_t = 50, value_name = "NUMBER")]
    pub limit: usize,
    #[command(flatten)]
    pub told: ToldIn,
}
