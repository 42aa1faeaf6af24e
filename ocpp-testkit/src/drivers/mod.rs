//! Drivers: what gives the machines a clock, sockets and a store.

pub mod tokio;
