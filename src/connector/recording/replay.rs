//! A recording played through the mapping again: what its answers become by the connector as it is now.

use super::kept::{FORM, HEAD};
use crate::connector::examples::{became_with, example_settings};
use crate::connector::manifest::Manifest;
use crate::connector::map::refusal_words::RefusalWord;
use crate::connector::port::SystemSettings;
use serde::Deserialize;
use serde_json::Value as Json;
use std::collections::BTreeMap;
use std::path::Path;

/// An exchange holds one answer; what is larger is another file by mistake.
const FILE_BYTES_MAX: u64 = 256 << 20;

/// What the head of a recording says.
#[derive(Debug, Clone, Deserialize)]
pub struct RecordingHead {
    pub nayose_recording: u32,
    pub connector: String,
    #[serde(default)]
    pub time_zone: Option<String>,
    #[serde(default)]
    pub permit: Option<String>,
    #[serde(default)]
    pub why: Option<String>,
    #[serde(default)]
    pub refusal_words: BTreeMap<String, String>,
}

/// One exchange, as it is played again.
#[derive(Debug, Clone)]
pub struct ReplayedExchange {
    pub file: String,
    /// The request as examples name it; those that examples do not have become nothing.
    pub of: Option<String>,
    pub status: u16,
    /// What the answer became, in the form of `records.json`; or why it became nothing.
    pub became: Result<Json, String>,
}

/// Why a folder is no recording.
#[derive(Debug, thiserror::Error)]
pub enum NoRecording {
    #[error("{file}: {why}; `nayose connector try SYSTEM --record DIR` makes a recording")]
    Head { file: String, why: String },
    #[error("{file}: {why}")]
    File { file: String, why: String },
}

/// What a folder says of itself.
pub fn head(folder: &Path) -> Result<RecordingHead, NoRecording> {
    let path = folder.join(HEAD);
    let wrong = |why: String| NoRecording::Head { file: path.display().to_string(), why };
    let text = std::fs::read(&path).map_err(|e| wrong(e.to_string()))?;
    let head: RecordingHead = serde_json::from_slice(&text).map_err(|e| wrong(e.to_string()))?;
    if head.nayose_recording != FORM {
        return Err(wrong(format!("is of the form {}, and this nayose reads {FORM}", head.nayose_recording)));
    }
    Ok(head)
}

/// Plays a recording's files, in order.
pub fn play(folder: &Path, head: &RecordingHead, manifest: &Manifest) -> Result<Vec<ReplayedExchange>, NoRecording> {
    let wrong = |file: &str, why: String| NoRecording::File { file: folder.join(file).display().to_string(), why };
    let entries = std::fs::read_dir(folder).map_err(|e| wrong("", e.to_string()))?;
    let mut names: Vec<String> = entries.flatten().filter_map(|e| e.file_name().into_string().ok()).collect();
    names.retain(|name| name.ends_with(".json") && name != HEAD);
    names.sort();
    let given = settings(head, manifest);
    let mut played = Vec::new();
    for name in names {
        let path = folder.join(&name);
        let size = std::fs::metadata(&path).map_err(|e| wrong(&name, e.to_string()))?.len();
        if size > FILE_BYTES_MAX {
            return Err(wrong(&name, format!("is larger than {FILE_BYTES_MAX} bytes")));
        }
        let text = std::fs::read(&path).map_err(|e| wrong(&name, e.to_string()))?;
        let file: Json = serde_json::from_slice(&text).map_err(|e| wrong(&name, e.to_string()))?;
        played.push(exchange(manifest, &given, name, &file));
    }
    Ok(played)
}

fn exchange(manifest: &Manifest, given: &SystemSettings, file: String, json: &Json) -> ReplayedExchange {
    let of = json["of"].as_str().map(str::to_string);
    let status = json["answer"]["status"].as_u64().and_then(|s| u16::try_from(s).ok()).unwrap_or_default();
    let body = &json["answer"]["body"];
    let became = match &of {
        _ if !(200..300).contains(&status) => Err(format!("the system answered {status}")),
        None => Err("no records come of it".to_string()),
        Some(_) if body.is_null() => Err("the answer was no JSON".to_string()),
        Some(of) => became_with(manifest, given, of, body.to_string().as_bytes()),
    };
    ReplayedExchange { file, of, status, became }
}

/// As the system was set up, as far as its mapping goes by it.
fn settings(head: &RecordingHead, manifest: &Manifest) -> SystemSettings {
    let given = example_settings(manifest);
    let meaning = |said: &String| if said == "fine" { RefusalWord::Fine } else { RefusalWord::No };
    let refusal_words = head.refusal_words.iter().map(|(word, said)| (word.clone(), meaning(said))).collect();
    SystemSettings {
        permit: head.permit.clone().or(given.permit),
        why: head.why.clone().or(given.why),
        time_zone: head.time_zone.clone(),
        refusal_words,
        ..given
    }
}
