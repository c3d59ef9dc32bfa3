//! Which instance of a system answers: what it says of itself, and where it is.

use super::http::client::HttpClient;
use super::http::request::{Call, Fill};
use crate::connector::manifest::Manifest;
use crate::connector::manifest::settings::Settings;
use crate::connector::port::{Error, Lane};
use crate::connector::raw::paths::Path;
use crate::connector::raw::scalars::id_of;
use reqwest::Url;

/// The request that a manifest names, bound to the system's settings.
pub struct InstancePlan {
    call: Call,
    id: Path,
}

impl InstancePlan {
    /// `None`: the manifest names no request, or one that needs a setting which is not given.
    pub fn new(manifest: &Manifest, settings: &Settings) -> Result<Option<InstancePlan>, String> {
        let Some(instance) = &manifest.instance else { return Ok(None) };
        let id = Path::parse(&instance.id).map_err(|e| e.to_string())?;
        Ok(Call::new("instance".to_string(), &instance.request, settings)?.map(|call| InstancePlan { call, id }))
    }

    /// Asks once: whoever needs it asks again, and nothing else waits for it.
    pub async fn ask(&self, http: &HttpClient) -> Result<Option<String>, Error> {
        let request = self.call.prepare(&Fill::default(), &Default::default());
        let answer = http.write(&request, Lane::Read).await.map_err(|f| f.error)?;
        Ok(self.id.first(answer.json.root()).and_then(id_of).map(|id| id.into_owned()))
    }
}

/// Where a system is reached, in one form: neither the scheme nor a login, a usual port or a slash at the end makes another place of it.
pub fn address(base: &str) -> String {
    let Ok(url) = Url::parse(base) else { return base.to_string() };
    let port = url.port().map(|port| format!(":{port}")).unwrap_or_default();
    format!("{}{port}{}", url.host_str().unwrap_or_default(), url.path().trim_end_matches('/'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_place_has_one_form() {
        for (base, place) in [
            ("https://API.hub.example", "api.hub.example"),
            ("https://api.hub.example/", "api.hub.example"),
            ("http://api.hub.example", "api.hub.example"),
            ("https://me:secret@api.hub.example:443", "api.hub.example"),
            ("https://api.hub.example:8443/rest", "api.hub.example:8443/rest"),
            ("https://api.hub.example/rest/", "api.hub.example/rest"),
            ("http://[::1]:80/a", "[::1]/a"),
            ("not a place", "not a place"),
        ] {
            assert_eq!(address(base), place);
        }
    }
}
