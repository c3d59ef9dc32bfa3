//! Manifests from their files: the shipped ones compiled in, a user's folder before them.

use super::Manifest;
use super::check;
use crate::connector::regular;
use crate::model::visible_line;
use include_dir::{Dir, include_dir};
use std::collections::BTreeMap;
use std::fmt;
use std::path::Path;
use toml::de::{DeTable, DeValue};

static SHIPPED: Dir<'static> = include_dir!("$CARGO_MANIFEST_DIR/connectors");

/// The name of a manifest within its folder.
pub const FILE: &str = "manifest.toml";

/// Manifests are written by hand, and examples are single answers; what is larger is another file by mistake.
const MANIFEST_BYTES_MAX: usize = 1 << 20;
const EXAMPLE_BYTES_MAX: usize = 16 << 20;

/// A mistake in a manifest. `line` counts from 1.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ManifestError {
    pub file: String,
    pub line: usize,
    pub message: String,
}

impl fmt::Display for ManifestError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // What stands in a manifest begins no line of its own.
        let message = self.message.lines().map(str::trim).collect::<Vec<_>>().join(" ");
        write!(f, "{}:{}: {}", self.file, self.line, visible_line(&message))
    }
}

impl std::error::Error for ManifestError {}

/// A connector's folder, read.
#[derive(Debug, Clone)]
pub struct LoadedManifest {
    pub manifest: Manifest,
    /// Of the manifest's text; a state made with another one is due for a sweep.
    pub hash: String,
    /// The examples: file name to content.
    pub examples: BTreeMap<String, Vec<u8>>,
}

/// The names of all manifests that can be loaded, sorted.
pub fn names(user: Option<&Path>) -> Vec<String> {
    let shipped = SHIPPED.dirs().filter(|d| d.get_file(d.path().join(FILE)).is_some()).filter_map(|d| d.path().file_name()?.to_str());
    let mut names: Vec<String> = shipped.map(str::to_string).collect();
    let own = user.and_then(|folder| std::fs::read_dir(folder).ok()).into_iter().flatten().flatten();
    names.extend(own.filter(|e| e.path().join(FILE).is_file()).filter_map(|e| e.file_name().into_string().ok()));
    names.sort();
    names.dedup();
    names
}

/// Loads a manifest by its folder's name, from `user` if it is there, else from those shipped. Tells every mistake.
pub fn load(name: &str, user: Option<&Path>) -> Result<LoadedManifest, Vec<ManifestError>> {
    if let Some(folder) = user.map(|u| u.join(name)).filter(|f| f.join(FILE).is_file()) {
        return load_folder(name, &folder);
    }
    let file = format!("connectors/{name}/{FILE}");
    let Some(text) = SHIPPED.get_file(format!("{name}/{FILE}")).and_then(|f| f.contents_utf8()) else {
        let message = format!("there is no connector {name:?}; there are: {}", names(user).join(", "));
        return Err(vec![ManifestError { file, line: 1, message }]);
    };
    let examples = SHIPPED.get_dir(format!("{name}/examples")).into_iter().flat_map(|d| d.files());
    let examples = examples.filter_map(|f| Some((f.path().file_name()?.to_str()?.to_string(), f.contents().to_vec()))).collect();
    Ok(LoadedManifest { manifest: parse(name, &file, text)?, hash: hash(text), examples })
}

/// Loads a manifest from its folder on disk.
pub fn load_folder(name: &str, folder: &Path) -> Result<LoadedManifest, Vec<ManifestError>> {
    let path = folder.join(FILE);
    let file = path.display().to_string();
    let wrong = |message: String| vec![ManifestError { file: file.clone(), line: 1, message }];
    let bytes = regular::read(&path, MANIFEST_BYTES_MAX).map_err(|e| wrong(e.to_string()))?;
    let text = String::from_utf8(bytes).map_err(|_| wrong("the file is not UTF-8".to_string()))?;
    let found = std::fs::read_dir(folder.join("examples")).into_iter().flatten().flatten();
    let examples =
        found.filter_map(|e| Some((e.file_name().into_string().ok()?, regular::read(&e.path(), EXAMPLE_BYTES_MAX).ok()?))).collect();
    Ok(LoadedManifest { manifest: parse(name, &file, &text)?, hash: hash(&text), examples })
}

fn hash(text: &str) -> String {
    blake3::hash(text.as_bytes()).to_hex().to_string()
}

/// Reads a manifest's text. `file` is how mistakes name it.
pub fn parse(name: &str, file: &str, text: &str) -> Result<Manifest, Vec<ManifestError>> {
    let text = text.strip_prefix('\u{FEFF}').unwrap_or(text);
    let lines = LineCount { text };
    let one = |e: toml::de::Error| {
        let line = e.span().map_or(1, |span| lines.of(span.start));
        vec![ManifestError { file: file.to_string(), line, message: in_words(e.message()) }]
    };
    let table = DeTable::parse(text).map_err(one)?;
    let manifest: Manifest = toml::from_str(text).map_err(one)?;
    let plain: toml::Table = toml::from_str(text).map_err(one)?;
    let mut errors: Vec<ManifestError> = check::check(name, &manifest, &plain)
        .into_iter()
        .map(|wrong| ManifestError { file: file.to_string(), line: lines.of(offset(table.get_ref(), &wrong.at)), message: wrong.message() })
        .collect();
    errors.sort_by_key(|e| e.line);
    if errors.is_empty() { Ok(manifest) } else { Err(errors) }
}

/// What serde says, in the words of who writes a manifest.
fn in_words(message: &str) -> String {
    const WORDS: [(&str, &str); 6] = [
        ("unknown variant", "unknown word"),
        ("unknown field", "unknown key"),
        ("missing field", "missing key"),
        ("invalid type: sequence", "invalid type: list"),
        ("invalid type: map", "invalid type: table"),
        ("expected a string", "expected a text"),
    ];
    WORDS.iter().fold(message.to_string(), |message, (serde, ours)| message.replace(serde, ours))
}

/// Counts lines in a text.
struct LineCount<'t> {
    text: &'t str,
}

impl LineCount<'_> {
    fn of(&self, offset: usize) -> usize {
        let upto = offset.min(self.text.len());
        1 + self.text.as_bytes()[..upto].iter().filter(|b| **b == b'\n').count()
    }
}

/// Where in the text the deepest part of a key path that exists begins.
fn offset(table: &DeTable<'_>, path: &[String]) -> usize {
    let mut at = 0;
    let mut table = Some(table);
    let mut list: Option<&[toml::Spanned<DeValue<'_>>]> = None;
    for key in path {
        let value = match (table, list) {
            (Some(t), _) => match t.iter().find(|(k, _)| k.get_ref() == key) {
                Some((k, v)) => {
                    at = k.span().start;
                    v
                }
                None => return at,
            },
            (None, Some(items)) => match key.parse::<usize>().ok().and_then(|i| items.get(i)) {
                Some(v) => {
                    at = v.span().start;
                    v
                }
                None => return at,
            },
            (None, None) => return at,
        };
        table = value.get_ref().as_table();
        list = value.get_ref().as_array().map(|items| &**items);
    }
    at
}
