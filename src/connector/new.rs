//! A folder for a connector of one's own, which passes its tests as it stands.

use super::manifest::load;
use std::path::{Path, PathBuf};

/// The files, by their place in the folder. `{name}` and `{title}` in them are the connector's.
const FILES: [(&str, &str); 4] = [
    (load::FILE, include_str!("template/manifest.toml")),
    ("README.md", include_str!("template/README.md")),
    ("examples/people.sweep.answer.json", include_str!("template/answer.json")),
    ("examples/people.sweep.records.json", include_str!("template/records.json")),
];

/// Why there is no new connector.
#[derive(Debug, thiserror::Error)]
pub enum NotMade {
    #[error("{0:?} is no name for a connector; write small letters, digits and -, as \"card-box\"")]
    Name(String),
    #[error("there is a connector {0:?} already; choose another name")]
    Known(String),
    #[error("{} is there already", .0.display())]
    There(PathBuf),
    #[error("{}: {error}", .path.display())]
    Disk { path: PathBuf, error: std::io::Error },
}

/// Makes the folder of a connector in a folder of connectors; says where it is.
pub fn make(name: &str, connectors: &Path) -> Result<PathBuf, NotMade> {
    let is_name = name.starts_with(|c: char| c.is_ascii_lowercase())
        && name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-');
    if !is_name {
        return Err(NotMade::Name(name.to_string()));
    }
    if load::names(None).iter().any(|known| known == name) || name == super::file::CONNECTOR {
        return Err(NotMade::Known(name.to_string()));
    }
    let folder = connectors.join(name);
    if folder.exists() {
        return Err(NotMade::There(folder));
    }
    let failed = |path: &Path| {
        let path = path.to_path_buf();
        move |error| NotMade::Disk { path, error }
    };
    std::fs::create_dir_all(folder.join("examples")).map_err(failed(&folder))?;
    for (file, text) in FILES {
        let path = folder.join(file);
        std::fs::write(&path, text.replace("{name}", name).replace("{title}", &title(name))).map_err(failed(&path))?;
    }
    Ok(folder)
}

/// `card-box` as people write it.
fn title(name: &str) -> String {
    let mut title = name.replace('-', " ");
    if let Some(first) = title.get_mut(..1) {
        first.make_ascii_uppercase();
    }
    title
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::connector::{clauses, examples};

    #[test]
    fn a_new_connector_passes_its_tests_and_is_not_made_twice() {
        let folder = tempfile::tempdir().unwrap();
        let made = make("card-box", folder.path()).unwrap();
        let loaded = load::load("card-box", Some(folder.path())).unwrap_or_else(|e| panic!("{e:#?}"));
        assert_eq!((&*loaded.manifest.title, made.join("README.md").exists()), ("Card box", true));
        let report = examples::run(&loaded);
        assert!(report.passed() && report.untested.is_empty(), "{report:#?}");
        assert_eq!(clauses::proves_itself(&loaded), Ok(()));
        assert!(matches!(make("card-box", folder.path()), Err(NotMade::There(_))));
        for bad in ["", "Card", "1card", "card box", "../card", "card_box"] {
            assert!(matches!(make(bad, folder.path()), Err(NotMade::Name(_))), "{bad}");
        }
        for known in load::names(None) {
            assert!(matches!(make(&known, folder.path()), Err(NotMade::Known(_))), "{known}");
        }
    }
}
