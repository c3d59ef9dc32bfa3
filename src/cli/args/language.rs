//! In which language people are told.

use clap::{Args, ValueEnum};

/// Of comments, and of what people are told.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub enum ReaderLanguage {
    En,
    Ja,
}

impl ReaderLanguage {
    /// Japanese where the locale's messages are.
    pub fn of_the_locale() -> ReaderLanguage {
        let set = ["LC_ALL", "LC_MESSAGES", "LANG"].iter().find_map(|name| std::env::var(name).ok().filter(|value| !value.is_empty()));
        if set.is_some_and(|value| value.starts_with("ja")) { ReaderLanguage::Ja } else { ReaderLanguage::En }
    }

    pub fn says<T>(self, english: T, japanese: T) -> T {
        match self {
            ReaderLanguage::En => english,
            ReaderLanguage::Ja => japanese,
        }
    }
}

/// The language that a command is asked for.
#[derive(Debug, Clone, Copy, Args)]
pub struct ToldIn {
    /// The language; that of the locale if it is left out
    #[arg(long, value_enum, value_name = "LANGUAGE")]
    lang: Option<ReaderLanguage>,
}

impl ToldIn {
    pub fn language(self) -> ReaderLanguage {
        self.lang.unwrap_or_else(ReaderLanguage::of_the_locale)
    }
}
