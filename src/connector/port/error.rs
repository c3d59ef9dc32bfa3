//! What goes wrong between us and a system, in words for an admin.

use crate::model::{Name, Span};

/// What went wrong between us and a system. Each says the system; the daemon adds stream and run.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    #[error(
        "{system}: {what}: the credential is not accepted ({said}); check base_url and the credential of [systems.{system}] in systems.toml: \
         renew it, or give it the scopes for this"
    )]
    Credential { system: Name, what: String, said: String },
    #[error("{system}: {what}: {said}")]
    Refused { system: Name, what: String, said: String },
    #[error("{system}: {what}: not found (404); check base_url and the settings in systems.toml")]
    NotFound { system: Name, what: String },
    #[error("{system}: {what}: the answer is not the JSON expected ({why}); it begins {begins:?}")]
    NotUnderstood { system: Name, what: String, why: String, begins: String },
    #[error("{system}: {what}: no answer ({why})")]
    Unreachable { system: Name, what: String, why: String },
    #[error("{system}: {what}: the system asks to wait {}s", wait.as_seconds())]
    Later { system: Name, what: String, wait: Span },
    #[error("{system}: {what}: today's budget of requests is used up; protective writes still go out of the reserve")]
    Budget { system: Name, what: String },
    #[error("{system}: {what}: the server does not know the cursor any more; the next look begins without it")]
    CursorLost { system: Name, what: String },
    #[error("{system}: {what}: the pages come to no end ({why}); the pass was ended and does not count as complete")]
    Loop { system: Name, what: String, why: String },
    #[error("{system}: {what}: the answer is larger than {limit} bytes; lower the page size in the manifest")]
    TooLarge { system: Name, what: String, limit: usize },
    #[error("{system}: {what}: the answer holds more than {limit} {of}; lower the page size in the manifest")]
    TooMany { system: Name, what: String, limit: usize, of: &'static str },
    #[error("{system}: {what}: there is no way through the proxy {proxy} ({why}); check [network] in systems.toml, and the proxy")]
    Proxy { system: Name, what: String, proxy: String, why: String },
}

impl Error {
    /// With whom it went wrong.
    pub fn system(&self) -> &Name {
        match self {
            Error::Credential { system, .. }
            | Error::Refused { system, .. }
            | Error::NotFound { system, .. }
            | Error::NotUnderstood { system, .. }
            | Error::Unreachable { system, .. }
            | Error::Later { system, .. }
            | Error::Budget { system, .. }
            | Error::CursorLost { system, .. }
            | Error::Loop { system, .. }
            | Error::TooLarge { system, .. }
            | Error::TooMany { system, .. }
            | Error::Proxy { system, .. } => system,
        }
    }

    /// The text for who has named the system already.
    pub fn of_system(&self) -> String {
        let text = self.to_string();
        text.strip_prefix(&format!("{}: ", self.system())).unwrap_or(&text).to_string()
    }

    /// The text for who has named the system and the stream already.
    pub fn of_stream(&self, stream: &str) -> String {
        let text = self.of_system();
        text.strip_prefix(&format!("{stream} ")).unwrap_or(&text).to_string()
    }

    /// Whether the same request may well succeed later.
    pub fn passes(&self) -> bool {
        match self {
            Error::Credential { .. } | Error::Unreachable { .. } | Error::Later { .. } | Error::Budget { .. } | Error::Proxy { .. } => true,
            Error::Refused { .. }
            | Error::NotFound { .. }
            | Error::NotUnderstood { .. }
            | Error::CursorLost { .. }
            | Error::Loop { .. }
            | Error::TooLarge { .. }
            | Error::TooMany { .. } => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_told_once() {
        let (system, what) = (Name::from("crm"), "companies sweep at https://crm.example".to_string());
        let credential = Error::Credential { system: system.clone(), what: what.clone(), said: "401".into() };
        let unreachable = Error::Unreachable { system: system.clone(), what, why: "502".into() };
        assert_eq!(unreachable.to_string(), "crm: companies sweep at https://crm.example: no answer (502)");
        assert_eq!(unreachable.of_system(), "companies sweep at https://crm.example: no answer (502)");
        assert_eq!(unreachable.of_stream("companies"), "sweep at https://crm.example: no answer (502)");
        assert_eq!(unreachable.of_stream("comp"), unreachable.of_system(), "another stream");
        assert!(credential.of_stream("companies").starts_with("sweep at https://crm.example: the credential is not accepted (401)"));
        let unnamed = Error::Unreachable { system, what: "companies".into(), why: "crm: 502".into() };
        assert_eq!(unnamed.of_stream("companies"), "companies: no answer (crm: 502)");
    }
}
