//! The tree as it lies on disk.

use std::fs;
use std::path::Path;

pub struct File {
    /// From the root of the tree, with `/`.
    pub path: String,
    pub text: String,
}

pub fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// All text files of the tree, but for the build's, git's and a state's.
pub fn tree() -> Vec<File> {
    let mut files = Vec::new();
    let mut open = vec![root().to_path_buf()];
    while let Some(folder) = open.pop() {
        for entry in fs::read_dir(&folder).unwrap().map(Result::unwrap) {
            let (path, kind) = (entry.path(), entry.file_type().unwrap());
            let relative = shown(&path);
            if kind.is_dir() && !["target", ".git", "data", "config/data", ".idea", ".vscode"].contains(&relative.as_str()) {
                open.push(path);
            } else if kind.is_file()
                && relative != ".git"
                && let Ok(text) = fs::read_to_string(&path)
            {
                files.push(File { path: relative, text });
            }
        }
    }
    files.sort_by(|a, b| a.path.cmp(&b.path));
    files
}

pub fn shown(path: &Path) -> String {
    path.strip_prefix(root()).unwrap().to_string_lossy().replace('\\', "/")
}

pub fn source(files: &[File]) -> impl Iterator<Item = &File> {
    files.iter().filter(|f| f.path.starts_with("src/") && f.path.ends_with(".rs"))
}

/// The room a file of src belongs to; `None` for lib.rs and main.rs.
pub fn room(path: &str) -> Option<&str> {
    path.strip_prefix("src/")?.split_once('/').map(|(room, _)| room)
}

/// Every line with its number, comments blanked.
pub fn code(text: &str) -> impl Iterator<Item = (usize, &str)> {
    text.lines().enumerate().map(|(i, line)| (i + 1, if line.trim_start().starts_with("//") { "" } else { line }))
}

pub fn fail_if_any(found: Vec<String>, what_to_do: &str) {
    assert!(found.is_empty(), "\n{}\n\n{what_to_do}\n", found.join("\n"));
}
