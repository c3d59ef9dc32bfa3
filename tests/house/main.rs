//! The house rules that no linter knows, held by reading the tree. ARCHITECTURE.md says why they are as they are.

mod circles;
mod crates;
mod files;
mod graph;
mod pages;
mod rooms;
mod telemetry;
mod tested;
mod tree;
