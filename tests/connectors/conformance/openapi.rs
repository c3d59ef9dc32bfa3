//! As much of an OpenAPI description as tells whether a request is one of its operations: path, method, names of parameters, keys of the body.

use crate::server::Asked;
use serde_json::Value as Json;
use std::collections::BTreeSet;

pub struct Description {
    root: Json,
}

impl Description {
    pub fn parse(text: &[u8]) -> Description {
        Description { root: serde_json::from_slice(text).expect("the descriptions were validated") }
    }

    fn resolved<'d>(&'d self, value: &'d Json) -> &'d Json {
        match value["$ref"].as_str().and_then(|r| r.strip_prefix('#')) {
            Some(pointer) => self.root.pointer(pointer).map_or(value, |found| self.resolved(found)),
            None => value,
        }
    }

    fn query_of<'d>(&'d self, item: &'d Json, operation: &'d Json) -> Vec<&'d Json> {
        let parameters = [&item["parameters"], &operation["parameters"]].into_iter().filter_map(Json::as_array).flatten();
        parameters.map(|p| self.resolved(p)).filter(|p| p["in"] == "query").collect()
    }

    /// Whether there is such an operation, and it takes these parameters.
    pub fn has<'q>(&self, path: &str, method: &str, mut names: impl Iterator<Item = &'q String>) -> Result<(), String> {
        let item = &self.root["paths"][path];
        let operation = &item[method.to_lowercase()];
        if operation.is_null() {
            return Err(format!("{path} has no {method}"));
        }
        let query = self.query_of(item, operation);
        match names.find(|name| !query.iter().any(|p| p["name"] == ***name)) {
            Some(name) => Err(format!("{method} {path} has no parameter {name:?}")),
            None => Ok(()),
        }
    }

    /// `written`: names of fields, which a body's rows may hold whatever the description knows.
    pub fn allows(&self, asked: &Asked, written: &BTreeSet<String>) -> Result<(), String> {
        let paths = self.root["paths"].as_object().ok_or("the description has no paths")?;
        let fits = |path: &&String| {
            let (said, there): (Vec<&str>, Vec<&str>) = (path.split('/').collect(), asked.path.split('/').collect());
            let same = |(said, there): (&&str, &&str)| match (said.find('{'), said.rfind('}')) {
                (Some(from), Some(to)) => {
                    there.len() >= said.len() - (to - from) && there.starts_with(&said[..from]) && there.ends_with(&said[to + 1..])
                }
                _ => said == there,
            };
            said.len() == there.len() && said.iter().zip(&there).all(same)
        };
        // Of several that fit, the one without names is meant.
        let path = paths
            .keys()
            .filter(fits)
            .min_by_key(|p| p.matches('{').count())
            .ok_or_else(|| format!("no path {} is described", asked.path))?;
        self.has(path, &asked.method, asked.query.keys())?;
        let (item, operation) = (&paths[path], &paths[path][asked.method.to_lowercase()]);
        let query: Vec<&Json> = self.query_of(item, operation);
        let lacks = |p: &&&Json| p["required"] == true && p["name"].as_str().is_some_and(|name| !asked.query.contains_key(name));
        if let Some(parameter) = query.iter().find(lacks) {
            return Err(format!("{} {path} needs {}", asked.method, parameter["name"]));
        }
        let content = self.resolved(&operation["requestBody"])["content"].as_object().and_then(|c| c.values().next());
        match (content, &asked.body) {
            (_, Json::Null) => Ok(()),
            (None, _) => Err(format!("{} {path} takes no body", asked.method)),
            (Some(content), body) => self.body(&content["schema"], body, written).map_err(|why| format!("{} {path}: {why}", asked.method)),
        }
    }

    fn body(&self, schema: &Json, value: &Json, written: &BTreeSet<String>) -> Result<(), String> {
        let schema = self.resolved(schema);
        if let Some(parts) = schema["anyOf"].as_array().or(schema["oneOf"].as_array()) {
            let found: Vec<Result<(), String>> = parts.iter().map(|part| self.body(part, value, written)).collect();
            return found.iter().find(|f| f.is_ok()).or(found.first()).cloned().unwrap_or(Ok(()));
        }
        let is = |name: &str| {
            schema["type"].is_null() || schema["type"] == name || schema["type"].as_array().is_some_and(|t| t.iter().any(|t| t == name))
        };
        match value {
            Json::Object(map) if is("object") => self.object(schema, map, written),
            Json::Array(items) if is("array") => items.iter().try_for_each(|item| self.body(&schema["items"], item, written)),
            Json::Object(_) | Json::Array(_) => Err(format!("{value} is no {}", schema["type"])),
            _ => Ok(()),
        }
    }

    fn object(&self, schema: &Json, map: &serde_json::Map<String, Json>, written: &BTreeSet<String>) -> Result<(), String> {
        let parts: Vec<&Json> =
            std::iter::once(schema).chain(schema["allOf"].as_array().into_iter().flatten()).map(|s| self.resolved(s)).collect();
        for (key, value) in map {
            let known = parts.iter().map(|part| &part["properties"][key]).find(|p| !p.is_null());
            let open = parts.iter().any(|part| !part["additionalProperties"].is_null() && part["additionalProperties"] != false);
            match known {
                Some(property) => self.body(property, value, written)?,
                None if open || written.contains(key) => {}
                None => return Err(format!("the body has no key {key:?}")),
            }
        }
        let required = parts.iter().flat_map(|part| part["required"].as_array().into_iter().flatten()).filter_map(Json::as_str);
        match required.into_iter().find(|name| !map.contains_key(*name)) {
            Some(name) => Err(format!("the body needs {name:?}")),
            None => Ok(()),
        }
    }
}

#[test]
fn what_is_not_described_is_found() {
    let text = br#"{"paths": {"/a/{id}": {"parameters": [{"name": "limit", "in": "query"}], "get": {},
        "post": {"requestBody": {"content": {"application/json": {"schema": {"type": "object", "required": ["input"],
            "properties": {"input": {"type": "array", "items": {"type": "object", "properties": {"id": {}}}}}}}}}}}}}"#;
    let description = Description::parse(text);
    let asked = |method: &str, path: &str, query: &[&str], body: Json| Asked {
        method: method.into(),
        path: path.into(),
        query: query.iter().map(|name| (name.to_string(), String::new())).collect(),
        body,
        ..Asked::default()
    };
    let found = |a: Asked| description.allows(&a, &BTreeSet::from(["phone".to_string()])).err().unwrap_or_default();
    let rows = |key: &str| serde_json::json!({"input": [{"id": 1, key: 2}]});
    for (asked, want) in [
        (asked("GET", "/a/1", &["limit"], Json::Null), ""),
        (asked("GET", "/b/1", &[], Json::Null), "no path /b/1 is described"),
        (asked("PUT", "/a/1", &[], Json::Null), "/a/{id} has no PUT"),
        (asked("GET", "/a/1", &["page"], Json::Null), "GET /a/{id} has no parameter \"page\""),
        (asked("POST", "/a/1", &[], rows("phone")), ""),
        (asked("POST", "/a/1", &[], rows("fax")), "POST /a/{id}: the body has no key \"fax\""),
        (asked("POST", "/a/1", &[], serde_json::json!({})), "POST /a/{id}: the body needs \"input\""),
        (asked("GET", "/a/1", &[], rows("phone")), "GET /a/{id} takes no body"),
    ] {
        assert_eq!(found(asked), want);
    }
}
