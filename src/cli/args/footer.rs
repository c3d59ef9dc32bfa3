//! What can be asked of footers.

use clap::{Args, Subcommand};
use std::path::PathBuf;

#[derive(Debug, Subcommand)]
pub enum FooterOrder {
    /// Check the footers (footers/NAME.toml, .html and .txt in the config folder) and what consent.toml says of them; all mistakes at once
    Check,
    /// What someone would get in a newsletter now, and why
    Preview(FooterPreviewArgs),
    /// Take every footer out at once: writes a file named STOP into the folder `footers`
    Stop,
    /// Let footers stand again: takes that file away
    Resume,
}

#[derive(Debug, Subcommand)]
pub enum ReportOrder {
    /// Mails that passed by the milter, footers that were set or given, and why others were not; since the daemon began
    Footers,
}

#[derive(Debug, Args)]
pub struct FooterPreviewArgs {
    /// An e-mail address or SYSTEM:ENTITY:ID
    #[arg(value_name = "WHO")]
    pub who: String,
    /// The newsletter, a name under [footers.slots] of consent.toml; may be left out if there is one
    #[arg(long, value_name = "SLOT")]
    pub slot: Option<String>,
    /// A mail as it is sent (.eml), into which the footer is put
    #[arg(long, value_name = "FILE", requires = "out")]
    pub mail: Option<PathBuf>,
    /// Write what they get into this folder: footer.html and footer.txt, of a mail mail.eml; and footer.png or mail.png where a browser is there
    #[arg(long, value_name = "DIR")]
    pub out: Option<PathBuf>,
    /// The browser that takes the picture, instead of Chromium, Chrome or Edge where one is found; it runs no script and reaches nobody
    #[arg(long, value_name = "FILE", requires = "out")]
    pub browser: Option<PathBuf>,
}
