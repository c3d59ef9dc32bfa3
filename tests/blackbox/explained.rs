//! What `explain` tells of one person, whole.

use super::harness::{Setup, World, object};
use serde_json::json;

#[test]
fn a_person_whose_systems_do_not_agree_is_explained() {
    let setup = Setup {
        precedence: "phone = [\"support\", \"crm\", \"ma\"]\ntitle = { from = [\"crm\", \"ma\"] }\nscore = { only = \"ma\" }\n",
        ..Setup::default()
    };
    let world = World::new(setup);
    let handle = &world.sandbox.handle;
    let email = "hanako.mori@acme.example";
    let acme = handle.create_company("Acme", "acme.example");
    let properties = [
        ("email", "Hanako.MORI@acme.example"),
        ("firstname", "Hanako"),
        ("lastname", "Mori"),
        ("phone", "+81 3 1111 1111"),
        ("jobtitle", "Head of Sales"),
        ("company", "Acme KK"),
    ];
    let contact = handle.create_contact(&properties, Some(acme));
    let user = handle.create_user("Mori Hanako", Some(email));
    handle.edit_user(user, |u| u.phone = Some("+81 3 2222 2222".into())).unwrap();
    handle.create_ticket(user, "open", Some("urgent")).unwrap();
    let lead = object(json!({
        "email": email, "firstName": "Hanako", "lastName": "Mori", "phone": "+81 3 3333 3333", "title": "Manager", "company": "Acme", "leadScore": 30,
    }));
    handle.add_lead(&lead).unwrap();
    handle.open_deal(&[contact], Some(acme)).unwrap();
    world.run("plan").exits(4);

    let json = world.run(&format!("explain {email}")).exits(0);
    let text = world.run_text(&format!("explain {email}")).exits(0);
    let filters = [
        (r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d [+-]\d\d:\d\d", "[time]"),
        (r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z", "[time]"),
        // Within one second, or over its end.
        (r"set (between \[time\] and|at) \[time\]", "set [when]"),
        (r"d_r_[0-9a-f]+_[0-9a-f]+", "[decision]"),
        (r#""policy_version": "[0-9a-f]+""#, r#""policy_version": "[version]""#),
        (r#""((crm|ma|support)\.\w+)": \d+"#, "\"$1\": [age]"),
    ];
    insta::with_settings!({ filters => filters, snapshot_path => "snapshots" }, {
        insta::assert_snapshot!("explain_json", json.out);
        insta::assert_snapshot!("explain_text", text.out);
    });
    let exported = world.run("export people --format json").exits(0).json();
    let row = exported.as_array().and_then(|rows| rows.iter().find(|row| row["addresses"] == email)).unwrap();
    assert_eq!([&row["title"], &row["title_from"]], ["Head of Sales", "crm:person:102"], "{row:#}");
}
