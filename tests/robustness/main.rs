//! What the world does to us: the state is damaged, its process killed, every parser fed with what nobody would write, a system down.

mod damage;
mod fuzz;
#[allow(dead_code, reason = "shared with the black-box tests, which use more of it")]
#[path = "../shared/harness/mod.rs"]
mod harness;
mod outage;
mod state_folder;
