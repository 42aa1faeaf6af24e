//! Virtual time, faults and drivers for the OCPP machines.

pub mod clock;
pub mod hardware;
pub mod link;
pub mod seed;
pub mod store;
