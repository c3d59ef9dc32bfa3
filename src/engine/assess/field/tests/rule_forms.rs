//! Every form of rule, as it is written in precedence.toml, over what happens to values.

use super::play::Play;
use super::*;
use crate::config::{Connectors, load};
use crate::merge::RulePart;
use crate::model::Value;
use std::sync::Arc;

const MANIFEST: &str =
    "name = 'NAME'\ntitle = 'T'\nrole = 'ROLE'\napi_version = '1'\nbase_url = 'https://NAME.example'\nauth = { kind = 'none' }
[streams.people]\nentity = 'person'\nsweep = { path = '/people', records = 'all' }\n[streams.people.record]\nid = 'id'
[streams.people.record.fields]\ntitle = 'title'\nscore = { path = 'score', type = 'int' }\ntags = { path = 'tags[]', type = 'list' }
country = 'country'\n";

/// The rule of a field, as the config reads it.
fn rule(field: &str, text: &str) -> Arc<FieldRule> {
    let folder = tempfile::tempdir().unwrap();
    let put = |file: &str, text: &str| {
        let file = folder.path().join(file);
        std::fs::create_dir_all(file.parent().unwrap()).unwrap();
        std::fs::write(file, text).unwrap();
    };
    let mut systems = "connectors = \"connectors\"\n".to_string();
    for (name, role) in [("crm", "crm"), ("ma", "ma"), ("cards", "support")] {
        put(&format!("connectors/{name}box/manifest.toml"), &MANIFEST.replace("NAME", &format!("{name}box")).replace("ROLE", role));
        systems.push_str(&format!("[systems.{name}]\nconnector = \"{name}box\"\n"));
    }
    put("systems.toml", &systems);
    put("precedence.toml", &format!("[person]\n{field} = {text}\n"));
    put("policy.toml", "[refusals]\nproof = { \"ma.people\" = \"2d\" }\n");
    put("consent.toml", "[sources]\n");
    let config = load(folder.path(), &|_| None, &Connectors).unwrap();
    config.rules.precedence.fields.get(&field.into()).unwrap().clone()
}

fn value(field: &str, text: &str) -> Value {
    match field {
        _ if text.is_empty() => Value::Empty,
        "score" => Value::Int(text.parse().unwrap()),
        "tags" => Value::list(text.split(' ')),
        _ => Value::text(text),
    }
}

/// What the MA, the one that is written, shows in the end of each; `c`, `d` are typed in the CRM, `m`, `n` in the MA, `k` stands on a card.
struct Shown {
    /// The CRM has `c`.
    set: &'static str,
    /// It is changed to `d`.
    changed: &'static str,
    /// The CRM never had one, the MA has `m`.
    blank: &'static str,
    /// `c` was written, then somebody clears it in the CRM.
    cleared: &'static str,
    /// At first contact the CRM has `c` and the MA `m`.
    conflict: &'static str,
    /// The CRM has `c` of three years ago, a card `k` of yesterday.
    stale: &'static str,
    /// `c` was written, then somebody types `n` in the MA.
    edited: &'static str,
}

fn play(field: &str, text: &str, part: RulePart, [c, d, m, n, k]: [&str; 5]) -> [String; 7] {
    let rule = rule(field, text);
    let of = |crm: (&str, i64), ma: &str, card: &str| {
        let values = vec![(value(field, crm.0), crm.1, false), (value(field, ma), 1, true), (value(field, card), 1, false)];
        let mut play = Play { part, ..Play::new(FieldRule::clone(&rule), values) };
        play.settle();
        play
    };
    let typed = |at: usize, text: &str| {
        let mut play = of((c, 3), "", "");
        play.types(at, value(field, text));
        play.settle();
        play
    };
    let all = [of((c, 3), "", ""), typed(0, d), of(("", 3), m, ""), typed(0, ""), of((c, 3), m, ""), of((c, 999), "", k), typed(1, n)];
    all.map(|play| if play.places[1].shows.is_empty() { String::new() } else { play.places[1].shows.to_string() })
}

#[test]
fn every_form_of_rule_does_what_it_says() {
    let texts = ["c", "d", "m", "n", "k"];
    let numbers = ["5", "7", "6", "8", "9"];
    let (none, yes, no) = (RulePart::Otherwise, RulePart::Case(0), RulePart::Otherwise);
    let order = Shown { set: "c", changed: "d", blank: "m", cleared: "c", conflict: "c", stale: "c", edited: "c" };
    let newest = Shown { set: "c", changed: "d", blank: "m", cleared: "c", conflict: "m", stale: "c", edited: "n" };
    let nothing = Shown { set: "", changed: "", blank: "m", cleared: "", conflict: "m", stale: "k", edited: "n" };
    let when = r#"{ from = ["crm"], when = 'person.country == "JP"', otherwise = ["cards"] }"#;
    for (field, rule, condition, values, want) in [
        ("title", r#"["crm", "ma", "cards"]"#, none, texts, Shown { ..order }),
        ("title", r#"[["crm", "ma", "cards"]]"#, none, texts, Shown { ..newest }),
        ("title", r#"{ from = ["crm", "ma", "cards"], max_age = "730d" }"#, none, texts, Shown { stale: "k", ..order }),
        ("title", r#"[{ system = "crm", max_age = "730d" }, "cards", "ma"]"#, none, texts, Shown { stale: "k", ..order }),
        ("title", r#"{ from = ["crm", "ma", "cards"], blank = "wins" }"#, none, texts, Shown { cleared: "", ..order }),
        ("title", r#"{ from = ["crm", "ma", "cards"], blank = "clears" }"#, none, texts, Shown { blank: "", cleared: "", ..order }),
        ("title", r#"{ only = "crm" }"#, none, texts, Shown { ..order }),
        ("title", r#"{ newest = ["crm", "ma", "cards"] }"#, none, texts, Shown { ..newest }),
        ("title", r#"{ oldest = ["crm", "ma", "cards"] }"#, none, texts, Shown { edited: "c", ..newest }),
        ("title", when, yes, texts, Shown { ..order }),
        ("title", when, no, texts, nothing),
        (
            "score",
            r#"{ max = ["crm", "ma", "cards"] }"#,
            none,
            numbers,
            Shown { set: "5", changed: "7", blank: "6", cleared: "5", conflict: "6", stale: "9", edited: "8" },
        ),
        (
            "score",
            r#"{ min = ["crm", "ma", "cards"] }"#,
            none,
            numbers,
            Shown { set: "5", changed: "7", blank: "6", cleared: "5", conflict: "5", stale: "5", edited: "5" },
        ),
        (
            "tags",
            r#"{ union = ["crm", "ma", "cards"] }"#,
            none,
            texts,
            Shown { set: "c", changed: "d", blank: "m", cleared: "", conflict: "c, m", stale: "c, k", edited: "n" },
        ),
    ] {
        let Shown { set, changed, blank, cleared, conflict, stale, edited } = want;
        assert_eq!(play(field, rule, condition, values), [set, changed, blank, cleared, conflict, stale, edited], "{field} = {rule}");
    }
}
