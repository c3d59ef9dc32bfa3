//! The manifests of the systems that the lab runs are manifests, and their examples are whole pairs of JSON.

use nayose::connector::Manifest;
use std::path::{Path, PathBuf};

const FOLDERS: [&str; 3] = ["bottlecrm", "rt", "ghost"];

fn folder(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("connectors").join(name)
}

#[test]
fn manifests_parse() {
    for name in FOLDERS {
        let text = std::fs::read_to_string(folder(name).join("manifest.toml")).unwrap();
        let manifest: Manifest = toml::from_str(&text).unwrap_or_else(|e| panic!("{name}: {e}"));
        assert_eq!(manifest.name, name);
        let writes = manifest.writes.as_ref().unwrap();
        assert!(manifest.streams.contains_key(&writes.stream), "{name}: writes.stream");
    }
}

#[test]
fn every_listing_has_an_example() {
    for name in FOLDERS {
        let text = std::fs::read_to_string(folder(name).join("manifest.toml")).unwrap();
        let manifest: Manifest = toml::from_str(&text).unwrap();
        for (stream, s) in &manifest.streams {
            for (request, there) in [("sweep", s.sweep.is_some()), ("changes", s.changes.is_some()), ("open", s.open.is_some())] {
                for part in ["answer", "records"] {
                    let file = folder(name).join("examples").join(format!("{stream}.{request}.{part}.json"));
                    assert_eq!(file.exists(), there, "{}", file.display());
                    if there {
                        serde_json::from_str::<serde_json::Value>(&std::fs::read_to_string(file).unwrap()).unwrap();
                    }
                }
            }
        }
    }
}
