//! Drivers on tokio and WebSockets, `ws` and `wss`.
//!
//! [`StationDriver`] runs one station: it carries out the orders for the link and the store, keeps the deadlines, and
//! hands everything else (hardware, questions, events) to the application by `next`. Facts go in by `handle`. There is
//! no callback and no lock: one task owns the machine, one task owns each socket, one thread owns the store.
//! [`CsmsDriver`] does the same for a server: a session for each station, in one task. A [`Wire`] is a WebSocket without a
//! machine.
//!
//! # A station's loop
//!
//! ```no_run
//! use ocpp_core::station::{EvseId, EvseInput, Input, StationConfig};
//! use ocpp_testkit::drivers::tokio::{StationDriver, StationOutput, seed, tls};
//! use ocpp_testkit::stores::StationStore;
//! use tokio::sync::mpsc::{Receiver, Sender};
//!
//! # type Orders = Sender<(EvseId, ocpp_core::station::EvseAction)>;
//! async fn run(
//!     orders: Orders,
//!     mut facts: Receiver<(EvseId, EvseInput)>,
//! ) -> Result<(), Box<dyn std::error::Error>> {
//!     let store = StationStore::open("station.redb".as_ref())?;
//!     loop {
//!         let config = StationConfig::new("wss://csms.example/ocpp", "CP001", "Vendor", "Model");
//!         let mut driver = StationDriver::start(config, seed()?, store.clone(), tls::client(None)?)?;
//!         driver.handle(Input::Wall(chrono::Utc::now()))?;
//!         loop {
//!             tokio::select! {
//!                 output = driver.next() => match output {
//!                     StationOutput::Evse(evse, order) => orders.send((evse, order)).await?,
//!                     StationOutput::Reboot(_) => break,
//!                     other => println!("{other:?}"),
//!                 },
//!                 Some((evse, fact)) = facts.recv() => driver.handle(Input::Evse(evse, fact))?,
//!             }
//!         }
//!     }
//! }
//! ```

mod admission;
mod clock;
mod connect;
mod csms;
mod entropy;
mod opening;
mod socket;
mod station;
pub mod tls;
mod wire;

pub use admission::{Authenticator, Credential};
pub use clock::MonotonicClock;
pub use csms::{CsmsConfig, CsmsDriver, CsmsOutput, UnknownStation};
pub use entropy::{NoEntropy, seed};
pub use station::{StartError, StationDriver, StationOutput};
pub use wire::{Wire, WireListener};

/// Which way a frame went.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Direction {
    /// From the peer.
    In,
    /// To the peer.
    Out,
}
