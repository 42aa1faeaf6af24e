//! Drivers on tokio and WebSockets, `ws` and `wss`.
//!
//! [`StationDriver`] runs one station: it carries out the orders for the link and the store, keeps the deadlines, and
//! hands everything else (hardware, questions, events) to the application by `next`. Facts go in by `handle`. There is
//! no callback and no lock: one task owns the machine, one task owns each socket, one thread owns the store.
//! [`CsmsDriver`] does the same for a server: a session for each station, in one task.

mod admission;
mod clock;
mod connect;
mod csms;
mod entropy;
mod socket;
mod station;
pub mod tls;

pub use admission::{Authenticator, Credential};
pub use clock::MonotonicClock;
pub use csms::{CsmsConfig, CsmsDriver, CsmsOutput, UnknownStation};
pub use entropy::{NoEntropy, seed};
pub use station::{StartError, StationDriver, StationOutput};

/// Which way a frame went.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Direction {
    /// From the peer.
    In,
    /// To the peer.
    Out,
}
