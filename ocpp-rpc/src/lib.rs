#![no_std]
//! OCPP-J frames and call correlation.

extern crate alloc;
#[cfg(test)]
extern crate std;

mod dialect;
mod error_code;
mod limits;
mod message_id;
pub mod time;

pub use dialect::Dialect;
pub use error_code::ErrorCode;
pub use limits::Limits;
pub use message_id::{MessageId, MessageIdError, MessageIds};
pub use time::Instant;
