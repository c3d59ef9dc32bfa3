//! Small systems of people that are read as a list, and written in batches of rows.

use super::harness::{World, free_port};
use crate::small_manifests::head;
use axum::Router;

/// A manifest of such a system, at the address that its settings name. `read`: its fields beside the address, and where they are; `written`:
/// those that may be written; `keys`: further ones of `[writes]`.
pub fn box_manifest(name: &str, read: &str, written: &str, keys: &str) -> String {
    let head = head(name, "crm", "{settings.base_url}");
    format!(
        r#"{head}
[settings.base_url]
title = "Address"
where = "On the box"
[streams.people]
entity = "person"
sweep = {{ path = "/people", records = "people" }}
[streams.people.record]
id = "id"
changed_at = {{ path = "changed", format = "unix_ms" }}
fields = {{ email = "email", {read} }}
[writes]
stream = "people"
read = {{ path = "/people", records = "people", query = {{ ids = "{{ids}}" }} }}
read_chunk = 100
{keys}
fields = {{ {written} }}
[writes.update]
batch = 50
id_key = "id"
request = {{ method = "POST", path = "/update", body = {{ input = "{{rows}}" }} }}
results = {{ path = "results", applied = {{ path = "ok", equals = true }} }}
"#
    )
}

/// Lets a connector of one's own be known by a manifest.
pub fn add_connector(world: &World, name: &str, manifest: &str) {
    let mine = world.folder().join("mine").join(name);
    std::fs::create_dir_all(&mine).unwrap();
    std::fs::write(mine.join("manifest.toml"), manifest).unwrap();
}

/// Serves boxes on loopback, for as long as the world stands. Returns the port.
pub fn serve(world: &World, router: Router) -> u16 {
    let port = free_port();
    world.runtime.block_on(async {
        let listener = tokio::net::TcpListener::bind(("127.0.0.1", port)).await.unwrap();
        tokio::spawn(async move { axum::serve(listener, router).await });
    });
    port
}
