//! Virtual time, faults and drivers for the OCPP machines.
//!
//! A [`Pair`](pair::Pair) is one station and its CSMS in virtual time, with simulated hardware, stores that lag, and a
//! network that fails as it is told. Every action is checked as it is carried out ([`checks`]), the [`trace`] reads like a
//! log, and the [`crash`] enumeration cuts the power after each action. A machine can also be driven by JSON lines
//! ([`pipe`]), and what its boundary saw can be run again ([`replay`](mod@replay)).
//!
//! ```
//! use std::time::Duration;
//! use ocpp_core::station::EvseId;
//! use ocpp_testkit::pair::{Pair, PairConfig, Step};
//!
//! let mut pair = Pair::new(PairConfig::new(1))?;
//! pair.script([
//!     (Duration::from_secs(5), Step::Plug(EvseId(1))),
//!     (Duration::from_secs(8), Step::token(1, "TAG")),
//!     (Duration::from_secs(60), Step::CUT),
//!     (Duration::from_secs(300), Step::Unplug(EvseId(1))),
//! ]);
//! pair.drive_quiet()?;
//! pair.check_delivered()?;
//! pair.check_bill()?;
//! assert_eq!(pair.csms.bill().energy_wh(), 583);
//! # Ok::<(), ocpp_testkit::checks::Failure>(())
//! ```

pub mod checks;
pub mod clock;
pub mod conformance;
pub mod crash;
pub mod csms;
pub mod drivers;
pub mod fuzz;
pub mod hardware;
pub mod jobs;
pub mod lines;
pub mod link;
pub mod pair;
pub mod pipe;
pub mod pki;
pub mod replay;
pub mod schedule;
pub mod seed;
pub mod spelling;
pub mod store;
pub mod stores;
pub mod trace;
pub mod validate;
pub mod world;
