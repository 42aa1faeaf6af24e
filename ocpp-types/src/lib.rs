#![no_std]
//! Message types of the Open Charge Point Protocol.

extern crate alloc;
#[cfg(test)]
extern crate std;

pub mod codec;
pub mod datetime;
pub mod decimal;
pub mod enumeration;
pub mod json;
pub mod lenient;
pub mod request;
pub mod text;
pub mod violation;

pub use codec::{Decode, Encode};
pub use decimal::Decimal;
pub use request::{Direction, Message, Request};
pub use violation::{Fault, Rule, RuleKind, Violation};
