//! What footer somebody gets, as it is told.

use serde::{Deserialize, Serialize};

/// What somebody gets. Without a footer both texts are empty, and `reasons` say why.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct FooterGot {
    pub subject: String,
    pub slot: String,
    /// Its name in the folder `footers`.
    pub footer: Option<String>,
    pub html: String,
    pub text: String,
    pub reasons: Vec<String>,
    /// Of the gate, for the footer that is got or for the first that was held back.
    pub decision_id: Option<String>,
    /// What is wrong with the footers; then there are none.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub mistakes: Vec<String>,
}
