//! The kinds of failure, and how a system's answers tell them.

use crate::connector::manifest::ErrorRules;
use crate::connector::port::{Error, Outcome};
use crate::connector::raw::conditions::RowTest;
use crate::connector::raw::json::Json;
use crate::connector::raw::paths::Path;
use crate::connector::raw::scalars::text_of;
use crate::model::Span;

/// What a failure means for sending again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FailureKind {
    Credential,
    /// A rate limit, a move to other servers: not carried out. With how long the server asks to wait.
    Later(Option<Span>),
    /// The same of the one thing that was asked for: somebody has locked it, or changes it.
    Locked(Option<Span>),
    /// There was no connection: not carried out.
    NotConnected,
    /// 5xx, a connection lost, no answer in time: carried out or not.
    Broken(Option<Span>),
    /// A clear no.
    Refused,
    NotFound,
    /// A success that is not the JSON expected.
    NotUnderstood,
    TooLarge,
    CursorLost,
    Budget,
}

impl FailureKind {
    /// Whether it speaks of what was asked for there alone.
    pub fn is_of_one(self) -> bool {
        matches!(self, FailureKind::Locked(_))
    }
}

/// A used up budget is looked at again after so long.
const BUDGET_WAIT: Span = Span::minutes(5);

/// A failure and how to tell of it.
#[derive(Debug, Clone)]
pub struct RequestFailure {
    pub kind: FailureKind,
    pub error: Error,
}

impl RequestFailure {
    pub fn new(kind: FailureKind, error: Error) -> RequestFailure {
        RequestFailure { kind, error }
    }

    /// What this means for each row of a write.
    pub fn outcome(&self) -> Outcome {
        match &self.error {
            Error::Later { wait, .. } => return Outcome::Later { why: self.error.of_system(), wait: *wait },
            Error::Budget { .. } => return Outcome::Later { why: self.error.of_system(), wait: BUDGET_WAIT },
            _ => {}
        }
        let said = match &self.error {
            Error::Refused { said, .. } => said.clone(),
            Error::NotFound { .. } => "not found".to_string(),
            other => other.of_system(),
        };
        match self.kind {
            FailureKind::Credential | FailureKind::NotConnected | FailureKind::Later(_) | FailureKind::Locked(_) | FailureKind::Budget => {
                Outcome::NotSent(said)
            }
            FailureKind::Refused | FailureKind::NotFound | FailureKind::CursorLost => Outcome::Rejected(said),
            FailureKind::Broken(_) | FailureKind::NotUnderstood | FailureKind::TooLarge => Outcome::Unknown(said),
        }
    }
}

/// A manifest's `errors`, made ready.
#[derive(Debug)]
pub struct FailureRules {
    success: Option<RowTest>,
    message: Option<Path>,
    code: Option<Path>,
    said: ErrorRules,
}

impl FailureRules {
    pub fn new(said: &ErrorRules) -> Result<FailureRules, String> {
        let path = |p: &String| Path::parse(p).map_err(|e| e.to_string());
        Ok(FailureRules {
            success: said.success.as_ref().map(RowTest::new).transpose()?,
            message: said.message.as_ref().map(path).transpose()?,
            code: said.code.as_ref().map(path).transpose()?,
            said: said.clone(),
        })
    }

    /// What kind of failure an answer is, if it is one. `json` is `None` where the answer is none.
    pub fn failure(&self, status: u16, json: Option<&Json<'_>>, told: Option<Span>, from_cursor: bool) -> Option<FailureKind> {
        let fine = (200..300).contains(&status);
        let holds = |json: &Json<'_>| self.success.as_ref().is_none_or(|s| s.holds(json) == Ok(true));
        if fine && json.is_none_or(holds) {
            return None;
        }
        let code = self.code.as_ref().zip(json).and_then(|(path, json)| path.first(json)).and_then(text_of);
        let among = |codes: &[String]| code.as_deref().is_some_and(|c| codes.iter().any(|known| known == c));
        let said = &self.said;
        Some(match status {
            _ if among(&said.budget_codes) => FailureKind::Budget,
            _ if among(&said.retry_codes) => FailureKind::Later(told),
            _ if is_later(status, told) => {
                if speaks_of_one(status) {
                    FailureKind::Locked(told)
                } else {
                    FailureKind::Later(told)
                }
            }
            _ if status == 401 || said.auth_statuses.contains(&status) || among(&said.auth_codes) => FailureKind::Credential,
            _ if from_cursor && (said.cursor_lost_statuses.contains(&status) || among(&said.cursor_lost_codes)) => FailureKind::CursorLost,
            404 | 410 => FailureKind::NotFound,
            500.. => FailureKind::Broken(told),
            _ => FailureKind::Refused,
        })
    }

