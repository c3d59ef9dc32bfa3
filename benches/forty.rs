//! A million people under forty rules: how long it takes to read and decide on them, to decide anew, and to try other rules on them. Each person
//! has a record in the CRM and one in the MA, and both show all forty fields. `cargo bench --bench forty`; PEOPLE=10000 makes it small.

#![allow(clippy::disallowed_methods, reason = "it measures real time")]

mod in_process;

use in_process::{decide_anew, shell, sweep};
use nayose::daemon::commands::{Command, Reply};
use nayose::daemon::shell::Shell;
use nayose::model::{Entity, Name, Record, RecordId, Time, Value};
use std::fmt::Write;
use std::path::Path;
use std::time::Instant;

const NOW: Time = Time(1_795_212_000_000);
const DAY_MS: i64 = 86_400_000;

/// As the daemon's.
#[cfg(feature = "dist")]
#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

/// What a field holds, as manifests say it, with the rules of those that do.
const FORMS: [(&str, &[&str]); 4] = [
    (
        "text",
        &[
            r#"["crm", "ma"]"#,
            r#"["crm", "ma"]"#,
            r#"["ma", "crm"]"#,
            r#"["crm"]"#,
            r#"[["crm", "ma"]]"#,
            r#"{ only = "crm" }"#,
            r#"{ from = ["crm", "ma"], max_age = "730d" }"#,
            r#"{ from = ["ma", "crm"], max_age = "30d" }"#,
            r#"{ from = [{ system = "ma", max_age = "30d" }, "crm"] }"#,
            r#"{ from = ["crm", "ma"], blank = "wins" }"#,
            r#"{ from = ["crm"], when = 'deals.exists(d, d.open)', otherwise = ["ma"] }"#,
            r#"{ from = ["ma"], when = 'person.size > 50', otherwise = ["crm"] }"#,
            r#"{ cases = [{ when = 'person.size > 90', from = ["crm"] }, { when = 'person.size > 10', newest = ["crm", "ma"] }], otherwise = ["ma"] }"#,
            r#"{ cases = [{ when = 'person.vip == true', from = ["ma"] }], otherwise = ["crm", "ma"] }"#,
            r#"{ newest = ["crm", "ma"] }"#,
            r#"{ newest = ["crm", "ma"], max_age = "365d" }"#,
            r#"{ newest = ["ma", "crm"] }"#,
            r#"{ oldest = ["crm", "ma"] }"#,
            r#"{ first = ["crm", "ma"] }"#,
            r#"{ fill = ["crm"] }"#,
            r#"{ fill = ["ma", "crm"] }"#,
            r#"{ most = ["crm", "ma"] }"#,
            r#"{ most = ["ma", "crm"] }"#,
            r#"{ other = "text0" }"#,
            r#"{ other = "text14" }"#,
            r#"{ from = ["crm", "ma"], ignore = ["不明", "N/A", "-"] }"#,
            r#"{ from = ["ma", "crm"], ignore = ["test"] }"#,
            r#"["crm", "ma"]"#,
            r#"{ newest = ["crm", "ma"] }"#,
            r#"{ never = true }"#,
        ],
    ),
    (
        "int",
        &[
            r#"{ max = ["crm", "ma"] }"#,
            r#"{ min = ["crm", "ma"] }"#,
            r#"{ sum = ["crm"] }"#,
            r#"["crm", "ma"]"#,
            r#"{ newest = ["crm", "ma"] }"#,
        ],
    ),
    ("bool", &[r#"{ any = ["crm", "ma"] }"#, r#"{ all = ["crm", "ma"] }"#, r#"["crm", "ma"]"#]),
    ("list", &[r#"{ union = ["crm", "ma"] }"#, r#"["crm", "ma"]"#]),
];

/// What values of two of them must look like.
const VALID: &str = "\n[fields.text27]\nvalid = 'value.size() > 3'\n\n[fields.text28]\nvalid = '!value.startsWith(\"?\")'\n";

struct Field {
    name: String,
    holds: &'static str,
    rule: &'static str,
}

fn fields() -> Vec<Field> {
    let of = |(holds, rules): &(&'static str, &'static [&'static str])| {
        let (holds, rules) = (*holds, *rules);
        rules.iter().enumerate().map(move |(i, rule)| Field { name: format!("{holds}{i}"), holds, rule })
    };
    FORMS.iter().flat_map(of).collect()
}

fn main() {
    let people: usize = std::env::var("PEOPLE").ok().and_then(|n| n.parse().ok()).unwrap_or(1_000_000);
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().expect("a runtime");
    runtime.block_on(async {
        let folder = tempfile::tempdir().expect("a folder for the config");
        let fields = fields();
        assert_eq!(fields.len(), 40);
        write_config(folder.path(), &fields);
        let shell = shell(folder.path(), NOW);
        let began = Instant::now();
        sweep(&shell, "crm", people, NOW, |n| record("crm", n, &fields));
        sweep(&shell, "ma", people, NOW, |n| record("ma", n, &fields));
        shell.engine().reconcile(NOW);
        shell.engine().commit().expect("memory takes it");
        println!("{people} people under {} rules; first read and decided on in {:.1} s", fields.len(), began.elapsed().as_secs_f64());
        let began = Instant::now();
        decide_anew(&shell, NOW);
        println!("everyone decided on anew, as by new rules: {:.1} s", began.elapsed().as_secs_f64());
        try_rules(&shell, folder.path()).await;
    });
}

/// `plan --rules`: one field is taken from the other system.
async fn try_rules(shell: &Shell, folder: &Path) {
    let path = folder.join("precedence.toml");
    let text = std::fs::read_to_string(&path).expect("the config");
    std::fs::write(path, text.replacen("text2 = [\"ma\", \"crm\"]", "text2 = [\"crm\", \"ma\"]", 1)).expect("a place for the config");
    shell.command(Command::Approve { what: "ma".into(), holds: false, moved: false, by: "tests".into() }).await;
    let began = Instant::now();
    let reply = shell.command(Command::Preview { folder: folder.into(), all: false }).await;
    let Reply::Preview(preview) = reply else { panic!("no preview: {reply:?}") };
    let changed: usize = preview.totals.iter().map(|total| total.counts.filled + total.counts.rewritten()).sum();
    println!("another rule tried on everyone, of whom {changed} change: {:.1} s", began.elapsed().as_secs_f64());
}

fn write_config(folder: &Path, fields: &[Field]) {
    let mut written = Vec::new();
    let mut precedence = String::from("default = [\"crm\", \"ma\"]\n\n[person]\n");
    for field in fields {
        writeln!(precedence, "{} = {}", field.name, field.rule.replace("person.size", "person.int3").replace("person.vip", "person.bool2"))
            .expect("a text grows");
        written.push(format!("\"{}\"", field.name));
    }
    precedence.push_str(VALID);
    let systems = format!(
        "connectors = \"own\"\n[systems.crm]\nconnector = \"wide-crm\"\n[systems.ma]\nconnector = \"wide-ma\"\n\
         writes = [\"hold\", {}]\nhold = {{ block = true }}\n",
        written.join(", ")
    );
    let policy = "[status]\nlead = 'true'\n\n[holds.open_deal]\nwhen = 'deal.open'\nscope = \"person\"\nstops = [\"campaign\", \"newsletter\"]\n\
                  after = { won = \"0d\", lost = \"0d\" }\nproof = { \"crm.deals\" = \"15m\" }\n\n[refusals]\nproof = { \"ma.people\" = \"1h\" }\n";
    let files = [
        ("systems.toml", systems),
        ("precedence.toml", precedence),
        ("policy.toml", policy.into()),
        ("consent.toml", "[sources.ma]\nbasis = \"explicit_consent\"\n".into()),
        ("own/wide-crm/manifest.toml", [head("crm", fields).as_str(), DEALS].concat()),
        ("own/wide-ma/manifest.toml", [head("ma", fields).as_str(), &writes(fields)].concat()),
    ];
    for (name, text) in files {
        let path = folder.join(name);
        std::fs::create_dir_all(path.parent().expect("it lies in a folder")).expect("a place for the config");
        std::fs::write(path, text).expect("a place for the config");
    }
}

fn head(role: &str, fields: &[Field]) -> String {
    let each: Vec<String> = fields.iter().map(|f| format!("{} = {{ path = \"{}\", type = \"{}\" }}", f.name, f.name, f.holds)).collect();
    let marks = if role == "ma" { "\n[streams.people.record.marks]\nblock = { path = \"suspended\", type = \"bool\" }\n" } else { "" };
    format!(
        "name = \"wide-{role}\"\ntitle = \"Forty fields\"\nrole = \"{role}\"\napi_version = \"1\"\nbase_url = \"http://127.0.0.1:9\"\n\
         auth = {{ kind = \"none\" }}\n\n[streams.people]\nentity = \"person\"\n\n[streams.people.sweep]\npath = \"/people\"\nrecords = \"rows\"\n\
         page = {{ kind = \"none\" }}\n\n[streams.people.record]\nid = \"id\"\nfields = {{ email = \"email\", {} }}\n{marks}",
        each.join(", ")
    )
}

const DEALS: &str = r#"
[streams.deals]
entity = "deal"

[streams.deals.sweep]
path = "/deals"
records = "rows"
page = { kind = "none" }
carries_people = true

[streams.deals.record]
id = "id"
people = "people[]"
state = [{ is = "open", when = { path = "state", equals = "open" } }]
"#;

fn writes(fields: &[Field]) -> String {
    let each: Vec<String> = fields.iter().map(|f| format!("{} = \"{}\"", f.name, f.name)).collect();
    format!(
        "\n[writes]\nstream = \"people\"\nfields = {{ {} }}\nblock = {{ kind = \"field\", field = \"suspended\", on = true, off = false }}\n\
         look_first = false\nread_chunk = 300\n\n[writes.update]\nrequest = {{ method = \"POST\", path = \"/people\", body = {{ input = \"{{rows}}\" }} }}\n\
         id_key = \"id\"\nbatch = 300\nempty = \"\"\n\n[writes.update.results]\npath = \"result\"\n\
         applied = {{ path = \"status\", equals = \"updated\" }}\n\n\
         [writes.read]\npath = \"/people\"\nquery = {{ of = \"{{ids}}\" }}\nrecords = \"rows\"\n",
        each.join(", ")
    )
}

/// Half of the values differ between the two.
fn record(system: &str, n: usize, fields: &[Field]) -> Record {
    let mut record = Record::new(RecordId::new(system, Entity::Person, n.to_string()));
    let changed = Time(NOW.0 - DAY_MS * (n % 900) as i64);
    record.set(&Name::from("email"), Value::text(&format!("taro.{n}@acme{}.example", n % 5_000)), changed);
    for (i, field) in fields.iter().enumerate() {
        let own = if (n + i).is_multiple_of(2) { system } else { "" };
        let value = match field.holds {
            "int" => Value::Int(((n + i) % 100) as i64 + i64::from(own == "ma")),
            "bool" => Value::Bool((n + i).is_multiple_of(3) || own == "ma"),
            "list" => Value::list(["A".to_string(), format!("B{}{own}", n % 7)]),
            _ => Value::text(&format!("値 {own}{}", (n + i) % 1_000)),
        };
        record.set(&Name::from(field.name.as_str()), value, changed);
    }
    record.changed_at = Some(changed);
    record
}
