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
vip = { path = 'vip', type = 'bool' }\ncountry = 'country'\nregion = 'region'\n";

/// The rule of a field, as the config reads it.
fn rule(field: &str, text: &str) -> Arc<FieldRule> {
    rule_of(field, &format!("[person]\n{field} = {text}\n"))
}

/// The rule of a field, as precedence.toml says it.
pub(super) fn rule_of(field: &str, precedence: &str) -> Arc<FieldRule> {
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
    put("precedence.toml", precedence);
    put("policy.toml", "[refusals]\nproof = { \"ma.people\" = \"2d\" }\n");
    put("consent.toml", "[sources]\n");
    let config = load(folder.path(), &|_| None, &Connectors).unwrap();
    config.rules.precedence.fields.get(&field.into()).unwrap().clone()
}

fn value(field: &str, text: &str) -> Value {
    match field {
        _ if text.is_empty() => Value::Empty,
        "score" => Value::Int(text.parse().unwrap()),
        "vip" => Value::Bool(text == "yes"),
        "tags" => Value::list(text.split(' ')),
        _ => Value::text(text),
    }
}

/// What the MA, the one that is written, shows in the end of each; `c`, `d` are typed in the CRM, `m`, `n` in the MA, `k` stands on a card:
/// 1. the CRM has `c`
/// 2. it is changed to `d`
/// 3. the CRM never had one, the MA has `m`
/// 4. `c` was written, then somebody clears it in the CRM
/// 5. at first contact the CRM has `c` and the MA `m`
/// 6. the CRM has `c` of three years ago, a card `k` of yesterday
/// 7. `c` was written, then somebody types `n` in the MA
type Shown = [&'static str; 7];

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
    all.map(|play| match &play.places[1].shows {
        Value::Empty => String::new(),
        Value::Bool(yes) => if *yes { "yes" } else { "no" }.to_string(),
        shown => shown.to_string(),
    })
}

const NEWEST: Shown = ["c", "d", "m", "c", "m", "c", "n"];
const CRM: Shown = ["c", "d", "m", "c", "c", "c", "c"];
const NOTHING: Shown = ["", "", "m", "", "m", "", "n"];
const CARD: Shown = ["", "", "m", "", "m", "k", "n"];
const FILLED: Shown = ["c", "c", "m", "c", "m", "c", "n"];

const FIRST: RulePart = RulePart::Case(0);
const SECOND: RulePart = RulePart::Case(1);
const ELSE: RulePart = RulePart::Otherwise;

