//! The targets: our machines in virtual time, and live peers.

mod virtual_csms;
mod virtual_station;

pub use virtual_csms::VirtualCsms;
pub use virtual_station::VirtualStation;
