//! `[systems.NAME.fields]` over the shipped connectors and the folder that `nayose init` writes.

use super::good::SECRET;
use nayose::config::{Config, Connectors, Mistakes, load};
use nayose::connector::manifest::FieldKind;
use nayose::model::Entity;
use std::path::Path;

/// The example's folder with one text of systems.toml replaced, and further lines in precedence.toml and policy.toml.
fn load_with(old: &str, new: &str, person: &str, status: &str) -> Result<Config, Mistakes> {
    let folder = tempfile::tempdir().unwrap();
    for (file, old, new) in [
        ("systems.toml", old, new),
        ("precedence.toml", "[person]\n", &*format!("[person]\n{person}")),
        ("policy.toml", "opportunity  =", &*format!("{status}opportunity  =")),
        ("consent.toml", "", ""),
    ] {
        let text = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("config").join(file)).unwrap();
        assert!(text.contains(old), "{file} has no {old:?}");
        std::fs::write(folder.path().join(file), text.replacen(old, new, 1)).unwrap();
    }
    load(folder.path(), &|_| Some(SECRET.to_string()), &Connectors)
}

/// One thing wrong must be one mistake, under what it is.
fn told(cases: &[(&str, &str)]) -> String {
    let mut out = String::new();
    for (old, new) in cases {
        let mistakes = load_with(old, new, "", "").map(|_| ()).expect_err(new);
        let drawn = mistakes.drawn();
        assert_eq!(mistakes.list().len(), 1, "{new}\n{drawn}");
        out += &format!("=== {}\n{}\n", new.trim(), drawn.trim_end().rsplit_once('\n').unwrap().0);
    }
    assert!(!out.contains(SECRET));
    out
}

const WRITES: &str = "writes = [\"score\"]                      # nothing else, ever";

#[test]
fn what_is_wrong_with_a_field_is_underlined_where_it_stands() {
    let with = |fields: &str| format!("[systems.crm.fields]\n{fields}\n\n[link]");
    let crm = [
        "industry = \"properties..industry_c\"",
        "industry = \"industry_c\"",
        "industry = 5",
        "industry = \"\"",
        "phone = \"properties.phone_2\"",
        "status = \"properties.status_c\"",
        "\"業種\" = \"properties.industry_c\"",
        "mail = \"properties.email\"",
        "no_mail = \"properties.hs_email_optout\"",
        "no_mail = { path = \"properties.x\", write = \"HS_email_optout\" }",
        "mark = \"properties.nayose_block\"",
        "x = { path = \"properties.x\", write = \"jobtitle\" }",
        "x = { type = \"int\" }",
        "x = { path = \"properties.x\", type = \"integer\" }",
        "x = { path = \"properties.x\", type = \"date\", format = \"unix\" }",
        "x = { path = \"properties.x\", type = \"int\", format = \"date\" }",
        "x = { path = \"properties.x\", type = \"int\", map = { A = \"many\" } }",
        "x = { path = \"properties.x\", map = { A = 1 } }",
        "x = { path = \"properties.x\", maps = { A = \"1\" } }",
        "[systems.crm.fields.compnies]\nsize = \"properties.size_c\"",
        "[systems.crm.fields.companies]\nname = \"properties.name_c\"",
        "[systems.crm.fields.deals]\nopen = \"properties.open_c\"",
        "[systems.crm.fields.deals]\nsource = { path = \"properties.source_c\", write = \"source_c\" }",
    ]
    .map(with);
    let twice = "writes = [\"score\", \"x\"]\nfields = { x = { path = \"properties.x\", map = { A = \"a\", B = \"a\" } } }";
    let company = "writes = [\"score\", \"size\"]\nfields.companies = { size = \"properties.size_c\" }";
    let marketo = "[systems.ma.fields]\nno_mail = \"unsubscribed\"\n\n[link]";
    let permit = "[systems.ma.fields]\nuntil = \"nayose_ok_until\"\n\n[link]";
    let mut cases: Vec<(&str, &str)> = crm.iter().map(|new| ("[link]", &**new)).collect();
    cases.extend([(WRITES, twice), (WRITES, company), ("[link]", marketo), ("[link]", permit)]);
    insta::assert_snapshot!(told(&cases));
}

#[test]
fn a_field_that_is_added_can_be_named_by_every_rule_and_written() {
    let systems = "writes = [\"score\", \"sector\"]\n\
        fields = { sector = \"properties.sector_c\", renewal = { path = \"properties.renewal_c\", type = \"date\" }, companies = { tier = \"properties.tier_c\" }, \
        deals = { term = { path = \"properties.term_c\", type = \"int\" } } }";
    let person = "sector = { from = [\"ma\", \"crm\"], when = 'person.sector != \"none\"' }\n";
    let status = "renewing = 'person.renewal > timestamp(\"2026-01-01T00:00:00Z\") && deals.exists(d, d.term > 12)'\n";
    let config = load_with(WRITES, systems, person, status).unwrap_or_else(|m| panic!("{}", m.drawn()));
    let crm = config.rules.system("crm").unwrap();
    assert_eq!(crm.writes.fields.iter().map(|f| &**f).collect::<Vec<_>>(), ["score", "sector"]);
    assert_eq!(crm.manifest.fields_of(Entity::Person)["renewal"], FieldKind::Date);
    assert!(crm.manifest.fields_of(Entity::Account).contains_key("tier"));
    let plain = load_with("[link]", "[link]", "", "").unwrap();
    assert_ne!(*plain.rules.system("crm").unwrap().manifest, *crm.manifest, "another connection, which reads everything anew");
    assert_eq!(*plain.rules.system("ma").unwrap().manifest, *config.rules.system("ma").unwrap().manifest);
}
