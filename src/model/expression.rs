//! placeholder
use super::Name;
#[derive(Debug, Clone)]
pub struct Expression {
    pub source: Name,
}
