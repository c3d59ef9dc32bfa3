//! Every folder under `connectors/` loads, and its recorded answers become the records that lie beside them.
//!
//! `NAYOSE_WRITE_EXAMPLES=1 cargo test --test connectors examples` writes the missing records.json files: read them before you commit them.

use nayose::connector::examples;
use nayose::connector::manifest::load;
use std::path::Path;

#[test]
fn each_connector_proves_itself() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("connectors");
    let mut problems = Vec::new();
    let mut count = 0;
    for entry in std::fs::read_dir(&folder).unwrap().flatten().filter(|e| e.path().join(load::FILE).is_file()) {
        let name = entry.file_name().into_string().unwrap();
        count += 1;
        let loaded = match load::load_folder(&name, &entry.path()) {
            Ok(loaded) => loaded,
            Err(errors) => {
                problems.extend(errors.iter().map(ToString::to_string));
                continue;
            }
        };
        let report = examples::run(&loaded);
        for example in &report.examples {
            let file = entry.path().join("examples").join(format!("{}.records.json", example.name));
            if std::env::var_os("NAYOSE_WRITE_EXAMPLES").is_some() && !file.exists() && !example.became.is_null() {
                std::fs::write(&file, serde_json::to_string_pretty(&example.became).unwrap() + "\n").unwrap();
            }
            problems.extend(example.problems.iter().map(|p| format!("{name}: {}: {p}", example.name)));
        }
        problems.extend(report.untested.iter().map(|s| format!("{name}: stream {s} has no example")));
    }
    assert!(problems.is_empty(), "\n{}", problems.join("\n"));
    assert!(count >= 3, "only {count} connectors were found");
}
