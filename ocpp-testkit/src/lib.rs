//! Virtual time, faults and drivers for the OCPP machines.

pub mod checks;
pub mod clock;
pub mod crash;
pub mod csms;
pub mod drivers;
pub mod fuzz;
pub mod hardware;
pub mod link;
pub mod pair;
pub mod seed;
pub mod store;
pub mod stores;
pub mod trace;