/// As people ask for it, the rule, the part of it that counts for the person, what is shown.
const TITLES: &[(&str, &str, RulePart, Shown)] = &[
    ("the CRM before the MA before cards", r#"["crm", "ma", "cards"]"#, ELSE, CRM),
    ("whatever is newest", r#"[["crm", "ma", "cards"]]"#, ELSE, NEWEST),
    ("the same in other words", r#"{ newest = ["crm", "ma", "cards"] }"#, ELSE, NEWEST),
    ("the newest, but of the CRM and cards alone", r#"{ newest = ["crm", "cards"] }"#, ELSE, CRM),
    ("the CRM and the MA alike, cards only where both have none", r#"[["crm", "ma"], "cards"]"#, ELSE, NEWEST),
    ("the MA leads, the CRM fills in", r#"["ma", "crm"]"#, ELSE, ["c", "d", "m", "c", "m", "c", "n"]),
    ("the MA takes no part", r#"["crm", "cards"]"#, ELSE, CRM),
    ("cards before the CRM", r#"["cards", "crm"]"#, ELSE, ["c", "d", "m", "c", "c", "k", "c"]),
    ("only the CRM", r#"{ only = "crm" }"#, ELSE, CRM),
    ("only cards", r#"{ only = "cards" }"#, ELSE, CARD),
    ("the MA keeps its own", r#"{ only = "ma" }"#, ELSE, NOTHING),
    ("nobody writes this", "{ never = true }", ELSE, NOTHING),
    ("no value older than two years", r#"{ from = ["crm", "ma", "cards"], max_age = "730d" }"#, ELSE, ["c", "d", "m", "c", "c", "k", "c"]),
    (
        "the CRM if younger than two years, else any age",
        r#"[{ system = "crm", max_age = "730d" }, "cards", "ma"]"#,
        ELSE,
        ["c", "d", "m", "c", "c", "k", "c"],
    ),
    ("the newest of two years", r#"{ newest = ["crm", "ma", "cards"], max_age = "730d" }"#, ELSE, ["c", "d", "m", "c", "m", "k", "n"]),
    ("only the CRM, and not if it is old", r#"{ only = "crm", max_age = "730d" }"#, ELSE, ["c", "d", "m", "c", "c", "", "c"]),
    (
        "what somebody empties in the CRM is emptied",
        r#"{ from = ["crm", "ma", "cards"], blank = "wins" }"#,
        ELSE,
        ["c", "d", "m", "", "c", "c", "c"],
    ),
    (
        "what is empty in the CRM is empty everywhere",
        r#"{ from = ["crm", "ma", "cards"], blank = "clears" }"#,
        ELSE,
        ["c", "d", "", "", "c", "c", "c"],
    ),
    ("only the CRM, emptied with it", r#"{ only = "crm", blank = "wins" }"#, ELSE, ["c", "d", "m", "", "c", "c", "c"]),
    ("only the CRM, as empty as it", r#"{ only = "crm", blank = "clears" }"#, ELSE, ["c", "d", "", "", "c", "c", "c"]),
    ("the newest, an emptied one too", r#"{ newest = ["crm", "ma", "cards"], blank = "wins" }"#, ELSE, ["c", "d", "m", "", "m", "c", "n"]),
    ("who had it first", r#"{ oldest = ["crm", "ma", "cards"] }"#, ELSE, ["c", "d", "m", "c", "m", "c", "c"]),
    ("the first value, for ever", r#"{ first = ["crm", "ma", "cards"] }"#, ELSE, ["c", "c", "m", "c", "m", "c", "c"]),
    ("the MA's or a card's first", r#"{ first = ["ma", "cards"] }"#, ELSE, ["", "", "m", "", "m", "k", "n"]),
    ("the older of the CRM's and the card's", r#"{ oldest = ["crm", "cards"] }"#, ELSE, CRM),
    ("fill what is empty, and then leave it", r#"{ fill = ["crm", "ma", "cards"] }"#, ELSE, FILLED),
    ("fill with what is not old", r#"{ fill = ["crm", "ma", "cards"], max_age = "730d" }"#, ELSE, ["c", "c", "m", "c", "m", "k", "n"]),
    (
        "fill, and take a placeholder for nothing",
        r#"{ fill = ["crm", "ma", "cards"], ignore = ["m"] }"#,
        ELSE,
        ["c", "c", "m", "c", "c", "c", "n"],
    ),
    ("a placeholder is no value", r#"{ from = ["crm", "ma", "cards"], ignore = ["c", "-"] }"#, ELSE, ["", "d", "m", "", "m", "k", "n"]),
    ("what most of them say", r#"{ most = ["crm", "ma", "cards"] }"#, ELSE, NEWEST),
    ("what most say, placeholders apart", r#"{ most = ["crm", "ma", "cards"], ignore = ["c"] }"#, ELSE, ["", "d", "m", "", "m", "k", "n"]),
    ("the CRM for people there, else cards", r#"{ from = ["crm"], when = 'person.country == "JP"', otherwise = ["cards"] }"#, FIRST, CRM),
    ("the same for all others", r#"{ from = ["crm"], when = 'person.country == "JP"', otherwise = ["cards"] }"#, ELSE, CARD),
    ("the CRM for people there, else nothing", r#"{ from = ["crm"], when = 'person.country == "JP"' }"#, ELSE, NOTHING),
    (
        "the newest for all others",
        r#"{ only = "cards", when = 'person.country == "JP"', otherwise = { newest = ["crm", "ma", "cards"] } }"#,
        ELSE,
        NEWEST,
    ),
    ("customers apart from prospects: customers", CUSTOMERS, FIRST, CRM),
    ("customers apart from prospects: those with a ticket", CUSTOMERS, SECOND, CARD),
    ("customers apart from prospects: prospects", CUSTOMERS, ELSE, FILLED),
    ("never while a deal is open", NOT_WHILE_OPEN, FIRST, NOTHING),
    ("and else what most say", NOT_WHILE_OPEN, SECOND, NEWEST),
    ("or the CRM's", NOT_WHILE_OPEN, ELSE, CRM),
    ("nothing where it cannot be told who it is", CUSTOMERS, RulePart::Unknown, NOTHING),
];

const CUSTOMERS: &str = r#"{ cases = [{ when = 'deals.exists(d, d.won)', only = "crm" }, { when = 'tickets.exists(t, t.open)', only = "cards" }], otherwise = { fill = ["crm", "ma", "cards"] } }"#;
const NOT_WHILE_OPEN: &str = r#"{ cases = [{ when = 'deals.exists(d, d.open)', never = true }, { when = 'person.country == "JP"', most = ["crm", "ma", "cards"] }], otherwise = ["crm"] }"#;

/// The same of numbers, lists, and yes and no.
const OTHERS: &[(&str, &str, &str, [&str; 5], Shown)] = &[
    ("the highest score", "score", r#"{ max = ["crm", "ma", "cards"] }"#, NUMBERS, ["5", "7", "6", "5", "6", "9", "8"]),
    ("the highest, but of the CRM and cards", "score", r#"{ max = ["crm", "cards"] }"#, NUMBERS, ["5", "7", "6", "5", "5", "9", "5"]),
    (
        "the highest, a mark for none apart",
        "score",
        r#"{ max = ["crm", "ma", "cards"], ignore = ["9"] }"#,
        NUMBERS,
        ["5", "7", "6", "5", "6", "5", "8"],
    ),
    ("the lowest", "score", r#"{ min = ["crm", "ma", "cards"] }"#, NUMBERS, ["5", "7", "6", "5", "5", "5", "5"]),
    ("points of the CRM and of cards together", "score", r#"{ sum = ["crm", "cards"] }"#, NUMBERS, ["5", "7", "6", "5", "5", "14", "5"]),
    ("a VIP anywhere is one", "vip", r#"{ any = ["crm", "ma", "cards"] }"#, YES_NO, ["yes", "no", "no", "yes", "yes", "yes", "yes"]),
    ("only who is one everywhere", "vip", r#"{ all = ["crm", "ma", "cards"] }"#, YES_NO, ["yes", "no", "no", "yes", "no", "no", "no"]),
    ("all tags of all", "tags", r#"{ union = ["crm", "ma", "cards"] }"#, TEXTS, ["c", "d", "m", "", "c, m", "c, k", "n"]),
    ("the CRM's tags", "tags", r#"{ union = ["crm"] }"#, TEXTS, ["c", "d", "m", "", "c", "c", "c"]),
];

const TEXTS: [&str; 5] = ["c", "d", "m", "n", "k"];
const NUMBERS: [&str; 5] = ["5", "7", "6", "8", "9"];
const YES_NO: [&str; 5] = ["yes", "no", "no", "no", "no"];

#[test]
fn every_rule_that_people_ask_for_does_what_it_says() {
    for (asked, rule, part, shown) in TITLES {
        assert_eq!(play("title", rule, *part, TEXTS), *shown, "{asked}: title = {rule}");
    }
    for (asked, field, rule, values, shown) in OTHERS {
        assert_eq!(play(field, rule, ELSE, *values), *shown, "{asked}: {field} = {rule}");
    }
}
