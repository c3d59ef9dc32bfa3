//! Black-box tests: the real binary as a process of its own, a config folder, and the three sandbox systems.
//!
//! Every test has systems, a config folder and a state of its own. What holds of every command is checked by the harness wherever a
//! command is run: no secret is printed, nothing is written that systems.toml does not allow, and no write touches a person's own no.

#![allow(clippy::disallowed_methods, reason = "real processes go by the wall clock")]

mod absence;
mod account_facts;
mod alone;
mod boxes;
#[allow(dead_code, reason = "shared, and each binary needs a part of it")]
#[path = "../shared/config_files.rs"]
mod config_files;
mod connector_page;
mod connectors_told;
mod consents;
mod demo;
mod doors;
mod examples;
mod explained;
mod faults;
mod first_contact;
mod first_steps;
mod first_values;
#[path = "../shared/footer_scene.rs"]
mod footer_scene;
mod footers;
mod forms;
mod guards;
#[path = "../shared/harness/mod.rs"]
mod harness;
mod holds;
mod killed;
mod kinds_of_mail;
mod lists;
mod lists_out;
mod lists_refusals;
mod logs;
mod lost_answers;
#[path = "../shared/mail_server.rs"]
mod mail_server;
mod milter;
mod notices;
mod optout_words;
mod own_connector;
mod own_fields;
mod own_marks;
mod pins;
mod precedence;
#[path = "../shared/recorded.rs"]
mod recorded;
mod recordings;
mod refusals;
mod reload;
mod rule_edits;
mod running;
mod secrets;
mod service;
#[allow(dead_code, reason = "shared, and each binary needs a part of it")]
#[path = "../shared/small_manifests.rs"]
mod small_manifests;
mod stages;
mod statuses;
mod told;
mod typed_meanwhile;
mod undo;
mod undo_import;
