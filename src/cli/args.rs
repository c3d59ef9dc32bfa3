//! The command line.

use crate::engine::answers::export::ExportTable;
use crate::sandbox::actions;
use clap::error::ErrorKind;
use clap::{ArgGroup, CommandFactory, Parser, Subcommand, ValueEnum};
use std::ops::RangeInclusive;
use std::path::PathBuf;

mod footer;
mod language;
mod schema;
mod word;

pub use footer::{FooterOrder, FooterPreviewArgs, ReportOrder};
pub use language::{ReaderLanguage, ToldIn};
pub use schema::SchemaFile;
pub use word::{AcceptArgs, ConflictsArgs, PinArgs, UnpinArgs};

/// Keeps marketing mail away from open deals and from people who refused.
#[derive(Debug, Parser)]
#[command(name = "nayose", version, about, long_about = None)]
pub struct Args {
    /// The folder with systems.toml, precedence.toml, policy.toml and consent.toml
    #[arg(long, global = true, default_value = "config", value_name = "DIR")]
    pub config: PathBuf,
    /// Print JSON instead of text
    #[arg(long, global = true)]
    pub json: bool,
    /// The form of log lines on stderr; NAYOSE_LOG sets the level (warn, info, debug)
    #[arg(long, global = true, value_enum, default_value_t = Log::Human, value_name = "FORM")]
    pub log: Log,
    #[command(subcommand)]
    pub action: CliCommand,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
pub enum Log {
    Human,
    Json,
}

#[derive(Debug, Subcommand)]
pub enum CliCommand {
    /// Three sandbox systems, the daemon and a script of events, all on this machine
    Demo(Demo),
    /// Write an example config with comments, to be edited; never over a file that is there
    Init {
        /// The folder; the one of --config if it is left out
        #[arg(value_name = "DIR")]
        folder: Option<PathBuf>,
        /// The language of the comments
        #[arg(long, value_enum, default_value_t = ReaderLanguage::En, value_name = "LANGUAGE")]
        language: ReaderLanguage,
        /// For a company that keeps lists in place of a CRM: the marketing tool that imports lists, or "plain" for any
        #[arg(long, value_name = "TOOL")]
        lists: Option<String>,
    },
    /// Check config and manifests; all mistakes at once
    Check,
    /// Run your own examples (tests/*.toml in the config folder): records in, and what must come of them. Needs no credential
    Test {
        /// Only those whose name or file contains this
        #[arg(value_name = "NAME")]
        name: Option<String>,
        /// The language of what is told of those that fail; that of the locale if it is left out
        #[arg(long, value_enum, value_name = "LANGUAGE")]
        lang: Option<ReaderLanguage>,
    },
    /// Read everything and show what would be written; sends nothing (exit 4: there is something)
    Plan {
        /// Read nothing: what follows from what is known. Needs no credential
        #[arg(long)]
        known: bool,
        /// Try the rules of another config folder on everyone who is known, against those in force; reads and writes nothing
        #[arg(long, value_name = "DIR", conflicts_with = "known")]
        rules: Option<PathBuf>,
        /// Write each change that these rules would make into this file
        #[arg(long, value_name = "FILE", requires = "rules")]
        csv: Option<PathBuf>,
        /// The language of what these rules would do; that of the locale if it is left out
        #[arg(long, value_enum, requires = "rules", value_name = "LANGUAGE")]
        lang: Option<ReaderLanguage>,
    },
    /// Read, decide and write once
    Sync {
        /// Only this system
        #[arg(long, value_name = "SYSTEM")]
        system: Option<String>,
    },
    /// Read, decide and write until SIGTERM
    Run,
    /// Let writes to a system go (first contact), or let a waiting plan go
    Approve {
        /// A system of systems.toml, or a plan (w_... or e_...) that waits
        #[arg(value_name = "SYSTEM|PLAN")]
        what: String,
        /// Protective writes only; fields and releases later
        #[arg(long)]
        holds: bool,
        /// The system is the same instance at a new address: what was approved and marked there counts on
        #[arg(long, conflicts_with = "holds")]
        moved: bool,
        /// Who says so, for the journal; else the user who runs the command
        #[arg(long, value_name = "NAME")]
        by: Option<String>,
    },
    /// Say that a row which cannot be read concerns nobody; it goes into the journal with your name
    Accept(AcceptArgs),
    /// Keep a value for someone, whatever the rules say; it goes into the journal with your name
    Pin(PinArgs),
    /// Let the rules decide again on a field that was pinned
    Unpin(UnpinArgs),
    /// The values that are pinned, by whom and why
    Pins(ToldIn),
    /// Values that cannot be true (`valid`), and those that systems disagree on
    Conflicts(ConflictsArgs),
    /// Protection and health
    Status,
    /// Why someone is treated as they are
    Explain {
        /// An e-mail address or SYSTEM:ENTITY:ID
        #[arg(value_name = "WHO")]
        who: String,
        /// Only this field, with what would have made another value win
        #[arg(value_name = "FIELD")]
        field: Option<String>,
        /// The language; that of the locale if it is left out
        #[arg(long, value_enum, value_name = "LANGUAGE")]
        lang: Option<ReaderLanguage>,
    },
    /// May this mail go to them now?
    Gate {
        /// E-mail addresses or SYSTEM:ENTITY:ID
        #[arg(value_name = "WHO", required = true)]
        who: Vec<String>,
        /// service, service_footer, consent_request, onboarding_notice, newsletter, campaign, rep_sender, one_to_one
        #[arg(long, default_value = "campaign", value_name = "KIND")]
        kind: String,
        /// What the mail is about, where topics are refused one by one
        #[arg(long, value_name = "TOPIC")]
        topic: Option<String>,
    },
    /// Marketing footers in service newsletters: check them, see what someone gets, stop them at once
    Footer {
        #[command(subcommand)]
        order: FooterOrder,
    },
    /// What came of something, counted
    Report {
        #[command(subcommand)]
        order: ReportOrder,
    },
    /// Writes that a system refused, and what to do with them
    Deadletters {
        #[command(subcommand)]
        order: Letters,
    },
    /// Write again what is parked: fields and statuses that did not stay, or that were written too often
    Unpark {
        /// A system of systems.toml, or one record (SYSTEM:ENTITY:ID): of that also what was undone or dropped
        #[arg(value_name = "SYSTEM|RECORD")]
        what: String,
        /// Only this field (`status` and `why` are fields here); all if it is left out
        #[arg(value_name = "FIELD")]
        field: Option<String>,
    },
    /// Set back the fields that a run wrote, or that were written out of a list's file: shows a plan first; never a block, a permit or consent
    #[command(group(ArgGroup::new("undone").args(["run", "import"]).multiple(true)))]
    Undo {
        /// The run, as `sync` and `export journal` name it; without it, the runs are listed
        #[arg(value_name = "RUN")]
        run: Option<String>,
        /// What was written out of this file of a list, by whatever run: its path, or its name if only one has it
        #[arg(long, value_name = "FILE")]
        import: Option<String>,
        /// Only what was written since then: how long ago (2h) or a moment (2026-11-21T09:00:00Z)
        #[arg(long, value_name = "TIME", requires = "undone")]
        since: Option<String>,
        /// Only this field; also several times
        #[arg(long, value_name = "FIELD", requires = "undone")]
        field: Vec<String>,
        /// Only in this system; also several times
        #[arg(long, value_name = "SYSTEM", requires = "undone")]
        system: Vec<String>,
        /// Only for this person: an e-mail address or SYSTEM:ENTITY:ID
        #[arg(long, value_name = "WHO", requires = "undone")]
        person: Option<String>,
        /// Only what was written by this rule, as plans and `explain` name it (precedence.toml:5); also several times
        #[arg(long, value_name = "RULE", requires = "undone")]
        rule: Vec<String>,
    },
    /// Tables: people, links, decisions, journal
    Export {
        #[arg(value_enum)]
        what: ExportedTable,
        #[arg(long, value_enum, default_value_t = Format::Csv)]
        format: Format,
        /// Leave cells of CSV as they are, also those that a spreadsheet would carry out as formulas
        #[arg(long)]
        raw: bool,
    },
    /// Copy the whole state into one file, also while `run` is at work
    Backup {
        /// A new file; an existing one is never overwritten
        #[arg(value_name = "FILE")]
        file: PathBuf,
    },
    /// Make the state from a backup, in an empty state folder; the config is not part of it
    Restore {
        #[arg(value_name = "FILE")]
        file: PathBuf,
    },
    /// JSON Schemas of the config files and of manifests, for editors
    Schema {
        /// One of them; all if it is left out
        #[arg(value_enum)]
        file: Option<SchemaFile>,
    },
    /// Completions for a shell, to stdout
    Completions {
        #[arg(value_enum)]
        shell: clap_complete::Shell,
    },
    /// The manual page, to stdout
    Man {
        /// The pages of all commands into this folder instead
        #[arg(value_name = "DIR")]
        folder: Option<PathBuf>,
    },
    /// Connectors: what each can do, its examples, a first look at a system
    Connector {
        #[command(subcommand)]
        order: ConnectorOrder,
    },
}

/// How many people the script needs to find its cases, and how many it is through with in time on a slow machine.
const PEOPLE_OF_SCRIPT: RangeInclusive<usize> = 50..=2_000;
/// How many fit into 2 GB.
const PEOPLE_AT_MOST: RangeInclusive<usize> = 0..=500_000;

#[derive(Debug, clap::Args)]
#[command(after_long_help = demo_help())]
pub struct Demo {
    /// End by itself; exit 0 only if all that was expected happened
    #[arg(long)]
    pub once: bool,
    /// Only the three sandbox systems, to try a config of your own on: prints their tables for systems.toml; ends with its standard input
    #[arg(long)]
    pub systems_only: bool,
    /// How many people the sandbox systems know: 50 to 2000 (with --systems-only 0 to 500000)
    #[arg(long, default_value_t = 200, value_name = "N")]
    pub people: usize,
    /// From which the people are made
    #[arg(long, default_value_t = 1, value_name = "SEED", hide = true)]
    pub seed: u64,
}

#[derive(Debug, Subcommand)]
pub enum Letters {
    /// Show them
    List,
    /// Try the writes to one record (SYSTEM:ENTITY:ID) again now; without it, to all
    Retry {
        #[arg(value_name = "RECORD")]
        record: Option<String>,
    },
    /// Give the fields of one up; a hold can't be dropped
    Drop {
        #[arg(value_name = "RECORD")]
        record: String,
    },
}

#[derive(Debug, Clone, Copy, ValueEnum)]
pub enum Format {
    Csv,
    Json,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
pub enum ExportedTable {
    People,
    Links,
    Decisions,
    Journal,
}

impl From<ExportedTable> for ExportTable {
    fn from(table: ExportedTable) -> ExportTable {
        match table {
            ExportedTable::People => ExportTable::People,
            ExportedTable::Links => ExportTable::Links,
            ExportedTable::Decisions => ExportTable::Decisions,
            ExportedTable::Journal => ExportTable::Journal,
        }
    }
}

#[derive(Debug, Subcommand)]
pub enum ConnectorOrder {
    /// What each connector can read, write, block and permit
    List,
    /// Make the folder of a connector of your own, which passes its tests as it stands
    New {
        #[arg(value_name = "NAME")]
        name: String,
    },
    /// Run a connector's examples, or play a recording through its mapping
    Test {
        #[arg(value_name = "NAME", required_unless_present = "replay", conflicts_with = "replay")]
        name: Option<String>,
        /// A folder that `connector try SYSTEM --record DIR` made
        #[arg(long, value_name = "DIR")]
        replay: Option<PathBuf>,
    },
    /// Log in to a configured system, read one page of each stream, show what the fields became
    Try {
        #[arg(value_name = "SYSTEM")]
        system: String,
        /// Keep what the system answers in this folder, with people, addresses, ids, texts and tokens replaced
        #[arg(long, value_name = "DIR")]
        record: Option<PathBuf>,
    },
}

/// What every command needs.
#[derive(Debug, Clone)]
pub struct Common {
    pub config: PathBuf,
    pub json: bool,
}

fn demo_help() -> String {
    format!(
        "The script ends with a list of what can be tried then, with the addresses in place of CONTROL, and the same list as here is shown \
         at http://CONTROL/.\n\n{}",
        actions::listed("http://CONTROL")
    )
}

impl Demo {
    /// What is wrong with the number of people.
    fn people_mistaken(&self) -> Option<String> {
        let (allowed, of) = match self.systems_only {
            true => (PEOPLE_AT_MOST, "the sandbox systems take"),
            false => (PEOPLE_OF_SCRIPT, "the script needs"),
        };
        let (least, most) = (allowed.start(), allowed.end());
        let said = || format!("invalid value '{}' for '--people <N>': {of} {least} to {most} people", self.people);
        (!allowed.contains(&self.people)).then(said)
    }
}

impl Args {
    /// The arguments of this process.
    pub fn read() -> Result<Args, clap::Error> {
        Args::try_parse()?.checked()
    }

