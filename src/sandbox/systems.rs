//! Which system of the sandbox.

use serde::{Deserialize, Serialize};

/// The three systems.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum System {
    Crm,
    Support,
    Ma,
}

impl System {
    pub const ALL: [System; 3] = [System::Crm, System::Support, System::Ma];

    pub fn name(self) -> &'static str {
        match self {
            System::Crm => "crm",
            System::Support => "support",
            System::Ma => "ma",
        }
    }
}
