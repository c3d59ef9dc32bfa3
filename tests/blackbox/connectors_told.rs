//! What `connector list` tells of the shipped connectors.

use super::harness::{Setup, World};

#[test]
fn what_each_connector_can_do_and_who_obeys_it_is_told() {
    let world = World::new(Setup::default());
    insta::assert_snapshot!("connector_list", world.run_text("connector list").exits(0).out);
    let mut listed = world.run("connector list").exits(0).json();
    for connector in listed["connectors"].as_array_mut().unwrap() {
        // What an admin fills in is told by `init` and `check` too.
        connector.as_object_mut().unwrap().remove("settings");
    }
    insta::assert_snapshot!("connector_list_json", serde_json::to_string_pretty(&listed).unwrap());
}