    /// What clap cannot know of: whether the arguments fit one another.
    fn checked(self) -> Result<Args, clap::Error> {
        let CliCommand::Demo(demo) = &self.action else { return Ok(self) };
        let tells = || "the argument '--json' cannot be used with 'demo', which tells its script in words only; leave it out";
        let json = (self.json && !demo.systems_only).then(|| (ErrorKind::ArgumentConflict, tells().to_string()));
        let Some((kind, mistake)) = json.or(demo.people_mistaken().map(|why| (ErrorKind::ValueValidation, why))) else { return Ok(self) };
        let mut command = Args::command();
        command.build();
        let demo = command.find_subcommand_mut("demo").cloned();
        Err(demo.unwrap_or(command).error(kind, mistake))
    }

    pub fn common(&self) -> Common {
        Common { config: self.config.clone(), json: self.json }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(line: &str) -> Result<Args, clap::Error> {
        Args::try_parse_from(line.split(' ')).and_then(Args::checked)
    }

    /// It was taken and changed nothing.
    #[test]
    fn the_demo_takes_no_json_and_names_all_that_it_takes() {
        let refused = read("nayose demo --json").unwrap_err();
        assert!(refused.to_string().contains("--json") && refused.exit_code() == 2, "{refused}");
        assert!(read("nayose demo --systems-only --json").is_ok() && read("nayose demo --once").is_ok());
        let help = read("nayose demo --help").unwrap_err().to_string();
        assert!(help.contains("--systems-only") && help.contains("--once"), "{help}");
    }
}
