//! Puts values into JSON at the paths that manifests read them from.

use serde_json::{Map, Value as Json, json};

enum Step {
    Key(String),
    Each,
    Where(String, String),
}

fn steps(path: &str) -> Vec<Step> {
    let mut steps = Vec::new();
    let mut rest = path;
    while !rest.is_empty() {
        let end = rest.find(['.', '[']).unwrap_or(rest.len());
        let (key, after) = rest.split_at(end);
        if !key.is_empty() {
            steps.push(Step::Key(key.to_string()));
        }
        rest = match after.strip_prefix('[') {
            Some(inside) => {
                let (inside, tail) = inside.split_once(']').expect("manifests are checked");
                steps.push(match inside.split_once('=') {
                    None => Step::Each,
                    Some((key, want)) => Step::Where(key.to_string(), want.to_string()),
                });
                tail.strip_prefix('.').unwrap_or(tail)
            }
            None => after.strip_prefix('.').unwrap_or(after),
        };
    }
    steps
}

/// Puts a value there; where the path goes through a list, a list becomes its entries, and anything else its only one.
pub fn put(root: &mut Json, path: &str, value: Json) {
    put_at(root, &steps(path), value);
}

fn put_at(at: &mut Json, steps: &[Step], value: Json) {
    let Some((step, rest)) = steps.split_first() else {
        *at = value;
        return;
    };
    match step {
        Step::Key(key) => {
            if !at.is_object() {
                *at = Json::Object(Map::new());
            }
            put_at(at.as_object_mut().unwrap().entry(key.clone()).or_insert(Json::Null), rest, value);
        }
        Step::Each => {
            let before = at.as_array().cloned().unwrap_or_default();
            let values = match value {
                Json::Array(values) => values,
                one => vec![one],
            };
            let entry = |(i, value)| {
                let mut entry = before.get(i).or(before.first()).cloned().unwrap_or_default();
                put_at(&mut entry, rest, value);
                entry
            };
            *at = Json::Array(values.into_iter().enumerate().map(entry).collect());
        }
        Step::Where(key, want) => {
            if !at.is_array() {
                *at = json!([]);
            }
            let list = at.as_array_mut().unwrap();
            let place = list.iter().position(|entry| entry[key] == **want);
            let place = place.unwrap_or_else(|| {
                list.push(json!({ key: want }));
                list.len() - 1
            });
            put_at(&mut list[place], rest, value);
        }
    }
}

/// Takes away what is there; only names lead to it.
pub fn take(root: &mut Json, path: &str) {
    match path.rsplit_once('.') {
        None => {
            root.as_object_mut().and_then(|map| map.remove(path));
        }
        Some((before, last)) => {
            if let Some(map) = root.pointer_mut(&format!("/{}", before.replace('.', "/"))).and_then(Json::as_object_mut) {
                map.remove(last);
            }
        }
    }
}

/// The text that is shown there; nothing is an empty one.
pub fn shown(root: &Json, path: &str) -> String {
    let first = all(root, path).into_iter().find(|value| !value.is_null());
    first.map(|value| value.as_str().map_or_else(|| value.to_string(), str::to_string)).unwrap_or_default()
}

/// Everything there, in order.
pub fn all(root: &Json, path: &str) -> Vec<Json> {
    let mut found = vec![root.clone()];
    for step in steps(path) {
        found = found
            .into_iter()
            .flat_map(|value| match &step {
                Step::Key(key) => value.get(key).cloned().into_iter().collect::<Vec<_>>(),
                Step::Each => {
                    value.as_array().cloned().or_else(|| value.as_object().map(|o| o.values().cloned().collect())).unwrap_or_default()
                }
                Step::Where(key, want) => value.as_array().into_iter().flatten().filter(|v| v[key] == **want).cloned().collect(),
            })
            .collect();
    }
    found
}

#[test]
fn what_is_put_is_found() {
    for (path, value, want) in [
        ("a.b", json!(1), json!({"a": {"b": 1}})),
        ("l[].id", json!([1, 2]), json!({"l": [{"id": 1}, {"id": 2}]})),
        ("f[name=A B].values[]", json!("x"), json!({"f": [{"name": "A B", "values": ["x"]}]})),
    ] {
        let mut root = json!({});
        put(&mut root, path, value.clone());
        assert_eq!(root, want, "{path}");
        let values = value.as_array().cloned().unwrap_or_else(|| vec![value]);
        assert_eq!(all(&root, path), values, "{path}");
    }
    let mut root = json!({"a": {"b": 1, "c": 2}});
    take(&mut root, "a.b");
    assert_eq!(root, json!({"a": {"c": 2}}));
}
