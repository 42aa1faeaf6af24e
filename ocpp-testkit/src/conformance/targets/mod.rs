//! The targets: our machines in virtual time, and live peers.

mod live;
mod operator;
mod virtual_csms;
mod virtual_station;
mod virtual_time;

pub use live::{LiveCsms, LiveStation};
pub use operator::{Operator, Person, Program};
pub use virtual_csms::VirtualCsms;
pub use virtual_station::VirtualStation;
