//! An open deal of the deal list, and people of its company whom only another list knows.

use super::company::Company;
use serde_json::{Value, json};

fn lead(company: &mut Company, name: &str, email: &str, of: &str) {
    company.lead(name, email);
    company.tool.last_mut().unwrap().company = of.to_string();
}

/// Who is blocked, by the list that goes out.
fn listed(company: &Company, word: &str) -> Vec<String> {
    let list = company.list("block.csv").unwrap_or_default();
    let rows = list.lines().filter(|line| line.contains(word)).filter_map(|line| line.split('"').nth(1));
    rows.map(String::from).collect()
}

/// The tool's export is a system of its own, and its leads got mail while a deal of their company was open.
#[test]
fn a_deal_holds_everyone_of_its_company_whichever_list_knows_them() {
    let mut company = Company::new("kairos3", "en");
    company.cards(&[("Card", "card@gmail.com", "アクメ（株）")]);
    company.deals(&[("Renewal", "株式会社アクメ", "taro@acme.example", "提案中"), ("Other", "ベータ", "b@beta.example", "受注")]);
    lead(&mut company, "By Name", "name@gmail.com", "㈱アクメ");
    lead(&mut company, "By Domain", "domain@acme.example", "");
    lead(&mut company, "By Card", "card@gmail.com", "");
    lead(&mut company, "Other Name", "other@beta.example", "ベータ");
    lead(&mut company, "No Company", "nobody@gmail.com", "");
    company.export();
    company.approve();
    let held = ["card@gmail.com", "domain@acme.example", "name@gmail.com"];
    assert_eq!(listed(&company, ",\"停止\""), held.map(String::from));
    for who in held {
        let told = company.explain(who);
        let hold = &told["holds"][0];
        assert_eq!((&hold["hold"], &hold["reach"], &hold["kept"]), (&json!("open_deal"), &json!("account"), &Value::Null), "{told:#}");
        assert!(hold["cause"].as_str().is_some_and(|cause| cause.starts_with("lists:deal:h_")), "{told:#}");
    }
    assert_eq!(company.explain("nobody@gmail.com")["holds"], json!([]));

    company.import("block.csv");
    company.export();
    company.deals(&[("Renewal", "株式会社アクメ", "taro@acme.example", "受注"), ("Other", "ベータ", "b@beta.example", "提案中")]);
    company.run("sync").exits(0);
    assert_eq!(listed(&company, ",\"可\""), held.map(String::from), "its end releases all of them");
    assert_eq!(listed(&company, ",\"停止\""), ["other@beta.example"]);
}

/// A deal that names its company alone, and a lead of whom only the address is known: a card of a colleague tells whose domain that is.
#[test]
fn a_deal_without_an_address_holds_whom_only_the_domain_is_known_of() {
    let mut company = Company::new("kairos3", "en");
    company.cards(&[("Card", "card@acme.example", "アクメ（株）")]);
    company.deals(&[("Renewal", "株式会社アクメ", "", "提案中")]);
    lead(&mut company, "By Domain", "domain@acme.example", "");
    lead(&mut company, "Own Word", "own@acme.example", "ベータ");
    lead(&mut company, "Elsewhere", "other@beta.example", "");
    company.export();
    company.approve();
    assert_eq!(listed(&company, ",\"停止\""), ["domain@acme.example"]);
    let hold = &company.explain("domain@acme.example")["holds"][0];
    assert_eq!((&hold["hold"], &hold["reach"], &hold["kept"]), (&json!("open_deal"), &json!("account"), &Value::Null), "{hold:#}");

    // A card that comes later holds a lead that is known already.
    company.cards(&[("Card", "card@acme.example", "アクメ（株）"), ("Late", "late@beta.example", "アクメ")]);
    company.run("sync");
    assert_eq!(listed(&company, ",\"停止\""), ["domain@acme.example", "other@beta.example"]);

    company.import("block.csv");
    company.export();
    company.deals(&[("Renewal", "株式会社アクメ", "", "受注")]);
    company.run("sync").exits(0);
    assert_eq!(listed(&company, ",\"可\""), ["domain@acme.example", "other@beta.example"], "its end releases them");
}

/// A crowd at one domain, as of a group of companies, is not held by it; who is named as the deal's company is.
#[test]
fn more_people_than_the_cap_are_not_held_by_what_they_share() {
    let mut company = Company::new("kairos3", "en");
    company.edit("policy.toml", "scope = \"account\"", "scope = \"account\"\naccount_cap = 2");
    company.deals(&[("Renewal", "アクメ", "taro@acme.example", "提案中")]);
    lead(&mut company, "Taro", "taro@acme.example", "");
    lead(&mut company, "A", "a@acme.example", "アクメ");
    lead(&mut company, "B", "b@acme.example", "Group");
    company.export();
    company.approve();
    assert_eq!(listed(&company, ",\"停止\""), ["a@acme.example", "taro@acme.example"]);
    let told = company.status()["because"].to_string();
    assert!(told.contains("lists:account:acme.example has 3 people, more than account_cap = 2"), "{told}");
}

/// Its id is missing, but not its company.
#[test]
fn a_deal_that_cannot_be_read_holds_its_company_in_every_list() {
    let mut company = Company::new("kairos3", "en");
    company.deals(&[("", "アクメ", "", "提案中")]);
    lead(&mut company, "By Name", "name@gmail.com", "㈱アクメ");
    lead(&mut company, "Other Name", "other@beta.example", "ベータ");
    company.export();
    company.approve();
    assert_eq!(listed(&company, ",\"停止\""), ["name@gmail.com"], "{:#}", company.status());
    company.deals(&[("Renewal", "アクメ", "", "受注")]);
    company.run("sync");
    company.run("sync");
    assert_eq!(company.explain("name@gmail.com")["holds"][0]["cause"].as_str().map(|c| c.starts_with("lists:deal:q_")), Some(true));
}

/// Its company is an error of the workbook, and of whom it is with there is a name alone.
#[test]
fn a_deal_that_names_nobody_is_not_said_to_be_protected() {
    let mut company = Company::new("kairos3", "en");
    lead(&mut company, "By Name", "name@gmail.com", "アクメ");
    company.export();
    company.deals(&[("Renewal", "アクメ", "", "提案中")]);
    company.approve();
    company.import("block.csv");
    company.export();
    company.run("sync").exits(0);
    assert_eq!(company.status()["protection"], json!("protecting"), "{:#}", company.status());
    company.deals(&[("Renewal", "アクメ", "", "提案中"), ("New", "-", "taro", "提案中"), ("Old", "", "", "受注")]);
    company.run("sync").exits(1);
    let status = company.status();
    assert_eq!(status["protection"], json!("not_protecting"), "{status:#}");
    let because = status["because"].to_string();
    assert!(
        because.contains("lists.deals: a row cannot be read since 20") && because.contains("so that the stream is not proved"),
        "{because}"
    );
    let says = "names neither a company nor an address that can be read, so that nobody is held by it; name whom it is with (deals.xlsx, sheet Sheet1, row 3)";
    assert!(because.contains(says), "{because}");

    company.deals(&[("Renewal", "アクメ", "", "提案中"), ("New", "-", "taro@acme.example", "提案中"), ("Old", "", "", "受注")]);
    company.run("sync").exits(0);
    assert_eq!(company.status()["protection"], json!("protecting"), "{:#}", company.status());
}
