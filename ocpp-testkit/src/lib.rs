//! Virtual time, faults and drivers for the OCPP machines.

pub mod stores;
