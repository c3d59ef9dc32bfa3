//! `nayose gate`

use super::args::Common;
use super::{Exit, open, output};
use crate::daemon::commands::{Command, Reply};
use crate::model::{Mail, MailKind, Verdict};
use serde_json::json;

pub async fn gate(common: &Common, who: Vec<String>, kind: String, topic: Option<String>) -> Exit {
    let Some(kind) = MailKind::parse(&kind) else {
        let known: Vec<&str> = MailKind::ALL.iter().map(|k| k.name()).collect();
        return common.end(Exit::Refused, &format!("{kind:?} is no kind of mail; known are {}", known.join(", ")));
    };
    let mail = Mail { topic, ..Mail::of(kind) };
    match open::ask(common, Command::Gate { subjects: who, mail }, open::StateNeed::Needed).await {
        Ok(Reply::Gate(decisions)) => {
            let all_allowed = decisions.iter().all(|d| d.decision == Verdict::Allow.name());
            if common.json {
                output::json(&json!({ "decisions": decisions }));
            } else {
                for d in decisions {
                    let until = d.until.map(|u| format!(" until {u}")).unwrap_or_default();
                    output::line(format!("{}  {}{until}  {}", d.decision, d.subject, d.reasons.join(", ")).trim_end());
                }
            }
            if all_allowed { Exit::Done } else { Exit::Failures }
        }
        other => open::unexpected(common, other),
    }
}
