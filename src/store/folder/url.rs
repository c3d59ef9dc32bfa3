//! `url` of `[state]` in systems.toml.

use super::file_names::{JOURNAL, STORE};
use crate::store::Error;
use std::path::{Path, PathBuf};

/// Where the state lies.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StateUrl {
    /// `sled:FOLDER`
    Sled(PathBuf),
    /// `memory:`, for tests: gone when dropped.
    Memory,
}

impl StateUrl {
    /// A relative folder counts from `base`.
    pub fn parse(url: &str, base: &Path) -> Result<StateUrl, Error> {
        let bad = |why: &str| Err(Error::BadUrl { url: url.to_string(), why: why.to_string() });
        match url.split_once(':') {
            Some(("sled", "")) => bad("names no folder"),
            Some(("sled", folder)) => Ok(StateUrl::Sled(base.join(folder))),
            Some(("memory", "")) => Ok(StateUrl::Memory),
            // The rest of the url may hold a password, so that it is not shown.
            Some(("postgres" | "postgresql", _)) => {
                Err(Error::BadUrl { url: "postgres:".to_string(), why: "PostgreSQL is not supported in this version".to_string() })
            }
            _ => bad("names no store that is known"),
        }
    }

    /// The state folder; the daemon's socket lies there too.
    pub fn folder(&self) -> Option<&Path> {
        match self {
            StateUrl::Sled(folder) => Some(folder),
            StateUrl::Memory => None,
        }
    }

    /// Whether a state was ever made there. Creates nothing.
    pub fn exists(&self) -> bool {
        self.folder().is_some_and(|folder| folder.join(STORE).exists() || folder.join(JOURNAL).exists())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn urls() {
        let base = Path::new("/etc/nayose");
        assert_eq!(StateUrl::parse("sled:data", base).unwrap(), StateUrl::Sled("/etc/nayose/data".into()));
        assert_eq!(StateUrl::parse("sled:/var/lib/nayose", base).unwrap(), StateUrl::Sled("/var/lib/nayose".into()));
        assert_eq!(StateUrl::parse("memory:", base).unwrap(), StateUrl::Memory);
        for (bad, says) in [("sled:", "no folder"), ("data", "no store"), ("redis://h", "no store"), ("memory:x", "no store")] {
            assert!(StateUrl::parse(bad, base).unwrap_err().to_string().contains(says), "{bad}");
        }
        let postgres = StateUrl::parse("postgres://me:secret@db/x", base).unwrap_err().to_string();
        assert!(postgres.contains("not supported in this version") && !postgres.contains("secret"), "{postgres}");
    }
}
