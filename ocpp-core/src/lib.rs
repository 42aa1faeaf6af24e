#![no_std]
// Without a role, or without a version, what they share has no user; and some blocks are reached by 1.6 alone so far.
#![cfg_attr(not(all(feature = "v1_6", any(feature = "station", feature = "csms"))), allow(dead_code, unused_imports))]
//! OCPP state machines for charging stations and servers that own no socket, clock, thread, file or entropy.
//!
//! Facts and the time go in, orders come out. A firmware main loop, a thread, an async task or a test with a virtual clock
//! drives them alike, and the same inputs give the same outputs, byte for byte.
//!
//! # A station
//!
//! ```
//! # #[cfg(all(feature = "station", any(feature = "v1_6", feature = "v2")))]
//! # fn main() -> Result<(), ocpp_core::MisuseError> {
//! use ocpp_core::Station;
//! use ocpp_core::station::{Action, Cable, EvseId, IdToken, Input, StationConfig};
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
//!             Action::Display(order) => { /* show a text for drivers, or clear it */ }
//!             Action::SetClock(wall) => { /* if there is a clock to set */ }
//!             Action::Reboot(kind) => { /* restart */ }
//!             Action::Ask { id, until, question } => { /* decide, then hand in Input::Answer */ }
//!             Action::Event(event) => { /* log it, or ignore it */ }
//!         }
//!     }
//!     // Wait for the network, the store, the hardware, or until this moment; then tell what happened.
//!     let until = station.poll_timeout();
//!     let now = Instant::from_millis(1_000);
//!     station.cable(now, EvseId(1), Cable::Connected)?;
//!     station.token(now, Some(EvseId(1)), IdToken::new("04A2F3"))?;
//!     station.handle(now, Input::Tick)?;
//! #   polls += 1;
//! #   if polls == 3 { return Ok(()) }
//! }
//! # }
//! # #[cfg(not(all(feature = "station", any(feature = "v1_6", feature = "v2"))))]
//! # fn main() {}
//! ```
//!
//! # What a host does at boot
//!
//! 1. Brings its outputs into a safe state: contactors open, whatever the station ordered before. Power and locks follow from
//!    orders that come again.
//! 2. Reads all that its store holds into an [`Image`](store::Image). A torn last record is as if it had not been written.
//! 3. Makes the machine: [`Station::new`], with that image and a new seed. The instant zero is now, and instants begin again
//!    with each boot; store tickets begin at 1 again.
//! 4. Tells what it finds, before the first [`Input::Tick`](station::Input::Tick): the time, if it has a clock that it trusts
//!    ([`Input::Wall`](station::Input::Wall)), and for each EVSE cable, vehicle, lock, contactor and fault, as
//!    [`Input::Evse`](station::Input::Evse). Nothing told means nothing plugged in. Readings of the meter are asked for. A
//!    transaction that ran when the power went ends now, or goes on if its vehicle is told in time: see
//!    [`AfterPowerLoss`](station::AfterPowerLoss).
//! 5. Polls. The first order to connect comes by itself. A job that was under way is ordered again under its old id, and one
//!    that is done already is answered so at once: see [`station::Job`].
//!
//! # After `Close`
//!
//! [`LinkAction::Close`](station::LinkAction::Close) ends the connection for the machine at once, and an attempt at one too.
//! What was ordered to be sent before still leaves; then the host closes (WebSocket code 1000) and forgets it. It need not
//! say `Closed`, and tells nothing of it any more: a late frame is refused with [`MisuseError`], and a late `Closed` could be
//! taken for the end of the next attempt. The next `Connect` comes when it is time, by
//! [`poll_timeout`](Station::poll_timeout). A connection that ends otherwise is told once, as [`LinkInput::Closed`](station::LinkInput::Closed), or as
//! [`LinkInput::Refused`](station::LinkInput::Refused) if one side refused the other.
//!
//! # After `Reboot`
//!
//! [`Action::Reboot`](station::Action::Reboot) comes when all that the next boot must know is durable, and what was to be
//! answered was handed to the link. The host carries out what came before it, lets the link send that, and closes it. Then it
//! drops the machine, tells it nothing more, and boots as above:
//! [`RebootKind::Soft`](station::RebootKind::Soft) restarts the program, [`RebootKind::Hard`](station::RebootKind::Hard) all
//! hardware. Store operations that were not confirmed may be lost or kept, as with a power cut. Until
//! the host restarts, the machine begins nothing new.
//!
//! # Contracts
//!
//! **Order.** Orders to one place (the link, the store, one EVSE) are carried out in the order in which they come. Where
//! an order to one place rests on one to another, it comes out only after the other was confirmed.
//!
//! **Durability.** The host carries out store operations atomically and in ticket order, and confirms a ticket when it
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

#[cfg(all(feature = "station", any(feature = "v1_6", feature = "v2")))]
mod any;
#[cfg(all(feature = "csms", any(feature = "v1_6", feature = "v2")))]
pub mod csms;
mod error;
#[cfg(all(feature = "station", any(feature = "v1_6", feature = "v2")))]
mod face;
#[cfg(test)]
mod fairness;
#[cfg(feature = "serde")]
mod forms;
#[cfg(any(feature = "station", feature = "csms"))]
mod reasons;
mod rng;
#[cfg(feature = "station")]
mod site;
#[cfg(feature = "station")]
pub mod station;
pub mod store;
mod table;
mod terms;
mod text;
pub mod time;
mod token;
#[cfg(any(feature = "station", feature = "csms"))]
mod transaction_id;
#[cfg(feature = "v1_6")]
mod v1_6;
#[cfg(feature = "v2")]
mod v2;
#[cfg(feature = "station")]
mod words;

#[cfg(all(feature = "station", any(feature = "v1_6", feature = "v2")))]
pub use any::Station;
pub use error::{MisuseError, Refusal};

// In signatures of this crate: users need no dependency of the same version.
pub use chrono;
pub use ocpp_types::SmallString;
