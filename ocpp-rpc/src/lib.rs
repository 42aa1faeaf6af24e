#![no_std]
//! OCPP-J frames and call correlation.

extern crate alloc;
#[cfg(test)]
extern crate std;

mod call_error;
mod dialect;
mod error_code;
pub mod frame;
mod limits;
mod message_id;
pub mod time;

pub use call_error::CallError;
pub use dialect::Dialect;
pub use error_code::ErrorCode;
pub use frame::Frame;
pub use limits::Limits;
pub use message_id::{MessageId, MessageIdError, MessageIds};
pub use time::Instant;
