//! Fields whose first value stays.

use super::harness::{Setup, World, in_the_next_second, object, person};
use serde_json::json;

/// "The first source, for ever": what was decided on once stays in each later run, whatever is typed anywhere, and however the rule is ordered.
#[test]
fn the_first_value_stays_whatever_is_typed_later() {
    let mut people = Vec::new();
    let setup = Setup { precedence: "phone = { first = [\"support\", \"crm\"] }\n", ..Setup::default() };
    let world = World::running_with(setup, |handle| {
        let someone = person(handle, "Hanako", "Mori", None);
        let user = handle.create_user("Mori Hanako", Some(&someone.email));
        handle.edit_contact(someone.contact, &[("phone", "+81 3 1111 1111")]).unwrap();
        people.push((someone, user));
    });
    let (someone, user) = people.remove(0);
    let phone = || world.lead(someone.lead).text("phone").unwrap_or_default().to_string();
    assert_eq!(phone(), "+81 3 1111 1111");
    let handle = &world.sandbox.handle;
    in_the_next_second();
    handle.edit_user(user, |u| u.phone = Some("+81 3 2222 2222".into())).unwrap();
    world.sync().exits(0);
    assert_eq!(phone(), "+81 3 1111 1111", "support goes before the CRM, and came later");
    in_the_next_second();
    handle.edit_contact(someone.contact, &[("phone", "+81 3 3333 3333")]).unwrap();
    handle.edit_lead(someone.lead, &object(json!({"phone": "+81 3 4444 4444"}))).unwrap();
    world.sync().exits(0);
    assert_eq!(phone(), "+81 3 1111 1111", "the record that it is from was changed, and what a marketer typed is written over");
    let told = world.run_text(&format!("explain {} phone", someone.email));
    assert!(told.out.contains("first \"+81 3 1111 1111\", since "), "{told}");
}
