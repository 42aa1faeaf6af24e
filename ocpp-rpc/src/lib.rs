#![no_std]
//! The RPC layer of OCPP-J 1.6, 2.0.1 and 2.1 without any IO: frames, call correlation and the rules of the handshake.
//!
//! Parts, each usable alone:
//!
//! - [`frame`] reads one message up to its payload and writes messages.
//! - [`engine`] pairs calls with answers on raw JSON: one call outstanding, time-outs, repeated and late messages, loss
//!   of the connection. Its page shows the loop that drives it.
//! - [`typed`] makes typed calls and serves typed requests on top of the engine (feature `typed`, on by default).
//! - [`proxy`] relays a station's messages through a local controller, texts unchanged.
//! - [`signed`] wraps payloads into JSON Web Signatures and takes them out.
//! - [`handshake`], [`backoff`] and [`liveness`] are the rules around a connection: who may open it, when to try again,
//!   when to give it up.
//! - the plain rules: [`Dialect`], [`ErrorCode`], [`MessageIds`], [`Limits`].
//!
//! Nothing here owns a socket, a clock, a thread or entropy. Time comes in as an [`Instant`], randomness as a seed or a
//! number, bytes as slices; nothing panics on any input, and what a peer can make this crate keep is bounded.

extern crate alloc;
#[cfg(test)]
extern crate std;

pub mod backoff;
mod call_error;
mod dialect;
pub mod engine;
mod error_code;
pub mod frame;
pub mod handshake;
mod limits;
pub mod liveness;
mod message_id;
pub mod proxy;
pub mod queue;
pub mod signed;
pub mod time;
#[cfg(feature = "typed")]
pub mod typed;

pub use call_error::CallError;
pub use dialect::Dialect;
pub use engine::Engine;
pub use error_code::ErrorCode;
pub use frame::{Frame, Payload};
pub use limits::Limits;
pub use message_id::{MessageId, MessageIdError, MessageIds};
pub use time::Instant;
