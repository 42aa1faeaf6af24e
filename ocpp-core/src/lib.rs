#![no_std]
//! OCPP state machines for charging stations and servers that own no socket, clock, thread, file or entropy.

extern crate alloc;

#[cfg(all(feature = "station", feature = "v1_6"))]
mod any;
#[cfg(feature = "csms")]
pub mod csms;
mod error;
#[cfg(feature = "station")]
mod parts;
mod rng;
pub mod station;
pub mod store;
pub mod time;
#[cfg(feature = "v1_6")]
mod v1_6;

#[cfg(all(feature = "station", feature = "v1_6"))]
pub use any::Station;
pub use error::MisuseError;
