//! Virtual time, faults and drivers for the OCPP machines.

pub mod drivers;
pub mod hardware;
pub mod stores;
