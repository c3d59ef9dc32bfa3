//! Against the real systems of the lab: the connectors by themselves, and the real binary over three systems at once. These tests say
//! "skipped: no lab" unless their systems are told by the environment: `NAYOSE_LAB_BOTTLECRM`, `NAYOSE_LAB_RT`, `NAYOSE_LAB_GHOST` =
//! "URL TOKEN", as `lab/NAME/up` prints them. Mail servers a test starts by itself: `NAYOSE_LAB_POSTFIX` = the folder of its `up` and `down`.

#[allow(dead_code, reason = "shared, and each binary needs a part of it")]
#[path = "../shared/config_files.rs"]
mod config_files;
mod connectors;
#[path = "../shared/footer_scene.rs"]
mod footer_scene;
#[allow(dead_code, reason = "shared, and each binary needs a part of it")]
#[path = "../shared/harness/mod.rs"]
mod harness;
mod line;
mod mails;
mod mails_many;
mod nayose;
mod own_fields;
mod people;
mod postfix;
mod precedence;
#[path = "../shared/recorded.rs"]
mod recorded;
mod recordings;
mod rt_fields;
mod systems;
mod trio;
mod turn;
mod waiting;
mod words;
