#![no_std]
//! Charging profiles and composite schedules for OCPP 1.6, 2.0.1 and 2.1.

extern crate alloc;

pub mod composite;
#[cfg(any(feature = "v1_6", feature = "v2_0_1", feature = "v2_1"))]
pub mod convert;
pub mod filter;
#[cfg(test)]
mod fixture;
pub mod installation;
pub mod model;
pub mod online;
mod recurrence;
pub mod site;
pub mod store;
pub mod time;
pub mod units;
pub mod validate;
