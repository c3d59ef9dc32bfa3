//! How a system says which instance of it this is.

use super::Request;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// One cheap request whose answer holds the id of an organisation, of a portal: what stays when a token, a name or an address changes, and
/// is another in another account.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct InstanceRequest {
    pub request: Request,
    /// Where the answer holds the id.
    pub id: String,
}
