//! The programs `station` and `csms` as processes, over real sockets and stores. Every wait is for something printed or
//! received; ports are free ones.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test fails by panicking, its helpers too"
)]

mod certificates;
mod certificates_v2;
mod client;
mod conformance;
mod examples;
mod frames;
mod harness;
mod kill;
mod security;
mod server;
mod session;
mod starting;
