//! What the world does to us: the state is damaged, its process killed, every parser fed with what nobody would write, a system down.

#[allow(dead_code, reason = "shared, and each binary needs a part of it")]
#[path = "../shared/config_files.rs"]
mod config_files;
mod damage;
mod fuzz;
#[allow(dead_code, reason = "shared with the black-box tests, which use more of it")]
#[path = "../shared/harness/mod.rs"]
mod harness;
mod outage;
#[allow(dead_code, reason = "shared, and each binary needs a part of it")]
#[path = "../shared/small_manifests.rs"]
mod small_manifests;
mod state_folder;
