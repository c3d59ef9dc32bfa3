//! C2: each request against what the vendor says of it: its description of the API beside the source tree, or a fact with its address.

use super::openapi::Description;
use super::{Finding, tour};
use crate::server::Asked;
use nayose::connector::manifest::load::LoadedManifest;
use nayose::connector::manifest::{Manifest, Setting};
use serde::Deserialize;
use serde_json::Value as Json;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// What a connector's folder says of its requests, beside the vendor's description.
const FACTS: &str = "requests.toml";

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Facts {
    #[serde(default)]
    request: Vec<Fact>,
}

/// What is said of one request, or of several that are alike.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Fact {
    names: Vec<String>,
    method: String,
    path: String,
    #[serde(default)]
    query: BTreeSet<String>,
    /// The keys of a body that is an object.
    #[serde(default)]
    body: BTreeSet<String>,
    /// The keys of the objects in the body's lists.
    #[serde(default)]
    rows: BTreeSet<String>,
    /// The keys of the objects in a body that is a list.
    #[serde(default)]
    list: BTreeSet<String>,
    /// The same operation in the vendor's description, where it stands under another path there.
    described: Option<String>,
    /// What of `query` the description does not name.
    #[serde(default)]
    adds: BTreeSet<String>,
    source: String,
    says: String,
}

/// Where the vendors' descriptions lie: as the lab, beside the tree.
fn descriptions() -> PathBuf {
    let beside = || Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared");
    std::env::var_os("NAYOSE_SHARED").map_or_else(beside, PathBuf::from).join("specs")
}

pub async fn each_request(loaded: &LoadedManifest, folder: &Path) -> Finding {
    let asked = match tour::all_that_is_asked(loaded).await {
        Ok(asked) => asked,
        Err(why) => return Finding::Not(why),
    };
    let facts: Facts = match std::fs::read_to_string(folder.join(FACTS)) {
        Ok(text) => match toml::from_str(&text) {
            Ok(facts) => facts,
            Err(e) => return Finding::Not(format!("{FACTS}: {e}")),
        },
        Err(_) => Facts::default(),
    };
    let mut problems = sound(&facts, &asked);
    let written = fields_written(&loaded.manifest);
    let spec = loaded.manifest.spec.as_ref();
    let described =
        spec.and_then(|spec| std::fs::read(descriptions().join(spec).join("openapi.json")).ok()).map(|text| Description::parse(&text));
    let mut skips = false;
    for (name, asked) in &asked {
        let found = match (facts.request.iter().find(|fact| fact.names.contains(name)), &described) {
            (Some(fact), None) => {
                skips |= fact.described.is_some();
                fact.allows(asked)
            }
            (Some(fact), Some(described)) => fact.allows(asked).and_then(|()| fact.is_described(asked, described)),
            (None, Some(described)) => described.allows(asked, &written),
            (None, None) if spec.is_some() => {
                skips = true;
                Ok(())
            }
            (None, None) => Err("neither a description nor a fact says that there is such a request".to_string()),
        };
        if let Err(why) = found {
            problems.insert(format!("{name}: {why}"));
        }
    }
    match skips {
        _ if !problems.is_empty() => Finding::Not(problems.into_iter().collect::<Vec<_>>().join("; ")),
        true => Finding::Skipped("no descriptions".to_string()),
        false => Finding::Held,
    }
}

/// What is wrong with the facts themselves.
fn sound(facts: &Facts, asked: &[(String, Asked)]) -> BTreeSet<String> {
    let mut problems = BTreeSet::new();
    for fact in &facts.request {
        if !fact.source.starts_with("https://") || fact.says.trim().is_empty() {
            problems.insert(format!("{FACTS}: {} has no address, or no sentence", fact.names.join(", ")));
        }
        problems.extend(
            fact.names
                .iter()
                .filter(|name| !asked.iter().any(|(n, _)| n == *name))
                .map(|name| format!("{FACTS}: there is no request {name}")),
        );
    }
    problems
}

/// The system's own names of fields that are written: a description cannot know those that a customer made.
fn fields_written(manifest: &Manifest) -> BTreeSet<String> {
    let Some(writes) = &manifest.writes else { return BTreeSet::new() };
    let marks = [&writes.block, &writes.permit, &writes.why].into_iter().flatten().filter_map(|mark| match mark {
        nayose::connector::manifest::MarkWrite::Field { field, .. } => Some(field.clone()),
        nayose::connector::manifest::MarkWrite::Label { .. } => None,
    });
    let fields =
        writes.fields.values().map(|f| f.field().to_string()).chain(marks).chain(writes.status.iter().filter_map(|s| s.field.clone()));
    // As they are called in the examples' settings.
    let by_setting = |field: String| {
        let usual = |(name, setting): (&String, &Setting)| Some((format!("{{settings.{name}}}"), setting.default.clone()?));
        manifest.settings.iter().filter_map(usual).fold(field, |field, (name, usual)| field.replace(&name, &usual))
    };
    fields.map(|f| by_setting(f.replace("{hold.permit}", "nayose_ok_until").replace("{hold.why}", "nayose_why"))).collect()
}

impl Fact {
    /// Whether the description has it too, where the fact says under which path.
    fn is_described(&self, asked: &Asked, described: &Description) -> Result<(), String> {
        let Some(path) = &self.described else { return Ok(()) };
        described.has(path, &asked.method, asked.query.keys().filter(|name| !self.adds.contains(*name)))
    }

    fn allows(&self, asked: &Asked) -> Result<(), String> {
        let same_path = || {
            let (said, there): (Vec<&str>, Vec<&str>) = (self.path.split('/').collect(), asked.path.split('/').collect());
            let fits = |(said, there): (&&str, &&str)| match (said.split_once('{'), said.rsplit_once('}')) {
                (Some((before, _)), Some((_, after))) => there.starts_with(before) && there.ends_with(after) && !there.is_empty(),
                _ => said == there,
            };
            said.len() == there.len() && said.iter().zip(&there).all(fits)
        };
        if asked.method != self.method || !same_path() {
            return Err(format!("asked {} {}, and the fact says {} {}", asked.method, asked.path, self.method, self.path));
        }
        among(&self.query, asked.query.keys(), "the parameter")?;
        match &asked.body {
            Json::Object(body) => {
                among(&self.body, body.keys(), "the key")?;
                let rows = body.values().filter_map(Json::as_array).flatten();
                if self.rows.is_empty() { Ok(()) } else { among(&self.rows, keys(rows), "the key of a row") }
            }
            Json::Array(items) => among(&self.list, keys(items.iter()), "the key"),
            _ => Ok(()),
        }
    }
}

fn keys<'b>(rows: impl Iterator<Item = &'b Json>) -> impl Iterator<Item = &'b String> {
    rows.filter_map(Json::as_object).flat_map(|row| row.keys())
}

fn among<'b>(said: &BTreeSet<String>, mut keys: impl Iterator<Item = &'b String>, what: &str) -> Result<(), String> {
    keys.find(|key| !said.contains(*key)).map_or(Ok(()), |key| Err(format!("no fact names {what} {key:?}")))
}
