//! A picture of HTML, by a browser that is on this machine. It runs no script and reaches no other machine: a mail's pictures tell its sender who looks.

use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;
use tokio::process::Command;

/// Browsers that take a picture without a window, by their usual names.
const BROWSERS: [&str; 5] = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "microsoft-edge"];

/// As wide as mail programs show a newsletter, and as high as most are, in CSS pixels.
const WINDOW: &str = "--window-size=800,2400";

/// A browser that hangs is ended.
const LONGEST: Duration = Duration::from_secs(60);

/// The browser that was named, else the first that is found. `None`: there is none.
pub(super) fn browser(named: Option<&Path>) -> Option<PathBuf> {
    let folders: Vec<PathBuf> = std::env::var_os("PATH").map(|path| std::env::split_paths(&path).collect()).unwrap_or_default();
    let of_name = |name: &&str| folders.iter().map(|folder| folder.join(name)).find(|file| file.is_file());
    named.map(Path::to_path_buf).or_else(|| BROWSERS.iter().find_map(of_name))
}

/// Takes a picture (PNG) of an HTML file.
///
/// # Errors
///
/// What the browser did instead, for the reader.
pub(super) async fn take(browser: &Path, html: &Path, picture: &Path) -> Result<(), String> {
    let told = |why: String| format!("{} took no picture of {}: {why}", browser.display(), html.display());
    let [html_file, picture_file] =
        [html, picture].map(|file| std::path::absolute(file).map_err(|why| told(format!("{} has no place: {why}", file.display()))));
    let (html_file, picture_file) = (html_file?, picture_file?);
    let profile = tempfile::tempdir().map_err(|why| told(why.to_string()))?;
    // One of before would pass for this one.
    match std::fs::remove_file(&picture_file) {
        Err(why) if why.kind() != std::io::ErrorKind::NotFound => return Err(told(format!("the one of before is in the way: {why}"))),
        _ => {}
    }
    let mut command = Command::new(browser);
    command
        .args(["--headless", "--disable-gpu", "--hide-scrollbars", "--no-first-run", "--blink-settings=scriptEnabled=false", WINDOW])
        // Whatever it asks for comes to nothing.
        .args(["--host-resolver-rules=MAP * ~NOTFOUND", "--proxy-server=127.0.0.1:9", "--disable-background-networking"])
        .arg(format!("--user-data-dir={}", profile.path().display()))
        .arg(format!("--screenshot={}", picture_file.display()))
        .arg(&html_file)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .kill_on_drop(true);
    let output = match tokio::time::timeout(LONGEST, command.output()).await {
        Ok(output) => output.map_err(|why| told(why.to_string()))?,
        Err(_) => return Err(told(format!("it took longer than {} s", LONGEST.as_secs()))),
    };
    if picture_file.is_file() {
        return Ok(());
    }
    let said = String::from_utf8_lossy(&output.stderr);
    let last = said.lines().rev().find(|line| !line.trim().is_empty()).unwrap_or("it said nothing");
    Err(told(format!("it ended with {}, and said: {last}", output.status)))
}
