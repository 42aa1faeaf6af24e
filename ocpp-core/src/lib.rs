#![no_std]
//! OCPP state machines for charging stations and servers that own no socket, clock, thread, file or entropy.

extern crate alloc;

#[cfg(feature = "csms")]
pub mod csms;
mod error;
mod rng;
pub mod station;
pub mod store;
pub mod time;

pub use error::MisuseError;
