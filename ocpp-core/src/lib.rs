#![no_std]
// Without a role, or without a version, what they share has no user.
#![cfg_attr(not(all(feature = "v1_6", any(feature = "station", feature = "csms"))), allow(dead_code, unused_imports))]
//! OCPP state machines for charging stations and servers that own no socket, clock, thread, file or entropy.
//!
//! Facts and the time go in, orders come out. A firmware main loop, a thread, an async task or a test with a virtual clock
//! drives them alike, and the same inputs give the same outputs, byte for byte.
//!
//! # A station
//!
//! ```
//! # #[cfg(all(feature = "station", feature = "v1_6"))]
//! # fn main() -> Result<(), ocpp_core::MisuseError> {
//! use ocpp_core::Station;
//! use ocpp_core::station::{Action, Cable, EvseId, EvseInput, IdToken, Input, StationConfig};
//! use ocpp_core::store::Image;
//! use ocpp_core::time::Instant;
//!
//! let config = StationConfig::new("wss://csms.example/ocpp", "CP001", "Vendor", "Model").with_evses(2);
//! let seed = 0x5EED; // of the host's entropy
//! let image = Image::default(); // what the store held
//! let mut station = Station::new(config, seed, &image)?;
//!
//! # let mut polls = 0;
//! loop {
//!     while let Some(action) = station.poll_action() {
//!         match action {
//!             Action::Link(order) => { /* connect, send, ping, close */ }
//!             Action::Store { ticket, op } => { /* write it, then hand in Input::Stored(ticket) */ }
//!             Action::Evse(evse, order) => { /* power, lock, read the meter */ }
//!             Action::Job(id, job) => { /* fetch, install, send; then hand in Input::Job */ }
//!             Action::SetClock(wall) => { /* if there is a clock to set */ }
//!             Action::Reboot(kind) => { /* restart */ }
//!             Action::Ask { id, until, question } => { /* decide, then hand in Input::Answer */ }
//!             Action::Event(event) => { /* log it, or ignore it */ }
//!         }
//!     }
//!     // Wait for the network, the store, the hardware, or until this moment; then tell what happened.
//!     let until = station.poll_timeout();
//!     let now = Instant::from_millis(1_000);
//!     station.handle(now, Input::Evse(EvseId(1), EvseInput::Cable(Cable::Connected)))?;
//!     station.handle(now, Input::Token { evse: Some(EvseId(1)), token: IdToken::new("04A2F3") })?;
//!     station.handle(now, Input::Tick)?;
//! #   polls += 1;
//! #   if polls == 3 { return Ok(()) }
//! }
//! # }
//! # #[cfg(not(all(feature = "station", feature = "v1_6")))]
//! # fn main() {}
//! ```
//!
//! # Contracts
//!
//! **Order.** Orders to one place (the link, the store, one EVSE) are carried out in the order in which they come. Where
//! an order to one place rests on one to another, it comes out only after the other was confirmed.
//!
//! **Durability.** The driver carries out store operations atomically and in ticket order, and confirms a ticket when it
//! and all before it are durable: see [`store`]. In return, no frame leaves before the record that it rests on is
//! durable, any prefix of the operations restores to a valid station, and a power cut repeats at most the one message
//! that was on its way. The hardware never waits for the store.
//!
//! **Time.** Each call brings the time since boot. After [`Input::Tick`](station::Input::Tick) at the deadline of
//! `poll_timeout`, and polling until nothing comes, the next deadline lies ahead, or there is none. Wall time is state,
//! which [`Input::Wall`](station::Input::Wall) and the CSMS change: see [`time`].
//!
//! **Errors.** `handle` fails for mistakes of its caller only, and then has changed nothing. The peer's faults are
//! answered on the wire and reported as events. Nothing panics on any input.
//!
//! **Bounds.** Frames, queues and lists are bounded by [`Limits`](station::Limits); no memory is sized by a peer's number.

extern crate alloc;
#[cfg(test)]
extern crate std;

#[cfg(all(feature = "station", feature = "v1_6"))]
mod any;
#[cfg(all(feature = "csms", feature = "v1_6"))]
pub mod csms;
mod error;
#[cfg(feature = "serde")]
mod forms;
#[cfg(feature = "station")]
mod parts;
mod rng;
#[cfg(feature = "station")]
mod shared;
#[cfg(feature = "station")]
pub mod station;
pub mod store;
mod table;
mod terms;
#[cfg(any(feature = "station", feature = "csms"))]
mod text;
pub mod time;
#[cfg(feature = "v1_6")]
mod v1_6;

#[cfg(all(feature = "station", feature = "v1_6"))]
pub use any::Station;
pub use error::MisuseError;
