//! Manifests for config out of the connector room: the shipped ones, and a user's folder before them.

use crate::config::ManifestSource;
use crate::connector::Manifest;
use crate::connector::manifest::load;
use std::path::Path;
use std::sync::Arc;

/// The connectors that there really are.
#[derive(Debug, Clone, Copy)]
pub struct Connectors;

impl ManifestSource for Connectors {
    fn names(&self, own: Option<&Path>) -> Vec<String> {
        load::names(own)
    }

    fn manifest(&self, own: Option<&Path>, name: &str) -> Result<Option<Arc<Manifest>>, String> {
        if !self.names(own).iter().any(|n| n == name) {
            return Ok(None);
        }
        match load::load(name, own) {
            Ok(loaded) => Ok(Some(Arc::new(loaded.manifest))),
            Err(errors) => Err(errors.iter().map(|e| e.to_string()).collect::<Vec<_>>().join("; ")),
        }
    }
}
