//! Against the real systems of the lab: the connectors by themselves, and the real binary over three systems at once. Each test says
//! "skipped: no lab" unless its systems are told by the environment: `NAYOSE_LAB_BOTTLECRM`, `NAYOSE_LAB_RT`, `NAYOSE_LAB_GHOST` =
//! "URL TOKEN", as `lab/NAME/up` prints them.

mod connectors;
mod line;
mod nayose;
mod people;
mod systems;
mod trio;
mod turn;
mod waiting;