    /// What is to be done about a failure, where the manifest knows it.
    pub fn help(&self, json: &Json<'_>) -> Option<&str> {
        let code = self.code.as_ref().and_then(|path| path.first(json)).and_then(text_of)?;
        self.said.help.get(&*code).map(String::as_str)
    }

    /// What the system says of a failure, whole and with whatever it repeats; `None` without a rule, or where the rule finds nothing.
    pub fn message(&self, json: &Json<'_>) -> Option<String> {
        let code = self.code.as_ref().and_then(|p| p.first(json)).and_then(text_of).map(|t| t.into_owned());
        let message = self.message.as_ref().and_then(|p| p.first(json)).and_then(text_of);
        match (code, message) {
            (Some(code), Some(message)) => Some(format!("{code} {message}")),
            (Some(code), None) => Some(code),
            (None, Some(message)) => Some(message.into_owned()),
            (None, None) => None,
        }
    }
}

/// Whether a status means "later" and not "no": too many requests, locked, a tenant on its way to other servers, and any 4xx that says how long
/// to wait. A credential that is not accepted does not become better by waiting.
fn is_later(status: u16, told: Option<Span>) -> bool {
    matches!(status, 423 | 429 | 477) || (status != 401 && (400..500).contains(&status) && told.is_some())
}

/// Whether such a status speaks of what was asked for, and not of the system.
fn speaks_of_one(status: u16) -> bool {
    matches!(status, 404 | 409 | 410 | 412 | 423)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn kinds() {
        let plain = FailureRules::new(&toml::from_str("auth_statuses = [403]\nmessage = 'message'\ncursor_lost_statuses = [400]").unwrap())
            .unwrap();
        let coded = "success = { path = 'success', equals = true }\ncode = 'errors[].code'\nmessage = 'errors[].message'
            auth_codes = ['601']\nretry_codes = ['606']\nbudget_codes = ['607']\nhelp = { 1013 = 'check list_id' }";
        let coded = FailureRules::new(&toml::from_str(coded).unwrap()).unwrap();
        let code = |c: &str| json!({"success": false, "errors": [{"code": c, "message": "m"}]});
        for (rules, status, json, cursor, want) in [
            (&plain, 200, json!({}), false, None),
            (&plain, 204, json!(null), false, None),
            (&plain, 401, json!({}), false, Some(FailureKind::Credential)),
            (&plain, 403, json!({}), false, Some(FailureKind::Credential)),
            (&plain, 400, json!({}), false, Some(FailureKind::Refused)),
            (&plain, 400, json!({}), true, Some(FailureKind::CursorLost)),
            (&plain, 404, json!({}), false, Some(FailureKind::NotFound)),
            (&plain, 429, json!({}), false, Some(FailureKind::Later(None))),
            (&plain, 502, json!({}), false, Some(FailureKind::Broken(None))),
            (&coded, 200, json!({"success": true}), false, None),
            (&coded, 200, json!({}), false, Some(FailureKind::Refused)),
            (&coded, 200, code("601"), false, Some(FailureKind::Credential)),
            (&coded, 200, code("606"), false, Some(FailureKind::Later(None))),
            (&coded, 200, code("607"), false, Some(FailureKind::Budget)),
            (&coded, 200, code("1003"), false, Some(FailureKind::Refused)),
        ] {
            assert_eq!(rules.failure(status, Some(&Json::from(&json)), None, cursor), want, "{status} {json}");
        }
        let (wait, json) = (Some(Span::seconds(7)), json!({}));
        for (status, told, want) in [
            (423, None, FailureKind::Locked(None)),
            (477, wait, FailureKind::Later(wait)),
            (409, None, FailureKind::Refused),
            (409, wait, FailureKind::Locked(wait)),
            (403, wait, FailureKind::Later(wait)),
            (404, wait, FailureKind::Locked(wait)),
            (401, wait, FailureKind::Credential),
            (503, wait, FailureKind::Broken(wait)),
        ] {
            assert_eq!(plain.failure(status, Some(&Json::from(&json)), told, false), Some(want), "{status} {told:?}");
        }
        assert_eq!(coded.message(&Json::from(&code("1003"))).as_deref(), Some("1003 m"));
        assert_eq!(coded.help(&Json::from(&code("1013"))), Some("check list_id"));
        assert_eq!(coded.help(&Json::from(&code("1003"))), None);
        assert_eq!(plain.failure(200, None, None, false), None);
    }
}
