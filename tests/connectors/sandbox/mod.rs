//! The sandbox: what the other tests take for the vendors' systems.

mod faults;
mod shapes;
