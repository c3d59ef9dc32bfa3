//! Which system of the sandbox.

use serde::{Deserialize, Serialize};

/// The three systems.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SandboxSystem {
    Crm,
    Support,
    Ma,
}

impl SandboxSystem {
    pub const ALL: [SandboxSystem; 3] = [SandboxSystem::Crm, SandboxSystem::Support, SandboxSystem::Ma];

    pub fn name(self) -> &'static str {
        match self {
            SandboxSystem::Crm => "crm",
            SandboxSystem::Support => "support",
            SandboxSystem::Ma => "ma",
        }
    }
}
